//! Every act of a person, as data. An act is refused or done as a whole, and recorded in the audit. Most are one short
//! transaction; archiving, backups and test cards take several.

mod account;
mod act;
mod address;
mod any;
mod approval;
mod card;
mod change_matching;
mod clock;
mod correction;
mod count;
mod counted_place;
mod database;
mod delivery;
mod destruction;
mod district;
mod inspection;
mod instance;
mod many;
mod matching;
mod matching_count;
mod name_index;
mod picture;
mod printer;
mod printer_limits;
mod printer_setting;
mod priority;
mod queue;
mod record;
mod rekey;
mod reprint;
mod role;
mod second_person;
mod source;
mod stock;
mod test_card;
mod token;
mod two_person_act;
mod undo_import;
mod warrant;

pub use account::{AddAccount, AddedAccount, DisableAccount, EnableAccount, OneTimePassword, ResetAccount};
pub use act::{Act, RecordName, find_record, no_record};
pub use any::AnyAct;
pub use card::{CheckCard, HandOverCard, RejectCard, SurrenderCard};
pub use change_matching::{ChangeMatching, MatchingChange};
pub use clock::{AcceptClock, AcceptedClock};
pub use correction::{CorrectHandOver, ResolveDuplicate, RestoreRecord, WithdrawRecord};
pub use count::{BookCount, CancelCount, EnterCount, OpenCount};
pub use database::{
    ArchiveJobs, Archived, BackUpDatabase, Backup, DatabaseMove, RecountCounters, archivable, database_move,
};
pub use delivery::{ReceiveBlanks, ReverseDelivery};
pub use destruction::DestroyBlanks;
pub use district::{HandOverByProxy, HandOverCards, ReceiveCards, SendCards, proxy_row_name};
pub use inspection::{DeclareUncertain, FoundCard, ResolveFound, ResolveNothing};
pub use instance::{AdoptDatabase, Adopted, PrintedSince};
pub use many::{CheckCards, HoldRecords, RECORDS_MAX, RecordNames, RecordOutcome, ReleaseRecords};
pub use matching::{
    HoldMatching, MatchingAct, MatchingDone, MatchingTurn, PrioritizeMatching, RecordMatch, ReleaseMatching,
};
pub use matching_count::{MatchingCount, count as count_matching};
pub use name_index::{IndexNames, IndexedNames};
pub use picture::{card_preview, record_photo};
pub use printer::{
    AddObjectedPrinter, AddPrinter, Capabilities, Caution, ClearPrinter, Cleared, PrinterStatus, Probe, RemovePrinter,
    Supply, does_not_answer, objections, plain_database, printer_probe,
};
pub use printer_limits::{SayPrinterSupplies, SetPrinterLimits, WalkInLane};
pub use printer_setting::{HopperSetting, SetObjectedPrinter, SetPrinter};
pub use priority::{PutBack, PutFirst, PutInClass};
pub use queue::{ApproveBatch, CancelBatch, Pause, ResumeBatch, ResumePrinter, ResumeQueue};
pub use record::{HoldRecord, ReleaseRecord};
pub use rekey::{RekeyPersons, RekeyedPersons};
pub use reprint::Reprint;
pub use role::{GiveRole, TakeRole};
pub use second_person::{confirm, pending_act, refuse, request, take_back, taken_back_as, together};
pub use source::{PauseSource, ResumeSource};
pub use stock::{Destruction, LendBlanks, LoadHopper, TakeBackBlanks, UnloadHopper};
pub use test_card::{TestCard, TestPrinter};
pub use token::{AddToken, AddedToken, EndSession, RevokeToken};
pub use two_person_act::TwoPersonAct;
pub use undo_import::UndoImport;
pub use warrant::{ApproveReprint, RefuseReprint, RequestReprint};
