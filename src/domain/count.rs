//! Stocktakes. A place is counted without knowledge of the book: by one person, and, if that count differs from the book, by another.
//! A first count that is equal to the book closes the stocktake. Two counts go to a supervisor with the book.

use serde::{Deserialize, Serialize};

use super::{
    actor::{Actor, same_person},
    id::{AccountId, CountId},
    pending::TwoPerson,
    permission::Operation,
    refusal::{CountRefusal, CountRule},
    states::CountState,
    stock::Place,
    value::Counted,
};

/// What a person counted: full bundles, and what is loose.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountedBlanks {
    /// Full bundles.
    pub bundles: Counted,
    /// The blanks in a full bundle.
    pub bundle_size: Counted,
    /// The blanks that are in no full bundle.
    pub loose: Counted,
}

impl CountedBlanks {
    /// The largest number that can be counted.
    pub const MAX: i64 = 1_000_000_000;

    /// The blanks in all; `None` if they are more than [`Self::MAX`].
    pub fn total(self) -> Option<i64> {
        let bundled = self.bundles.get().checked_mul(self.bundle_size.get())?;
        bundled.checked_add(self.loose.get()).filter(|total| *total <= Self::MAX)
    }
}

/// A count that was made, with the book at that instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Compared {
    /// The counted number.
    pub counted: i64,
    /// The free and reserved blanks that were booked there, less those that were in printers.
    pub booked: i64,
}

impl Compared {
    /// Counted less booked.
    pub fn difference(self) -> i64 {
        self.counted - self.booked
    }
}

/// A person, by account or else by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CountPerson {
    /// The account.
    pub account: Option<AccountId>,
    /// The name.
    pub name: String,
}

impl CountPerson {
    fn is(&self, actor: &Actor) -> bool {
        same_person((self.account, &self.name), (actor.account, &actor.name))
    }
}

/// A stocktake of a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StockCount {
    /// Its number.
    pub id: CountId,
    /// The blank type.
    pub blank_type: String,
    /// The place.
    pub place: Place,
    /// Where it is.
    pub state: CountState,
    /// The person who makes the first count; anyone who may count if none is named.
    pub counter: Option<CountPerson>,
    /// The first count, and who made it.
    pub first: Option<(Compared, CountPerson)>,
    /// The second count, and who made it.
    pub second: Option<(Compared, CountPerson)>,
}

/// Which of two counts is booked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WhichCount {
    /// The first.
    First,
    /// The second.
    Second,
}

impl WhichCount {
    /// The name in the database and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
        }
    }
}

impl std::str::FromStr for WhichCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = [Self::First, Self::Second].into_iter().find(|which| which.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is neither `first` nor `second`"))
    }
}

impl std::fmt::Display for WhichCount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl StockCount {
    /// Compares what `actor` counted with the book. Returns the state that follows, and whether the actor also made the first
    /// count, which an office of one person may allow.
    pub fn entered(
        &self,
        [entry, again]: [CountedBlanks; 2],
        booked: i64,
        actor: &Actor,
        rule: TwoPerson,
    ) -> Result<(Compared, CountState, bool), CountRefusal> {
        let count = self.id;
        if !self.state.waits_for_entry() {
            return Err(CountRefusal::State { count, found: self.state, needs: CountRule::Enter });
        }
        if let Some(counter) = self.counter.as_ref().filter(|_| self.state == CountState::First)
            && !counter.is(actor)
        {
            return Err(CountRefusal::OtherCounter { count, counter: counter.name.clone() });
        }
        let is_own = self.first.as_ref().is_some_and(|(_, person)| person.is(actor));
        if is_own && rule == TwoPerson::Enforced {
            return Err(CountRefusal::SameCounter { count });
        }
        let too_many = CountRefusal::TooMany { most: CountedBlanks::MAX };
        let (Some(counted), Some(repeated)) = (entry.total(), again.total()) else { return Err(too_many) };
        if counted != repeated {
            return Err(CountRefusal::EntriesDiffer { count });
        }
        let state = match self.state {
            CountState::First if counted == booked => CountState::Equal,
            CountState::First => CountState::Second,
            CountState::Second
            | CountState::Differs
            | CountState::Equal
            | CountState::Booked
            | CountState::Cancelled => CountState::Differs,
        };
        Ok((Compared { counted, booked }, state, is_own))
    }

