//! `cetak blangko`.

use serde_json::json;

use super::{
    Usage,
    access::Access,
    act::{ask, done_or_asked},
    args::{BlangkoCommand, LedgerArgs},
    counts,
    output::{Output, message, table, thousands},
    pages,
    status::stock_text,
    words,
};
use crate::{
    domain::{
        id::MovementId,
        value::{PersonName, Witnesses},
    },
    engine::{
        client::Client,
        operations::{
            DestroyBlanks, Destruction, LendBlanks, LoadHopper, ReceiveBlanks, ReverseDelivery, TakeBackBlanks,
            TwoPersonAct, UnloadHopper,
        },
        query::{BalanceLine, Cursor, ListMovements, MovementLine, Page, PageRequest, ShowStock, Stock},
    },
};

pub(super) async fn command(access: &Access, out: Output, command: BlangkoCommand) -> anyhow::Result<()> {
    let client = access;
    let (fields, done) = match command {
        BlangkoCommand::Receive { blank_type, quantity, document, lot, serials, override_reason } => {
            let done = format!("{} `{blank_type}` received", thousands(quantity.get()));
            let fields = json!({ "blank_type": blank_type, "received": quantity, "document": document, "lot": lot, "serials": serials });
            let act = ReceiveBlanks { blank_type, quantity, document, lot, serials, override_reason };
            client.act(act).await?;
            (fields, done)
        }
        BlangkoCommand::Reverse { movement, delivered, reason, second } => {
            let done = format!("delivery {movement} is corrected to {} blanks", thousands(delivered.get()));
            let fields = json!({ "movement": movement, "delivered": delivered });
            let act = ReverseDelivery { movement: MovementId(movement), delivered, note: reason };
            return done_or_asked(access, out, second, act, (&fields, &done)).await;
        }
        BlangkoCommand::Load { printer, quantity } => {
            client.act(LoadHopper { printer: printer.clone(), quantity }).await?;
            let fields = json!({ "printer": printer, "loaded": quantity });
            (fields, format!("{} loaded into the hopper of `{printer}`", thousands(quantity.get())))
        }
        BlangkoCommand::Unload { printer, quantity } => {
            client.act(UnloadHopper { printer: printer.clone(), quantity }).await?;
            let done = format!("{} taken out of the hopper of `{printer}`", thousands(quantity.get()));
            (json!({ "printer": printer, "unloaded": quantity }), done)
        }
        BlangkoCommand::Count(command) => return counts::command(access, out, command).await,
        BlangkoCommand::Destroy { blank_type, quantity, document, witness, from_vault } => {
            const TWO: Usage = Usage("name two people: --witness A --witness B; or none, to ask for it");
            let done = format!("{} `{blank_type}` destroyed", thousands(quantity.get()));
            let fields = json!({ "blank_type": blank_type, "destroyed": quantity, "document": document });
            let destruction = Destruction { blank_type, quantity, from_vault, document };
            if witness.is_empty() {
                return ask(access, out, TwoPersonAct::DestroyBlanks(destruction)).await;
            }
            let witnesses = <[PersonName; 2]>::try_from(witness).map_err(|_| TWO)?;
            let witnesses = Witnesses::try_from(witnesses).map_err(|_| TWO)?;
            client.act(DestroyBlanks { destruction, witnesses }).await?;
            (fields, done)
        }
        BlangkoCommand::Lend { blank_type, quantity, to, document, second } => {
            let done = format!("{} `{blank_type}` lent to `{to}`", thousands(quantity.get()));
            let fields = json!({ "blank_type": blank_type, "lent": quantity, "to": to, "document": document });
            let act = LendBlanks { blank_type, quantity, to, document };
            return done_or_asked(access, out, second, act, (&fields, &done)).await;
        }
        BlangkoCommand::Return { blank_type, quantity, from, document, second } => {
            let done = format!("{} `{blank_type}` returned by `{from}`", thousands(quantity.get()));
            let fields = json!({ "blank_type": blank_type, "returned": quantity, "from": from, "document": document });
            let act = TakeBackBlanks { blank_type, quantity, from, document };
            return done_or_asked(access, out, second, act, (&fields, &done)).await;
        }
        BlangkoCommand::Balance => return balance(access, out).await,
        BlangkoCommand::Ledger(args) => return ledger(access, out, args).await,
    };
    Ok(out.done(&fields, &done)?)
}

async fn balance(access: &Access, out: Output) -> anyhow::Result<()> {
    let stock = access.query(ShowStock {}).await?;
    let row = |line: &BalanceLine| {
        let place =
            if line.place.is_empty() { line.account.clone() } else { format!("{}:{}", line.account, line.place) };
        vec![line.blank_type.clone(), line.lot.clone(), place, thousands(line.quantity)]
    };
    let text = |stock: &Stock| {
        let by_lot =
            table(&["blangko", "lot", "account", "number"], &stock.accounts.iter().map(row).collect::<Vec<_>>());
        format!("{}\n{by_lot}", stock_text(&stock.blangko, &stock.hidden))
    };
    Ok(out.data(&stock, text)?)
}

/// The newest movements that match, the oldest of them first.
async fn ledger(access: &Access, out: Output, args: LedgerArgs) -> anyhow::Result<()> {
    let LedgerArgs { blank_type, lot, place: account, by: actor, document, since, until, before, limit } = args;
    let page = PageRequest::default();
    let asked = ListMovements { blank_type, lot, account, actor, document, since, until, page };
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let list = |page| ListMovements { page, ..asked.clone() };
    let Page { items: mut lines, next, hidden_by } = pages::some(access, most, before.map(Cursor), list).await?;
    lines.reverse();
    out.data(&lines, |lines| ledger_text(lines, access.zone()))?;
    for count in hidden_by {
        message(&format!("hint: movements of its blank type are hidden during count {count}"));
    }
    if let Some(Cursor(next)) = next {
        message(&format!("hint: there may be older ones; show them with `--before {next}`"));
    }
    Ok(())
}

fn ledger_text(lines: &[MovementLine], zone: &jiff::tz::TimeZone) -> String {
    let row = |l: &MovementLine| {
        let cause = l.document.as_ref().map_or(l.cause.clone(), |document| format!("{} ({document})", l.cause));
        let cause = l.reverses.map_or(cause.clone(), |delivery| format!("{cause} of {delivery}"));
        let batch = l.batch.map_or(String::new(), |batch| batch.to_string());
        vec![
            l.id.to_string(),
            words::local(&l.at, zone),
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
