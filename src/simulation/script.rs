//! The faults of a printer's cards, one by one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A fault that a card meets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scripted {
    /// It is spoiled.
    Spoil,
    /// It is spoiled and stops the printer.
    Jam,
    /// The printer forgets it: its outcome is unknown.
    Forget,
    /// It is good, and the printer's answer is lost.
    LoseAck,
    /// The printer cannot be reached; no blank is fed.
    Offline,
    /// The printer refuses it; no blank is fed.
    Reject,
}

impl Scripted {
    const NAMES: [(&str, Self); 6] = [
        ("spoil", Self::Spoil),
        ("jam", Self::Jam),
        ("forget", Self::Forget),
        ("lose_ack", Self::LoseAck),
        ("offline", Self::Offline),
        ("reject", Self::Reject),
    ];

    /// Whether it comes before a blank is fed. The next attempt makes a good card then.
    pub(super) fn feeds_no_blank(self) -> bool {
        matches!(self, Self::Offline | Self::Reject)
    }
}

/// The faults of a printer's cards by their number: the blanks that it feeds, from 1.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Script(BTreeMap<u64, Scripted>);

impl Script {
    /// The fault of a card.
    pub(super) fn get(&self, number: u64) -> Option<Scripted> {
        self.0.get(&number).copied()
    }
}

impl TryFrom<String> for Script {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let fault = |part: &str| {
            let (number, name) = part.split_once(':')?;
            let (_, fault) = Scripted::NAMES.iter().find(|(known, _)| *known == name)?;
            Some((number.parse().ok().filter(|number| *number > 0)?, *fault))
        };
        let faults = text.split(',').map(|part| fault(part).ok_or_else(|| part.to_owned())).collect::<Result<_, _>>();
        faults.map(Self).map_err(|part| format!("`{part}` is not a fault of a card such as `3:spoil`"))
    }
}

impl From<Script> for String {
    fn from(script: Script) -> Self {
        let name = |fault| Scripted::NAMES.iter().find(|(_, known)| *known == fault).map_or("", |(name, _)| name);
        script.0.iter().map(|(number, fault)| format!("{number}:{}", name(*fault))).collect::<Vec<_>>().join(",")
    }
}
