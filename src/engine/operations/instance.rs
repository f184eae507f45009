//! The adoption of a database that was copied or restored.

use std::collections::{HashMap, HashSet};

use cetak_driver_api::{AttemptId, AttemptRef};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::{act::Act, approval::Approval};
use crate::{
    domain::{
        attempt::{AttemptView, Outcome},
        audit::Event,
        batch::BatchEnd,
        id::AttemptKey,
        job::{declare, printed_at_adoption},
        pending::Target,
        permission::{Operation, Permit},
        printer::Printer,
        ranges::ranges,
        reason::Reason,
        record,
        refusal::Refusal,
        value::Note,
    },
    engine::{
        Engine, EngineError,
        clock::{attempt_made, attempt_prefix},
        instance::Comparison,
        instance_memory::InstanceMemory,
        planning,
        printing::{
            attempt::reference,
            verdict::{self, Verdict},
        },
        sent_elsewhere::SentElsewhere,
    },
    store::{OpenAttempt, Tx},
};

/// What is known of the cards that the original database printed after this one was copied from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PrintedSince {
    /// There is none: it was stopped before and is not started again.
    None,
    /// It may have printed any record that waits here.
    Unknown,
}

impl PrintedSince {
    fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }
}

/// States what became of the database that this one was copied from, or of the state after the restored one. This one
/// is the living one from then on, with a new generation.
///
/// If the original may have printed since, its cards are not printed again. The printers are asked first. An open attempt whose
/// card they prove is printed; the others wait for their inspection. Open batches are cancelled, and records that wait are held until a
/// person releases them, with the job of each that a printer still knows. Acts that wait for a second person end, as the original may
/// have done them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AdoptDatabase {
    /// What the original printed since.
    pub printed_since: PrintedSince,
    /// Why.
    pub note: Note,
}

/// The result of [`AdoptDatabase`].
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Adopted {
    /// The new generation.
    pub generation: i64,
    /// The number of records that are held since.
    pub held: usize,
    /// The number of those of which a printer has a job that the database does not know.
    pub sent_elsewhere: usize,
    /// The number of attempts that were open, and whose card a printer proves.
    pub printed: usize,
    /// The number of attempts that were open, and whose outcome is uncertain since.
    pub uncertain: usize,
    /// The number of acts that waited for a second person, and have ended.
    pub acts_ended: usize,
    /// The printers that did not answer.
    pub unanswered: Vec<String>,
}

impl Act for AdoptDatabase {
    type Answer = Adopted;
    const OPERATION: Operation = Operation::DatabaseAdopt;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Adopted, EngineError> {
        permit.covers(Self::OPERATION)?;
        let answers = self.ask(engine).await?;
        let mut tx = engine.write(permit).await?;
        let adopted = self.apply(engine, &mut tx, &answers, Approval::Alone).await?;
        tx.commit_with(&adopted).await?;
        Ok(adopted)
    }
}

impl AdoptDatabase {
    /// The database, which must be in doubt. The version is what it says of itself and what it is: the audit rows that the folder
    /// remembers are no part of it, because the request itself adds a row.
    pub(super) async fn target(engine: &Engine, tx: &mut Tx) -> Result<Target, EngineError> {
        let (_, seen) = in_doubt(engine, tx).await?;
        Ok(Target { name: "database".to_owned(), version: seen.version(), record: None })
    }

    /// Asks the printers what they know of the original's cards, if it may have printed since. No driver call runs inside the
    /// transaction.
    pub(super) async fn ask(&self, engine: &Engine) -> Result<PrinterAnswers, EngineError> {
        match self.printed_since {
            PrintedSince::None => Ok(PrinterAnswers::default()),
            PrintedSince::Unknown => ask_printers(engine).await,
        }
    }

