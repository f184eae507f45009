//! What a commit changes, as its audit row holds it: by these changes the states and the ledger are proved.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use super::{
    id::RecordId,
    states::RecordState,
    stock::Movement,
    transition::{CardChange, RecordChange},
};

type Text = Cow<'static, str>;

/// The changes of one commit. Each part is left out of the stored text if it is empty.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Changes {
    /// New records: the numbers of each state, as ranges.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub added: BTreeMap<Text, String>,
    /// Records whose body was replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewritten: Vec<i64>,
    /// Records that changed: number, state before and after, and what happened to the card, joined by `+`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<(i64, Text, Text, Text)>,
    /// Movements of the ledger.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub movements: Vec<SealedMovement>,
    /// Rows that change rarely: table, key, and the keyed digest of the row; `None` if it was deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<(Text, String, Option<String>)>,
    /// The number of the commit among those with `rows`. It tells which digest of a row is the newest, over all chains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_commit: Option<i64>,
    /// The newest rows that are older than this record of changes, so that the audit cannot prove them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<Older>,
}

/// A movement: lot; account and place that the blanks left; account and place that they went to; quantity; cause; document;
/// batch; attempt; the delivery that it reverses. Its instant and actor are those of the audit row.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct SealedMovement(
    pub i64,
    pub Text,
    pub Text,
    pub Text,
    pub Text,
    pub i64,
    pub Text,
    pub Option<String>,
    pub Option<i64>,
    pub Option<i64>,
    pub Option<i64>,
);

/// The largest numbers of rows that were written before changes were recorded; 0 for none.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Older {
    /// Of records.
    pub record: i64,
    /// Of movements.
    pub movement: i64,
}

impl Changes {
    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds the change of a record. `before` are its marks before it.
    pub fn record(&mut self, change: &RecordChange, before: Marks) {
        let is_sent = change.out.is_sent();
        let clears = [
            (
                before.checked && (change.to == RecordState::Waiting || change.card == CardChange::Unchecked),
                "unchecked",
            ),
            (is_sent == Some(true), "sent"),
            (before.sent && (is_sent == Some(false) || change.to != RecordState::Printed), "unsent"),
            (before.surrendered && change.card == CardChange::NextCopy, "unsurrendered"),
        ];
        let words = clears.iter().filter(|(is_cleared, _)| *is_cleared).map(|(_, word)| *word);
        let card = card_word(change.card).into_iter().chain(words).collect::<Vec<_>>().join("+");
        if change.from != change.to || !card.is_empty() {
            self.step(change.id, change.from, change.to, card.into());
        }
    }

    /// Adds the change of a record's state alone.
    pub fn record_state(&mut self, record: RecordId, from: RecordState, to: RecordState) {
        self.step(record, from, to, "".into());
    }

    fn step(&mut self, record: RecordId, from: RecordState, to: RecordState, card: Text) {
        self.records.push((record.0, from.as_str().into(), to.as_str().into(), card));
    }

    /// Adds a movement. `batch` is its batch.
    pub fn movement(&mut self, m: &Movement, batch: Option<i64>) {
        self.movements.push(SealedMovement(
            m.lot.0,
            m.from.name().into(),
            m.from.place().to_owned().into(),
            m.to.name().into(),
            m.to.place().to_owned().into(),
            m.quantity,
            m.cause.as_str().into(),
            m.document.clone(),
            batch,
            m.attempt.map(|attempt| attempt.0),
            m.reverses.map(|delivery| delivery.0),
        ));
    }
}

/// The card's change as the audit has it; `None` for none.
fn card_word(change: CardChange) -> Option<&'static str> {
    match change {
        CardChange::Keep | CardChange::Unchecked => None,
        CardChange::Checked => Some("checked"),
        CardChange::Surrendered => Some("surrendered"),
        CardChange::NextCopy => Some("next-copy"),
    }
}

/// The marks of a record's card.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Marks {
    /// A person has checked it.
    pub checked: bool,
    /// The citizen has given it back.
    pub surrendered: bool,
    /// It is in a district.
    pub sent: bool,
}

