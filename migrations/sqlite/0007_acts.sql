-- The account and the means by which an act arrived, beside the name. Rows from before have neither.
ALTER TABLE movement ADD COLUMN account INTEGER;
ALTER TABLE movement ADD COLUMN means TEXT;
ALTER TABLE pause ADD COLUMN account INTEGER;
ALTER TABLE pause ADD COLUMN means TEXT;

-- What a person wrote; `reason` is what the program found.
ALTER TABLE record ADD COLUMN note TEXT;
ALTER TABLE attempt ADD COLUMN note TEXT;
ALTER TABLE attempt_archive ADD COLUMN note TEXT;

-- Acts that one person asked for and another decides. `act` is JSON, as the program reads it again when it is confirmed.
-- `target_version` is what the target was when the act was asked for; an act on another version is a conflict.
CREATE TABLE pending_act (
    id INTEGER PRIMARY KEY,
    operation TEXT NOT NULL,
    act TEXT NOT NULL,
    target TEXT NOT NULL,
    target_version TEXT NOT NULL,
    record_id INTEGER REFERENCES record (id),
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'confirmed', 'refused', 'taken-back', 'expired', 'conflict')),
    requested_by TEXT NOT NULL,
    requested_account INTEGER,
    requested_means TEXT,
    requested_at_us INTEGER NOT NULL,
    expires_at_us INTEGER,
    decided_by TEXT,
    decided_account INTEGER,
    decided_means TEXT,
    decided_at_us INTEGER,
    decided_note TEXT,
    CHECK ((state = 'pending') = (decided_by IS NULL)),
    CHECK ((state = 'pending') = (decided_at_us IS NULL)),
    CHECK (state <> 'confirmed' OR decided_by <> requested_by)
) STRICT;
CREATE INDEX pending_act_open ON pending_act (id) WHERE state = 'pending';
CREATE INDEX pending_act_record ON pending_act (record_id);

-- A reprint warrant is such an act. Those from before keep their number and do not expire.
INSERT INTO pending_act (id, operation, act, target, target_version, record_id, reason, state,
                         requested_by, requested_at_us, decided_by, decided_at_us)
SELECT w.id, 'reprint-approve',
       json_object('act', 'reprint', 'record', json_object('source', r.source, 'request_id', r.request_id), 'reason', w.reason),
       'record ' || r.source || '/' || r.request_id, 'version ' || CAST(r.version AS TEXT), w.record_id, w.reason,
       CASE w.state WHEN 'requested' THEN 'pending' WHEN 'approved' THEN 'confirmed' ELSE 'refused' END,
       w.requested_by, w.requested_at_us, w.decided_by, w.decided_at_us
FROM warrant AS w JOIN record AS r ON r.id = w.record_id;
DROP TABLE warrant;
