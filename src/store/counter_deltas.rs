//! The changes of the counters in one transaction.

use std::collections::BTreeMap;

use crate::domain::{attempt::AttemptState, record::RecordState};

/// The time that one row of outcomes covers: 15 minutes, because the offset of every time zone in use is a multiple of
/// it.
pub(super) const BUCKET_US: i64 = 15 * 60 * 1_000_000;

/// The row of outcomes of all times: a quarter of an hour before the epoch. It counts each card that a printer has fed, also test
/// cards, which count as uncertain from their begin.
pub(super) const FED: i64 = -BUCKET_US;

type RecordKey = (String, String, &'static str, bool);
pub(super) type OutcomeKey = (i64, String, &'static str);

/// The changes of the counters in one transaction.
#[derive(Default, Debug)]
pub(super) struct Deltas {
    pub(super) records: BTreeMap<RecordKey, i64>,
    pub(super) outcomes: BTreeMap<OutcomeKey, i64>,
}

impl Deltas {
    /// Counts a new record, whose card is not recalled.
    pub(super) fn record_added(&mut self, profile: &str, district: &str, state: RecordState) {
        *self.records.entry((profile.to_owned(), district.to_owned(), state.as_str(), false)).or_default() += 1;
    }

    /// Counts a record with another state or recall.
    pub(super) fn record_changed(
        &mut self,
        district: (String, String),
        from: (RecordState, bool),
        to: (RecordState, bool),
    ) {
        self.records_changed(district, from, to, 1);
    }

    /// Counts records of one profile and district with another state or recall.
    pub(super) fn records_changed(
        &mut self,
        (profile, district): (String, String),
        from: (RecordState, bool),
        to: (RecordState, bool),
        number: i64,
    ) {
        if from == to {
            return;
        }
        *self.records.entry((profile.clone(), district.clone(), from.0.as_str(), from.1)).or_default() -= number;
        *self.records.entry((profile, district, to.0.as_str(), to.1)).or_default() += number;
    }

    /// Counts a record with another district.
    pub(super) fn record_moved(&mut self, profile: &str, districts: [&str; 2], state: RecordState, stopped: bool) {
        for (district, delta) in districts.into_iter().zip([-1, 1]) {
            let key = (profile.to_owned(), district.to_owned(), state.as_str(), stopped);
            *self.records.entry(key).or_default() += delta;
        }
    }

    /// Counts an attempt that ended, or that got another outcome.
    pub(super) fn attempt_ended(&mut self, printer: &str, ended_at_us: i64, from: AttemptState, to: AttemptState) {
        let bucket = bucket_start(ended_at_us);
        if !from.is_open() {
            *self.outcomes.entry((bucket, printer.to_owned(), from.as_str())).or_default() -= 1;
        }
        if !to.is_open() {
            *self.outcomes.entry((bucket, printer.to_owned(), to.as_str())).or_default() += 1;
        }
        self.fed(printer, Some(from), to);
    }

    /// Counts a test card that began, or that got another outcome.
    pub(super) fn test_card(&mut self, printer: &str, from: Option<AttemptState>, to: AttemptState) {
        let counted = |state: AttemptState| if state.is_open() { AttemptState::Uncertain } else { state };
        self.fed(printer, from.map(counted), counted(to));
    }

    fn fed(&mut self, printer: &str, from: Option<AttemptState>, to: AttemptState) {
        for (state, number) in from.map(|from| (from, -1)).into_iter().chain([(to, 1)]) {
            match state {
                AttemptState::Printed | AttemptState::Spoiled | AttemptState::Uncertain => {
                    *self.outcomes.entry((FED, printer.to_owned(), state.as_str())).or_default() += number;
                }
                AttemptState::Intent | AttemptState::Releasing | AttemptState::NotStarted => {}
            }
        }
    }

    /// The cards of a printer that this transaction has counted as fed.
    pub(super) fn fed_by(&self, printer: &str) -> i64 {
        let of = self.outcomes.iter().filter(|((bucket, name, _), _)| *bucket == FED && name == printer);
        of.map(|(_, number)| *number).sum()
    }

    /// All printers with such cards, and their number.
    pub(super) fn fed_by_all(&self) -> Vec<(&str, i64)> {
        let of = self.outcomes.iter().filter(|((bucket, ..), _)| *bucket == FED);
        of.map(|((_, name, _), number)| (name.as_str(), *number)).collect()
    }
}

/// The start of the row of outcomes for an instant. In SQL it is `at - at % 900000000`.
pub(super) fn bucket_start(at_us: i64) -> i64 {
    at_us - at_us % BUCKET_US
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_taken_from_one_counter_and_added_to_another() {
        let mut deltas = Deltas::default();
        let key = || ("student".to_owned(), "FACULTY 1".to_owned());
        deltas.record_added("student", "FACULTY 1", RecordState::Waiting);
        deltas.record_changed(key(), (RecordState::Waiting, false), (RecordState::Batched, false));
        deltas.record_changed(key(), (RecordState::Batched, false), (RecordState::Batched, true));
        deltas.record_moved("student", ["FACULTY 1", "FACULTY 2"], RecordState::Batched, true);

        let left: Vec<_> = deltas.records.into_iter().filter(|(_, number)| *number != 0).collect();

        assert_eq!(left, [(("student".into(), "FACULTY 2".into(), "batched", true), 1)]);
    }

    #[test]
    fn an_inspected_outcome_changes_the_quarter_of_an_hour_in_which_the_attempt_ended() {
        let mut deltas = Deltas::default();
        deltas.attempt_ended("p1", BUCKET_US + 1, AttemptState::Releasing, AttemptState::Uncertain);
        deltas.attempt_ended("p1", BUCKET_US + 1, AttemptState::Uncertain, AttemptState::Printed);

        let left = deltas.outcomes.clone().into_iter().filter(|(_, number)| *number != 0).collect::<Vec<_>>();

        assert_eq!(left, [((FED, "p1".into(), "printed"), 1), ((BUCKET_US, "p1".into(), "printed"), 1)]);
        assert_eq!((deltas.fed_by("p1"), deltas.fed_by("p2")), (1, 0));
    }
    #[test]
    fn a_test_card_counts_as_fed_from_its_begin_unless_it_is_proved_that_it_was_not() {
        let mut deltas = Deltas::default();
        deltas.test_card("p1", None, AttemptState::Intent);
        assert_eq!(deltas.fed_by("p1"), 1);
        deltas.test_card("p1", Some(AttemptState::Intent), AttemptState::NotStarted);
        assert_eq!(deltas.fed_by("p1"), 0);
        deltas.test_card("p1", None, AttemptState::Intent);
        deltas.test_card("p1", Some(AttemptState::Releasing), AttemptState::Spoiled);
        let left: Vec<_> = deltas.outcomes.into_iter().filter(|(_, number)| *number != 0).collect();
        assert_eq!(left, [((FED, "p1".into(), "spoiled"), 1)]);
    }
}
