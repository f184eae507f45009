//! Cryptography: sealing of personal data, look-up keys, keyed digests and the audit chain.
//!
//! HKDF-SHA256 derives one key for each purpose from the master key. The master key is never stored in the database.

use std::sync::Arc;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The length of stored keyed digests: 128 bits.
const DIGEST_BYTES: usize = 16;

/// The first byte of a sealed value. The format is: version, key id, nonce, ciphertext with tag.
const SEAL_VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 24;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_BYTES;

type HmacSha256 = Hmac<Sha256>;

/// A keyed digest: equal for equal content under one key, and meaningless without the key.
pub type Digest = [u8; DIGEST_BYTES];

/// The keys of one database. Shared, because they are large.
#[derive(Clone)]
pub struct Keys(Arc<Derived>);

struct Derived {
    id: [u8; KEY_ID_BYTES],
    cipher: XChaCha20Poly1305,
    person: HmacSha256,
    name_word: HmacSha256,
    body: HmacSha256,
    photo: HmacSha256,
    card: HmacSha256,
    request: HmacSha256,
    audit: HmacSha256,
    row: HmacSha256,
    request_key: HmacSha256,
    list: HmacSha256,
    version: HmacSha256,
    check: HmacSha256,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

/// Why a sealed value cannot be opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OpenError {
    /// The value was sealed with another key.
    #[error("sealed with another key")]
    OtherKey,
    /// The value was changed or truncated, or was sealed for another row.
    #[error("changed, or moved from another row")]
    Changed,
}

impl Keys {
    /// Derives all keys from the master key.
    pub fn derive(master: &[u8; 32]) -> Self {
        let hkdf = Hkdf::<Sha256>::new(Some(b"cetak"), master);
        // Cannot fail: 64 bytes are far below HKDF's limit of 255 digests. If it did, the key would be zero and the check
        // value would not match.
        let mut cipher_key = Zeroizing::new([0; 32]);
        let _ = hkdf.expand(b"seal v1", cipher_key.as_mut());
        let mac = |purpose: &[u8]| {
            let mut key = Zeroizing::new([0; 64]);
            let _ = hkdf.expand(purpose, key.as_mut());
            <HmacSha256 as KeyInit>::new(&(*key).into())
        };
        let id = mac(b"key id v1").finalize().into_bytes();
        Self(Arc::new(Derived {
            id: [id[0], id[1], id[2], id[3]],
            cipher: XChaCha20Poly1305::new(&(*cipher_key).into()),
            person: mac(b"person look-up v1"),
            name_word: mac(b"name word v1"),
            body: mac(b"body digest v1"),
            photo: mac(b"photo digest v1"),
            card: mac(b"card code v1"),
            request: mac(b"request tag v1"),
            audit: mac(b"audit chain v1"),
            row: mac(b"row digest v1"),
            request_key: mac(b"request key v1"),
            list: mac(b"list digest v1"),
            version: mac(b"version v1"),
            check: mac(b"check v1"),
        }))
    }

