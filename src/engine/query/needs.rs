//! What waits for a person. The surface that shows it words it, and names the act that settles it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Engine, EngineError, Query,
    printers::{self, Facts, PrinterLine},
    sources::{self, SourceLine, SourceStanding},
};
use crate::{
    domain::{
        breaker::Breaker,
        id::{AccountId, CountId},
        instance::Doubt,
        permission::Operation,
        printer_reason::{Advice, Who},
        record::RecordState,
        source::{RefusedList, SourceFault},
        standing::Standing,
        states::CountState,
        stock::Place,
    },
    engine::{CLOCK_TOLERANCE, fault::FaultSince},
    store::{OpenCount, RecordCount, Tx},
};

/// Asks for all that needs a person. There are a few kinds, and a few for each printer.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListNeeds {}

/// Something that waits for a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Need {
    /// What it is, and which printer it concerns.
    #[serde(flatten)]
    pub kind: NeedKind,
    /// How many there are of it; at least 1.
    pub count: i64,
}

/// What waits for a person, with its subject.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NeedKind {
    /// Cards and test cards with an unknown outcome, to be inspected.
    UncertainCards,
    /// Records that were quarantined, to be released or withdrawn.
    QuarantinedRecords,
    /// Printed cards of records that were withdrawn or changed since, to be rejected.
    StoppedCards,
    /// Reprints that wait for approval.
    ReprintsToApprove,
    /// Other acts that wait for their second person.
    ActsToConfirm {
        /// The operation that is confirmed.
        operation: Operation,
    },
    /// Batches that wait for approval.
    BatchesToApprove,
    /// Printed cards that a person has not checked yet.
    CardsToCheck,
    /// Cards that were checked and wait for their hand-over; at most 10,000 are counted.
    CardsToHandOver,
    /// Cards that are in their districts for longer than the setting `collect_within_days`; at most 10,000 are counted.
    CardsUncollected,
    /// A count of blanks that waits: for what is counted, or for a supervisor.
    CountWaits {
        /// The number of the count.
        number: CountId,
        /// The blank type.
        blank_type: String,
        /// The printer whose hopper is counted; none for the vault.
        printer: Option<String>,
        /// What it waits for.
        state: CountState,
        /// Since when it waits for that, RFC 3339.
        #[schemars(extend("format" = "date-time"))]
        since: String,
    },
    /// Spoiled cards that are kept until they are destroyed with a document.
    CardsToDestroy {
        /// The type of blank.
        blank_type: String,
    },
    /// The printer failed until its breaker locked.
    PrinterLocked {
        /// The printer.
        printer: String,
    },
    /// The printer gives a reason for which no card is fed, and which a person must remove.
    PrinterReason {
        /// The printer.
        printer: String,
        /// What the reason means.
        advice: Advice,
        /// Whether a person declared it to be over, and the printer still gives it and prints nothing.
        declared_over: bool,
    },
    /// The output tray of the printer is full: a person empties it, and says so.
    TrayFull {
        /// The printer.
        printer: String,
    },
    /// The ribbon of the printer is used up: a person puts in another one, and says so.
    RibbonUsedUp {
        /// The printer.
        printer: String,
        /// The cards that a new one gives.
        cards: i64,
    },
    /// The printer has to be cleaned: a person does so, and says so.
    CleaningDue {
        /// The printer.
        printer: String,
    },
    /// The printer is stopped and gives no reason for it.
    PrinterStopped {
        /// The printer.
        printer: String,
    },
    /// The clock is behind the newest audit row, so nothing is fed.
    ClockBehind,
    /// The database may be a copy or an older state, so nothing is fed.
    InstanceInDoubt {
        /// What differs.
        doubt: Doubt,
    },
    /// Records that are held because another database may have printed them: at an adoption, or when a printer with unknown jobs was
    /// cleared. To be released if they were not printed.
    RecordsHeldAtAdoption,
    /// Records of a profile wait, and no printer prints its cards.
    NoPrinter {
        /// The profile.
        profile: String,
    },
    /// The persons of a profile are being rekeyed, and that is not finished: its cards are not printed, and its lists not imported.
    PersonsRekeyed {
        /// The profile.
        profile: String,
    },
    /// Records wait, and there is no free blank of a type for some printers.
    NoBlanks(NoBlanks),
    /// The settings have a fault, so that no scheduler starts.
    SettingsWrong {
        /// What is wrong, with its place.
        fault: String,
    },
    /// A card profile cannot be used, so that its printers print nothing.
    ProfileBroken {
        /// What is wrong, with its place.
        fault: String,
    },
    /// The scheduler that runs on the same data folder cannot print.
    SchedulerFault(FaultSince),
    /// Several pulls of a source in a row failed.
    SourceAway {
        /// The source.
        source: String,
        /// Why the last pull failed.
        fault: SourceFault,
        /// Since when, RFC 3339.
        #[schemars(extend("format" = "date-time"))]
        since: String,
    },
    /// Lists of a source, or refused rows of them, wait in its folder `refused`.
    ListsRefused {
        /// The source.
        source: String,
        /// The last of these files.
        last: Option<RefusedList>,
    },
}

