//! The person or program that acts.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

use super::{
    hidden::is_unseen,
    id::{AccountId, TokenId},
};

/// What an account may be in an office. No role has every right, and several can be given to one account.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Prints, checks and hands over cards.
    Operator,
    /// Keeps the blanks.
    StockKeeper,
    /// Decides about records, batches and reprints, and confirms what others ask for.
    Supervisor,
    /// Reads everything and changes nothing.
    Auditor,
    /// Keeps printers, accounts and the database.
    Administrator,
}

impl Role {
    /// All roles, in the order of the permission table.
    pub const ALL: [Self; 5] =
        [Self::Operator, Self::StockKeeper, Self::Supervisor, Self::Auditor, Self::Administrator];

    /// The name in schema and audit.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::StockKeeper => "stock-keeper",
            Self::Supervisor => "supervisor",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| format!("unknown role `{text}`"))
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The way by which an act reached the program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// The command line on the machine that holds the database and its key.
    LocalAdministrator,
    /// The password of an account, given with the act itself.
    Password,
    /// A browser session.
    Session,
    /// An API token.
    Token,
    /// The user of the operating system, at the socket of the service.
    Socket,
    /// The program itself.
    System,
}

impl Means {
    /// The name in schema and audit.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LocalAdministrator => "local-administrator",
            Self::Password => "password",
            Self::Session => "session",
            Self::Token => "token",
            Self::Socket => "socket",
            Self::System => "system",
        }
    }
}

/// The person or program that acts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Actor {
    /// The account. `None` on the command line without `--account` and for the program itself.
    pub account: Option<AccountId>,
    /// The account's name; on the command line without `--account` the name claimed with `--actor`; `scheduler` for the program itself.
    pub name: String,
    /// The operating-system user.
    pub os_user: String,
    /// The host.
    pub host: String,
    /// The way by which the act arrived.
    pub means: Means,
    /// The API token, if it arrived by one.
    pub token: Option<TokenId>,
    /// The roles held at that moment.
    pub roles: BTreeSet<Role>,
    /// Whether the name was proved, and not only claimed.
    pub authenticated: bool,
}

impl Actor {
    /// The local administrator: a user who can read the key file has every role, under a claimed name.
    pub fn local_administrator(name: String, os_user: String, host: String) -> Self {
        let (means, roles) = (Means::LocalAdministrator, Role::ALL.into());
        Self { account: None, name, os_user, host, means, token: None, roles, authenticated: false }
    }

    /// Name, account and means, as they are stored beside what was changed.
    pub fn columns(&self) -> (&str, Option<i64>, &'static str) {
        (&self.name, self.account.map(|id| id.0), self.means.as_str())
    }

    /// The program itself, under the name of one of its parts. It has no role: what it may do is a
    /// [`SystemAct`](super::permission::SystemAct).
    pub fn system(name: &str, os_user: &str, host: &str) -> Self {
        let (name, os_user, host) = (name.to_owned(), os_user.to_owned(), host.to_owned());
        let (means, roles) = (Means::System, BTreeSet::new());
        Self { account: None, name, os_user, host, means, token: None, roles, authenticated: false }
    }
}

/// A name as names are compared, for its look-up: of the names for which [`same_name`] holds, only those that look alike in other
/// scripts have another key.
pub fn name_key(name: &str) -> String {
    compared(name).to_lowercase()
}

/// Whether two claimed names mean the same person. Capitals, white space, characters that cannot be seen, and forms of one character
/// make no difference; nor do letters of other scripts that look alike, such as the Cyrillic о (Unicode Technical Standard 39).
pub fn same_name(a: &str, b: &str) -> bool {
    let (a, b) = (compared(a), compared(b));
    if a.to_lowercase() == b.to_lowercase() {
        return true;
    }
    // Among Latin letters, `m` and `rn` look alike too, and are different names. Capitals look alike that are not so in lower case.
    let alike = |form: fn(&str) -> String| shape(&form(&a)) == shape(&form(&b));
    !(a.is_ascii() && b.is_ascii()) && (alike(str::to_owned) || alike(str::to_lowercase) || alike(str::to_uppercase))
}

fn compared(name: &str) -> String {
    let visible: String = name.nfkc().filter(|c| !is_unseen(*c)).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a name looks like.
fn shape(name: &str) -> String {
    skeleton(name).collect::<String>().to_lowercase()
}

/// Whether two actors may be the same person: the same account where both have one, else the same name.
pub fn same_person(a: (Option<AccountId>, &str), b: (Option<AccountId>, &str)) -> bool {
    match (a.0, b.0) {
        (Some(a), Some(b)) => a == b,
        (None, _) | (_, None) => same_name(a.1, b.1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_tell_people_apart_and_names_where_an_account_is_missing() {
        let (one, two) = (Some(AccountId(1)), Some(AccountId(2)));
        assert!(same_person((one, "Siti"), (one, "Budi")));
        assert!(!same_person((one, "Siti"), (two, "Siti")));
        assert!(same_person((one, "Siti"), (None, " SITI ")), "a claimed name proves nothing");
        assert!(!same_person((None, "Siti"), (None, "Budi")));
    }

    #[test]
    fn a_name_that_looks_like_another_one_is_that_name() {
        for same in ["ROOT", " root ", "root\u{200b}", "r\u{43e}ot", "\u{ff52}oot", "RO\u{41e}T"] {
            assert!(same_name("root", same), "{}", same.escape_unicode());
        }
        assert!(same_name("Siti  Aminah", "siti aminah"));
        assert!(same_name("BUDI", "\u{412}UDI"));
        assert!(same_name("Jos\u{e9}", "jose\u{301}"));
        for (one, other) in [("root", "boot"), ("Ami", "Arni"), ("Jos\u{e9}", "Jose"), ("Ольга", "Олег")] {
            assert!(!same_name(one, other), "{one} {other}");
        }
    }

    #[test]
    fn the_program_itself_has_no_role() {
        assert!(Actor::system("scheduler", "cetak", "host").roles.is_empty());
    }
}
