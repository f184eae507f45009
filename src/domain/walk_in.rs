//! Jumps: records that a person puts first, as a citizen waits for the card, or into another class of their profile.

use super::{
    audit::Event,
    card::profile::WALK_IN_CLASS,
    place::PlaceCause,
    record::RecordView,
    refusal::{RecordRule, Refusal},
    states::{BatchState, JobState, RecordState},
    transition::{Jump, RecordChange, Transition},
};

/// Where a record that is queued in a batch stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct QueuePlace {
    /// The printer of the batch.
    pub printer: String,
    /// The cards that are queued before it.
    pub before: i64,
}

/// Puts a record before all others of its profile. `queued` is its place in its batch, if it is queued in one: the pile of a batch
/// is printed in its order.
pub fn put_first(view: &RecordView, class: i64, queued: QueuePlace, note: &str) -> Result<Transition, Refusal> {
    refuse_unless_unprinted(view, queued)?;
    if class == WALK_IN_CLASS {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::NotFirst));
    }
    Ok(jump(view, class, PlaceCause::PutFirst, (WALK_IN_CLASS, note)))
}

/// The classes between which a record jumps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Classes {
    /// The one in which it is.
    pub now: i64,
    /// That of its kind of request, in which it is otherwise.
    pub own: i64,
    /// Those of its profile, ascending, each once.
    pub known: Vec<i64>,
}

/// Puts a record into another class of its profile.
pub fn put_in_class(
    view: &RecordView,
    classes: &Classes,
    to: i64,
    queued: QueuePlace,
    note: &str,
) -> Result<Transition, Refusal> {
    refuse_unless_unprinted(view, queued)?;
    if !classes.known.contains(&to) {
        let (profile, known, own) = (view.profile.clone(), classes.known.clone(), classes.own);
        return Err(Refusal::NoSuchClass { record: view.subject.clone(), profile, class: to, known, own });
    }
    if to == classes.now {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::OtherClass));
    }
    Ok(jump(view, classes.now, PlaceCause::PutInClass, (to, note)))
}

/// Puts a record that jumped back into the class `own` of its kind of request, in whatever state it is.
pub fn put_back(view: &RecordView, (class, jumped): (i64, bool), own: i64, note: &str) -> Result<Transition, Refusal> {
    if !jumped {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::First));
    }
    Ok(jump(view, class, PlaceCause::PutBack, (own, note)))
}

/// A printer and its batch, as far as they decide whether a walk-in joins the front of the batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lane {
    /// The printer keeps a lane.
    pub is_kept: bool,
    /// The state of its batch.
    pub batch: BatchState,
    /// Nothing forbids it to begin a card: no pause, its window, its breaker, its node.
    pub may_begin: bool,
    /// Whether the first card that is queued in the batch is of a walk-in itself; none if no card is queued.
    pub first: Option<bool>,
    /// The free blanks at the place of the batch.
    pub blanks: i64,
    /// The cards that its limits allow beyond those of the batch; none if none is counted.
    pub room: Option<i64>,
}

/// Whether the walk-in that is first on the waiting list joins the front of a batch. One that is queued there is printed before it, as it
/// was put first earlier; without a queued card it is the first of the next batch.
pub fn joins(lane: &Lane) -> bool {
    lane.is_kept
        && lane.batch == BatchState::Running
        && lane.may_begin
        && lane.first == Some(false)
        && lane.blanks > 0
        && lane.room.is_none_or(|room| room > 0)
}

/// A record with a card, or with one that is being printed, does not jump.
fn refuse_unless_unprinted(view: &RecordView, queued: QueuePlace) -> Result<(), Refusal> {
    match (view.state, &view.open_job) {
        (RecordState::Waiting | RecordState::Held | RecordState::Quarantined, _) => Ok(()),
        (RecordState::Batched, Some(job)) if job.state == JobState::Queued => {
            let QueuePlace { printer, before } = queued;
            Err(Refusal::InBatch { record: view.subject.clone(), batch: job.batch, printer, before })
        }
        _ => Err(Refusal::record_state(&view.subject, view.state, RecordRule::PutFirst)),
    }
}

