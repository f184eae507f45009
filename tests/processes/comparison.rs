//! Helper: compares the database with the cards in the printers' output hoppers.

use std::collections::HashMap;

use serde_json::Value;

use crate::engine::HopperCard;
use crate::office::{Attempt, Office, number};

/// The results of a run that has ended.
pub(crate) struct Account {
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) status: Value,
    /// The cards in all output hoppers, by the name of their attempt.
    pub(crate) cards: HashMap<String, Vec<HopperCard>>,
    /// SHA-256 of each attempt's whole document.
    pub(crate) documents: HashMap<String, String>,
    /// The number of records, and of blanks.
    pub(crate) records: usize,
    pub(crate) blanks: usize,
}

impl Account {
    pub(crate) fn new(
        office: &Office,
        hoppers: impl IntoIterator<Item = HopperCard>,
        documents: HashMap<String, String>,
        records: usize,
        blanks: usize,
    ) -> Self {
        let mut cards: HashMap<String, Vec<HopperCard>> = HashMap::new();
        for card in hoppers {
            cards.entry(card.name.clone()).or_default().push(card);
        }
        Self { attempts: office.attempts(), status: office.status(), cards, documents, records, blanks }
    }

    pub(crate) fn cards_of(&self, attempt: &str) -> &[HopperCard] {
        self.cards.get(attempt).map_or(&[], Vec::as_slice)
    }

    /// All violations. The audit chain is checked by the caller.
    pub(crate) fn wrongs(&self) -> Vec<String> {
        let mut wrongs: Vec<String> = self.attempts.iter().filter_map(|attempt| self.wrong_attempt(attempt)).collect();
        let is_known = |name: &String| self.attempts.iter().any(|attempt| attempt.id == *name);
        let unknown = self.cards.keys().filter(|name| !is_known(name));
        wrongs.extend(unknown.map(|name| format!("nobody knows of the card of {name}")));
        self.wrong_records(&mut wrongs);
        self.wrong_accounts(&mut wrongs);
        wrongs
    }

    fn wrong_attempt(&self, attempt: &Attempt) -> Option<String> {
        let cards = self.cards_of(&attempt.id);
        let document = self.documents.get(&attempt.id);
        let wrong = match attempt.outcome.as_deref() {
            Some("printed") => match cards {
                [card] if Some(&card.digest) == document => return None,
                [_] => "it is printed, but its card is not of the whole document",
                _ => "it is printed, but has not one card",
            },
            Some("not-started") if cards.is_empty() => return None,
            Some("not-started") => "it did not start, but there is a card",
            Some("uncertain") if cards.len() <= 1 => return None,
            Some("uncertain") => "it is uncertain, but has more than one card",
            Some(_) => "no IPP printer can say that",
            None => "it is still open",
        };
        Some(format!("{wrong}: {attempt:?}, cards {cards:?}"))
    }

    /// A record has at most one card, no card after an attempt that may have made one, and one state.
    fn wrong_records(&self, wrongs: &mut Vec<String>) {
        let mut by_record: HashMap<&str, Vec<&Attempt>> = HashMap::new();
        for attempt in &self.attempts {
            by_record.entry(&attempt.request_id).or_default().push(attempt);
        }
        let mut ends: HashMap<&str, i64> = HashMap::new();
        for (record, mut attempts) in by_record {
            attempts.sort_by_key(|attempt| attempt.began_at);
            let cards: usize = attempts.iter().map(|attempt| self.cards_of(&attempt.id).len()).sum();
            if cards > 1 {
                wrongs.push(format!("{record} has {cards} cards: {attempts:?}"));
            }
            for pair in attempts.windows(2) {
                if pair[0].outcome.as_deref() != Some("not-started") || pair[0].ended_at > Some(pair[1].began_at) {
                    wrongs.push(format!("{record} was tried again too early: {pair:?}"));
                }
            }
            let last = attempts.last().and_then(|attempt| attempt.outcome.as_deref()).unwrap_or("open");
            *ends.entry(last).or_default() += 1;
        }
        let states = self.status["records"].as_object().unwrap();
        let sum: i64 = states.values().map(|count| count.as_i64().unwrap()).sum();
        if sum != i64::try_from(self.records).unwrap() {
            wrongs.push(format!("of {} records, {sum} have a state: {}", self.records, self.status));
        }
        for state in ["printed", "uncertain"] {
            if self.count("records", state) != ends.get(state).copied().unwrap_or(0) {
                wrongs.push(format!("records that are {state}: {} and the attempts {ends:?}", self.status));
            }
        }
    }

    /// The blanks are booked as the attempts ended.
    fn wrong_accounts(&self, wrongs: &mut Vec<String>) {
        let count = |outcome| self.attempts.iter().filter(|a| a.outcome.as_deref() == Some(outcome)).count();
        let (printed, uncertain) = (count("printed"), count("uncertain"));
        for (account, expected) in [
            ("sum", 0),
            ("printed", printed),
            ("uncertain", uncertain),
            ("spoiled", 0),
            ("reserved", 0),
            ("vault", self.blanks - printed - uncertain),
        ] {
            let booked = number(&self.status, &["blangko", "student", account]);
            if booked != i64::try_from(expected).unwrap() {
                wrongs.push(format!("{booked} blanks are booked as {account}, not {expected}"));
            }
        }
    }

    /// The number of rows in a state.
    pub(crate) fn count(&self, table: &str, state: &str) -> i64 {
        self.status[table][state].as_i64().unwrap_or(0)
    }
}
