//! What only the command line asks, at the socket: any act or query as the engine has it.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{
    body::read_body,
    caller::Caller,
    carry::{Asked, confined, done, in_time},
    context::Web,
    input,
    os_user::OsUser,
    problem::{Fault, Problem},
    route::{Call, Sort, USUAL},
    routes,
    session::{BODY_BYTES_MAX, given, proved, typed},
};
use crate::{
    domain::personal::TypedText,
    engine::{
        accounts::{map_os_user, unmap_os_user},
        client::Client,
        operations::{AnyAct, TwoPersonAct},
        query::AnyQuery,
        service::{Together, Welcome},
    },
};

/// The addresses of the command line.
pub(super) fn router() -> Router<Arc<Web>> {
    let mapping = Router::new().route("/client/os-user", post(map)).layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    Router::new()
        .route("/client", get(welcome))
        .route("/client/act", post(act))
        .route("/client/query", post(query))
        .route("/client/request", post(request))
        .route("/client/together", post(together))
        .merge(mapping)
}

async fn welcome(State(web): State<Arc<Web>>, request: Request) -> Result<Json<Welcome>, Problem> {
    let (parts, _) = request.into_parts();
    let Caller { name, .. } = web.within(USUAL, web.caller(&parts)).await?;
    Ok(Json(Welcome::new(&web.engine, name)))
}

async fn act(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Problem> {
    let (parts, fields) = fields(&web, request).await?;
    let act: AnyAct = input::read_whole(&fields)?;
    carried_out(&web, parts, (Sort::Act, act.name()), Call::Act(Box::new(act))).await
}

async fn query(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Problem> {
    let (parts, fields) = fields(&web, request).await?;
    let query: AnyQuery = input::read_whole(&fields)?;
    carried_out(&web, parts, (Sort::Query, query.name()), Call::Query(Box::new(query))).await
}

async fn request(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Problem> {
    let (parts, fields) = fields(&web, request).await?;
    let act: TwoPersonAct = input::read_whole(&fields)?;
    carried_out(&web, parts, (Sort::Request, act.name()), Call::Request(Box::new(act))).await
}

/// An act for two people at one screen. No account can do it; the refusal is on record.
async fn together(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Problem> {
    let (parts, fields) = fields(&web, request).await?;
    let Together { act, people } = input::read_whole(&fields)?;
    let route = routes::named(Sort::Request, act.name())?;
    let Caller { client, .. } = web.caller(&parts).await?;
    let at = web.clone();
    let doing = async move {
        Box::pin(client.together(act, people)).await.map(|()| Value::Null).map_err(|error| at.problem(&error))
    };
    Ok(Json(in_time(&web, route, Box::pin(doing)).await?).into_response())
}

/// What a request of a proved sender says.
async fn fields(web: &Web, request: Request) -> Result<(Parts, Value), Problem> {
    let (parts, body) = request.into_parts();
    web.within(USUAL, web.caller(&parts)).await?; // without an account no body is read
    let fields = read_body(web, &parts, body).await?;
    Ok((parts, fields))
}

async fn carried_out(
    web: &Arc<Web>,
    parts: Parts,
    (sort, name): (Sort, &str),
    call: Call,
) -> Result<Response, Problem> {
    let (route, call) = (routes::named(sort, name)?, confined(web, call)?);
    let asked = Asked { route, call, key: None, expected: None };
    let answer = in_time(web, route, Box::pin(done(web.clone(), parts, asked))).await?;
    Ok(Json(answer).into_response())
}

/// Gives an account the user of the operating system who asks, or takes it away.
#[derive(Deserialize, JsonSchema)]
struct MapOsUser {
    /// The account's name.
    name: TypedText,
    /// Its password.
    password: TypedText,
    /// To take it away.
    #[serde(default)]
    remove: bool,
}

async fn map(State(web): State<Arc<Web>>, request: Request) -> Result<StatusCode, Problem> {
    let (parts, asked) = given::<MapOsUser>(&web, request).await?;
    let Some(user) = OsUser::of(&parts).cloned() else { return Err(Fault::NoSuchAddress.into()) };
    let (name, password, address) = (asked.name.reveal(), typed(&asked.password), web.address(&parts));
    if asked.remove {
        let taking = Box::pin(unmap_os_user(&web.engine, name, &password, user.name(), &address));
        proved(&web, &parts, taking).await?;
    } else {
        let mapping = Box::pin(map_os_user(&web.engine, name, &password, user.name(), &address));
        proved(&web, &parts, mapping).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
