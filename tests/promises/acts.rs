//! Helper: the acts of people, as the tests write them. Each goes through a client, as the actor of the given engine.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

pub(crate) use cetak::domain::attempt::InspectionResult;
use cetak::{
    domain::{
        actor::Actor,
        correction::KeptRequest,
        count::{CountedBlanks, WhichCount},
        id::{BatchId, CountId, MovementId, PendingActId},
        pause::PauseScope,
        permission::Operation,
        states::CountState,
        stock::Cause,
        value::Witnesses,
    },
    engine::{
        Engine, EngineError,
        client::{Client, Direct},
        operations::{
            self, AddObjectedPrinter, AddPrinter, ApproveBatch, ApproveReprint, ArchiveJobs, Archived, BackUpDatabase,
            Backup, BookCount, CancelBatch, CancelCount, CheckCard, ClearPrinter, Cleared, CorrectHandOver,
            DatabaseMove, DeclareUncertain, DestroyBlanks, Destruction, EnterCount, FoundCard, HandOverCard,
            HoldRecord, HopperSetting, LendBlanks, LoadHopper, OpenCount, Pause, Probe, ReceiveBlanks, RecordName,
            RefuseReprint, RejectCard, ReleaseRecord, RemovePrinter, Reprint, RequestReprint, ResolveDuplicate,
            ResolveFound, ResolveNothing, RestoreRecord, ResumeBatch, ResumePrinter, ResumeQueue, ReverseDelivery,
            SendCards, SetObjectedPrinter, SetPrinter, SurrenderCard, TakeBackBlanks, TestCard, TestPrinter,
            UnloadHopper, WithdrawRecord,
        },
        query::{CountArchivable, ShowCount},
    },
};

type Done<T> = Result<T, EngineError>;

/// A delivery of blanks.
pub(crate) struct Delivery {
    pub(crate) blank_type: String,
    pub(crate) quantity: i64,
    pub(crate) document: String,
    pub(crate) lot: Option<String>,
    pub(crate) serials: Option<String>,
    pub(crate) override_reason: Option<String>,
}

/// A printer to be added; `override_reason` overrides the objections.
#[derive(Clone, Copy, Default)]
pub(crate) struct NewPrinter<'a> {
    pub(crate) name: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) profile: &'a str,
    pub(crate) hopper: Option<i64>,
    pub(crate) override_reason: Option<&'a str>,
}

/// Parses a value of an act, which must be valid.
fn value<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &(impl ToString + ?Sized)) -> T {
    text.to_string().parse().unwrap()
}

/// A client for one act, which is a request with a key of its own: the answer that its commit saves is compared with the one that it
/// gives (`engine::answers`).
pub(crate) fn by(engine: &Engine) -> Direct {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let client = Direct::new(engine);
    let request = client.request_key(&NEXT.fetch_add(1, Ordering::Relaxed).to_string(), ["POST", "/", "{}"]);
    client.for_request(Some(request))
}

pub(crate) async fn record_hold(engine: &Engine, record: &RecordName, note: &str) -> Done<()> {
    by(engine).act(HoldRecord { record: record.clone(), note: value(note) }).await
}

pub(crate) async fn record_release(engine: &Engine, record: &RecordName, note: &str) -> Done<()> {
    by(engine).act(ReleaseRecord { record: record.clone(), note: value(note) }).await
}

pub(crate) async fn card_check(engine: &Engine, record: &RecordName) -> Done<()> {
    by(engine).act(CheckCard { record: record.clone() }).await
}

pub(crate) async fn card_reject(engine: &Engine, record: &RecordName, cause: Cause, note: &str) -> Done<()> {
    by(engine).act(RejectCard { record: record.clone(), cause: cause.try_into().unwrap(), note: value(note) }).await
}

pub(crate) async fn card_hand_over(engine: &Engine, record: &RecordName) -> Done<()> {
    by(engine).act(HandOverCard { record: record.clone() }).await
}

pub(crate) async fn card_send(engine: &Engine, record: &RecordName, district: &str) -> Done<()> {
    let records = vec![record.clone()].try_into().unwrap();
    let act = SendCards { records, district: value(district), document: value("SJ-12"), new_district: true };
    let outcomes = by(engine).act(act).await?;
    assert!(outcomes.iter().all(|outcome| outcome.refusal.is_none()), "{outcomes:?}");
    Ok(())
}

