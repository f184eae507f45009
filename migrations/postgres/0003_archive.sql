-- Jobs that are over, and their attempts, once they are old: the same columns, and only the indexes that a history needs.
-- `job` and `attempt` then stay as small as the work in hand.
CREATE TABLE job_archive (
    id BIGINT PRIMARY KEY,
    batch_id BIGINT NOT NULL REFERENCES batch (id),
    record_id BIGINT NOT NULL REFERENCES record (id),
    copy BIGINT NOT NULL,
    lot_id BIGINT NOT NULL REFERENCES lot (id),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('printed', 'quarantined', 'returned', 'withdrawn')),
    position BIGINT NOT NULL,
    due_at_us BIGINT NOT NULL,
    not_started BIGINT NOT NULL
);
CREATE INDEX job_archive_batch ON job_archive (batch_id);
CREATE INDEX job_archive_record ON job_archive (record_id);

CREATE TABLE attempt_archive (
    id BIGINT PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    job_id BIGINT NOT NULL REFERENCES job_archive (id),
    printer TEXT COLLATE "C" NOT NULL,
    record_version BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('printed', 'not-started', 'spoiled')),
    printer_job TEXT COLLATE "C",
    acknowledged BOOLEAN NOT NULL,
    reason TEXT COLLATE "C",
    inspected BOOLEAN NOT NULL,
    began_at_us BIGINT NOT NULL,
    ended_at_us BIGINT NOT NULL,
    boot TEXT COLLATE "C"
);
CREATE INDEX attempt_archive_job ON attempt_archive (job_id);
