//! The second person of an act, at the screen of another one.

use super::password::actor_of_password;
use crate::{
    domain::{account::Password, id::PendingActId},
    engine::{
        Engine, EngineError,
        client::{Client, Direct},
    },
};

/// Confirms what another person asked for, with the password of the account that confirms. The session in which it is typed does not
/// matter.
pub async fn confirm_with_password(
    engine: &Engine,
    act: PendingActId,
    name: &str,
    password: &Password,
    address: &str,
) -> Result<(), EngineError> {
    let actor = actor_of_password(engine, name, password, address).await?;
    Direct::for_actor(engine, actor).confirm(act).await
}
