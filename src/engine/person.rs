//! Sealing of a person's fields and photo: import seals them, printing opens them.

use std::collections::BTreeMap;

use crate::{
    domain::{personal::Person, reason::SealedFault},
    store::{
        StoredBody,
        keys::{Keys, OpenError, hex},
    },
};

/// A field of the sealed body that is not a column: the digest of the photo in hexadecimal, empty for none. It binds the
/// photo to the record.
pub(crate) const PHOTO_FIELD: &str = "(photo)";

/// A field of the sealed body that is not a column: the digest of the record's own columns, see [`body_seal`]. Records that were
/// imported before it was sealed do not have it.
pub(crate) const BODY_FIELD: &str = "(record)";

/// The columns of a record that stay as they are until its body is replaced.
pub(crate) struct BodyColumns<'a> {
    pub(crate) profile: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) district: &'a str,
    pub(crate) village: &'a str,
    pub(crate) requested_at_us: i64,
    pub(crate) verified_at_us: i64,
    pub(crate) person_key: &'a [u8],
    pub(crate) digest: &'a [u8],
}

/// The digest that is sealed with a person, so that a changed column of the record is found. The class is not in it, because it may
/// change alone.
pub(crate) fn body_seal(keys: &Keys, body: &BodyColumns<'_>) -> String {
    let instants = [body.requested_at_us, body.verified_at_us].map(|instant| instant.to_string());
    let digests = [body.person_key, body.digest].map(hex);
    let columns =
        [body.profile, body.kind, body.district, body.village, &instants[0], &instants[1], &digests[0], &digests[1]];
    hex(&keys.row("record", columns.map(Some)))
}

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
    open_fields(keys, &body.source, &body.request_id, &body.sealed)
}

/// Opens the sealed fields of the person of a request.
pub(crate) fn open_fields(keys: &Keys, source: &str, request_id: &str, sealed: &[u8]) -> Result<Person, SealedFault> {
    let plain = keys.open(&person_row_name(source, request_id), sealed).map_err(|e| match e {
        OpenError::OtherKey => SealedFault::OtherKey,
        OpenError::Changed => SealedFault::Changed,
    })?;
    let fields: BTreeMap<String, String> = serde_json::from_slice(&plain).map_err(|_| SealedFault::NotARecord)?;
    Ok(Person::from(fields))
}
