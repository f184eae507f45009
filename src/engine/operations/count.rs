//! Counts of blanks: opened by a supervisor, entered without knowledge of the book, and booked by two people where they differ from it.

use serde::{Deserialize, Serialize};

use super::{
    act::Act,
    approval::{Approval, actor},
    stock::{held, hopper, known_type, transfer},
};
use crate::{
    domain::{
        account,
        audit::Event,
        count::{CountPerson, CountedBlanks, StockCount, WhichCount},
        id::CountId,
        pause::PauseScope,
        pending::Target,
        permission::{Operation, Permit},
        refusal::{CountRefusal, Refusal},
        states::CountState,
        stock::{Account, Cause, Place},
        value::{Note, PersonName, PrinterName},
    },
    engine::{Engine, EngineError},
    store::Tx,
};

/// Opens a count of the vault or of a hopper. Until it is closed, no person moves blanks into that place or out of it, and its
/// quantities are hidden from all who may count. A hopper is counted while its printer is paused and has no card.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OpenCount {
    /// The blank type.
    pub blank_type: String,
    /// The printer whose hopper is counted; `None` for the vault.
    pub printer: Option<PrinterName>,
    /// The person who makes the first count; without one, anyone may who keeps the stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<PersonName>,
    /// Why.
    pub note: Note,
}

impl Act for OpenCount {
    type Answer = CountId;
    const OPERATION: Operation = Operation::CountOpen;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<CountId, EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        known_type(engine, &self.blank_type)?;
        let place = match &self.printer {
            Some(printer) => {
                hopper(engine, &mut tx, printer.as_str()).await?;
                Place::Printer(printer.to_string())
            }
            None => Place::Vault,
        };
        let open = tx.stock_counts_open().await?;
        if let Some(other) = open.into_iter().find(|open| open.blank_type == self.blank_type && open.place == place) {
            let (count, blank_type) = (other.id, other.blank_type);
            return Err(CountRefusal::Open { count, blank_type, place }.into());
        }
        if let Place::Printer(printer) = &place {
            refuse_running(&mut tx, printer).await?;
        }
        let counter = match &self.counter {
            Some(name) => Some(counter(&mut tx, name).await?),
            None => None,
        };
        let note = self.note.as_str();
        let count = tx.stock_count_open(&self.blank_type, &place, counter.as_ref(), note).await?;
        let mut event = Event::new("count.opened", subject(count)).with("blank_type", &self.blank_type);
        event = event.with("place", place.free()).with("note", note);
        if let Some(counter) = &counter {
            event = event.with("counter", &counter.name);
        }
        tx.audit(event);
        tx.commit_with(&count).await?;
        Ok(count)
    }
}

/// Refuses a printer that may print a card from its hopper, or prints one.
async fn refuse_running(tx: &mut Tx, printer: &str) -> Result<(), EngineError> {
    let scope = PauseScope::Printer(printer.to_owned());
    if tx.pause_list().await?.iter().all(|pause| pause.scope != scope) {
        return Err(CountRefusal::NotPaused { printer: printer.to_owned() }.into());
    }
    let has_card = tx.attempts_open(&[printer]).await?.iter().any(|(_, open)| open.releasing);
    let (test_cards, _) = tx.test_cards_unsettled(printer).await?;
    if has_card || test_cards > 0 {
        return Err(CountRefusal::CardOpen { printer: printer.to_owned() }.into());
    }
    Ok(())
}

/// The person who is to count: an account that may, or a name where there are no accounts.
async fn counter(tx: &mut Tx, name: &PersonName) -> Result<CountPerson, EngineError> {
    if !tx.accounts_exist().await? {
        return Ok(CountPerson { account: None, name: name.to_string() });
    }
    let found = tx.account_find(name.as_str()).await?;
    let roles = Operation::CountEnter.roles_that_do();
    let may = |account: &account::Account| {
        account.disabled_at.is_none() && roles.iter().any(|role| account.roles.contains(role))
    };
    match found.filter(may) {
        Some(account) => Ok(CountPerson { account: Some(account.id), name: account.name }),
        None => Err(CountRefusal::CounterMayNot { counter: name.to_string() }.into()),
    }
}

/// Enters what was counted at a place, reserved blanks included, twice. It is compared with the book of that instant, less the blanks
/// that are in printers, and closes the count if it is equal. If not, another person counts again, and a supervisor decides, also if the
/// second count is equal: a person must not clear away alone what another found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EnterCount {
    /// The count.
    pub count: CountId,
    /// What was counted.
    pub entry: CountedBlanks,
    /// The same, entered again.
    pub again: CountedBlanks,
}