pub(crate) async fn card_surrender(engine: &Engine, record: &RecordName, note: &str) -> Done<()> {
    by(engine).act(SurrenderCard { record: record.clone(), note: value(note) }).await
}

pub(crate) fn corrected_hand_over(record: &RecordName, note: &str) -> CorrectHandOver {
    CorrectHandOver { record: record.clone(), note: value(note) }
}

pub(crate) async fn hand_over_correct(engine: &Engine, record: &RecordName, note: &str) -> Done<()> {
    by(engine).act(corrected_hand_over(record, note)).await
}

pub(crate) async fn record_withdraw(engine: &Engine, record: &RecordName, note: &str) -> Done<()> {
    by(engine).act(WithdrawRecord { record: record.clone(), note: value(note) }).await
}

pub(crate) async fn record_restore(engine: &Engine, record: &RecordName, note: &str) -> Done<()> {
    by(engine).act(RestoreRecord { record: record.clone(), note: value(note) }).await
}

pub(crate) fn resolved(record: &RecordName, keep: KeptRequest, note: &str) -> ResolveDuplicate {
    ResolveDuplicate { record: record.clone(), keep, note: value(note) }
}

pub(crate) async fn pause(engine: &Engine, scope: &PauseScope, note: &str) -> Done<bool> {
    by(engine).act(Pause { scope: scope.clone(), note: value(note) }).await
}

pub(crate) async fn resume(engine: &Engine, scope: &PauseScope, note: &str) -> Done<bool> {
    let note = value(note);
    match scope.clone() {
        PauseScope::Queue => by(engine).act(ResumeQueue { note }).await,
        PauseScope::Printer(printer) => by(engine).act(ResumePrinter { printer, note }).await,
        PauseScope::Batch(batch) => by(engine).act(ResumeBatch { batch: BatchId(batch), note }).await,
    }
}

pub(crate) async fn put_first(engine: &Engine, record: &RecordName, note: &str) -> Done<()> {
    by(engine).act(operations::PutFirst { record: record.clone(), note: value(note) }).await
}

pub(crate) async fn batch_cancel(engine: &Engine, batch: BatchId, note: &str) -> Done<bool> {
    by(engine).act(CancelBatch { batch, note: value(note) }).await
}

pub(crate) async fn batch_approve(engine: &Engine, batch: BatchId) -> Done<()> {
    by(engine).act(ApproveBatch { batch }).await
}

pub(crate) async fn inspect_resolve(engine: &Engine, attempt: &str, found: InspectionResult, note: &str) -> Done<()> {
    let (attempt, note) = (attempt.to_owned(), value(note));
    let card = |found| ResolveFound { attempt: attempt.clone(), found, note: value(&note) };
    match found {
        InspectionResult::Good => by(engine).act(card(FoundCard::Good)).await,
        InspectionResult::Spoiled => by(engine).act(card(FoundCard::Spoiled)).await,
        InspectionResult::Nothing => {
            by(engine).act(ResolveNothing { attempt, blank_gone: false, owner_is_off: false, note }).await
        }
        InspectionResult::BlankGone => {
            by(engine).act(ResolveNothing { attempt, blank_gone: true, owner_is_off: false, note }).await
        }
    }
}

pub(crate) async fn declare_uncertain(engine: &Engine, attempt: &str, note: &str) -> Done<()> {
    by(engine).act(DeclareUncertain { attempt: attempt.into(), note: value(note) }).await
}

pub(crate) async fn reprint_request(engine: &Engine, record: &RecordName, reason: &str) -> Done<PendingActId> {
    by(engine).act(RequestReprint { reprint: Reprint { record: record.clone(), reason: value(reason) } }).await
}

pub(crate) async fn reprint_approve(engine: &Engine, warrant: PendingActId) -> Done<()> {
    by(engine).act(ApproveReprint { warrant }).await
}

pub(crate) async fn reprint_refuse(engine: &Engine, warrant: PendingActId, note: &str) -> Done<()> {
    by(engine).act(RefuseReprint { warrant, note: value(note) }).await
}

