//! `cetak card`.

use std::collections::HashSet;

use serde_json::json;

use super::{
    Message, Usage,
    access::Access,
    act::done_or_asked,
    args::{CardCommand, ManyArgs},
    districts, find,
    many::{self, Selection, named},
    output::Output,
    pages, preview,
    record::{name, one},
};
use crate::{
    domain::{id::BatchId, permission::Operation, record::RecordState},
    engine::{
        client::{Client, Direct},
        operations::{
            self, CheckCard, CheckCards, CorrectHandOver, HandOverCards, ReceiveCards, RecordName, RejectCard,
            SendCards, SurrenderCard,
        },
        query::{JobsOf, ListJobs, ListRecords, ShowBatch},
    },
};

pub(super) async fn command(access: &Access, out: Output, command: CardCommand) -> anyhow::Result<()> {
    let client = access;
    let card =
        |name: &RecordName, card: &str| json!({ "source": name.source, "request_id": name.request_id, "card": card });
    let (fields, done) = match command {
        CardCommand::Preview { record, preview } => {
            let name = name(record);
            let engine = access.engine("draw a card")?;
            let permit = Direct::new(engine).permit(Operation::CardPreview).await?;
            let bytes = operations::card_preview(engine, &permit, &name, preview::output(&preview)).await?;
            preview::write(&preview.output, &bytes)?;
            let fields = json!({ "source": name.source, "request_id": name.request_id, "output": preview.output.display().to_string() });
            let shown = preview.output.display();
            (fields, format!("the card of `{}` is drawn in `{shown}`; it shows a person", name.request_id))
        }
        CardCommand::Check { many, batch, except } => {
            let Some(name) = one(&many) else { return check_many(access, out, many, batch, &except).await };
            client.act(CheckCard { record: name.clone() }).await?;
            (card(&name, "checked"), format!("the card of `{}` is good", name.request_id))
        }
        CardCommand::Scan { code } => return find::scan(access, out, code).await,
        CardCommand::Reject { record, cause, reason } => {
            let name = name(record);
            client.act(RejectCard { record: name.clone(), cause, note: reason }).await?;
            (card(&name, "spoiled"), format!("the card of `{}` is spoiled", name.request_id))
        }
        CardCommand::HandOver { many, district: Some(district), .. } => {
            let act = |records| HandOverCards { records, district: district.clone() };
            return many::act(access, out, districts::named(&many)?, "handed over", act).await;
        }
        CardCommand::HandOver { many, district: None, proxy } => {
            let name = one(&many).ok_or(Usage("name one record; several are handed over with `--in`"))?;
            districts::hand_over(access, &name, proxy).await?;
            (card(&name, "handed-over"), format!("the card of `{}` is handed over", name.request_id))
        }
        CardCommand::Send { many, to, document, new_district } => {
            let act = |records| SendCards { records, district: to.clone(), document: document.clone(), new_district };
            return many::act(access, out, districts::named(&many)?, "sent", act).await;
        }
        CardCommand::Receive { many, cause, reason } => {
            let act = |records| ReceiveCards { records, cause, note: reason.clone() };
            return many::act(access, out, districts::named(&many)?, "received", act).await;
        }
        CardCommand::Sent { district, overdue } => return districts::sent(access, out, district, overdue).await,
        CardCommand::Districts => return districts::list(access, out).await,
        CardCommand::UndoHandOver { record, reason, second } => {
            let name = name(record);
            let done = format!("the card of `{}` is in the office", name.request_id);
            let fields = card(&name, "printed");
            let act = CorrectHandOver { record: name, note: reason };
            return done_or_asked(access, out, second, act, (&fields, &done)).await;
        }
        CardCommand::Surrender { record, reason } => {
            let name = name(record);
            client.act(SurrenderCard { record: name.clone(), note: reason }).await?;
            let done = format!("the card of `{}` came back, and is to be destroyed", name.request_id);
            (card(&name, "surrendered"), done)
        }
    };
    Ok(out.done(&fields, &done)?)
}

/// Checks the cards that are named, or all of a batch that are printed, not checked and not recalled.
async fn check_many(
    access: &Access,
    out: Output,
    many: ManyArgs,
    batch: Option<i64>,
    except: &[String],
) -> anyhow::Result<()> {
    let selection = match (Selection::named(&many)?, batch) {
        (Some(named), _) => named,
        (None, None) => return Err(Usage("name records, a file with `--from`, or a batch with `--batch`").into()),
        (None, Some(batch)) => {
            let batch = BatchId(batch);
            access.query(ShowBatch { batch }).await?; // so that a wrong number is not silently empty
            let source = many.source.as_deref();
            let except: HashSet<_> = except.iter().map(|text| named(text, source)).collect();
            for name in &except {
                refuse_unless_in(access, name, batch).await?;
            }
            let query = ListRecords {
                state: Some(RecordState::Printed),
                source: many.source,
                checked: Some(false),
                recalled: Some(false),
                batch: Some(batch),
                ..ListRecords::default()
            };
            Selection::matching(query, except)
        }
    };
    many::act(access, out, selection, "checked", |records| CheckCards { records }).await
}

/// Refuses a record that was never in the batch: a card that is mistyped as an exception would be checked.
async fn refuse_unless_in(access: &Access, name: &RecordName, batch: BatchId) -> anyhow::Result<()> {
    let jobs = pages::all(access, |page| ListJobs { of: JobsOf::Record(name.clone()), state: None, page }).await?;
    if jobs.iter().any(|job| job.batch == batch.0) {
        return Ok(());
    }
    let text = format!("record `{}` is not in batch {batch}; no card was checked", name.request_id);
    Err(Message::new(text, format!("compare its request id with `cetak batch show {batch}`")).into())
}
