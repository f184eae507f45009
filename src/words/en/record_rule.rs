//! What a record must be for an act, in words.

use super::message::Message;
use crate::domain::{refusal::RecordRule, states::RecordState};

/// What is said of a record in a state that does not allow an act.
#[expect(clippy::too_many_lines, reason = "one arm for each rule")]
pub(super) fn record_state(record: &str, found: RecordState, needs: RecordRule) -> Message {
    let again = "see its state with `cetak record show`";
    let (needed, hint) = match needs {
        RecordRule::Hold => {
            ("only a `waiting` record, or one in a batch whose card has not started, can be held", again)
        }
        RecordRule::Release => ("only a `held` or `quarantined` record can be released", again),
        RecordRule::OtherRequestOpen => (
            "it cannot be released while another request of the same person is open",
            "see both with `cetak record show`, and keep one of them with `cetak record resolve`",
        ),
        RecordRule::LivingCard => (
            "it cannot be released: the person holds a card, which this kind of request does not replace",
            "book the return of that card with `cetak card surrender`, or import a request of a kind that replaces it",
        ),
        RecordRule::Withdraw => (
            "its card is with the citizen, and can no longer be withdrawn",
            "book its return with `cetak card surrender`",
        ),
        RecordRule::WithdrawByPerson => (
            "only a record without a card, whose card has not started, can be withdrawn",
            "a card that is there is rejected first, with `cetak card reject`",
        ),
        RecordRule::Restore => ("only a record that a person withdrew can be restored", again),
        RecordRule::RestoreBySource => (
            "its source withdrew it, and restores it",
            "it is restored when a list of its source has it as print-ready; see `cetak record show`",
        ),
        RecordRule::Resolve => ("only a `quarantined` record can be resolved", again),
        RecordRule::ResolveDuplicate => {
            ("no other request of its person is in its way", "put it on the waiting list with `cetak record release`")
        }
        RecordRule::Send => ("only a `printed` card can be sent to a district", again),
        RecordRule::NotSent => (
            "its card was sent to a district already",
            "book its return with `cetak card receive` before it is sent again",
        ),
        RecordRule::Receive => ("only a card that was sent to a district can be received back", again),
        RecordRule::InOffice => {
            ("its card is in a district, and must come back first", "book its return with `cetak card receive`")
        }
        RecordRule::InDistrict => {
            ("its card was not sent to this district", "see where it is with `cetak record find`")
        }
        RecordRule::InPerson => (
            "cards of its profile are handed over to their citizens only",
            "the profile permits a proxy with `proxy = true`",
        ),
        RecordRule::CorrectHandOver => {
            ("only the hand-over of a card that was handed over, and has not come back, can be undone", again)
        }
        RecordRule::Update => ("a record whose card is handed over is not changed", "import a new request"),
        RecordRule::Check => ("only a `printed` card can be checked", again),
        RecordRule::PutFirst => ("only a record without a card, which is not being printed, can be put first", again),
        RecordRule::NotFirst => ("it is first already", "see its class with `cetak record show`"),
        RecordRule::First => ("it was not put first or into another class", "see its class with `cetak record show`"),
        RecordRule::OtherClass => ("it is in this class already", "see its place with `cetak record why`"),
        RecordRule::Reject => ("only a `printed` card can be rejected", again),
        RecordRule::HandOver => ("only a `printed` card can be handed over", again),
        RecordRule::Checked => {
            ("its card must be checked before it is handed over", "check it with `cetak card check`")
        }
        RecordRule::NotWithdrawn => {
            ("its card is stopped because the record was withdrawn", "reject the card with `cetak card reject`")
        }
        RecordRule::NotUpdated => {
            ("its card is stopped because the record was updated", "reject the card with `cetak card reject`")
        }
        RecordRule::Surrender => ("only a card that was handed over, and has not come back, can be surrendered", again),
        RecordRule::Reprint => ("only a `printed` or `handed_over` record can be printed again", again),
        RecordRule::ReprintSurrendered => (
            "its card must come back before it is printed again, unless it is lost",
            "book its return with `cetak card surrender`",
        ),
        RecordRule::ReprintPhoto => {
            ("it cannot be printed again: its photo was deleted after hand-over", "import a new request")
        }
    };
    Message::new(format!("{record} is `{}`; {needed}", found.as_str()), hint)
}
