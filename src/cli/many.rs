//! Commands on many records: which they are, and what became of each.

use std::{
    collections::{BTreeMap, HashSet},
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use super::{
    Message, Usage,
    access::Access,
    args::{FilterArgs, HeldForArgs, ManyArgs},
    output::{Output, message, thousands},
    words,
};
use crate::{
    domain::{
        id::{BatchId, PendingActId},
        reason::{Reason, StoredReason},
        record::RecordState,
        refusal::Refusal,
    },
    engine::{
        EngineError,
        client::Client,
        files::open_regular,
        operations::{Act, AnyAct, RecordName, RecordNames, RecordOutcome},
        query::{Limit, ListRecords, Page, PageRequest, RecordLine},
    },
};

/// The longest line of a file of records, in bytes.
const LINE_BYTES_MAX: u64 = 1024;
/// The records of one act: fewer than it may name, so that printing waits for it less than 0.1 s.
const CHUNK: usize = 50;
/// How many refusals are kept for `--json`; all are told on standard error.
const REFUSALS_MAX: usize = 1_000;

/// How many different notes of held records are listed.
const NOTES_MAX: usize = 20;

/// Where the names of the records come from.
pub(super) enum Selection {
    /// The command line.
    Names(std::vec::IntoIter<RecordName>),
    /// A file, one record in each line, and the source of all of them if it is given.
    Lines(Box<dyn BufRead>, Option<String>),
    /// All that match, except some.
    Matching(Matching),
}

/// Which records are taken by their notes.
enum OfNote {
    /// All.
    Any,
    /// Those with this note, or those without one.
    Only(Option<String>),
}

/// The records of a query, except some.
pub(super) struct Matching {
    /// None if the list is done.
    query: Option<Box<ListRecords>>,
    /// The query that follows it.
    then: Option<Box<ListRecords>>,
    except: HashSet<RecordName>,
    note: OfNote,
    /// Whether records that another copy of the database may have printed are left out.
    leaves_out: bool,
    /// How many were left out, by the code of their reason.
    left_out: BTreeMap<&'static str, i64>,
}

/// A record as a line or an argument names it: a request id, which may have a slash, of the source `source`. If that is not given:
/// `SOURCE/REQUEST_ID`, or a request id of the source `default`.
pub(super) fn named(text: &str, source: Option<&str>) -> RecordName {
    let (source, request_id) = match source {
        Some(source) => (source, text),
        None => text.split_once('/').unwrap_or(("default", text)),
    };
    RecordName { source: source.to_owned(), request_id: request_id.to_owned() }
}

/// The query of these filters.
pub(super) fn query(filter: FilterArgs, source: Option<String>) -> ListRecords {
    let FilterArgs { state, profile, district, kind, class, code, batch, printed_since, printed_until, .. } = filter;
    let verified_before_request = filter.verified_before_request.then_some(true);
    let batch = batch.map(BatchId);
    let page = PageRequest::default();
    let reason = code;
    let (checked, recalled) = (None, None);
    ListRecords {
        state,
        source,
        profile,
        district,
        kind,
        class,
        reason,
        checked,
        recalled,
        verified_before_request,
        batch,
        printed_since,
        printed_until,
        page,
    }
}

impl Selection {
    /// The records of the command line, each once, or of a file; none if neither names any.
    pub(super) fn named(many: &ManyArgs) -> anyhow::Result<Option<Self>> {
        if let Some(file) = &many.from {
            return Ok(Some(Self::Lines(open(file)?, many.source.clone())));
        }
        let source = many.source.as_deref().unwrap_or("default");
        let own = |request_id: &String| RecordName { source: source.to_owned(), request_id: request_id.clone() };
        let mut seen = HashSet::new();
        let names: Vec<_> = many.request_ids.iter().filter(|id| seen.insert(*id)).map(own).collect();
        Ok((!names.is_empty()).then(|| Self::Names(names.into_iter())))
    }

    /// The next records, at most [`CHUNK`]; none at the end.
    async fn next(&mut self, access: &Access) -> anyhow::Result<Vec<RecordName>> {
        match self {
            Self::Names(names) => Ok(names.take(CHUNK).collect()),
            Self::Lines(lines, source) => {
                let mut names = Vec::new();
                while names.len() < CHUNK {
                    let Some(line) = next_line(lines)? else { break };
                    names.extend((!line.is_empty()).then(|| named(&line, source.as_deref())));
                }
                Ok(names)
            }
            Self::Matching(matching) => matching.next(access).await,
        }
    }

    /// All records that match.
    pub(super) fn matching(query: ListRecords, except: HashSet<RecordName>) -> Self {
        let page = PageRequest::default(); // of 50, as a chunk
        let query = Some(Box::new(ListRecords { page, ..query }));
        Self::Matching(Matching {
            query,
            then: None,
            except,
            note: OfNote::Any,
            leaves_out: false,
            left_out: BTreeMap::new(),
        })
    }

    /// The same, and then those that match in another state.
    pub(super) fn and_in(mut self, state: RecordState) -> Self {
        if let Self::Matching(Matching { query: Some(query), then, .. }) = &mut self {
            *then = Some(Box::new(ListRecords { state: Some(state), ..(**query).clone() }));
        }
        self
    }

    /// The same, but filters leave out what another copy of the database may have printed, unless they name the code of its reason.
    pub(super) fn without_printed_elsewhere(mut self) -> Self {
        if let Self::Matching(Matching { query: Some(query), leaves_out, .. }) = &mut self {
            *leaves_out = query.reason.is_none();
        }
        self
    }

    /// The same, but filters take only records with the chosen note. If none is chosen, all records that match must have the same note:
    /// those that were held for another reason are not released with the others.
    pub(super) async fn of_one_note(mut self, access: &Access, held_for: HeldForArgs) -> anyhow::Result<Self> {
        let Self::Matching(matching) = &mut self else { return Ok(self) };
        match held_for {
            HeldForArgs { any_note: true, .. } => {}
            HeldForArgs { held_for: Some(note), .. } => matching.note = OfNote::Only(Some(note.into())),
            HeldForArgs { held_for: None, .. } => matching.note = matching.only_note(access).await?,
        }
        Ok(self)
    }

    /// How many records were left out so far, by the code of their reason.
    fn left_out(&self) -> BTreeMap<&'static str, i64> {
        match self {
            Self::Matching(matching) => matching.left_out.clone(),
            Self::Names(_) | Self::Lines(..) => BTreeMap::new(),
        }
    }
}

