-- The books of graphile-worker's jobs that print cards: for each card a guarded blank, an attempt, an outcome, two movements with
-- their balances, three audit rows, and two commits. Each balance is spread over 64 rows, so that jobs seldom wait for each other.

CREATE TABLE record (id BIGINT PRIMARY KEY, state TEXT NOT NULL) WITH (fillfactor = 70);
CREATE TABLE balance (
    account TEXT NOT NULL,
    shard INT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity >= 0),
    PRIMARY KEY (account, shard)
) WITH (fillfactor = 20);
CREATE TABLE attempt (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    record_id BIGINT NOT NULL REFERENCES record (id),
    state TEXT NOT NULL,
    began TIMESTAMPTZ NOT NULL DEFAULT now(),
    ended TIMESTAMPTZ
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX attempt_one_card ON attempt (record_id) WHERE state <> 'spoiled';
CREATE TABLE movement (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL DEFAULT now(),
    from_account TEXT NOT NULL,
    to_account TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    attempt_id BIGINT NOT NULL
);
CREATE TABLE audit (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL DEFAULT now(),
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    details JSONB NOT NULL
);

CREATE FUNCTION move_blank(source TEXT, target TEXT, card BIGINT, attempt BIGINT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    UPDATE balance SET quantity = quantity - 1 WHERE account = source AND shard = card % 64 AND quantity >= 1;
    IF NOT FOUND THEN RAISE EXCEPTION 'no blank is left'; END IF;
    UPDATE balance SET quantity = quantity + 1 WHERE account = target AND shard = card % 64;
    INSERT INTO movement (from_account, to_account, quantity, attempt_id) VALUES (source, target, 1, attempt);
END $$;

CREATE FUNCTION begin_card(card BIGINT) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
    attempt BIGINT;
BEGIN
    UPDATE record SET state = 'printing' WHERE id = card AND state = 'waiting';
    IF NOT FOUND THEN RAISE EXCEPTION 'the record does not wait'; END IF;
    INSERT INTO attempt (record_id, state) VALUES (card, 'releasing') RETURNING id INTO attempt;
    PERFORM move_blank('vault', 'reserved', card, attempt);
    INSERT INTO audit (act, subject, details)
    VALUES ('attempt.releasing', 'record ' || card, jsonb_build_object('attempt', attempt));
    RETURN attempt;
END $$;

CREATE FUNCTION end_card(card BIGINT, this BIGINT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    UPDATE attempt SET state = 'printed', ended = now() WHERE id = this AND state = 'releasing';
    IF NOT FOUND THEN RAISE EXCEPTION 'the attempt is not open'; END IF;
    UPDATE record SET state = 'printed' WHERE id = card AND state = 'printing';
    PERFORM move_blank('reserved', 'printed', card, this);
    INSERT INTO audit (act, subject, details)
    VALUES ('attempt.printed', 'record ' || card, jsonb_build_object('attempt', this)),
           ('record.printed', 'record ' || card, jsonb_build_object('attempt', this));
END $$;