/// Printers without blanks of a type, and where there are such blanks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NoBlanks {
    /// The printers, by name; at least one.
    pub printers: Vec<String>,
    /// The type of blank.
    pub blank_type: String,
    /// Whether their hoppers are counted, so that they print only from there.
    pub hopper: bool,
    /// The free blanks of the type in the vault.
    pub vault: i64,
    /// The hopper of another printer with free blanks of the type, if the vault has none.
    pub free: Option<FreeBlanks>,
    /// The batch of another printer that has blanks of the type, if the vault has none; one whose printer cannot print them, if there
    /// is one.
    pub reserved: Option<ReservedBlanks>,
}

/// Free blanks in a counted hopper.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FreeBlanks {
    /// Its printer.
    pub printer: String,
    /// How many they are.
    pub blanks: i64,
}

/// Blanks of the vault or of a hopper that a batch has reserved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReservedBlanks {
    /// The batch.
    pub batch: i64,
    /// Its printer.
    pub printer: String,
    /// How many they are.
    pub blanks: i64,
    /// Why the printer does not print them without a person, if it does not.
    pub obstacle: Option<Standing>,
}

impl NeedKind {
    /// Whether it is daily work: nothing is wrong, and nothing else waits for it.
    pub fn is_routine(&self) -> bool {
        match self {
            Self::QuarantinedRecords
            | Self::ReprintsToApprove
            | Self::ActsToConfirm { .. }
            | Self::BatchesToApprove
            | Self::CardsToCheck
            | Self::CardsToHandOver
            | Self::CardsUncollected
            | Self::CountWaits { .. }
            | Self::CardsToDestroy { .. } => true,
            Self::UncertainCards
            | Self::StoppedCards
            | Self::PrinterLocked { .. }
            | Self::PrinterReason { .. }
            | Self::TrayFull { .. }
            | Self::RibbonUsedUp { .. }
            | Self::CleaningDue { .. }
            | Self::PrinterStopped { .. }
            | Self::ClockBehind
            | Self::InstanceInDoubt { .. }
            | Self::RecordsHeldAtAdoption
            | Self::NoPrinter { .. }
            | Self::PersonsRekeyed { .. }
            | Self::NoBlanks(_)
            | Self::SettingsWrong { .. }
            | Self::ProfileBroken { .. }
            | Self::SchedulerFault(_)
            | Self::SourceAway { .. }
            | Self::ListsRefused { .. } => false,
        }
    }
}

impl Query for ListNeeds {
    type Answer = Vec<Need>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Vec<Need>, EngineError> {
        let mut tx = engine.store.read().await?;
        let facts = Facts::read(engine, &mut tx).await?;
        let printers = printers::read(engine, &mut tx, &facts).await?;
        read(engine, &mut tx, &facts, &printers).await
    }
}

