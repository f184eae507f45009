//! Sealing of a person's fields and photo: import seals them, printing opens them.

use std::collections::BTreeMap;

use crate::{
    domain::{personal::Person, reason::SealedFault},
    store::{
        StoredBody,
        keys::{Keys, OpenError},
    },
};

/// A field of the sealed body that is not a column: the digest of the photo in hexadecimal, empty for none. It binds the
/// photo to the record.
pub(crate) const PHOTO_FIELD: &str = "(photo)";

/// The row name under which a person's fields are sealed (see [`Keys::seal`]).
pub(crate) fn person_row_name(source: &str, request_id: &str) -> String {
    format!("person/{source}/{request_id}")
}

/// The row name under which the photo with this digest, in hexadecimal, is sealed (see [`Keys::seal`]).
pub(crate) fn photo_row_name(digest: &str) -> String {
    format!("photo/{digest}")
}

/// Opens the sealed fields of a person.
pub(crate) fn open_person(keys: &Keys, body: &StoredBody) -> Result<Person, SealedFault> {
    let plain = keys.open(&person_row_name(&body.source, &body.request_id), &body.sealed).map_err(|e| match e {
        OpenError::OtherKey => SealedFault::OtherKey,
        OpenError::Changed => SealedFault::Changed,
    })?;
    let fields: BTreeMap<String, String> = serde_json::from_slice(&plain).map_err(|_| SealedFault::NotARecord)?;
    Ok(Person::from(fields))
}
