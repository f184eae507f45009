-- An index over the first 96 bits of a person's key, which has the profile in it, instead of one over all 128 and the profile.
-- A query compares the whole key too. Two of 100 million persons have the same 96 bits with a probability of 10^-13; the
-- second one could not be imported. SQLite cannot drop the old constraint, so that the table is made again.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE record_before AS SELECT * FROM record;
DROP TABLE record;
CREATE TABLE record (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    request_id TEXT NOT NULL,
    profile TEXT NOT NULL,
    kind TEXT NOT NULL,
    class INTEGER NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('waiting', 'held', 'batched', 'printed', 'handed_over', 'quarantined', 'uncertain', 'withdrawn')),
    version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    slot INTEGER NOT NULL,
    person_key BLOB NOT NULL,
    digest BLOB NOT NULL,
    photo_id INTEGER REFERENCES photo (id),
    district TEXT NOT NULL,
    village TEXT NOT NULL,
    requested_at_us INTEGER NOT NULL,
    verified_at_us INTEGER NOT NULL,
    copy INTEGER NOT NULL DEFAULT 1 CHECK (copy >= 1),
    charged INTEGER NOT NULL DEFAULT 0 CHECK (charged >= 0),
    failed_on TEXT,
    stop TEXT CHECK (stop IN ('withdrawn', 'updated')),
    checked INTEGER NOT NULL DEFAULT 0 CHECK (checked IN (0, 1)),
    surrendered INTEGER NOT NULL DEFAULT 0 CHECK (surrendered IN (0, 1)),
    reason TEXT,
    note TEXT,
    UNIQUE (source, request_id),
    CHECK ((slot = 0) = (state IN ('waiting', 'held', 'batched', 'printed', 'uncertain'))),
    CHECK (slot IN (0, id))
) STRICT;
INSERT INTO record (id, source, request_id, profile, kind, class, state, version, slot, person_key, digest, photo_id, district,
                    village, requested_at_us, verified_at_us, copy, charged, failed_on, stop, checked, surrendered, reason, note)
SELECT id, source, request_id, profile, kind, class, state, version, slot, person_key, digest, photo_id, district,
       village, requested_at_us, verified_at_us, copy, charged, failed_on, stop, checked, surrendered, reason, note
FROM record_before;
DROP TABLE record_before;
CREATE UNIQUE INDEX record_person ON record (substr(person_key, 1, 12), slot);
CREATE INDEX record_aside ON record (state, id)
WHERE state = 'held' OR state = 'quarantined' OR state = 'uncertain' OR state = 'withdrawn';
