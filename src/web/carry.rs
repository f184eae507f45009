//! Carries out what is asked for: who asks, the right to it, its key and its condition, and the time that it may take.

use std::{path::Path, sync::Arc};

use axum::http::request::Parts;
use serde_json::{Value, json};
use tokio::{sync::AcquireError, task::JoinHandle};
use tracing::Instrument;

use super::{
    caller::Caller,
    context::Web,
    entity_tag, input,
    problem::{Fault, Problem},
    request_key::SentKey,
    route::{AskedAct, Call, Proof, Route, Sort},
    routes,
};
use crate::{
    engine::{
        Expected,
        accounts::confirm_with_password,
        client::Client,
        operations::{AnyAct, TwoPersonAct},
    },
    words::ValueRule,
};

/// Carries out what the arguments ask for.
pub(super) async fn done_with(
    web: &Arc<Web>,
    route: &'static Route,
    parts: &Parts,
    fields: &Value,
) -> Result<Value, Problem> {
    input::refuse_unknown(fields, &route.input)?;
    let key = SentKey::read(route, &parts.headers, fields)?;
    let expected = entity_tag::expected(route, &parts.headers, fields)?;
    let call = confined(web, (route.read)(fields)?)?;
    let asked = Asked { route, call, key, expected };
    in_time(web, route, Box::pin(done(web.clone(), parts.clone(), asked))).await
}

/// Carries out an act or a query of a page, by its name. After an act, the open pages are read again, also after one that failed: it may
/// have done a part.
pub(super) async fn done_by_name(
    web: &Arc<Web>,
    parts: &Parts,
    (sort, name): (Sort, &str),
    arguments: &Value,
) -> Result<Value, Problem> {
    let done = Box::pin(done_with(web, routes::named(sort, name)?, parts, arguments)).await;
    if sort != Sort::Query {
        web.projector.outdate();
    }
    done
}

/// What a request asks for, and on what condition.
pub(super) struct Asked {
    pub(super) route: &'static Route,
    pub(super) call: Call,
    pub(super) key: Option<SentKey>,
    pub(super) expected: Option<Expected>,
}

/// Over the network, no act chooses a file of the server: a backup has a name and is made in the folder of backups, and a printer has the
/// address of a device, because that of a mock names a file.
pub(super) fn confined(web: &Web, mut call: Call) -> Result<Call, Problem> {
    if let Some(uri) = address_of_printer(&call) {
        let scheme = uri.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        if !matches!(scheme.as_deref(), Some("ipp" | "ipps")) {
            return Err(Problem::invalid("/uri", ValueRule::NotADevice));
        }
    }
    if let Call::Act(act) = &mut call
        && let AnyAct::BackUpDatabase(backup) = &mut **act
    {
        let is_name = backup.file.file_name() == Some(backup.file.as_os_str()) && !is_hidden(&backup.file);
        if !is_name {
            return Err(Problem::invalid("/file", ValueRule::NotAFileName));
        }
        backup.file = web.settings.backups.join(&backup.file);
    }
    Ok(call)
}

/// The address that a printer gets.
fn address_of_printer(call: &Call) -> Option<&str> {
    if let Call::Act(act) = call {
        if let AnyAct::AddPrinter(printer) = &**act {
            return Some(&printer.uri);
        }
        if let AnyAct::AddObjectedPrinter(act) = &**act {
            return Some(&act.printer.uri);
        }
        if let AnyAct::SetPrinter(setting) = &**act {
            return setting.uri.as_deref();
        }
        if let AnyAct::SetObjectedPrinter(act) = &**act {
            return act.setting.uri.as_deref();
        }
    }
    if let Call::Request(act) = call {
        if let TwoPersonAct::AddObjectedPrinter(act) = &**act {
            return Some(&act.printer.uri);
        }
        if let TwoPersonAct::SetObjectedPrinter(act) = &**act {
            return act.setting.uri.as_deref();
        }
    }
    None
}

fn is_hidden(file: &Path) -> bool {
    file.to_str().is_none_or(|name| name.starts_with('.'))
}

/// Carries out a call. Its account is proved now, as it may have changed while the body arrived and other calls were carried out; the
/// right to it is asked for on the way. The log has the cause of a failure also if no client waits for it any more.
pub(super) async fn done(web: Arc<Web>, parts: Parts, asked: Asked) -> Result<Value, Problem> {
    let Asked { route, call, key, expected } = asked;
    let Caller { client, name: own_name, .. } = web.caller(&parts).await?;
    let request = key.map(|key| key.of(&client, route));
    let _in_use = request.map(|request| web.keys.take(request)).transpose()?;
    let client = client.for_request(request).expecting(expected.clone());
    let answer = match call {
        Call::Act(act) => Box::pin(client.act_any(*act)).await,
        Call::Query(query) => Box::pin(client.query_any(*query)).await,
        Call::Request(act) => Box::pin(client.request(*act)).await.map(|act| json!(AskedAct { act })),
        Call::Confirm(act, None) => Box::pin(client.confirm(act)).await.map(|()| Value::Null),
        Call::Confirm(act, Some(Proof { name, password })) => {
            let (name, address) = (name.unwrap_or(own_name), web.address(&parts));
            let engine = web.engine_for(&parts).expecting(expected);
            let confirmed = confirm_with_password(&engine, act, &name, &password, &address, request);
            Box::pin(confirmed).await.map(|()| Value::Null)
        }
        Call::Refuse(act, note) => Box::pin(client.refuse(act, note)).await.map(|()| Value::Null),
        Call::TakeBack(act) => Box::pin(client.take_back(act)).await.map(|()| Value::Null),
    };
    answer.map_err(|error| web.counted(&parts, web.problem(&error)))
}

/// A task that ends with the value, if it may.
struct Task {
    handle: JoinHandle<Result<Value, Problem>>,
    may_end: bool,
}

impl Drop for Task {
    fn drop(&mut self) {
        if self.may_end {
            self.handle.abort();
        }
    }
}

/// Runs a call in a task of its own: an act is not left half done because its client hangs up, and a panic is an answer.
pub(super) async fn in_time(
    web: &Arc<Web>,
    route: &Route,
    call: impl Future<Output = Result<Value, Problem>> + Send + 'static,
) -> Result<Value, Problem> {
    let patience = web.engine.clock.sleep(route.patience);
    tokio::pin!(patience);
    let permits = async {
        // First, so that a long read that waits keeps no other call from being carried out.
        let long_read = if route.reads_whole { Some(web.long_reads.clone().acquire_owned().await?) } else { None };
        Ok::<_, AcquireError>((long_read, web.calls.clone().acquire_owned().await?))
    };
    let permits = tokio::select! {
        permits = permits => permits.map_err(|_| Fault::Busy)?,
        () = &mut patience => return Err(Fault::Busy.into()),
    };
    let span = tracing::info_span!("request", call = route.name);
    let running = async move {
        let _permits = permits;
        call.await
    };
    let handle = tokio::spawn(running.instrument(span));
    let mut task = Task { handle, may_end: route.sort == Sort::Query };
    tokio::select! {
        ended = &mut task.handle => ended.unwrap_or_else(|panic| Err(Problem::internal(&panic, &web.incident()))),
        () = &mut patience => Err(Fault::TimedOut.into()),
    }
}
