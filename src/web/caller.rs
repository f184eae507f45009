//! Who sends a request: the account of a token or of a session.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
};

use super::{
    context::Web,
    idle::Connection,
    os_user::OsUser,
    problem::{Fault, Problem},
};
use crate::{
    domain::{
        actor::{Actor, Role},
        refusal::AccountRefusal,
    },
    engine::{
        Engine,
        accounts::{
            SessionActor, SessionToken, actor_of_os_user, actor_of_session, actor_of_token, actor_of_unused_session,
        },
        client::Direct,
    },
};

/// The cookie of a session over TLS: a browser takes it from this host only, and never sends it in the clear.
pub(super) const COOKIE_TLS: &str = "__Host-cetak";
/// The cookie of a session over plain HTTP, where a browser refuses the other.
pub(super) const COOKIE_PLAIN: &str = "cetak-plain";
/// The header with the CSRF token of the session.
pub(super) const CSRF: &str = "x-csrf-token";

/// A proved sender.
pub(super) struct Caller {
    /// The way to the engine.
    pub(super) client: Direct,
    /// The account's name.
    pub(super) name: String,
    /// The account's roles.
    pub(super) roles: BTreeSet<Role>,
}

/// A session that a request belongs to.
pub(super) struct OpenSession {
    /// Its secret.
    pub(super) token: SessionToken,
    /// Its person.
    pub(super) person: SessionActor,
}

impl Web {
    /// The sender of a request. A token is asked first, and then no cookie is regarded. At the socket, the user of the operating system
    /// proves an account if neither is sent.
    ///
    /// # Errors
    ///
    /// Without the proof of an account, which is counted for the audit; and for a request of a browser that another page may have
    /// sent.
    pub(super) async fn caller(&self, parts: &Parts) -> Result<Caller, Problem> {
        match self.without_session(parts).await? {
            Some(caller) => Ok(caller),
            None => self.of_session(parts, self.session(parts).await?.person),
        }
    }

    /// The sender of a request that is still being answered, proved again. It is no use of a session.
    pub(super) async fn caller_again(&self, parts: &Parts) -> Result<Caller, Problem> {
        if let Some(caller) = self.without_session(parts).await? {
            return Ok(caller);
        }
        let token = self.session_token(parts)?;
        let found = actor_of_unused_session(&self.engine, &token).await.map_err(|error| self.problem(&error))?;
        self.of_session(parts, found.ok_or(Fault::SignInNeeded)?)
    }

    /// The sender of a request that follows the board for a page, as [`session_followed`](Self::session_followed) has it.
    pub(super) async fn caller_followed(&self, parts: &Parts) -> Result<Caller, Problem> {
        match self.without_session(parts).await? {
            Some(caller) => Ok(caller),
            None => self.of_session(parts, self.session_followed(parts).await?.person),
        }
    }

