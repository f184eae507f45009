//! Walk-ins: records that a person puts first, because somebody waits for the card.

use super::{
    audit::Event,
    card::profile::WALK_IN_CLASS,
    record::RecordView,
    refusal::{RecordRule, Refusal},
    states::{JobState, RecordState},
    transition::{RecordChange, Transition},
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
    match (view.state, &view.open_job) {
        (RecordState::Waiting | RecordState::Held | RecordState::Quarantined, _) => {}
        (RecordState::Batched, Some(job)) if job.state == JobState::Queued => {
            let QueuePlace { printer, before } = queued;
            return Err(Refusal::InBatch { record: view.subject.clone(), batch: job.batch, printer, before });
        }
        _ => return Err(Refusal::record_state(&view.subject, view.state, RecordRule::PutFirst)),
    }
    if class == WALK_IN_CLASS {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::NotFirst));
    }
    Ok(change_class(view, WALK_IN_CLASS, Event::new("record.put-first", &view.subject).with("note", note)))
}

/// Puts a record that was put first back into the class `own` of its kind of request, in whatever state it is.
pub fn put_back(view: &RecordView, class: i64, own: i64, note: &str) -> Result<Transition, Refusal> {
    if class != WALK_IN_CLASS {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::First));
    }
    Ok(change_class(view, own, Event::new("record.put-back", &view.subject).with("note", note)))
}

/// Why it is held stays with the record; the event has the new note.
fn change_class(view: &RecordView, class: i64, event: Event) -> Transition {
    let mut change = RecordChange::new(view.id, view.state, view.state);
    change.reason.clone_from(&view.reason);
    change.note.clone_from(&view.note);
    change.class = Some(class);
    Transition { record: Some(change), ..Transition::new(Some(event)) }
}

#[cfg(test)]
mod tests {
    use super::{super::id::RecordId, *};

    fn view(state: RecordState) -> RecordView {
        RecordView::imported(RecordId(1), "record default/1".into(), "student".into(), "new".into(), state)
    }

    #[test]
    fn a_record_without_a_card_is_put_first_once_and_put_back_once() {
        for state in RecordState::ALL {
            let may = matches!(state, RecordState::Waiting | RecordState::Held | RecordState::Quarantined);
            assert_eq!(put_first(&view(state), 2, QueuePlace::default(), "r").is_ok(), may, "{state:?}");
            assert!(
                put_first(&view(state), WALK_IN_CLASS, QueuePlace::default(), "r").is_err()
                    && put_back(&view(state), 2, 2, "r").is_err()
            );
        }
        let held = RecordView { reason: Some("why".into()), note: Some("asked".into()), ..view(RecordState::Held) };
        let change = put_first(&held, 2, QueuePlace::default(), "she waits").unwrap().record.unwrap();
        assert_eq!((change.class, change.to), (Some(WALK_IN_CLASS), RecordState::Held));
        assert_eq!((change.reason, change.note), (held.reason.clone(), held.note.clone()), "why it is held stays");
        assert_eq!(put_back(&held, WALK_IN_CLASS, 2, "gone").unwrap().record.unwrap().class, Some(2));
    }
}
