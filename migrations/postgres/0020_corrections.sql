-- The delivery that a reversal takes back, fully or in part. Not a foreign key, which the movement of each card would pay for;
-- `db check` compares them.
ALTER TABLE movement ADD COLUMN reverses BIGINT;
CREATE INDEX movement_reversal ON movement (reverses) WHERE reverses IS NOT NULL;

-- Finds a delivery that is booked a second time. Capitals in the number of its document make no difference.
CREATE INDEX movement_delivery ON movement (lot_id, lower(document)) WHERE cause = 'received';
