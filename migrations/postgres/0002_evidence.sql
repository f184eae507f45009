-- Which run of the printer took an attempt, in its driver's words: what is said after a restart proves less.
ALTER TABLE attempt ADD COLUMN boot TEXT COLLATE "C";

-- What a printer said of itself when it was probed last: JSON.
ALTER TABLE printer ADD COLUMN capabilities TEXT COLLATE "C";
-- Why somebody insisted on using it, whatever the program objects.
ALTER TABLE printer ADD COLUMN insisted TEXT COLLATE "C";
-- Reasons that an operator declared to be over, though the printer still gives them: a JSON array of keywords.
ALTER TABLE printer ADD COLUMN vouched TEXT COLLATE "C" NOT NULL DEFAULT '[]';