pub(super) async fn read(
    engine: &Engine,
    tx: &mut Tx,
    facts: &Facts,
    printers: &[PrinterLine],
) -> Result<Vec<Need>, EngineError> {
    let counts = &facts.counts;
    let count = |state: RecordState, stopped_only: bool| {
        let counts = counts.iter().filter(|c| c.state == state.as_str() && (c.stopped || !stopped_only));
        counts.map(|c| c.count).sum::<i64>()
    };
    let mut needs = vec![
        (NeedKind::UncertainCards, count(RecordState::Uncertain, false) + tx.test_cards_uncertain_count().await?),
        (NeedKind::QuarantinedRecords, count(RecordState::Quarantined, false)),
        (NeedKind::StoppedCards, count(RecordState::Printed, true)),
        (NeedKind::BatchesToApprove, tx.batches_planned_count().await?),
    ];
    let of_act = |operation| {
        let is_reprint = operation == Operation::ReprintApprove;
        if is_reprint { NeedKind::ReprintsToApprove } else { NeedKind::ActsToConfirm { operation } }
    };
    let acts = tx.pending_acts_open_counts(engine.clock.now()).await?;
    needs.extend(acts.into_iter().map(|(operation, count)| (of_act(operation), count)));
    needs.extend(tx.stock_counts_open().await?.into_iter().map(|open| (count_waits(open), 1)));
    for printer in printers {
        needs.extend(needs_of(printer).into_iter().map(|kind| (kind, 1)));
    }
    needs.extend(no_blanks(engine, facts, printers).into_iter().map(|none| (NeedKind::NoBlanks(none), 1)));
    needs.extend(tx.doubt().await?.map(|doubt| (NeedKind::InstanceInDoubt { doubt }, 1)));
    needs.push((NeedKind::RecordsHeldAtAdoption, tx.records_held_at_adoption_count().await?));
    let is_behind = engine.clock.now().plus(CLOCK_TOLERANCE) < tx.newest_instant().await?;
    needs.push((NeedKind::ClockBehind, i64::from(is_behind)));
    let settings = engine.broken.settings.iter().cloned().map(|fault| NeedKind::SettingsWrong { fault });
    let profiles = engine.broken.profiles.iter().map(|one| NeedKind::ProfileBroken { fault: one.fault.clone() });
    needs.extend(settings.chain(profiles).map(|kind| (kind, 1)));
    let has_none = |count: &&RecordCount| printers.iter().all(|printer| printer.profile != count.profile);
    let mut unprinted: BTreeMap<&str, i64> = BTreeMap::new();
    for count in counts.iter().filter(|count| count.state == RecordState::Waiting.as_str()).filter(has_none) {
        *unprinted.entry(&count.profile).or_default() += count.count;
    }
    let no_printer = |(profile, count): (&str, i64)| (NeedKind::NoPrinter { profile: profile.to_owned() }, count);
    needs.extend(unprinted.into_iter().map(no_printer));
    needs.extend(facts.rekeyed.iter().map(|profile| (NeedKind::PersonsRekeyed { profile: profile.clone() }, 1)));
    let unrecalled = count(RecordState::Printed, false) - count(RecordState::Printed, true);
    let to_check = unrecalled - tx.cards_checked_count().await?;
    needs.extend([
        (NeedKind::CardsToCheck, to_check),
        (NeedKind::CardsToHandOver, tx.cards_ready_count().await?),
        (NeedKind::CardsUncollected, cards_overdue(engine, tx).await?),
    ]);
    let mut spoiled: BTreeMap<&str, i64> = BTreeMap::new();
    for line in facts.balances.iter().filter(|line| line.account == "spoiled") {
        *spoiled.entry(&line.blank_type).or_default() += line.quantity;
    }
    let to_destroy =
        |(blank_type, count): (&str, i64)| (NeedKind::CardsToDestroy { blank_type: blank_type.into() }, count);
    needs.extend(spoiled.into_iter().map(to_destroy));
    needs.extend(sources::read(engine, tx).await?.into_iter().flat_map(needs_of_source));
    needs.extend(engine.faults.read().into_iter().map(|fault| (NeedKind::SchedulerFault(fault), 1)));
    Ok(needs.into_iter().filter(|(_, count)| *count > 0).map(|(kind, count)| Need { kind, count }).collect())
}

