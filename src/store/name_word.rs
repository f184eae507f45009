//! The words of names, by which records are found: keyed hashes, without their order.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    StoreError, Tx, doing, execute,
    keys::{Keys, hex},
    on, set,
};
use crate::domain::{id::RecordId, name_word::words};

/// In `meta`: which records' names are not indexed, if any.
const NOT_INDEXED: &str = "names_not_indexed";
/// Its value while the index is emptied.
const EMPTYING: &str = "all";

/// How many records with the rarest word a search looks at.
pub(super) const LOOKED_MAX: i64 = 2_000;

/// The names that are not indexed yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NamesLeft {
    /// All: the index is emptied, to be made again.
    All,
    /// Those of the records above the first number and up to the second.
    Of(RecordId, RecordId),
}

impl NamesLeft {
    fn from_stored(text: &str) -> Result<Self, StoreError> {
        if text == EMPTYING {
            return Ok(Self::All);
        }
        let numbers = text.split_once('-').and_then(|(after, to)| Some((after.parse().ok()?, to.parse().ok()?)));
        let (after, to) = numbers.ok_or_else(|| StoreError::Corrupt {
            table: "meta",
            id: NOT_INDEXED.into(),
            what: "it names no records".into(),
        })?;
        Ok(Self::Of(RecordId(after), RecordId(to)))
    }

    /// Whether the name of a record is indexed.
    pub fn has(self, record: RecordId) -> bool {
        match self {
            Self::All => false,
            Self::Of(after, to) => record <= after || record > to,
        }
    }
}

/// The look-up keys of the words of a name, by number, each once.
pub fn word_keys(keys: &Keys, profile: &str, name: &str) -> Vec<i64> {
    let keys: BTreeSet<i64> = words(name).iter().map(|word| keys.name_word(profile, word)).collect();
    keys.into_iter().collect()
}

