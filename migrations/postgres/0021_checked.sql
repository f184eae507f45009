-- The cards that were checked and wait for their hand-over, for a person's list of work. A card enters when a person checks it, so
-- that printing does not write here.
CREATE INDEX record_checked ON record (id) WHERE state = 'printed' AND checked AND stop IS NULL;
