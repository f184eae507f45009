-- An office of one person only records it if one account asked for an act and confirmed it: such an act has the note `alone`.
ALTER TABLE pending_act DROP CONSTRAINT pending_act_two_people;
ALTER TABLE pending_act ADD CONSTRAINT pending_act_two_people CHECK (
    state <> 'confirmed' OR COALESCE(decided_note, '') = 'alone' OR CASE
        WHEN requested_account IS NOT NULL AND decided_account IS NOT NULL THEN requested_account <> decided_account
        WHEN decided_means IS NULL THEN requested_by <> decided_by
        ELSE lower(trim(requested_by)) <> lower(trim(decided_by))
    END
);
