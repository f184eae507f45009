-- For a profile, a key of the waiting list before which no record of it waits: a claim begins there. A claimed row stays in the
-- index while an old snapshot may read it, and a claim that began at the first key would read past all of them.
CREATE TABLE claim_bound (
    profile TEXT COLLATE "C" PRIMARY KEY,
    class BIGINT NOT NULL,
    verified_at_us BIGINT NOT NULL,
    requested_at_us BIGINT NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL
) WITH (fillfactor = 10);
