-- Schedulers that share a database. On a SQLite file there is one, which the lock of its folder proves, and no row.
-- `epoch` is the fencing token: who is not here with the number that it got when it joined can write nothing.
-- `expires_at_us` is an instant on the database's clock.
CREATE TABLE node (
    name TEXT PRIMARY KEY,
    instance TEXT NOT NULL,
    host TEXT NOT NULL,
    process INTEGER NOT NULL,
    epoch INTEGER NOT NULL UNIQUE,
    expires_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The node that feeds it; none until one takes it.
ALTER TABLE printer ADD COLUMN node TEXT;
