-- Test cards: attempts without a record. The blank is reserved before anything is sent, under the name of the test card as the
-- document of its movements.
CREATE TABLE test_card (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    printer TEXT NOT NULL,
    lot_id INTEGER NOT NULL REFERENCES lot (id),
    place TEXT NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('intent', 'releasing', 'printed', 'not-started', 'spoiled', 'uncertain')),
    printer_job TEXT,
    printer_run TEXT,
    acknowledged INTEGER NOT NULL DEFAULT 0 CHECK (acknowledged IN (0, 1)),
    impressions INTEGER NOT NULL,
    owner INTEGER,
    reason TEXT,
    note TEXT,
    began_at_us INTEGER NOT NULL,
    ended_at_us INTEGER,
    CHECK ((state IN ('intent', 'releasing')) = (ended_at_us IS NULL))
) STRICT;
CREATE INDEX test_card_unsettled ON test_card (state, id) WHERE state IN ('intent', 'releasing', 'uncertain');
