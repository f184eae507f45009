//! Changes a printer's address, profile or hopper.

use cetak_driver_api::{Capabilities, DriverError};
use serde::{Deserialize, Serialize};

use super::{
    act::Act,
    address::is_same_address,
    approval::Approval,
    counted_place::refuse_counted_hopper,
    printer::{Probe, no_answer, no_printer, objections_to_adding, probed, refuse_in_use, subject},
};
use crate::{
    domain::{
        audit::Event,
        objection::Objection,
        pending::Target,
        permission::{Operation, Permit},
        printer::{Printer, plain_uri},
        refusal::Refusal,
        value::{HopperCapacity, Note},
    },
    engine::{
        Engine, EngineError,
        printing::{
            suitability::{identity, lasting},
            verdict,
        },
    },
    store::{StoreError, Tx},
};

/// Changes a printer's address, profile or hopper; what is not named stays. The device is asked what it is, as one that is added.
///
/// Another device, or another profile, is like another printer: it is refused while the printer is in use. A device is the same if
/// it has the same `printer-uuid`, or the same host, port and path; its open attempts are asked about at the new address.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SetPrinter {
    /// The printer.
    pub printer: String,
    /// Its address.
    pub uri: Option<String>,
    /// The profile whose cards it prints.
    pub profile: Option<String>,
    /// Its hopper.
    pub hopper: Option<HopperSetting>,
}

/// Whether the blanks in a printer's hopper are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HopperSetting {
    /// They are, and it takes that many.
    Counted(HopperCapacity),
    /// They are not: the printer takes blanks from the vault.
    NotCounted,
}

impl Act for SetPrinter {
    /// What the device is; `None` if only the hopper is changed, for which it is not asked.
    type Answer = Option<Probe>;
    const OPERATION: Operation = Operation::PrinterManage;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Option<Probe>, EngineError> {
        self.set(engine, permit.covers(Self::OPERATION)?, None).await
    }
}

/// Changes a printer in spite of the objections to its new device or profile. Refused if the device does not answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SetObjectedPrinter {
    /// The printer, and its new settings.
    pub setting: SetPrinter,
    /// Why the objections are overridden; kept with the printer.
    pub note: Note,
}

impl Act for SetObjectedPrinter {
    type Answer = Option<Probe>;
    const OPERATION: Operation = Operation::PrinterAddObjected;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Option<Probe>, EngineError> {
        self.setting.set(engine, permit.covers(Self::OPERATION)?, Some(&self.note)).await
    }
}

/// What a device answered before the transaction, and the objections to it.
type Asked<'a> = (Option<&'a Capabilities>, &'a [Objection]);

impl SetObjectedPrinter {
    /// What the device is and the objections to it, asked now. Refused if it does not answer.
    pub(super) async fn ask(&self, engine: &Engine) -> Result<(Option<Capabilities>, Vec<Objection>), EngineError> {
        let setting = &self.setting;
        let before = setting.read(&mut engine.store.read().await?).await?;
        let after = setting.checked(engine, &before)?;
        match setting.ask(engine, &before, &after).await? {
            None => Ok((None, Vec::new())),
            Some(Err(fault)) => Err(no_answer(&after.name, &after.uri, &fault)),
            Some(Ok(found)) => {
                let mut tx = engine.store.read().await?;
                let objections = objections_to_adding(engine, &mut tx, (&after.name, &after.profile), &found).await?;
                Ok((Some(found), objections))
            }
        }
    }

    /// The printer as it is now; the version is its settings and what is objected.
    pub(super) async fn target(&self, tx: &mut Tx, objections: &[Objection]) -> Result<Target, EngineError> {
        let before = self.setting.read(tx).await?;
        // Cannot fail: settings and objections are texts and numbers.
        let version = serde_json::to_string(&(settings(&before), objections)).unwrap_or_default();
        Ok(Target { name: subject(&before.name), version, record: None })
    }

