//! `cetak record`.

use std::collections::HashSet;

use serde_json::json;

use super::{
    Usage,
    access::Access,
    act::{done_or_asked, witnesses},
    args::{FilterArgs, KeepArg, ManyArgs, RecordArg, RecordCommand, SecondArgs},
    find,
    job::{jobs_text, word_reasons},
    many::{self, Selection},
    matching,
    output::{Output, table},
    pages, place, record_list, words,
};
use crate::{
    domain::{correction::KeptRequest, record::RecordState, value::Note},
    engine::{
        client::Client,
        operations::{
            Act, AnyAct, HoldRecord, HoldRecords, MatchingAct, PutBack, PutFirst, PutInClass, RecordName,
            ReleaseRecord, ReleaseRecords, ResolveDuplicate, RestoreRecord, TwoPersonAct, WithdrawRecord,
        },
        query::{JobsOf, ListJobs, ListRecordEvents, ListRecords, ShowRecord, ShowRequestsBeside},
    },
};

pub(super) fn name(record: RecordArg) -> RecordName {
    RecordName { source: record.source, request_id: record.request_id }
}

pub(super) async fn command(access: &Access, out: Output, command: RecordCommand) -> anyhow::Result<()> {
    let client = access;
    let now = |name: &RecordName, state: RecordState| json!({ "source": name.source, "request_id": name.request_id, "state": state.as_str() });
    let (fields, done) = match command {
        RecordCommand::Show { record } => return show(access, out, &name(record)).await,
        RecordCommand::Find { find: args } => return find::find(access, out, args).await,
        RecordCommand::List { filter, source, page, count } => {
            return record_list::list(access, out, (filter, source), page, count).await;
        }
        RecordCommand::Quarantined => return record_list::all(access, out, RecordState::Quarantined).await,
        RecordCommand::Held => return record_list::all(access, out, RecordState::Held).await,
        RecordCommand::Hold { many, filter, dry_run: true, .. } => {
            return matching::count(access, out, (many, filter), MatchingAct::Hold).await;
        }
        RecordCommand::Release { many, filter, dry_run: true, .. } => {
            return matching::count(access, out, (many, filter), MatchingAct::Release).await;
        }
        RecordCommand::Withdraw { many, filter, dry_run: true, .. } => {
            return matching::count(access, out, (many, filter), MatchingAct::Withdraw).await;
        }
        RecordCommand::Restore { many, filter, dry_run: true, .. } => {
            return matching::count(access, out, (many, filter), MatchingAct::Restore).await;
        }
        RecordCommand::Hold { many, filter, reason, .. } => {
            let Some(name) = one(&many) else {
                let selection = to_hold(many, filter)?;
                let act = |records| HoldRecords { records, note: reason.clone() };
                return many::act(access, out, selection, "held", act).await;
            };
            client.act(HoldRecord { record: name.clone(), note: reason }).await?;
            (now(&name, RecordState::Held), format!("record `{}` is held", name.request_id))
        }
        RecordCommand::Release { many, filter, held_for, reason, .. } => {
            let Some(name) = one(&many) else {
                let selection = selection(many, filter, None)?.without_printed_elsewhere();
                let selection = selection.of_one_note(access, held_for).await?;
                let act = |records| ReleaseRecords { records, note: reason.clone() };
                return many::act(access, out, selection, "released", act).await;
            };
            client.act(ReleaseRecord { record: name.clone(), note: reason }).await?;
            (now(&name, RecordState::Waiting), format!("record `{}` is on the waiting list", name.request_id))
        }
        RecordCommand::Priority { record, class, normal, reason } => {
            return priority(access, out, name(record), (class, normal), reason).await;
        }
        RecordCommand::Why { record } => return place::why(access, out, name(record)).await,
        RecordCommand::Jumps { since } => return place::jumps(access, out, since).await,
        RecordCommand::Resolve { record, keep, reason, second } => {
            return resolve(access, out, name(record), keep, (reason, second)).await;
        }
        RecordCommand::Withdraw { many, filter, reason, second, .. } => {
            return withdraw(access, out, (many, filter), reason, second).await;
        }
        RecordCommand::Restore { many, filter, reason, second, .. } => {
            return restore(access, out, (many, filter), reason, second).await;
        }
    };
    Ok(out.done(&fields, &done)?)
}

