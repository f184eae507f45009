//! What to do about a broken rule of `cetak db check`.

use crate::engine::query::Remedy;

/// What to do.
pub fn remedy(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::Restore => {
            "keep the files as they are, stop printing, and restore the newest backup that passes `cetak db check`"
        }
        Remedy::Report => "keep the files as they are, and report it to the person who is responsible for the audit",
        Remedy::Recount => {
            "keep the files as they are, pause the queue with `cetak queue pause`, and count the blanks and cards there: \
             the program has a fault, or the database was changed from outside"
        }
        Remedy::ReadHistory => {
            "keep the files as they are, read the history with `cetak record show` or `cetak job show`, and do not print \
             it: the program has a fault, or the database was changed from outside"
        }
        Remedy::ClaimAgain => {
            "run `cetak db recount`, and the records are printed in their turn; the program has a fault, or the database was \
             changed from outside"
        }
        Remedy::IndexNames => {
            "run `cetak db index-names`, and names are found again; the program has a fault, the database was changed from outside, or \
             a card profile has another column of names"
        }
        Remedy::TellSupplies => {
            "look at the ribbon, the output tray and the last cleaning of the printer, and say what is there with `cetak printer \
             supplies`; the program has a fault, or the database was changed from outside"
        }
        Remedy::IgnoreCounts => {
            "do not trust the numbers of `cetak status`; see with `cetak db check --deep` whether a record was changed; if a \
             scheduler of an older version ran, update it, then run `cetak db recount`; otherwise the program has a fault, or the \
             database was changed from outside"
        }
    }
}
