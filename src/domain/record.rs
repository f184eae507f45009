//! Records: one verified request for one card, from the waiting list to the citizen.

pub use super::states::{Recall, RecordState};
use super::{
    audit::Event,
    card_out::{OutChange, SentCard},
    id::{AttemptKey, BatchId, JobId, LotId, RecordId},
    open_job::OpenJob,
    reason::{Reason, StoredReason},
    refusal::{RecordRule, Refusal},
    states::JobState,
    stock::{Account, Cause, Movement},
    transition::{CardChange, JobChange, RecallChange, RecordChange, Transition},
};

/// A record with everything that decisions about it need, read in the transaction that saves the decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordView {
    /// The record's number.
    pub id: RecordId,
    /// Its name in messages and in the audit, such as `record default/3372-2015-000001`.
    pub subject: String,
    /// Its card profile.
    pub profile: String,
    /// Its kind of request.
    pub kind: String,
    /// Its state.
    pub state: RecordState,
    /// Its version, from 1; each update of the body is the next one.
    pub version: i64,
    /// The number of its latest copy, from 1.
    pub copy: i64,
    /// The reason for which its card is recalled.
    pub stop: Option<Recall>,
    /// Whether a person has checked its card and found it good.
    pub checked: bool,
    /// Whether the citizen has given its card back.
    pub surrendered: bool,
    /// The district to which its card was sent, also after it was handed over there.
    pub sent: Option<SentCard>,
    /// The reason for which it is held, quarantined or withdrawn, as stored.
    pub reason: Option<String>,
    /// The words of the person who acted on it last.
    pub note: Option<String>,
    /// Its job, if that is queued, printing or uncertain.
    pub open_job: Option<OpenJob>,
    /// The blank of its latest good card.
    pub card: Option<CardBlank>,
}

impl RecordView {
    /// A record that has just been imported, without a job or a card.
    pub fn imported(id: RecordId, subject: String, profile: String, kind: String, state: RecordState) -> Self {
        Self {
            id,
            subject,
            profile,
            kind,
            state,
            version: 1,
            copy: 1,
            stop: None,
            checked: false,
            surrendered: false,
            sent: None,
            reason: None,
            note: None,
            open_job: None,
            card: None,
        }
    }

    /// Whether its card is in a district, and not at the counter.
    pub fn is_away(&self) -> bool {
        self.state == RecordState::Printed && self.sent.is_some()
    }

    /// Applies a transition's changes of the record and of its job, as the store does when it saves the transition. A dry
    /// run, which saves nothing, decides the next row on the result.
    pub fn apply(&mut self, transition: &Transition) {
        if let Some(change) = &transition.record {
            self.state = change.to;
            self.reason.clone_from(&change.reason);
            self.note.clone_from(&change.note);
            let is_gone = !matches!(change.to, RecordState::Printed | RecordState::HandedOver);
            if is_gone || change.out == OutChange::Received {
                self.sent = None;
            }
            match change.stop {
                RecallChange::Keep => {}
                RecallChange::Set(recall) => self.stop = Some(recall),
                RecallChange::Clear => self.stop = None,
            }
            match change.card {
                CardChange::Checked => self.checked = true,
                CardChange::Unchecked => self.checked = false,
                CardChange::Surrendered => self.surrendered = true,
                CardChange::Keep | CardChange::NextCopy => self.checked &= change.to != RecordState::Waiting,
            }
        }
        if let Some(change) = &transition.job {
            self.open_job = self.open_job.take().filter(|_| change.to.is_open());
        }
    }
}

/// The blank of a record's latest good card, and where it was printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CardBlank {
    /// The lot of the blank.
    pub lot: LotId,
    /// The batch in which it was printed.
    pub batch: BatchId,
    /// The attempt that printed it.
    pub attempt: AttemptKey,
    /// The job that it was printed for.
    pub job: JobId,
}

/// Another record of the same person and profile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OtherRecord {
    /// Its state.
    pub state: RecordState,
    /// Whether the citizen has given its card back.
    pub surrendered: bool,
}

impl OtherRecord {
    /// Whether it may keep a request of its person off the waiting list. One that is quarantined or withdrawn does not, and a person
    /// may have any number of them.
    pub fn counts(self) -> bool {
        self.state.occupies_slot() || self.is_living_card()
    }

    fn is_living_card(self) -> bool {
        self.state == RecordState::HandedOver && !self.surrendered
    }
}

