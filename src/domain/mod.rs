//! The words and rules of cetak: types and pure functions. No async, no IO, no clock, no SQL.
//!
//! * **record**: one verified request for one card ([`record`])
//! * **waiting list**: the records that are print-ready and not yet printed, in order of priority
//! * **card profile**: a kind of card, as data ([`card::profile`])
//! * **mapping**: how the columns and values of an office's file become those of a profile ([`import::Mapping`])
//! * **blangko**, blank: one unprinted card of a blank type, in lots ([`stock`])
//! * **batch**: records of one profile with the same number of reserved blanks, for one printer ([`batch`])
//! * **job**: one card for one record in one batch ([`job`])
//! * **attempt**: one try at a job on one printer; its name is the idempotency key that the printer gets ([`attempt`])
//! * **outcome**: the end of an attempt: printed, not-started, spoiled, uncertain
//! * **owner**: the process that began an attempt, and may send its card ([`owner`])
//! * **inspection**: a person's answer to an uncertain attempt
//! * **reprint warrant**: a supervisor's single-use permission to print a record again ([`warrant`])
//! * **sent card**: a printed and checked card in a district, where its citizen collects it; it is living, and comes back before
//!   anything else is done to it ([`district`]). **proxy**: who receives a card for its citizen
//! * **walk-in**: a record that a supervisor puts first, with a reason ([`walk_in`])
//! * **jump**: a person's change of the class of a record, which it keeps until it is put back; **place**: the keys of a record in the order of
//!   the waiting list ([`place`])
//! * **import**: one list as it was imported, with what it did to each record, and what undoing it would do ([`undo`])
//! * **source**: where lists are pulled from; it is **away** when several pulls in a row failed ([`source`])
//! * **window**: a time in which cards may start ([`window`])
//! * **night**: the time around a midnight in which cards may start, named by the day of its evening ([`night`])
//! * **limit**: how many cards a printer's ribbon, tray, cleaning and rest allow; **supplies**: what of that is left ([`supply`])
//! * **halt**: a limit that is reached, or a lack of blanks, as it is put on record when it begins and when it ends ([`halt`])
//! * **standing**: what a printer is doing, or why it prints nothing ([`standing`])
//! * **account**: a person who may sign in, with **roles**; **session**: what a sign-in opens; **token**: what a program signs in with
//!   ([`account`])
//! * **act**, **query**: what a person does and reads, each under an **operation** of the permission table ([`permission`])
//! * **permit**: the proof that an operation may be done, which every write needs ([`permission::Permit`])
//! * **count**: a stocktake of a place, entered without knowledge of the book ([`count`])
//! * **pending act**: an act that one person asked for and another must confirm ([`pending`])
//! * **comparison form**: what is compared of a person's identifier ([`card::comparison`]); to **rekey** the persons of a profile is to
//!   compare them by another rule ([`rekey`])
//! * **position**: a place in the audit as a whole, after which the stream of events goes on ([`positions`])
//! * **refusal**: why an act is not done ([`refusal`]); **reason**: why the program itself did something ([`reason`]);
//!   **objection**: why a printer must not be used ([`objection`])
//! * **lease**: a node's right to use its printers, for a limited time; **fencing token**: the number that makes the writes of
//!   an earlier lease fail
//! * **instance**: one living database; a copy of it or a restored state of it is another, until a person adopts it ([`instance`])
//! * **breaker**: what stops a printer that keeps failing ([`breaker`])
//!
//! Every change of a record, a job or an attempt is a function here that returns one [`transition::Transition`]; the store saves
//! it in one transaction.

pub mod account;
pub mod actor;
pub mod attempt;
pub mod audit;
pub mod audit_row;
pub mod batch;
pub mod breaker;
pub mod card;
pub mod card_out;
pub mod changes;
pub mod correction;
pub mod count;
pub mod cover;
pub mod delivery;
pub mod dispatch;
pub mod district;
pub mod event_right;
pub mod halt;
pub mod hidden;
pub mod id;
pub mod import;
pub mod instance;
pub mod job;
pub mod learned;
pub mod lost_time;
pub mod name_word;
pub mod natural;
pub mod night;
pub mod objection;
pub mod open_job;
pub mod owner;
pub mod pause;
pub mod pending;
pub mod permission;
pub mod personal;
pub mod place;
pub mod planning;
pub mod polling;
pub mod positions;
pub mod printer;
pub mod printer_reason;
pub mod ranges;
pub mod reason;
pub mod record;
pub mod refusal;
pub mod rekey;
pub mod request_key;
pub mod retry;
pub mod settlement;
pub mod share;
pub mod source;
pub mod standing;
pub mod states;
pub mod stock;
pub mod supply;
#[cfg(test)]
mod supply_tests;
pub mod test_card;
pub mod time;
pub mod transition;
pub mod undo;
pub mod value;
pub mod verdict;
pub mod walk_in;
pub mod warrant;
pub mod window;
pub mod withdrawal;
