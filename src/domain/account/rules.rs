//! What an account may do at an instant, and how long a session lasts.

use std::{collections::BTreeSet, time::Duration};

use crate::domain::{
    actor::{Actor, Means, Role},
    id::AccountId,
    time::Timestamp,
};

/// How long a one-time password can be used.
pub const ONE_TIME_VALID: Duration = Duration::from_hours(7 * 24);
/// How long an account is neither of two people after another person has reset its password.
pub const CONFIRMS_AFTER_RESET: Duration = Duration::from_hours(24);
/// How long the code for the first administrator is valid.
pub const FIRST_CODE_VALID: Duration = Duration::from_mins(15);
/// The maximum of open sessions of an account; the oldest ends.
pub const SESSIONS_MAX: i64 = 10;

/// A session that is not used for this long ends.
const IDLE_MAX: Duration = Duration::from_mins(30);
/// A session ends after this time, however much it is used.
const SESSION_MAX: Duration = Duration::from_hours(12);
/// The use of a session is saved at most this often, because only one transaction can write at a time.
const SEEN_EVERY: Duration = Duration::from_mins(1);

/// An account. It is never deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// The roles that it has now.
    pub roles: BTreeSet<Role>,
    /// Its password is a one-time password, which can be used until then.
    pub one_time_until: Option<Timestamp>,
    /// When another person last reset its password.
    pub reset_at: Option<Timestamp>,
    /// Since when it is disabled.
    pub disabled_at: Option<Timestamp>,
}

/// What the right password of an account permits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignIn {
    /// To sign in.
    Whole,
    /// To choose a password, and nothing else: the password is a one-time password.
    ChoosePassword,
}

impl Account {
    /// What its right password permits; `None` for nothing.
    pub fn sign_in(&self, now: Timestamp) -> Option<SignIn> {
        if self.disabled_at.is_some() {
            return None;
        }
        match self.one_time_until {
            None => Some(SignIn::Whole),
            Some(until) if now < until => Some(SignIn::ChoosePassword),
            Some(_) => None,
        }
    }

    /// The person who acts, with the roles of this moment. `through` is the program that serves the person: the operating-system user
    /// and the host are its own.
    pub fn actor(&self, means: Means, through: &Actor) -> Actor {
        Actor {
            account: Some(self.id),
            name: self.name.clone(),
            os_user: through.os_user.clone(),
            host: through.host.clone(),
            means,
            token: None,
            roles: self.roles.clone(),
            authenticated: true,
        }
    }
}

/// When an account may ask and confirm again, if it may not now: its password was reset by another person, who may know it.
pub fn confirms_from(reset_at: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    reset_at.map(|at| at.plus(CONFIRMS_AFTER_RESET)).filter(|from| now < *from)
}

/// When a session was opened and last used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionTimes {
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When its last use was saved.
    pub seen_at: Timestamp,
}

impl SessionTimes {
    /// Whether it is open.
    pub fn is_open(self, now: Timestamp) -> bool {
        now.since(self.seen_at) < IDLE_MAX && now.since(self.opened_at) < SESSION_MAX
    }

    /// Whether its use now is to be saved.
    pub fn is_due(self, now: Timestamp) -> bool {
        now.since(self.seen_at) >= SEEN_EVERY
    }

    /// Sessions that were opened or last used before these instants have ended.
    pub fn ended_before(now: Timestamp) -> Self {
        Self { opened_at: now.minus(SESSION_MAX), seen_at: now.minus(IDLE_MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;
    const MINUTE: i64 = 60_000_000;

    fn account() -> Account {
        Account {
            id: AccountId(1),
            name: "Siti".into(),
            roles: BTreeSet::new(),
            one_time_until: None,
            reset_at: None,
            disabled_at: None,
        }
    }

    #[test]
    fn a_one_time_password_permits_the_choice_of_another_and_expires() {
        let now = Timestamp(100);
        let one_time = |until| Account { one_time_until: Some(Timestamp(until)), ..account() };
        assert_eq!(account().sign_in(now), Some(SignIn::Whole));
        assert_eq!(one_time(101).sign_in(now), Some(SignIn::ChoosePassword));
        assert_eq!(one_time(100).sign_in(now), None);
        assert_eq!(Account { disabled_at: Some(Timestamp(1)), ..account() }.sign_in(now), None);
        assert_eq!(Account { disabled_at: Some(Timestamp(1)), ..one_time(101) }.sign_in(now), None);
    }

    #[test]
    fn an_account_confirms_nothing_for_24_hours_after_a_reset() {
        let reset = Some(Timestamp(0));
        assert_eq!(confirms_from(None, Timestamp(0)), None);
        assert_eq!(confirms_from(reset, Timestamp(24 * HOUR - 1)), Some(Timestamp(24 * HOUR)));
        assert_eq!(confirms_from(reset, Timestamp(24 * HOUR)), None);
    }

    #[test]
    fn a_session_ends_after_30_minutes_without_use_and_after_12_hours() {
        let at = |opened, seen| SessionTimes { opened_at: Timestamp(opened), seen_at: Timestamp(seen) };
        assert!(at(0, 0).is_open(Timestamp(30 * MINUTE - 1)));
        assert!(!at(0, 0).is_open(Timestamp(30 * MINUTE)));
        assert!(at(0, 12 * HOUR - MINUTE).is_open(Timestamp(12 * HOUR - 1)));
        assert!(!at(0, 12 * HOUR - MINUTE).is_open(Timestamp(12 * HOUR)));
        let ended = SessionTimes::ended_before(Timestamp(12 * HOUR));
        assert_eq!((ended.opened_at, ended.seen_at), (Timestamp(0), Timestamp(12 * HOUR - 30 * MINUTE)));
    }

    #[test]
    fn the_use_of_a_session_is_saved_once_a_minute() {
        let times = SessionTimes { opened_at: Timestamp(0), seen_at: Timestamp(0) };
        assert!(!times.is_due(Timestamp(MINUTE - 1)) && times.is_due(Timestamp(MINUTE)));
        assert!(!times.is_due(Timestamp(-MINUTE)), "the clock was set back");
    }
}
