-- By which rule the look-up keys of a profile's persons were made. A profile without a row compares identifiers as they are, as
-- all profiles did before. While the keys are made by another rule, `next_rule` is that rule, and the records up to the number
-- `done` have a key by it.
CREATE TABLE person_rule (
    profile TEXT PRIMARY KEY,
    rule TEXT NOT NULL,
    next_rule TEXT,
    done INTEGER,
    CHECK ((next_rule IS NULL) = (done IS NULL))
) STRICT, WITHOUT ROWID;
