//! A print room in memory and in virtual time: the decisions of the domain over a scenario, from a seed.
//!
//! [`Scenario`] is what is given: printers, hours, stock, deliveries, people's rounds, and how often cards fail. [`run`] lets the domain
//! decide it once; [`Figures`] are the bands of many runs. Two scenarios with the same seed meet the same luck: the fate of a printer's
//! card depends on the seed, the printer's name and the number of the card on it, and on nothing else.

mod chance;
mod fault;
mod figures;
mod list;
mod parallel;
mod preparation;
mod printer;
mod printer_setting;
mod room;
mod run;
mod scenario;
mod script;
mod tally;
#[cfg(test)]
mod tests;

pub use fault::Fault;
pub use figures::{Band, Figures, PrinterFigures, WaitFigures, differences, many};
pub use preparation::{Preparation, Prepared};
pub use printer_setting::{JAM_MINUTES, Printer};
pub use run::{Measure, NightRuns, Standing, TurnOrders, nights, run, traced, typical};
pub use scenario::{Delivery, List, Load, Outage, Pause, Scenario, Staff, Stock, WALK_INS_IN_LIST, WalkIn};
pub use script::{Script, Scripted};
pub use tally::{Activity, PrinterRun, Run, Spent, Traced, TracedAttempt, TracedJob, Waits};
