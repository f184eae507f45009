//! What a printer cannot guarantee, as codes with arguments. The scheduler words them for the people who use the printer.

use serde::{Deserialize, Serialize};

/// What cannot be guaranteed with a printer that is suitable otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Caution {
    /// It cannot hold a job, so a failure while a card is sent may spoil a blank.
    CannotHold,
    /// It does not report its up-time, so a restart may go unnoticed.
    NoUpTime,
    /// Its up-time does not count seconds, so it does not tell restarts.
    UpTimeNoClock,
    /// It reports no media, so nothing proves that it prints on cards.
    NoMedia,
    /// It counts a card only if its backend reports pages, as CUPS does.
    CountsBackendPages,
    /// It may forget a finished card, after a minute or when it restarts.
    ForgetsJobs,
}

/// Why a printer must not be used without an override.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "code", content = "args", rename_all = "kebab-case")]
#[schemars(rename = "DeviceObjection")]
pub enum Objection {
    /// It lacks operations that the driver needs.
    MissingOperations {
        /// Their names in the printer's protocol, for example `Create-Job`.
        operations: Vec<String>,
    },
    /// It is a CUPS queue, which after a crash forgets cards or prints them twice unless it is configured for cards.
    CupsQueue,
    /// Its restarts cannot be detected.
    NoRestartEvents,
    /// It is a queue that prints a card again after a failure.
    ErrorPolicy {
        /// Its `printer-error-policy`, as received.
        policy: String,
    },
    /// It forwards jobs to another IPP printer, and reports cards that were never made.
    ForwardsJobs,
    /// It cancels a job that is not finished in time.
    CancelsLateJobs {
        /// `job-cancel-after-default`, seconds.
        after_s: i32,
    },
}
