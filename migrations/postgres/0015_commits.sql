-- From this schema on, a row of the audit holds all events of one commit, with the number of the last one. An earlier program
-- would take the numbers between for missing rows, and must not open the database.

-- A changed row stays in its page if there is room and no index has a changed column. Then no index is written.
ALTER TABLE record SET (fillfactor = 85);
ALTER TABLE job SET (fillfactor = 70);
-- A few rows that change with each commit.
ALTER TABLE balance SET (fillfactor = 20);
ALTER TABLE counter_record SET (fillfactor = 20);
ALTER TABLE counter_outcome SET (fillfactor = 40);
ALTER TABLE audit_head SET (fillfactor = 10);
