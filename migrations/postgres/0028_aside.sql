-- What needs a person, and the lists of records that are held, in quarantine, withdrawn or uncertain, are found without reading the
-- other records. Since `record_checked` names the state, a change of it is written to the indexes in any case.
CREATE INDEX record_aside ON record (state, id)
WHERE state = 'held' OR state = 'quarantined' OR state = 'uncertain' OR state = 'withdrawn';