impl Marks {
    /// Whether a change may clear a mark.
    pub fn may_be_cleared_by(change: &RecordChange) -> bool {
        let leaves_district = change.from == RecordState::Printed
            && (change.to != RecordState::Printed || change.out.is_sent() == Some(false));
        change.to == RecordState::Waiting
            || matches!(change.card, CardChange::NextCopy | CardChange::Unchecked)
            || leaves_district
    }
}

const STATES: [RecordState; 8] = RecordState::ALL;

/// All changes of one record. They are counted and not followed, because chains have no common order.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Trail {
    /// For each state, in the order of `RecordState::ALL`, how often it was entered less how often it was left.
    net: [i16; STATES.len()],
    is_added: bool,
    rewrites: i64,
    copies: i64,
    /// How often its card was checked, less how often that was undone.
    checks: i64,
    /// How often its card was given back, less how often another one followed.
    surrenders: i64,
    /// How often its card was sent to a district, less how often that ended.
    sendings: i64,
}

/// A record as the database has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FoundRecord {
    /// Its state.
    pub state: RecordState,
    /// The version of its body.
    pub version: i64,
    /// The number of the copy that may be printed.
    pub copy: i64,
    /// Whether its card was checked.
    pub checked: bool,
    /// Whether its card was given back.
    pub surrendered: bool,
    /// Whether its card is in a district.
    pub sent: bool,
}

/// The result of comparing a record with its changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Proof {
    /// It is as its changes left it.
    Proved,
    /// It was written before changes were recorded, so only what followed was compared.
    Older,
    /// It differs: what it is, and what the audit has.
    Differs(String),
}

impl Trail {
    /// The record was added in a state.
    pub fn added(&mut self, state: &str) {
        self.is_added = true;
        self.enter(state, 1);
    }

    /// Its body was replaced.
    pub fn rewritten(&mut self) {
        self.rewrites += 1;
    }

    /// A change of state or card.
    pub fn step(&mut self, from: &str, to: &str, card: &str) {
        self.enter(from, -1);
        self.enter(to, 1);
        for word in card.split('+') {
            match word {
                "checked" => self.checks += 1,
                "unchecked" => self.checks -= 1,
                "surrendered" => self.surrenders += 1,
                "unsurrendered" => self.surrenders -= 1,
                "sent" => self.sendings += 1,
                "unsent" => self.sendings -= 1,
                "next-copy" => self.copies += 1,
                _ => {}
            }
        }
    }

    fn enter(&mut self, state: &str, by: i16) {
        if let Some(at) = STATES.iter().position(|known| known.as_str() == state) {
            self.net[at] = self.net[at].saturating_add(by);
        }
    }

    /// Compares the record with its changes. `may_be_older`: it may have been written before changes were recorded.
    pub fn compare(&self, found: &FoundRecord, may_be_older: bool) -> Proof {
        if !self.is_added && !may_be_older {
            return Proof::Differs("the audit does not have its import".into());
        }
        // Without the state that it began in, one state may have been left once more than it was entered.
        let is_at = |at: usize| STATES[at] == found.state;
        let rest = (0..STATES.len()).map(|at| self.net[at] - i16::from(is_at(at)));
        let (less, more) = rest.fold((0, 0), |(less, more), n| (less + n.min(0), more + n.max(0)));
        let begins = if self.is_added { 0 } else { -1 };
        if more != 0 || less != begins {
            return Proof::Differs(match self.end() {
                Some(state) => format!("it is {}, and the audit has {}", found.state.as_str(), state.as_str()),
                None => format!("it is {}, and the audit does not lead there", found.state.as_str()),
            });
        }
        if self.is_added && i64::from(found.checked) != self.checks {
            return Proof::Differs("whether its card was checked is not as the audit has it".into());
        }
        if self.is_added && i64::from(found.surrendered) != self.surrenders {
            return Proof::Differs("whether its card was given back is not as the audit has it".into());
        }
        if self.is_added && i64::from(found.sent) != self.sendings {
            return Proof::Differs("whether its card is in a district is not as the audit has it".into());
        }
        if self.is_added && (found.copy, found.version) != (1 + self.copies, 1 + self.rewrites) {
            let (copy, version) = (1 + self.copies, 1 + self.rewrites);
            return Proof::Differs(format!(
                "it has copy {} and version {}, and the audit has {copy} and {version}",
                found.copy, found.version
            ));
        }
        if self.is_added { Proof::Proved } else { Proof::Older }
    }

