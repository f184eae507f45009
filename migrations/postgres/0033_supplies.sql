-- The limits of a printer as people set them, as JSON. A printer without a row has none.
CREATE TABLE printer_limit (
    printer TEXT COLLATE "C" PRIMARY KEY REFERENCES printer (name),
    limits TEXT COLLATE "C" NOT NULL
);

-- Where the counts of its limits began, as JSON; the number of fed cards at which the first limit is reached; and the mean time
-- of its cards.
ALTER TABLE printer ADD COLUMN counts TEXT COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE printer ADD COLUMN feed_until BIGINT;
ALTER TABLE printer ADD COLUMN card_ms BIGINT CHECK (card_ms >= 1);

-- The cards that a printer has ever fed, by outcome, are the row of a quarter of an hour before all times. Test cards are among
-- them, and count as uncertain from their begin.
INSERT INTO counter_outcome (bucket_start_us, printer, state, chain, number)
SELECT -900000000, printer, state, '', COUNT(*)
FROM (SELECT printer, state FROM attempt WHERE ended_at_us IS NOT NULL
      UNION ALL SELECT printer, state FROM attempt_archive
      UNION ALL SELECT printer, CASE WHEN ended_at_us IS NULL THEN 'uncertain' ELSE state END FROM test_card) AS fed
WHERE state <> 'not-started' GROUP BY printer, state;
