//! `cetak card`.

use super::{args::CardCommand, find, output::Output, preview, record::name};
use crate::{
    domain::permission::Operation,
    engine::{
        Engine,
        client::{Client, Direct},
        operations::{self, CheckCard, HandOverCard, RejectCard, SurrenderCard},
    },
};

pub(super) async fn command(engine: &Engine, out: Output, command: CardCommand) -> anyhow::Result<()> {
    let client = Direct::new(engine);
    let done = match command {
        CardCommand::Preview { record, preview } => {
            let name = name(record);
            let permit = client.permit(Operation::CardPreview).await?;
            let bytes = operations::card_preview(engine, &permit, &name, &preview::output(&preview)).await?;
            preview::write(&preview.output, &bytes)?;
            format!("the card of `{}` is drawn in `{}`; it shows a person", name.request_id, preview.output.display())
        }
        CardCommand::Check { record } => {
            let name = name(record);
            client.act(CheckCard { record: name.clone() }).await?;
            format!("the card of `{}` is good", name.request_id)
        }
        CardCommand::Scan { code } => return find::scan(engine, out, code).await,
        CardCommand::Reject { record, cause, reason } => {
            let name = name(record);
            client.act(RejectCard { record: name.clone(), cause, note: reason }).await?;
            format!("the card of `{}` is spoiled", name.request_id)
        }
        CardCommand::HandOver { record } => {
            let name = name(record);
            client.act(HandOverCard { record: name.clone() }).await?;
            format!("the card of `{}` is handed over", name.request_id)
        }
        CardCommand::Surrender { record, reason } => {
            let name = name(record);
            client.act(SurrenderCard { record: name.clone(), note: reason }).await?;
            format!("the card of `{}` came back, and is to be destroyed", name.request_id)
        }
    };
    Ok(out.done(&done)?)
}
