//! A printer, asked now.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Query};
use crate::{
    domain::{
        objection::Objection,
        permission::Operation,
        printer_reason::{Advice, advise},
        supply::{Left, Limits},
    },
    engine::operations::{Capabilities, PrinterStatus, does_not_answer, objections, printer_probe},
};

/// Asks a printer what it is and how it is. Refused if it does not answer. Sends nothing that could print.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbePrinter {
    /// The printer.
    pub printer: String,
}

/// What a printer says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PrinterReport {
    /// Its name.
    pub name: String,
    /// How it is.
    pub status: PrinterStatus,
    /// What each of its state reasons means, and who must act.
    pub advice: Vec<Advice>,
    /// Those that an operator declared to be over, though the printer still gives them.
    pub declared_over: Vec<String>,
    /// What it is.
    pub capabilities: Capabilities,
    /// Why it cannot be trusted with the cards of its profile.
    pub objections: Vec<Objection>,
    /// Why it is used in spite of objections.
    pub override_reason: Option<String>,
    /// Its limits, as people set them.
    #[serde(default)]
    pub limits: Limits,
    /// What is left of them.
    #[serde(default)]
    pub left: Left,
}

impl Query for ProbePrinter {
    type Answer = PrinterReport;
    const OPERATION: Operation = Operation::PrinterCare;

    async fn read(self, engine: &Engine) -> Result<PrinterReport, EngineError> {
        let (printer, answer) = printer_probe(engine, &self.printer).await?;
        let (capabilities, status) = answer.map_err(|fault| does_not_answer(&printer, &fault))?;
        Ok(PrinterReport {
            advice: status.reasons.iter().map(|reason| advise(reason)).collect(),
            objections: objections(engine, &printer.profile, &capabilities),
            name: printer.name,
            status,
            declared_over: printer.acknowledged_reasons,
            capabilities,
            override_reason: printer.override_reason,
            limits: printer.supplies.limits,
            left: printer.supplies.left(engine.clock.now()),
        })
    }
}
