//! The names of the operations of the permission table.

use super::number::thousands;
use crate::{
    domain::{permission::Operation, value::Quantity},
    engine::operations::TwoPersonAct,
};

/// What a person reads for an operation.
pub fn operation(operation: Operation) -> &'static str {
    match operation {
        Operation::Pause => "pausing the queue, a printer or a batch",
        Operation::Resume => "resuming a printer or a batch",
        Operation::ResumeQueue => "resuming the queue",
        Operation::RecordHold => "holding records",
        Operation::RecordRelease => "releasing records or putting them first",
        Operation::RecordChange => "withdrawal, restoring or duplicate of a record",
        Operation::RecordReleaseDuplicate => "releasing a record against a warning of a duplicate",
        Operation::RecordSearch => "searching for records and seeing personal data",
        Operation::CardPreview => "seeing the preview or photo of a card",
        Operation::CardCheck => "checking or rejecting cards",
        Operation::CardHandOver => "handing over cards",
        Operation::CardSend => "sending cards to districts",
        Operation::HandOverCorrect => "hand-over undone",
        Operation::InspectionFound => "inspection with a card",
        Operation::InspectionNothing => "inspection without a card",
        Operation::AttemptDeclare => "declaring an attempt uncertain",
        Operation::ReprintAsk => "asking for a reprint",
        Operation::ReprintApprove => "reprint",
        Operation::ReprintRefuse => "refusing a reprint",
        Operation::Batch => "approving or cancelling a batch",
        Operation::Import => "importing a waiting list",
        Operation::ImportAccept => "accepting an import that was stopped",
        Operation::ImportUndo => "import undone",
        Operation::BlanksReceive => "receiving blanks",
        Operation::HopperLoad => "loading or unloading a hopper",
        Operation::CountOpen => "opening a count",
        Operation::CountEnter => "entering a count",
        Operation::CountBook => "booking of a count",
        Operation::StockRemove => "destruction, loan, return or reversal of blanks",
        Operation::PrinterCare => "clearing, asking or testing a printer",
        Operation::PrinterManage => "adding, changing or removing a printer",
        Operation::PrinterAddObjected => "printer against objections",
        Operation::SourcePause => "pausing or resuming a source",
        Operation::SourceRewind => "rewinding a source",
        Operation::SettingsChange => "changing profiles, mappings or settings",
        Operation::DayClose => "closing a day",
        Operation::DatabaseAdopt => "adoption of a copied or restored database",
        Operation::DatabaseCare => "backup, archive and tokens",
        Operation::DatabaseMove => "moving the database or changing its key",
        Operation::AuditSeal => "seeing jumps, or sealing, verifying or exporting the audit",
        Operation::BoardRead => "seeing the board and the lists",
        Operation::ReportRead => "seeing the stock and reports",
        Operation::AccountManage => "managing accounts and sessions",
        Operation::RoleGive => "role of an account",
    }
}

/// An operation in words, with the name that roles and scopes have for it.
pub(super) fn named(of: Operation) -> String {
    format!("{} (`{}`)", operation(of), of.as_str())
}

/// Which act on blanks it is, and on how many; `None` if it is another act, which its operation names well enough.
pub fn act_on_blanks(act: &TwoPersonAct) -> Option<String> {
    let of = |what: &str, quantity: Quantity| Some(format!("{what} of {} blanks", thousands(quantity.get())));
    match act {
        TwoPersonAct::DestroyBlanks(act) => of("destruction", act.quantity),
        TwoPersonAct::LendBlanks(act) => of("loan", act.quantity),
        TwoPersonAct::TakeBackBlanks(act) => of("return", act.quantity),
        TwoPersonAct::ReverseDelivery(act) => {
            Some(format!("reversal of delivery {}, of which {} came", act.movement, thousands(act.delivered.get())))
        }
        TwoPersonAct::Reprint(_)
        | TwoPersonAct::ResolveNothing(_)
        | TwoPersonAct::BookCount(_)
        | TwoPersonAct::WithdrawRecord(_)
        | TwoPersonAct::RestoreRecord(_)
        | TwoPersonAct::ResolveDuplicate(_)
        | TwoPersonAct::ChangeMatching(_)
        | TwoPersonAct::UndoImport(_)
        | TwoPersonAct::CorrectHandOver(_)
        | TwoPersonAct::AddObjectedPrinter(_)
        | TwoPersonAct::SetObjectedPrinter(_)
        | TwoPersonAct::AdoptDatabase(_)
        | TwoPersonAct::GiveRole(_) => None,
    }
}

/// The kinds of acts that two people do, by their names in JSON.
const KINDS: [(&str, &str); 17] = [
    ("reprint", "reprint"),
    ("resolve-nothing", "inspection without a card"),
    ("book-count", "booking of a count"),
    ("destroy-blanks", "destruction of blanks"),
    ("lend-blanks", "loan of blanks"),
    ("take-back-blanks", "return of blanks"),
    ("reverse-delivery", "reversal of a delivery"),
    ("withdraw-record", "withdrawal of a record"),
    ("restore-record", "restoring of a record"),
    ("resolve-duplicate", "duplicate of a record"),
    ("change-matching", "withdrawal or restoring of all records that match"),
    ("undo-import", "import undone"),
    ("correct-hand-over", "hand-over undone"),
    ("add-objected-printer", "printer added against objections"),
    ("set-objected-printer", "printer changed against objections"),
    ("adopt-database", "adoption of a copied or restored database"),
    ("give-role", "role of an account"),
];

/// What a person reads for the kind of an act.
pub fn act_kind(kind: &str) -> &str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or(kind, |(_, name)| name)
}

/// The word for an act that waits for its second person: `warrant 3`, `act 4`.
pub(super) fn act_noun(operation: Operation) -> &'static str {
    if operation == Operation::ReprintApprove { "warrant" } else { "act" }
}

#[cfg(test)]
mod tests {
    use crate::engine::operations::TwoPersonAct;

    #[test]
    fn every_kind_of_act_has_words() {
        let kebab = |name: &str| {
            let spaced =
                name.chars().map(|c| if c.is_uppercase() { format!("-{}", c.to_lowercase()) } else { c.into() });
            spaced.collect::<String>().trim_start_matches('-').to_owned()
        };
        let named: Vec<String> = TwoPersonAct::NAMES.iter().copied().map(kebab).collect();
        assert_eq!(named, super::KINDS.map(|(kind, _)| kind));
    }
}
