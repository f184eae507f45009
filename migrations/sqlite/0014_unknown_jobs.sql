-- Jobs of this site at a printer that were made after this instant must be attempts or test cards of this database. Earlier
-- versions kept no row of a test card, so that what was printed before the newest movement is not asked about.
ALTER TABLE printer ADD COLUMN jobs_known_until_us INTEGER NOT NULL DEFAULT 0;
UPDATE printer SET jobs_known_until_us = COALESCE((SELECT MAX(at_us) FROM movement), 0);

-- Jobs at a printer that are neither. The printer gets no card until a person has accepted all of them.
CREATE TABLE unknown_job (
    printer TEXT NOT NULL REFERENCES printer (name),
    name TEXT NOT NULL,
    accepted_at_us INTEGER,
    PRIMARY KEY (printer, name)
) STRICT, WITHOUT ROWID;
