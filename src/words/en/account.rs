//! The text and the hint of refusals about accounts.

use super::{
    message::Message,
    operation::{act_noun, named},
};
use crate::domain::{account::PasswordFault, id::PendingActId, refusal::AccountRefusal, time::Timestamp};

/// What a refusal about an account says to a person.
#[expect(clippy::too_many_lines, reason = "one arm for each refusal")]
pub(super) fn account_refusal(refusal: &AccountRefusal) -> Message {
    let say = |text: String, hint: &str| Message::new(text, hint);
    let listed = |text: String| Message::new(text, "list the accounts with `cetak account list`");
    match refusal {
        AccountRefusal::NoSuchAccount { name } => listed(format!("no account is named `{name}`")),
        AccountRefusal::NoSession { session } => {
            say(format!("there is no open session {session}"), "list the sessions with `cetak account sessions`")
        }
        AccountRefusal::NoToken { token } => {
            say(format!("there is no API token {token}"), "list the tokens with `cetak token list`")
        }
        AccountRefusal::SignIn => say(
            "the name and the password do not belong to an account that may sign in".into(),
            "try again; if the password is forgotten, an administrator resets it with `cetak account reset`",
        ),
        AccountRefusal::SignInBusy => say("too many sign-ins wait at the moment".into(), "try again in a minute"),
        AccountRefusal::PasswordDue => say(
            "the account has a one-time password, and does nothing before another one is chosen".into(),
            "choose one with `cetak account passwd NAME`",
        ),
        AccountRefusal::Password { fault } => password(*fault),
        AccountRefusal::AccountsExist => {
            say("there is an account already".into(), "an administrator makes others with `cetak account add`")
        }
        AccountRefusal::FirstCode => say(
            "the code is wrong, was used, or is older than 15 minutes".into(),
            "start the service again for a new one, or make the account with `cetak account add`",
        ),
        AccountRefusal::NameTaken { name, other } => say(
            format!("`{name}` may be taken for the account `{other}`"),
            "take a name that people tell apart, such as one with the family name",
        ),
        AccountRefusal::Disabled { name } => {
            say(format!("account `{name}` is disabled"), "enable it with `cetak account enable`")
        }
        AccountRefusal::Enabled { name } => listed(format!("account `{name}` is not disabled")),
        AccountRefusal::RoleHeld { name, role } => listed(format!("account `{name}` has the role `{role}`")),
        AccountRefusal::RoleNotHeld { name, role } => {
            listed(format!("account `{name}` does not have the role `{role}`"))
        }
        AccountRefusal::TokenRevoked { token } => {
            say(format!("API token {token} is revoked"), "list the tokens with `cetak token list`")
        }
        AccountRefusal::NotInScope { operation } => say(
            format!("{} is not among the scopes of the API token", named(*operation)),
            "make a token with that scope with `cetak token add`",
        ),
        AccountRefusal::AccountNeeded { operation } => say(
            format!("{} needs two people, and so an account that asks for it", named(*operation)),
            "name the account with `--account`",
        ),
        AccountRefusal::PasswordNeeded { act, operation } => say(
            format!("{} {act} is confirmed with the password of the account", act_noun(*operation)),
            "give the password with the confirmation",
        ),
        AccountRefusal::AskedWithoutAccount { act, operation } => asked_without_account(*act, act_noun(*operation)),
        AccountRefusal::LastSupervisor { name } => say(
            format!("`{name}` is the last supervisor, and without one no role can be given"),
            "give another account the role first, with `cetak account roles`",
        ),
        AccountRefusal::NoSupervisor => say(
            "no account is a supervisor, who alone could confirm it; the first supervisor is made at the machine itself".into(),
            "on the machine, with the data folder and without `--account`: `cetak account roles NAME --give supervisor --reason TEXT`",
        ),
        AccountRefusal::SecondPersonNeeded { operation } => say(
            format!("{} needs two people, and you may only ask for it", named(*operation)),
            "ask for it with `--ask`; another person confirms it with `cetak act confirm`",
        ),
        AccountRefusal::AsksLater { operation, from } => {
            after_reset(&format!("asks for no {}", act_noun(*operation)), *from, "let another person ask for it")
        }
        AccountRefusal::ConfirmsLater { act, operation, from } => {
            let instead = format!("let another person confirm {act}");
            after_reset(&format!("confirms no {}", act_noun(*operation)), *from, &instead)
        }
    }
}

fn password(fault: PasswordFault) -> Message {
    let text = match fault {
        PasswordFault::TooShort => "the new password has fewer than 12 characters",
        PasswordFault::TooLong => "the new password is longer than 256 characters",
        PasswordFault::IsName => "the new password is the name of the account",
        PasswordFault::Unchanged => "the new password is the old one",
    };
    Message::new(text, "take 12 characters or more, such as four words that do not belong together")
}

fn asked_without_account(act: PendingActId, noun: &str) -> Message {
    Message::new(
        format!(
            "{noun} {act} was requested under a claimed name, so it is not known whether another person confirms it"
        ),
        "let it be requested again with an account, `cetak --account NAME`, and take this one back or refuse it",
    )
}

fn after_reset(does: &str, from: Timestamp, instead: &str) -> Message {
    Message::new(
        format!("the password of the account was reset by another person, so it {does} before {from}"),
        format!("{instead}, or wait until then"),
    )
}