    /// The count that a supervisor books, and what is compared with the book of now.
    pub fn to_book(&self, which: WhichCount) -> Result<Compared, CountRefusal> {
        let made = match which {
            WhichCount::First => &self.first,
            WhichCount::Second => &self.second,
        };
        let wrong = CountRefusal::State { count: self.id, found: self.state, needs: CountRule::Book };
        made.as_ref().filter(|_| self.state == CountState::Differs).map(|(made, _)| *made).ok_or(wrong)
    }

    /// Refused if it is closed.
    pub fn refuse_closed(&self) -> Result<(), CountRefusal> {
        if self.state.is_open() {
            return Ok(());
        }
        Err(CountRefusal::State { count: self.id, found: self.state, needs: CountRule::Cancel })
    }
}

/// Whether the actor may enter what was counted, so that counts hide numbers from it.
pub fn may_count(actor: &Actor) -> bool {
    Operation::CountEnter.roles_that_do().iter().any(|role| actor.roles.contains(role))
}

/// Whether the book of a place is hidden from an actor by a count in this state: from each who may count, from the beginning of the
/// count to its end. One who may also book the difference sees the book as soon as there is no more to count.
pub fn is_hidden_from(actor: &Actor, state: CountState) -> bool {
    let may_decide = || Operation::CountBook.confirming_roles().iter().any(|role| actor.roles.contains(role));
    let decides = state == CountState::Differs && may_decide();
    state.is_open() && may_count(actor) && !decides
}

