-- A warrant is for the copy after the present one, so that another open warrant for the same copy is in conflict.
UPDATE pending_act
SET target_version = target_version || ', copy ' || CAST((SELECT copy FROM record WHERE record.id = pending_act.record_id) AS TEXT)
WHERE operation = 'reprint-approve' AND state = 'pending' AND record_id IS NOT NULL;
