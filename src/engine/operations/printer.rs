//! Printers: added, queried, cleared, removed.

use std::{sync::Arc, time::Duration};

pub use cetak_driver_api::{Capabilities, Caution, PrinterStatus, Supply};
use cetak_driver_api::{DriverError, PrinterDriver};
use serde::{Deserialize, Serialize};

use super::{act::Act, address::is_same_address, approval::Approval, counted_place::refuse_counted_hopper};
use crate::{
    domain::{
        audit::Event,
        breaker::Breaker,
        objection::Objection,
        pause::PauseScope,
        pending::Target,
        permission::{Operation, Permit},
        printer::{PRINTERS_MAX, Printer, plain_uri},
        printer_reason,
        reason::Reason,
        refusal::{PrinterUse, Refusal},
        value::{HopperCapacity, Note, PrinterName},
    },
    engine::{
        Engine, EngineError,
        printing::{
            suitability::{identity, lasting},
            verdict,
        },
        sent_elsewhere,
    },
    store::Tx,
};

pub use crate::engine::printing::suitability::objections;

/// How long the up-time of a printer that is added is watched.
const UP_TIME_WATCH: Duration = Duration::from_millis(2_200);

pub(super) fn no_printer(name: &str) -> Refusal {
    Refusal::NoPrinter { printer: name.to_owned() }
}

/// What a printer said when it was asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    /// What it is.
    Answered(Box<Capabilities>),
    /// It does not answer, for this reason.
    Silent(Reason),
}

/// Adds a printer, and says what it is. A printer that does not answer is added too, and asked again when the scheduler
/// starts; a printer with objections is refused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AddPrinter {
    /// The name that people use.
    pub name: PrinterName,
    /// Its address.
    pub uri: String,
    /// The profile whose cards it prints.
    pub profile: String,
    /// How many blanks its hopper takes, where hoppers are counted.
    pub hopper: Option<HopperCapacity>,
}

impl Act for AddPrinter {
    type Answer = Probe;
    const OPERATION: Operation = Operation::PrinterManage;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Probe, EngineError> {
        self.add(engine, permit.covers(Self::OPERATION)?, None).await
    }
}

/// Adds a printer in spite of its objections. Refused if it does not answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AddObjectedPrinter {
    /// The printer.
    pub printer: AddPrinter,
    /// Why the objections are overridden; kept with the printer.
    pub note: Note,
}

impl Act for AddObjectedPrinter {
    type Answer = Probe;
    const OPERATION: Operation = Operation::PrinterAddObjected;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Probe, EngineError> {
        self.printer.add(engine, permit.covers(Self::OPERATION)?, Some(&self.note)).await
    }
}

impl AddObjectedPrinter {
    /// The objections of the printer, asked now. Refused if it does not answer: two people cannot override what is unknown.
    pub(super) async fn ask(&self, engine: &Engine) -> Result<Vec<Objection>, EngineError> {
        let AddPrinter { name, uri, profile, .. } = &self.printer;
        engine.profile(profile)?;
        match driver(engine, name.as_str(), uri)?.probe().await {
            Ok(found) => {
                objections_to_adding(engine, &mut engine.store.read().await?, (name.as_str(), profile), &found).await
            }
            Err(fault) => Err(no_answer(name.as_str(), uri, &fault)),
        }
    }

    /// The printer, which must not be there; the version is what is objected.
    pub(super) async fn target(
        &self,
        engine: &Engine,
        tx: &mut Tx,
        objections: &[Objection],
    ) -> Result<Target, EngineError> {
        engine.profile(&self.printer.profile)?;
        self.printer.refuse_known(tx).await?;
        // Cannot fail: an objection is texts and numbers.
        let version = serde_json::to_string(objections).unwrap_or_default();
        Ok(Target { name: subject(self.printer.name.as_str()), version, record: None })
    }

