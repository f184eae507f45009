//! `cetak act`, and how commands for two people are carried out.

use super::{
    Usage,
    access::Access,
    args::{ActCommand, SecondArgs},
    output::{Output, table, thousands},
    pages, password, words,
};
use crate::{
    domain::{
        id::PendingActId,
        pending::PendingState,
        permission::Operation,
        refusal::Refusal,
        value::{PersonName, Witnesses},
    },
    engine::{
        EngineError,
        client::Client,
        operations::{Act, AnyAct, ApproveReprint, TwoPersonAct},
        query::{ListPendingActs, PendingActItem, PendingActLine, PendingActView, ShowPendingAct},
    },
};

pub(super) async fn command(access: &Access, out: Output, command: ActCommand, from_stdin: bool) -> anyhow::Result<()> {
    let client = access;
    let (state, act, done) = match command {
        ActCommand::List { all } => return list(access, out, all).await,
        ActCommand::Show { act } => {
            let view = client.query(ShowPendingAct { id: PendingActId(act) }).await?;
            return Ok(out.data(&view, |view| view_text(view, access.zone()))?);
        }
        ActCommand::Confirm { act } => {
            confirm(access, PendingActId(act), from_stdin).await?;
            (PendingState::Confirmed, act, format!("act {act} confirmed and done"))
        }
        ActCommand::Refuse { act, reason } => {
            client.refuse(PendingActId(act), reason).await?;
            (PendingState::Refused, act, format!("act {act} refused"))
        }
        ActCommand::TakeBack { act } => {
            client.take_back(PendingActId(act)).await?;
            (PendingState::TakenBack, act, format!("act {act} taken back"))
        }
    };
    Ok(out.done(&serde_json::json!({ "act": act, "state": state.as_str() }), &done)?)
}

/// Confirms what another person asked for. Through a service, the password of the account is asked for now.
async fn confirm(access: &Access, act: PendingActId, from_stdin: bool) -> anyhow::Result<()> {
    let Some((service, name)) = access.needs_password() else { return Ok(access.confirm(act).await?) };
    let password = password::read(&format!("password of {name}"), from_stdin)?;
    Ok(service.confirm_with(act, &password).await?)
}

/// Approves a reprint, which is an act of two people too.
pub(super) async fn approve_reprint(access: &Access, warrant: PendingActId, from_stdin: bool) -> anyhow::Result<()> {
    if let Access::Engine(_) = access {
        return Ok(access.act(ApproveReprint { warrant }).await?);
    }
    let operation = access.query(ShowPendingAct { id: warrant }).await?.line.operation;
    if operation != Operation::ReprintApprove {
        return Err(EngineError::from(Refusal::NoAct { act: warrant }).into());
    }
    confirm(access, warrant, from_stdin).await
}

const NO_NAME: Usage = Usage("the name of the person who runs the command is not valid; name one with `--actor`");
const SAME_PERSON: Usage = Usage("`--second` names another person than the one who runs the command");

/// The two people of an act, if the second one is named.
pub(super) fn witnesses(access: &Access, second: &SecondArgs) -> anyhow::Result<Option<Witnesses>> {
    let Some(second) = second.second.clone() else { return Ok(None) };
    let first: PersonName = access.name().parse().map_err(|_| NO_NAME)?;
    Ok(Some(Witnesses::try_from([first, second]).map_err(|_| SAME_PERSON)?))
}

/// Asks for an act, or does it with the second person who is named, and says so. `None` if neither is wanted: then it is
/// given back, to be done alone.
pub(super) async fn with_second<A: Into<TwoPersonAct>>(
    access: &Access,
    out: Output,
    second: SecondArgs,
    act: A,
    (fields, done): (&serde_json::Value, &str),
) -> anyhow::Result<Option<A>> {
    if second.ask {
        ask(access, out, act.into()).await?;
        return Ok(None);
    }
    let Some(people) = witnesses(access, &second)? else { return Ok(Some(act)) };
    access.together(act.into(), people).await?;
    out.done(fields, done)?;
    Ok(None)
}