impl Act for EnterCount {
    /// Where the count is then.
    type Answer = CountState;
    const OPERATION: Operation = Operation::CountEnter;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<CountState, EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let count = find(&mut tx, self.count).await?;
        let (_, booked) = booked(&mut tx, &count).await?;
        let by = actor(engine, permit);
        let entries = [self.entry, self.again];
        let (made, state, is_own) = count.entered(entries, booked, &by, engine.settings.two_person)?;
        tx.stock_count_enter(&count, made, state).await?;
        let mut event = Event::new("count.entered", subject(count.id)).with("state", state.as_str());
        event = event.with("counted", made.counted).with("booked", made.booked);
        if is_own {
            event = event.with("second_person", "none");
        }
        tx.audit(event);
        tx.commit_with(&state).await?;
        Ok(state)
    }
}

/// Books the difference between one of two counts and the book of the instant at which it was entered: what is short goes to `missing`,
/// and what is over comes back from there. What was printed since is in the book already, and is no part of the difference.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BookCount {
    /// The count.
    pub count: CountId,
    /// Which of its two counts is booked.
    pub which: WhichCount,
    /// Why.
    pub note: Note,
}

impl Act for BookCount {
    type Answer = ();
    const OPERATION: Operation = Operation::CountBook;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        self.apply(&mut tx, Approval::Alone).await?;
        Ok(tx.commit().await?)
    }
}

impl BookCount {
    /// What two people agree on is the difference, which no later movement changes: printing goes on while they decide.
    pub(super) async fn target(&self, tx: &mut Tx) -> Result<Target, EngineError> {
        let count = find(tx, self.count).await?;
        let difference = count.to_book(self.which)?.difference();
        Ok(Target { name: subject(count.id), version: format!("difference {difference}"), record: None })
    }

    pub(super) async fn apply(&self, tx: &mut Tx, approval: Approval<'_>) -> Result<(), EngineError> {
        let count = find(tx, self.count).await?;
        let made = count.to_book(self.which)?;
        let (free, _) = booked(tx, &count).await?;
        let (difference, note) = (made.difference(), self.note.as_str());
        book(tx, &count, (difference, free), note).await?;
        tx.stock_count_close(&count, Some(self.which), note).await?;
        let event = Event::new("count.booked", subject(count.id)).with("blank_type", &count.blank_type);
        let event = event.with("place", count.place.free()).with("which", self.which).with("counted", made.counted);
        let event = event.with("booked", made.booked).with("difference", difference).with("note", note);
        tx.audit(approval.mark(event));
        Ok(())
    }
}

/// Moves a difference to or from `missing`. Blanks that are reserved for a batch cannot be missing.
async fn book(tx: &mut Tx, count: &StockCount, (difference, free): (i64, i64), note: &str) -> Result<(), EngineError> {
    let (blank_type, place) = (count.blank_type.as_str(), count.place.free());
    if difference < 0 {
        if -difference > free {
            return Err(Refusal::CountBelowReserved { short: -difference, free }.into());
        }
        transfer(tx, blank_type, (place, Account::Missing), -difference, Cause::Counted, Some(note)).await?;
    } else if difference > 0 {
        let missing = held(tx, blank_type, &Account::Missing).await?;
        if difference > missing {
            return Err(Refusal::CountAboveMissing { over: difference, missing }.into());
        }
        transfer(tx, blank_type, (Account::Missing, place), difference, Cause::Counted, Some(note)).await?;
    }
    Ok(())
}

/// Closes a count without a booking, so that its place can be used or counted again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CancelCount {
    /// The count.
    pub count: CountId,
    /// Why.
    pub note: Note,
}

impl Act for CancelCount {
    type Answer = ();
    const OPERATION: Operation = Operation::CountOpen;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let count = find(&mut tx, self.count).await?;
        count.refuse_closed()?;
        tx.stock_count_close(&count, None, self.note.as_str()).await?;
        tx.audit(Event::new("count.cancelled", subject(count.id)).with("note", self.note));
        Ok(tx.commit().await?)
    }
}

async fn find(tx: &mut Tx, id: CountId) -> Result<StockCount, EngineError> {
    Ok(tx.stock_count_get(id).await?.ok_or(CountRefusal::NoCount { count: id })?)
}

/// The free blanks at the place of a count, and those that are booked there in all, but for those that are in printers: a person who
/// counts does not see these.
async fn booked(tx: &mut Tx, count: &StockCount) -> Result<(i64, i64), EngineError> {
    let free = held(tx, &count.blank_type, &count.place.free()).await?;
    let reserved = held(tx, &count.blank_type, &count.place.reserved()).await?;
    Ok((free, free + reserved - tx.blanks_in_printers(&count.blank_type, &count.place).await?))
}

fn subject(count: CountId) -> String {
    format!("count {count}")
}
