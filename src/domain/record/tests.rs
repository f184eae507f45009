use super::*;
use crate::domain::withdrawal::withdraw;

fn view(state: RecordState) -> RecordView {
    RecordView {
        id: RecordId(1),
        subject: "record default/1".into(),
        profile: "ktp-el".into(),
        kind: "first".into(),
        state,
        version: 1,
        copy: 1,
        stop: None,
        checked: true,
        surrendered: false,
        sent: None,
        reason: None,
        note: None,
        open_job: None,
        card: Some(CardBlank { lot: LotId(1), batch: BatchId(1), attempt: AttemptKey(1), job: JobId(1) }),
    }
}

#[test]
fn every_act_is_refused_in_every_state_but_its_own() {
    type Act = fn(&RecordView) -> bool;
    let acts: [(&str, Act, &[RecordState]); 6] = [
        ("hold", |v| hold(v, "r").is_ok(), &[RecordState::Waiting]),
        ("release", |v| release(v, false, &[], "r").is_ok(), &[RecordState::Held, RecordState::Quarantined]),
        ("check", |v| check(v).is_ok(), &[RecordState::Printed]),
        ("reject", |v| reject(v, Cause::Damaged, "r").is_ok(), &[RecordState::Printed]),
        ("hand over", |v| hand_over(v).is_ok(), &[RecordState::Printed]),
        ("surrender", |v| surrender(v, "r").is_ok(), &[RecordState::HandedOver]),
    ];
    for (name, act, allowed) in acts {
        for state in RecordState::ALL {
            assert_eq!(act(&view(state)), allowed.contains(&state), "{name} in {state:?}");
        }
    }
}

#[test]
fn a_second_open_request_or_a_living_card_keeps_a_request_off_the_list() {
    let other = |state, surrendered| [OtherRecord { state, surrendered }];
    for state in RecordState::ALL {
        let (plain, replacing) = (may_be_open(false, &other(state, false)), may_be_open(true, &other(state, false)));
        assert_eq!(plain.is_ok(), matches!(state, RecordState::Quarantined | RecordState::Withdrawn), "{state:?}");
        let may = matches!(state, RecordState::Quarantined | RecordState::Withdrawn | RecordState::HandedOver);
        assert_eq!(replacing.is_ok(), may, "{state:?}");
    }
    assert!(may_be_open(false, &other(RecordState::HandedOver, true)).is_ok());
}

#[test]
fn a_stopped_card_is_neither_passed_nor_handed_over_only_rejected() {
    let mut stopped = view(RecordState::Printed);
    stopped.stop = Some(Recall::Withdrawn);
    assert!(check(&stopped).is_err());
    assert!(hand_over(&stopped).is_err());
    let rejected = reject(&stopped, Cause::DataChanged, "withdrawn").unwrap();
    assert_eq!(rejected.record.unwrap().to, RecordState::Withdrawn);
}

#[test]
fn an_applied_transition_leaves_the_record_in_its_new_state() {
    let job = OpenJob {
        id: JobId(1),
        state: JobState::Queued,
        batch: BatchId(1),
        lot: LotId(1),
        place: crate::domain::stock::Place::Vault,
    };
    let mut record = RecordView { open_job: Some(job), ..view(RecordState::Batched) };
    record.apply(&withdraw(&record, "PROCESSING").unwrap().unwrap());
    assert_eq!((record.state, &record.open_job), (RecordState::Withdrawn, &None));
    assert_eq!(withdraw(&record, "PROCESSING"), Ok(None), "it is withdrawn already");
    let mut printed = view(RecordState::Printed);
    printed.apply(&withdraw(&printed, "PROCESSING").unwrap().unwrap());
    assert_eq!((printed.state, printed.stop), (RecordState::Printed, Some(Recall::Withdrawn)));
    printed.apply(&reject(&printed, Cause::DataChanged, "withdrawn").unwrap());
    assert_eq!((printed.state, printed.stop), (RecordState::Withdrawn, None));
}

#[test]
fn a_card_that_was_not_checked_is_not_handed_over() {
    let mut unchecked = view(RecordState::Printed);
    unchecked.checked = false;
    assert!(hand_over(&unchecked).is_err());
}

#[test]
fn a_withdrawal_waits_for_the_open_attempt_and_is_refused_after_hand_over() {
    let withdrawn = withdraw(&view(RecordState::Waiting), "PROCESSING").unwrap().unwrap();
    assert_eq!(withdrawn.record.unwrap().to, RecordState::Withdrawn);
    let printed = withdraw(&view(RecordState::Printed), "PROCESSING").unwrap().unwrap().record.unwrap();
    assert_eq!((printed.to, printed.stop), (RecordState::Printed, RecallChange::Set(Recall::Withdrawn)));
    assert!(withdraw(&view(RecordState::HandedOver), "PROCESSING").is_err());
    assert_eq!(withdraw(&view(RecordState::Withdrawn), "PROCESSING"), Ok(None));
}
