-- Counters, so that a board costs the same however many records there are. Each writer's chain has rows of its own, and the
-- sum over the chains counts; a row alone may be negative. What there was before this migration has no chain.

-- Records by profile, first key of the pile, state, and whether a person stopped their card.
CREATE TABLE counter_record (
    chain TEXT NOT NULL,
    profile TEXT NOT NULL,
    district TEXT NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('waiting', 'held', 'batched', 'printed', 'handed_over', 'quarantined', 'uncertain', 'withdrawn')),
    stopped INTEGER NOT NULL CHECK (stopped IN (0, 1)),
    number INTEGER NOT NULL,
    PRIMARY KEY (chain, profile, district, state, stopped)
) STRICT, WITHOUT ROWID;
INSERT INTO counter_record (chain, profile, district, state, stopped, number)
SELECT '', profile, district, state, stop IS NOT NULL, COUNT(*) FROM record GROUP BY profile, district, state, stop IS NOT NULL;

-- Ended attempts by the quarter of an hour in which they ended, printer and outcome.
CREATE TABLE counter_outcome (
    bucket_start_us INTEGER NOT NULL CHECK (bucket_start_us % 900000000 = 0),
    printer TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('printed', 'not-started', 'spoiled', 'uncertain')),
    chain TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (bucket_start_us, printer, state, chain)
) STRICT, WITHOUT ROWID;
INSERT INTO counter_outcome (bucket_start_us, printer, state, chain, number)
SELECT ended_at_us - ended_at_us % 900000000 AS bucket, printer, state, '', COUNT(*)
FROM (SELECT ended_at_us, printer, state FROM attempt WHERE ended_at_us IS NOT NULL
      UNION ALL SELECT ended_at_us, printer, state FROM attempt_archive) AS ended
GROUP BY bucket, printer, state;
