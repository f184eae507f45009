-- The words of names, as keyed hashes, so that a name is found by its words in any order. `person.words` has those of one record,
-- eight bytes each, in the order of their numbers and not of the name: by them the rows are found again when the name changes. It is
-- NULL as long as the words of an older record are not indexed, and `meta` has which records these are.
CREATE TABLE name_word (
    word BIGINT NOT NULL,
    record_id BIGINT NOT NULL,
    PRIMARY KEY (word, record_id)
);

ALTER TABLE person ADD COLUMN words BYTEA;

INSERT INTO meta (key, value)
SELECT 'names_not_indexed', '0-' || CAST(MAX(id) AS TEXT) FROM record HAVING MAX(id) IS NOT NULL;
