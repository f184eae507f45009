//! The records of the persons that a list names. A list may name one person in all rows, each of which makes a record: of a person in
//! many rows, a record is read once, and not once for each chunk.

use std::collections::HashMap;

use super::known::Known;
use crate::{
    domain::id::RecordId,
    store::{StoreError, Tx, keys::Digest},
};

/// More rows of one person are many.
const CROWD: u8 = 20;
/// The counters of rows, by parts of the person's key. Persons that share one are taken for persons in many rows, which is right too.
const COUNTERS: usize = 1 << 20;
/// The maximum of persons that are remembered.
const PERSONS_MOST: usize = 50_000;

/// What was read of the persons in many rows.
pub(super) struct Crowds {
    rows: Vec<u8>,
    persons: HashMap<Digest, Seen>,
    /// The newest movement when they were read. Only a hand-over makes a record count that did not, and leaves the slot free.
    newest_movement: i64,
}

/// What was read of a person.
struct Seen {
    /// The newest record.
    until: RecordId,
    /// The records up to then whose card the citizen had.
    living: Vec<RecordId>,
}

impl Crowds {
    pub(super) fn new() -> Self {
        Self { rows: vec![0; COUNTERS], persons: HashMap::new(), newest_movement: i64::MAX }
    }

    /// Adds to `known` the records that count of the persons of a chunk's rows. `rows` has a person for each row.
    pub(super) async fn read(
        &mut self,
        tx: &mut Tx,
        profile: &str,
        rows: Vec<Digest>,
        known: &mut Known,
    ) -> Result<(), StoreError> {
        self.forget_if_outdated(tx).await?;
        let newest = RecordId(tx.record_next_id().await? - 1);
        let (mut again, mut after) = (Vec::new(), Vec::new());
        for person in self.count(rows) {
            let seen = self.persons.get(&person);
            if let Some(seen) = seen {
                again.push((person, 0));
                again.extend(seen.living.iter().map(|record| (person, record.0)));
            }
            after.push((person, seen.map_or(-1, |seen| seen.until.0)));
        }
        let mut found = tx.records_in_slots(profile, &again).await?;
        found.extend(tx.records_after_slots(profile, &after).await?);
        for (person, _) in after.into_iter().filter(|(person, _)| self.rows[counter(person)] > CROWD) {
            self.persons.insert(person, Seen { until: newest, living: Vec::new() });
        }
        for (person, record, other) in found {
            if !other.state.occupies_slot()
                && let Some(seen) = self.persons.get_mut(&person)
            {
                seen.living.push(record);
            }
            known.add_stored_person(person, record, other);
        }
        Ok(())
    }

    /// Counts rows; returns each of their persons once.
    fn count(&mut self, rows: Vec<Digest>) -> Vec<Digest> {
        for person in &rows {
            let count = &mut self.rows[counter(person)];
            *count = count.saturating_add(1);
        }
        let mut persons = rows;
        persons.sort_unstable();
        persons.dedup();
        persons
    }

    async fn forget_if_outdated(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let (newest, has_handed_over) = tx.newest_movement(self.newest_movement).await?;
        if has_handed_over || self.persons.len() > PERSONS_MOST {
            self.persons.clear();
        }
        self.newest_movement = newest;
        Ok(())
    }
}

fn counter(person: &Digest) -> usize {
    person.iter().take(4).fold(0, |number, byte| number << 8 | usize::from(*byte)) % COUNTERS
}
