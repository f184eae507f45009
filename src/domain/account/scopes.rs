//! What an API token may do.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::domain::{
    permission::{Operation, RIGHTS},
    value::InvalidValue,
};

/// The operations of an API token; the roles of its owner at the moment of an act are the ceiling. Not empty.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "Vec<Operation>", into = "Vec<Operation>")]
#[schemars(extend("minItems" = 1, "items" = serde_json::json!({ "type": "string", "enum": of_tokens() })))]
pub struct Scopes(BTreeSet<Operation>);

/// Operations that are done by people only: they could widen what the token may do.
const OF_PEOPLE: [Operation; 2] = [Operation::AccountManage, Operation::RoleGive];

/// The operations that a token may have, for schemas.
fn of_tokens() -> Vec<Operation> {
    RIGHTS.iter().map(|(operation, _)| *operation).filter(|operation| !OF_PEOPLE.contains(operation)).collect()
}

/// The operation with this name, if a token may have it.
pub fn scope(text: &str) -> Result<Operation, String> {
    let known = of_tokens();
    let found = known.iter().copied().find(|operation| operation.as_str() == text);
    found.ok_or_else(|| {
        let known = known.iter().map(|operation| operation.as_str()).collect::<Vec<_>>().join(", ");
        format!("`{text}` is not a scope; the scopes are {known}")
    })
}

impl Scopes {
    /// Whether an operation is among them.
    pub fn contains(&self, operation: Operation) -> bool {
        self.0.contains(&operation)
    }
}

impl TryFrom<Vec<Operation>> for Scopes {
    type Error = InvalidValue;

    fn try_from(operations: Vec<Operation>) -> Result<Self, InvalidValue> {
        if operations.is_empty() {
            return Err(InvalidValue::Empty);
        }
        match operations.iter().find(|operation| OF_PEOPLE.contains(operation)) {
            Some(operation) => Err(InvalidValue::OfPeople(*operation)),
            None => Ok(Self(operations.into_iter().collect())),
        }
    }
}

impl From<Scopes> for Vec<Operation> {
    fn from(scopes: Scopes) -> Self {
        scopes.0.into_iter().collect()
    }
}

impl FromStr for Scopes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let operations: Result<Vec<Operation>, _> = text.split_whitespace().map(str::parse).collect();
        Self::try_from(operations?).map_err(|error| error.to_string())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|operation| operation.as_str()).collect();
        f.write_str(&names.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_stored_as_the_names_of_operations() {
        let scopes: Scopes = "import board-read import".parse().unwrap();
        assert_eq!(scopes.to_string(), "import board-read");
        assert!(scopes.contains(Operation::Import) && !scopes.contains(Operation::Pause));
        assert_eq!(serde_json::to_string(&scopes).unwrap(), r#"["import","board-read"]"#);
        assert_eq!(serde_json::from_str::<Scopes>(r#"["board-read","import"]"#).unwrap(), scopes);
    }

    #[test]
    fn a_token_has_a_scope_and_none_that_could_widen_it() {
        assert!("".parse::<Scopes>().is_err());
        assert!("drop-table".parse::<Scopes>().is_err());
        assert!("import account-manage".parse::<Scopes>().is_err());
        assert!(serde_json::from_str::<Scopes>(r#"["role-give"]"#).is_err());
    }
}
