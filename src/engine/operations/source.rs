//! Pauses a source and resumes it.

use serde::{Deserialize, Serialize};

use super::act::Act;
use crate::{
    domain::{
        audit::Event,
        permission::{Operation, Permit},
        refusal::Refusal,
        value::Note,
    },
    engine::{Engine, EngineError},
};

/// Pauses a source: its lists stay where they are. One that is being imported is finished.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PauseSource {
    /// The source.
    pub source: String,
    /// Why.
    pub note: Note,
}

impl Act for PauseSource {
    /// `false` if it was paused before: the first reason stays.
    type Answer = bool;
    const OPERATION: Operation = Operation::SourcePause;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<bool, EngineError> {
        let permit = permit.covers(Self::OPERATION)?;
        refuse_unknown(engine, &self.source)?;
        let mut tx = engine.write(permit).await?;
        let new = tx.source_pause(&self.source, self.note.as_str()).await?;
        if new {
            tx.audit(Event::new("source.paused", subject(&self.source)).with("note", self.note));
        }
        tx.commit_with(&new).await?;
        Ok(new)
    }
}

/// Ends the pause of a source.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResumeSource {
    /// The source.
    pub source: String,
    /// Why.
    pub note: Note,
}

impl Act for ResumeSource {
    /// `false` if it was not paused.
    type Answer = bool;
    const OPERATION: Operation = Operation::SourcePause;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<bool, EngineError> {
        let permit = permit.covers(Self::OPERATION)?;
        refuse_unknown(engine, &self.source)?;
        let mut tx = engine.write(permit).await?;
        let was = tx.source_resume(&self.source).await?;
        if was {
            tx.audit(Event::new("source.resumed", subject(&self.source)).with("note", self.note));
        }
        tx.commit_with(&was).await?;
        Ok(was)
    }
}

fn subject(source: &str) -> String {
    format!("source {source}")
}

fn refuse_unknown(engine: &Engine, name: &str) -> Result<(), Refusal> {
    if engine.settings.sources.iter().any(|source| source.name == name) {
        return Ok(());
    }
    let known = engine.settings.sources.iter().map(|source| source.name.clone()).collect();
    Err(Refusal::NoSource { source: name.to_owned(), known })
}
