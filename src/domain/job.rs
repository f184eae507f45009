//! Jobs: one card for one record in one batch; the unit of retry, of stock and of audit.

use super::{
    attempt::{AttemptState, AttemptView, InspectionResult, Outcome},
    audit::Event,
    id::{AttemptKey, BatchId, JobId, LotId, RecordId},
    reason::Reason,
    record::{Recall, RecordState},
    refusal::{AttemptRule, Refusal},
    retry::Backoff,
    settlement::{Blank, Facts, Settlement, settlement},
    stock::{Account, Cause, Movement, Place},
    time::Timestamp,
    transition::{AttemptChange, JobChange, RecallChange, RecordChange, Transition},
};
pub use super::{open_job::OpenJob, states::JobState};

/// Closes a queued job: its record returns to its former place on the waiting list, and its blank to its place. One
/// event of the batch covers it.
pub fn return_job(record: RecordId, job: &OpenJob) -> Transition {
    Transition {
        attempt: None,
        job: Some(JobChange::new(job.id, JobState::Queued, JobState::Returned)),
        record: Some(RecordChange::new(record, RecordState::Batched, RecordState::Waiting)),
        movements: vec![job.released_blank()],
        event: None,
    }
}

/// Closes a job whose card cannot be rendered, before any attempt: its record is quarantined, and its blank is
/// released.
pub fn refuse_unrenderable(record: RecordId, subject: &str, job: &OpenJob, reason: &Reason) -> Transition {
    let event = Event::new("record.quarantined", subject).because(reason).with("job", job.id);
    Transition {
        job: Some(JobChange::new(job.id, JobState::Queued, JobState::Quarantined)),
        record: Some(RecordChange::new(record, RecordState::Batched, RecordState::Quarantined).because(reason)),
        movements: vec![job.released_blank()],
        ..Transition::new(Some(event))
    }
}

/// A good card with the facts that its worker has known since the attempt began. The guards of the write check them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrintedCard {
    /// The attempt.
    pub attempt: AttemptKey,
    /// Its name at the printer.
    pub name: String,
    /// The printer.
    pub printer: String,
    /// The job.
    pub job: JobId,
    /// The record.
    pub record: RecordId,
    /// The batch.
    pub batch: BatchId,
    /// The lot of its blank.
    pub lot: LotId,
    /// The place where that blank was reserved.
    pub place: Place,
}

impl PrintedCard {
    /// The transition for the card. A step of the store has the same effect.
    pub fn transition(&self) -> Transition {
        let (from, to) = (AttemptState::Releasing, AttemptState::Printed);
        Transition {
            attempt: Some(AttemptChange { key: self.attempt, from, to, reason: None, note: None, inspected: false }),
            job: Some(JobChange::new(self.job, JobState::Printing, JobState::Printed)),
            record: Some(RecordChange::new(self.record, RecordState::Batched, RecordState::Printed)),
            movements: vec![self.movement()],
            event: Some(self.event()),
        }
    }

    /// The movement of its blank.
    pub fn movement(&self) -> Movement {
        Movement::new(self.lot, self.place.reserved(), Account::Printed, 1, Cause::Printed)
            .of_batch(self.batch)
            .of_attempt(self.attempt)
    }

    /// The audit event of the card.
    pub fn event(&self) -> Event {
        attempt_event(&Outcome::Printed, &self.name, self.job, self.record, &self.printer)
    }
}

/// The transition for the end of an attempt.
///
/// `another_blank` is the lot of a free blank at the same place, for the retry after a spoiled card. `jitter` is from 0
/// to 1 and comes from [`retry::jitter`](super::retry::jitter).
pub fn settle(
    view: &AttemptView,
    outcome: &Outcome,
    backoff: Backoff,
    now: Timestamp,
    jitter: f64,
    another_blank: Option<LotId>,
) -> Transition {
    let facts = Facts {
        batch_is_closing: view.batch_is_closing,
        recall: view.stop,
        charged: view.charged,
        failed_elsewhere: view.failed_on.as_ref().is_some_and(|printer| *printer != view.printer),
        attempts_limit: view.attempts_limit,
    };
    let retry_at = now.plus(backoff.wait(view.not_started, jitter));
    build(view, outcome, &settlement(&facts, outcome.kind(), now, retry_at, another_blank))
}