    pub(super) async fn apply(
        &self,
        engine: &Engine,
        tx: &mut Tx,
        answers: &PrinterAnswers,
        approval: Approval<'_>,
    ) -> Result<Adopted, EngineError> {
        let (memory, seen) = in_doubt(engine, tx).await?;
        let adopted = seen.adopted();
        let (records, answer) = match self.printed_since {
            PrintedSince::None => (Vec::new(), Adopted::default()),
            PrintedSince::Unknown => hold_back(engine, tx, answers, self.note.as_str()).await?,
        };
        tx.instance_set(&adopted).await?;
        tx.doubt_end().await?;
        let sessions = tx.sessions_end_all().await?;
        let event = Event::new("database.adopted", "database").with("note", &self.note);
        let event = seen.mark(event).with("generation", adopted.generation);
        let event = event.with("printed_since", self.printed_since.code()).with("printed", answer.printed);
        let event = event.with("uncertain", answer.uncertain).with("acts_ended", answer.acts_ended);
        let event = event.with("held", answer.held).with("sent_elsewhere", answer.sent_elsewhere);
        let event = event.with("sessions_ended", sessions);
        let event = event.with("unanswered", answer.unanswered.join(" ")).with("records", ranges(&records));
        tx.audit(approval.mark(event));
        tx.announce();
        // Before the commit: a folder that remembers the later generation alone asks once more.
        memory.write(seen.memory(adopted.generation)).await?;
        Ok(Adopted { generation: adopted.generation, ..answer })
    }
}

/// The memory of this data folder, and the comparison with it. Refused if it gives no reason to adopt the database.
async fn in_doubt<'a>(engine: &'a Engine, tx: &mut Tx) -> Result<(&'a dyn InstanceMemory, Comparison), EngineError> {
    let Some(memory) = engine.memory.as_deref() else { return Err(Refusal::NothingToAdopt.into()) };
    let seen = Comparison::read(tx, memory).await?;
    if seen.is_in_doubt() { Ok((memory, seen)) } else { Err(Refusal::NothingToAdopt.into()) }
}

/// What the printers know of cards that this database does not.
#[derive(Default)]
pub(super) struct PrinterAnswers {
    /// The open attempts whose card is proved.
    printed: Vec<AttemptKey>,
    /// All jobs of the site: the printer, and the name of the attempt.
    jobs: Vec<(String, AttemptId)>,
    /// The printers that did not answer.
    unanswered: Vec<String>,
}

/// Asks all printers at once. One that is not answered in full counts as unanswered.
async fn ask_printers(engine: &Engine) -> Result<PrinterAnswers, EngineError> {
    let mut tx = engine.store.read().await?;
    let printers = tx.printer_list().await?;
    let names: Vec<&str> = printers.iter().map(|printer| &*printer.name).collect();
    let open = tx.attempts_open(&names).await?;
    drop(tx);
    let answers = printers.iter().map(async |printer| {
        let open = open.iter().filter(|(at, _)| *at == printer.name).map(|(_, open)| open);
        (&printer.name, ask_printer(engine, printer, open).await)
    });
    let mut all = PrinterAnswers::default();
    for (printer, answer) in join_all(answers).await {
        let Some((printed, jobs)) = answer else {
            all.unanswered.push(printer.clone());
            continue;
        };
        all.printed.extend(printed);
        all.jobs.extend(jobs.into_iter().map(|job| (printer.clone(), job)));
    }
    Ok(all)
}

/// The open attempts that a printer has printed, and all its jobs of the site. `None` if it does not answer.
async fn ask_printer(
    engine: &Engine,
    printer: &Printer,
    open: impl Iterator<Item = &OpenAttempt>,
) -> Option<(Vec<AttemptKey>, Vec<AttemptId>)> {
    let driver = (engine.drivers)(&printer.name, &printer.uri).ok()?;
    let mut proved = Vec::new();
    for open in open {
        let Ok(id) = AttemptId::new(&*open.name) else { continue };
        // The original may have released it, whatever is saved here.
        let reference = AttemptRef { releasing: true, ..reference(open, id) };
        let found = driver.find(&reference).await.ok()?;
        if verdict::after_releasing(found) == Verdict::Ended(Outcome::Printed) {
            proved.push(open.key);
        }
    }
    let jobs = driver.attempts_beginning_with(&attempt_prefix(&engine.settings.site)).await.ok()?;
    Some((proved, jobs))
}

