//! Why an act or a read is refused: codes with typed arguments. The wording is the surface's.
//!
//! A refusal changes nothing. Its arguments are names, numbers, states, and texts of drivers and of the renderer (`detail`);
//! no argument is personal data.

use serde::{Deserialize, Serialize};

mod account;
mod count;
mod file;
mod import;
mod kind;

use self::kind::refusals;
pub use self::{
    account::AccountRefusal,
    count::{CountRefusal, CountRule},
    file::FileRefusal,
    import::ImportRefusal,
    kind::RefusalKind,
};
use super::{
    id::{BatchId, JobId, MovementId, PendingActId},
    import::{FileForm, SheetFault},
    objection::Objection,
    pending::PendingState,
    permission::{Forbidden, Operation},
    reason::{PhotoFault, RenderFault, SealedFault},
    states::{AttemptState, BatchState, Recall, RecordState},
    stock::{Account, Place},
};

refusals! {
    /// Why an act or a read is refused. In JSON `{"code": "no-printer", "args": {"printer": "p1"}}`.
    Refusal also {
        /// About accounts, and the proof of who acts.
        Account(AccountRefusal),
        /// About counts of blanks.
        Count(CountRefusal),
        /// About files of waiting lists.
        File(FileRefusal),
        /// About imports that were made.
        Import(ImportRefusal),
    }
    // Things that do not exist.
    /// No record of that source has this request id.
    NotFound "no-record" NoRecord { source: String, request_id: String };
    /// No record is of a person with that name.
    NotFound "no-name" NoName;
    /// No record of these card profiles is of the person with that identifier. `has_form`: it may be one, by the rules of a profile.
    NotFound "no-person" NoPerson { profiles: Vec<String>, has_form: bool };
    /// No printer has this name.
    NotFound "no-printer" NoPrinter { printer: String };
    /// The settings name no source of this name.
    NotFound "no-source" NoSource { source: String, known: Vec<String> };
    /// No card profile has this name.
    NotFound "no-profile" NoProfile { profile: String, known: Vec<String> };
    /// The card profile is defined, and its files are wrong.
    Conflict "profile-broken" ProfileBroken { profile: String, detail: String };
    /// No card profile uses blanks of this type.
    NotFound "no-blank-type" NoBlankType { blank_type: String, known: Vec<String> };
    /// The ledger has no account of this name.
    NotFound "no-account" NoAccount { account: String, known: Vec<String> };
    /// No batch has this number.
    NotFound "no-batch" NoBatch { batch: BatchId };
    /// No job has this number.
    NotFound "no-job" NoJob { job: JobId };
    /// No attempt has this name.
    NotFound "no-attempt" NoAttempt { attempt: String };
    /// No movement of blanks has this number.
    NotFound "no-movement" NoMovement { movement: MovementId };
    /// No act for two people has this number, or, where a reprint warrant is named, no warrant.
    NotFound "no-act" NoAct { act: PendingActId };

    // Things in another state than the act needs.
    /// The record's state does not allow the act.
    Conflict "record-state" RecordState { record: String, found: RecordState, needs: RecordRule };
    /// The record is queued in a batch, `before` cards after the next one, and cannot be put first any more.
    Conflict "in-batch" InBatch { record: String, batch: BatchId, printer: String, before: i64 };
    /// The batch's state does not allow the act.
    Conflict "batch-state" BatchState { batch: BatchId, found: BatchState, needs: BatchRule };
    /// The attempt's state does not allow the act.
    Conflict "attempt-state" AttemptState { attempt: String, found: AttemptState, needs: AttemptRule, archived: bool };
    /// Another request of the same person is in the way: `other`, which is in this state.
    Conflict "other-request" OtherRequest { record: String, found: RecordState, other: String, state: RecordState };
    /// Another database of the site has sent the record to the printer, and no person has accepted that job yet.
    Conflict "sent-elsewhere" SentElsewhere { record: String, printer: String, attempt: String };
    /// The act was decided before.
    Conflict "act-decided" ActDecided { act: PendingActId, operation: Operation, found: PendingState };
    /// The act was not decided in time.
    Conflict "act-expired" ActExpired { act: PendingActId, operation: Operation };
    /// The target of the act changed after it was asked for.
    Conflict "act-target-changed" ActTargetChanged { act: PendingActId, operation: Operation, target: String };
    /// The target of the act no longer exists.
    Conflict "act-target-gone" ActTargetGone { act: PendingActId, operation: Operation, target: String };
    /// The same was asked for before by `act`, which still waits for its second person.
    Conflict "act-waits" ActWaits { act: PendingActId, operation: Operation };
    /// The same was done by the act `other` after this one was asked for.
    Conflict "act-repeated" ActRepeated { act: PendingActId, operation: Operation, other: PendingActId };
    /// The process that began the attempt is there, running or frozen, and may still send its card. 0 is a process of a version
    /// that did not save itself.
    Conflict "owner-there" OwnerThere { attempt: String, process: i64, host: String };
    /// The process that began the attempt may still send its card, as it cannot be seen from here whether it has ended.
    Conflict "owner-unknown" OwnerUnknown { attempt: String, process: i64, host: String };
    /// The printer still reports on the attempt, so its outcome can be learned.
    Conflict "printer-still-answers" PrinterStillAnswers { printer: String, attempt: String };

    // Records and cards.
    /// Records are listed by batch or by the time of printing.
    Invalid "filters-exclude" FiltersExclude;
    /// A filter of a list has a value that nothing has. `known` are the first of those that it may have.
    Invalid "unknown-filter" UnknownFilter { filter: String, value: String, known: Vec<String> };
    /// No list and no card names the district, and it was not said that it is a new one.
    Invalid "new-district" NewDistrict { district: String };
    /// No record matches (`is_none`), or more than the act takes in one transaction.
    Conflict "matching-number" MatchingNumber { is_none: bool, most: i64 };
    /// The text is not the code of a reason.
    Invalid "not-a-reason-code" NotAReasonCode;
    /// The profile has no kind of request of this class. `own` is the class of the record's kind, in which it is otherwise.
    Invalid "no-such-class" NoSuchClass { record: String, profile: String, class: i64, known: Vec<i64>, own: i64 };
    /// The stored data of the record cannot be read.
    Conflict "record-unreadable" RecordUnreadable { record: String, fault: SealedFault };
    /// This record's card cannot be rendered.
    Conflict "card-not-rendered" CardNotRendered { record: String, fault: RenderFault };
    /// The record has no photo, or it cannot be shown.
    NotFound "no-photo" NoPhoto { record: String, fault: Option<PhotoFault> };
    /// No card of the profile can be rendered.
    Conflict "profile-not-rendered" ProfileNotRendered { profile: String, detail: String };
    /// The cards of the profile have a front only.
    Invalid "no-back" NoBack { profile: String };
    /// The reason is not one of the profile's reasons for a reprint.
    Invalid "not-a-reprint-reason" NotAReprintReason { profile: String, known: Vec<String> };
    /// The person who asked for the act wants to confirm it.
    Forbidden "same-person" SamePerson { act: PendingActId, operation: Operation };
    /// A person wants to take back an act that another person asked for.
    Forbidden "other-person" OtherPerson { act: PendingActId, operation: Operation };
    /// What is stated in the act counts only if two people state it.
    Forbidden "second-person-needed" SecondPersonNeeded { operation: Operation };
    /// The roles of the person do not allow the operation.
    Forbidden "no-right" NoRight { operation: Operation };

    // Blanks.
    /// The text is not a range of serials.
    Invalid "serial-range" SerialRange { serials: String };
    /// The range of serials does not cover the quantity.
    Invalid "serial-count" SerialCount { serials: String, count: i64, quantity: i64 };
    /// Serials are given, and no lot.
    Invalid "serials-without-lot" SerialsWithoutLot;
    /// A lot with serials was received before.
    Conflict "lot-exists" LotExists { lot: String };
    /// These serials belong to another lot of the blank type.
    Conflict "serials-booked" SerialsBooked { serials: String, lot: String };
    /// A delivery of the lot is booked under this document: `movement`, of which `quantity` blanks are not taken back.
    Conflict "delivery-booked" DeliveryBooked { movement: MovementId, document: String, lot: String, quantity: i64, at: String };
    /// The movement is not a delivery, and only deliveries are reversed.
    Conflict "not-a-delivery" NotADelivery { movement: MovementId };
    /// No more blanks are booked for the delivery than were delivered.
    Invalid "delivery-not-too-large" DeliveryNotTooLarge { movement: MovementId, booked: i64, delivered: i64 };
    /// The lot of the delivery has serials, which belong to the whole delivery.
    Invalid "serials-reversed-whole" SerialsReversedWhole { movement: MovementId };
    /// Fewer blanks of the delivery's lot are free in the vault than are to be taken back.
    Conflict "delivery-in-use" DeliveryInUse { movement: MovementId, blank_type: String, lot: String, wanted: i64, free: i64 };
    /// The hopper has room for fewer blanks than are to be loaded.
    Conflict "hopper-full" HopperFull { printer: String, capacity: i64, loaded: i64 };
    /// The blanks in this printer's hopper are not counted apart from the vault's.
    Conflict "hopper-not-counted" HopperNotCounted { printer: String };
    /// The blanks in the hopper that are not free are reserved for the printer's batch.
    Conflict "hopper-reserved" HopperReserved { printer: String, batch: BatchId, wanted: i64, free: i64, reserved: i64 };
    /// The account holds fewer blanks than are to be moved.
    Conflict "too-few-blanks" TooFewBlanks { blank_type: String, account: Account, wanted: i64, available: i64 };
    /// The count is lower than booked by more blanks than are free.
    Conflict "count-below-reserved" CountBelowReserved { short: i64, free: i64 };
    /// The count is higher than booked by more blanks than are booked as missing.
    Conflict "count-above-missing" CountAboveMissing { over: i64, missing: i64 };
    /// There is no free blank for a test card.
    Conflict "no-free-blank" NoFreeBlank { blank_type: String, place: Place };

    // Printers.
    /// The text is not allowed as the name of a source.
    Invalid "source-name" SourceName { name: String };
    /// A printer with this name exists.
    Conflict "printer-exists" PrinterExists { printer: String };
    /// The office has as many printers as it may.
    Conflict "too-many-printers" TooManyPrinters { most: usize };
    /// Another printer, `printer`, has this address.
    Conflict "address-taken" AddressTaken { printer: String };
    /// The driver cannot use the printer's address or options; `detail` is the driver's text.
    Invalid "printer-setup" PrinterSetup { printer: String, detail: String };
    /// The printer cannot be trusted with cards.
    Conflict "printer-objections" PrinterObjections { printer: String, objections: Vec<Objection>, added: bool };
    /// The printer cannot be removed, or become another one, while it is in use.
    Conflict "printer-in-use" PrinterInUse { printer: String, by: PrinterUse };
    /// The printer has these settings already.
    Conflict "printer-unchanged" PrinterUnchanged { printer: String };
    /// The hopper holds more blanks than it is to take.
    Conflict "hopper-holds" HopperHolds { printer: String, capacity: i64, loaded: i64 };
    /// A rest of the printer needs both the cards after which it begins and its minutes.
    Invalid "rest-incomplete" RestIncomplete { printer: String };
    /// Nothing is said of the printer's supplies.
    Invalid "nothing-said" NothingSaid { printer: String };
    /// What is said of the printer's supplies is not counted, as it has no such limit.
    Conflict "supply-not-counted" SupplyNotCounted { printer: String };
    /// The printer's tray is full, or its ribbon used up: it gets no card, also no test card.
    Conflict "printer-full" PrinterFull { printer: String };
    /// The printer cannot be reached over the network.
    Conflict "printer-unreachable" PrinterUnreachable { printer: String, address: String };
    /// The printer does not answer as it should; `detail` is the driver's text.
    Conflict "printer-failed" PrinterFailed { printer: String, address: String, detail: String };
    /// The printer accepts no format in which cards are rendered.
    Conflict "no-format" NoFormat { printer: String };
    /// The time of a plan must begin within `days` from now, and end after its begin and within as many days.
    Invalid "plan-time" PlanTime { days: i64 };
    /// The night of this evening has not begun, so there is nothing to report.
    Invalid "night-to-come" NightToCome { evening: String };
    /// A scenario cannot be simulated; `field` is where it stands in the request.
    Invalid "scenario" Scenario { field: String, detail: String };
    /// A simulation would take too long: at most so many runs of these scenarios.
    Invalid "too-many-runs" TooManyRuns { most: i64 };

    // Waiting lists.
    /// The header of the file cannot be read; `detail` is the parser's text.
    Invalid "header-unreadable" HeaderUnreadable { detail: String };
    /// A quote in the header is not closed.
    Invalid "header-quote" HeaderQuote;
    /// The header is longer than this, bytes.
    Invalid "header-too-long" HeaderTooLong { most: usize };
    /// The file has more columns with a heading than this.
    Invalid "too-many-columns" TooManyColumns { most: usize };
    /// The file is of another form than the format that was named.
    Invalid "file-form" FileForm { form: FileForm };
    /// Two columns of the file have one heading. `letters` is the second one, and `column` the profile's column if it is one.
    Invalid "column-twice" ColumnTwice { column: Option<String>, letters: String };
    /// Columns that the profile requires are not in the file. `no_header`: the first line does not look like a header.
    Invalid "columns-missing" ColumnsMissing { columns: Vec<String>, profile: String, no_header: bool };
    /// The heading stands below these lines, such as the title of a spreadsheet.
    Invalid "title-lines" TitleLines { lines: u64 };
    /// A row cannot be read, so the rows after it cannot be found either.
    Invalid "row-unreadable" RowUnreadable { row: u64, line: u64, detail: String };
    /// A quote in the row is not closed, or the row is longer than 64 KiB.
    Invalid "row-endless" RowEndless { row: u64, line: u64 };
    /// The list would withdraw so many of the known records that a person must accept it. `held` of them waited, and are held.
    Conflict "many-withdrawals" ManyWithdrawals { withdrawn: u64, known: u64, held: u64 };
    /// Most identifiers of the list end in zeros: a spreadsheet rounded them.
    Invalid "rounded-identifiers" RoundedIdentifiers { rounded: u64, all: u64 };
    /// The list had other bytes when it was read again, after it was judged. Rows before them may be imported.
    Conflict "list-changed" ListChanged;
    /// The persons of the profile cannot be found by their identifiers, or not be given other look-up keys.
    Conflict "person-keys" PersonKeys { profile: String, fault: KeysFault };
    /// The thread that reads the file failed.
    Conflict "reading-failed" ReadingFailed;
    /// A photo was replaced during the import.
    Conflict "photo-changed" PhotoChanged;

    // The database and the nodes.
    /// A file of this name exists, and is not overwritten.
    Conflict "file-exists" FileExists { file: String };
    /// The name of the backup is not UTF-8 text.
    Invalid "backup-name" BackupName { file: String };
    /// A database on a PostgreSQL server has no file to copy.
    Conflict "backup-of-server" BackupOfServer;
    /// The copy broke a rule of the check, and was removed.
    Conflict "backup-unsound" BackupUnsound { rule: String, thing: String, fault: String };
    /// The database is on a PostgreSQL server.
    Conflict "already-on-server" AlreadyOnServer;
    /// The text is not the address of a PostgreSQL database.
    Invalid "server-address" ServerAddress;
    /// The database breaks a rule of the check, before the move or after it.
    Conflict "move-unsound" MoveUnsound { rule: String, moved: bool };
    /// The database may be a copy, and the original may print elsewhere.
    Conflict "instance-in-doubt" InstanceInDoubt;
    /// The database is what the data folder remembers.
    Conflict "nothing-to-adopt" NothingToAdopt;
    /// Another scheduler has this node name, for at most the rest of its lease.
    Conflict "node-taken" NodeTaken { node: String, process: i64, host: String, lease_left_s: i64 };
}