/// The column `words` of a person.
pub(super) fn column_of(words: &[i64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// The words of the column.
pub(super) fn of_column(column: &[u8]) -> Vec<i64> {
    column.chunks_exact(8).map(|bytes| bytes.iter().fold(0, |word, byte| (word << 8) | i64::from(*byte))).collect()
}

pub(super) const COUNT: &str = "
    SELECT COUNT(*) FROM (SELECT 1 FROM name_word WHERE word = $1 AND record_id > $2 LIMIT $3) AS few";
pub(super) const OF_WORD: &str =
    "SELECT record_id FROM name_word WHERE word = $1 AND record_id > $2 ORDER BY record_id LIMIT $3";
/// Looks for each of the records by itself: PostgreSQL would compare each with all records of a word that it takes for rare.
pub(super) const WITH_WORD: &str = "
    SELECT v.record_id FROM (SELECT CAST(value AS BIGINT) AS record_id FROM json_each($1)) AS v
    WHERE (SELECT 1 FROM name_word AS w WHERE w.word = $2 AND w.record_id = v.record_id) IS NOT NULL";
const ADD: &str = "
    INSERT INTO name_word (word, record_id)
    SELECT CAST(v.value ->> 0 AS BIGINT), CAST(v.value ->> 1 AS BIGINT) FROM json_each($1) AS v WHERE TRUE
    ON CONFLICT DO NOTHING";
const SET: &str = "
    UPDATE person SET words = unhex(v.value ->> 1) FROM json_each($1) AS v
    WHERE person.record_id = CAST(v.value ->> 0 AS BIGINT)";

impl Tx {
    /// The records above `after` whose names have all of these words, in the order of their numbers, and the last number that was
    /// looked at, if there may be more after it. Looks at 2,000 records with the rarest word at most; none for no word.
    pub async fn names_find(
        &mut self,
        words: &[i64],
        after: RecordId,
    ) -> Result<(Vec<RecordId>, Option<RecordId>), StoreError> {
        let failed = || doing("finding names");
        let mut counted = Vec::with_capacity(words.len());
        for word in words {
            let count = on!(self, c => sqlx::query_scalar::<_, i64>(COUNT).bind(word).bind(after.0).bind(LOOKED_MAX + 1).fetch_one(c));
            counted.push((count.map_err(failed())?, *word));
        }
        counted.sort_unstable();
        let mut rarest_first = counted.into_iter().map(|(_, word)| word);
        let Some(rarest) = rarest_first.next() else { return Ok((Vec::new(), None)) };
        let found =
            on!(self, c => sqlx::query_scalar(OF_WORD).bind(rarest).bind(after.0).bind(LOOKED_MAX).fetch_all(c));
        let mut found: Vec<i64> = found.map_err(failed())?;
        let is_full = i64::try_from(found.len()) == Ok(LOOKED_MAX);
        let looked_to = found.last().filter(|_| is_full).copied().map(RecordId);
        for word in rarest_first {
            if found.is_empty() {
                break;
            }
            let records = set(&found);
            let with = on!(self, c => sqlx::query_scalar(WITH_WORD).bind(&*records).bind(word).fetch_all(c));
            found = with.map_err(failed())?;
        }
        found.sort_unstable();
        Ok((found.into_iter().map(RecordId).collect(), looked_to))
    }

    /// The names that are not indexed; `None` if all are.
    pub async fn names_left(&mut self) -> Result<Option<NamesLeft>, StoreError> {
        self.meta_get(NOT_INDEXED).await?.as_deref().map(NamesLeft::from_stored).transpose()
    }

    /// Sets which names are not indexed.
    pub async fn names_left_set(&mut self, left: Option<NamesLeft>) -> Result<(), StoreError> {
        match left {
            Some(NamesLeft::All) => self.meta_set(NOT_INDEXED, EMPTYING).await,
            Some(NamesLeft::Of(after, to)) => self.meta_set(NOT_INDEXED, &format!("{}-{}", after.0, to.0)).await,
            None => {
                execute!(self, sqlx::query("DELETE FROM meta WHERE key = $1").bind(NOT_INDEXED))
                    .map_err(doing("indexing names"))?;
                Ok(())
            }
        }
    }

    /// Removes words from the index, at most `limit`; whether there may be more.
    pub async fn name_words_remove(&mut self, limit: i64) -> Result<bool, StoreError> {
        const REMOVE: &str = "
            DELETE FROM name_word WHERE (word, record_id) IN (
                SELECT word, record_id FROM name_word ORDER BY word, record_id LIMIT $1)";
        let removed = execute!(self, sqlx::query(REMOVE).bind(limit)).map_err(doing("emptying the index of names"))?;
        Ok(i64::try_from(removed) == Ok(limit))
    }

    /// Indexes the words of records, whose former words are not in the index.
    pub async fn name_words_add(&mut self, of: &[(RecordId, Vec<i64>)]) -> Result<(), StoreError> {
        let pairs = of.iter().flat_map(|(record, words)| words.iter().map(|word| (*word, record.0)));
        let mut pairs: Vec<(i64, i64)> = pairs.collect();
        pairs.sort_unstable(); // neighbours in the index
        let columns: Vec<_> = of.iter().map(|(record, words)| (record.0, hex(&column_of(words)))).collect();
        for (sql, rows) in [(ADD, set(&pairs)), (SET, set(&columns))] {
            execute!(self, sqlx::query(sql).bind(&*rows)).map_err(doing("indexing names"))?;
        }
        Ok(())
    }

    /// Indexes the words of a record in place of its former ones.
    pub(super) async fn name_words_replace(&mut self, record: RecordId, words: &[i64]) -> Result<(), StoreError> {
        const FORMER: &str = "SELECT words FROM person WHERE record_id = $1";
        const REMOVE: &str = "DELETE FROM name_word WHERE word = $1 AND record_id = $2";
        let former: Option<Vec<u8>> = on!(self, c => sqlx::query_scalar(FORMER).bind(record.0).fetch_one(c))
            .map_err(doing("reading the words of a name"))?;
        for word in of_column(&former.unwrap_or_default()) {
            execute!(self, sqlx::query(REMOVE).bind(word).bind(record.0)).map_err(doing("indexing names"))?;
        }
        self.name_words_add(&[(record, words.to_vec())]).await
    }

    /// The words of the names of the records above `after` and up to `to`, as stored with their persons; `None` if a name is not indexed.
    pub async fn name_words_of(
        &mut self,
        after: RecordId,
        to: RecordId,
    ) -> Result<BTreeMap<RecordId, Option<Vec<i64>>>, StoreError> {
        const STORED: &str = "SELECT record_id, words FROM person WHERE record_id > $1 AND record_id <= $2";
        let rows: Vec<(i64, Option<Vec<u8>>)> =
            on!(self, c => sqlx::query_as(STORED).bind(after.0).bind(to.0).fetch_all(c))
                .map_err(doing("reading names"))?;
        Ok(rows.into_iter().map(|(record, words)| (RecordId(record), words.as_deref().map(of_column))).collect())
    }

    /// Which of these words and records are in the index, for a check.
    pub async fn name_words_known(
        &mut self,
        pairs: &[(i64, RecordId)],
    ) -> Result<BTreeSet<(i64, RecordId)>, StoreError> {
        const KNOWN: &str = "
            SELECT w.word, w.record_id FROM json_each($1) AS v CROSS JOIN name_word AS w
            WHERE w.word = CAST(v.value ->> 0 AS BIGINT) AND w.record_id = CAST(v.value ->> 1 AS BIGINT)";
        let rows = set(&pairs.iter().map(|(word, record)| (word, record.0)).collect::<Vec<_>>());
        let known: Vec<(i64, i64)> =
            on!(self, c => sqlx::query_as(KNOWN).bind(&*rows).fetch_all(c)).map_err(doing("reading names"))?;
        Ok(known.into_iter().map(|(word, record)| (word, RecordId(record))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_name_are_kept_without_their_order() {
        let keys = Keys::derive(&[7; 32]);
        let words = word_keys(&keys, "student", "Sri Rahayu Ningsih");
        assert_eq!(words, word_keys(&keys, "student", "NINGSIH, rahayu sri"));
        assert!(words.len() == 3 && words.is_sorted(), "{words:?}");
        assert_eq!(of_column(&column_of(&words)), words);
        assert_eq!(of_column(&column_of(&[-1, 0, i64::MIN])), [-1, 0, i64::MIN]);
    }

    #[test]
    fn a_record_between_the_numbers_is_not_indexed() {
        let left = NamesLeft::from_stored("5-10").unwrap();
        assert_eq!([5, 6, 10, 11].map(|id| left.has(RecordId(id))), [true, false, false, true]);
        assert!(!NamesLeft::from_stored("all").unwrap().has(RecordId(1)));
        assert!(NamesLeft::from_stored("5").is_err());
    }
}