/// What keeps a request of a person off the waiting list: one living card per person and profile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OneCard {
    /// Another request is open, or its card is not handed over.
    OtherRequestOpen,
    /// A card was handed over, and the kind of request does not replace it.
    LivingCard,
}

impl From<OneCard> for Reason {
    fn from(rule: OneCard) -> Self {
        match rule {
            OneCard::OtherRequestOpen => Self::OtherRequestOpen,
            OneCard::LivingCard => Self::LivingCard,
        }
    }
}

impl From<OneCard> for RecordRule {
    fn from(rule: OneCard) -> Self {
        match rule {
            OneCard::OtherRequestOpen => Self::OtherRequestOpen,
            OneCard::LivingCard => Self::LivingCard,
        }
    }
}

/// Whether a request may be open beside the person's other records of the profile. A person has one valid card per profile:
/// no other record may occupy the slot, and after a card was handed over only a kind of request that replaces it is allowed.
pub fn may_be_open(replaces: bool, others: &[OtherRecord]) -> Result<(), OneCard> {
    if others.iter().any(|o| o.state.occupies_slot()) {
        return Err(OneCard::OtherRequestOpen);
    }
    if !replaces && others.iter().copied().any(OtherRecord::is_living_card) {
        return Err(OneCard::LivingCard);
    }
    Ok(())
}

/// Takes a record off the waiting list, or out of its batch if its job is queued.
pub fn hold(view: &RecordView, note: &str) -> Result<Transition, Refusal> {
    let mut transition = leave_queue(view, RecordState::Held, &Reason::HeldByPerson, "record.held", RecordRule::Hold)?;
    transition.record = transition.record.map(|change| change.noted(note));
    transition.event = transition.event.map(|event| event.with("note", note));
    Ok(transition)
}

/// Takes a record off the waiting list, or out of its batch, because another database has sent it to a printer. `reason` names the
/// job.
pub fn hold_sent(view: &RecordView, reason: &Reason) -> Result<Transition, Refusal> {
    leave_queue(view, RecordState::Held, reason, "record.held", RecordRule::Hold)
}

/// Takes a waiting record off the list when its database is adopted and the one before may have printed it. The event of the
/// adoption names it. `reason` says whether a printer has a job of it.
pub fn hold_at_adoption(record: RecordId, reason: &Reason) -> Transition {
    let change = RecordChange::new(record, RecordState::Waiting, RecordState::Held).because(reason);
    Transition { record: Some(change), ..Transition::new(None) }
}

/// Changes a waiting or queued record to `to`; a queued job is closed and its blank released.
pub(super) fn leave_queue(
    view: &RecordView,
    to: RecordState,
    reason: &Reason,
    act: &'static str,
    needs: RecordRule,
) -> Result<Transition, Refusal> {
    let event = Event::new(act, &view.subject).because(reason).with("was", view.state.as_str());
    let mut transition = Transition::new(Some(event));
    match (view.state, &view.open_job) {
        (RecordState::Waiting, _) => {}
        (RecordState::Batched, Some(job)) if job.state == JobState::Queued => {
            transition.movements.push(job.released_blank());
            let closed = if to == RecordState::Withdrawn { JobState::Withdrawn } else { JobState::Returned };
            transition.job = Some(JobChange::new(job.id, JobState::Queued, closed));
        }
        _ => return Err(Refusal::record_state(&view.subject, view.state, needs)),
    }
    transition.record = Some(RecordChange::new(view.id, view.state, to).because(reason));
    Ok(transition)
}

/// Puts a held or quarantined record on the waiting list and resets its failed tries.
pub fn release(view: &RecordView, replaces: bool, others: &[OtherRecord], note: &str) -> Result<Transition, Refusal> {
    if !matches!(view.state, RecordState::Held | RecordState::Quarantined) {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::Release));
    }
    may_be_open(replaces, others).map_err(|rule| Refusal::record_state(&view.subject, view.state, rule))?;
    let event = Event::new("record.released", &view.subject).with("note", note).with("was", view.state.as_str());
    let mut change = RecordChange::new(view.id, view.state, RecordState::Waiting).noted(note);
    change.reset_failures = true;
    Ok(Transition { record: Some(change), ..Transition::new(Some(event)) })
}