/// A person declares that the outcome of an open attempt cannot be learned: it is uncertain.
pub fn declare(view: &AttemptView, note: &str) -> Transition {
    let outcome = Outcome::Uncertain { reason: Reason::DeclaredByPerson };
    let mut transition = build(view, &outcome, &Settlement::UNCERTAIN);
    if let Some(attempt) = &mut transition.attempt {
        attempt.note = Some(note.to_owned());
    }
    transition.record = transition.record.map(|change| change.noted(note));
    transition
}

/// A printer that is asked when the database is adopted proves that the card of an open attempt was printed.
pub fn printed_at_adoption(view: &AttemptView) -> Transition {
    build(view, &Outcome::Printed, &Settlement::PRINTED)
}

/// Builds the transition of a settlement.
fn build(view: &AttemptView, outcome: &Outcome, settlement: &Settlement) -> Transition {
    let event = attempt_event(outcome, &view.name, view.job, view.record, &view.printer);
    let mut transition = Transition::new(Some(event));
    transition.attempt = Some(AttemptChange {
        key: view.key,
        from: view.state,
        to: settlement.attempt,
        reason: outcome.reason().cloned(),
        note: None,
        inspected: false,
    });
    transition.job = Some(JobChange {
        due: settlement.due,
        lot: settlement.another_blank,
        not_started: settlement.is_not_started,
        ..JobChange::new(view.job, view.job_state, settlement.job)
    });
    let charged_on = settlement.is_charged.then(|| view.printer.clone());
    if settlement.job != JobState::Queued {
        let mut change = RecordChange::new(view.record, view.record_state, settlement.record);
        change.charged_on = charged_on;
        match settlement.record {
            RecordState::Printed => {}
            RecordState::Uncertain => change.reason = outcome.reason().map(Reason::to_stored),
            RecordState::Waiting => change.stop = RecallChange::Clear,
            RecordState::Quarantined
            | RecordState::Withdrawn
            | RecordState::Held
            | RecordState::Batched
            | RecordState::HandedOver => {
                change.stop = RecallChange::Clear;
                change.reason = outcome.reason().map(Reason::to_stored);
            }
        }
        transition.record = Some(change);
    } else if charged_on.is_some() {
        let kept = RecordChange::new(view.record, view.record_state, view.record_state);
        transition.record = Some(RecordChange { charged_on, ..kept });
    }
    let (to, cause) = match settlement.blank {
        Blank::Reserved => return transition,
        Blank::Free => (view.place.free(), Cause::Released),
        Blank::Printed => (Account::Printed, Cause::Printed),
        Blank::Spoiled => (Account::Spoiled, Cause::PrintFailed),
        Blank::Uncertain => (Account::Uncertain, Cause::OutcomeUnknown),
    };
    let moved = |lot, from, to, cause| Movement::new(lot, from, to, 1, cause).of_batch(view.batch).of_attempt(view.key);
    transition.movements.push(moved(view.lot, view.place.reserved(), to, cause));
    if let Some(lot) = settlement.another_blank {
        transition.movements.push(moved(lot, view.place.free(), view.place.reserved(), Cause::Reserved));
    }
    transition
}

fn close<'a>(
    transition: &'a mut Transition,
    view: &AttemptView,
    job: JobState,
    record: RecordState,
) -> &'a mut RecordChange {
    transition.job = Some(JobChange::new(view.job, view.job_state, job));
    transition.record.insert(RecordChange::new(view.record, view.record_state, record))
}

fn leave(
    transition: &mut Transition,
    view: &AttemptView,
    job: JobState,
    record: RecordState,
    note: &str,
    charged: bool,
) {
    let change = close(transition, view, job, record);
    change.stop = RecallChange::Clear;
    change.charged_on = charged.then(|| view.printer.clone());
    change.note = Some(note.to_owned());
    change.reason = match record {
        RecordState::Waiting => None,
        RecordState::Held => Some(Reason::HeldAtAdoption.to_stored()),
        RecordState::Batched
        | RecordState::Printed
        | RecordState::Uncertain
        | RecordState::Quarantined
        | RecordState::Withdrawn
        | RecordState::HandedOver => Some(Reason::InspectedByPerson.to_stored()),
    };
}

fn attempt_event(outcome: &Outcome, name: &str, job: JobId, record: RecordId, printer: &str) -> Event {
    let act = match outcome {
        Outcome::Printed => "attempt.printed",
        Outcome::NotStarted { .. } => "attempt.not-started",
        Outcome::Spoiled { .. } => "attempt.spoiled",
        Outcome::Uncertain { .. } => "attempt.uncertain",
    };
    let event = Event::new(act, name).with("job", job).with("record", record).with("printer", printer);
    match outcome.reason() {
        Some(reason) => event.because(reason),
        None => event,
    }
}

