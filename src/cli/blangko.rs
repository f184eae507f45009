//! `cetak blangko`.

use super::{
    Usage,
    args::BlangkoCommand,
    output::{Output, table, thousands},
    pages,
    status::stock_text,
};
use crate::engine::{
    Engine,
    operations::{self, Delivery},
    query::{BalanceLine, ListMovements, MovementLine, Query, ShowStock, Stock},
};

pub(super) async fn command(engine: &Engine, out: Output, command: BlangkoCommand) -> anyhow::Result<()> {
    let done = match command {
        BlangkoCommand::Receive { blank_type, quantity, document, lot, serials } => {
            let done = format!("{} `{blank_type}` received", thousands(quantity));
            operations::receive(engine, &Delivery { blank_type, quantity, document, lot, serials }).await?;
            done
        }
        BlangkoCommand::Load { printer, quantity } => {
            operations::load(engine, &printer, quantity).await?;
            format!("{} loaded into the hopper of `{printer}`", thousands(quantity))
        }
        BlangkoCommand::Unload { printer, quantity } => {
            operations::unload(engine, &printer, quantity).await?;
            format!("{} taken out of the hopper of `{printer}`", thousands(quantity))
        }
        BlangkoCommand::Count { blank_type, printer, quantity, reason } => {
            let count = operations::count(engine, &blank_type, printer.as_deref(), quantity, &reason).await?;
            let text = |c: &operations::Count| {
                format!("booked {}, counted {}, difference {}\n", c.booked, c.counted, c.difference)
            };
            return Ok(out.data(&count, text)?);
        }
        BlangkoCommand::Destroy { blank_type, quantity, document, witness, from_vault } => {
            let [first, second] = &witness[..] else {
                anyhow::bail!(Usage("name two people: --witness A --witness B"))
            };
            operations::destroy(engine, &blank_type, quantity, from_vault, &document, [first, second]).await?;
            format!("{} `{blank_type}` destroyed", thousands(quantity))
        }
        BlangkoCommand::Lend { blank_type, quantity, to, document } => {
            operations::lend(engine, &blank_type, quantity, &to, &document).await?;
            format!("{} `{blank_type}` lent to `{to}`", thousands(quantity))
        }
        BlangkoCommand::Return { blank_type, quantity, from, document } => {
            operations::take_back(engine, &blank_type, quantity, &from, &document).await?;
            format!("{} `{blank_type}` returned by `{from}`", thousands(quantity))
        }
        BlangkoCommand::Balance => return balance(engine, out).await,
        BlangkoCommand::Ledger { blank_type, limit } => {
            let most = usize::try_from(limit).unwrap_or(usize::MAX);
            let list = |page| ListMovements { blank_type: blank_type.clone(), page };
            let mut lines = pages::first(engine, most, list).await?;
            lines.reverse();
            return Ok(out.data(&lines, |lines| ledger_text(lines))?);
        }
    };
    Ok(out.done(&done)?)
}

async fn balance(engine: &Engine, out: Output) -> anyhow::Result<()> {
    let stock = ShowStock {}.read(engine).await?;
    let row = |line: &BalanceLine| {
        let place =
            if line.place.is_empty() { line.account.clone() } else { format!("{}:{}", line.account, line.place) };
        vec![line.blank_type.clone(), line.lot.clone(), place, thousands(line.quantity)]
    };
    let text = |stock: &Stock| {
        let by_lot =
            table(&["blangko", "lot", "account", "number"], &stock.accounts.iter().map(row).collect::<Vec<_>>());
        format!("{}\n{by_lot}", stock_text(&stock.blangko))
    };
    Ok(out.data(&stock, text)?)
}

fn ledger_text(lines: &[MovementLine]) -> String {
    let row = |l: &MovementLine| {
        let cause = l.document.as_ref().map_or(l.cause.clone(), |document| format!("{} ({document})", l.cause));
        let batch = l.batch.map_or(String::new(), |batch| batch.to_string());
        vec![
            l.id.to_string(),
            l.at.clone(),
            l.blank_type.clone(),
            l.lot.clone(),
            thousands(l.quantity),
            l.from.clone(),
            l.to.clone(),
            batch,
            l.actor.clone(),
            cause,
        ]
    };
    let header = ["no", "at", "blangko", "lot", "number", "from", "to", "batch", "by", "cause"];
    table(&header, &lines.iter().map(row).collect::<Vec<_>>())
}
