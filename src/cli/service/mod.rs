//! A service, asked through its socket.

mod intake;
mod login;
mod wire;

pub(super) use self::intake::{ListToSend, RefusedRow};

use std::{path::PathBuf, sync::Arc};

use hyper::{Method, header::SET_COOKIE};
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use self::wire::{Proof, Reply, SESSION_COOKIE, Wire, service};
use crate::{
    domain::{
        account::{Password, Secret},
        id::PendingActId,
        refusal::AccountRefusal,
        time::Timestamp,
        value::{AccountName, Note, Witnesses},
    },
    engine::{
        EngineError,
        accounts::SessionToken,
        client::Client,
        clock::Clock,
        operations::{Act, AnyAct, TwoPersonAct},
        query::{AnyQuery, Query},
        service::{Together, VERSION, Welcome},
    },
};

/// How a command proves its account. The first that is given is taken.
#[derive(Debug, Default)]
pub struct Credentials {
    /// The account that is named, and its password.
    pub account: Option<(AccountName, Password)>,
    /// An API token.
    pub token: Option<String>,
}

/// A service.
#[derive(Debug)]
pub struct Service {
    wire: Wire,
    proof: Proof,
    /// The password of the account, if it was given with the command.
    password: Option<Password>,
    welcome: Option<Welcome>,
    zone: TimeZone,
}

impl Service {
    /// A service of which nothing is asked yet, for a person who signs in or chooses a password.
    pub fn unproved(socket: PathBuf, clock: Arc<dyn Clock>) -> Self {
        let wire = Wire::new(socket, clock);
        Self { wire, proof: Proof::OsUser, password: None, welcome: None, zone: TimeZone::UTC }
    }

    /// A service that knows who asks. With a password a session is opened, which [`end`](Self::end) ends.
    pub async fn open(
        socket: PathBuf,
        clock: Arc<dyn Clock>,
        Credentials { account, token }: Credentials,
    ) -> Result<Self, EngineError> {
        let mut own = Self::unproved(socket, clock);
        if let Some((name, password)) = account {
            own.proof = Proof::Session(own.sign_in(&name, &password).await?);
            own.password = Some(password);
        } else if let Some(token) = token {
            own.proof = Proof::Token(Secret::new(token));
        } else if let Some(session) = login::session(own.wire.socket()) {
            own.proof = Proof::Session(session);
        }
        if let Err(error) = own.welcomed().await {
            let _ = own.end().await; // the first error says more
            return Err(error);
        }
        Ok(own)
    }

    async fn welcomed(&mut self) -> Result<(), EngineError> {
        let reply = self.wire.send(Method::GET, "/client", &self.proof, &Value::Null).await?;
        let welcome: Welcome = self.read(reply.body)?;
        self.zone = TimeZone::get(&welcome.zone).unwrap_or(TimeZone::UTC);
        self.welcome = Some(welcome);
        Ok(())
    }

    /// Ends the session that was opened for this command alone.
    pub async fn end(&self) -> Result<(), EngineError> {
        if self.password.is_some() { self.sign_out().await } else { Ok(()) }
    }

    /// The time zone of the service.
    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The name of the account.
    pub(super) fn name(&self) -> &str {
        self.welcome.as_ref().map_or("", |welcome| &welcome.account)
    }

    /// The clock of this machine.
    pub(super) fn now(&self) -> Timestamp {
        self.wire.clock().now()
    }

    /// Days after the end of a batch before its finished jobs may be archived.
    pub(super) fn archive_after_days(&self) -> u32 {
        self.welcome.as_ref().map_or(0, |welcome| welcome.archive_after_days)
    }

    /// Whether a person acts whose password is not known here.
    pub(super) fn lacks_password(&self) -> bool {
        self.password.is_none() && !matches!(self.proof, Proof::Token(_))
    }

    /// Opens a session, and keeps it for the next commands.
    pub(super) async fn log_in(&self, name: &AccountName, password: &Password) -> Result<(), EngineError> {
        let token = self.sign_in(name, password).await?;
        login::keep(self.wire.socket(), &token)
    }

    /// Ends the session that is kept. `false` if there is none at this service.
    pub(super) async fn log_out(&self) -> Result<bool, EngineError> {
        let Some(session) = login::session(self.wire.socket()) else { return Ok(false) };
        let ended = self.end_session(&session).await;
        login::forget()?;
        ended.map(|()| true)
    }

    async fn sign_in(&self, name: &AccountName, password: &Password) -> Result<SessionToken, EngineError> {
        let body = json!({ "name": name, "password": password.reveal() });
        let Reply { headers, body } = self.wire.send(Method::POST, "/api/v1/session", &Proof::OsUser, &body).await?;
        let cookies = headers.get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        let mut values = cookies.filter_map(|cookie| cookie.split(';').next()?.split_once('='));
        let found =
            values.find(|(name, _)| *name == SESSION_COOKIE).and_then(|(_, value)| SessionToken::received(value));
        let token = found.ok_or_else(|| self.unreadable())?;
        if body["password_due"] == true {
            self.end_session(&token).await?;
            return Err(AccountRefusal::PasswordDue.into());
        }
        Ok(token)
    }

