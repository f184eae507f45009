//! Sessions of people who signed in.

use std::{collections::HashMap, sync::Arc};

use super::{
    of_account::event,
    password::prove,
    secret_hash::{csrf, new_secret, sha256},
};
use crate::{
    domain::{
        account::{Password, Secret, SignIn},
        actor::{Actor, Means},
        id::SessionId,
        permission::{Permit, SystemAct},
    },
    engine::{Engine, EngineError},
    store::OpenSession,
};

/// The secret of a session, 64 hexadecimal digits, which a browser sends with each request.
#[derive(Clone, Debug)]
pub struct SessionToken(Secret);

impl SessionToken {
    /// A token that arrived with a request; `None` if it has not the form of one.
    pub fn received(text: &str) -> Option<Self> {
        let is_one = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_one.then(|| Self(Secret::new(text.to_owned())))
    }

    /// The text.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// The hash by which the session is found.
    pub fn hash(&self) -> String {
        sha256(self.reveal())
    }

    /// The CSRF token of the session, which every request that changes something must carry.
    pub fn csrf(&self) -> Secret {
        csrf(self.0.reveal())
    }
}

/// A new session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Its secret, which is not stored.
    pub token: SessionToken,
    /// Its number.
    pub session: SessionId,
    /// Its person. Without a role while a password is due.
    pub actor: Arc<Actor>,
    /// The account has a one-time password: its person must choose a password with [`choose_password`](super::choose_password), and
    /// sign in again.
    pub password_due: bool,
}

/// The person of an open session.
#[derive(Clone, Debug)]
pub struct SessionActor {
    /// The session's number.
    pub session: SessionId,
    /// The person, with the roles of this moment. Without a role while a password is due.
    pub actor: Arc<Actor>,
    /// The account has a one-time password, and its person may only choose another.
    pub password_due: bool,
}

/// Signs in with the password of an account, and opens a session. After failed tries it waits first.
///
/// # Errors
///
/// [`AccountRefusal::SignIn`](crate::domain::refusal::AccountRefusal::SignIn) for every cause: unknown name, disabled account, expired one-time
/// password, wrong password. [`AccountRefusal::SignInBusy`](crate::domain::refusal::AccountRefusal::SignInBusy) if too many sign-ins wait.
pub async fn sign_in(engine: &Engine, name: &str, password: &Password, address: &str) -> Result<SignedIn, EngineError> {
    let proved = prove(engine, name, password, address).await?;
    let token = SessionToken(new_secret(&*engine.entropy, ""));
    let actor = proved.account.actor(Means::Session, &engine.writer.actor);
    let engine = engine.acting(&engine.writer.chain, actor.clone());
    let mut tx = engine.write(&Permit::system(SystemAct::SignIn)).await?;
    proved.again(&mut tx).await?;
    let session = tx.session_add(&sha256(token.reveal()), proved.account.id, address).await?;
    tx.audit(event("session.opened", &proved.account).with("session", session).with("address", address));
    tx.commit().await?;
    let password_due = proved.permits == SignIn::ChoosePassword;
    Ok(SignedIn { token, session, actor: Arc::new(limited(actor, password_due)), password_due })
}

/// The person of a session; `None` if it has ended or its account is disabled. One indexed read; its use is saved once a minute, by a
/// task of its own, for which [`SessionUses::saved`](crate::engine::SessionUses::saved) waits.
pub async fn actor_of_session(engine: &Engine, token: &SessionToken) -> Result<Option<SessionActor>, EngineError> {
    let Some((person, is_due)) = look_up(engine, token).await? else { return Ok(None) };
    if is_due && let Some(saving) = engine.session_uses.begin(person.session) {
        let (engine, session) = (engine.clone(), person.session);
        tokio::spawn(async move {
            let _saving = saving;
            if let Err(error) = save_use(&engine, session).await {
                // What its person reads is needed most when the database cannot be written. At worst the session ends too early.
                tracing::warn!(%error, "the use of a session is not saved");
            }
        });
    }
    Ok(Some(person))
}

/// The same for what goes on without its person, such as a stream of events: it is no use of the session, which ends in time.
pub async fn actor_of_unused_session(
    engine: &Engine,
    token: &SessionToken,
) -> Result<Option<SessionActor>, EngineError> {
    Ok(look_up(engine, token).await?.map(|(person, _)| person))
}

/// The same for many sessions, in one read: those of these hashes that are open, by their hashes.
pub async fn actors_of_unused_sessions(
    engine: &Engine,
    hashes: &[String],
) -> Result<HashMap<String, SessionActor>, EngineError> {
    let found = engine.store.read_once().await?.sessions_find(hashes).await?;
    let open = found.into_iter().filter_map(|(hash, session)| Some((hash, person_of(engine, &session)?.0)));
    Ok(open.collect())
}

/// The person of an open session, and whether its use is to be saved.
async fn look_up(engine: &Engine, token: &SessionToken) -> Result<Option<(SessionActor, bool)>, EngineError> {
    let found = engine.store.read_once().await?.session_find(&token.hash()).await?;
    Ok(found.and_then(|session| person_of(engine, &session)))
}

/// `None` if the session has ended or its account is disabled.
fn person_of(engine: &Engine, open: &OpenSession) -> Option<(SessionActor, bool)> {
    let now = engine.clock.now();
    if !open.times.is_open(now) || open.account.disabled_at.is_some() {
        return None;
    }
    let password_due = open.account.one_time_until.is_some();
    let actor = limited(open.account.actor(Means::Session, &engine.writer.actor), password_due);
    Some((SessionActor { session: open.id, actor: Arc::new(actor), password_due }, open.times.is_due(now)))
}

/// A session that was ended meanwhile stays so: the statement changes an open one or none.
async fn save_use(engine: &Engine, session: SessionId) -> Result<(), EngineError> {
    let mut tx = engine.write(&Permit::system(SystemAct::SignIn)).await?;
    tx.session_seen(session).await?;
    Ok(tx.commit().await?)
}

/// Ends a session. One that has ended before is no error.
pub async fn sign_out(engine: &Engine, token: &SessionToken) -> Result<(), EngineError> {
    let found = engine.store.read_once().await?.session_find(&sha256(token.reveal())).await?;
    let Some(open) = found else { return Ok(()) };
    let actor = open.account.actor(Means::Session, &engine.writer.actor);
    let engine = engine.acting(&engine.writer.chain, actor);
    let mut tx = engine.write(&Permit::system(SystemAct::SignIn)).await?;
    if tx.session_end(open.id).await?.is_some() {
        tx.audit(event("session.ended", &open.account).with("session", open.id).with("why", "signed-out"));
        tx.commit().await?;
    }
    Ok(())
}

/// A person who has to choose a password has no role until then.
fn limited(actor: Actor, password_due: bool) -> Actor {
    if password_due { Actor { roles: std::collections::BTreeSet::new(), ..actor } } else { actor }
}
