//! Links to the pages of acts.

use std::collections::BTreeSet;

use super::{address, rights};
use crate::{
    domain::actor::Role,
    web::{route::Sort, routes::ROUTES},
};

/// The address of an act's page with what is known of its arguments; `None` if the roles allow neither to do it nor to ask for it.
pub(super) fn to_act(roles: &BTreeSet<Role>, name: &str, known: &[(&str, &str)]) -> Option<String> {
    let allowed = |sort: Sort| {
        let route = ROUTES.iter().find(|route| route.name == name && route.sort == sort)?;
        route.operation.is_none_or(|operation| rights::allow(roles, operation, sort)).then_some(())
    };
    let of = |first: &str| Some(address::with_query(&format!("/{first}/{name}"), known));
    match (allowed(Sort::Act), allowed(Sort::Decision), allowed(Sort::Request)) {
        (Some(()), ..) | (None, Some(()), _) => of("do"),
        (None, None, Some(())) => of("ask"),
        (None, None, None) => None,
    }
}

/// The roles that do an act or ask for it.
pub(super) fn roles_of(name: &str) -> Vec<Role> {
    let rights = ROUTES.iter().filter(|route| route.name == name && route.sort != Sort::Query);
    let rights = rights.filter_map(|route| Some((route.operation?, route.sort)));
    let roles: BTreeSet<Role> = rights.flat_map(|(operation, sort)| rights::roles_with(operation, sort)).collect();
    roles.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_only_ask_is_led_to_the_request() {
        let of = |role, name| to_act(&BTreeSet::from([role]), name, &[("/record/source", "a b")]);
        assert_eq!(of(Role::Operator, "HoldRecord").unwrap(), "/do/HoldRecord?/record/source=a%20b");
        assert_eq!(of(Role::Operator, "WithdrawRecord").unwrap(), "/ask/WithdrawRecord?/record/source=a%20b");
        assert_eq!(of(Role::Auditor, "HoldRecord"), None);
        assert_eq!(roles_of("WithdrawRecord"), [Role::Operator]);
        assert_eq!(roles_of("HoldRecord"), [Role::Operator, Role::Supervisor]);
    }
}