/// The reason that the program stored with the record.
pub(super) fn stored_reason(view: &RecordView) -> Option<Reason> {
    match Reason::from_stored(view.reason.as_deref()?) {
        StoredReason::Coded(reason) => Some(reason),
        StoredReason::Quoted(_) => None,
    }
}

/// The state and the reason of a withdrawn record that was held, quarantined or withdrawn by a person before.
pub(super) fn before_withdrawal(view: &RecordView) -> Option<(RecordState, Reason)> {
    match (view.state, stored_reason(view)?) {
        (
            RecordState::Withdrawn,
            Reason::StatusAfter { before, .. } | Reason::ImportUndone { before: Some(before), .. },
        ) => Some((state_before(&before), *before)),
        (RecordState::Withdrawn, by_person @ Reason::WithdrawnByPerson { .. }) => {
            Some((RecordState::Withdrawn, by_person))
        }
        _ => None,
    }
}

/// The state in which a record was for this reason: held, quarantined, or withdrawn by a person.
pub(super) fn state_before(reason: &Reason) -> RecordState {
    let is_hold = matches!(
        reason,
        Reason::HeldByPerson | Reason::HeldAtAdoption | Reason::SentElsewhere { .. } | Reason::WithdrawalNotAccepted
    );
    if matches!(reason, Reason::WithdrawnByPerson { .. }) {
        RecordState::Withdrawn
    } else if is_hold {
        RecordState::Held
    } else {
        RecordState::Quarantined
    }
}

/// Recalls a card that exists or may exist.
pub(super) fn stop_card(view: &RecordView, stop: Recall, reason: &Reason) -> Transition {
    let event = Event::new("record.stopped", &view.subject).with("stop", stop.as_str()).because(reason);
    let mut change = RecordChange::new(view.id, view.state, view.state).because(reason);
    change.stop = RecallChange::Set(stop);
    Transition { record: Some(change), ..Transition::new(Some(event)) }
}

/// Decides the state of a record that gets a new body. `is_sound` says whether the new body may be on the waiting list.
pub fn update(view: &RecordView, is_sound: &Result<(), Reason>) -> Result<Transition, Refusal> {
    let event = || Event::new("record.updated", &view.subject).with("version", view.version + 1);
    let onto_the_list = |movements, job| {
        let (to, reason) = match is_sound {
            Ok(()) => (RecordState::Waiting, None),
            Err(reason) => (RecordState::Quarantined, Some(reason.to_stored())),
        };
        let mut record = RecordChange::new(view.id, view.state, to);
        record.reason = reason;
        record.stop = RecallChange::Clear;
        Transition { attempt: None, job, record: Some(record), movements, event: Some(event()) }
    };
    Ok(match view.state {
        RecordState::Withdrawn if before_withdrawal(view).is_some() => {
            let (to, before) = before_withdrawal(view).unwrap_or((view.state, Reason::HeldByPerson));
            let mut record = RecordChange::new(view.id, view.state, to).because(&before);
            record.note.clone_from(&view.note);
            Transition { record: Some(record), ..Transition::new(Some(event())) }
        }
        RecordState::Waiting | RecordState::Withdrawn => onto_the_list(Vec::new(), None),
        RecordState::Held | RecordState::Quarantined => {
            let mut record = RecordChange::new(view.id, view.state, view.state);
            record.reason.clone_from(&view.reason);
            record.note.clone_from(&view.note);
            Transition { record: Some(record), ..Transition::new(Some(event())) }
        }
        RecordState::Batched => match &view.open_job {
            Some(job) if job.state == JobState::Queued => {
                let returned = JobChange::new(job.id, JobState::Queued, JobState::Returned);
                onto_the_list(vec![job.released_blank()], Some(returned))
            }
            _ => stop_card(view, Recall::Updated, &Reason::UpdatedInHand),
        },
        RecordState::Uncertain | RecordState::Printed => {
            stop_card(view, Recall::Updated, &Reason::UpdatedAfterRendering)
        }
        RecordState::HandedOver => {
            return Err(Refusal::record_state(&view.subject, view.state, RecordRule::Update));
        }
    })
}

/// The card of a record that has one in state `printed`.
pub(super) fn printed_card(view: &RecordView, needs: RecordRule) -> Result<CardBlank, Refusal> {
    match (view.state, view.card) {
        (RecordState::Printed, Some(card)) => Ok(card),
        _ => Err(Refusal::record_state(&view.subject, view.state, needs)),
    }
}

