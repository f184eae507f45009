//! The second person of an act, at the screen of another one.

use super::password::actor_of_password;
use crate::{
    domain::{account::Password, id::PendingActId, request_key::RequestKey},
    engine::{
        Engine, EngineError,
        client::{Client, Direct},
    },
};

/// Confirms what another person asked for, with the password of the account that confirms. The session in which it is typed does not
/// matter.
/// `request` is that of the session, if it is carried out once.
pub async fn confirm_with_password(
    engine: &Engine,
    act: PendingActId,
    name: &str,
    password: &Password,
    address: &str,
    request: Option<RequestKey>,
) -> Result<(), EngineError> {
    let actor = actor_of_password(engine, name, password, address).await?;
    Box::pin(Direct::for_actor(engine, actor).for_request(request).confirm(act)).await
}
