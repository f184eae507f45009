//! Refusals about accounts, and about the proof of who acts.

use serde::{Deserialize, Serialize};

use super::kind::{RefusalKind, refusals};
use crate::domain::{
    account::PasswordFault,
    actor::Role,
    id::{PendingActId, SessionId, TokenId},
    permission::Operation,
    time::Timestamp,
};

refusals! {
    /// Why an act about an account, or of an account, is refused.
    AccountRefusal also {}
    /// No account has this name.
    NotFound "no-such-account" NoSuchAccount { name: String };
    /// No open session has this number.
    NotFound "no-session" NoSession { session: SessionId };
    /// No API token has this number.
    NotFound "no-token" NoToken { token: TokenId };

    /// Name and password do not belong to an account that may sign in. All causes have this one refusal.
    Forbidden "sign-in" SignIn;
    /// Too many sign-ins wait.
    Conflict "sign-in-busy" SignInBusy;
    /// The account has a one-time password, and must choose one of its own first.
    Forbidden "password-due" PasswordDue;
    /// The password cannot be chosen.
    Invalid "password" Password { fault: PasswordFault };
    /// There are accounts, and no code makes another first one.
    Conflict "accounts-exist" AccountsExist;
    /// The code for the first administrator is wrong, was used, or has expired.
    Forbidden "first-code" FirstCode;

    /// The name may be taken for that of another account.
    Conflict "account-name-taken" NameTaken { name: String, other: String };
    /// The account is disabled.
    Conflict "account-disabled" Disabled { name: String };
    /// The account is not disabled.
    Conflict "account-enabled" Enabled { name: String };
    /// The account has the role.
    Conflict "role-held" RoleHeld { name: String, role: Role };
    /// The account does not have the role.
    Conflict "role-not-held" RoleNotHeld { name: String, role: Role };
    /// The API token is revoked.
    Conflict "token-revoked" TokenRevoked { token: TokenId };

    /// The operation is not among the scopes of the API token.
    Forbidden "not-in-scope" NotInScope { operation: Operation };
    /// Where people have accounts, an act for two people is asked for with one.
    Forbidden "account-needed" AccountNeeded { operation: Operation };
    /// The account may only ask for the act, which another one then confirms.
    Forbidden "second-person-needed" SecondPersonNeeded { operation: Operation };
    /// A person confirms an act with the password of the account, in the same request.
    Forbidden "password-needed" PasswordNeeded { act: PendingActId, operation: Operation };
    /// The act was asked for under a claimed name, which cannot be compared with the account that confirms.
    Conflict "asked-without-account" AskedWithoutAccount { act: PendingActId, operation: Operation };
    /// No other account could confirm that a role is given.
    Conflict "last-supervisor" LastSupervisor { name: String };
    /// No account is a supervisor, who alone could confirm that a role is given.
    Conflict "no-supervisor" NoSupervisor;
    /// The password of the account was reset by another person, so that it asks for nothing that two people do until then.
    Forbidden "asks-later" AsksLater { operation: Operation, from: Timestamp };
    /// The password of the account was reset by another person, so that it confirms nothing until then.
    Forbidden "confirms-later" ConfirmsLater { act: PendingActId, operation: Operation, from: Timestamp };
}
