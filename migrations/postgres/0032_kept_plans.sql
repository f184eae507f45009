-- What was planned for a night when it began, as JSON, to be compared with what became of it. The newest sixty are kept.
CREATE TABLE kept_plan (
    from_at_us BIGINT NOT NULL PRIMARY KEY,
    plan TEXT NOT NULL
);