/// Puts a record first, into a class, or back.
async fn priority(
    access: &Access,
    out: Output,
    name: RecordName,
    (class, normal): (Option<i64>, bool),
    note: Note,
) -> anyhow::Result<()> {
    let record = name.clone();
    let done = match class {
        None if normal => {
            access.act(PutBack { record, note }).await?;
            "in the class of its kind of request again".to_owned()
        }
        None => {
            access.act(PutFirst { record, note }).await?;
            "before all others of its profile".to_owned()
        }
        Some(class) => {
            access.act(PutInClass { record, class, note }).await?;
            format!("in class {class}")
        }
    };
    let is_first = class.is_none() && !normal;
    let fields = json!({ "source": name.source, "request_id": name.request_id, "first": is_first, "class": class });
    Ok(out.done(&fields, &format!("record `{}` is {done}", name.request_id))?)
}

async fn resolve(
    access: &Access,
    out: Output,
    name: RecordName,
    keep: KeepArg,
    (note, second): (Note, SecondArgs),
) -> anyhow::Result<()> {
    let (keep, state, done) = match keep {
        KeepArg::This => {
            let done = "is on the waiting list, and the other request is withdrawn";
            (KeptRequest::This, RecordState::Waiting, done)
        }
        KeepArg::Other => (KeptRequest::Other, RecordState::Withdrawn, "is withdrawn"),
    };
    let done = format!("record `{}` {done}", name.request_id);
    let fields = json!({ "source": name.source, "request_id": name.request_id, "state": state.as_str() });
    let act = ResolveDuplicate { record: name, keep, note };
    done_or_asked(access, out, second, act, (&fields, &done)).await
}

async fn withdraw(
    access: &Access,
    out: Output,
    (many, filter): (ManyArgs, FilterArgs),
    note: Note,
    second: SecondArgs,
) -> anyhow::Result<()> {
    let act = |record| WithdrawRecord { record, note: note.clone() };
    let Some(name) = one(&many) else {
        return each(access, out, selection(many, filter, None)?, "withdrawn", (second, act)).await;
    };
    let done = format!("record `{}` is withdrawn", name.request_id);
    let state = RecordState::Withdrawn.as_str();
    let fields = json!({ "source": name.source, "request_id": name.request_id, "state": state });
    done_or_asked(access, out, second, act(name), (&fields, &done)).await
}

async fn restore(
    access: &Access,
    out: Output,
    (many, filter): (ManyArgs, FilterArgs),
    note: Note,
    second: SecondArgs,
) -> anyhow::Result<()> {
    let act = |record| RestoreRecord { record, note: note.clone() };
    let Some(name) = one(&many) else {
        let selection = selection(many, filter, Some(RecordState::Withdrawn))?;
        return each(access, out, selection, "restored", (second, act)).await;
    };
    let done = format!("record `{}` is restored; see its state with `cetak record show`", name.request_id);
    let fields = json!({ "source": name.source, "request_id": name.request_id, "restored": true });
    done_or_asked(access, out, second, act(name), (&fields, &done)).await
}

/// An act for two people, on each record of a selection.
async fn each<A: Act<Answer = ()> + Into<AnyAct> + Into<TwoPersonAct>>(
    access: &Access,
    out: Output,
    selection: Selection,
    what: &str,
    (second, act): (SecondArgs, impl Fn(RecordName) -> A),
) -> anyhow::Result<()> {
    let (people, asks) = (witnesses(access, &second)?, second.ask);
    let one = async |name: RecordName| match &people {
        _ if asks => access.request(act(name).into()).await.map(Some),
        Some(people) => access.together(act(name).into(), people.clone()).await.map(|()| None),
        None => access.act(act(name)).await.map(|()| None),
    };
    many::each(access, out, selection, if asks { "asked for" } else { what }, one).await
}

