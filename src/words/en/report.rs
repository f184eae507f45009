//! An error with its causes.

use super::{message::Message, refusal::refusal, store};
use crate::engine::{EngineError, Outage, StoreError};

/// An error with all its causes in one text; a cause that repeats the one before it is left out. The hint is the first
/// that any of them has.
pub fn report(error: &anyhow::Error) -> Message {
    let mut texts: Vec<String> = Vec::new();
    // The hint of an error about a file applies unless its cause has a better one.
    let (mut hint, mut general) = (None, None);
    for cause in error.chain() {
        let message = of(cause);
        if texts.last() != Some(&message.text) {
            texts.push(message.text);
        }
        let is_general = cause
            .downcast_ref::<EngineError>()
            .is_some_and(|error| matches!(error, EngineError::Read { .. } | EngineError::Write { .. }));
        if is_general {
            general = message.hint;
        } else {
            hint = hint.or(message.hint);
        }
    }
    Message { text: texts.join(": "), hint: hint.or(general) }
}

fn of(cause: &(dyn std::error::Error + 'static)) -> Message {
    if let Some(message) = cause.downcast_ref::<Message>() {
        return message.clone();
    }
    if let Some(error) = cause.downcast_ref::<EngineError>() {
        return engine(error);
    }
    let is_too_many_files = |error: &std::io::Error| matches!(error.raw_os_error(), Some(23 | 24)); // ENFILE, EMFILE
    let hint = if cause.downcast_ref::<std::io::Error>().is_some_and(is_too_many_files) {
        Some(store::outage_hint(&Outage::TooManyFiles))
    } else {
        cause.downcast_ref::<StoreError>().and_then(store::hint)
    };
    Message { text: cause.to_string(), hint }
}

/// An error of the engine, without its causes.
pub fn engine(error: &EngineError) -> Message {
    let hint = match error {
        EngineError::Refused(why) => return refusal(why),
        EngineError::Read { .. } => Some("check the path and its permissions".to_owned()),
        EngineError::Write { .. } => Some("check the path, its permissions and the free space".to_owned()),
        EngineError::Service { hint, .. } => hint.clone(),
        EngineError::Store(error) => store::hint(error),
    };
    Message { text: error.to_string(), hint }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;
    use crate::domain::refusal::Refusal;

    #[test]
    fn a_report_names_every_cause_once_and_gives_the_first_hint() {
        let refused = EngineError::from(Refusal::NoPrinter { printer: "p1".into() });
        let error = Err::<(), _>(refused).context("the test").unwrap_err();

        let Message { text, hint } = report(&error);

        assert_eq!(text, "the test: no printer is named `p1`");
        assert!(hint.unwrap().contains("cetak printer list"));
    }
}
