-- Only attempts that have ended: an open one is in it no more, and is not moved in it when it ends.
DROP INDEX attempt_ended;
CREATE INDEX attempt_ended ON attempt (ended_at_us) WHERE ended_at_us IS NOT NULL;
