//! The limits of a printer: its worker counts what they leave, begins and ends its rests, and puts on record what stops its feeding.

use cetak_driver_api::Supply;

use super::services::Services;
use crate::{
    domain::{
        halt::Halt,
        printer::Printer,
        printer_reason::{Task, advise},
        supply::Supplies,
    },
    store::StoreError,
};

/// Whether a printer has blanks, as far as its worker knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::engine) enum Blanks {
    /// It has, or no record waits for one.
    Enough,
    /// It has none, and records wait.
    Lacking,
    /// Not looked for since.
    AsBefore,
}

/// Begins and ends rests, and puts on record what stops the feeding. False: the counts were changed meanwhile.
pub(super) async fn count(services: &Services, printer: &mut Printer, blanks: Blanks) -> Result<bool, StoreError> {
    let (now, before) = (services.now(), printer.supplies);
    let lacking = match blanks {
        Blanks::Enough => None,
        Blanks::Lacking => Some(Halt::without_blanks(printer.hopper.is_some())),
        Blanks::AsBefore => before.counts.halt.filter(|halt| halt.is_of_blanks()),
    };
    let after = before.advanced(0, now).unwrap_or(before).halted(lacking, now);
    save(services, printer, (after != before).then_some(after)).await
}

/// Counts the ribbon by the level that its printer reports, that of the one that ends first. False: the counts were changed meanwhile.
pub(super) async fn count_ribbon(
    services: &Services,
    printer: &mut Printer,
    supplies: &[Supply],
) -> Result<bool, StoreError> {
    let level = supplies.iter().filter(|supply| supply.is_ribbon()).filter_map(|supply| supply.level_percent).min();
    save(services, printer, level.and_then(|level| printer.supplies.reported(level))).await
}

/// Counts another ribbon once a printer that asked for one can print again.
pub(super) async fn count_another_ribbon(
    services: &Services,
    printer: &mut Printer,
    (state, reasons): (&str, &[String]),
) -> Result<(), StoreError> {
    let asks = |reasons: &[String]| reasons.iter().any(|reason| advise(reason).action == Task::ChangeRibbon);
    let can_print = matches!(state, "idle" | "processing");
    if can_print && asks(&printer.reasons) && !asks(reasons) {
        save(services, printer, printer.supplies.another_ribbon()).await?;
    }
    Ok(())
}

async fn save(services: &Services, printer: &mut Printer, after: Option<Supplies>) -> Result<bool, StoreError> {
    let Some(after) = after else { return Ok(true) };
    let is_saved = services.commits.count_supplies(&printer.name, printer.supplies, after).await?;
    if is_saved {
        printer.supplies = after;
    }
    Ok(is_saved)
}