impl From<SheetFault> for Refusal {
    fn from(fault: SheetFault) -> Self {
        Self::File(FileRefusal::Unreadable { fault })
    }
}

/// What a record must be for an act.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RecordRule {
    /// To hold it: waiting, or in a batch with its card not started.
    Hold,
    /// To release it: held or quarantined.
    Release,
    /// To release it: no other open request of the same person.
    OtherRequestOpen,
    /// To release it: no card of the same person that it does not replace.
    LivingCard,
    /// To put it first: waiting, held or quarantined.
    PutFirst,
    /// To put it first: not first already.
    NotFirst,
    /// To put it back into its class: put first, or into another class, before.
    First,
    /// To put it into a class: in another one.
    OtherClass,
    /// To withdraw it: its card not handed over.
    Withdraw,
    /// To withdraw it by a person: without a card, and its card not started.
    WithdrawByPerson,
    /// To restore it by a person: withdrawn by a person.
    Restore,
    /// The same: not withdrawn by its source.
    RestoreBySource,
    /// To resolve it as a duplicate: quarantined.
    Resolve,
    /// The same: another request of the same person in its way.
    ResolveDuplicate,
    /// To update it: its card not handed over.
    Update,
    /// To check its card: printed.
    Check,
    /// To reject its card: printed.
    Reject,
    /// To hand its card over: printed.
    HandOver,
    /// To hand its card over: checked.
    Checked,
    /// To hand its card over, check it or print it again: not withdrawn after rendering.
    NotWithdrawn,
    /// The same: not updated after rendering.
    NotUpdated,
    /// To send its card to a district: printed.
    Send,
    /// The same: not sent already.
    NotSent,
    /// To receive its card from a district: sent there.
    Receive,
    /// To check its card, reject it or print it again: not in a district.
    InOffice,
    /// To hand its card over in a district: sent to that one.
    InDistrict,
    /// To hand its card over to a proxy: the card profile permits it.
    InPerson,
    /// To correct its hand-over: handed over, and not taken back.
    CorrectHandOver,
    /// To take its card back: handed over, and not taken back before.
    Surrender,
    /// To print it again: printed or handed over.
    Reprint,
    /// To print it again: its card came back, unless it is lost.
    ReprintSurrendered,
    /// To print it again: its photo, which is deleted after hand-over.
    ReprintPhoto,
}

