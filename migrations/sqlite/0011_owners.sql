-- Processes that begin attempts. While the owner of an attempt may still send its card, the record must not get another one.
-- `lock` names the lock that a scheduler holds while it runs: the next one with that lock ends the rows before it.
CREATE TABLE owner (
    id INTEGER PRIMARY KEY,
    lock TEXT NOT NULL,
    host TEXT NOT NULL,
    process INTEGER NOT NULL,
    started INTEGER NOT NULL,
    boot TEXT NOT NULL,
    pid_namespace TEXT NOT NULL,
    began_at_us INTEGER NOT NULL,
    ended_at_us INTEGER
) STRICT;
CREATE INDEX owner_open ON owner (lock) WHERE ended_at_us IS NULL;

-- The process that may send the card. NULL: none can any more, which the process or the printer has confirmed. 0: a process of
-- a version that did not save itself; such a scheduler may still run and write.
ALTER TABLE attempt ADD COLUMN owner INTEGER DEFAULT 0;
