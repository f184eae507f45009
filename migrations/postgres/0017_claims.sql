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

-- Each record that is added to the list lowers the bound of its profile, whatever adds it.
CREATE FUNCTION claim_bound_lower() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    UPDATE claim_bound AS b
    SET class = f.class, verified_at_us = f.verified_at_us, requested_at_us = f.requested_at_us, source = f.source,
        request_id = f.request_id
    FROM (SELECT DISTINCT ON (profile) profile, class, verified_at_us, requested_at_us, source, request_id
          FROM added ORDER BY profile, class, verified_at_us, requested_at_us, source, request_id) AS f
    WHERE b.profile = f.profile
      AND (f.class, f.verified_at_us, f.requested_at_us, f.source, f.request_id)
          < (b.class, b.verified_at_us, b.requested_at_us, b.source, b.request_id);
    RETURN NULL;
END $$;
CREATE TRIGGER waiting_lowers_claim_bound AFTER INSERT ON waiting REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION claim_bound_lower();