/// How many acts of each operation an account asked for that wait for their second person: it confirms none of them.
pub async fn acts_asked_by(engine: &Engine, account: AccountId) -> Result<Vec<(Operation, i64)>, EngineError> {
    let mut tx = engine.store.read().await?;
    Ok(tx.pending_acts_open_counts_of(engine.clock.now(), account).await?)
}

fn needs_of_source(source: SourceLine) -> Vec<(NeedKind, i64)> {
    let mut needs = Vec::new();
    let since = source.failing_since.filter(|_| source.standing == SourceStanding::Away);
    if let (Some(since), Some(fault)) = (since, source.fault) {
        needs.push((NeedKind::SourceAway { source: source.name.clone(), fault, since }, 1));
    }
    needs.push((NeedKind::ListsRefused { source: source.name, last: source.last_refused }, source.refused));
    needs
}

/// How many cards are in their districts for too long.
async fn cards_overdue(engine: &Engine, tx: &mut Tx) -> Result<i64, EngineError> {
    match engine.settings.overdue_before(engine.clock.now()) {
        Some(before) => Ok(tx.cards_overdue_count(before).await?),
        None => Ok(0),
    }
}

fn count_waits(open: OpenCount) -> NeedKind {
    let OpenCount { id: number, blank_type, place, state, since } = open;
    let printer = if let Place::Printer(name) = place { Some(name) } else { None };
    NeedKind::CountWaits { number, blank_type, printer, state, since: since.to_string() }
}

/// Which printers have no blanks, by blank type and by whether their hoppers are counted, and where there are some.
fn no_blanks(engine: &Engine, facts: &Facts, printers: &[PrinterLine]) -> Vec<NoBlanks> {
    let mut without: BTreeMap<(&str, bool), Vec<String>> = BTreeMap::new();
    for printer in printers {
        let beneath = printer.beneath.as_ref().unwrap_or(&printer.standing);
        if let Standing::NoBlanks { blank_type } = beneath {
            without.entry((blank_type.as_str(), printer.hopper.is_some())).or_default().push(printer.name.clone());
        }
    }
    let none = |((blank_type, hopper), names)| none_of(engine, facts, (printers, names), blank_type, hopper);
    without.into_iter().map(none).collect()
}

/// That these printers have no blanks of a type.
fn none_of(
    engine: &Engine,
    facts: &Facts,
    (printers, names): (&[PrinterLine], Vec<String>),
    blank_type: &str,
    hopper: bool,
) -> NoBlanks {
    let of = facts.balances.iter().filter(|line| line.blank_type == blank_type && line.quantity > 0);
    let vault: i64 = of.clone().filter(|line| line.account == "vault").map(|line| line.quantity).sum();
    let (mut free, mut reserved) = (None, None);
    if vault == 0 {
        let mut hoppers: BTreeMap<&str, i64> = BTreeMap::new();
        of.filter(|line| line.account == "hopper")
            .for_each(|line| *hoppers.entry(&line.place).or_default() += line.quantity);
        let most = hoppers.into_iter().max_by_key(|(_, blanks)| *blanks);
        free = most.map(|(printer, blanks)| FreeBlanks { printer: printer.to_owned(), blanks });
        reserved = reserved_blanks(engine, facts, printers, blank_type);
    }
    NoBlanks { printers: names, blank_type: blank_type.to_owned(), hopper, vault, free, reserved }
}

