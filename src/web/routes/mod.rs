//! Every address of the API, in tables: one line for each act, each query, and each act that two people do.
//!
//! The lines have the types, so that a request is read into the act itself. What of an address stands in the path is in [`IN_PATHS`](super::input::IN_PATHS).

mod acts;
mod queries;
mod requests;

use std::sync::LazyLock;

use super::{
    problem::{Fault, Problem},
    route::{Route, Sort},
};

/// All addresses.
pub(super) static ROUTES: LazyLock<Vec<Route>> =
    LazyLock::new(|| [acts::routes(), queries::routes(), requests::routes()].into_iter().flatten().collect());

/// The address of an act, a query or a decision by its name.
pub(super) fn named(sort: Sort, name: &str) -> Result<&'static Route, Problem> {
    // Cannot fail with the name of one: a test compares the tables with them.
    ROUTES.iter().find(|route| route.sort == sort && route.name == name).ok_or_else(|| Fault::NoSuchAddress.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::http::Method;

    use super::*;
    use crate::{
        engine::{
            operations::{AnyAct, TwoPersonAct},
            query::AnyQuery,
        },
        web::input,
    };

    fn sorted(names: &[&'static str]) -> Vec<&'static str> {
        let mut names = names.to_vec();
        names.sort_unstable();
        names
    }

    fn names(sort: Sort) -> Vec<&'static str> {
        sorted(&ROUTES.iter().filter(|route| route.sort == sort).map(|route| route.name).collect::<Vec<_>>())
    }

    #[test]
    fn every_act_every_query_and_every_act_for_two_has_one_address() {
        assert_eq!(names(Sort::Act), sorted(AnyAct::NAMES));
        assert_eq!(names(Sort::Query), sorted(AnyQuery::NAMES));
        assert_eq!(names(Sort::Request), sorted(TwoPersonAct::NAMES));
        assert_eq!(names(Sort::Decision), ["ConfirmAct", "RefuseAct", "TakeBackAct"]);
    }

    #[test]
    fn no_two_are_at_one_address_and_every_name_in_a_path_is_known() {
        let mut seen = BTreeSet::new();
        for route in ROUTES.iter() {
            assert!(seen.insert((route.method.as_str(), route.path)), "{} {}", route.method, route.path);
            let known = input::path_parameters(route.path).count();
            assert_eq!(known, route.path.matches('{').count(), "{}", route.path);
        }
    }

    #[test]
    fn names_and_identifiers_of_people_never_stand_in_an_address() {
        for name in ["FindPerson", "FindName", "ScanCard", "ScanForCheck"] {
            let route = ROUTES.iter().find(|route| route.name == name).unwrap();
            assert!(route.method == Method::POST && route.query.is_empty(), "{name}");
        }
    }
}
