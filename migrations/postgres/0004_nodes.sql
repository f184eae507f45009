-- Schedulers that share a database. On a SQLite file there is one, which the lock of its folder proves, and no row.
-- `epoch` is the fencing token: who is not here with the number that it got when it joined can write nothing.
-- `expires_at_us` is an instant on the database's clock.
CREATE TABLE node (
    name TEXT COLLATE "C" PRIMARY KEY,
    instance TEXT COLLATE "C" NOT NULL,
    host TEXT COLLATE "C" NOT NULL,
    process BIGINT NOT NULL,
    epoch BIGINT NOT NULL UNIQUE,
    expires_at_us BIGINT NOT NULL
);

-- The node that feeds it; none until one takes it.
ALTER TABLE printer ADD COLUMN node TEXT COLLATE "C";
