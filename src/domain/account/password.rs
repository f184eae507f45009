//! Passwords and other secrets. None of them is shown by `Debug`, and each is wiped from memory when it is dropped.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, Zeroizing};

use crate::domain::actor::same_name;

/// The minimum length of a password that a person chooses, in characters.
const CHARACTERS_MIN: usize = 12;
/// The maximum length of a password, in characters.
const CHARACTERS_MAX: usize = 256;

/// A password as a person typed it, in Unicode's normalisation form KC, so that every keyboard gives the same.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Why a password cannot be chosen. It names the rule and never the password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordFault {
    /// It has fewer than 12 characters.
    TooShort,
    /// It has more than 256 characters.
    TooLong,
    /// It is the name of the account.
    IsName,
    /// It is the one that it is to replace.
    Unchanged,
}

impl Password {
    /// A password as it was typed.
    pub fn typed(text: String) -> Self {
        let text = Zeroizing::new(text);
        Self(Zeroizing::new(text.nfkc().collect()))
    }

    /// The text, for its hash.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether an account of that name may choose it.
    pub fn check(&self, name: &str) -> Result<(), PasswordFault> {
        if self.0.chars().count() < CHARACTERS_MIN {
            Err(PasswordFault::TooShort)
        } else if self.is_too_long() {
            Err(PasswordFault::TooLong)
        } else if same_name(&self.0, name) {
            Err(PasswordFault::IsName)
        } else {
            Ok(())
        }
    }

    /// Whether it is longer than the password of any account.
    pub fn is_too_long(&self) -> bool {
        self.0.chars().count() > CHARACTERS_MAX
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[password]")
    }
}

/// A secret that the program makes and shows once: a one-time password, a code, the token of a session or of a program.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A secret text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// As a password that a person types.
    pub fn to_password(&self) -> Password {
        Password::typed(self.0.clone())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A one-time password or code from 16 random bytes: 16 letters and digits of 5 random bits each, in groups of four. Letters that look
/// like digits are left out.
pub fn one_time_text(random: &[u8; 16]) -> Secret {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let mut text = String::with_capacity(19);
    for (at, byte) in random.iter().enumerate() {
        if at > 0 && at % 4 == 0 {
            text.push('-');
        }
        text.push(char::from(LETTERS[usize::from(byte & 31)]));
    }
    Secret(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_12_to_256_characters_and_is_not_the_name() {
        let check = |text: &str, name: &str| Password::typed(text.to_owned()).check(name);
        assert_eq!(check("elevenchars", "siti"), Err(PasswordFault::TooShort));
        assert_eq!(check("twelve chars", "siti"), Ok(()));
        assert_eq!(check("é".repeat(12).as_str(), "siti"), Ok(()), "characters, and not bytes");
        assert_eq!(check(&"é".repeat(256), "siti"), Ok(()));
        assert_eq!(check(&"é".repeat(257), "siti"), Err(PasswordFault::TooLong));
        assert_eq!(check(" SITI AMINAH ", "Siti Aminah"), Err(PasswordFault::IsName));
    }

    #[test]
    fn a_password_is_the_same_from_every_keyboard() {
        assert_eq!(
            Password::typed("jose\u{301} jose".into()).reveal(),
            Password::typed("jos\u{e9} jose".into()).reveal()
        );
    }

    #[test]
    fn debug_output_says_nothing_of_a_secret() {
        assert_eq!(format!("{:?}", Password::typed("correct horse".into())), "[password]");
        assert_eq!(format!("{:?}", Secret::new("correct horse".into())), "[secret]");
    }

    #[test]
    fn a_one_time_password_has_80_random_bits_and_may_be_typed() {
        let text = one_time_text(&std::array::from_fn(|at| u8::try_from(at * 3).unwrap()));
        assert_eq!(text.reveal().len(), 19);
        assert!(text.to_password().check("siti").is_ok());
        assert_ne!(text.reveal(), one_time_text(&[7; 16]).reveal());
    }
}