/// Why it is held stays with the record; the event has the new note.
fn jump(view: &RecordView, from: i64, cause: PlaceCause, (class, note): (i64, &str)) -> Transition {
    let mut change = RecordChange::new(view.id, view.state, view.state);
    change.reason.clone_from(&view.reason);
    change.note.clone_from(&view.note);
    change.jump = Some(Jump { cause, class, note: note.to_owned() });
    let event = Event::new(cause.act(), &view.subject).with("note", note).with("from_class", from).with("class", class);
    Transition { record: Some(change), ..Transition::new(Some(event)) }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::{super::id::RecordId, *};

    /// It is in the class of its kind of request.
    static CLASSES: LazyLock<Classes> = LazyLock::new(|| Classes { now: 2, own: 2, known: vec![1, 2] });

    fn view(state: RecordState) -> RecordView {
        RecordView::imported(RecordId(1), "record default/1".into(), "student".into(), "new".into(), state)
    }

    #[test]
    fn a_record_without_a_card_is_put_first_once_and_put_back_once() {
        for state in RecordState::ALL {
            let may = matches!(state, RecordState::Waiting | RecordState::Held | RecordState::Quarantined);
            assert_eq!(put_first(&view(state), 2, QueuePlace::default(), "r").is_ok(), may, "{state:?}");
            assert_eq!(put_in_class(&view(state), &CLASSES, 1, QueuePlace::default(), "r").is_ok(), may, "{state:?}");
            assert!(put_first(&view(state), WALK_IN_CLASS, QueuePlace::default(), "r").is_err());
            assert!(put_back(&view(state), (2, false), 2, "r").is_err(), "{state:?} did not jump");
            assert!(put_back(&view(state), (1, true), 2, "r").is_ok(), "{state:?}");
        }
        let held = RecordView { reason: Some("why".into()), note: Some("asked".into()), ..view(RecordState::Held) };
        let change = put_first(&held, 2, QueuePlace::default(), "she waits").unwrap().record.unwrap();
        let jump = change.jump.unwrap();
        assert_eq!((jump.class, jump.cause, change.to), (WALK_IN_CLASS, PlaceCause::PutFirst, RecordState::Held));
        assert_eq!(
            (change.reason.clone(), change.note),
            (held.reason.clone(), held.note.clone()),
            "why it is held stays"
        );
        let back = put_back(&held, (WALK_IN_CLASS, true), 2, "gone").unwrap().record.unwrap().jump.unwrap();
        assert_eq!((back.class, back.cause.is_kept()), (2, false));
    }

    #[test]
    fn a_walk_in_joins_a_batch_only_if_nothing_keeps_its_card_from_being_the_next() {
        let lane = Lane {
            is_kept: true,
            batch: BatchState::Running,
            may_begin: true,
            first: Some(false),
            blanks: 1,
            room: None,
        };
        assert!(joins(&lane) && joins(&Lane { room: Some(1), ..lane }));
        for other in [
            Lane { is_kept: false, ..lane },
            Lane { batch: BatchState::Planned, ..lane },
            Lane { batch: BatchState::Closing, ..lane },
            Lane { may_begin: false, ..lane },
            Lane { first: None, ..lane },
            Lane { first: Some(true), ..lane },
            Lane { blanks: 0, ..lane },
            Lane { room: Some(0), ..lane },
        ] {
            assert!(!joins(&other), "{other:?}");
        }
    }

    #[test]
    fn a_record_jumps_into_another_class_of_its_profile_only() {
        let waiting = view(RecordState::Waiting);
        let to = |class| put_in_class(&waiting, &CLASSES, class, QueuePlace::default(), "r");
        assert_eq!(to(1).unwrap().record.unwrap().jump.unwrap().class, 1);
        assert!(matches!(to(2), Err(Refusal::RecordState { needs: RecordRule::OtherClass, .. })));
        let unknown = Refusal::NoSuchClass {
            record: "record default/1".into(),
            profile: "student".into(),
            class: 7,
            known: vec![1, 2],
            own: 2,
        };
        assert_eq!(to(7).unwrap_err(), unknown);
        assert!(to(WALK_IN_CLASS).is_err(), "only `put_first` puts it there");
    }
}