/// Does an act alone, with the second person who is named, or asks for it, and says so.
pub(super) async fn done_or_asked<A: Act<Answer = ()> + Into<AnyAct> + Into<TwoPersonAct>>(
    access: &Access,
    out: Output,
    second: SecondArgs,
    act: A,
    (fields, done): (&serde_json::Value, &str),
) -> anyhow::Result<()> {
    let Some(act) = with_second(access, out, second, act, (fields, done)).await? else { return Ok(()) };
    access.act(act).await?;
    Ok(out.done(fields, done)?)
}

/// Asks for an act, and says who does what next.
pub(super) async fn ask(access: &Access, out: Output, act: TwoPersonAct) -> anyhow::Result<()> {
    let id = access.request(act).await?;
    let text = format!("act {id} requested; another person confirms it with `cetak act confirm {id}`\n");
    Ok(out.data(&serde_json::json!({ "act": id }), |_| text)?)
}

async fn list(access: &Access, out: Output, all: bool) -> anyhow::Result<()> {
    let lines = pages::all(access, |page| ListPendingActs { decided_too: all, page }).await?;
    let row = |item: &PendingActItem| {
        let line = &item.line;
        // One operation stands for several acts on blanks.
        let what = item.arguments.as_ref().and_then(words::act_on_blanks);
        vec![
            line.id.to_string(),
            what.unwrap_or_else(|| words::act_kind(&line.kind).to_owned()),
            line.target.clone(),
            line.state.as_str().to_owned(),
            line.reason.clone(),
            line.requested_by.clone(),
            roles(line),
            line.expires_at.as_deref().map_or_else(String::new, |at| words::local(at, access.zone())),
            line.decided_by.clone().unwrap_or_default(),
        ]
    };
    let header = ["act", "what", "about", "state", "reason", "requested by", "may decide", "expires", "decided by"];
    Ok(out.data(&lines, |lines| table(&header, &lines.iter().map(row).collect::<Vec<_>>()))?)
}

/// The roles that may decide an act.
fn roles(line: &PendingActLine) -> String {
    line.confirmed_by_roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ")
}

fn view_text(view: &PendingActView, zone: &jiff::tz::TimeZone) -> String {
    let line = &view.line;
    let instant = |at: &Option<String>| at.as_deref().map_or_else(|| "-".into(), |at| words::local(at, zone));
    let optional = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    let mut rows = vec![
        ("what".to_owned(), words::act_kind(&line.kind).to_owned()),
        ("about".to_owned(), line.target.clone()),
        ("state".to_owned(), line.state.as_str().to_owned()),
        ("requested by".to_owned(), line.requested_by.clone()),
        ("may decide".to_owned(), roles(line)),
        ("requested at".to_owned(), words::local(&line.requested_at, zone)),
        ("expires at".to_owned(), instant(&line.expires_at)),
        ("decided by".to_owned(), optional(&line.decided_by)),
        ("decided at".to_owned(), instant(&line.decided_at)),
        ("refused because".to_owned(), optional(&line.decided_note)),
    ];
    // Cannot fail: an act is texts and numbers.
    arguments("", &serde_json::to_value(&view.arguments).unwrap_or_default(), &mut rows);
    let title = format!("act {}", line.id);
    table(&[&title, ""], &rows.into_iter().map(|(key, value)| vec![key, value]).collect::<Vec<_>>())
}

/// The arguments of an act, one to a row: `blank type`, `record request id`.
fn arguments(name: &str, value: &serde_json::Value, rows: &mut Vec<(String, String)>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (key, value) in fields {
                arguments(&format!("{name} {}", key.replace('_', " ")), value, rows);
            }
        }
        serde_json::Value::String(text) => rows.push((name.trim().to_owned(), text.clone())),
        serde_json::Value::Null => {}
        serde_json::Value::Number(number) if ["quantity", "counted"].iter().any(|key| name.ends_with(key)) => {
            let shown = number.as_i64().map_or_else(|| number.to_string(), thousands);
            rows.push((name.trim().to_owned(), shown));
        }
        serde_json::Value::Bool(_) | serde_json::Value::Number(_) | serde_json::Value::Array(_) => {
            rows.push((name.trim().to_owned(), value.to_string()));
        }
    }
}
