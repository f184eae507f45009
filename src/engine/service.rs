//! What the command line and a service tell each other beside acts and queries.

use serde::{Deserialize, Serialize};

use super::{Engine, operations::TwoPersonAct};
use crate::domain::value::Witnesses;

/// What a service says first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Welcome {
    /// The version of its program.
    pub version: String,
    /// The account that is proved.
    pub account: String,
    /// The time zone of the times that people read.
    pub zone: String,
    /// Days after the end of a batch before its finished jobs may be archived.
    pub archive_after_days: u32,
}

impl Welcome {
    /// Of the engine of a service, to an account.
    pub fn new(engine: &Engine, account: String) -> Self {
        let settings = &engine.settings;
        Self {
            version: VERSION.to_owned(),
            account,
            zone: settings.zone.iana_name().unwrap_or("UTC").to_owned(),
            archive_after_days: settings.archive_after_days,
        }
    }
}

/// The version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// An act for two people at one screen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Together {
    /// The act.
    pub act: TwoPersonAct,
    /// The people.
    pub people: Witnesses,
}