pub(crate) async fn receive(engine: &Engine, delivery: &Delivery) -> Done<()> {
    let act = ReceiveBlanks {
        blank_type: delivery.blank_type.clone(),
        quantity: value(&delivery.quantity),
        document: value(&delivery.document),
        lot: delivery.lot.as_ref().map(value),
        serials: delivery.serials.clone(),
        override_reason: delivery.override_reason.as_ref().map(value),
    };
    by(engine).act(act).await
}

pub(crate) async fn delivery_reverse(engine: &Engine, movement: i64, delivered: i64, note: &str) -> Done<()> {
    by(engine).act(reversed_delivery(movement, delivered, note)).await
}

pub(crate) fn reversed_delivery(movement: i64, delivered: i64, note: &str) -> ReverseDelivery {
    ReverseDelivery { movement: MovementId(movement), delivered: value(&delivered), note: value(note) }
}

pub(crate) async fn load(engine: &Engine, printer: &str, quantity: i64) -> Done<()> {
    by(engine).act(LoadHopper { printer: value(printer), quantity: value(&quantity) }).await
}

pub(crate) async fn unload(engine: &Engine, printer: &str, quantity: i64) -> Done<()> {
    by(engine).act(UnloadHopper { printer: value(printer), quantity: value(&quantity) }).await
}

/// A count by two claimed names, which is booked at once. Returns the difference; a count that cannot be booked is cancelled.
pub(crate) async fn count(
    engine: &Engine,
    blank_type: &str,
    printer: Option<&str>,
    counted: i64,
    note: &str,
) -> Done<i64> {
    if let Some(printer) = printer {
        pause(engine, &PauseScope::Printer(printer.into()), note).await?;
    }
    let done = match open_count(engine, blank_type, printer).await {
        Ok(count) => {
            let done = count_twice(engine, count, counted, note).await;
            if done.is_err() {
                count_cancel(engine, count).await?;
            }
            done
        }
        Err(error) => Err(error),
    };
    if let Some(printer) = printer {
        resume(engine, &PauseScope::Printer(printer.into()), note).await?;
    }
    done
}

async fn count_twice(engine: &Engine, count: CountId, counted: i64, note: &str) -> Done<i64> {
    if count_enter(engine, count, counted).await? == CountState::Equal {
        return Ok(0);
    }
    let other = Actor { name: "another counter".into(), ..(*engine.writer.actor).clone() };
    count_enter(&engine.acting("cli", other), count, counted).await?;
    let line = by(engine).query(ShowCount { count }).await?;
    by(engine).act(booking(count, WhichCount::Second, note)).await?;
    let made = line.second.unwrap();
    Ok(made.counted.unwrap() - made.booked.unwrap())
}

pub(crate) async fn open_count(engine: &Engine, blank_type: &str, printer: Option<&str>) -> Done<CountId> {
    let (printer, note) = (printer.map(value), value("stocktake"));
    by(engine).act(OpenCount { blank_type: blank_type.into(), printer, counter: None, note }).await
}

pub(crate) async fn count_enter(engine: &Engine, count: CountId, counted: i64) -> Done<CountState> {
    let entry = CountedBlanks { bundles: value("0"), bundle_size: value("0"), loose: value(&counted) };
    by(engine).act(EnterCount { count, entry, again: entry }).await
}

pub(crate) async fn count_cancel(engine: &Engine, count: CountId) -> Done<()> {
    by(engine).act(CancelCount { count, note: value("counted again") }).await
}

pub(crate) fn booking(count: CountId, which: WhichCount, note: &str) -> BookCount {
    BookCount { count, which, note: value(note) }
}

pub(crate) async fn destroy(
    engine: &Engine,
    blank_type: &str,
    quantity: i64,
    from_vault: bool,
    document: &str,
    witnesses: [&str; 2],
) -> Done<()> {
    let witnesses = Witnesses::try_from(witnesses.map(value)).unwrap();
    let destruction = Destruction { from_vault, ..destruction(blank_type, quantity, document) };
    by(engine).act(DestroyBlanks { destruction, witnesses }).await
}

