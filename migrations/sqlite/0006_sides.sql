-- How many printed sides a good card of this attempt has: a printer that counts more has made more than one.
ALTER TABLE attempt ADD COLUMN impressions INTEGER NOT NULL DEFAULT 1;
ALTER TABLE attempt_archive ADD COLUMN impressions INTEGER NOT NULL DEFAULT 1;
