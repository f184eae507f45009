-- For a profile, a key of the waiting list before which no record of it waits: a claim begins there. It is empty in a file, whose
-- index has no rows that were claimed.
CREATE TABLE claim_bound (
    profile TEXT PRIMARY KEY,
    class INTEGER NOT NULL,
    verified_at_us INTEGER NOT NULL,
    requested_at_us INTEGER NOT NULL,
    source TEXT NOT NULL,
    request_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
