//! Every act for two people under one type, and what each needs to be asked for and done.

use cetak_driver_api::Capabilities;
use serde::{Deserialize, Serialize};

use super::{
    act::RecordName,
    approval::Approval,
    change_matching::ChangeMatching,
    correction::{CorrectHandOver, ResolveDuplicate, RestoreRecord, WithdrawRecord},
    count::BookCount,
    delivery::ReverseDelivery,
    inspection::ResolveNothing,
    instance::{AdoptDatabase, PrinterAnswers},
    printer::AddObjectedPrinter,
    printer_setting::SetObjectedPrinter,
    reprint::Reprint,
    role::GiveRole,
    stock::{Destruction, LendBlanks, TakeBackBlanks},
    undo_import::UndoImport,
};
use crate::{
    domain::{
        objection::Objection,
        pending::Target,
        permission::{Operation, Permit},
        printer::plain_uri,
    },
    engine::{Engine, EngineError},
    store::Tx,
};

/// An act for two people, as it is stored until the second decides.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum TwoPersonAct {
    /// Print a record again.
    Reprint(Reprint),
    /// Resolve an attempt of which no card was found.
    ResolveNothing(ResolveNothing),
    /// Book the difference of a count.
    BookCount(BookCount),
    /// Destroy blanks or spoiled cards; the two people are the witnesses.
    DestroyBlanks(Destruction),
    /// Lend blanks to another office.
    LendBlanks(LendBlanks),
    /// Take back lent blanks.
    TakeBackBlanks(TakeBackBlanks),
    /// Take back a delivery that was booked wrongly.
    ReverseDelivery(ReverseDelivery),
    /// Withdraw a record.
    WithdrawRecord(WithdrawRecord),
    /// Restore a record that a person withdrew.
    RestoreRecord(RestoreRecord),
    /// Keep one of two requests of a person.
    ResolveDuplicate(ResolveDuplicate),
    /// Withdraw or restore all records that match.
    ChangeMatching(ChangeMatching),
    /// Undo an import.
    UndoImport(UndoImport),
    /// Undo a hand-over that did not happen.
    CorrectHandOver(CorrectHandOver),
    /// Add a printer against objections.
    AddObjectedPrinter(AddObjectedPrinter),
    /// Change a printer against objections.
    SetObjectedPrinter(SetObjectedPrinter),
    /// Adopt a database that was copied or restored.
    AdoptDatabase(AdoptDatabase),
    /// Give an account a role.
    GiveRole(GiveRole),
}

macro_rules! from {
    ($($name:ident($act:ident)),+ $(,)?) => {
        impl TwoPersonAct {
            /// The name of each variant.
            pub const NAMES: &[&str] = &[$(stringify!($name)),+];

            /// The name of the variant.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)+
                }
            }
        }

        $(
            impl From<$act> for TwoPersonAct {
                fn from(act: $act) -> Self {
                    Self::$name(act)
                }
            }
        )+
    };
}

from! {
    Reprint(Reprint),
    ResolveNothing(ResolveNothing),
    BookCount(BookCount),
    DestroyBlanks(Destruction),
    LendBlanks(LendBlanks),
    TakeBackBlanks(TakeBackBlanks),
    ReverseDelivery(ReverseDelivery),
    WithdrawRecord(WithdrawRecord),
    RestoreRecord(RestoreRecord),
    ResolveDuplicate(ResolveDuplicate),
    ChangeMatching(ChangeMatching),
    UndoImport(UndoImport),
    CorrectHandOver(CorrectHandOver),
    AddObjectedPrinter(AddObjectedPrinter),
    SetObjectedPrinter(SetObjectedPrinter),
    AdoptDatabase(AdoptDatabase),
    GiveRole(GiveRole),
}

/// What printers answered before the transaction began, as no driver call runs inside one.
#[derive(Default)]
pub(super) struct Answers {
    /// Why the printer should not be used.
    objections: Vec<Objection>,
    /// What the device of a printer is.
    found: Option<Capabilities>,
    /// What the printers know of the cards of another database.
    cards: PrinterAnswers,
}

impl TwoPersonAct {
    /// The operations of all variants, in the order of the permission table.
    pub const OPERATIONS: [Operation; 10] = [
        Operation::RecordChange,
        Operation::HandOverCorrect,
        Operation::InspectionNothing,
        Operation::ReprintApprove,
        Operation::ImportUndo,
        Operation::CountBook,
        Operation::StockRemove,
        Operation::PrinterAddObjected,
        Operation::DatabaseAdopt,
        Operation::RoleGive,
    ];