    /// Encrypts a value with XChaCha20-Poly1305. `row` names table, row and field. It is authenticated, so that a sealed
    /// value cannot be moved to another row. `nonce` must be fresh random bytes.
    pub fn seal(&self, row: &str, nonce: [u8; NONCE_BYTES], plain: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(HEADER_BYTES + plain.len() + 16);
        sealed.push(SEAL_VERSION);
        sealed.extend(self.0.id);
        sealed.extend(nonce);
        // The cipher fails only for values above 256 GiB.
        let text = self.0.cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: row.as_bytes() });
        sealed.extend(text.unwrap_or_default());
        sealed
    }

    /// Decrypts a value that was sealed for `row`.
    pub fn open(&self, row: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (header, text) = sealed.split_at_checked(HEADER_BYTES).ok_or(OpenError::Changed)?;
        if header[0] != SEAL_VERSION || header[1..=KEY_ID_BYTES] != self.0.id {
            return Err(OpenError::OtherKey);
        }
        let nonce: [u8; NONCE_BYTES] = header[1 + KEY_ID_BYTES..].try_into().map_err(|_| OpenError::Changed)?;
        let plain = self.0.cipher.decrypt(&XNonce::from(nonce), Payload { msg: text, aad: row.as_bytes() });
        plain.map(Zeroizing::new).map_err(|_| OpenError::Changed)
    }

    /// The look-up key of a person: a digest of profile and identifier, so that equal identifiers of two profiles differ. If the
    /// identifier is a form for comparison, `rule` says how it was made, so that the keys of two rules differ; otherwise it is
    /// empty.
    pub fn person(&self, profile: &str, identifier: &str, rule: &str) -> Digest {
        let rule = Some(rule.as_bytes()).filter(|rule| !rule.is_empty());
        digest(&self.0.person, [profile.as_bytes(), identifier.as_bytes()].into_iter().chain(rule))
    }

    /// The look-up key of a word of a name: 64 bits of a digest of profile and word, so that equal words of two profiles differ. Of
    /// a million words, two have the same key once in 37 million databases.
    pub fn name_word(&self, profile: &str, word: &str) -> i64 {
        let digest = digest(&self.0.name_word, [profile.as_bytes(), word.as_bytes()]);
        digest[..8].iter().fold(0, |key, byte| (key << 8) | i64::from(*byte))
    }

    /// The digest of a record's body.
    pub fn body<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> Digest {
        digest(&self.0.body, parts)
    }

    /// The digest of a photo.
    pub fn photo(&self, bytes: &[u8]) -> Digest {
        digest(&self.0.photo, [bytes])
    }

    /// The keyed hash in the code on a card, of request id and attempt name. It proves that the card was printed with this key.
    pub fn card(&self, request_id: &str, attempt: &str) -> Digest {
        digest(&self.0.card, [request_id.as_bytes(), attempt.as_bytes()])
    }

    /// The keyed digest of a request, which tells holders of the key of which record an attempt is.
    pub fn request(&self, source: &str, request_id: &str) -> Digest {
        digest(&self.0.request, [source.as_bytes(), request_id.as_bytes()])
    }

    /// The hash of an audit row: HMAC-SHA256 over the hash of the row before and the stored text.
    pub fn audit(&self, before: &[u8], entry: &str) -> [u8; 32] {
        let mut mac = self.0.audit.clone();
        mac.update(before);
        mac.update(entry.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The digest of a row, from the name of its table and its columns. NULL differs from an empty text.
    pub fn row<'a>(&self, table: &'a str, columns: impl IntoIterator<Item = Option<&'a str>>) -> Digest {
        let part = |column: Option<&'a str>| -> [&'a [u8]; 2] {
            [if column.is_some() { b"text" } else { b"null" }, column.unwrap_or_default().as_bytes()]
        };
        digest(&self.0.row, [table.as_bytes()].into_iter().chain(columns.into_iter().flat_map(part)))
    }

    /// The digest of a part of a request that is carried out once; `part` names it.
    pub fn request_key<'a>(&self, part: &'a str, of: impl IntoIterator<Item = &'a str>) -> Digest {
        digest(&self.0.request_key, std::iter::once(part).chain(of).map(str::as_bytes))
    }

    /// The digest of a waiting list, of the digests of its parts.
    pub fn list<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> Digest {
        digest(&self.0.list, parts)
    }

    /// The digest of what an answer tells of a thing.
    pub fn version(&self, line: &str) -> Digest {
        digest(&self.0.version, [line.as_bytes()])
    }

    /// The value that a database stores to recognise its key.
    pub fn check_value(&self) -> String {
        hex(&digest(&self.0.check, [b"cetak".as_slice()]))
    }
}

/// Each part is preceded by its length, so that two different lists of parts never give the same bytes.
fn digest<'a>(mac: &HmacSha256, parts: impl IntoIterator<Item = &'a [u8]>) -> Digest {
    let mut mac = mac.clone();
    for part in parts {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    let full = mac.finalize().into_bytes();
    std::array::from_fn(|i| full[i])
}

/// Writes bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).collect()
}

/// Reads hexadecimal digits, an even number of them; `None` for anything else.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    if text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        (0..text.len()).step_by(2).map(pair).collect()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_whole_in_its_own_row_and_with_its_own_key() {
        let keys = Keys::derive(&[7; 32]);
        let sealed = keys.seal("person/1", [9; 24], b"SITI");
        assert_eq!(keys.open("person/1", &sealed).unwrap().as_slice(), b"SITI");
        assert_eq!(keys.open("person/2", &sealed), Err(OpenError::Changed));
        assert_eq!(Keys::derive(&[8; 32]).open("person/1", &sealed), Err(OpenError::OtherKey));
        for at in 5..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(keys.open("person/1", &changed).is_err(), "byte {at}");
            assert!(keys.open("person/1", &sealed[..at]).is_err(), "cut at {at}");
        }
        assert!(!sealed.windows(4).any(|w| w == b"SITI"));
    }

    #[test]
    fn digests_tell_apart_where_one_value_ends_and_the_next_begins() {
        let keys = Keys::derive(&[7; 32]);
        assert_ne!(keys.body([b"ab".as_slice(), b"c"]), keys.body([b"a".as_slice(), b"bc"]));
        assert_ne!(keys.person("ktp-el", "1", ""), keys.person("student", "1", ""));
        assert_ne!(keys.person("student", "1", ""), keys.person("student", "1", "case"));
        assert_ne!(keys.name_word("ktp-el", "siti"), keys.name_word("student", "siti"));
    }

    #[test]
    fn hexadecimal_is_read_back() {
        assert_eq!(unhex(&hex(&[0, 1, 254, 255])), Some(vec![0, 1, 254, 255]));
        for wrong in ["0", "zz", "é", "+1"] {
            assert_eq!(unhex(wrong), None, "{wrong}");
        }
    }
}
