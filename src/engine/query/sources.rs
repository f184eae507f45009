//! The sources that the settings name, and how their pulls go.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Query};
use crate::{
    domain::{
        permission::Operation,
        source::{RefusedList, SourceFault},
        time::Timestamp,
    },
    engine::source::Source,
    store::{SourceState, Tx},
};

/// Asks for the sources that are pulled, in the order of the settings.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSources {}

/// A source that is pulled.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SourceLine {
    /// Its name.
    pub name: String,
    /// The card profile of its lists.
    pub profile: String,
    /// The folder whose lists are imported.
    pub folder: String,
    /// The node that pulls it, where several share the database.
    pub node: Option<String>,
    /// The seconds between two pulls.
    pub every_s: u64,
    /// How it stands.
    pub standing: SourceStanding,
    /// Why its last pull failed; none if it did not.
    pub fault: Option<SourceFault>,
    /// When the last pull without a fault ended, RFC 3339; none if there was none.
    #[schemars(extend("format" = "date-time"))]
    pub succeeded_at: Option<String>,
    /// Since when each pull failed, RFC 3339; none if the last one did not.
    #[schemars(extend("format" = "date-time"))]
    pub failing_since: Option<String>,
    /// Its lists that are not imported yet.
    pub waiting: i64,
    /// Its files that wait for a person, in the folder `refused`.
    pub refused: i64,
    /// The last of these.
    pub last_refused: Option<RefusedList>,
    /// Its pause, if it is paused.
    pub pause: Option<SourcePauseLine>,
}

/// How a source stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SourceStanding {
    /// It was never pulled.
    NotPulled,
    /// Its last pull succeeded.
    Present,
    /// Its last pulls failed, and are tried again.
    Failing,
    /// Several pulls in a row failed.
    Away,
    /// A person paused it.
    Paused,
}

impl SourceStanding {
    /// The code in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotPulled => "not-pulled",
            Self::Present => "present",
            Self::Failing => "failing",
            Self::Away => "away",
            Self::Paused => "paused",
        }
    }

    fn of(state: &SourceState) -> Self {
        match &state.pulls {
            _ if state.pause.is_some() => Self::Paused,
            pulls if pulls.away_since().is_some() => Self::Away,
            pulls if pulls.fault.is_some() => Self::Failing,
            pulls if pulls.succeeded_at.is_some() => Self::Present,
            _ => Self::NotPulled,
        }
    }
}

/// The pause of a source.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SourcePauseLine {
    /// Since when, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub since: String,
    /// The person who paused it.
    pub by: String,
    /// The reason that the person gave.
    pub note: String,
}

impl Query for ListSources {
    type Answer = Vec<SourceLine>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Vec<SourceLine>, EngineError> {
        read(engine, &mut engine.store.read().await?).await
    }
}

/// The sources of the settings, with what is known of them.
pub(super) async fn read(engine: &Engine, tx: &mut Tx) -> Result<Vec<SourceLine>, EngineError> {
    if engine.settings.sources.is_empty() {
        return Ok(Vec::new());
    }
    let mut states = tx.source_states().await?;
    let known = |source: &Source| line(source, states.remove(&source.name).unwrap_or_default());
    Ok(engine.settings.sources.iter().map(known).collect())
}

fn line(source: &Source, state: SourceState) -> SourceLine {
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
    SourceLine {
        name: source.name.clone(),
        profile: source.profile.clone(),
        folder: source.folder.display().to_string(),
        node: source.node.clone(),
        every_s: source.every.as_secs(),
        standing: SourceStanding::of(&state),
        fault: state.pulls.fault,
        succeeded_at: text(state.pulls.succeeded_at),
        failing_since: text(state.pulls.failing_since),
        waiting: state.lists.waiting,
        refused: state.lists.refused,
        last_refused: state.lists.last_refused,
        pause: state.pause.map(|pause| SourcePauseLine { since: pause.at.to_string(), by: pause.by, note: pause.note }),
    }
}