    pub(super) async fn apply(
        &self,
        engine: &Engine,
        tx: &mut Tx,
        objections: &[Objection],
        approval: Approval<'_>,
    ) -> Result<(), EngineError> {
        engine.profile(&self.printer.profile)?;
        self.printer.insert(tx, Some((&self.note, objections, approval))).await
    }
}

/// What speaks against a printer that is to be added. Its device may be there already under an address that looks
/// different.
pub(super) async fn objections_to_adding(
    engine: &Engine,
    tx: &mut Tx,
    (name, profile): (&str, &str),
    found: &Capabilities,
) -> Result<Vec<Objection>, EngineError> {
    let mut objections = objections(engine, profile, found);
    if found.identity.is_some() {
        let printers = tx.printer_list().await?;
        let same = printers.into_iter().find(|printer| printer.name != name && identity(printer) == found.identity);
        objections.extend(same.map(|printer| Objection::SameDevice { printer: printer.name }));
    }
    Ok(objections)
}

impl AddPrinter {
    async fn add(
        &self,
        engine: &Engine,
        permit: &Permit,
        override_reason: Option<&Note>,
    ) -> Result<Probe, EngineError> {
        let Self { name, uri, profile, .. } = self;
        engine.profile(profile)?;
        self.refuse_known(&mut engine.store.read().await?).await?;
        let found = probed(engine, name.as_str(), uri).await?;
        if let (Err(fault), Some(_)) = (&found, override_reason) {
            return Err(no_answer(name.as_str(), uri, fault)); // what is unknown cannot be overridden
        }
        let mut tx = engine.write(permit).await?;
        self.refuse_known(&mut tx).await?;
        let objections = match &found {
            Ok(found) => objections_to_adding(engine, &mut tx, (name.as_str(), profile), found).await?,
            Err(_) => Vec::new(),
        };
        if override_reason.is_none() && !objections.is_empty() {
            return Err(Refusal::PrinterObjections { printer: name.to_string(), objections, added: false }.into());
        }
        self.insert(&mut tx, override_reason.map(|note| (note, &*objections, Approval::Alone))).await?;
        if let Some(capabilities) = found.as_ref().ok().and_then(lasting) {
            tx.printers_probed(&[(name.as_str(), &capabilities)]).await?;
        }
        let probe = match found {
            Ok(capabilities) => Probe::Answered(Box::new(capabilities)),
            Err(fault) => Probe::Silent(verdict::reason_of(&fault)),
        };
        tx.commit_with(&probe).await?;
        Ok(probe)
    }

    /// Refuses a name or an address that a printer has.
    async fn refuse_known(&self, tx: &mut Tx) -> Result<(), EngineError> {
        let printers = tx.printer_list().await?;
        if printers.iter().any(|printer| printer.name == self.name.as_str()) {
            return Err(Refusal::PrinterExists { printer: self.name.to_string() }.into());
        }
        if printers.len() >= PRINTERS_MAX {
            return Err(Refusal::TooManyPrinters { most: PRINTERS_MAX }.into());
        }
        match printers.into_iter().find(|printer| is_same_address(&printer.uri, &self.uri)) {
            Some(same) => Err(Refusal::AddressTaken { printer: same.name }.into()),
            None => Ok(()),
        }
    }

