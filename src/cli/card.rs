//! `cetak card`.

use super::{args::CardCommand, output::Output, preview, record::name};
use crate::{
    domain::{refusal::Refusal, stock::Cause},
    engine::{Engine, EngineError, operations},
};

pub(super) async fn command(engine: &Engine, out: Output, command: CardCommand) -> anyhow::Result<()> {
    let done = match command {
        CardCommand::Preview { record, look } => {
            let name = name(record);
            let bytes = operations::card_preview(engine, &name, &preview::output(&look)).await?;
            preview::write(&look.output, &bytes)?;
            format!("the card of `{}` is drawn in `{}`; it shows a person", name.request_id, look.output.display())
        }
        CardCommand::Check { record } => {
            let name = name(record);
            operations::card_check(engine, &name).await?;
            format!("the card of `{}` is good", name.request_id)
        }
        CardCommand::Reject { record, cause, reason } => {
            let name = name(record);
            let cause = Cause::from_name(&cause).ok_or(EngineError::from(Refusal::NotSpoilage { cause }))?;
            operations::card_reject(engine, &name, cause, &reason).await?;
            format!("the card of `{}` is spoiled", name.request_id)
        }
        CardCommand::HandOver { record } => {
            let name = name(record);
            operations::card_hand_over(engine, &name).await?;
            format!("the card of `{}` is handed over", name.request_id)
        }
        CardCommand::Surrender { record, reason } => {
            let name = name(record);
            operations::card_surrender(engine, &name, &reason).await?;
            format!("the card of `{}` came back, and is to be destroyed", name.request_id)
        }
    };
    Ok(out.done(&done)?)
}
