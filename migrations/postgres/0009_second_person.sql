-- Two people stand behind a confirmed act: two accounts, or else two names. Capitals and space around a name make no
-- difference, as in the program. Rows without means are warrants from before there were pending acts.
ALTER TABLE pending_act DROP CONSTRAINT pending_act_check2;
ALTER TABLE pending_act ADD CONSTRAINT pending_act_two_people CHECK (
    state <> 'confirmed' OR CASE
        WHEN requested_account IS NOT NULL AND decided_account IS NOT NULL THEN requested_account <> decided_account
        WHEN decided_means IS NULL THEN requested_by <> decided_by
        ELSE lower(trim(requested_by)) <> lower(trim(decided_by))
    END
);

-- Acts that wait for their second person, without those that have expired.
DROP INDEX pending_act_open;
CREATE INDEX pending_act_open ON pending_act (expires_at_us, operation, id) WHERE state = 'pending';

-- SQLite has an index over the states of which people ask for a list. Here an index that names `state` would make every change
-- of a record write to all its indexes (no heap-only tuples), so these lists are read by key.