/// The operation with which a count goes on; `None` if it is closed.
pub fn waits_for(state: CountState) -> Option<Operation> {
    match state {
        CountState::First | CountState::Second => Some(Operation::CountEnter),
        CountState::Differs => Some(Operation::CountBook),
        CountState::Equal | CountState::Booked | CountState::Cancelled => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::actor::Role;

    fn person(id: i64, roles: &[Role]) -> Actor {
        Actor {
            account: Some(AccountId(id)),
            roles: roles.iter().copied().collect(),
            ..Actor::local_administrator(format!("person {id}"), "u".into(), "h".into())
        }
    }

    fn counted(bundles: i64, bundle_size: i64, loose: i64) -> CountedBlanks {
        let [bundles, bundle_size, loose] = [bundles, bundle_size, loose].map(|n| n.try_into().unwrap());
        CountedBlanks { bundles, bundle_size, loose }
    }

    fn open(state: CountState) -> StockCount {
        let made = |booked| {
            (Compared { counted: 4_700, booked }, CountPerson { account: Some(AccountId(1)), name: "person 1".into() })
        };
        StockCount {
            id: CountId(7),
            blank_type: "student".into(),
            place: Place::Vault,
            state,
            counter: None,
            first: (state != CountState::First).then(|| made(4_731)),
            second: (state == CountState::Differs).then(|| made(4_730)),
        }
    }

    const KEEPER: [Role; 1] = [Role::StockKeeper];

    #[test]
    fn a_first_count_that_is_equal_to_the_book_closes_and_two_counts_go_to_a_supervisor() {
        let entered = |state, loose, booked, by| {
            let entries = [counted(47, 100, loose); 2];
            let made = open(state).entered(entries, booked, &person(by, &KEEPER), TwoPerson::Enforced);
            made.map(|(made, next, _)| (made.difference(), next))
        };
        assert_eq!(entered(CountState::First, 31, 4_731, 1), Ok((0, CountState::Equal)));
        assert_eq!(entered(CountState::First, 0, 4_731, 1), Ok((-31, CountState::Second)));
        assert_eq!(
            entered(CountState::Second, 31, 4_731, 2),
            Ok((0, CountState::Differs)),
            "the first count may be right"
        );
        assert_eq!(entered(CountState::Second, 0, 4_731, 2), Ok((-31, CountState::Differs)));
        assert_eq!(entered(CountState::Second, 0, 4_731, 1), Err(CountRefusal::SameCounter { count: CountId(7) }));
        for state in [CountState::Differs, CountState::Equal, CountState::Booked, CountState::Cancelled] {
            assert!(matches!(entered(state, 0, 4_731, 2), Err(CountRefusal::State { .. })), "{state:?}");
        }
    }

    #[test]
    fn an_office_of_one_person_may_count_twice_and_it_is_known() {
        let entry = [counted(0, 0, 4_700); 2];
        let second = open(CountState::Second).entered(entry, 4_731, &person(1, &KEEPER), TwoPerson::Recorded);
        assert_eq!(second.map(|(_, state, is_own)| (state, is_own)), Ok((CountState::Differs, true)));
    }

    #[test]
    fn only_the_person_who_is_named_makes_the_first_count() {
        let counter = Some(CountPerson { account: Some(AccountId(2)), name: "person 2".into() });
        let count = StockCount { counter, ..open(CountState::First) };
        let entry = [counted(1, 10, 0); 2];
        let by = |id| count.entered(entry, 10, &person(id, &KEEPER), TwoPerson::Enforced).map(|(_, state, _)| state);
        assert_eq!(by(2), Ok(CountState::Equal));
        assert_eq!(by(1), Err(CountRefusal::OtherCounter { count: CountId(7), counter: "person 2".into() }));
    }

    #[test]
    fn a_count_is_entered_twice_and_both_entries_are_the_same_number() {
        let by = person(1, &KEEPER);
        let entered =
            |entries| open(CountState::First).entered(entries, 120, &by, TwoPerson::Enforced).map(|made| made.1);
        assert_eq!(entered([counted(1, 100, 20), counted(2, 60, 0)]), Ok(CountState::Equal));
        let differ = Err(CountRefusal::EntriesDiffer { count: CountId(7) });
        assert_eq!(entered([counted(1, 100, 20), counted(1, 100, 2)]), differ);
        let too_many = counted(1_000_000_000, 1_000_000_000, 0);
        assert_eq!(entered([too_many; 2]), Err(CountRefusal::TooMany { most: CountedBlanks::MAX }));
    }

    #[test]
    fn the_book_is_hidden_from_all_who_may_count_until_the_count_is_closed() {
        let roles = [
            (&[Role::StockKeeper][..], [true, true, true]),
            (&[Role::StockKeeper, Role::Operator, Role::Administrator], [true, true, true]),
            (&[Role::StockKeeper, Role::Supervisor], [true, true, false]),
            (&[Role::Supervisor], [false; 3]),
            (&[Role::Auditor], [false; 3]),
            (&[Role::Operator], [false; 3]),
            (&[], [false; 3]),
        ];
        for (roles, hidden) in roles {
            let actor = person(1, roles);
            let open = [CountState::First, CountState::Second, CountState::Differs];
            assert_eq!(open.map(|state| is_hidden_from(&actor, state)), hidden, "{roles:?}");
            for closed in [CountState::Equal, CountState::Booked, CountState::Cancelled] {
                assert!(!is_hidden_from(&actor, closed), "{roles:?}");
            }
        }
    }

    #[test]
    fn a_supervisor_books_one_of_two_counts_and_nothing_before_both_are_made() {
        let to_book = |state, which| open(state).to_book(which).map(Compared::difference).ok();
        assert_eq!(to_book(CountState::Differs, WhichCount::First), Some(-31));
        assert_eq!(to_book(CountState::Differs, WhichCount::Second), Some(-30));
        assert_eq!(to_book(CountState::Second, WhichCount::First), None);
        assert_eq!(to_book(CountState::First, WhichCount::First), None);
    }
}
