//! What happens after the cause of a printer's reason was removed.

use crate::domain::printer_reason::Resumes;

/// When printing goes on.
pub fn resumes(resumes: Resumes) -> &'static str {
    match resumes {
        Resumes::PrintsOn => "it prints on meanwhile",
        Resumes::ByItself => "it goes on by itself",
        Resumes::WithTheNextCard => {
            "the next card starts when the printer no longer reports it, or after `cetak printer clear`"
        }
        Resumes::WhenCleared => "it goes on after `cetak printer clear`",
    }
}
