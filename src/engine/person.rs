//! Sealing of a person's fields and photo: import seals them, printing opens them.

use std::collections::BTreeMap;

use crate::{
    domain::{card::comparison::Comparison, personal::Person, reason::SealedFault},
    store::{
        Rekeyed, SealedBody, StoredBody,
        keys::{Digest, Keys, OpenError, hex},
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

/// Their names, in the order of the seal.
const COLUMNS: [&str; 8] = [
    "profile",
    "kind",
    "district",
    "village",
    "requested_at",
    "verified_at",
    "key of the person",
    "digest of the body",
];

/// What is sealed with a person, so that a changed column of the record is found: the keyed digest of the columns, then `.` and a short
/// hash of each, which needs no key inside the sealed body. The class is not in it, because it may change alone.
pub(crate) fn body_seal(keys: &Keys, body: &BodyColumns<'_>) -> String {
    let instants = [body.requested_at_us, body.verified_at_us].map(|instant| instant.to_string());
    let digests = [body.person_key, body.digest].map(hex);
    let columns =
        [body.profile, body.kind, body.district, body.village, &instants[0], &instants[1], &digests[0], &digests[1]];
    let hash = |text: &str| {
        text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    };
    let hashes: Vec<u8> = columns.iter().flat_map(|column| hash(column).to_be_bytes()).collect();
    format!("{}.{}", hex(&keys.row("record", columns.map(Some))), hex(&hashes))
}

/// The columns in which a record differs from what was sealed with its person; `None` if it is the same. Older seals have no hashes, and
/// then none is named.
pub(crate) fn differing(sealed: &str, found: &str) -> Option<Vec<&'static str>> {
    let [(known, known_hashes), (found, found_hashes)] =
        [sealed, found].map(|seal| seal.split_once('.').unwrap_or((seal, "")));
    if known == found {
        return None;
    }
    let pairs = known_hashes.as_bytes().chunks(8).zip(found_hashes.as_bytes().chunks(8));
    Some(COLUMNS.iter().zip(pairs).filter(|(_, (known, found))| known != found).map(|(column, _)| *column).collect())
}

impl<'a> From<&'a SealedBody> for BodyColumns<'a> {
    fn from(body: &'a SealedBody) -> Self {
        Self {
            profile: &body.profile,
            kind: &body.kind,
            district: &body.district,
            village: &body.village,
            requested_at_us: body.requested_at_us,
            verified_at_us: body.verified_at_us,
            person_key: &body.person_key,
            digest: &body.digest,
        }
    }
}

/// The look-up key of a person. `comparison` gives the form of the identifier, and `rule` is what of it the keys of the profile
/// depend on, as stored. Of an identifier that has no form, as none that is imported now, the key is of itself.
pub(crate) fn person_key(
    keys: &Keys,
    profile: &str,
    (comparison, rule): (&Comparison, &str),
    identifier: &str,
) -> Digest {
    let form = comparison.form(identifier);
    keys.person(profile, form.as_deref().unwrap_or(identifier), rule)
}

/// The look-up key of a record's person by another rule, and the record with it, sealed again; no record if it has that key, and
/// nothing if `key` makes none. Refused if its columns are not those that were sealed, because the new seal would prove them.
pub(crate) fn rekey(
    keys: &Keys,
    nonce: [u8; 24],
    body: &SealedBody,
    key: impl Fn(&Person) -> Option<Digest>,
) -> Result<Option<(Digest, Option<Rekeyed>)>, SealedFault> {
    let mut person = open_fields(keys, &body.source, &body.request_id, &body.sealed)?;
    let seal = person.reveal(BODY_FIELD);
    let is_sealed = !seal.is_empty(); // older records are not
    if is_sealed && differing(seal, &body_seal(keys, &body.into())).is_some() {
        return Err(SealedFault::Changed);
    }
    let Some(person_key) = key(&person) else { return Ok(None) };
    if person_key[..] == body.person_key {
        return Ok(Some((person_key, None)));
    }
    if is_sealed {
        person.set(BODY_FIELD, body_seal(keys, &BodyColumns { person_key: &person_key, ..body.into() }));
    }
    let row = person_row_name(&body.source, &body.request_id);
    let sealed = keys.seal(&row, nonce, person.to_json().as_bytes());
    Ok(Some((person_key, Some(Rekeyed { id: body.id, person_key, sealed }))))
}

fn fault(error: OpenError) -> SealedFault {
    match error {
        OpenError::OtherKey => SealedFault::OtherKey,
        OpenError::Changed => SealedFault::Changed,
    }
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
    let plain = keys.open(&person_row_name(source, request_id), sealed).map_err(fault)?;
    let fields: BTreeMap<String, String> = serde_json::from_slice(&plain).map_err(|_| SealedFault::NotARecord)?;
    Ok(Person::from(fields))
}
