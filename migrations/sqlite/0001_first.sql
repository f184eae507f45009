-- Hot tables have 64-bit keys; instants are UTC microseconds in columns that end in _at_us. Each CHECK repeats what the
-- domain promises.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Each distinct photo once, sealed. `uses` counts the records that need it; at zero it is purged.
CREATE TABLE photo (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    sealed BLOB NOT NULL,
    uses INTEGER NOT NULL CHECK (uses >= 0)
) STRICT;

-- `slot` is 0 while the record takes its person's one place, else its own id: the unique index is the last guard of
-- "one living card".
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
    UNIQUE (source, request_id),
    UNIQUE (person_key, profile, slot),
    CHECK ((slot = 0) = (state IN ('waiting', 'held', 'batched', 'printed', 'uncertain'))),
    CHECK (slot IN (0, id))
) STRICT;

-- A person's fields, sealed. Beside the record, so that a change of state does not rewrite them.
CREATE TABLE person (
    record_id INTEGER PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT;

-- The waiting list in its order; a claim deletes from it. A record is here while its state is `waiting`. Without
-- foreign keys, here and in `person`: rows come and go with their record, in the same transaction.
CREATE TABLE waiting (
    profile TEXT NOT NULL,
    class INTEGER NOT NULL,
    verified_at_us INTEGER NOT NULL,
    requested_at_us INTEGER NOT NULL,
    source TEXT NOT NULL,
    request_id TEXT NOT NULL,
    record_id INTEGER NOT NULL,
    PRIMARY KEY (profile, class, verified_at_us, requested_at_us, source, request_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE lot (
    id INTEGER PRIMARY KEY,
    blank_type TEXT NOT NULL,
    name TEXT NOT NULL,
    serials TEXT,
    received_at_us INTEGER NOT NULL,
    UNIQUE (blank_type, name)
) STRICT;

CREATE TABLE balance (
    lot_id INTEGER NOT NULL REFERENCES lot (id),
    account TEXT NOT NULL
        CHECK (account IN ('supplier', 'vault', 'hopper', 'reserved', 'printed', 'spoiled', 'uncertain', 'handed-over',
                           'destroyed', 'loan', 'missing')),
    place TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 0 OR account = 'supplier'),
    PRIMARY KEY (lot_id, account, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE movement (
    id INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    lot_id INTEGER NOT NULL REFERENCES lot (id),
    from_account TEXT NOT NULL,
    from_place TEXT NOT NULL,
    to_account TEXT NOT NULL,
    to_place TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    cause TEXT NOT NULL,
    document TEXT,
    batch_id INTEGER,
    attempt_id INTEGER,
    actor TEXT NOT NULL
) STRICT;
CREATE TRIGGER movement_not_changed BEFORE UPDATE ON movement
BEGIN SELECT RAISE(ABORT, 'movements are append-only'); END;
CREATE TRIGGER movement_not_deleted BEFORE DELETE ON movement
BEGIN SELECT RAISE(ABORT, 'movements are append-only'); END;

CREATE TABLE printer (
    name TEXT PRIMARY KEY,
    uri TEXT NOT NULL,
    profile TEXT NOT NULL,
    hopper INTEGER CHECK (hopper >= 1),
    breaker TEXT NOT NULL DEFAULT 'closed' CHECK (breaker IN ('closed', 'open', 'half-open', 'locked')),
    failures INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'unknown' CHECK (state IN ('unknown', 'idle', 'processing', 'stopped', 'unreachable')),
    reasons TEXT NOT NULL DEFAULT '[]',
    removed INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1))
) STRICT, WITHOUT ROWID;

-- A pause is a row: of the whole queue (name ''), of a printer, or of a batch.
CREATE TABLE pause (
    scope TEXT NOT NULL CHECK (scope IN ('queue', 'printer', 'batch')),
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (scope, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE batch (
    id INTEGER PRIMARY KEY,
    profile TEXT NOT NULL,
    printer TEXT NOT NULL REFERENCES printer (name),
    place TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('planned', 'running', 'closing', 'closed')),
    created_at_us INTEGER NOT NULL,
    closed_at_us INTEGER,
    CHECK ((state = 'closed') = (closed_at_us IS NOT NULL))
) STRICT;
CREATE INDEX batch_open ON batch (printer) WHERE state <> 'closed';

CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    batch_id INTEGER NOT NULL REFERENCES batch (id),
    record_id INTEGER NOT NULL REFERENCES record (id),
    copy INTEGER NOT NULL,
    lot_id INTEGER NOT NULL REFERENCES lot (id),
    state TEXT NOT NULL
        CHECK (state IN ('queued', 'printing', 'printed', 'uncertain', 'quarantined', 'returned', 'withdrawn')),
    position INTEGER NOT NULL,
    due_at_us INTEGER NOT NULL,
    not_started INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX job_batch ON job (batch_id);
CREATE INDEX job_record ON job (record_id);

CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    job_id INTEGER NOT NULL REFERENCES job (id),
    printer TEXT NOT NULL,
    record_version INTEGER NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('intent', 'releasing', 'printed', 'not-started', 'spoiled', 'uncertain')),
    printer_job TEXT,
    acknowledged INTEGER NOT NULL DEFAULT 0 CHECK (acknowledged IN (0, 1)),
    reason TEXT,
    inspected INTEGER NOT NULL DEFAULT 0 CHECK (inspected IN (0, 1)),
    began_at_us INTEGER NOT NULL,
    ended_at_us INTEGER,
    CHECK ((state IN ('intent', 'releasing')) = (ended_at_us IS NULL))
) STRICT;
CREATE INDEX attempt_job ON attempt (job_id);
CREATE UNIQUE INDEX attempt_one_open ON attempt (job_id) WHERE ended_at_us IS NULL;
CREATE INDEX attempt_open ON attempt (printer) WHERE ended_at_us IS NULL;
CREATE INDEX attempt_uncertain ON attempt (state) WHERE state = 'uncertain';
CREATE INDEX attempt_ended ON attempt (ended_at_us);

CREATE TABLE warrant (
    id INTEGER PRIMARY KEY,
    record_id INTEGER NOT NULL REFERENCES record (id),
    state TEXT NOT NULL CHECK (state IN ('requested', 'approved', 'refused')),
    reason TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at_us INTEGER NOT NULL,
    decided_by TEXT,
    decided_at_us INTEGER,
    CHECK ((state = 'requested') = (decided_by IS NULL)),
    CHECK (state <> 'approved' OR decided_by <> requested_by)
) STRICT;

-- Sealed rows: `hash` is an HMAC over the hash before and the exact text of `entry`.
CREATE TABLE audit (
    chain TEXT NOT NULL,
    seq INTEGER NOT NULL CHECK (seq >= 1),
    entry TEXT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER audit_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows are append-only'); END;
CREATE TRIGGER audit_not_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows are append-only'); END;

CREATE TABLE audit_head (
    chain TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;
