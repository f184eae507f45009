-- Changes of the place of a record in the order of the waiting list, with its keys before each: the jumps of people, and lists that
-- changed a key. The order of a day and the list of jumps are read from it.
CREATE TABLE place_change (
    id INTEGER PRIMARY KEY,
    record_id INTEGER NOT NULL,
    cause TEXT NOT NULL CHECK (cause IN ('put-first', 'put-in-class', 'put-back', 'updated')),
    -- The keys before the change, and the class after it.
    class INTEGER NOT NULL,
    verified_at_us INTEGER NOT NULL,
    requested_at_us INTEGER NOT NULL,
    to_class INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    actor TEXT NOT NULL,
    account INTEGER,
    -- Why a person did it; NULL for a list.
    note TEXT,
    CHECK ((cause = 'updated') = (note IS NULL))
) STRICT;
CREATE INDEX place_change_record ON place_change (record_id, id);
CREATE INDEX place_change_at ON place_change (at_us);
CREATE INDEX place_change_jumps ON place_change (id) WHERE note IS NOT NULL;

-- Whether a person put the record into its class, so that its list leaves it there.
ALTER TABLE record ADD COLUMN jumped INTEGER NOT NULL DEFAULT 0 CHECK (jumped IN (0, 1));
UPDATE record SET jumped = 1 WHERE class = -1000000000;
