//! `cetak source`.

use jiff::tz::TimeZone;
use serde_json::json;

use super::{
    Message,
    access::Access,
    args::SourceCommand,
    output::{Output, table, thousands},
    words,
};
use crate::{
    domain::refusal::Refusal,
    engine::{
        EngineError,
        client::Client,
        operations::{PauseSource, ResumeSource},
        query::{ListSources, SourceLine},
        sources::try_folder,
    },
};

pub(super) async fn command(access: &Access, out: Output, command: SourceCommand) -> anyhow::Result<()> {
    match command {
        SourceCommand::List => {
            let sources = access.query(ListSources {}).await?;
            Ok(out.data(&sources, |sources| text(sources, access.zone()))?)
        }
        SourceCommand::Test { source } => test(access, out, &source),
        SourceCommand::Pause { source, reason } => {
            let changed = access.act(PauseSource { source: source.clone(), note: reason }).await?;
            let done = if changed {
                format!("source `{source}` paused; a list that is being imported is finished")
            } else {
                format!("source `{source}` was paused already; the first reason stands")
            };
            Ok(out.done(&json!({ "source": source, "paused": true, "changed": changed }), &done)?)
        }
        SourceCommand::Resume { source, reason } => {
            let changed = access.act(ResumeSource { source: source.clone(), note: reason }).await?;
            let done = if changed {
                format!("source `{source}` resumed")
            } else {
                format!("source `{source}` was not paused")
            };
            Ok(out.done(&json!({ "source": source, "paused": false, "changed": changed }), &done)?)
        }
    }
}

/// Tries the folder of a source, on this machine.
fn test(access: &Access, out: Output, name: &str) -> anyhow::Result<()> {
    let engine = access.engine("test a source")?;
    let sources = &engine.settings.sources;
    let Some(source) = sources.iter().find(|source| source.name == name) else {
        let known = sources.iter().map(|source| source.name.clone()).collect();
        return Err(EngineError::from(Refusal::NoSource { source: name.to_owned(), known }).into());
    };
    let folder = source.folder.display();
    let lists = try_folder(&source.folder).map_err(|fault| {
        let text = format!("source `{name}` cannot be pulled from `{folder}`: {}", words::source_fault(fault));
        Message::new(text, words::source_remedy(fault))
    })?;
    let done = format!(
        "source `{name}` can be pulled from `{folder}`; lists in it: {}. What was withdrawn while it was away is known from its \
         next list only: a folder cannot be asked about one record",
        lists.len()
    );
    Ok(out.done(&json!({ "source": name, "folder": folder.to_string(), "lists": lists }), &done)?)
}

fn text(sources: &[SourceLine], zone: &TimeZone) -> String {
    if sources.is_empty() {
        return "The settings name no source; `[[source]]` names a folder whose lists are imported.\n".into();
    }
    let row = |source: &SourceLine| {
        let last = source.succeeded_at.as_deref().map_or_else(String::new, |at| words::local(at, zone));
        vec![
            source.name.clone(),
            source.profile.clone(),
            source.folder.clone(),
            words::source_standing(source, zone),
            last,
            thousands(source.waiting),
            thousands(source.refused),
        ]
    };
    let rows: Vec<_> = sources.iter().map(row).collect();
    let mut text = table(&["source", "profile", "folder", "standing", "last pull", "waiting", "refused"], &rows);
    for source in sources.iter().filter(|source| source.refused > 0) {
        let why = source.last_refused.as_ref().map(|last| format!(", the last one {}", words::refused_list(last)));
        text += &format!(
            "\n{}: files in `{}/refused` wait for a person{}\n",
            source.name,
            source.folder,
            why.unwrap_or_default()
        );
    }
    text
}
