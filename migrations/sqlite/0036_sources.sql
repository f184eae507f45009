-- How the pulls of the sources went that the settings name, what of their lists waits for a person, and who paused them. A source
-- without a row was never pulled.
CREATE TABLE source_state (
    name TEXT PRIMARY KEY,
    failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
    fault TEXT,
    tried_at_us INTEGER,
    succeeded_at_us INTEGER,
    failing_since_us INTEGER,
    lists_waiting INTEGER NOT NULL DEFAULT 0 CHECK (lists_waiting >= 0),
    lists_refused INTEGER NOT NULL DEFAULT 0 CHECK (lists_refused >= 0),
    last_refused TEXT,
    paused_at_us INTEGER,
    paused_by TEXT,
    paused_note TEXT,
    CHECK ((failures > 0) = (fault IS NOT NULL)),
    CHECK ((paused_at_us IS NULL) = (paused_note IS NULL) AND (paused_at_us IS NULL) = (paused_by IS NULL))
) STRICT, WITHOUT ROWID;