    /// Whether the record must exist.
    pub fn is_added(&self) -> bool {
        self.is_added
    }

    /// The state in which the changes end, if they begin with the import.
    fn end(&self) -> Option<RecordState> {
        let mut ends = STATES.iter().zip(self.net).filter(|(_, net)| *net != 0);
        let (state, net) = ends.next()?;
        (self.is_added && net == 1 && ends.next().is_none()).then_some(*state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: FoundRecord = FoundRecord {
        state: RecordState::Printed,
        version: 1,
        copy: 1,
        checked: false,
        surrendered: false,
        sent: false,
    };

    fn printed() -> Trail {
        let mut trail = Trail::default();
        // In the order of two chains, which is not the order of time.
        trail.step("batched", "printed", "");
        trail.added("waiting");
        trail.step("waiting", "batched", "");
        trail
    }

    #[test]
    fn a_record_is_proved_by_its_changes_in_any_order() {
        assert_eq!(printed().compare(&PRINTED, false), Proof::Proved);
        let mut again = printed();
        again.step("printed", "waiting", "next-copy");
        again.step("waiting", "batched", "");
        again.step("batched", "printed", "");
        assert_eq!(again.compare(&FoundRecord { copy: 2, ..PRINTED }, false), Proof::Proved);
    }

    #[test]
    fn each_value_that_the_changes_do_not_lead_to_is_a_difference() {
        let differs = [
            FoundRecord { state: RecordState::HandedOver, ..PRINTED },
            FoundRecord { state: RecordState::Waiting, ..PRINTED },
            FoundRecord { version: 2, ..PRINTED },
            FoundRecord { copy: 2, ..PRINTED },
            FoundRecord { checked: true, ..PRINTED },
            FoundRecord { surrendered: true, ..PRINTED },
            FoundRecord { sent: true, ..PRINTED },
        ];
        for found in differs {
            assert!(matches!(printed().compare(&found, false), Proof::Differs(_)), "{found:?}");
        }
        assert_eq!(
            printed().compare(&differs[0], false),
            Proof::Differs("it is handed_over, and the audit has printed".into())
        );
        assert!(matches!(Trail::default().compare(&PRINTED, false), Proof::Differs(_)));
        let mut checked = printed();
        checked.step("printed", "printed", "checked");
        assert_eq!(checked.compare(&FoundRecord { checked: true, ..PRINTED }, false), Proof::Proved);
        assert!(matches!(checked.compare(&PRINTED, false), Proof::Differs(_)));
        // Rejected, printed again, and not checked since.
        checked.step("printed", "waiting", "unchecked");
        checked.step("waiting", "printed", "");
        assert_eq!(checked.compare(&PRINTED, false), Proof::Proved);
        assert!(matches!(checked.compare(&FoundRecord { checked: true, ..PRINTED }, false), Proof::Differs(_)));
    }

    #[test]
    fn of_an_older_record_what_followed_is_compared() {
        let mut trail = Trail::default();
        assert_eq!(trail.compare(&PRINTED, true), Proof::Older);
        trail.step("batched", "printed", "");
        assert_eq!(trail.compare(&PRINTED, true), Proof::Older);
        let handed_over = FoundRecord { state: RecordState::HandedOver, ..PRINTED };
        assert!(matches!(trail.compare(&handed_over, true), Proof::Differs(_)));
    }

    #[test]
    fn what_is_empty_is_left_out_of_the_text() {
        let mut changes = Changes::default();
        assert!(changes.is_empty());
        changes.record_state(RecordId(7), RecordState::Batched, RecordState::Printed);
        let text = serde_json::to_string(&changes).unwrap();
        assert_eq!(text, r#"{"records":[[7,"batched","printed",""]]}"#);
        assert_eq!(serde_json::from_str::<Changes>(&text).unwrap(), changes);
    }
}
