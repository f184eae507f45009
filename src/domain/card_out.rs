//! Where a card is that is not at the counter: sent to a district, or handed over.

use serde::{Deserialize, Serialize};

/// Where a card was sent: to its district, in which its citizen collects it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SentCard {
    /// The district.
    pub district: String,
    /// The dispatch note.
    pub document: String,
    /// Who sent it.
    pub by: String,
    /// When, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
}

/// Why a card came back from its district.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReturnCause {
    /// Its citizen did not collect it.
    Uncollected,
    /// It was sent to another district than its citizen's.
    WrongDistrict,
    /// It shows another person, or was packed under another name.
    WrongPerson,
    /// It is damaged.
    Damaged,
}

impl ReturnCause {
    /// All.
    pub const ALL: [Self; 4] = [Self::Uncollected, Self::WrongDistrict, Self::WrongPerson, Self::Damaged];

    /// The name in the audit and in commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uncollected => "uncollected",
            Self::WrongDistrict => "wrong-district",
            Self::WrongPerson => "wrong-person",
            Self::Damaged => "damaged",
        }
    }

    /// Whether the check of the card no longer holds: a person looks at it again before it is handed over.
    pub fn needs_check(self) -> bool {
        match self {
            Self::Uncollected | Self::WrongDistrict => false,
            Self::WrongPerson | Self::Damaged => true,
        }
    }
}

impl std::str::FromStr for ReturnCause {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == text).ok_or_else(|| {
            format!("`{text}` is not a cause of a return, which are {}", Self::ALL.map(Self::as_str).join(", "))
        })
    }
}

/// What a proxy shows to receive another person's card.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyDocument {
    /// A letter of authority of the citizen.
    LetterOfAuthority,
    /// The family card that both are on.
    FamilyCard,
    /// The proof of a guardianship.
    Guardianship,
    /// Something else, which the note names.
    OtherDocument,
}

impl ProxyDocument {
    /// All.
    pub const ALL: [Self; 4] = [Self::LetterOfAuthority, Self::FamilyCard, Self::Guardianship, Self::OtherDocument];

    /// The name in the database, in the audit and in commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LetterOfAuthority => "letter-of-authority",
            Self::FamilyCard => "family-card",
            Self::Guardianship => "guardianship",
            Self::OtherDocument => "other-document",
        }
    }
}

impl std::str::FromStr for ProxyDocument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|document| document.as_str() == text).ok_or_else(|| {
            format!("`{text}` is not a document of a proxy, which are {}", Self::ALL.map(Self::as_str).join(", "))
        })
    }
}

/// A proxy who received a card: the kind of document is plain, and the rest is sealed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proxy {
    /// What the proxy showed.
    pub document: ProxyDocument,
    /// What was written down of the proxy, sealed, in hexadecimal.
    pub sealed: String,
}

/// What a change does to where the card is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum OutChange {
    /// Nothing of its own. A card that leaves the state `printed` is no longer in a district.
    #[default]
    Keep,
    /// It is sent to a district with a document.
    Sent {
        /// The district.
        district: String,
        /// The dispatch note.
        document: String,
    },
    /// It came back from its district.
    Received,
    /// A proxy received it.
    Proxy(Proxy),
    /// Its hand-over did not happen: it is where it was before, in its district if it was sent.
    Undone {
        /// Whether it was sent.
        was_sent: bool,
    },
}

impl OutChange {
    /// Whether the card is in a district after the change; `None` if the change does not say.
    pub fn is_sent(&self) -> Option<bool> {
        match self {
            Self::Sent { .. } => Some(true),
            Self::Received => Some(false),
            Self::Undone { was_sent } => Some(*was_sent),
            Self::Keep | Self::Proxy(_) => None,
        }
    }
}