    async fn sign_out(&self) -> Result<(), EngineError> {
        match &self.proof {
            Proof::Session(token) => self.end_session(token).await,
            Proof::OsUser | Proof::Token(_) => Ok(()),
        }
    }

    async fn end_session(&self, token: &SessionToken) -> Result<(), EngineError> {
        let proof = Proof::Session(token.clone());
        self.wire.send(Method::DELETE, "/api/v1/session", &proof, &Value::Null).await.map(drop)
    }

    /// Replaces the password of an account.
    pub(super) async fn choose_password(
        &self,
        name: &AccountName,
        old: &Password,
        new: &Password,
    ) -> Result<(), EngineError> {
        let body = json!({ "name": name, "password": old.reveal(), "new_password": new.reveal() });
        self.wire.send(Method::POST, "/api/v1/session/password", &Proof::OsUser, &body).await.map(drop)
    }

    /// Lets the user of this process prove an account, or no longer.
    pub(super) async fn map_os_user(
        &self,
        name: &AccountName,
        password: &Password,
        remove: bool,
    ) -> Result<(), EngineError> {
        let body = json!({ "name": name, "password": password.reveal(), "remove": remove });
        self.wire.send(Method::POST, "/client/os-user", &Proof::OsUser, &body).await.map(drop)
    }

    /// Confirms what another person asked for, with the password of the account.
    pub(super) async fn confirm_with(&self, act: PendingActId, password: &Password) -> Result<(), EngineError> {
        self.decide(act, "confirmation", &json!({ "password": password.reveal() })).await
    }

    async fn decide(&self, act: PendingActId, decision: &str, body: &Value) -> Result<(), EngineError> {
        let path = format!("/api/v1/acts/{act}/{decision}");
        self.wire.send(Method::POST, &path, &self.proof, body).await.map(drop)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        what: &str,
        body: Result<Value, serde_json::Error>,
    ) -> Result<T, EngineError> {
        // Cannot fail: acts and queries are texts and numbers.
        let body = body.unwrap_or_default();
        let reply = self.wire.send(Method::POST, &format!("/client/{what}"), &self.proof, &body).await;
        self.read(reply.map_err(|error| self.with_version(error))?.body)
    }

    fn read<T: DeserializeOwned>(&self, answer: Value) -> Result<T, EngineError> {
        serde_json::from_value(answer).map_err(|_| self.unreadable())
    }

    /// The error, with a hint if the service is of another version.
    fn with_version(&self, error: EngineError) -> EngineError {
        match (error, self.other_version()) {
            (EngineError::Service { text, hint: None }, Some(hint)) => EngineError::Service { text, hint: Some(hint) },
            (error, _) => error,
        }
    }

    fn other_version(&self) -> Option<String> {
        let theirs = &self.welcome.as_ref()?.version;
        (theirs != VERSION)
            .then(|| format!("the service is version {theirs} and this program {VERSION}: use the same one"))
    }

    fn unreadable(&self) -> EngineError {
        let hint = self.other_version().unwrap_or_else(|| "is another program listening on the socket?".to_owned());
        service("the answer of the service cannot be read".into(), &hint)
    }
}

impl Client for Service {
    async fn act<A: Act + Into<AnyAct>>(&self, act: A) -> Result<A::Answer, EngineError> {
        let act: AnyAct = act.into();
        self.ask("act", serde_json::to_value(&act)).await
    }

    async fn query<Q: Query + Into<AnyQuery>>(&self, query: Q) -> Result<Q::Answer, EngineError> {
        let query: AnyQuery = query.into();
        self.ask("query", serde_json::to_value(&query)).await
    }

    async fn request(&self, act: TwoPersonAct) -> Result<PendingActId, EngineError> {
        let asked: Value = self.ask("request", serde_json::to_value(&act)).await?;
        self.read(asked["act"].clone())
    }

    async fn together(&self, act: TwoPersonAct, people: Witnesses) -> Result<(), EngineError> {
        self.ask("together", serde_json::to_value(Together { act, people })).await
    }

    async fn confirm(&self, act: PendingActId) -> Result<(), EngineError> {
        match &self.password {
            Some(password) => self.confirm_with(act, password).await,
            None => self.decide(act, "confirmation", &json!({})).await,
        }
    }

    async fn refuse(&self, act: PendingActId, note: Note) -> Result<(), EngineError> {
        self.decide(act, "refusal", &json!({ "note": note })).await
    }

    async fn take_back(&self, act: PendingActId) -> Result<(), EngineError> {
        self.decide(act, "take-back", &json!({})).await
    }
}
