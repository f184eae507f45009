-- Imports of lists, each with the numbers of its rows as JSON. One that is running while no process imports was killed.
CREATE TABLE import (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    profile TEXT NOT NULL,
    file_name TEXT NOT NULL,
    digest TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'ended', 'undone')),
    counts TEXT NOT NULL,
    began_by TEXT NOT NULL,
    began_account INTEGER,
    began_means TEXT NOT NULL,
    began_at_us INTEGER NOT NULL,
    ended_at_us INTEGER,
    CHECK ((state = 'running') = (ended_at_us IS NULL))
) STRICT;

-- The records that imports added: of each transaction, numbers that follow each other.
CREATE TABLE import_range (
    first_record INTEGER PRIMARY KEY,
    last_record INTEGER NOT NULL CHECK (last_record >= first_record),
    import_id INTEGER NOT NULL REFERENCES import (id)
) STRICT;
CREATE INDEX import_range_import ON import_range (import_id, first_record);

-- What imports changed at records that were there before.
CREATE TABLE import_change (
    import_id INTEGER NOT NULL REFERENCES import (id),
    record_id INTEGER NOT NULL REFERENCES record (id),
    deed TEXT NOT NULL CHECK (deed IN ('updated', 'withdrawn', 'restored')),
    PRIMARY KEY (import_id, record_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_change_record ON import_change (record_id);

-- What records were before their last update, until it cannot be undone any more. The columns are those of the record and its person.
CREATE TABLE earlier_body (
    record_id INTEGER PRIMARY KEY REFERENCES record (id),
    import_id INTEGER NOT NULL REFERENCES import (id),
    kind TEXT NOT NULL,
    class INTEGER NOT NULL,
    person_key BLOB NOT NULL,
    digest BLOB NOT NULL,
    photo_id INTEGER REFERENCES photo (id),
    district TEXT NOT NULL,
    village TEXT NOT NULL,
    requested_at_us INTEGER NOT NULL,
    verified_at_us INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    words BLOB
) STRICT;
CREATE INDEX earlier_body_photo ON earlier_body (photo_id) WHERE photo_id IS NOT NULL;