    pub(super) async fn apply(
        &self,
        engine: &Engine,
        tx: &mut Tx,
        asked: Asked<'_>,
        approval: Approval<'_>,
    ) -> Result<(), EngineError> {
        let before = self.setting.read(tx).await?;
        self.setting.checked(engine, &before)?;
        self.setting.apply(tx, &before, asked, Some((&self.note, approval))).await
    }
}

impl SetPrinter {
    async fn set(&self, engine: &Engine, permit: &Permit, note: Option<&Note>) -> Result<Option<Probe>, EngineError> {
        let before = self.read(&mut engine.store.read().await?).await?;
        let after = self.checked(engine, &before)?;
        let found = self.ask(engine, &before, &after).await?;
        if let (Some(Err(fault)), Some(_)) = (&found, note) {
            return Err(no_answer(&after.name, &after.uri, fault)); // what is unknown cannot be overridden
        }
        let answered = found.as_ref().and_then(|found| found.as_ref().ok());
        let mut tx = engine.write(permit).await?;
        let objections = match answered {
            Some(found) => objections_to_adding(engine, &mut tx, (&after.name, &after.profile), found).await?,
            None => Vec::new(),
        };
        self.apply(&mut tx, &before, (answered, &objections), note.map(|note| (note, Approval::Alone))).await?;
        let probe = found.map(|found| match found {
            Ok(capabilities) => Probe::Answered(Box::new(capabilities)),
            Err(fault) => Probe::Silent(verdict::reason_of(&fault)),
        });
        tx.commit_with(&probe).await?;
        Ok(probe)
    }

    /// Asks the device, unless only the hopper is changed.
    async fn ask(
        &self,
        engine: &Engine,
        before: &Printer,
        after: &Printer,
    ) -> Result<Option<Result<Capabilities, DriverError>>, EngineError> {
        if before.uri == after.uri && before.profile == after.profile {
            return Ok(None);
        }
        probed(engine, &after.name, &after.uri).await.map(Some)
    }

    /// The printer with its new settings, which must be others, and of a known profile.
    fn checked(&self, engine: &Engine, before: &Printer) -> Result<Printer, EngineError> {
        let after = self.after(before);
        engine.profile(&after.profile)?;
        if settings(before) == settings(&after) {
            return Err(Refusal::PrinterUnchanged { printer: after.name }.into());
        }
        Ok(after)
    }

