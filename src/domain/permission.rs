//! Roles and operations: one table says what each role may do. A [`Permit`] is the proof that it was asked, and every
//! function that changes something takes one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use super::actor::{Actor, Means, Role};
use super::request_key::RequestKey;

/// What a role may do of an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Right {
    /// Nothing.
    No,
    /// See it.
    Read,
    /// Do it to what the same account asked for.
    Own,
    /// Ask for it; another account confirms.
    Ask,
    /// Confirm what another account asked for.
    Confirm,
    /// Ask for it, and confirm what another account asked for.
    AskOrConfirm,
    /// Do it.
    Do,
}

/// Declares [`Operation`] and [`RIGHTS`]: name, stable name, and the rights of each role in the order of [`Role::ALL`].
macro_rules! operations {
    ($($(#[$doc:meta])+ $name:ident $code:literal [$($right:ident),+];)+) => {
        /// One line of the permission table.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum Operation {
            $($(#[$doc])+ #[serde(rename = $code)] $name,)+
        }

        /// The rights of each role, in the order of [`Role::ALL`].
        pub const RIGHTS: &[(Operation, [Right; 5])] = &[$((Operation::$name, [$(Right::$right),+]),)+];

        impl Operation {
            /// The stable name, in the audit, in pending acts and in the scopes of tokens.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }

            /// The rights of each role, in the order of [`Role::ALL`].
            fn rights(self) -> [Right; 5] {
                match self {
                    $(Self::$name => [$(Right::$right),+],)+
                }
            }
        }
    };
}

operations! {
    /// Pause the queue, a printer or a batch.
    Pause "pause" [Do, Do, Do, No, Do];
    /// Resume a printer or a batch.
    Resume "resume" [Do, No, Do, No, No];
    /// Resume the queue.
    ResumeQueue "resume-queue" [No, No, Do, No, No];
    /// Keep a record off the waiting list.
    RecordHold "record-hold" [Do, No, Do, No, No];
    /// Release a record, change its priority, or print it while its citizen waits.
    RecordRelease "record-release" [No, No, Do, No, No];
    /// Withdraw, restore or edit a record, or resolve a duplicate.
    RecordChange "record-change" [Ask, No, Confirm, No, No];
    /// Release a record over a duplicate warning.
    RecordReleaseDuplicate "record-release-duplicate" [No, No, AskOrConfirm, No, No];
    /// Search records by name or identifier, and show personal fields.
    RecordSearch "record-search" [Do, No, Do, No, No];
    /// Preview a card or show its photo.
    CardPreview "card-preview" [Do, No, Do, Do, No];
    /// Check or reject a card.
    CardCheck "card-check" [Do, No, Do, No, No];
    /// Hand a card over, also by proxy, or take it back.
    CardHandOver "card-hand-over" [Do, No, Do, No, No];
    /// Send a card to a district, or receive it back.
    CardSend "card-send" [Do, No, Do, No, No];
    /// Correct a hand-over.
    HandOverCorrect "hand-over-correct" [Ask, No, Confirm, No, No];
    /// Resolve an uncertain attempt whose card was found, good or spoiled.
    InspectionFound "inspection-found" [Do, No, Do, No, No];
    /// Resolve an uncertain attempt of which no card was found, with or without its blank.
    InspectionNothing "inspection-nothing" [Ask, No, AskOrConfirm, No, No];
    /// Declare an open attempt uncertain.
    AttemptDeclare "attempt-declare" [Do, No, Do, No, No];
    /// Ask for a reprint.
    ReprintAsk "reprint-ask" [Do, No, Do, No, No];
    /// Approve a reprint.
    ReprintApprove "reprint-approve" [No, No, Confirm, No, No];
    /// Refuse a reprint.
    ReprintRefuse "reprint-refuse" [Own, No, Do, No, No];
    /// Approve or cancel a batch, or move the rest of it.
    Batch "batch" [No, No, Do, No, No];
    /// Import a waiting list, or try to with a dry run.
    Import "import" [Do, No, Do, No, No];
    /// Accept an import that was stopped.
    ImportAccept "import-accept" [No, No, Do, No, No];
    /// Undo an import.
    ImportUndo "import-undo" [No, No, AskOrConfirm, No, No];
    /// Book a delivery of blanks.
    BlanksReceive "blanks-receive" [No, Do, No, No, No];
    /// Load or unload a hopper, or change supplies.
    HopperLoad "hopper-load" [Do, Do, No, No, No];
    /// Open a count.
    CountOpen "count-open" [No, No, Do, No, No];
    /// Enter what was counted.
    CountEnter "count-enter" [No, Do, No, No, No];
    /// Book the difference of a count.
    CountBook "count-book" [No, No, AskOrConfirm, No, No];
    /// Destroy, lend or take back blanks, or reverse a document.
    StockRemove "stock-remove" [No, Ask, Confirm, No, No];
    /// Clear, probe or test a printer.
    PrinterCare "printer-care" [Do, No, Do, No, No];
    /// Add, set or remove a printer.
    PrinterManage "printer-manage" [No, No, Do, No, Do];
    /// Add a printer against objections.
    PrinterAddObjected "printer-add-objected" [No, No, Confirm, No, Ask];
    /// Pause or resume a source.
    SourcePause "source-pause" [Do, No, Do, No, Do];
    /// Rewind a source.
    SourceRewind "source-rewind" [No, No, Do, No, No];
    /// Change a profile, a mapping or settings.
    SettingsChange "settings-change" [No, No, Read, Read, Do];
    /// Close a day.
    DayClose "day-close" [No, No, Do, No, No];
    /// Adopt a database that belongs to another installation.
    DatabaseAdopt "database-adopt" [No, No, Confirm, No, Ask];
    /// Make a backup, archive, or manage webhooks, screens and tokens.
    DatabaseCare "database-care" [No, No, No, No, Do];
    /// Move everything to another database, or change its key.
    DatabaseMove "database-move" [No, No, No, No, Do];
    /// Seal, verify or export the audit.
    AuditSeal "audit-seal" [No, No, Do, Do, No];
    /// Read the board, what needs a person, and the lists of records, batches, jobs, printers and acts, without personal
    /// data.
    BoardRead "board-read" [Read, Read, Read, Read, Read];
    /// Read balances, ledger and reports.
    ReportRead "report-read" [Read, Read, Read, Read, No];
    /// Make, disable, enable or reset an account, take a role, or end a session.
    AccountManage "account-manage" [No, No, Read, Read, Do];
    /// Give a role.
    RoleGive "role-give" [No, No, Confirm, Read, Ask];
}

impl Operation {
    /// Whether one account asks for it and another confirms it: no role does it alone.
    pub fn needs_second_person(self) -> bool {
        self.rights().iter().any(|right| matches!(right, Right::Ask | Right::Confirm | Right::AskOrConfirm))
    }

    /// The roles that may confirm what another account asked for.
    pub fn confirming_roles(self) -> Vec<Role> {
        let rights = Role::ALL.into_iter().zip(self.rights());
        rights
            .filter(|(_, right)| matches!(right, Right::Confirm | Right::AskOrConfirm))
            .map(|(role, _)| role)
            .collect()
    }

    /// The roles that do it alone.
    pub fn roles_that_do(self) -> Vec<Role> {
        let rights = Role::ALL.into_iter().zip(self.rights());
        rights.filter(|(_, right)| *right == Right::Do).map(|(role, _)| role).collect()
    }

    /// Only on the command line of the machine itself.
    fn is_local_only(self) -> bool {
        self == Self::DatabaseMove
    }
}

impl std::str::FromStr for Operation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = RIGHTS.iter().map(|(operation, _)| *operation).find(|operation| operation.as_str() == text);
        found.ok_or_else(|| format!("unknown operation `{text}`"))
    }
}

/// What the program does by itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SystemAct {
    /// Joins the other nodes, renews or gives up the lease, and takes over printers.
    Lease,
    /// Plans and ends batches, begins and settles attempts.
    Print,
    /// Writes down that an act was refused.
    RecordRefusal,
    /// Opens and ends sessions of accounts, and saves a password that its person chose.
    SignIn,
    /// Writes down that settings or profiles changed.
    RecordSettings,
    /// Deletes the answers of requests that are no longer kept.
    DeleteAnswers,
    /// Pulls the lists of sources, and imports them.
    Pull,
}

