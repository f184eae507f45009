//! Changes a printer's address, profile or hopper.

use cetak_driver_api::Capabilities;
use serde::{Deserialize, Serialize};

use super::{
    act::Act,
    address::is_same_address,
    printer::{Probe, no_printer, objections_to_adding, plain_uri, probed, refuse_in_use, subject},
};
use crate::{
    domain::{
        audit::Event,
        permission::{Operation, Permit},
        printer::Printer,
        refusal::Refusal,
        value::HopperCapacity,
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

/// Changes a printer's address, profile or hopper; what is `None` stays. The device is asked what it is, as one that is added.
///
/// Another device, or another profile, is like another printer: it is refused while the printer is in use. A device is the same if
/// it has the same `printer-uuid`, or the same host, port and path; its open attempts are asked about at the new address.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
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
        permit.covers(Self::OPERATION)?;
        let name = self.printer.as_str();
        let before = self.read(&mut engine.store.read().await?).await?;
        let after = self.after(&before);
        engine.profile(&after.profile)?;
        let is_moved = before.uri != after.uri;
        if settings(&before) == settings(&after) {
            return Err(Refusal::PrinterUnchanged { printer: name.to_owned() }.into());
        }
        let found = if is_moved || before.profile != after.profile {
            Some(probed(engine, name, &after.uri).await?)
        } else {
            None
        };
        let answered = found.as_ref().and_then(|found| found.as_ref().ok());
        let mut tx = engine.write(permit).await?;
        if settings(&self.read(&mut tx).await?) != settings(&before) {
            return Err(StoreError::Conflict("the printer").into());
        }
        refuse_taken(&mut tx, &after).await?;
        let is_same_device = !is_moved
            || is_same_address(&before.uri, &after.uri)
            || answered.is_some_and(|found| has_identity_of(&before, found));
        if !is_same_device || before.profile != after.profile {
            refuse_in_use(&mut tx, &before.name).await?;
        }
        refuse_hopper(&mut tx, &before, after.hopper).await?;
        let keeps_override = is_same_device && before.profile == after.profile;
        let is_overridden = keeps_override && before.override_reason.is_some();
        if let Some(found) = answered.filter(|_| !is_overridden) {
            refuse_objected(engine, &mut tx, &after, found).await?;
        }
        tx.printer_set(&after, keeps_override).await?;
        if !is_same_device {
            tx.printer_replaced(name).await?;
        }
        if let Some(capabilities) = answered.and_then(lasting) {
            tx.printers_probed(&[(name, &capabilities)]).await?;
        }
        tx.audit(event(&before, &after, is_same_device));
        tx.commit().await?;
        Ok(found.map(|found| match found {
            Ok(capabilities) => Probe::Answered(Box::new(capabilities)),
            Err(fault) => Probe::Silent(verdict::reason_of(&fault)),
        }))
    }
}

impl SetPrinter {
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

/// Refuses a device that cannot be trusted with cards of the profile. Objections are overridden only when a printer is added.
async fn refuse_objected(
    engine: &Engine,
    tx: &mut Tx,
    after: &Printer,
    found: &Capabilities,
) -> Result<(), EngineError> {
    let objections = objections_to_adding(engine, tx, (&after.name, &after.profile), found).await?;
    if objections.is_empty() {
        return Ok(());
    }
    Err(Refusal::PrinterObjections { printer: after.name.clone(), objections, added: true }.into())
}

/// Refuses a capacity below what the hopper holds. Whether it is counted changes only while no blank has its place there, and none may
/// return there from an uncertain card.
async fn refuse_hopper(tx: &mut Tx, before: &Printer, hopper: Option<i64>) -> Result<(), EngineError> {
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