/// The transition for the result of an inspection of an uncertain attempt. Possible once only.
pub fn inspect(view: &AttemptView, found: InspectionResult, note: &str) -> Result<Transition, Refusal> {
    if view.state != AttemptState::Uncertain {
        return Err(Refusal::AttemptState {
            attempt: view.name.clone(),
            found: view.state,
            needs: AttemptRule::Uncertain,
            archived: false,
        });
    }
    let (to, account, cause) = match found {
        InspectionResult::Good => (AttemptState::Printed, Account::Printed, Cause::Inspected),
        InspectionResult::Spoiled => (AttemptState::Spoiled, Account::Spoiled, Cause::PrintFailed),
        InspectionResult::Nothing => (AttemptState::NotStarted, view.place.free(), Cause::Inspected),
        InspectionResult::BlankGone => (AttemptState::NotStarted, Account::Missing, Cause::Inspected),
    };
    let event = Event::new("attempt.inspected", &*view.name)
        .with("found", format!("{found:?}").to_lowercase())
        .with("job", view.job)
        .with("record", view.record)
        .with("note", note);
    let mut transition = Transition::new(Some(event));
    transition.attempt = Some(AttemptChange {
        key: view.key,
        from: view.state,
        to,
        reason: Some(Reason::InspectedByPerson),
        note: Some(note.to_owned()),
        inspected: true,
    });
    transition
        .movements
        .push(Movement::new(view.lot, Account::Uncertain, account, 1, cause).of_batch(view.batch).of_attempt(view.key));
    match found {
        InspectionResult::Good => {
            close(&mut transition, view, JobState::Printed, RecordState::Printed).note = Some(note.to_owned());
        }
        InspectionResult::Spoiled | InspectionResult::Nothing | InspectionResult::BlankGone => {
            let (job, record) = match view.stop {
                Some(Recall::Withdrawn) => (JobState::Withdrawn, RecordState::Withdrawn),
                Some(Recall::Updated) | None if view.is_from_before_adoption => (JobState::Returned, RecordState::Held),
                Some(Recall::Updated) | None => (JobState::Returned, RecordState::Waiting),
            };
            leave(&mut transition, view, job, record, note, found == InspectionResult::Spoiled);
        }
    }
    Ok(transition)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::attempt::NotStartedCause;

    fn view() -> AttemptView {
        AttemptView {
            key: AttemptKey(7),
            name: "cetak-test-7".into(),
            state: AttemptState::Releasing,
            printer: "p1".into(),
            rendered_version: 1,
            job: JobId(3),
            job_state: JobState::Printing,
            not_started: 0,
            batch: BatchId(2),
            batch_is_closing: false,
            lot: LotId(1),
            place: Place::Vault,
            record: RecordId(5),
            record_state: RecordState::Batched,
            record_version: 1,
            stop: None,
            charged: 0,
            failed_on: None,
            attempts_limit: 3,
            is_from_before_adoption: false,
        }
    }

    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(2), cap: Duration::from_mins(5) };

    fn settled(
        view: &AttemptView,
        outcome: &Outcome,
        blank: Option<i64>,
    ) -> (JobState, Option<RecordState>, Vec<String>) {
        let t = settle(view, outcome, BACKOFF, Timestamp(1000), 1.0, blank.map(LotId));
        let moves = t.movements.iter().map(|m| format!("{}>{}", m.from, m.to)).collect();
        (t.job.unwrap().to, t.record.map(|r| r.to), moves)
    }

    fn spoiled() -> Outcome {
        Outcome::Spoiled { reason: Reason::Printer { reasons: vec!["media-jam".into()] } }
    }

    fn refused() -> Outcome {
        Outcome::NotStarted {
            cause: NotStartedCause::Card,
            reason: Reason::Printer { reasons: vec!["document-format-error".into()] },
        }
    }

    #[test]
    fn a_good_card_is_the_same_from_its_worker_and_from_what_is_stored() {
        let stored = view();
        let known = PrintedCard {
            attempt: stored.key,
            name: stored.name.clone(),
            printer: stored.printer.clone(),
            job: stored.job,
            record: stored.record,
            batch: stored.batch,
            lot: stored.lot,
            place: stored.place.clone(),
        };
        let settled = settle(&stored, &Outcome::Printed, BACKOFF, Timestamp(0), 1.0, None);

        assert_eq!(known.transition(), settled);
    }

    #[test]
    fn a_good_card_takes_its_reserved_blank() {
        let expected = (JobState::Printed, Some(RecordState::Printed), vec!["reserved>printed".into()]);
        assert_eq!(settled(&view(), &Outcome::Printed, None), expected);
    }

    #[test]
    fn a_spoiled_card_is_tried_again_only_with_another_blank() {
        let again =
            (JobState::Queued, Some(RecordState::Batched), vec!["reserved>spoiled".into(), "vault>reserved".into()]);
        assert_eq!(settled(&view(), &spoiled(), Some(1)), again);
        let none_left = (JobState::Returned, Some(RecordState::Waiting), vec!["reserved>spoiled".into()]);
        assert_eq!(settled(&view(), &spoiled(), None), none_left);
    }

    #[test]
    fn a_record_that_used_up_its_tries_or_failed_on_two_printers_is_quarantined() {
        let used_up = AttemptView { charged: 2, failed_on: Some("p1".into()), ..view() };
        let elsewhere = AttemptView { charged: 1, failed_on: Some("p2".into()), ..view() };
        for poisoned in [used_up, elsewhere] {
            assert_eq!(settled(&poisoned, &spoiled(), Some(1)).0, JobState::Quarantined);
            let back = (JobState::Quarantined, Some(RecordState::Quarantined), vec!["reserved>vault".into()]);
            assert_eq!(settled(&poisoned, &refused(), None), back);
        }
    }

    #[test]
    fn a_failure_of_the_printer_does_not_count_against_the_record() {
        let many = AttemptView { not_started: 9, charged: 2, failed_on: Some("p2".into()), ..view() };
        let outcome = Outcome::NotStarted {
            cause: NotStartedCause::Printer,
            reason: Reason::Printer { reasons: vec!["connecting-to-device".into()] },
        };
        let t = settle(&many, &outcome, BACKOFF, Timestamp(0), 1.0, None);
        assert_eq!((t.record, t.movements.len()), (None, 0));
        assert_eq!(t.job.unwrap().due, Some(Timestamp(300_000_000)));
    }

    #[test]
    fn a_card_that_was_stopped_by_a_pause_keeps_its_place() {
        let outcome = Outcome::NotStarted { cause: NotStartedCause::Interruption, reason: Reason::Stopped };
        let job = settle(&view(), &outcome, BACKOFF, Timestamp(0), 1.0, None).job.unwrap();
        assert_eq!((job.to, job.due, job.not_started), (JobState::Queued, None, false));
    }

    #[test]
    fn no_second_card_starts_while_the_outcome_is_unknown() {
        let unknown = Outcome::Uncertain { reason: Reason::ForgottenByPrinter };
        let expected = (JobState::Uncertain, Some(RecordState::Uncertain), vec!["reserved>uncertain".into()]);
        assert_eq!(settled(&view(), &unknown, Some(1)), expected);
    }

    #[test]
    fn a_record_withdrawn_or_updated_in_between_is_not_tried_again() {
        let withdrawn = AttemptView { stop: Some(Recall::Withdrawn), ..view() };
        assert_eq!(settled(&withdrawn, &refused(), None).1, Some(RecordState::Withdrawn));
        assert_eq!(settled(&withdrawn, &spoiled(), Some(1)).1, Some(RecordState::Withdrawn));
        let updated = AttemptView { stop: Some(Recall::Updated), ..view() };
        assert_eq!(settled(&updated, &spoiled(), Some(1)).1, Some(RecordState::Waiting));
        assert_eq!(settled(&updated, &Outcome::Printed, None).1, Some(RecordState::Printed));
    }

    #[test]
    fn an_uncertain_attempt_is_resolved_once_and_its_blank_goes_where_it_was_found() {
        let uncertain = AttemptView {
            state: AttemptState::Uncertain,
            job_state: JobState::Uncertain,
            record_state: RecordState::Uncertain,
            ..view()
        };
        let cases = [
            (InspectionResult::Good, RecordState::Printed, Account::Printed),
            (InspectionResult::Spoiled, RecordState::Waiting, Account::Spoiled),
            (InspectionResult::Nothing, RecordState::Waiting, Account::Vault),
            (InspectionResult::BlankGone, RecordState::Waiting, Account::Missing),
        ];
        for (found, state, account) in cases {
            let t = inspect(&uncertain, found, "looked").unwrap();
            assert_eq!((t.record.unwrap().to, &t.movements[0].to), (state, &account));
            assert_eq!(t.movements[0].from, Account::Uncertain);
        }
        assert!(inspect(&view(), InspectionResult::Good, "looked").is_err());
    }
}