impl Matching {
    /// The note of all records that match. Fails if they have different notes.
    async fn only_note(&self, access: &Access) -> anyhow::Result<OfNote> {
        let (mut notes, mut others) = (BTreeMap::<Option<String>, i64>::new(), 0);
        let mut asked = self.query.clone();
        while let Some(query) = asked.take() {
            let page = PageRequest { limit: Limit::MAX, ..query.page };
            let Page { items, next, .. } = access.query(ListRecords { page, ..(*query).clone() }).await?;
            for line in items.into_iter().filter(|line| !self.leaves_out || printed_elsewhere(line).is_none()) {
                if notes.len() < NOTES_MAX || notes.contains_key(&line.note) {
                    *notes.entry(line.note).or_default() += 1;
                } else {
                    others += 1;
                }
            }
            asked =
                next.map(|next| Box::new(ListRecords { page: PageRequest { after: Some(next), ..page }, ..*query }));
        }
        if notes.len() > 1 {
            return Err(words::different_notes(notes, others).into());
        }
        Ok(notes.into_keys().next().map_or(OfNote::Any, OfNote::Only))
    }

    async fn next(&mut self, access: &Access) -> anyhow::Result<Vec<RecordName>> {
        while let Some(asked) = self.query.take().or_else(|| self.then.take()) {
            let Page { items, next, .. } = access.query((*asked).clone()).await?;
            self.query = next.map(|next| {
                let page = PageRequest { after: Some(next), ..asked.page };
                Box::new(ListRecords { page, ..*asked })
            });
            let mut names = Vec::new();
            for line in items {
                if let Some(code) = printed_elsewhere(&line).filter(|_| self.leaves_out) {
                    *self.left_out.entry(code).or_default() += 1;
                    continue;
                }
                if matches!(&self.note, OfNote::Only(note) if *note != line.note) {
                    continue;
                }
                let name = RecordName { source: line.source, request_id: line.request_id };
                names.extend((!self.except.contains(&name)).then_some(name));
            }
            if !names.is_empty() {
                return Ok(names);
            }
        }
        Ok(Vec::new())
    }
}

/// The code of its reason, if another copy of the database may have printed it.
fn printed_elsewhere(line: &RecordLine) -> Option<&'static str> {
    match Reason::from_stored(line.reason.as_deref()?) {
        StoredReason::Coded(reason) => reason.code_if_printed_elsewhere(),
        StoredReason::Quoted(_) => None,
    }
}