    /// Saves the printer; with `overridden`, the reason for overriding objections, these, and the approval. Without
    /// objections there is nothing to override: the reason is not kept, so later objections stop the printer.
    async fn insert(
        &self,
        tx: &mut Tx,
        overridden: Option<(&Note, &[Objection], Approval<'_>)>,
    ) -> Result<(), EngineError> {
        let Self { name, uri, profile, hopper } = self;
        let (name, hopper) = (name.as_str(), hopper.map(HopperCapacity::get));
        let overridden = overridden.filter(|(_, objections, _)| !objections.is_empty());
        let why = overridden.map(|(note, ..)| note.as_str());
        if !tx.printer_add(name, uri, profile, hopper, why).await? {
            return Err(Refusal::PrinterExists { printer: name.to_owned() }.into());
        }
        let mut event = Event::new("printer.added", subject(name)).with("uri", plain_uri(uri)).with("profile", profile);
        if let Some(hopper) = hopper {
            event = event.with("hopper", hopper);
        }
        if let Some((why, objections, approval)) = overridden {
            event = approval.mark(event.with("override_reason", why).against(objections.to_vec()));
        }
        tx.audit(event);
        Ok(())
    }
}

/// Asks the device at an address what it is.
pub(super) async fn probed(
    engine: &Engine,
    name: &str,
    uri: &str,
) -> Result<Result<Capabilities, DriverError>, EngineError> {
    let driver = driver(engine, name, uri)?;
    let mut found = driver.probe().await;
    if found.as_ref().is_ok_and(|found| found.up_time_s.is_some()) {
        // The same driver can tell then whether the up-time counts seconds.
        engine.clock.sleep(UP_TIME_WATCH).await;
        found = driver.probe().await;
    }
    Ok(found)
}

pub(super) fn driver(engine: &Engine, name: &str, uri: &str) -> Result<Arc<dyn PrinterDriver>, EngineError> {
    (engine.drivers)(name, uri).map_err(|detail| Refusal::PrinterSetup { printer: name.to_owned(), detail }.into())
}

pub(super) fn subject(name: &str) -> String {
    format!("printer {name}")
}

/// A database's address without user, password and options.
pub fn plain_database(url: &str) -> String {
    // A password that is not percent-encoded may have any of these letters: what follows the last `@` is the host.
    let Some((scheme, rest)) = url.split_once("://") else { return "a database's address".to_owned() };
    let rest = without_parameters(rest);
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{}", host.split(['?', '#']).next().unwrap_or_default())
}

/// The address of a database with its user and without its password, as it belongs into the settings.
pub(super) fn database_with_user(url: &str) -> String {
    let plain = plain_database(url);
    let user = url.split_once("://").and_then(|(_, rest)| without_parameters(rest).rsplit_once('@'));
    let user = user.and_then(|(user, _)| user.split(':').next()).filter(|user| !user.is_empty());
    match (user, plain.split_once("://")) {
        (Some(user), Some((scheme, host))) => format!("{scheme}://{user}@{host}"),
        (None, _) | (_, None) => plain,
    }
}

/// An address up to its parameters, if one of them is a password: that may have an `@` too.
fn without_parameters(rest: &str) -> &str {
    let secret = rest.find("password=").map(|at| rest[..at].rfind('?').unwrap_or(at));
    secret.map_or(rest, |end| &rest[..end])
}

/// Takes a printer out of use: only when it has no batch, no open attempt and an empty hopper.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RemovePrinter {
    /// The printer.
    pub printer: String,
}

impl Act for RemovePrinter {
    type Answer = ();
    const OPERATION: Operation = Operation::PrinterManage;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let name = self.printer.as_str();
        let Some(printer) = tx.printer_get(name).await? else { return Err(no_printer(name).into()) };
        refuse_counted_hopper(&mut tx, &printer.name).await?;
        refuse_in_use(&mut tx, &printer.name).await?;
        tx.printer_remove(name).await?;
        tx.pause_end(&PauseScope::Printer(name.to_owned())).await?;
        tx.audit(Event::new("printer.removed", subject(name)));
        Ok(tx.commit().await?)
    }
}

/// Refuses to remove a printer, or to put another one in its place, while it is in use: only when it has no batch, no open or
/// uncertain attempt, no unknown jobs and an empty hopper.
pub(super) async fn refuse_in_use(tx: &mut Tx, name: &str) -> Result<(), EngineError> {
    let in_use = |by: PrinterUse| Err(Refusal::PrinterInUse { printer: name.to_owned(), by }.into());
    if let Some(batch) = tx.batch_open(name).await? {
        return in_use(PrinterUse::Batch(batch.id));
    }
    if !tx.attempts_open(&[name]).await?.is_empty() {
        return in_use(PrinterUse::Attempt);
    }
    let (open, uncertain) = tx.test_cards_unsettled(name).await?;
    if open > 0 {
        return in_use(PrinterUse::Attempt);
    }
    if uncertain > 0 || tx.printer_has_uncertain(name).await? {
        return in_use(PrinterUse::UncertainAttempts);
    }
    if tx.unknown_jobs_count(name).await? > 0 {
        return in_use(PrinterUse::UnknownJobs);
    }
    match tx.hopper_blanks(name).await? {
        0 => Ok(()),
        left => in_use(PrinterUse::Blanks(left)),
    }
}

