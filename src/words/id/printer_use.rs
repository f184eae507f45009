//! What keeps a printer in use.

use crate::domain::refusal::PrinterUse;

/// A printer that cannot be removed or changed.
pub(super) fn in_use(printer: &str, by: &PrinterUse) -> String {
    let what = match by {
        PrinterUse::Batch(batch) => format!("ada kelompok cetak {batch}"),
        PrinterUse::Attempt => "ada upaya cetak yang masih berjalan".into(),
        PrinterUse::UncertainAttempts => "ada upaya cetak yang hasilnya tak pasti".into(),
        PrinterUse::UnknownJobs => "ada pekerjaan yang tidak dikenal basis data".into(),
        PrinterUse::Blanks(left) => format!("ada {left} keping blangko di wadahnya"),
    };
    format!("printer `{printer}` sedang dipakai: {what}")
}
