//! What the roles of a person allow, so that a page offers only that. The engine asks again for each act.

use std::collections::BTreeSet;

use crate::{
    domain::{
        actor::Role,
        permission::{Operation, RIGHTS, Right},
    },
    web::route::Sort,
};

/// Whether one of the roles has a right.
fn has(roles: &BTreeSet<Role>, operation: Operation, is_enough: impl Fn(Right) -> bool) -> bool {
    with(operation, is_enough).iter().any(|role| roles.contains(role))
}

/// The roles that have a right.
fn with(operation: Operation, is_enough: impl Fn(Right) -> bool) -> Vec<Role> {
    let rights = RIGHTS.iter().find(|(known, _)| *known == operation).map(|(_, rights)| *rights);
    let rights = rights.into_iter().flatten();
    Role::ALL.into_iter().zip(rights).filter(|(_, right)| is_enough(*right)).map(|(role, _)| role).collect()
}

fn suffices(sort: Sort, right: Right) -> bool {
    match sort {
        Sort::Act => matches!(right, Right::Do | Right::Own),
        Sort::Request => matches!(right, Right::Ask | Right::AskOrConfirm),
        Sort::Query => right != Right::No,
        Sort::Decision => matches!(right, Right::Confirm | Right::AskOrConfirm),
    }
}

/// Whether the roles allow an operation, of this sort.
pub(super) fn allow(roles: &BTreeSet<Role>, operation: Operation, sort: Sort) -> bool {
    has(roles, operation, |right| suffices(sort, right))
}

/// The roles that allow an operation, of this sort.
pub(super) fn roles_with(operation: Operation, sort: Sort) -> Vec<Role> {
    with(operation, |right| suffices(sort, right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_offers_what_the_table_allows() {
        let operator = BTreeSet::from([Role::Operator]);
        assert!(allow(&operator, Operation::Pause, Sort::Act));
        assert!(!allow(&operator, Operation::ResumeQueue, Sort::Act));
        assert!(!allow(&operator, Operation::RecordChange, Sort::Act));
        assert!(allow(&operator, Operation::RecordChange, Sort::Request));
        assert!(!allow(&operator, Operation::RecordChange, Sort::Decision));
        assert!(allow(&operator, Operation::BoardRead, Sort::Query));
        assert_eq!(roles_with(Operation::ResumeQueue, Sort::Act), [Role::Supervisor]);
    }
}
