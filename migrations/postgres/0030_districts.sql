-- Cards that are not at the counter: sent to a district, or handed over. A card that was sent is printed and living.
CREATE TABLE card_out (
    -- The order in which they were sent, or handed over without being sent.
    id BIGINT PRIMARY KEY,
    record_id BIGINT NOT NULL UNIQUE,
    -- Where it was sent, with which document, when and by whom. NULL if it was handed over in the office.
    district TEXT COLLATE "C",
    document TEXT,
    sent_at_us BIGINT,
    sent_by TEXT,
    -- The order of the hand-over, and when it was. NULL while the card is in its district.
    handed_over_order BIGINT,
    handed_over_at_us BIGINT,
    -- What a proxy showed, and what was written down of the proxy, sealed, in hexadecimal. NULL if the citizen came.
    proxy TEXT CHECK (proxy IN ('letter-of-authority', 'family-card', 'guardianship', 'other-document')),
    proxy_sealed TEXT,
    CHECK ((district IS NULL) = (document IS NULL) AND (district IS NULL) = (sent_at_us IS NULL) AND (district IS NULL) = (sent_by IS NULL)),
    CHECK ((handed_over_order IS NULL) = (handed_over_at_us IS NULL)),
    CHECK (district IS NOT NULL OR handed_over_order IS NOT NULL),
    CHECK ((proxy IS NULL) = (proxy_sealed IS NULL) AND (proxy IS NULL OR handed_over_order IS NOT NULL))
);
-- The first column is the same in all of them, so that no other index seems to serve as well.
CREATE INDEX card_out_district ON card_out (handed_over_order, district, id) WHERE handed_over_order IS NULL;
CREATE INDEX card_out_sent ON card_out (handed_over_order, sent_at_us, id) WHERE handed_over_order IS NULL;
CREATE INDEX card_out_away ON card_out (handed_over_order, id) WHERE handed_over_order IS NULL;
CREATE UNIQUE INDEX card_out_handed_over ON card_out (handed_over_order) WHERE handed_over_order IS NOT NULL;

-- A card that was sent stays printed and checked, and is not at the counter.
ALTER TABLE record ADD COLUMN sent BOOLEAN NOT NULL DEFAULT false CHECK (NOT sent OR (state = 'printed' AND checked));
CREATE INDEX record_ready ON record (state, id) WHERE state = 'printed' AND checked AND NOT sent AND stop IS NULL;