    /// The sender of a request that has no session; `None` for one whose session is to be asked for.
    pub(super) async fn without_session(&self, parts: &Parts) -> Result<Option<Caller>, Problem> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            return self.of_token(parts).await.map(Some);
        }
        self.of_os_user(parts).await
    }

    /// The account of the user at the other end of the socket; `None` for a request that did not come there, or has a cookie.
    async fn of_os_user(&self, parts: &Parts) -> Result<Option<Caller>, Problem> {
        let user = OsUser::of(parts).filter(|_| !parts.headers.contains_key(header::COOKIE));
        let Some(user) = user else { return Ok(None) };
        let found = actor_of_os_user(&self.engine, user.name()).await.map_err(|error| self.problem(&error))?;
        found.map(|actor| Some(self.person(parts, actor))).ok_or_else(|| self.unproved(parts))
    }

    fn of_session(&self, parts: &Parts, person: SessionActor) -> Result<Caller, Problem> {
        if person.password_due {
            return Err(Problem::refused(&AccountRefusal::PasswordDue.into()));
        }
        Ok(self.person(parts, Arc::unwrap_or_clone(person.actor)))
    }

    fn person(&self, parts: &Parts, actor: Actor) -> Caller {
        let actor = as_seen(parts, actor);
        let (name, roles) = (actor.name.clone(), actor.roles.clone());
        Caller { name, roles, client: Direct::for_actor(&self.engine, actor) }
    }

    fn session_token(&self, parts: &Parts) -> Result<SessionToken, Problem> {
        let token = cookie(&parts.headers, self.cookie_name(parts)).and_then(SessionToken::received);
        token.ok_or_else(|| self.unproved(parts))
    }

    async fn of_token(&self, parts: &Parts) -> Result<Caller, Problem> {
        let found = match bearer(&parts.headers) {
            Some(token) => actor_of_token(&self.engine, token).await.map_err(|error| self.problem(&error))?,
            None => None,
        };
        let Some((actor, scopes)) = found else { return Err(self.unproved(parts)) };
        let (name, roles, actor) = (actor.name.clone(), actor.roles.clone(), as_seen(parts, actor));
        Ok(Caller { client: Direct::for_token(&self.engine, actor, scopes), name, roles })
    }

    /// The session of a request. One that may change something must come from the own pages.
    pub(super) async fn session(&self, parts: &Parts) -> Result<OpenSession, Problem> {
        let token = self.session_token(parts)?;
        let found = actor_of_session(&self.engine, &token).await.map_err(|error| self.problem(&error))?;
        let Some(person) = found else { return Err(self.unproved(parts)) };
        let is_safe = [Method::GET, Method::HEAD].contains(&parts.method);
        if !is_safe {
            let sent = parts.headers.get(CSRF).map(HeaderValue::as_bytes).unwrap_or_default();
            if !is_same(sent, token.csrf().reveal().as_bytes()) || !self.is_own_page(parts, true) {
                return Err(Fault::OtherPage.into());
            }
        }
        Ok(OpenSession { token, person })
    }

    /// The session of a request that only reads, and that no person sent: it is no use of it, and one that has ended is not counted.
    pub(super) async fn session_followed(&self, parts: &Parts) -> Result<OpenSession, Problem> {
        if parts.method != Method::GET {
            return self.session(parts).await;
        }
        let token = self.session_token(parts)?;
        let found = self.followed.actor(&self.engine, &token).await.map_err(|error| self.problem(&error))?;
        Ok(OpenSession { token, person: found.ok_or(Fault::SignInNeeded)? })
    }

    /// A request without the proof of an account.
    pub(super) fn unproved(&self, parts: &Parts) -> Problem {
        self.unproved.count(self.address(parts));
        Fault::SignInNeeded.into()
    }

    /// A problem, which is counted for the audit if a password or a code was wrong.
    pub(super) fn counted(&self, parts: &Parts, problem: Problem) -> Problem {
        if problem.is_unproved() {
            self.unproved.count(self.address(parts));
        }
        problem
    }

    /// Whether the browser reached the server over TLS, as far as is known.
    pub(super) fn is_tls(&self, parts: &Parts) -> bool {
        // The socket has no TLS.
        (self.settings.tls.is_some() && OsUser::of(parts).is_none())
            || self.forwarded(parts, "x-forwarded-proto").is_some_and(|proto| proto == "https")
    }

    /// The name of the session's cookie.
    pub(super) fn cookie_name(&self, parts: &Parts) -> &'static str {
        if self.is_tls(parts) { COOKIE_TLS } else { COOKIE_PLAIN }
    }

    /// Whether `Origin` is this server. Every browser sends it with methods that change something.
    pub(super) fn is_own_page(&self, parts: &Parts, is_required: bool) -> bool {
        let Some(origin) = parts.headers.get(header::ORIGIN) else { return !is_required };
        let host = self.forwarded(parts, "x-forwarded-host").or_else(|| host(parts));
        let scheme = if self.is_tls(parts) { "https" } else { "http" };
        host.is_some_and(|host| origin.as_bytes().eq_ignore_ascii_case(format!("{scheme}://{host}").as_bytes()))
    }

    /// The place that the sender is at: an address of the network, or a user of this machine.
    pub(super) fn address(&self, parts: &Parts) -> String {
        match OsUser::of(parts) {
            Some(user) => format!("user {}", user.name()),
            None => self.network_address(parts).to_string(),
        }
    }

    /// Whether a program of this machine sends the request itself: not through a proxy, and not as the page of a browser that was led
    /// here by another name.
    pub(super) fn is_from_this_machine(&self, parts: &Parts) -> bool {
        let peer = peer(parts);
        let is_passed_on = self.settings.trusted_proxies.contains(&peer)
            || PASSED_ON.iter().any(|name| parts.headers.contains_key(*name));
        OsUser::of(parts).is_none() && peer.is_loopback() && !is_passed_on && host(parts).is_some_and(is_loopback_name)
    }

    /// The address of the sender, as far as the proxies in between are trusted.
    fn network_address(&self, parts: &Parts) -> IpAddr {
        let peer = peer(parts);
        if !self.settings.trusted_proxies.contains(&peer) {
            return peer;
        }
        let hops = parts.headers.get_all("x-forwarded-for").iter().filter_map(|hops| hops.to_str().ok());
        let hops: Vec<&str> = hops.flat_map(|hops| hops.split(',')).map(str::trim).collect();
        let is_trusted = |hop: &IpAddr| self.settings.trusted_proxies.contains(hop);
        // From the end, which the own proxy wrote. What is before an address that no proxy wrote may be invented.
        let hops = hops.iter().rev().map_while(|hop| hop.parse::<IpAddr>().ok());
        hops.fold((peer, true), |(found, goes_on), hop| if goes_on { (hop, is_trusted(&hop)) } else { (found, false) })
            .0
    }

    /// A header of a trusted proxy; the last value is the one that it wrote.
    fn forwarded<'a>(&self, parts: &'a Parts, name: &str) -> Option<&'a str> {
        let is_trusted = self.settings.trusted_proxies.contains(&peer(parts));
        let value = parts.headers.get_all(name).iter().next_back().filter(|_| is_trusted)?;
        value.to_str().ok()?.rsplit(',').next().map(str::trim)
    }
}

