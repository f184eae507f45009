//! Random secrets and their hashes. A secret of 256 random bits needs no slow hash.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{domain::account::Secret, engine::clock::Entropy, store::keys::hex};

/// The beginning of API tokens, by which secret scanners find them.
pub(in crate::engine) const TOKEN_PREFIX: &str = "cetak_";

/// A new secret of 256 random bits after a prefix.
pub(in crate::engine) fn new_secret(entropy: &dyn Entropy, prefix: &str) -> Secret {
    let mut random = Zeroizing::new([0; 32]);
    entropy.fill(random.as_mut());
    let digits = Zeroizing::new(hex(random.as_ref()));
    Secret::new([prefix, digits.as_str()].concat())
}

/// The SHA-256 of a secret, hexadecimal: what is stored of it.
pub(in crate::engine) fn sha256(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// The CSRF token of a session, derived from its token.
pub(super) fn csrf(session: &str) -> Secret {
    // Cannot fail: HMAC takes a key of any length.
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(session.as_bytes()).ok();
    let code = mac.map(|mac| mac.chain_update(b"csrf v1").finalize().into_bytes());
    Secret::new(code.map(|code| hex(&code)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);

    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn a_secret_has_256_random_bits_and_its_csrf_token_is_another_text() {
        let secret = new_secret(&Fixed(7), TOKEN_PREFIX);
        assert_eq!(secret.reveal(), format!("cetak_{}", "07".repeat(32)));
        let (one, two) = (csrf(secret.reveal()), csrf(new_secret(&Fixed(8), TOKEN_PREFIX).reveal()));
        assert_eq!(one.reveal().len(), 64);
        assert!(one.reveal() != two.reveal() && one.reveal() != sha256(secret.reveal()));
    }
}