/// A person confirms that the printer works: its breaker closes, and the state reasons that it still reports are acknowledged
/// until they disappear. The jobs at the printer that the database does not know, as far as the scheduler has seen them, are
/// accepted, and the records that they are of are held.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ClearPrinter {
    /// The printer.
    pub printer: String,
    /// Why.
    pub note: Note,
}

/// What a printer that was cleared still reported when it was last seen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cleared {
    /// Its state: `unknown`, `idle`, `processing`, `stopped`, `unreachable`. One that is stopped goes on when its cause is removed.
    #[schemars(extend("enum" = ["unknown", "idle", "processing", "stopped", "unreachable"]))]
    pub state: String,
    /// The reasons that were acknowledged.
    pub still_reports: Vec<String>,
}

impl Act for ClearPrinter {
    type Answer = Cleared;
    const OPERATION: Operation = Operation::PrinterCare;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Cleared, EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let name = self.printer.as_str();
        let Some(printer) = tx.printer_get(name).await? else { return Err(no_printer(name).into()) };
        tx.printer_breaker(name, printer.breaker, Breaker::Closed, 0).await?;
        // Also reasons that normally disappear by themselves: after a crash, CUPS reports an open cover permanently.
        let mut acknowledged = printer_reason::stopping(&printer.reasons, &[]);
        // The accepted jobs are known from now on, so that the reason disappears; other jobs are not accepted with them.
        acknowledged.retain(|reason| reason != printer_reason::UNKNOWN_JOBS);
        tx.printer_acknowledge(name, &acknowledged).await?;
        sent_elsewhere::hold_all(engine, &mut tx, name).await?;
        let accepted = tx.unknown_jobs_accept(name).await?;
        let mut event = Event::new("printer.cleared", subject(name)).with("was", printer.breaker.as_str());
        if !acknowledged.is_empty() {
            event = event.with("overridden", acknowledged.join(","));
        }
        if accepted > 0 {
            event = event.with("accepted_jobs", accepted);
        }
        tx.audit(event.with("note", self.note));
        let cleared = Cleared { state: printer.state, still_reports: acknowledged };
        tx.commit_with(&cleared).await?;
        Ok(cleared)
    }
}

/// What a printer says of itself. Sends nothing that could print.
pub async fn printer_probe(
    engine: &Engine,
    name: &str,
) -> Result<(Printer, Result<(Capabilities, PrinterStatus), DriverError>), EngineError> {
    let found = engine.store.read().await?.printer_get(name).await?;
    let Some(printer) = found else { return Err(no_printer(name).into()) };
    let driver = driver(engine, name, &printer.uri)?;
    let answer = async { Ok((driver.probe().await?, driver.status().await?)) }.await;
    Ok((printer, answer))
}

/// A printer's failure to answer as a refusal.
pub fn does_not_answer(printer: &Printer, fault: &DriverError) -> EngineError {
    no_answer(&printer.name, &printer.uri, fault)
}

pub(super) fn no_answer(name: &str, uri: &str, fault: &DriverError) -> EngineError {
    let unreachable = |reason: &String| reason == "connecting-to-device";
    let (printer, address) = (name.to_owned(), plain_uri(uri));
    if matches!(fault, DriverError::Unavailable { reasons } if reasons.iter().any(unreachable)) {
        return Refusal::PrinterUnreachable { printer, address }.into();
    }
    Refusal::PrinterFailed { printer, address, detail: fault.to_string() }.into()
}
