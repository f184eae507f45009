//! Helper: an office whose people have accounts.

use cetak::{
    domain::{
        account::{Password, Secret},
        actor::{Actor, Role},
        id::{AccountId, PendingActId},
        pending::PendingState,
        permission::Operation,
        refusal::{AccountRefusal, Refusal},
    },
    engine::{
        Engine, EngineError,
        accounts::{
            SessionToken, SignedIn, actor_of_session, actor_of_token, choose_password, confirm_with_password, sign_in,
        },
        client::{Client, Direct},
        operations::{AddAccount, AddToken, AddedToken},
        query::{AccountLine, ListAccounts, ListSessions, SessionLine},
    },
};

use crate::world::{World, all, students};

/// Where the people of these tests sit.
pub(crate) const DESK: &str = "10.0.0.7";

/// An office with accounts.
pub(crate) struct Office {
    pub(crate) world: World,
    /// The service, which serves the people with accounts.
    pub(crate) web: Engine,
}

pub(crate) fn typed(text: &str) -> Password {
    Password::typed(text.to_owned())
}

/// The password that the person of an account chose.
pub(crate) fn password(name: &str) -> Password {
    typed(&format!("{name} types this"))
}

/// What is refused, about an account.
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, EngineError>) -> AccountRefusal {
    match result {
        Err(EngineError::Refused(Refusal::Account(refusal))) => refusal,
        other => panic!("{other:?} is not refused because of an account"),
    }
}

pub(crate) fn no_right<T: std::fmt::Debug>(result: Result<T, EngineError>) -> Operation {
    match result {
        Err(EngineError::Refused(
            Refusal::NoRight { operation } | Refusal::Account(AccountRefusal::SecondPersonNeeded { operation }),
        )) => operation,
        other => panic!("{other:?} is not refused for a missing right"),
    }
}

pub(crate) fn note<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

impl Office {
    /// An office with ten blanks and the record `r00000`. The first account is `root`, an administrator; each of the others has a role,
    /// which is given behind the program's back.
    pub(crate) async fn new(people: &[(&str, Role)]) -> Self {
        Box::pin(Self::in_world(World::new().await, people)).await
    }

    pub(crate) async fn in_world(world: World, people: &[(&str, Role)]) -> Self {
        // Before there is an account, the local administrator may do everything.
        world.receive(10, None).await;
        world.import(&students(0..1)).await;
        let web = world.engine.acting("web", Actor::system("web", "cetak", "print-room"));
        let office = Self { world, web };
        office.add("root").await;
        for (name, role) in people {
            let id = office.add(name).await;
            let mut tx = office.web.store.write(&office.web.writer, office.web.clock.now()).await.unwrap();
            tx.account_role_give(id, *role).await.unwrap();
            tx.commit().await.unwrap();
        }
        office
    }

    /// The local administrator.
    pub(crate) fn local(&self) -> Direct {
        Direct::new(&self.world.engine)
    }

    /// Makes an account whose person has chosen a password.
    pub(crate) async fn add(&self, name: &str) -> AccountId {
        let added = self.local().act(AddAccount { name: note(name) }).await.unwrap();
        choose_password(&self.web, name, &added.one_time.password.to_password(), &password(name), DESK).await.unwrap();
        added.account
    }

    pub(crate) async fn sign_in(&self, name: &str) -> SignedIn {
        sign_in(&self.web, name, &password(name), DESK).await.unwrap()
    }

    /// A person at a browser.
    pub(crate) async fn at_browser(&self, name: &str) -> Direct {
        Direct::for_actor(&self.web, self.sign_in(name).await.actor)
    }

    pub(crate) async fn confirm(&self, act: PendingActId, name: &str) -> Result<(), EngineError> {
        confirm_with_password(&self.web, act, name, &password(name), DESK, None).await
    }

    pub(crate) async fn state(&self, act: PendingActId) -> PendingState {
        self.web.store.read().await.unwrap().pending_act_get(act).await.unwrap().unwrap().state
    }

    pub(crate) async fn accounts(&self) -> Vec<AccountLine> {
        all(&self.web, |page| ListAccounts { page }).await
    }

    pub(crate) async fn sessions(&self) -> Vec<SessionLine> {
        all(&self.web, |page| ListSessions { page }).await
    }

    pub(crate) async fn roles(&self, name: &str) -> Vec<Role> {
        let lines = self.accounts().await;
        lines.into_iter().find(|line| line.name == name).unwrap().roles.into_iter().collect()
    }

    pub(crate) async fn audit(&self, chain: &str) -> Vec<String> {
        let rows = self.web.store.read().await.unwrap().audit_page(chain, 0, 10_000).await.unwrap();
        rows.into_iter().map(|row| row.entry).collect()
    }

    pub(crate) async fn token(&self, account: &str, scopes: &str, days: i64) -> AddedToken {
        let (name, account, days) = (note("program"), account.to_owned(), days.try_into().unwrap());
        self.local().act(AddToken { name, account, scopes: scopes.parse().unwrap(), days }).await.unwrap()
    }

    /// A program with a token.
    pub(crate) async fn program(&self, secret: &Secret) -> Option<Direct> {
        let found = actor_of_token(&self.web, secret.reveal()).await.unwrap();
        found.map(|(actor, scopes)| Direct::for_token(&self.web, actor, scopes))
    }
}

/// Uses a session, and waits until the use is saved.
pub(crate) async fn is_open(office: &Office, token: &SessionToken) -> bool {
    let found = actor_of_session(&office.web, token).await.unwrap();
    office.web.session_uses.saved().await;
    found.is_some()
}
