//! The description of the API, `OpenAPI` 3.1, made of the tables of addresses and of the types. It is the same for everyone, and needs no
//! account.

mod common;
mod operation;
mod others;

use std::{collections::BTreeMap, sync::LazyLock};

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

pub(super) use self::others::PATH;
use self::{
    common::{a_problem, problems, security_schemes},
    operation::of_route,
    others::{of_lists, of_pictures, of_sessions, of_watchers},
};
use super::{route::BASE, routes::ROUTES, schema};

/// What holds for every address.
const ABOUT: &str = "Every act and every query of the scheduler. Instants in requests are microseconds since 1970. What is said to people, in \
    problems and about the rows of a list, is English, or Indonesian (`id`) where `Accept-Language` prefers it.";

/// As it is sent.
static DESCRIPTION: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string_pretty(&described()).unwrap_or_default() + "\n");

/// Shows it.
pub(super) async fn show() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION.as_str()).into_response()
}

/// All of it.
fn described() -> Value {
    let mut answers = schema::answers();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for route in ROUTES.iter() {
        let method = route.method.as_str().to_ascii_lowercase();
        paths.entry(format!("{BASE}{}", route.path)).or_default().insert(method, of_route(route, &mut answers));
    }
    let others = [of_sessions(&mut answers), of_lists(), of_pictures(), of_watchers(&mut answers)];
    for (path, method, operation) in others.into_iter().flatten() {
        paths.entry(path).or_default().insert(method.to_owned(), operation);
    }
    let mut schemas = schema::named(answers);
    schemas.insert("Problem".to_owned(), a_problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "cetak",
            "version": "1",
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": { "schemas": schemas, "responses": problems(), "securitySchemes": security_schemes() },
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, env, fs, path::Path};

    use super::*;

    #[test]
    fn every_address_has_a_name_of_its_own_and_only_responses_that_are_described() {
        let (described, mut names) = (described(), BTreeSet::new());
        for (path, methods) in described["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let name = operation["operationId"].as_str().unwrap();
                assert!(names.insert(name.to_owned()), "{method} {path}: {name}");
                for response in operation["responses"].as_object().unwrap().values() {
                    let path = response["$ref"].as_str().map(|path| path.trim_start_matches('#'));
                    assert!(path.is_none_or(|path| described.pointer(path).is_some()), "{path:?}");
                }
            }
        }
        assert_eq!(names.len(), ROUTES.len() + 13, "and those that are in no table");
        assert!(ROUTES.iter().all(|route| names.iter().any(|name| name.ends_with(&route.name[1..]))));
    }

    #[test]
    fn what_stands_in_the_address_is_no_field_of_the_body() {
        let described = described();
        let at = |path: &str| described["paths"][format!("{BASE}{path}")].clone();
        let hold = &at("/records/{source}/{request_id}/hold")["post"];
        let body = &hold["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(body["properties"].as_object().unwrap().keys().collect::<Vec<_>>(), ["note"]);
        assert_eq!((&body["required"], &hold["requestBody"]["required"]), (&json!(["note"]), &json!(true)));
        let older = &at("/database/archivable")["get"]["parameters"][0];
        assert_eq!(
            (&older["name"], &older["required"], &older["schema"]["minimum"]),
            (&json!("older_than_days"), &json!(true), &json!(0))
        );
        let printer = &at("/printers")["post"]["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(printer["properties"]["uri"]["pattern"], "^[iI][pP][pP][sS]?://");
        assert_eq!(
            at("/objected-printers/requests")["post"]["responses"]["201"]["links"]["confirmAct"]["operationId"],
            "confirmAct"
        );
    }

    #[test]
    fn the_description_of_the_api_is_the_one_in_the_repository() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/openapi.json");
        if env::var("CETAK_GOLDEN").is_ok_and(|what| what == "write") {
            fs::write(&golden, DESCRIPTION.as_str()).unwrap();
        }
        let kept = fs::read_to_string(&golden).unwrap();
        let differs = kept.lines().zip(DESCRIPTION.lines()).find(|(kept, made)| kept != made);
        assert!(
            kept == *DESCRIPTION,
            "tests/api/openapi.json is another description, first at {differs:?}. If the change is meant: CETAK_GOLDEN=write cargo test --lib openapi"
        );
    }
}