/// The record, if the command line names one and no more.
pub(super) fn one(many: &ManyArgs) -> Option<RecordName> {
    let [request_id] = &*many.request_ids else { return None };
    let source = many.source.clone().unwrap_or_else(|| "default".into());
    Some(RecordName { source, request_id: request_id.clone() })
}

/// The records to hold. Filters without a state: those that wait, and then those that are queued in a batch.
fn to_hold(many: ManyArgs, filter: FilterArgs) -> anyhow::Result<Selection> {
    let has_state = filter.state.is_some();
    let selection = selection(many, filter, Some(RecordState::Waiting))?;
    Ok(if has_state { selection } else { selection.and_in(RecordState::Batched) })
}

/// The records that are named, or else those that match the filters. `state` is the state of those that match, if the filters name
/// none.
fn selection(many: ManyArgs, filter: FilterArgs, state: Option<RecordState>) -> anyhow::Result<Selection> {
    const NONE: Usage = Usage("name records, a file with `--from`, or filters such as `--district`");
    const BOTH: Usage = Usage("name records or filters, not both");
    const STATE: Usage = Usage("with filters, name the state of the records: `--state held` or `--state quarantined`");
    let named = Selection::named(&many)?;
    let asked = many::query(filter, many.source);
    let has_filters = ListRecords { source: None, ..asked.clone() } != ListRecords::default();
    match (named, has_filters) {
        (Some(_), true) => Err(BOTH.into()),
        (Some(named), false) => Ok(named),
        (None, false) if asked.source.is_none() => Err(NONE.into()),
        (None, _) => {
            let state = asked.state.or(state).ok_or(STATE)?;
            Ok(Selection::matching(ListRecords { state: Some(state), ..asked }, HashSet::new()))
        }
    }
}

async fn show(access: &Access, out: Output, name: &RecordName) -> anyhow::Result<()> {
    let mut line = access.query(ShowRecord { record: name.clone() }).await?;
    let beside = access.query(ShowRequestsBeside { record: name.clone() }).await?;
    let others: Vec<_> = beside.iter().map(words::OtherRequest::from).collect();
    let next = words::next_step(&line, &others);
    words::word_reason(&mut line.reason, out.json);
    let of = JobsOf::Record(name.clone());
    let mut jobs = pages::all(access, |page| ListJobs { of: of.clone(), state: None, page }).await?;
    word_reasons(&mut jobs, out);
    let events = access.query(ListRecordEvents { record: name.clone() }).await?;
    let value = json!({ "record": line, "beside": beside, "jobs": jobs, "events": events });
    let text = |_: &serde_json::Value| {
        let optional = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
        let rows = [
            ("request id", line.request_id.clone()),
            ("source", line.source.clone()),
            ("profile", line.profile.clone()),
            ("kind", format!("{} (class {})", line.kind, words::class(line.class))),
            ("state", line.state.clone()),
            ("reason", optional(&line.reason)),
            ("note", line.note.as_deref().map_or_else(|| "-".into(), words::quote)),
            ("card stopped", optional(&line.stop)),
            ("checked", line.checked.to_string()),
            ("surrendered", line.surrendered.to_string()),
            ("in a district", line.sent.to_string()),
            ("district", line.district.clone()),
            ("village", line.village.clone()),
            ("verified at", words::local(&line.verified_at, access.zone())),
            ("version", line.version.to_string()),
            ("copy", line.copy.to_string()),
            ("failed tries", line.charged.to_string()),
        ];
        let beside = beside.iter().map(|other| ("other request", words::request_beside(other)));
        let next = next.iter().map(|next| ("next step", (*next).clone()));
        let rows = rows.into_iter().chain(beside).chain(next).map(|(key, value)| vec![key.to_owned(), value]);
        let facts = table(&["record", ""], &rows.collect::<Vec<_>>());
        let jobs_text = if jobs.is_empty() { String::new() } else { format!("\n{}", jobs_text(&jobs)) };
        let history = words::history_rows(&events, &jobs, access.zone());
        let history =
            if history.is_empty() { String::new() } else { format!("\n{}", table(&["at", "by", "what"], &history)) };
        format!("{facts}{jobs_text}{history}")
    };
    Ok(out.data(&value, text)?)
}
