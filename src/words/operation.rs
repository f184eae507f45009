//! The names of the operations that need two people.

use crate::domain::permission::Operation;

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
