//! The text and the hint of refusals about acts that wait for their second person, or did.

use super::operation::act_noun;
use crate::{
    domain::{id::PendingActId, permission::Operation},
    words::Message,
};

/// The same was asked for before, and waits.
pub(super) fn act_waits(act: PendingActId, operation: Operation) -> Message {
    let (confirm, refuse) = if operation == Operation::ReprintApprove {
        (format!("cetak reprint approve {act}"), format!("cetak reprint refuse {act}"))
    } else {
        (format!("cetak act confirm {act}"), format!("cetak act refuse {act}"))
    };
    Message::new(
        format!("{} {act} asks for the same, and waits for its second person", act_noun(operation)),
        format!(
            "let another person decide it with `{confirm}` or `{refuse}`; the person who asked takes it back with \
             `cetak act take-back {act}`"
        ),
    )
}

/// The same was done meanwhile.
pub(super) fn act_repeated(act: PendingActId, operation: Operation, other: PendingActId) -> Message {
    let noun = act_noun(operation);
    Message::new(
        format!(
            "{noun} {other} asked for the same and was done after {noun} {act} was requested, so {noun} {act} is not done"
        ),
        "if it is to be done once more, ask for it again".to_owned(),
    )
}

/// What to do after an act ended without being done.
pub(super) fn again(operation: Operation) -> &'static str {
    if operation == Operation::ReprintApprove {
        "request another with `cetak reprint request`"
    } else {
        "see what changed, and ask for the act again"
    }
}
