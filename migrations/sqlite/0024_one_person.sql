-- An office of one person only records it if one account asked for an act and confirmed it: such an act has the note `alone`.
CREATE TABLE pending_act_new (
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
    CONSTRAINT pending_act_two_people CHECK (
        state <> 'confirmed' OR COALESCE(decided_note, '') = 'alone' OR CASE
            WHEN requested_account IS NOT NULL AND decided_account IS NOT NULL THEN requested_account <> decided_account
            WHEN decided_means IS NULL THEN requested_by <> decided_by
            ELSE lower(trim(requested_by)) <> lower(trim(decided_by))
        END
    )
) STRICT;
INSERT INTO pending_act_new (id, operation, act, target, target_version, record_id, reason, state, requested_by,
                             requested_account, requested_means, requested_at_us, expires_at_us, decided_by,
                             decided_account, decided_means, decided_at_us, decided_note)
SELECT id, operation, act, target, target_version, record_id, reason, state, requested_by, requested_account,
       requested_means, requested_at_us, expires_at_us, decided_by, decided_account, decided_means, decided_at_us, decided_note
FROM pending_act;
DROP TABLE pending_act;
ALTER TABLE pending_act_new RENAME TO pending_act;
CREATE INDEX pending_act_record ON pending_act (record_id);

-- Acts that wait for their second person, without those that have expired.
CREATE INDEX pending_act_open ON pending_act (expires_at_us, operation, id) WHERE state = 'pending';