/// The records that one statement holds. A longer waiting list would need memory for all of them at once.
const CHUNK: usize = 10_000;

/// Keeps back every card that another database may have printed. Returns the records that are held, and the counts.
async fn hold_back(
    engine: &Engine,
    tx: &mut Tx,
    answers: &PrinterAnswers,
    note: &str,
) -> Result<(Vec<i64>, Adopted), EngineError> {
    tx.without_timeout();
    tx.last_attempt_before_adoption_set().await?;
    let acts = tx.pending_acts_end_all(&engine.writer.actor).await?;
    let acts_ended = acts.len();
    for (act, operation, target) in acts {
        let event = Event::new("act.conflict", target).with("act", act).with("operation", operation.as_str());
        tx.audit(event.with("why", "database-adopted"));
    }
    let printers: Vec<String> = tx.printer_list().await?.into_iter().map(|printer| printer.name).collect();
    let open: Vec<AttemptKey> = tx.attempts_open(&printers).await?.into_iter().map(|(_, open)| open.key).collect();
    let views = tx.attempts_view(&open, &|profile| engine.attempts_limit(profile)).await?;
    let is_printed = |view: &AttemptView| answers.printed.contains(&view.key);
    let printed = views.iter().filter(|view| is_printed(view)).count();
    let settled = |view| if is_printed(view) { printed_at_adoption(view) } else { declare(view, note) };
    tx.save(views.iter().map(settled).collect()).await?;
    let test_cards = tx.test_cards_open().await?;
    for stored in &test_cards {
        tx.test_card_change(stored.card.declared(note)).await?;
    }
    let batches = tx.batches_open(&printers).await?;
    planning::end_all(tx, &batches.iter().map(|batch| (batch, BatchEnd::Cancelled)).collect::<Vec<_>>()).await?;

    let sent = sent_elsewhere(engine, tx, answers).await?;
    let mut held = Vec::new();
    for waiting in tx.waiting_all().await?.chunks(CHUNK) {
        let mut transitions = Vec::with_capacity(waiting.len());
        for (record, source, request_id) in waiting {
            let reason = sent.reason(engine, source, request_id).unwrap_or(&Reason::HeldAtAdoption);
            transitions.push(record::hold_at_adoption(*record, reason));
            held.push((record.0, *reason != Reason::HeldAtAdoption));
        }
        tx.save(transitions).await?;
    }
    held.sort_unstable();
    let counts = Adopted {
        held: held.len(),
        sent_elsewhere: held.iter().filter(|(_, is_sent)| *is_sent).count(),
        printed,
        uncertain: open.len() - printed + test_cards.len(),
        acts_ended,
        unanswered: answers.unanswered.clone(),
        ..Adopted::default()
    };
    Ok((held.into_iter().map(|(record, _)| record).collect(), counts))
}

/// The jobs at the printers, and those that were saved before, that the database does not know. Those that are newer than their
/// printer's row are saved: the printer gets no card until a person has accepted them.
async fn sent_elsewhere(engine: &Engine, tx: &mut Tx, answers: &PrinterAnswers) -> Result<SentElsewhere, EngineError> {
    let names: Vec<&str> = answers.jobs.iter().map(|(_, job)| job.as_str()).collect();
    let unknown: HashSet<String> = tx.attempts_unknown(&names, true).await?.into_iter().collect();
    let mut sent = SentElsewhere::read(engine, tx, false).await?;
    let mut at: HashMap<&str, Vec<&str>> = HashMap::new();
    for (printer, job) in answers.jobs.iter().filter(|(_, job)| unknown.contains(job.as_str())) {
        sent.add(engine, printer, job.as_str());
        at.entry(printer).or_default().push(job.as_str());
    }
    for (printer, mut names) in at {
        let until = tx.printer_jobs_known_until(printer).await?;
        names.retain(|name| attempt_made(&engine.settings.site, name).is_some_and(|made| made > until));
        tx.unknown_jobs_add(printer, &names).await?;
    }
    Ok(sent)
}
