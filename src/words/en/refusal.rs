//! The text and the hint of each refusal.

use super::{
    account::account_refusal,
    act::{act_repeated, act_waits, again},
    card::no_photo,
    count::{above_missing, below_reserved, count_refusal},
    file::file_refusal,
    filter::{matching_number, no_class, no_person, unknown_filter},
    import::{import_refusal, no_source},
    message::{Message, list},
    number::thousands,
    objection::objections as all,
    operation::{act_noun, named},
    person_keys::person_keys,
    printer_limit,
    printer_use::in_use,
    reason::{rendering, sealed},
    record_rule::record_state,
    simulation::{plan_time, scenario_fault, too_many_runs},
};
use crate::domain::{
    permission::Operation,
    refusal::{AttemptRule, BatchRule, Refusal},
    stock::Place,
};

/// What a refusal says to a person.
#[expect(clippy::too_many_lines, reason = "one arm for each refusal")]
pub fn refusal(refusal: &Refusal) -> Message {
    let say = |text: String, hint: &str| Message::new(text, hint);
    match refusal {
        Refusal::NoRecord { source, request_id } => say(
            format!("source `{source}` has no record `{request_id}`"),
            "if another source sent it, name that one with `--source`; to find a person's requests, use `cetak record find --identifier` or \
             `cetak record find --name`",
        ),
        Refusal::NoName => say(
            "no record is of a person with this name".into(),
            "say fewer words, each of them whole; or ask by the identifier with `--identifier`",
        ),
        Refusal::NoPerson { profiles, has_form } => no_person(profiles, *has_form),
        Refusal::NoPrinter { printer } => {
            say(format!("no printer is named `{printer}`"), "list the printers with `cetak printer list`")
        }
        Refusal::NoSource { source, known } => no_source(source, known),
        Refusal::NoProfile { profile, known } => {
            say(format!("no card profile is named `{profile}`"), &format!("the profiles are {}", list(known)))
        }
        Refusal::ProfileBroken { profile, detail } => {
            let fault = Message::from_detail(detail);
            let hint = fault.hint.unwrap_or_else(|| "correct it".to_owned());
            let hint = format!("{hint}; `cetak config check` reads all settings and profiles again");
            say(format!("the card profile `{profile}` cannot be used: {}", fault.text), &hint)
        }
        Refusal::NoBlankType { blank_type, known } => say(
            format!("no card profile uses blanks of type `{blank_type}`"),
            &format!("the blank types are {}", list(known)),
        ),
        Refusal::NoAccount { account, known } => {
            say(format!("the ledger has no account `{account}`"), &format!("the accounts are {}", list(known)))
        }
        Refusal::NoBatch { batch } => {
            say(format!("there is no batch {batch}"), "list the batches with `cetak batch list --all`")
        }
        Refusal::NoJob { job } => say(format!("there is no job {job}"), "list the jobs with `cetak job list`"),
        Refusal::NoAttempt { attempt } => say(
            format!("there is no attempt `{attempt}`"),
            "list the attempts to be resolved with `cetak inspect list`",
        ),
        Refusal::NoMovement { movement } => {
            say(format!("the ledger has no movement {movement}"), "list the movements with `cetak blangko ledger`")
        }
        Refusal::NoAct { act } => {
            say(format!("there is no act or warrant {act}"), "list them with `cetak act list --all`")
        }
        Refusal::InBatch { record, batch, printer, before } => say(
            format!(
                "{record} is in batch {batch} on printer `{printer}` already, at place {} of the cards that are queued",
                before + 1
            ),
            "it is printed with its batch; to print it first in the next one, take it out with `cetak record hold`, put it first, and \
             release it with `cetak record release`",
        ),
        Refusal::RecordState { record, found, needs } => record_state(record, *found, *needs),
        Refusal::OtherRequest { record, found, other, state } => say(
            format!(
                "{record} is `{}`; {other} of the same person is `{}`, and a person has one card",
                found.as_str(),
                state.as_str()
            ),
            "see both with `cetak record show`; a request without a card is withdrawn with `cetak record withdraw`",
        ),
        Refusal::BatchState { batch, found, needs } => {
            let needed = match needs {
                BatchRule::Open => "only a batch that is not closed can be changed",
                BatchRule::Planned => "only a `planned` batch can be approved",
            };
            say(
                format!("batch {batch} is `{}`; {needed}", found.as_str()),
                "list the batches that are not closed with `cetak batch list`",
            )
        }
        Refusal::AttemptState { attempt, found, needs, archived } => {
            let archived = if *archived { ", and archived" } else { "" };
            let needed = match needs {
                AttemptRule::Uncertain => "only an `uncertain` attempt can be resolved",
                AttemptRule::Open => "only an open attempt can be declared uncertain",
            };
            let hint = if *needs == AttemptRule::Uncertain && found.is_open() {
                "wait for its outcome, or declare it uncertain with `cetak inspect declare`"
            } else {
                "list the attempts to be resolved with `cetak inspect list`"
            };
            say(format!("attempt `{attempt}` is `{}`{archived}; {needed}", found.as_str()), hint)
        }
        Refusal::SentElsewhere { record, printer, attempt } => say(
            format!("{record} cannot be released: another database has sent it to printer `{printer}` as {attempt}"),
            "look for its card, then clear the printer with `cetak printer clear`; release the record only if there is no card",
        ),
        Refusal::ActDecided { act, operation, found } => {
            let noun = act_noun(*operation);
            say(format!("{noun} {act} is `{}`; each {noun} is decided once", found.as_str()), again(*operation))
        }
        Refusal::ActExpired { act, operation } => {
            say(format!("{} {act} has expired", act_noun(*operation)), again(*operation))
        }
        Refusal::ActTargetChanged { act, operation, target } => say(
            format!("{target} was changed after {} {act} was requested, so it is not done", act_noun(*operation)),
            again(*operation),
        ),
        Refusal::ActTargetGone { act, operation, target } => {
            say(format!("{target} no longer exists, so {} {act} is not done", act_noun(*operation)), again(*operation))
        }
        Refusal::ActWaits { act, operation } => act_waits(*act, *operation),
        Refusal::ActRepeated { act, operation, other } => act_repeated(*act, *operation, *other),
        Refusal::OwnerThere { attempt, process, host } => say(
            format!("{} may still send the card of attempt `{attempt}`, running or frozen", owner(*process, host)),
            "a process that runs confirms within seconds that it will not: try again; end one that does not answer \
             (`kill -9`, or switch its machine off), and try again",
        ),
        Refusal::OwnerUnknown { attempt, process, host } => say(
            format!(
                "{} may still send the card of attempt `{attempt}`: from here it cannot be seen whether it has ended",
                owner(*process, host)
            ),
            "try again on that machine, or start `cetak run` there again, with the same data folder; if that machine is off \
             for good, two people state it with `--owner-is-off --second NAME`",
        ),
        Refusal::PrinterStillAnswers { printer, attempt } => say(
            format!("printer `{printer}` still answers for attempt `{attempt}`, so its outcome can be learned"),
            "let `cetak run` settle it, or cancel its job at the printer first",
        ),
        Refusal::MatchingNumber { is_none, most } => matching_number(*is_none, *most),
        Refusal::FiltersExclude => say(
            "records are listed by their batch or by the time of printing, not by both".into(),
            "leave out `--batch`, or `--printed-since` and `--printed-until`",
        ),
        Refusal::UnknownFilter { filter, value, known } => unknown_filter(filter, value, known),
        Refusal::NewDistrict { district } => say(
            format!("`{district}` is not a known district, and it was not said that it is a new one"),
            "`cetak card districts` and `cetak record list` show known ones; say that it is new with `--new-district`",
        ),
        Refusal::NotAReasonCode => say(
            "this is not the code of a reason".into(),
            "the codes stand in the column `code` of `cetak record list`, such as `living-card`",
        ),
        Refusal::NoSuchClass { record, profile, class, known, own } => no_class(record, profile, *class, known, *own),
        Refusal::RecordUnreadable { record, fault } => say(
            format!("the stored data of {record} {}", sealed(*fault)),
            "keep the files as they are, and check the database with `cetak db check`",
        ),
        Refusal::CardNotRendered { record, fault } => say(
            format!("the card of {record} cannot be rendered: {}", rendering(fault)),
            "import the corrected request with `cetak import --update`",
        ),
        Refusal::ProfileNotRendered { profile, detail } => say(
            format!("no card of profile `{profile}` can be rendered: {detail}"),
            &format!("see what is wrong with `cetak profile check {profile}`"),
        ),
        Refusal::NoPhoto { record, fault } => no_photo(record, *fault),
        Refusal::NoBack { profile } => {
            say(format!("the cards of profile `{profile}` have no back"), "leave out `--side`")
        }
        Refusal::NotAReprintReason { profile, known } => say(
            format!("the reason is not a reprint reason of profile `{profile}`"),
            &format!("the reasons are {}", list(known)),
        ),
        Refusal::SamePerson { act, operation: Operation::ReprintApprove } => say(
            format!("warrant {act} was requested by the same person; another person must approve it"),
            "let another person run `cetak reprint approve`",
        ),
        Refusal::SamePerson { act, .. } => say(
            format!("act {act} was requested by the same person; another person must confirm it"),
            &format!("let another person run `cetak act confirm {act}`"),
        ),
        Refusal::OtherPerson { act, operation } => say(
            format!("{} {act} was requested by another person, who alone can take it back", act_noun(*operation)),
            &format!("see it with `cetak act show {act}`"),
        ),
        Refusal::SecondPersonNeeded { operation } => say(
            format!("{} needs a second person for what is stated", named(*operation)),
            "name one with `--second`, or ask with `--ask`",
        ),
        Refusal::NoRight { operation } => say(
            format!("{} needs a role that you do not have", named(*operation)),
            "do it as an account with that role, `--account NAME`; an administrator lists them with `cetak account list`",
        ),
        Refusal::Account(refusal) => account_refusal(refusal),
        Refusal::Count(refusal) => count_refusal(refusal),
        Refusal::File(refusal) => file_refusal(refusal),
        Refusal::Import(refusal) => import_refusal(refusal),
        Refusal::SerialRange { serials } => say(
            format!("`{serials}` is not a range of serials"),
            "write the first and the last serial, such as `KT000001..KT005000`",
        ),
        Refusal::SerialCount { serials, count, quantity } => say(
            format!(
                "serials `{serials}` are {} blanks, and the quantity is {}; nothing was booked",
                thousands(*count),
                thousands(*quantity)
            ),
            "count the delivery again",
        ),
        Refusal::SerialsWithoutLot => say("serials are given without their lot".into(), "name the lot with `--lot`"),
        Refusal::LotExists { lot } => say(
            format!("lot `{lot}` exists, and a lot with serials is received once"),
            "see whether the delivery is booked with `cetak blangko ledger`",
        ),
        Refusal::SerialsBooked { serials, lot } => say(
            format!("the serials {serials} are in lot `{lot}` already"),
            "compare the serials with the delivery note; if they are right, add `--override REASON`",
        ),
        Refusal::DeliveryBooked { movement, document, lot, quantity, at } => say(
            format!(
                "a delivery under document `{document}` is booked for lot `{lot}` already: movement {movement} of {at}, {} blanks",
                thousands(*quantity)
            ),
            &format!(
                "if this is another delivery, or another lot of that one, add `--override REASON`; if that one is wrong, correct it with \
                 `cetak blangko reverse {movement} --delivered NUMBER --reason TEXT`"
            ),
        ),
        Refusal::NotADelivery { movement } => say(
            format!("movement {movement} is not a delivery, and only deliveries are reversed"),
            "list the movements with `cetak blangko ledger`; a wrong count is corrected by another count",
        ),
        Refusal::DeliveryNotTooLarge { movement, booked, delivered } => say(
            format!(
                "{} blanks are booked for delivery {movement}, which is not more than {}",
                thousands(*booked),
                thousands(*delivered)
            ),
            "book what is missing with `cetak blangko receive`",
        ),
        Refusal::SerialsReversedWhole { movement } => say(
            format!("delivery {movement} has serials, so it is reversed as a whole"),
            "leave out `--delivered`, then book it again with the right quantity and serials",
        ),
        Refusal::DeliveryInUse { movement, blank_type, lot, wanted, free } => say(
            format!(
                "{} blanks of delivery {movement} cannot be taken back: of type `{blank_type}`, lot `{lot}`, {} are free in the \
                 vault",
                thousands(*wanted),
                thousands(*free)
            ),
            "free more with `cetak blangko unload` or `cetak batch cancel`; blanks that were used cannot be taken back",
        ),
        Refusal::HopperFull { printer, capacity, loaded } => say(
            format!("the hopper of `{printer}` takes {capacity} blanks and holds {loaded}"),
            &format!("load at most {}", capacity - loaded),
        ),
        Refusal::HopperNotCounted { printer } => say(
            format!("the hopper of `{printer}` is not counted; its blanks are booked in the vault"),
            &format!("to count it, give its capacity with `cetak printer set {printer} --hopper N`"),
        ),
        Refusal::HopperReserved { printer, batch, wanted, free, reserved } => say(
            format!(
                "{wanted} blanks cannot be unloaded: in the hopper of `{printer}` are {free} free, and {reserved} reserved for batch {batch}"
            ),
            &format!("`cetak batch cancel {batch} --reason TEXT` frees them"),
        ),
        Refusal::TooFewBlanks { blank_type, account, wanted, available } => say(
            format!(
                "account `{account}` has too few blanks of type `{blank_type}`: {} instead of {}",
                thousands(*available),
                thousands(*wanted)
            ),
            "compare the accounts with `cetak blangko balance`",
        ),
        Refusal::CountBelowReserved { short, free } => below_reserved(*short, *free),
        Refusal::CountAboveMissing { over, missing } => above_missing(*over, *missing),
        Refusal::NoFreeBlank { blank_type, place } => {
            let (account, hint) = match place {
                Place::Printer(_) => (
                    "hopper",
                    "load blanks with `cetak blangko load`, or cancel the printer's batch with `cetak batch cancel`",
                ),
                Place::Vault => ("vault", "compare the accounts with `cetak blangko balance`"),
            };
            say(format!("the {account} has no free blank of type `{blank_type}` for a test card"), hint)
        }
        Refusal::SourceName { name } => say(
            format!("`{name}` is not a valid name for a source"),
            "use at most 40 letters, digits, `-`, `_` and `.`",
        ),
        Refusal::PrinterExists { printer } => say(
            format!("a printer is named `{printer}` already"),
            &format!("choose another name, or remove that one with `cetak printer remove {printer}`"),
        ),
        Refusal::TooManyPrinters { most } => say(
            format!("an office has at most {most} printers"),
            "remove one that is no longer used with `cetak printer remove`",
        ),
        Refusal::AddressTaken { printer } => say(
            format!("printer `{printer}` is at that address already"),
            "use that name: under a second one, the blanks of the printer would be counted twice",
        ),
        Refusal::PrinterSetup { printer, detail } => {
            Message::from_detail(format!("printer `{printer}` cannot be used: {detail}"))
        }
        Refusal::PrinterObjections { printer, objections, added } => say(
            format!("printer `{printer}` cannot be used safely: {}", all(objections)),
            if *added {
                "remove the cause, or change the printer with `--override REASON`, which is recorded in the audit"
            } else {
                "remove the cause, or add the printer with `--override REASON`, which is recorded in the audit"
            },
        ),
        Refusal::PrinterInUse { printer, by } => in_use(printer, by),
        Refusal::PrinterUnchanged { printer } => say(
            format!("printer `{printer}` has these settings already"),
            &format!("see them with `cetak printer show {printer}`"),
        ),
        Refusal::HopperHolds { printer, capacity, loaded } => printer_limit::hopper_holds(printer, *capacity, *loaded),
        Refusal::RestIncomplete { printer } => printer_limit::rest_incomplete(printer),
        Refusal::NothingSaid { printer } => printer_limit::nothing_said(printer),
        Refusal::SupplyNotCounted { printer } => printer_limit::not_counted(printer),
        Refusal::PrinterFull { printer } => printer_limit::full(printer),
        Refusal::PrinterUnreachable { printer, address } => say(
            format!("printer `{printer}` cannot be reached at {address}"),
            "check that it is switched on, and the host name and port of its address",
        ),
        Refusal::PrinterFailed { printer, address, detail } => {
            let message = Message::from_detail(format!("printer `{printer}` at {address} does not answer: {detail}"));
            Message { hint: message.hint.or(Some("check the printer and its address".into())), ..message }
        }
        Refusal::Scenario { field, detail } => scenario_fault(field, detail),
        Refusal::TooManyRuns { most } => too_many_runs(*most),
        Refusal::PlanTime { days } => plan_time(*days),
        Refusal::NightToCome { evening } => say(
            format!("the night of {evening} has not begun"),
            "read what it will do with `cetak plan`, or report an earlier night",
        ),
        Refusal::NoFormat { printer } => say(
            format!("printer `{printer}` accepts no document format in which cards are rendered"),
            "use a printer that accepts PNG, PDF, PWG raster or Apple raster",
        ),
        Refusal::HeaderUnreadable { detail } => say(
            format!("the header of the file cannot be read: {detail}"),
            "check that it is a waiting list: CSV with a header in UTF-8, or JSON Lines with `--format jsonl`",
        ),
        Refusal::HeaderQuote => {
            say("a quote in the header of the file is not closed".into(), "correct the header, and import again")
        }
        Refusal::HeaderTooLong { most } => say(
            format!("the first line of the file is longer than {} KiB", most / 1024),
            "check that it is a waiting list: CSV with a header in UTF-8, or JSON Lines with `--format jsonl`",
        ),
        Refusal::TooManyColumns { most } => say(
            format!("the file has more than {} columns", thousands(i64::try_from(*most).unwrap_or(i64::MAX))),
            "remove the columns that the profile does not read, and import again",
        ),
        Refusal::FileForm { form } => super::import::file_form(*form),
        Refusal::ColumnTwice { column, letters } => {
            let heading = column.as_ref().map_or("one heading".to_owned(), |column| format!("the heading `{column}`"));
            say(
                format!("the file has two columns with {heading}; the second one is column {letters}"),
                "remove one of them, and import again",
            )
        }
        Refusal::ColumnsMissing { columns, profile, no_header } => {
            let hint = if *no_header {
                "a waiting list is CSV with a header, in UTF-8, with `,`, `;` or tabs between the columns; for JSON Lines add \
                 `--format jsonl`; lines above the header are skipped with `--skip-lines NUMBER`"
                    .to_owned()
            } else {
                format!(
                    "if it is not a waiting list for `{profile}`, name its profile with `--profile`; lines above the header are \
                     skipped with `--skip-lines NUMBER`"
                )
            };
            Message::new(format!("the file has no column {}", list(columns)), hint)
        }
        Refusal::TitleLines { lines } => {
            let heading = format!("the heading of the list is on line {}", lines + 1);
            let (text, these) = match lines {
                1 => (format!("line 1 looks like a title; {heading}"), "line 1".to_owned()),
                _ => (format!("lines 1 to {lines} look like a title; {heading}"), format!("lines 1 to {lines}")),
            };
            Message::new(text, format!("skip {these} with `--skip-lines {lines}`"))
        }
        Refusal::RowUnreadable { row, line, detail } => say(
            format!("row {row} (line {line}) cannot be read: {detail}; nothing was imported"),
            "correct the file, and import it again",
        ),
        Refusal::RowEndless { row, line } => say(
            format!(
                "row {row} (line {line}) does not end: a quote in it is not closed, or it is longer than 64 KiB; nothing was \
                 imported"
            ),
            "correct the file, and import it again",
        ),
        Refusal::ManyWithdrawals { withdrawn, known, held } => {
            let number = |n: u64| thousands(i64::try_from(n).unwrap_or(i64::MAX));
            let held = match held {
                0 => String::new(),
                held => format!(", and the {} of them that wait are held until a right list comes", number(*held)),
            };
            say(
                format!(
                    "the list would withdraw {} of {} known records; nothing was imported{held}",
                    number(*withdrawn),
                    number(*known),
                ),
                "if the list is right, import it again with `--accept withdrawals`; if not, import the right one, which puts them \
                 back",
            )
        }
        Refusal::RoundedIdentifiers { rounded, all } => say(
            format!(
                "{rounded} of {all} identifiers end in zeros, so a spreadsheet has rounded them; nothing was imported"
            ),
            "export the column as text, and import that; if the numbers are right, add `--accept rounded`",
        ),
        Refusal::ListChanged => say(
            "the file was changed while it was being imported; at most the rows before the change are imported".into(),
            "import it again when it is complete; rows that are imported already do not change",
        ),
        Refusal::PersonKeys { profile, fault } => person_keys(profile, fault),
        Refusal::ReadingFailed => {
            say("reading the file failed".into(), "the rows read so far are imported; import the file again")
        }
        Refusal::PhotoChanged => {
            say("a photo was replaced while the list was imported".into(), "import the file again")
        }
        Refusal::FileExists { file } => {
            say(format!("`{file}` exists, and is not overwritten"), "name another file, or remove this one")
        }
        Refusal::BackupName { file } => {
            say(format!("`{file}` is not a name that SQLite accepts"), "use a path in UTF-8")
        }
        Refusal::BackupOfServer => say(
            "the database is on a PostgreSQL server, which `cetak db backup` cannot copy".into(),
            "back it up with `pg_dump`, and keep the key in another place",
        ),
        Refusal::BackupUnsound { rule, thing, fault } => say(
            format!("the backup was discarded: check \"{rule}\" failed for {thing} ({fault})"),
            "check the database with `cetak db check`",
        ),
        Refusal::AlreadyOnServer => {
            say("the database is on a PostgreSQL server already".into(), "move it with `pg_dump` and `pg_restore`")
        }
        Refusal::ServerAddress => say(
            "the target is not the address of a PostgreSQL database".into(),
            "write `postgres://USER@HOST/DATABASE`",
        ),
        Refusal::MoveUnsound { rule, moved: false } => say(
            format!("nothing was moved: check \"{rule}\" failed for this database"),
            "check the database with `cetak db check`",
        ),
        Refusal::MoveUnsound { rule, moved: true } => say(
            format!("check \"{rule}\" failed for the new database"),
            "print nothing, keep both databases, and check the new one with `cetak db check`",
        ),
        Refusal::InstanceInDoubt => say(
            "nothing is printed, because the database may be a copy, and the original may print elsewhere".into(),
            "see what differs with `cetak status` while `cetak run` runs, and adopt it with `cetak db adopt`",
        ),
        Refusal::NothingToAdopt => say(
            "the database matches `cetak.heads` in this data folder: it need not be adopted".into(),
            "see what needs a person with `cetak status`",
        ),
        Refusal::NodeTaken { node, process, host, lease_left_s } => say(
            format!("another scheduler is node `{node}`: process {process} on `{host}`"),
            &format!(
                "give this one another name with `node = \"...\"` in the settings; if that process is dead, its lease \
                 ends in {lease_left_s} s"
            ),
        ),
    }
}

/// The process that began an attempt.
fn owner(process: i64, host: &str) -> String {
    match process {
        0 => "a scheduler of an earlier version".to_owned(),
        process => format!("process {process} on `{host}`"),
    }
}
