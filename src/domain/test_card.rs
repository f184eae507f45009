//! Test cards: an attempt without a record. Its blank is reserved before anything is sent, and booked as the attempt ends.

use super::{
    attempt::{InspectionResult, Outcome},
    audit::Event,
    id::LotId,
    reason::Reason,
    refusal::{AttemptRule, Refusal},
    states::AttemptState,
    stock::{Account, Cause, Movement, Place},
};

/// A test card whose blank is booked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestCard {
    /// Its name at the printer.
    pub name: String,
    /// The printer.
    pub printer: String,
    /// Its state.
    pub state: AttemptState,
    /// The lot of its blank.
    pub lot: LotId,
    /// Where that blank was taken from.
    pub place: Place,
}

/// A change of a test card, with the movement of its blank.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestCardChange {
    /// Its name.
    pub name: String,
    /// The state that it must have.
    pub from: AttemptState,
    /// Its new state.
    pub to: AttemptState,
    /// Why.
    pub reason: Option<Reason>,
    /// What a person wrote.
    pub note: Option<String>,
    /// What becomes of the blank.
    pub movement: Movement,
    /// The audit event.
    pub event: Event,
}

impl TestCard {
    /// The movement that reserves its blank.
    pub fn reserved(&self) -> Movement {
        self.movement(self.place.free(), self.place.reserved(), Cause::TestCard)
    }

    /// The change at its end. A good test card is spoiled stock: it is destroyed as such.
    pub fn ended(&self, outcome: &Outcome) -> TestCardChange {
        let (account, cause) = match outcome {
            Outcome::Printed | Outcome::Spoiled { .. } => (Account::Spoiled, Cause::TestCard),
            Outcome::NotStarted { .. } => (self.place.free(), Cause::Released),
            Outcome::Uncertain { .. } => (Account::Uncertain, Cause::OutcomeUnknown),
        };
        let to = outcome.state();
        let event = Event::new("printer.test-card-ended", &*self.name).with("outcome", to.as_str());
        let event = event.with("printer", &self.printer);
        TestCardChange {
            name: self.name.clone(),
            from: self.state,
            to,
            reason: outcome.reason().cloned(),
            note: None,
            movement: self.movement(self.place.reserved(), account, cause),
            event: match outcome.reason() {
                Some(reason) => event.because(reason),
                None => event,
            },
        }
    }

    /// The change when a person declares that its outcome cannot be learned.
    pub fn declared(&self, note: &str) -> TestCardChange {
        let change = self.ended(&Outcome::Uncertain { reason: Reason::DeclaredByPerson });
        TestCardChange { note: Some(note.to_owned()), ..change }
    }

    /// The change for the result of an inspection. Possible once only.
    pub fn inspected(&self, found: InspectionResult, note: &str) -> Result<TestCardChange, Refusal> {
        if self.state != AttemptState::Uncertain {
            return Err(Refusal::AttemptState {
                attempt: self.name.clone(),
                found: self.state,
                needs: AttemptRule::Uncertain,
                archived: false,
            });
        }
        let (to, account, cause) = match found {
            InspectionResult::Good => (AttemptState::Printed, Account::Spoiled, Cause::TestCard),
            InspectionResult::Spoiled => (AttemptState::Spoiled, Account::Spoiled, Cause::TestCard),
            InspectionResult::Nothing => (AttemptState::NotStarted, self.place.free(), Cause::Inspected),
            InspectionResult::BlankGone => (AttemptState::NotStarted, Account::Missing, Cause::Inspected),
        };
        let event = Event::new("printer.test-card-inspected", &*self.name).with("printer", &self.printer);
        Ok(TestCardChange {
            name: self.name.clone(),
            from: self.state,
            to,
            reason: Some(Reason::InspectedByPerson),
            note: Some(note.to_owned()),
            movement: self.movement(Account::Uncertain, account, cause),
            event: event.with("found", format!("{found:?}").to_lowercase()).with("note", note),
        })
    }

    fn movement(&self, from: Account, to: Account, cause: Cause) -> Movement {
        Movement::new(self.lot, from, to, 1, cause).with_document(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::NotStartedCause;

    fn card(state: AttemptState) -> TestCard {
        TestCard { name: "cetak-test-1".into(), printer: "p1".into(), state, lot: LotId(1), place: Place::Vault }
    }

    #[test]
    fn the_blank_of_a_test_card_is_reserved_first_and_goes_where_the_card_ends() {
        let reserved = card(AttemptState::Intent).reserved();
        assert_eq!((reserved.from, reserved.to), (Account::Vault, Account::Reserved(Place::Vault)));
        let reason = || Reason::NotEnded;
        let cases = [
            (Outcome::Printed, Account::Spoiled),
            (Outcome::Spoiled { reason: reason() }, Account::Spoiled),
            (Outcome::NotStarted { cause: NotStartedCause::Printer, reason: reason() }, Account::Vault),
            (Outcome::Uncertain { reason: reason() }, Account::Uncertain),
        ];
        for (outcome, to) in cases {
            let change = card(AttemptState::Releasing).ended(&outcome);
            assert_eq!((change.to, &change.movement.to), (outcome.state(), &to), "{outcome:?}");
            assert_eq!(change.movement.from, Account::Reserved(Place::Vault));
        }
    }

    #[test]
    fn an_uncertain_test_card_is_inspected_once_and_its_blank_goes_where_it_was_found() {
        let cases = [
            (InspectionResult::Good, AttemptState::Printed, Account::Spoiled),
            (InspectionResult::Spoiled, AttemptState::Spoiled, Account::Spoiled),
            (InspectionResult::Nothing, AttemptState::NotStarted, Account::Vault),
            (InspectionResult::BlankGone, AttemptState::NotStarted, Account::Missing),
        ];
        for (found, state, account) in cases {
            let change = card(AttemptState::Uncertain).inspected(found, "seen").unwrap();
            assert_eq!((change.to, &change.movement.to), (state, &account), "{found:?}");
            assert_eq!(change.movement.from, Account::Uncertain);
            assert!(card(AttemptState::Printed).inspected(found, "seen").is_err());
        }
    }
}
