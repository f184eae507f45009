//! The photo and the keyed hash of a card.

use zeroize::Zeroizing;

use crate::{
    domain::{personal::Person, reason::PhotoFault},
    engine::{
        Engine,
        person::{PHOTO_FIELD, photo_row_name},
    },
    store::{
        StoreError, Tx,
        keys::{Keys, hex, unhex},
    },
};

/// The length of the keyed hash on a card, in bytes. The probability of a correct guess is 1 in 2^64.
const HASH_BYTES: usize = 8;

/// The keyed hash of request id and attempt that a card shows. It proves, with the key, that the code was made by this office.
pub(crate) fn keyed_hash(keys: &Keys, request_id: &str, attempt: &str) -> String {
    hex(&keys.card(request_id, attempt)[..HASH_BYTES])
}

/// What a scanner reads from a card of a mock printer, of which there is only what its record says; `None` for another printer, whose cards
/// are scanned themselves.
pub fn code_of_mock_card(engine: &Engine, request_id: &str, attempt: &str, printer_uri: &str) -> Option<String> {
    let hash = || keyed_hash(engine.store.keys(), request_id, attempt);
    printer_uri.starts_with("mock:").then(|| format!("{request_id} {attempt} {}", hash()))
}

/// Whether the record has a photo.
pub(crate) fn has_photo(person: &Person) -> bool {
    !person.reveal(PHOTO_FIELD).is_empty()
}

/// A person's photo, decrypted; `None` if the record has none. The inner error is a fault of the record.
pub(crate) async fn photo_of(
    tx: &mut Tx,
    keys: &Keys,
    person: &Person,
) -> Result<Result<Option<Zeroizing<Vec<u8>>>, PhotoFault>, StoreError> {
    if !has_photo(person) {
        return Ok(Ok(None));
    }
    let named = person.reveal(PHOTO_FIELD);
    let Some(digest) = unhex(named) else { return Ok(Err(PhotoFault::Name)) };
    let Some(sealed) = tx.photo_get(&digest).await? else { return Ok(Err(PhotoFault::Purged)) };
    Ok(keys.open(&photo_row_name(named), &sealed).map(Some).map_err(|_| PhotoFault::Sealed))
}