pub(super) fn card_movement(card: CardBlank, from: Account, to: Account, cause: Cause) -> Movement {
    Movement::new(card.lot, from, to, 1, cause).of_batch(card.batch).of_attempt(card.attempt)
}

/// A person has checked the card and found it good. A second check of the card changes nothing, and has its event.
pub fn check(view: &RecordView) -> Result<Transition, Refusal> {
    printed_card(view, RecordRule::Check)?;
    refuse_stopped(view)?;
    refuse_away(view)?;
    let mut change = RecordChange::new(view.id, view.state, view.state);
    change.card = if view.checked { CardChange::Keep } else { CardChange::Checked };
    Ok(Transition { record: Some(change), ..Transition::new(Some(Event::new("card.checked", &view.subject))) })
}

/// A card that is in a district comes back before anything is done to it in the office.
fn refuse_away(view: &RecordView) -> Result<(), Refusal> {
    if view.is_away() {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::InOffice));
    }
    Ok(())
}

fn refuse_stopped(view: &RecordView) -> Result<(), Refusal> {
    match view.stop {
        None => Ok(()),
        Some(stop) => Err(Refusal::record_state(&view.subject, view.state, stop)),
    }
}

/// A person rejects the card, because it is bad or was recalled. It counts as spoiled. The record goes back to the waiting
/// list, or is withdrawn if the card was recalled for that reason.
pub fn reject(view: &RecordView, cause: Cause, note: &str) -> Result<Transition, Refusal> {
    let card = printed_card(view, RecordRule::Reject)?;
    refuse_away(view)?;
    let to = if view.stop == Some(Recall::Withdrawn) { RecordState::Withdrawn } else { RecordState::Waiting };
    let event = Event::new("card.rejected", &view.subject).with("cause", cause.as_str()).with("note", note);
    let mut record = RecordChange::new(view.id, view.state, to).noted(note);
    if to == RecordState::Withdrawn {
        record = record.because(&Reason::RejectedByPerson);
    }
    record.stop = RecallChange::Clear;
    let mut transition = Transition { record: Some(record), ..Transition::new(Some(event)) };
    transition.job = Some(JobChange::new(card.job, JobState::Printed, JobState::Returned));
    transition.movements.push(card_movement(card, Account::Printed, Account::Spoiled, cause));
    Ok(transition)
}

/// The card, if it was checked and is not recalled.
pub(super) fn ready(view: &RecordView, needs: RecordRule) -> Result<CardBlank, Refusal> {
    let card = printed_card(view, needs)?;
    refuse_stopped(view)?;
    if !view.checked {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::Checked));
    }
    Ok(card)
}

/// The citizen receives the card, which must have been checked and not recalled: at the counter, or in the district to which it was
/// sent.
pub fn hand_over(view: &RecordView) -> Result<Transition, Refusal> {
    handed_over(view, "card.handed-over", |event| event)
}

/// The card leaves for its citizen. `tell` adds to the event.
pub(super) fn handed_over(
    view: &RecordView,
    act: &'static str,
    tell: impl FnOnce(Event) -> Event,
) -> Result<Transition, Refusal> {
    let card = ready(view, RecordRule::HandOver)?;
    let record = Some(RecordChange::new(view.id, view.state, RecordState::HandedOver));
    let event = tell(Event::new(act, &view.subject));
    let event = match &view.sent {
        Some(sent) => event.with("district", &sent.district),
        None => event,
    };
    let mut transition = Transition { record, ..Transition::new(Some(event)) };
    transition.movements.push(card_movement(card, Account::Printed, Account::HandedOver, Cause::HandedOver));
    Ok(transition)
}

/// The citizen gives the card back. It counts as spoiled, to be destroyed.
pub fn surrender(view: &RecordView, note: &str) -> Result<Transition, Refusal> {
    let (RecordState::HandedOver, Some(card), false) = (view.state, view.card, view.surrendered) else {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::Surrender));
    };
    let mut change = RecordChange::new(view.id, view.state, view.state).noted(note);
    change.card = CardChange::Surrendered;
    let event = Event::new("card.surrendered", &view.subject).with("note", note);
    let mut transition = Transition { record: Some(change), ..Transition::new(Some(event)) };
    transition.movements.push(card_movement(card, Account::HandedOver, Account::Spoiled, Cause::Surrendered));
    Ok(transition)
}

#[cfg(test)]
mod tests;
