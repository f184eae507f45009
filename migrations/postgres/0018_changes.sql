-- From this schema on, a row of the audit has what its commit changed, and records and movements are proved by it. These are the newest
-- ones that are older, and cannot be proved; a new database has none. An earlier program would take the changes for an event.
INSERT INTO meta (key, value)
SELECT 'changes_after/record', CAST(MAX(id) AS TEXT) FROM record HAVING COUNT(*) > 0
UNION ALL SELECT 'changes_after/movement', CAST(MAX(id) AS TEXT) FROM movement HAVING COUNT(*) > 0;
