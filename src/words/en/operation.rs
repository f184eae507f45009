//! The names of the operations that need two people.

use super::number::thousands;
use crate::{
    domain::{permission::Operation, value::Quantity},
    engine::operations::TwoPersonAct,
};

const NAMES: [(Operation, &str); 9] = [
    (Operation::RecordChange, "withdrawal, restoring or duplicate of a record"),
    (Operation::HandOverCorrect, "hand-over undone"),
    (Operation::InspectionNothing, "inspection without a card"),
    (Operation::ReprintApprove, "reprint"),
    (Operation::CountBook, "count"),
    (Operation::StockRemove, "destruction, loan, return or reversal of blanks"),
    (Operation::PrinterAddObjected, "printer against objections"),
    (Operation::DatabaseAdopt, "adoption of a copied or restored database"),
    (Operation::RoleGive, "role of an account"),
];

/// What a person reads for an operation that needs two people; for another one its stable name.
pub fn operation(operation: Operation) -> &'static str {
    NAMES.iter().find(|(known, _)| *known == operation).map_or(operation.as_str(), |(_, name)| name)
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
        | TwoPersonAct::CountBlanks(_)
        | TwoPersonAct::WithdrawRecord(_)
        | TwoPersonAct::RestoreRecord(_)
        | TwoPersonAct::ResolveDuplicate(_)
        | TwoPersonAct::CorrectHandOver(_)
        | TwoPersonAct::AddObjectedPrinter(_)
        | TwoPersonAct::SetObjectedPrinter(_)
        | TwoPersonAct::AdoptDatabase(_)
        | TwoPersonAct::GiveRole(_) => None,
    }
}

/// The word for an act that waits for its second person: `warrant 3`, `act 4`.
pub(super) fn act_noun(operation: Operation) -> &'static str {
    if operation == Operation::ReprintApprove { "warrant" } else { "act" }
}

#[cfg(test)]
mod tests {
    use crate::engine::operations::TwoPersonAct;

    #[test]
    fn every_operation_that_can_wait_for_its_second_person_has_a_name() {
        for operation in TwoPersonAct::OPERATIONS {
            assert_ne!(super::operation(operation), operation.as_str());
        }
    }
}
