-- How the pulls of the sources went that the settings name, what of their lists waits for a person, and who paused them. A source
-- without a row was never pulled.
CREATE TABLE source_state (
    name TEXT COLLATE "C" PRIMARY KEY,
    failures BIGINT NOT NULL DEFAULT 0 CHECK (failures >= 0),
    fault TEXT COLLATE "C",
    tried_at_us BIGINT,
    succeeded_at_us BIGINT,
    failing_since_us BIGINT,
    lists_waiting BIGINT NOT NULL DEFAULT 0 CHECK (lists_waiting >= 0),
    lists_refused BIGINT NOT NULL DEFAULT 0 CHECK (lists_refused >= 0),
    last_refused TEXT COLLATE "C",
    paused_at_us BIGINT,
    paused_by TEXT COLLATE "C",
    paused_note TEXT COLLATE "C",
    CHECK ((failures > 0) = (fault IS NOT NULL)),
    CHECK ((paused_at_us IS NULL) = (paused_note IS NULL) AND (paused_at_us IS NULL) = (paused_by IS NULL))
);
