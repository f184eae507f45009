//! `cetak account` and `cetak token`.

use clap::{Args, Subcommand, ValueEnum};

use crate::domain::{
    account::scope,
    actor::Role,
    permission::Operation,
    value::{AccountName, Note, TokenDays, TokenName},
};

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak account list")]
pub enum AccountCommand {
    /// Make an account and print its one-time password; the first account is an administrator
    ///
    /// Its person chooses a password with `cetak account passwd`, or at the first sign-in. The account has no role until two people have
    /// given it one.
    #[command(after_help = "Examples:
  cetak account add \"Siti Aminah\"")]
    Add {
        /// The name of the account, which people must be able to tell from all others
        name: AccountName,
    },
    /// List all accounts with their roles
    #[command(after_help = "Examples:
  cetak account list --json")]
    List,
    /// Replace the password of an account by a one-time password, and end its sessions
    ///
    /// For 24 hours the account asks for and confirms nothing that two people do, because another person knows the one-time password.
    #[command(after_help = "Examples:
  cetak account reset \"Siti Aminah\" --reason \"forgotten\"")]
    Reset {
        #[command(flatten)]
        account: AccountArgs,
    },
    /// Disable an account; its sessions and API tokens do nothing at once
    #[command(after_help = "Examples:
  cetak account disable \"Siti Aminah\" --reason \"moved to Kudus\"")]
    Disable {
        #[command(flatten)]
        account: AccountArgs,
    },
    /// Enable an account that was disabled, with its password and its roles
    #[command(after_help = "Examples:
  cetak account enable \"Siti Aminah\" --reason \"is back\"")]
    Enable {
        #[command(flatten)]
        account: AccountArgs,
    },
    /// Ask for a role for an account, which a supervisor confirms, or take a role from it
    ///
    /// The first supervisor is made at the machine itself, by one person.
    #[command(after_help = "Examples:
  cetak account roles \"Siti Aminah\" --give supervisor --reason \"the first\"
  cetak --account root account roles Budi --give operator --reason \"from May\"
  cetak account roles Budi --take operator --reason \"until June\"")]
    Roles {
        #[command(flatten)]
        account: AccountArgs,
        #[command(flatten)]
        change: RoleChange,
    },
    /// Choose a password for an account; the old one, or the one-time password, is asked for first
    ///
    /// With `--password-stdin`, the first line of standard input is the old password, and the second line the new one.
    #[command(after_help = "Examples:
  cetak account passwd \"Siti Aminah\"")]
    Passwd {
        /// The name of the account
        name: AccountName,
    },
    /// Let your user of this machine prove an account at the socket of the service; the password of the account is asked for
    ///
    /// Each command that goes through the socket as this user then acts for the account, without `cetak login`. What another person asked
    /// for is still confirmed with the password. Map only a user that nobody else works as.
    #[command(after_help = "Examples:
  cetak --socket /run/cetak/cetak.sock account map \"Siti Aminah\"")]
    Map {
        /// The name of the account
        name: AccountName,
        /// Take the user away from the account
        #[arg(long)]
        remove: bool,
    },
    /// List the open sessions
    #[command(after_help = "Examples:
  cetak account sessions")]
    Sessions,
    /// End an open session
    #[command(after_help = "Examples:
  cetak account end-session 12")]
    EndSession {
        /// The session's number
        session: i64,
    },
}

#[derive(Args, Debug)]
pub struct AccountArgs {
    /// The name of the account
    pub name: AccountName,
    /// The reason, for the audit
    #[arg(long, value_name = "TEXT")]
    pub reason: Note,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct RoleChange {
    /// The role to ask for
    #[arg(long, value_name = "ROLE")]
    pub give: Option<RoleArg>,
    /// The role to take
    #[arg(long, value_name = "ROLE")]
    pub take: Option<RoleArg>,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
pub enum RoleArg {
    /// Prints, checks and hands over cards
    Operator,
    /// Keeps the blanks
    StockKeeper,
    /// Decides about records, batches and reprints, and confirms
    Supervisor,
    /// Reads everything and changes nothing
    Auditor,
    /// Keeps printers, accounts and the database
    Administrator,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Operator => Self::Operator,
            RoleArg::StockKeeper => Self::StockKeeper,
            RoleArg::Supervisor => Self::Supervisor,
            RoleArg::Auditor => Self::Auditor,
            RoleArg::Administrator => Self::Administrator,
        }
    }
}

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak token list")]
pub enum TokenCommand {
    /// Make an API token and print its secret, which is shown once
    #[command(after_help = "Examples:
  cetak token add waiting-list --owner integration --scope import --scope board-read --days 90")]
    Add {
        /// The name of the token, for lists
        name: TokenName,
        /// The account whose roles limit what the token may do
        #[arg(long, value_name = "NAME")]
        owner: AccountName,
        /// An operation that the token may do; may be repeated. A name that is none is refused with all of them
        #[arg(long, value_name = "OPERATION", required = true, value_parser = scope)]
        scope: Vec<Operation>,
        /// The days until it expires
        #[arg(long, value_name = "DAYS")]
        days: TokenDays,
    },
    /// List all API tokens
    #[command(after_help = "Examples:
  cetak token list --json")]
    List,
    /// Revoke an API token; it does nothing at once
    #[command(after_help = "Examples:
  cetak token revoke 3")]
    Revoke {
        /// The token's number
        token: i64,
    },
}
