//! Tests that the table is that of the paper, and what a permit is for.

use std::collections::BTreeSet;

use super::{
    Right::{Ask, AskOrConfirm, Confirm, Do, No, Own, Read},
    *,
};

/// The table of the paper for the offices.
const PAPER: &str = include_str!("README.md");

fn actor(roles: impl IntoIterator<Item = Role>) -> Arc<Actor> {
    let local = Actor::local_administrator("siti".into(), "siti".into(), "host".into());
    Arc::new(Actor { means: Means::Session, roles: BTreeSet::from_iter(roles), authenticated: true, ..local })
}

#[test]
fn every_role_has_the_rights_of_the_table_and_no_others() {
    let mut rows = PAPER.lines().filter(|line| line.starts_with("| `"));
    for (operation, rights) in RIGHTS {
        let row = rows.next().unwrap_or_else(|| panic!("{operation:?} has no row"));
        let cells: Vec<&str> =
            row.trim().trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let word = |right: &Right| match right {
            No => "",
            Read => "r",
            Own => "own",
            Ask => "2",
            Confirm => "c",
            AskOrConfirm => "2 c",
            Do => "●",
        };
        let own: Vec<&str> = std::iter::once(operation.as_str()).chain(rights.iter().map(word)).collect();
        assert_eq!(own, cells);
    }
    assert_eq!(rows.next(), None, "a row is no operation");
}

#[test]
fn an_operation_is_stored_under_its_name_and_stands_in_the_table_once() {
    let mut seen = BTreeSet::new();
    for (operation, _) in RIGHTS {
        let name = serde_json::to_string(operation).unwrap();
        assert_eq!(name, format!("\"{}\"", operation.as_str()));
        assert_eq!(operation.as_str().parse(), Ok(*operation));
        assert!(seen.insert(name), "{operation:?} is there twice");
    }
}

#[test]
fn no_role_has_every_right() {
    for (at, role) in Role::ALL.into_iter().enumerate() {
        let lacks = RIGHTS.iter().any(|(_, rights)| rights[at] == No);
        assert!(lacks, "{role:?} has every right");
    }
}

#[test]
fn a_permit_is_for_what_the_roles_have_and_nothing_else() {
    for (operation, rights) in RIGHTS {
        for (role, right) in Role::ALL.into_iter().zip(rights) {
            let permit = authorize(&actor([role]), *operation);
            let Ok(permit) = permit.clone() else {
                let local = *operation == Operation::DatabaseMove;
                assert!(*right == No || local, "{role:?} {operation:?}");
                continue;
            };
            let seen = (
                permit.covers(*operation).is_ok(),
                permit.covers_own(*operation).is_ok(),
                permit.asks(*operation).is_ok(),
                permit.confirms(*operation).is_ok(),
            );
            let expected = match right {
                No => panic!("{role:?} got a permit for {operation:?}"),
                Read => (false, false, false, false),
                Own => (false, true, false, false),
                Ask => (false, false, true, false),
                Confirm => (false, false, false, true),
                AskOrConfirm => (false, false, true, true),
                Do => (true, true, false, false),
            };
            assert_eq!(seen, expected, "{role:?} {operation:?}");
            let (other, _) = RIGHTS.iter().find(|(other, _)| other != operation).unwrap();
            assert!(permit.covers(*other).is_err() && permit.asks(*other).is_err(), "{role:?} {other:?}");
        }
    }
    assert_eq!(
        authorize(&actor([]), Operation::Pause),
        Err(Forbidden { operation: Operation::Pause }),
        "without a role"
    );
}

#[test]
fn an_operation_for_two_people_is_marked_and_no_account_does_it_alone() {
    let all = actor(Role::ALL);
    for (operation, rights) in RIGHTS {
        let two = rights.iter().any(|right| matches!(right, Ask | Confirm | AskOrConfirm));
        assert_eq!(operation.needs_second_person(), two, "{operation:?}");
        if two {
            assert!(!rights.contains(&Do), "{operation:?} is done by one role alone");
            assert!(authorize(&all, *operation).unwrap().covers(*operation).is_err(), "{operation:?}");
        }
    }
    assert!(Operation::InspectionNothing.needs_second_person());
    assert!(!Operation::InspectionFound.needs_second_person());
}

#[test]
fn the_local_administrator_may_stand_for_two_people_and_is_marked() {
    let local = Arc::new(Actor::local_administrator("root".into(), "root".into(), "host".into()));
    let permit = authorize(&local, Operation::StockRemove).unwrap();
    assert!(permit.covers(Operation::StockRemove).is_ok() && permit.is_alone());
    assert!(!authorize(&local, Operation::Pause).unwrap().is_alone());
    let both = authorize(&actor([Role::StockKeeper, Role::Supervisor]), Operation::StockRemove).unwrap();
    assert!(!both.is_alone() && both.two_in_one().is_alone(), "where the office only records it");
    let keeper = authorize(&actor([Role::StockKeeper]), Operation::StockRemove).unwrap();
    assert!(!keeper.two_in_one().is_alone(), "the right of the second person is needed too");
}

#[test]
fn a_token_is_neither_of_two_people() {
    let token = Arc::new(Actor { means: Means::Token, ..(*actor(Role::ALL)).clone() });
    for operation in [Operation::StockRemove, Operation::ReprintAsk, Operation::ReprintApprove] {
        assert!(authorize(&token, operation).is_err(), "{operation:?}");
    }
    for (operation, _) in RIGHTS {
        let found = authorize(&token, *operation);
        let is_one = |permit: &Permit| permit.asks(*operation).is_ok() || permit.confirms(*operation).is_ok();
        assert!(!found.as_ref().is_ok_and(is_one), "{operation:?}");
    }
}

#[test]
fn a_database_is_moved_only_from_its_own_machine() {
    assert!(authorize(&actor(Role::ALL), Operation::DatabaseMove).is_err());
}

#[test]
fn what_the_program_does_by_itself_is_no_permit_for_an_operation() {
    let permit = Permit::system(SystemAct::Print);
    for (operation, _) in RIGHTS {
        assert!(permit.covers(*operation).is_err() && permit.confirms(*operation).is_err(), "{operation:?}");
    }
    assert_eq!((permit.actor(), permit.system_act()), (None, Some(SystemAct::Print)));
}