fn open(file: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if file == Path::new("-") {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let failed = |source| EngineError::Read { what: file.display().to_string(), source };
    let file: File = open_regular(file).map_err(failed)?;
    Ok(Box::new(BufReader::new(file)))
}

/// The next line, trimmed; none at the end.
fn next_line(lines: &mut dyn BufRead) -> anyhow::Result<Option<String>> {
    let mut line = Vec::new();
    let failed = |source| EngineError::Read { what: "the records".into(), source };
    let read = lines.take(LINE_BYTES_MAX).read_until(b'\n', &mut line).map_err(failed)?;
    if read == 0 {
        return Ok(None);
    }
    if !line.ends_with(b"\n") && read as u64 == LINE_BYTES_MAX {
        return Err(Usage("a line of the file is too long: write one record in each").into());
    }
    Ok(Some(String::from_utf8_lossy(&line).trim().to_owned()))
}

/// What became of the records of a command so far. Each refusal is told on standard error.
#[derive(Default)]
struct Tally {
    done: i64,
    refused: i64,
    refusals: Vec<serde_json::Value>,
    /// The acts that were asked for.
    acts: Vec<PendingActId>,
}

impl Tally {
    fn count(&mut self, record: &RecordName, refusal: Option<Refusal>) {
        let Some(refusal) = refusal else {
            self.done += 1;
            return;
        };
        self.refused += 1;
        let Message { text, .. } = words::refusal(&refusal);
        message(&format!("refused: {text}"));
        if self.refusals.len() < REFUSALS_MAX {
            self.refusals.push(serde_json::json!({ "record": record, "refusal": refusal, "text": text }));
        }
    }

    /// Tells the numbers. The command fails if a record was refused, though the others are done.
    fn finish(self, out: Output, selection: &Selection, what: &str) -> anyhow::Result<()> {
        let Self { done, refused, refusals, acts } = self;
        if done + refused == 0 {
            message("note: no record matches; see districts and states with `cetak record list`");
        }
        let left_out = selection.left_out();
        for (code, number) in &left_out {
            message(&words::left_out(code, *number));
        }
        let left_out: i64 = left_out.values().sum();
        let mut value =
            serde_json::json!({ "done": done, "refused": refused, "left_out": left_out, "refusals": refusals });
        if !acts.is_empty() {
            value["acts"] = serde_json::json!(acts);
            message("hint: another person confirms each with `cetak act confirm`; list them with `cetak act list`");
        }
        out.data(&value, |_| format!("{} {what}, {} refused\n", thousands(done), thousands(refused)))?;
        if refused == 0 {
            return Ok(());
        }
        let hint = match done {
            0 => "correct these, and run the command again",
            _ => "the others are done; correct these, and run the command again for them",
        };
        let text = format!("{} of {} records were refused", thousands(refused), thousands(done + refused));
        Err(Message::new(text, hint).into())
    }
}

/// Does an act with all records of a selection, in chunks. `what` says what was done to the records that are not refused: `held`.
pub(super) async fn act<A: Act<Answer = Vec<RecordOutcome>> + Into<AnyAct>>(
    access: &Access,
    out: Output,
    mut selection: Selection,
    what: &str,
    act: impl Fn(RecordNames) -> A,
) -> anyhow::Result<()> {
    let mut tally = Tally::default();
    loop {
        let names = selection.next(access).await?;
        let Ok(names) = RecordNames::try_from(names) else { break };
        for RecordOutcome { record, refusal } in access.act(act(names)).await? {
            tally.count(&record, refusal);
        }
    }
    tally.finish(out, &selection, what)
}

/// Does an act for two people with each record of a selection, in a transaction of its own. `one` gives the number of an act that it
/// only asks for.
pub(super) async fn each(
    access: &Access,
    out: Output,
    mut selection: Selection,
    what: &str,
    one: impl AsyncFn(RecordName) -> Result<Option<PendingActId>, EngineError>,
) -> anyhow::Result<()> {
    let mut tally = Tally::default();
    loop {
        let names = selection.next(access).await?;
        if names.is_empty() {
            break;
        }
        for name in names {
            match one(name.clone()).await {
                Ok(act) => {
                    tally.acts.extend(act);
                    tally.count(&name, None);
                }
                Err(EngineError::Refused(refusal)) => tally.count(&name, Some(refusal)),
                Err(error) => return Err(error.into()),
            }
        }
    }
    tally.finish(out, &selection, what)
}
