//! What becomes of the records of an import that is undone.

use serde::{Deserialize, Serialize};

use super::{
    audit::Event,
    id::ImportId,
    reason::Reason,
    record::{RecordView, update},
    refusal::Refusal,
    states::RecordState,
    transition::Transition,
    withdrawal::{restore, withdraw_undone},
};

/// What an import did to a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImportDeed {
    /// It added it.
    Added,
    /// It gave it another body.
    Updated,
    /// It withdrew it.
    Withdrawn,
    /// It took back its withdrawal.
    Restored,
}

impl ImportDeed {
    /// All deeds.
    pub const ALL: [Self; 4] = [Self::Added, Self::Updated, Self::Withdrawn, Self::Restored];

    /// The name in the database and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Updated => "updated",
            Self::Withdrawn => "withdrawn",
            Self::Restored => "restored",
        }
    }
}

impl std::str::FromStr for ImportDeed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|deed| deed.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no deed of an import"))
    }
}

/// What undoing an import does to a record of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UndoFate {
    /// It has no card, and is withdrawn.
    Withdrawn,
    /// It is again what it was before the import.
    Reverted,
    /// Its card exists or may exist, and is stopped at the check.
    Stopped,
    /// Its card is handed over, so that nothing is done.
    HandedOver,
    /// It was changed or withdrawn since, so that nothing is done.
    Kept,
}

impl UndoFate {
    /// All fates, in the order of reports.
    pub const ALL: [Self; 5] = [Self::Withdrawn, Self::Reverted, Self::Stopped, Self::HandedOver, Self::Kept];

    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Reverted => "reverted",
            Self::Stopped => "stopped",
            Self::HandedOver => "handed-over",
            Self::Kept => "kept",
        }
    }

    /// The name in the audit.
    pub fn key(self) -> &'static str {
        if self == Self::HandedOver { "handed_over" } else { self.as_str() }
    }
}

impl std::str::FromStr for UndoFate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::as_str).join(", ");
        let fate = Self::ALL.into_iter().find(|fate| fate.as_str() == text);
        fate.ok_or_else(|| format!("`{text}` is not what becomes of a record, which is {known}"))
    }
}

/// A record of an import, as far as undoing depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Imported {
    /// What the import did to it.
    pub deed: ImportDeed,
    /// Its state.
    pub state: RecordState,
    /// Whether its card is in a printer.
    pub is_printing: bool,
    /// Whether a later import changed it.
    pub is_changed: bool,
    /// Whether what it was before its last update is kept.
    pub has_earlier: bool,
}

/// What undoing the import does to a record.
pub fn fate(record: Imported) -> UndoFate {
    let Imported { deed, state, is_printing, is_changed, has_earlier } = record;
    if is_changed {
        return UndoFate::Kept;
    }
    match (deed, state) {
        (_, RecordState::HandedOver) => UndoFate::HandedOver,
        // A card that was stopped is so no longer.
        (ImportDeed::Withdrawn, RecordState::Withdrawn | RecordState::Printed | RecordState::Uncertain) => {
            UndoFate::Reverted
        }
        (ImportDeed::Withdrawn, RecordState::Batched) if is_printing => UndoFate::Reverted,
        (ImportDeed::Withdrawn, _) | (_, RecordState::Withdrawn) => UndoFate::Kept,
        (_, RecordState::Printed | RecordState::Uncertain) => UndoFate::Stopped,
        (_, RecordState::Batched) if is_printing => UndoFate::Stopped,
        (ImportDeed::Updated, _) if has_earlier => UndoFate::Reverted,
        _ => UndoFate::Withdrawn,
    }
}

/// What is done to a record, of which [`fate`] says what becomes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Undone {
    /// Its state changes.
    State(Transition),
    /// It gets the body that it had before, too.
    Body(Transition),
    /// Nothing.
    Nothing,
}

/// Undoes what the import did to a record. `admission` says whether the body that it has then may be on the waiting list.
pub fn undo(
    import: ImportId,
    record: Imported,
    view: &RecordView,
    admission: &Result<(), Reason>,
) -> Result<Undone, Refusal> {
    let marked = |mut transition: Transition| {
        transition.event = transition.event.map(|event: Event| event.with("import", import));
        transition
    };
    let done = match (fate(record), record.deed) {
        (UndoFate::HandedOver | UndoFate::Kept, _) => None,
        // What was printed is of the wrong body: the card is stopped, and a new one has the right one.
        (UndoFate::Reverted | UndoFate::Stopped, ImportDeed::Updated) if record.has_earlier => {
            return Ok(Undone::Body(marked(update(view, admission)?)));
        }
        (UndoFate::Reverted, _) => restore(view, admission),
        (UndoFate::Withdrawn | UndoFate::Stopped, _) => withdraw_undone(view, import)?,
    };
    Ok(done.map_or(Undone::Nothing, |transition| Undone::State(marked(transition))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: Imported = Imported {
        deed: ImportDeed::Added,
        state: RecordState::Waiting,
        is_printing: false,
        is_changed: false,
        has_earlier: false,
    };

    #[test]
    fn a_new_record_is_withdrawn_while_it_has_no_card_and_its_card_is_stopped_until_it_is_handed_over() {
        let of = |state| fate(Imported { state, ..NEW });
        for state in [RecordState::Waiting, RecordState::Held, RecordState::Quarantined, RecordState::Batched] {
            assert_eq!(of(state), UndoFate::Withdrawn, "{state:?}");
        }
        assert_eq!([RecordState::Printed, RecordState::Uncertain].map(of), [UndoFate::Stopped; 2]);
        assert_eq!(fate(Imported { state: RecordState::Batched, is_printing: true, ..NEW }), UndoFate::Stopped);
        assert_eq!([RecordState::HandedOver, RecordState::Withdrawn].map(of), [UndoFate::HandedOver, UndoFate::Kept]);
    }

    #[test]
    fn a_record_that_was_known_is_what_it_was_before_unless_a_later_import_changed_it() {
        let updated = Imported { deed: ImportDeed::Updated, has_earlier: true, ..NEW };
        assert_eq!(fate(updated), UndoFate::Reverted);
        assert_eq!(fate(Imported { state: RecordState::Printed, ..updated }), UndoFate::Stopped);
        assert_eq!(fate(Imported { has_earlier: false, ..updated }), UndoFate::Withdrawn, "what it was is not known");
        let withdrawn = Imported { deed: ImportDeed::Withdrawn, state: RecordState::Withdrawn, ..NEW };
        assert_eq!(fate(withdrawn), UndoFate::Reverted);
        assert_eq!(fate(Imported { state: RecordState::Waiting, ..withdrawn }), UndoFate::Kept, "restored since");
        assert_eq!(fate(Imported { state: RecordState::Printed, ..withdrawn }), UndoFate::Reverted);
        assert_eq!(fate(Imported { deed: ImportDeed::Restored, ..NEW }), UndoFate::Withdrawn);
        for deed in ImportDeed::ALL {
            assert_eq!(fate(Imported { deed, is_changed: true, ..NEW }), UndoFate::Kept);
            assert_eq!(deed.as_str().parse(), Ok(deed));
        }
    }
}