/// Blanks of the vault that are to be destroyed.
pub(crate) fn destruction(blank_type: &str, quantity: i64, document: &str) -> Destruction {
    Destruction {
        blank_type: blank_type.into(),
        quantity: value(&quantity),
        from_vault: true,
        document: value(document),
    }
}

pub(crate) async fn lend(engine: &Engine, blank_type: &str, quantity: i64, to: &str, document: &str) -> Done<()> {
    by(engine).act(lent_blanks(blank_type, quantity, to, document)).await
}

pub(crate) fn lent_blanks(blank_type: &str, quantity: i64, to: &str, document: &str) -> LendBlanks {
    LendBlanks { blank_type: blank_type.into(), quantity: value(&quantity), to: value(to), document: value(document) }
}

pub(crate) async fn take_back(
    engine: &Engine,
    blank_type: &str,
    quantity: i64,
    from: &str,
    document: &str,
) -> Done<()> {
    let (quantity, from, document) = (value(&quantity), value(from), value(document));
    by(engine).act(TakeBackBlanks { blank_type: blank_type.into(), quantity, from, document }).await
}

pub(crate) async fn printer_add(engine: &Engine, new: &NewPrinter<'_>) -> Done<Probe> {
    match new.override_reason {
        None => by(engine).act(added_printer(new)).await,
        Some(why) => by(engine).act(objected_printer(new, why)).await,
    }
}

fn added_printer(new: &NewPrinter<'_>) -> AddPrinter {
    AddPrinter {
        name: value(new.name),
        uri: new.uri.into(),
        profile: new.profile.into(),
        hopper: new.hopper.map(|hopper| value(&hopper)),
    }
}

pub(crate) fn objected_printer(new: &NewPrinter<'_>, why: &str) -> AddObjectedPrinter {
    AddObjectedPrinter { printer: added_printer(new), note: value(why) }
}

pub(crate) async fn printer_move(engine: &Engine, printer: &str, uri: &str) -> Done<Option<Probe>> {
    by(engine).act(set_printer(printer, Some(uri), None, None)).await
}

pub(crate) fn set_printer(
    printer: &str,
    uri: Option<&str>,
    profile: Option<&str>,
    hopper: Option<HopperSetting>,
) -> SetPrinter {
    let text = |text: &str| text.to_owned();
    SetPrinter { printer: text(printer), uri: uri.map(text), profile: profile.map(text), hopper }
}

pub(crate) fn objected_setting(setting: SetPrinter, why: &str) -> SetObjectedPrinter {
    SetObjectedPrinter { setting, note: value(why) }
}

pub(crate) async fn printer_clear(engine: &Engine, printer: &str, note: &str) -> Done<Cleared> {
    by(engine).act(ClearPrinter { printer: printer.into(), note: value(note) }).await
}

pub(crate) async fn printer_remove(engine: &Engine, printer: &str) -> Done<()> {
    by(engine).act(RemovePrinter { printer: printer.into() }).await
}

pub(crate) async fn printer_test(engine: &Engine, printer: &str) -> Done<TestCard> {
    by(engine).act(TestPrinter { printer: printer.into() }).await
}

pub(crate) async fn archive(engine: &Engine, older_than_days: u32) -> Done<Archived> {
    by(engine).act(ArchiveJobs { older_than_days }).await
}

pub(crate) async fn archivable(engine: &Engine, older_than_days: u32) -> Done<Archived> {
    by(engine).query(CountArchivable { older_than_days }).await
}

pub(crate) async fn backup(engine: &Engine, file: &Path) -> Done<Backup> {
    by(engine).act(BackUpDatabase { file: file.to_owned() }).await
}

pub(crate) async fn database_move(
    engine: &Engine,
    to: &str,
    progress: impl FnMut(&'static str, i64) + Send,
) -> Done<DatabaseMove> {
    let permit = by(engine).permit(Operation::DatabaseMove).await?;
    operations::database_move(engine, &permit, to, progress).await
}

/// A printer keeps a lane for walk-ins.
pub(crate) async fn keep_lane(engine: &Engine, printer: &str) {
    let act = serde_json::json!({ "printer": printer, "walk_in_lane": "on" });
    let act: operations::SetPrinterLimits = serde_json::from_value(act).unwrap();
    by(engine).act(act).await.unwrap();
}
