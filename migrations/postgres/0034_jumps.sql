-- Changes of the place of a record in the order of the waiting list, with its keys before each: the jumps of people, and lists that
-- changed a key. The order of a day and the list of jumps are read from it.
CREATE TABLE place_change (
    id BIGINT PRIMARY KEY,
    record_id BIGINT NOT NULL,
    cause TEXT COLLATE "C" NOT NULL CHECK (cause IN ('put-first', 'put-in-class', 'put-back', 'updated')),
    -- The keys before the change, and the class after it.
    class BIGINT NOT NULL,
    verified_at_us BIGINT NOT NULL,
    requested_at_us BIGINT NOT NULL,
    to_class BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    account BIGINT,
    -- Why a person did it; NULL for a list.
    note TEXT COLLATE "C",
    CHECK ((cause = 'updated') = (note IS NULL))
);
CREATE INDEX place_change_record ON place_change (record_id, id);
CREATE INDEX place_change_at ON place_change (at_us);
CREATE INDEX place_change_jumps ON place_change (id) WHERE note IS NOT NULL;

-- Whether a person put the record into its class, so that its list leaves it there.
ALTER TABLE record ADD COLUMN jumped BOOLEAN NOT NULL DEFAULT false;
UPDATE record SET jumped = true WHERE class = -1000000000;
