//! What a reader does not see while blanks are counted, and how an answer leaves it out. Hidden is a whole blank type and not one place, as the
//! accounts of a type sum to zero.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        actor::Actor,
        card::profile::CardProfile,
        count::{is_hidden_from, may_count},
        id::CountId,
        refusal::CountRefusal,
        stock::Place,
    },
    engine::{Engine, EngineError},
};

/// What is hidden from a reader: the blank types that are being counted, each with the count.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hidden {
    types: BTreeMap<String, CountId>,
    /// The printers whose hoppers are being counted, each with the count.
    printers: BTreeMap<String, CountId>,
    /// The blank type of each card profile.
    profiles: BTreeMap<String, String>,
}

/// A blank type whose quantities are left out of an answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HiddenType {
    /// The blank type.
    pub blank_type: String,
    /// The count during which they are hidden.
    pub count: CountId,
}

impl Hidden {
    /// What is hidden from an actor now. It costs a read for those only who may count.
    pub(crate) async fn from(engine: &Engine, actor: &Actor) -> Result<Self, EngineError> {
        if !may_count(actor) {
            return Ok(Self::default());
        }
        let open = engine.store.read_once().await?.stock_counts_open().await?;
        let (mut types, mut printers) = (BTreeMap::new(), BTreeMap::new());
        for open in open.into_iter().filter(|open| is_hidden_from(actor, open.state)) {
            if let Place::Printer(printer) = open.place {
                printers.insert(printer, open.id);
            }
            types.insert(open.blank_type, open.id);
        }
        let of_profile = |profile: &Arc<CardProfile>| (profile.name.clone(), profile.blank_type.clone());
        Ok(Self { types, printers, profiles: engine.profiles.values().map(of_profile).collect() })
    }

    /// Whether nothing is hidden.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// Whether an event of the audit tells of blanks that are being counted. That the feeding of a printer stopped may tell that it has none.
    pub fn hides_event(&self, act: &str, subject: &str) -> bool {
        let is_of_feeding = act.starts_with("printer.feeding-") && !self.is_empty();
        is_of_feeding || (act.starts_with("blangko.") || act.starts_with("act.")) && self.of_subject(subject).is_some()
    }

    /// The count that hides a blank type.
    pub(super) fn of_type(&self, blank_type: &str) -> Option<CountId> {
        self.types.get(blank_type).copied()
    }

    /// The count that hides the blank type of a card profile.
    pub(super) fn of_profile(&self, profile: &str) -> Option<CountId> {
        self.of_type(self.profiles.get(profile)?)
    }

    /// The count that hides what a printer has: that of its hopper, or of the blank type of its card profile.
    pub(super) fn of_printer(&self, printer: &str, profile: &str) -> Option<CountId> {
        self.printers.get(printer).copied().or_else(|| self.of_profile(profile))
    }

    /// The count that hides what the audit calls `blangko TYPE`, or something of it.
    pub(super) fn of_subject(&self, subject: &str) -> Option<CountId> {
        let is_of = |blank_type: &str| subject.ends_with(&format!("blangko {blank_type}"));
        self.types.iter().find(|(blank_type, _)| is_of(blank_type)).map(|(_, count)| *count)
    }

    /// One of the counts.
    pub(super) fn first(&self) -> Option<CountId> {
        self.types.values().next().copied()
    }

    /// The blank types, each with its count.
    pub(super) fn listed(&self) -> Vec<HiddenType> {
        let one =
            |(blank_type, count): (&String, &CountId)| HiddenType { blank_type: blank_type.clone(), count: *count };
        self.types.iter().map(one).collect()
    }
}

/// An answer, or a row of one, from which quantities of blanks can be left out.
pub trait Blind {
    /// The count that hides it as a whole.
    fn hidden_by(&self, _hidden: &Hidden) -> Option<CountId> {
        None
    }

    /// Leaves out what is hidden. Refused if that is all of it.
    fn hide(&mut self, hidden: &Hidden) -> Result<(), CountRefusal> {
        let Some(count) = self.hidden_by(hidden) else { return Ok(()) };
        let of = hidden.types.iter().find(|(_, of)| **of == count);
        let blank_type = of.map(|(blank_type, _)| blank_type.clone()).unwrap_or_default();
        Err(CountRefusal::Hidden { count, blank_type })
    }
}

impl<T: Blind> Blind for Vec<T> {
    fn hide(&mut self, hidden: &Hidden) -> Result<(), CountRefusal> {
        self.retain(|row| row.hidden_by(hidden).is_none());
        self.iter_mut().try_for_each(|row| row.hide(hidden))
    }
}

impl<T: Blind> Blind for Option<T> {
    fn hide(&mut self, hidden: &Hidden) -> Result<(), CountRefusal> {
        self.as_mut().map_or(Ok(()), |answer| answer.hide(hidden))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_blanks_are_counted_no_event_tells_whether_a_printer_has_any() {
        let counted = Hidden { types: [("student".to_owned(), CountId(7))].into(), ..Hidden::default() };
        for (act, subject, is) in [
            ("printer.feeding-stopped", "printer p1", true),
            ("blangko.received", "blangko student", true),
            ("printer.seen", "printer p1", false),
        ] {
            assert_eq!(counted.hides_event(act, subject), is, "{act}");
            assert!(!Hidden::default().hides_event(act, subject), "{act}");
        }
    }
}