impl Web {
    /// The engine; what is done is on record with the user of the operating system at the other end of the socket.
    pub(super) fn engine_for(&self, parts: &Parts) -> Engine {
        let own = &self.engine.writer;
        match OsUser::of(parts) {
            Some(_) => self.engine.acting(&own.chain, as_seen(parts, (*own.actor).clone())),
            None => self.engine.clone(),
        }
    }
}

/// The actor, with the user of the operating system if the request came through the socket.
fn as_seen(parts: &Parts, actor: Actor) -> Actor {
    let os_user = OsUser::of(parts).map(|user| user.name().to_owned());
    Actor { os_user: os_user.unwrap_or_else(|| actor.os_user.clone()), ..actor }
}

fn peer(parts: &Parts) -> IpAddr {
    let connection = parts.extensions.get::<ConnectInfo<Connection>>();
    // Every request of a connection has it.
    connection
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(connection)| connection.address.ip().to_canonical())
}

fn host(parts: &Parts) -> Option<&str> {
    let of_header = || parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    parts.uri.authority().map(axum::http::uri::Authority::as_str).or_else(of_header)
}

/// The headers with which a proxy passes a request on.
const PASSED_ON: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// Whether a host, with or without a port, is this machine by its own name.
fn is_loopback_name(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The value of a cookie. Two of one name are none: one of them may be planted.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|pairs| pairs.to_str().ok());
    let mut values = pairs.flat_map(|pairs| pairs.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = values.by_ref().filter(|(found, _)| *found == name).map(|(_, value)| value);
    values.next().filter(|_| values.next().is_none())
}

/// Compares in a time that does not depend on where two texts differ.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}