/// What a permit is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Basis {
    /// An operation of the table, with what the actor's roles may do of it together.
    Role(Operation, Grant),
    System(SystemAct),
}

/// What several roles may do of an operation together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a set of five rights, of which any combination can be held")]
struct Grant {
    read: bool,
    own: bool,
    ask: bool,
    confirm: bool,
    does: bool,
}

/// The proof that an actor may do an operation, or that the program does it by itself. Made only in this file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Permit {
    basis: Basis,
    actor: Option<Arc<Actor>>,
    /// One account may be both people of an operation for two.
    two_in_one: bool,
    /// The request that the act is for, if it is carried out once only.
    request: Option<RequestKey>,
}

/// An operation that the actor's roles do not allow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Forbidden {
    /// The operation.
    pub operation: Operation,
}

/// Looks up the rights of an actor to an operation. The permit says whether the actor may read, ask for, confirm or do it; the
/// function that takes the permit checks which.
pub fn authorize(actor: &Arc<Actor>, operation: Operation) -> Result<Permit, Forbidden> {
    let mut grant = Grant::default();
    for (role, right) in Role::ALL.into_iter().zip(operation.rights()) {
        if !actor.roles.contains(&role) {
            continue;
        }
        match right {
            Right::No => {}
            Right::Read => grant.read = true,
            Right::Own => grant.own = true,
            Right::Ask => grant.ask = true,
            Right::Confirm => grant.confirm = true,
            Right::AskOrConfirm => (grant.ask, grant.confirm) = (true, true),
            Right::Do => grant.does = true,
        }
    }
    // A token belongs to a program, and the administrator who made it has seen it: it is neither the first nor the second of two people.
    if actor.means == Means::Token {
        (grant.ask, grant.confirm) = (false, false);
        grant.does &= operation != Operation::ReprintAsk;
    }
    let elsewhere = operation.is_local_only() && actor.means != Means::LocalAdministrator;
    if grant == Grant::default() || elsewhere {
        return Err(Forbidden { operation });
    }
    let two_in_one = actor.means == Means::LocalAdministrator;
    Ok(Permit { basis: Basis::Role(operation, grant), actor: Some(actor.clone()), two_in_one, request: None })
}