impl From<Recall> for RecordRule {
    fn from(recall: Recall) -> Self {
        match recall {
            Recall::Withdrawn => Self::NotWithdrawn,
            Recall::Updated => Self::NotUpdated,
        }
    }
}

/// What a batch must be for an act.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BatchRule {
    /// Not closed.
    Open,
    /// Planned, to be approved.
    Planned,
}

/// What an attempt must be for an act.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptRule {
    /// Uncertain, to be resolved.
    Uncertain,
    /// Open, to be declared uncertain.
    Open,
}

/// What keeps a printer in use.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PrinterUse {
    /// A batch that is not closed.
    Batch(BatchId),
    /// An open attempt.
    Attempt,
    /// Attempts whose outcome is uncertain.
    UncertainAttempts,
    /// Jobs that the database does not know, and that no person has accepted.
    UnknownJobs,
    /// Blanks in its hopper.
    Blanks(i64),
}

/// Why persons cannot be found by their identifiers, or not be given other look-up keys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeysFault {
    /// Their keys were made by another rule than the profile has now.
    OtherRule,
    /// They are being given other keys, and not all have one.
    Unfinished,
    /// A batch of the profile is not closed.
    OpenBatch(BatchId),
    /// A record has no value in the column that tells persons apart.
    NoIdentifier {
        /// The record.
        record: String,
        /// The name of the column in the profile.
        column: String,
    },
    /// Requests of different persons become those of one, and some of them would be quarantined.
    SamePerson(SamePerson),
    /// The same, and two of them have a card in the office each, or may have.
    TwoCards(SamePerson),
}

