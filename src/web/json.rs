//! JSON of which nothing is passed over: a name that an object has twice is refused, because readers do not agree on which one counts.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

use super::problem::Fault;

/// Reads a value, of which every object has each name once.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, Fault> {
    let read: Result<Whole, _> = serde_json::from_slice(bytes);
    // Any JSON is a value: the only error about the data is that of a name.
    read.map(|whole| whole.0).map_err(|error| if error.is_data() { Fault::FieldTwice } else { Fault::BodyNotJson })
}

struct Whole(Value);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Whole(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some((name, Whole(value))) = fields.next_entry::<String, _>()? {
            if all.insert(name, value).is_some() {
                return Err(A::Error::custom("a name is given twice"));
            }
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_as_it_is() {
        let text = r#"{"a":[1,-2,1.5,18446744073709551615,true,null,"é\n"],"b":{"a":{}},"c":[]}"#;
        assert_eq!(parse(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn a_name_that_is_given_twice_is_refused_wherever_it_stands() {
        for twice in [r#"{"quantity":1,"quantity":100}"#, r#"{"a":[{"b":1,"\u0062":1}]}"#] {
            assert_eq!(parse(twice.as_bytes()).unwrap_err(), Fault::FieldTwice, "{twice}");
        }
        let deep = "[".repeat(100_000);
        for other in ["", "{", "{\"a\":1}x", "{\"a\":1e999}", "{'a':1}", "\u{feff}{}", "NaN", &deep] {
            assert_eq!(parse(other.as_bytes()).unwrap_err(), Fault::BodyNotJson, "{}", &other[..other.len().min(9)]);
        }
        assert_eq!(parse(b"{\"a\":\"\xff\"}").unwrap_err(), Fault::BodyNotJson);
    }
}
