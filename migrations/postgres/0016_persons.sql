-- An index over the first 96 bits of a person's key, which has the profile in it, instead of one over all 128 and the profile.
-- A query compares the whole key too. Two of 100 million persons have the same 96 bits with a probability of 10^-13; the
-- second one could not be imported.
-- The constraint is dropped first, because that needs the stronger lock.
ALTER TABLE record DROP CONSTRAINT record_person_key_profile_slot_key;
CREATE UNIQUE INDEX record_person ON record (substr(person_key, 1, 12), slot);