    /// The operation that is confirmed.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Reprint(_) => Operation::ReprintApprove,
            Self::ResolveNothing(_) => Operation::InspectionNothing,
            Self::BookCount(_) => Operation::CountBook,
            Self::DestroyBlanks(_) | Self::LendBlanks(_) | Self::TakeBackBlanks(_) | Self::ReverseDelivery(_) => {
                Operation::StockRemove
            }
            Self::WithdrawRecord(_) | Self::RestoreRecord(_) | Self::ResolveDuplicate(_) | Self::ChangeMatching(_) => {
                Operation::RecordChange
            }
            Self::UndoImport(_) => Operation::ImportUndo,
            Self::CorrectHandOver(_) => Operation::HandOverCorrect,
            Self::AddObjectedPrinter(_) | Self::SetObjectedPrinter(_) => Operation::PrinterAddObjected,
            Self::AdoptDatabase(_) => Operation::DatabaseAdopt,
            Self::GiveRole(_) => Operation::RoleGive,
        }
    }

    /// Whether both do the same; the notes, by which nothing is done, may differ.
    pub(super) fn does_the_same_as(&self, other: &Self) -> bool {
        let without_note = |act: &Self| {
            // Cannot fail: an act is texts and numbers.
            let mut act = serde_json::to_value(act).unwrap_or_default();
            act.as_object_mut().map(|fields| fields.remove("note"));
            act
        };
        without_note(self) == without_note(other)
    }

    /// The records that it changes, as they were counted when it was asked for; `None` for an act that is about one thing.
    pub fn records(&self, target_version: &str) -> Option<i64> {
        if let Self::ChangeMatching(_) = self {
            return ChangeMatching::records_of(target_version);
        }
        if let Self::UndoImport(_) = self { UndoImport::records_of(target_version) } else { None }
    }

    /// The record that it is about, if it is about one and names it.
    pub fn record(&self) -> Option<&RecordName> {
        match self {
            Self::Reprint(Reprint { record, .. })
            | Self::WithdrawRecord(WithdrawRecord { record, .. })
            | Self::RestoreRecord(RestoreRecord { record, .. })
            | Self::ResolveDuplicate(ResolveDuplicate { record, .. })
            | Self::CorrectHandOver(CorrectHandOver { record, .. }) => Some(record),
            Self::ResolveNothing(_)
            | Self::BookCount(_)
            | Self::DestroyBlanks(_)
            | Self::LendBlanks(_)
            | Self::TakeBackBlanks(_)
            | Self::ReverseDelivery(_)
            | Self::ChangeMatching(_)
            | Self::UndoImport(_)
            | Self::AddObjectedPrinter(_)
            | Self::SetObjectedPrinter(_)
            | Self::AdoptDatabase(_)
            | Self::GiveRole(_) => None,
        }
    }

    /// The act as others may see it: the address of a printer has no credentials.
    #[must_use]
    pub fn shown(mut self) -> Self {
        if let Self::AddObjectedPrinter(act) = &mut self {
            act.printer.uri = plain_uri(&act.printer.uri);
        }
        if let Self::SetObjectedPrinter(act) = &mut self {
            act.setting.uri = act.setting.uri.as_deref().map(plain_uri);
        }
        self
    }

    pub(super) fn reason(&self) -> &str {
        match self {
            Self::Reprint(act) => act.reason.as_str(),
            Self::ResolveNothing(act) => act.note.as_str(),
            Self::BookCount(act) => act.note.as_str(),
            Self::DestroyBlanks(act) => act.document.as_str(),
            Self::LendBlanks(act) => act.document.as_str(),
            Self::TakeBackBlanks(act) => act.document.as_str(),
            Self::ReverseDelivery(act) => act.note.as_str(),
            Self::WithdrawRecord(act) => act.note.as_str(),
            Self::RestoreRecord(act) => act.note.as_str(),
            Self::ResolveDuplicate(act) => act.note.as_str(),
            Self::ChangeMatching(act) => act.note.as_str(),
            Self::UndoImport(act) => act.note.as_str(),
            Self::CorrectHandOver(act) => act.note.as_str(),
            Self::AddObjectedPrinter(act) => act.note.as_str(),
            Self::SetObjectedPrinter(act) => act.note.as_str(),
            Self::AdoptDatabase(act) => act.note.as_str(),
            Self::GiveRole(act) => act.note.as_str(),
        }
    }

    /// Asks the printer that is to be added or changed; other acts have no objections.
    pub(super) async fn objections(&self, engine: &Engine) -> Result<Answers, EngineError> {
        match self {
            Self::AddObjectedPrinter(act) => Ok(Answers { objections: act.ask(engine).await?, ..Answers::default() }),
            Self::SetObjectedPrinter(act) => {
                let (found, objections) = act.ask(engine).await?;
                Ok(Answers { objections, found, ..Answers::default() })
            }
            Self::Reprint(_)
            | Self::ResolveNothing(_)
            | Self::BookCount(_)
            | Self::DestroyBlanks(_)
            | Self::LendBlanks(_)
            | Self::TakeBackBlanks(_)
            | Self::ReverseDelivery(_)
            | Self::WithdrawRecord(_)
            | Self::RestoreRecord(_)
            | Self::ResolveDuplicate(_)
            | Self::ChangeMatching(_)
            | Self::UndoImport(_)
            | Self::CorrectHandOver(_)
            | Self::AdoptDatabase(_)
            | Self::GiveRole(_) => Ok(Answers::default()),
        }
    }

    /// What an act does before its transaction, when it is done: the answers of the printers that it needs.
    pub(super) async fn prepare(&self, engine: &Engine, permit: &Permit) -> Result<Answers, EngineError> {
        match self {
            Self::ResolveNothing(act) => act.prepare(engine, permit).await.map(|()| Answers::default()),
            Self::AdoptDatabase(act) => Ok(Answers { cards: act.ask(engine).await?, ..Answers::default() }),
            Self::AddObjectedPrinter(_) | Self::SetObjectedPrinter(_) => self.objections(engine).await,
            Self::Reprint(_)
            | Self::BookCount(_)
            | Self::DestroyBlanks(_)
            | Self::LendBlanks(_)
            | Self::TakeBackBlanks(_)
            | Self::ReverseDelivery(_)
            | Self::WithdrawRecord(_)
            | Self::RestoreRecord(_)
            | Self::ResolveDuplicate(_)
            | Self::ChangeMatching(_)
            | Self::UndoImport(_)
            | Self::CorrectHandOver(_)
            | Self::GiveRole(_) => Ok(Answers::default()),
        }
    }

    /// The thing that it is about, as it is now. Refused if that does not exist.
    pub(super) async fn target(&self, engine: &Engine, tx: &mut Tx, answers: &Answers) -> Result<Target, EngineError> {
        match self {
            Self::Reprint(act) => act.target(tx).await,
            Self::ResolveNothing(act) => act.target(engine, tx).await,
            Self::BookCount(act) => act.target(tx).await,
            Self::DestroyBlanks(act) => act.target(engine),
            Self::LendBlanks(act) => act.target(engine),
            Self::TakeBackBlanks(act) => act.target(engine),
            Self::ReverseDelivery(act) => act.target(tx).await,
            Self::WithdrawRecord(act) => act.target(tx).await,
            Self::RestoreRecord(act) => act.target(tx).await,
            Self::ResolveDuplicate(act) => act.target(engine, tx).await,
            Self::ChangeMatching(act) => act.target(tx).await,
            Self::UndoImport(act) => act.target(tx).await,
            Self::CorrectHandOver(act) => act.target(tx).await,
            Self::AddObjectedPrinter(act) => act.target(engine, tx, &answers.objections).await,
            Self::SetObjectedPrinter(act) => act.target(tx, &answers.objections).await,
            Self::AdoptDatabase(_) => AdoptDatabase::target(engine, tx).await,
            Self::GiveRole(act) => act.target(tx).await,
        }
    }

    /// Refuses what could not be done now: it is tried in a transaction that is not committed. A resolution is not tried,
    /// because it is prepared at the printer first, nor is an adoption, which also writes to the data folder.
    pub(super) async fn refuse_impossible(
        &self,
        engine: &Engine,
        permit: &Permit,
        answers: &Answers,
    ) -> Result<(), EngineError> {
        if matches!(self, Self::ResolveNothing(_) | Self::AdoptDatabase(_)) {
            return Ok(());
        }
        let mut trial = engine.write(permit).await?;
        self.apply(engine, &mut trial, answers, Approval::Alone).await
    }

    /// Does it, under the guards of this moment.
    pub(super) async fn apply(
        &self,
        engine: &Engine,
        tx: &mut Tx,
        answers: &Answers,
        approval: Approval<'_>,
    ) -> Result<(), EngineError> {
        match self {
            Self::Reprint(act) => act.apply(engine, tx, approval).await,
            Self::ResolveNothing(act) => act.apply(engine, tx, approval).await,
            Self::BookCount(act) => act.apply(tx, approval).await,
            Self::DestroyBlanks(act) => act.apply(engine, tx, approval).await,
            Self::LendBlanks(act) => act.apply(engine, tx, approval).await,
            Self::TakeBackBlanks(act) => act.apply(engine, tx, approval).await,
            Self::ReverseDelivery(act) => act.apply(tx, approval).await,
            Self::WithdrawRecord(act) => act.apply(engine, tx, approval).await,
            Self::RestoreRecord(act) => act.apply(engine, tx, approval).await,
            Self::ResolveDuplicate(act) => act.apply(engine, tx, approval).await,
            Self::ChangeMatching(act) => act.apply(engine, tx, approval).await,
            Self::UndoImport(act) => act.apply(engine, tx, approval).await,
            Self::CorrectHandOver(act) => act.apply(engine, tx, approval).await,
            Self::AddObjectedPrinter(act) => act.apply(engine, tx, &answers.objections, approval).await,
            Self::SetObjectedPrinter(act) => {
                act.apply(engine, tx, (answers.found.as_ref(), &answers.objections), approval).await
            }
            Self::AdoptDatabase(act) => act.apply(engine, tx, &answers.cards, approval).await.map(drop),
            Self::GiveRole(act) => act.apply(tx, approval).await,
        }
    }
}
