//! The limits of a printer: its worker counts what they leave, and begins and ends its rests.

use cetak_driver_api::Supply;

use super::services::Services;
use crate::{
    domain::{
        printer::Printer,
        printer_reason::{Task, advise},
        supply::Supplies,
    },
    store::StoreError,
};

/// Begins and ends rests. False: the counts were changed meanwhile.
pub(super) async fn count(services: &Services, printer: &mut Printer) -> Result<bool, StoreError> {
    save(services, printer, printer.supplies.advanced(0, services.now())).await
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