impl Permit {
    /// For what the program does by itself.
    pub const fn system(act: SystemAct) -> Self {
        Self { basis: Basis::System(act), actor: None, two_in_one: false, request: None }
    }

    /// The actor; `None` for the program itself, which acts under the name of its writer.
    pub fn actor(&self) -> Option<&Arc<Actor>> {
        self.actor.as_ref()
    }

    /// What the program does by itself; `None` for an operation of the table.
    pub fn system_act(&self) -> Option<SystemAct> {
        if let Basis::System(act) = self.basis { Some(act) } else { None }
    }

    /// For an office that only records it if one account does what is for two people, with the rights of both.
    #[must_use]
    pub fn two_in_one(self) -> Self {
        Self { two_in_one: true, ..self }
    }

    /// For the act of a request that is carried out once only.
    #[must_use]
    pub fn for_request(self, request: Option<RequestKey>) -> Self {
        Self { request, ..self }
    }

    /// The request that the act is for.
    pub fn request(&self) -> Option<RequestKey> {
        self.request
    }

    /// Whether the actor does an operation that needs two people as one. The local administrator can, under a name that is only
    /// claimed: two claimed names prove no more than one. It is marked in the audit.
    pub fn is_alone(&self) -> bool {
        matches!(self.basis, Basis::Role(_, Grant { does: false, ask: true, confirm: true, .. })) && self.two_in_one
    }

    /// For doing `operation`; refused for one that the permit is not for, or may only be asked for or confirmed.
    pub fn covers(&self, operation: Operation) -> Result<&Self, Forbidden> {
        self.check(operation, self.is_alone(), |grant| grant.does)
    }

    /// For doing `operation` to what the same account asked for.
    pub fn covers_own(&self, operation: Operation) -> Result<&Self, Forbidden> {
        self.check(operation, false, |grant| grant.does || grant.own)
    }

    /// For asking for `operation`, which another account then confirms.
    pub fn asks(&self, operation: Operation) -> Result<&Self, Forbidden> {
        self.check(operation, false, |grant| grant.ask)
    }

    /// For confirming `operation`, which another account asked for.
    pub fn confirms(&self, operation: Operation) -> Result<&Self, Forbidden> {
        self.check(operation, false, |grant| grant.confirm)
    }

    /// For anything that the actor may do about `operation`, as taking back what the same person asked for.
    pub fn concerns(&self, operation: Operation) -> Result<&Self, Forbidden> {
        self.check(operation, false, |grant| grant.own || grant.ask || grant.confirm || grant.does)
    }

    fn check(&self, operation: Operation, alone: bool, may: fn(&Grant) -> bool) -> Result<&Self, Forbidden> {
        match &self.basis {
            Basis::Role(own, grant) if *own == operation && (alone || may(grant)) => Ok(self),
            Basis::System(SystemAct::Pull) if operation == Operation::Import => Ok(self),
            Basis::Role(..) | Basis::System(_) => Err(Forbidden { operation }),
        }
    }
}

#[cfg(test)]
mod tests;