/// Requests that become those of one person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SamePerson {
    /// The requests of each person, of the first few persons.
    pub requests: Vec<Vec<String>>,
    /// The number of persons.
    pub persons: u64,
}

impl From<Forbidden> for Refusal {
    fn from(Forbidden { operation }: Forbidden) -> Self {
        Self::NoRight { operation }
    }
}

impl From<AccountRefusal> for Refusal {
    fn from(refusal: AccountRefusal) -> Self {
        Self::Account(refusal)
    }
}

impl From<CountRefusal> for Refusal {
    fn from(refusal: CountRefusal) -> Self {
        Self::Count(refusal)
    }
}

impl Refusal {
    /// A record in a state that does not allow an act.
    pub fn record_state(record: &str, found: RecordState, needs: impl Into<RecordRule>) -> Self {
        Self::RecordState { record: record.to_owned(), found, needs: needs.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_a_code_with_arguments_in_json_and_reads_back() {
        let cases = [
            (
                Refusal::NoPrinter { printer: "p1".into() },
                r#"{"code":"no-printer","args":{"printer":"p1"}}"#,
                RefusalKind::NotFound,
            ),
            (
                Refusal::record_state("record default/1", RecordState::HandedOver, RecordRule::Check),
                r#"{"code":"record-state","args":{"record":"record default/1","found":"handed_over","needs":"check"}}"#,
                RefusalKind::Conflict,
            ),
            (Refusal::SerialsWithoutLot, r#"{"code":"serials-without-lot"}"#, RefusalKind::Invalid),
            (AccountRefusal::SignIn.into(), r#"{"code":"sign-in"}"#, RefusalKind::Forbidden),
            (
                AccountRefusal::NoSuchAccount { name: "siti".into() }.into(),
                r#"{"code":"no-such-account","args":{"name":"siti"}}"#,
                RefusalKind::NotFound,
            ),
        ];
        for (refusal, json, kind) in cases {
            assert_eq!(serde_json::to_string(&refusal).unwrap(), json);
            assert_eq!(serde_json::from_str::<Refusal>(json).unwrap(), refusal);
            assert!(json.contains(&format!("\"code\":\"{}\"", refusal.code())), "{json}");
            assert_eq!(refusal.kind(), kind);
        }
    }
}