    /// Changes the printer if it is as `before`; with `overridden`, in spite of objections.
    async fn apply(
        &self,
        tx: &mut Tx,
        before: &Printer,
        (answered, objections): Asked<'_>,
        overridden: Option<(&Note, Approval<'_>)>,
    ) -> Result<(), EngineError> {
        let after = self.after(before);
        let name = after.name.as_str();
        let Printer { supplies, .. } = match self.read(tx).await? {
            now if settings(&now) == settings(before) => now,
            _ => return Err(StoreError::Conflict("the printer").into()),
        };
        refuse_taken(tx, &after).await?;
        let is_same_device = before.uri == after.uri
            || is_same_address(&before.uri, &after.uri)
            || answered.is_some_and(|found| has_identity_of(before, found));
        if !is_same_device || before.profile != after.profile {
            refuse_counted_hopper(tx, name).await?;
            refuse_in_use(tx, name).await?;
        }
        refuse_hopper(tx, before, after.hopper).await?;
        let kept = before.override_reason.as_deref().filter(|_| is_same_device && before.profile == after.profile);
        let objections: &[Objection] = if kept.is_some() { &[] } else { objections };
        let overridden = overridden.filter(|_| !objections.is_empty());
        if !objections.is_empty() && overridden.is_none() {
            let (printer, objections) = (after.name, objections.to_vec());
            return Err(Refusal::PrinterObjections { printer, objections, added: true }.into());
        }
        let why = overridden.map(|(note, _)| note.as_str());
        tx.printer_set(&after, why.or(kept)).await?;
        if !is_same_device {
            tx.printer_replaced(name).await?;
            let counted = supplies.begun_again();
            if counted != supplies && tx.supplies_count(&[(name, &supplies, &counted)]).await?.is_empty() {
                return Err(StoreError::Conflict("the printer").into());
            }
        }
        if let Some(capabilities) = answered.and_then(lasting) {
            tx.printers_probed(&[(name, &capabilities)]).await?;
        }
        let mut event = event(before, &after, is_same_device);
        if let Some((why, approval)) = overridden {
            event = approval.mark(event.with("override_reason", why).against(objections.to_vec()));
        }
        tx.audit(event);
        Ok(())
    }

    async fn read(&self, tx: &mut Tx) -> Result<Printer, EngineError> {
        let found = tx.printer_get(&self.printer).await?;
        found.ok_or_else(|| no_printer(&self.printer).into())
    }

    /// The printer with its new settings.
    fn after(&self, before: &Printer) -> Printer {
        let hopper = match self.hopper {
            None => before.hopper,
            Some(HopperSetting::Counted(capacity)) => Some(capacity.get()),
            Some(HopperSetting::NotCounted) => None,
        };
        let uri = self.uri.clone().unwrap_or_else(|| before.uri.clone());
        let profile = self.profile.clone().unwrap_or_else(|| before.profile.clone());
        Printer { uri, profile, hopper, ..before.clone() }
    }
}

/// What the act changes.
fn settings(printer: &Printer) -> (&str, &str, Option<i64>) {
    (&printer.uri, &printer.profile, printer.hopper)
}

/// Whether the device that answered has the `printer-uuid` that the printer had.
fn has_identity_of(before: &Printer, found: &Capabilities) -> bool {
    found.identity.is_some() && identity(before) == found.identity
}

/// Refuses the address of another printer.
async fn refuse_taken(tx: &mut Tx, after: &Printer) -> Result<(), EngineError> {
    let is_taken = |other: &Printer| other.name != after.name && is_same_address(&other.uri, &after.uri);
    match tx.printer_list().await?.into_iter().find(is_taken) {
        Some(other) => Err(Refusal::AddressTaken { printer: other.name }.into()),
        None => Ok(()),
    }
}

/// Refuses a capacity below what the hopper holds. Whether it is counted changes only while no blank has its place there, and none may
/// return there from an uncertain card.
async fn refuse_hopper(tx: &mut Tx, before: &Printer, hopper: Option<i64>) -> Result<(), EngineError> {
    if before.hopper != hopper {
        refuse_counted_hopper(tx, &before.name).await?;
    }
    if before.hopper.is_some() != hopper.is_some() {
        refuse_in_use(tx, &before.name).await?;
    }
    let loaded = tx.hopper_blanks(&before.name).await?;
    match hopper {
        Some(capacity) if loaded > capacity => {
            Err(Refusal::HopperHolds { printer: before.name.clone(), capacity, loaded }.into())
        }
        None | Some(_) => Ok(()),
    }
}

/// The old and the new value of each setting that changed. Addresses are without user and password.
fn event(before: &Printer, after: &Printer, is_same_device: bool) -> Event {
    let mut event = Event::new("printer.set", subject(&before.name));
    if before.uri != after.uri {
        event = event.with("uri_was", plain_uri(&before.uri)).with("uri", plain_uri(&after.uri));
        event = event.with("same_device", is_same_device);
    }
    if before.profile != after.profile {
        event = event.with("profile_was", &before.profile).with("profile", &after.profile);
    }
    if before.hopper != after.hopper {
        let text = |hopper: Option<i64>| hopper.map_or_else(|| "not counted".to_owned(), |n| n.to_string());
        event = event.with("hopper_was", text(before.hopper)).with("hopper", text(after.hopper));
    }
    event
}
