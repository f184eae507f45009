//! The place of a record in the waiting list: the keys of its order, and what changes them.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// The keys of a record's place: class, verified, requested, source, request id. They are compared in this order, and no two records
/// have the same.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlaceKeys {
    /// The priority class; the lowest is printed first.
    pub class: i64,
    /// When the record became print-ready, RFC 3339.
    #[schemars(with = "String", extend("format" = "date-time"))]
    #[serde(with = "instant")]
    pub verified_at: Timestamp,
    /// When the citizen made the request, RFC 3339.
    #[schemars(with = "String", extend("format" = "date-time"))]
    #[serde(with = "instant")]
    pub requested_at: Timestamp,
    /// The source.
    pub source: String,
    /// The request id, which is unique within a source.
    pub request_id: String,
}

/// An instant as RFC 3339.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
mod instant {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::Timestamp;

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(at)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        Timestamp::parse(&text).ok_or_else(|| D::Error::custom("not an instant"))
    }
}

/// What changed the place of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlaceCause {
    /// A person put it before all others of its profile.
    PutFirst,
    /// A person put it into another class of its profile.
    PutInClass,
    /// A person put it back into the class of its kind of request.
    PutBack,
    /// Its list sent it again with other keys.
    Updated,
}

impl PlaceCause {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::PutFirst, Self::PutInClass, Self::PutBack, Self::Updated];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PutFirst => "put-first",
            Self::PutInClass => "put-in-class",
            Self::PutBack => "put-back",
            Self::Updated => "updated",
        }
    }

    /// The act in the audit.
    pub fn act(self) -> &'static str {
        match self {
            Self::PutFirst => "record.put-first",
            Self::PutInClass => "record.put-in-class",
            Self::PutBack => "record.put-back",
            Self::Updated => "record.updated",
        }
    }

    /// Whether the record stays in its class when its list sends it again.
    pub fn is_kept(self) -> bool {
        matches!(self, Self::PutFirst | Self::PutInClass)
    }

    /// From its stored form.
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_compared_by_class_then_verified_then_requested_then_source_then_request_id() {
        let keys = |class, verified, requested, source: &str, request_id: &str| PlaceKeys {
            class,
            verified_at: Timestamp(verified),
            requested_at: Timestamp(requested),
            source: source.into(),
            request_id: request_id.into(),
        };
        let sorted = [
            keys(0, 9, 9, "b", "9"),
            keys(1, 1, 9, "b", "9"),
            keys(1, 2, 1, "b", "9"),
            keys(1, 2, 2, "a", "9"),
            keys(1, 2, 2, "b", "1"),
            keys(1, 2, 2, "b", "2"),
        ];
        assert!(sorted.windows(2).all(|two| two[0] < two[1]));
    }

    #[test]
    fn a_cause_is_read_as_it_is_stored() {
        for cause in PlaceCause::ALL {
            assert_eq!(PlaceCause::from_stored(cause.as_str()), Some(cause));
        }
    }
}
