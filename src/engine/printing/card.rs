//! What a card shows beside the person's fields.

use zeroize::Zeroizing;

use crate::{
    domain::personal::Person,
    engine::person::{PHOTO_FIELD, photo_row_name},
    store::{
        StoreError, Tx,
        keys::{Keys, hex, unhex},
    },
};

/// Bytes of a keyed hash on a card: guessing one right is as likely as 1 in 2^64.
const HASH_BYTES: usize = 8;

/// The hash of request and attempt that a card shows: whoever has the key can tell that a code was made here.
pub(crate) fn keyed_hash(keys: &Keys, request_id: &str, attempt: &str) -> String {
    hex(&keys.card(request_id, attempt)[..HASH_BYTES])
}

/// Does the record have a photo?
pub(crate) fn has_photo(person: &Person) -> bool {
    !person.reveal(PHOTO_FIELD).is_empty()
}

/// A person's photo, opened; `None` where the record has none. The inner error is what is wrong with the record.
pub(crate) async fn photo_of(
    tx: &mut Tx,
    keys: &Keys,
    person: &Person,
) -> Result<Result<Option<Zeroizing<Vec<u8>>>, &'static str>, StoreError> {
    if !has_photo(person) {
        return Ok(Ok(None));
    }
    let named = person.reveal(PHOTO_FIELD);
    let Some(digest) = unhex(named) else { return Ok(Err("the name of its photo is damaged")) };
    let Some(sealed) = tx.photo_get(&digest).await? else { return Ok(Err("its photo was purged")) };
    Ok(keys.open(&photo_row_name(named), &sealed).map(Some).map_err(|_| "its sealed photo cannot be opened"))
}