/// The blanks of this type that a batch has reserved: the most that a printer does not print without a person, otherwise the
/// most of all.
fn reserved_blanks(
    engine: &Engine,
    facts: &Facts,
    printers: &[PrinterLine],
    blank_type: &str,
) -> Option<ReservedBlanks> {
    let reserved = facts.batches.iter().filter_map(|batch| {
        let printer = printers.iter().find(|printer| printer.name == batch.printer)?;
        let is_same = engine.profile(&batch.profile).is_ok_and(|profile| profile.blank_type == blank_type);
        let obstacle = obstacle(printer);
        let (batch, printer, blanks) = (batch.id, batch.printer.clone(), batch.open);
        (is_same && blanks > 0).then_some(ReservedBlanks { batch, printer, blanks, obstacle })
    });
    reserved.max_by_key(|reserved| (reserved.obstacle.is_some(), reserved.blanks))
}

/// Why a printer does not print its batch until a person acts.
fn obstacle(printer: &PrinterLine) -> Option<Standing> {
    match (&printer.standing, printer.state.as_str()) {
        (Standing::Paused { .. } | Standing::AwaitsApproval { .. } | Standing::ProfileBroken, _) => {
            Some(printer.standing.clone())
        }
        (Standing::TrayFull | Standing::RibbonUsedUp | Standing::CleaningDue, _) => Some(printer.standing.clone()),
        _ if printer.breaker == Breaker::Locked => Some(Standing::BreakerLocked),
        (_, "stopped") => Some(Standing::Stopped),
        (_, "unreachable") => Some(Standing::Unreachable),
        _ => None,
    }
}

fn needs_of(printer: &PrinterLine) -> Vec<NeedKind> {
    let name = || printer.name.clone();
    let mut needs = Vec::new();
    if printer.breaker == Breaker::Locked {
        needs.push(NeedKind::PrinterLocked { printer: name() });
    }
    let is_over = |advice: &Advice| printer.declared_over.contains(&advice.keyword);
    // A printer that prints goes on although it still gives such a reason; one that does not still needs a person.
    let is_down = matches!(&*printer.state, "stopped" | "unreachable");
    let must_print = is_down && printer.standing != Standing::NothingWaits;
    let asks = |advice: &&Advice| advice.stops_feeding && advice.who != Who::Nobody && (must_print || !is_over(advice));
    let mut told = Vec::new();
    for advice in printer.advice.iter().filter(asks) {
        // `media-empty` and `media-needed` are one task.
        if !told.contains(&&advice.action) {
            told.push(&advice.action);
            let declared_over = is_over(advice);
            needs.push(NeedKind::PrinterReason { printer: name(), advice: advice.clone(), declared_over });
        }
    }
    if printer.state == "stopped" && !printer.advice.iter().any(|advice| advice.stops_feeding) {
        needs.push(NeedKind::PrinterStopped { printer: name() });
    }
    needs.extend(limit_need(printer));
    needs
}

/// The limit of a printer that a person must see to before it prints its next card.
fn limit_need(printer: &PrinterLine) -> Option<NeedKind> {
    let name = printer.name.clone();
    match printer.beneath.as_ref().unwrap_or(&printer.standing) {
        Standing::TrayFull => Some(NeedKind::TrayFull { printer: name }),
        Standing::RibbonUsedUp => {
            let cards = printer.limits.ribbon_cards().unwrap_or(0);
            Some(NeedKind::RibbonUsedUp { printer: name, cards })
        }
        Standing::CleaningDue => Some(NeedKind::CleaningDue { printer: name }),
        Standing::Printing
        | Standing::Ready
        | Standing::InstanceInDoubt
        | Standing::ClockBehind
        | Standing::Paused { .. }
        | Standing::ProfileBroken
        | Standing::NothingWaits
        | Standing::PersonsRekeyed
        | Standing::NoBlanks { .. }
        | Standing::Rests { .. }
        | Standing::AwaitsApproval { .. }
        | Standing::NoScheduler
        | Standing::SettingsWrong
        | Standing::WindowClosed { .. }
        | Standing::BreakerLocked
        | Standing::Stopped
        | Standing::Unreachable
        | Standing::HiddenByCount { .. } => None,
    }
}
