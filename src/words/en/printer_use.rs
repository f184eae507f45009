//! What keeps a printer in use, in words.

use super::message::Message;
use crate::domain::refusal::PrinterUse;

/// A printer that cannot be removed or changed.
pub(super) fn in_use(printer: &str, by: &PrinterUse) -> Message {
    let say = |what: String, hint: String| Message::new(format!("printer `{printer}` is in use: it has {what}"), hint);
    match by {
        PrinterUse::Batch(batch) => {
            say(format!("batch {batch}"), format!("cancel the batch with `cetak batch cancel {batch}`"))
        }
        PrinterUse::Attempt => say(
            "an open attempt".into(),
            "wait for its outcome, or declare it uncertain with `cetak inspect declare`".into(),
        ),
        PrinterUse::UncertainAttempts => say(
            "attempts with an uncertain outcome".into(),
            "resolve them first; list them with `cetak inspect list`".into(),
        ),
        PrinterUse::UnknownJobs => say(
            "jobs that the database does not know".into(),
            "look for the cards that it made, then clear it with `cetak printer clear`".into(),
        ),
        PrinterUse::Blanks(left) => say(
            format!("{left} blanks in its hopper"),
            format!("unload them with `cetak blangko unload --printer {printer} --quantity {left}`"),
        ),
    }
}
