//! `cetak import`.

use std::{
    io::{self, BufWriter, Read},
    path::{Path, PathBuf},
};

use anyhow::Context;
use async_trait::async_trait;
use indicatif::ProgressBar;

use super::{
    Message,
    args::{AcceptArg, EncodingArg, FormatArg, ImportArgs},
    copied_input::CopiedInput,
    import_check,
    output::{Output, message, table, thousands},
    progress,
    service::{ListToSend, RefusedRow, Service},
    words,
};
use crate::{
    domain::{
        card::profile::CardProfile,
        import::{Mapping, RejectReason, Rejection, RowOutcome, RowPlace, Warning},
        permission::Operation,
        reason::Reason,
    },
    engine::{
        Engine, EngineError,
        client::Direct,
        files::{NewFile, open_regular, read_regular},
        import::{self, Accept, DecidedRow, Encoding, Format, Import, Input, NamedRow, Report, Watch},
        refused_rows::{RefusedRows, RefusedRowsFile},
    },
};

/// The largest mapping, in bytes.
const MAPPING_BYTES_MAX: u64 = 1 << 20;

/// Has a service import a waiting list, and prints the report.
pub(super) async fn through_service(service: &Service, out: Output, args: ImportArgs) -> anyhow::Result<()> {
    if args.map.is_some() || args.check {
        let hint =
            "run the command as the owner of the data folder, without `--socket`; or use the page of the console";
        anyhow::bail!(Message::new("a service takes no `--map` and no `--check`", hint));
    }
    if args.photos.is_some() {
        let hint = "leave `--photos` out; or run the command as the owner of the data folder, without `--socket`";
        anyhow::bail!(Message::new("a service reads photos from the folder that its settings name", hint));
    }
    let rejects = args.rejects.as_deref();
    let source = if args.file == Path::new("-") { None } else { Some(ListSource::File(&args.file)) };
    let (list, bytes): (Box<dyn Read + Send>, _) = match source {
        Some(source) => open(source).map(|(list, bytes)| (Box::new(list) as Box<dyn Read + Send>, bytes))?,
        None => (Box::new(io::stdin()), None),
    };
    let mut refusals = Refusals::new(rejects, source)?;
    let bar = progress::bytes(bytes);
    let (sent, rows) = (bar.clone(), bar.clone());
    let what = ListToSend {
        list,
        format: args.format.map_or_else(|| format_of(&args.file), Format::from),
        encoding: args.encoding.map(Encoding::from),
        sheet: args.sheet,
        source: args.source,
        profile: args.profile,
        file_name: name_of(&args.file),
        skip_lines: args.skip_lines,
        update: args.update,
        dry_run: args.dry_run,
        accept: args.accept.into_iter().map(Accept::from).collect(),
    };
    let mut refused = |row: RefusedRow, number| {
        rows.set_message(format!("{} rows", thousands(i64::try_from(number).unwrap_or(i64::MAX))));
        refusals.add(row.place, &row.request_id, &row.faults)
    };
    let report = service.import(what, move |bytes| sent.inc(bytes), &mut refused).await;
    bar.finish_and_clear();
    let finished = refusals.finish(report.is_ok());
    let report = report?;
    warn_of(&report, rejects.is_some());
    finished?;
    tell(out, &report, rejects)
}

/// Imports a waiting list and prints the report. `data` is the data folder.
pub async fn command(engine: &Engine, out: Output, args: ImportArgs, data: &Path) -> anyhow::Result<()> {
    let is_stdin = args.file == Path::new("-");
    let folder = args.file.parent().filter(|p| !is_stdin && !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mapping = args.map.as_deref().map(mapping).transpose()?;
    let import = Import {
        source: args.source,
        profile: args.profile,
        file_name: name_of(&args.file),
        format: args.format.map_or_else(|| format_of(&args.file), Format::from),
        encoding: args.encoding.map(Encoding::from),
        sheet: args.sheet,
        skip_lines: args.skip_lines,
        photos: args.photos.unwrap_or_else(|| folder.to_owned()),
        update: args.update,
        dry_run: args.dry_run,
        accept: args.accept.into_iter().map(Accept::from).collect(),
        mapping,
    };
    let source = if is_stdin { ListSource::Stdin { folder: data } } else { ListSource::File(&args.file) };
    if args.check {
        return import_check::command(engine, out, open(source)?.0, import).await;
    }
    let report = Box::pin(run(engine, source, import, args.rejects.as_deref())).await?;
    tell(out, &report, args.rejects.as_deref())
}

fn tell(out: Output, report: &Report, rejects: Option<&Path>) -> anyhow::Result<()> {
    out.data(report, text)?;
    if report.rows > 0 && report.refused == report.rows {
        let hint = match rejects {
            Some(rejects) => format!("see why in `{}`, correct the list, and import it again", rejects.display()),
            None => "see why with `--rejects FILE`, correct the list, and import it again".to_owned(),
        };
        anyhow::bail!(Message::new("every row was refused; nothing was imported", hint));
    }
    Ok(())
}

/// Imports a list; shows progress, warnings and the first refused rows on standard error. Refused rows are written to `rejects`.
pub async fn run(
    engine: &Engine,
    source: ListSource<'_>,
    import: Import,
    rejects: Option<&Path>,
) -> anyhow::Result<Report> {
    let profile = engine.profile(&import.profile)?;
    let (input, bytes) = open(source)?;
    let refusals = Refusals::new(rejects, Some(source))?;
    let bar = progress::bytes(bytes);
    let mut watch = Watching { refusals, unknown: Unknown::default(), bar: bar.clone() };
    let client = Direct::new(engine);
    let permit = client.permit(Operation::Import).await?;
    if !import.accept.is_empty() {
        client.permit(Operation::ImportAccept).await?;
    }
    let report = import::import(engine, &permit, input, import, &mut watch).await;
    bar.finish_and_clear();
    let unknown = watch.unknown;
    let finished = watch.refusals.finish(report.is_ok());
    let report = report?;
    warn_of(&report, rejects.is_some());
    known_values(unknown, &profile);
    finished?;
    Ok(report)
}

/// What a waiting list is read from.
#[derive(Clone, Copy, Debug)]
pub enum ListSource<'a> {
    /// A file.
    File(&'a Path),
    /// Standard input, which is copied into a file without a name in this folder, because a list is read twice.
    Stdin {
        /// The folder of the copy.
        folder: &'a Path,
    },
}

/// The input, and its length in bytes.
fn open(source: ListSource<'_>) -> anyhow::Result<(Box<dyn Input>, Option<u64>)> {
    let path = match source {
        ListSource::File(path) => path,
        ListSource::Stdin { folder } => {
            let failed = |source| EngineError::Write { what: "a copy of standard input".into(), source };
            return Ok((Box::new(CopiedInput::new(io::stdin(), folder).map_err(failed)?), None));
        }
    };
    let failed = |source| EngineError::Read { what: path.display().to_string(), source };
    let file = match open_regular(path) {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            let text = format!("`{}` cannot be read: {error}", path.display());
            anyhow::bail!(Message::new(text, "give a pipe as standard input, with `-` as the file: `cetak import -`"));
        }
        file => file.map_err(failed)?,
    };
    let length = file.metadata().map_err(failed)?.len();
    Ok((Box::new(file), Some(length)))
}

/// The mapping in a file.
fn mapping(path: &Path) -> anyhow::Result<Mapping> {
    let failed = |source| EngineError::Read { what: path.display().to_string(), source };
    let bytes = read_regular(path, MAPPING_BYTES_MAX).map_err(failed)?;
    let wrong = |error: String| {
        let hint = "correct it; `src/profiles/README.md` has its keys";
        Message::new(format!("`{}` is no mapping: {error}", path.display()), hint)
    };
    let text = String::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
    Ok(toml::from_str(&text).map_err(|error: toml::de::Error| wrong(error.to_string().trim().to_owned()))?)
}

fn format_of(file: &Path) -> Format {
    Format::of_name(&name_of(file))
}

/// The name of the file; empty for standard input.
fn name_of(file: &Path) -> String {
    let name = file.file_name().filter(|_| file != Path::new("-"));
    name.unwrap_or_default().to_string_lossy().into_owned()
}

impl From<EncodingArg> for Encoding {
    fn from(arg: EncodingArg) -> Self {
        match arg {
            EncodingArg::Utf16 => Self::Utf16,
            EncodingArg::Windows1252 => Self::Windows1252,
        }
    }
}

impl From<AcceptArg> for Accept {
    fn from(arg: AcceptArg) -> Self {
        match arg {
            AcceptArg::Withdrawals => Self::Withdrawals,
            AcceptArg::Rounded => Self::Rounded,
        }
    }
}

impl From<FormatArg> for Format {
    fn from(arg: FormatArg) -> Self {
        match arg {
            FormatArg::Csv => Self::Csv,
            FormatArg::Jsonl => Self::JsonLines,
            FormatArg::Xlsx => Self::Xlsx,
            FormatArg::Ods => Self::Ods,
            FormatArg::Zip => Self::Zip,
        }
    }
}

fn warn_of(report: &Report, rejects: bool) {
    let list = |columns: &[String]| format!("`{}`", columns.join("`, `"));
    if let Some(sheet) = report.sheet.as_ref().filter(|_| !report.other_sheets.is_empty()) {
        message(&format!("note: sheet `{sheet}` was read; not read: {}", list(&report.other_sheets)));
        message("hint: to read another one, name it with `--sheet NAME`");
    }
    if report.hidden_rows > 0 {
        let rows = thousands(i64::try_from(report.hidden_rows).unwrap_or(i64::MAX));
        message(&format!("warning: {rows} rows that the spreadsheet hides were read as all others"));
    }
    if !report.unknown_columns.is_empty() {
        message(&format!("warning: columns that the profile does not read: {}", report.unknown_columns.join(", ")));
    }
    if report.rows_with_unknown_keys > 0 {
        let rows = thousands(i64::try_from(report.rows_with_unknown_keys).unwrap_or(i64::MAX));
        message(&format!("warning: {rows} rows: keys that the profile does not read"));
    }
    if !report.absent_columns.is_empty() {
        message(&format!(
            "warning: columns that are missing in the file and imported as empty: {}",
            list(&report.absent_columns)
        ));
    }
    for (warning, count) in &report.warnings {
        let rows = thousands(i64::try_from(*count).unwrap_or(i64::MAX));
        let noun = if *count == 1 { "row" } else { "rows" };
        let warned = report.warned_rows.get(warning).map_or(&[][..], Vec::as_slice);
        message(&format!("warning: {rows} {noun}: {}: {}", words::warning(*warning), named_rows(warned)));
    }
    if report.warnings.contains_key(&Warning::VerifiedBeforeRequest) && !report.dry_run {
        message(
            "hint: list or hold those that were verified too early with `--verified-before-request`, as `cetak record list` does",
        );
    }
    if report.quarantined > 0 {
        message(&format!("quarantined: {}", named_rows(&report.quarantined_rows)));
        if !report.dry_run {
            message("hint: see why, and what to do with each, with `cetak record quarantined`");
        }
    }
    if report.refused_by_reason.contains_key(&RejectReason::Conflict) {
        message("hint: a request that is known with other values gets them with --update, as its next version");
    }
    if (1..report.rows).contains(&report.refused) && !rejects {
        message("hint: to get the refused rows with row number, field and reason, import again with --rejects FILE");
    }
}

/// The first of some rows.
fn named_rows(rows: &[NamedRow]) -> String {
    const SHOWN: usize = 5;
    let row = |row: &NamedRow| {
        let why = row.reason.as_ref().map(|reason| format!(": {}", words::reason(reason)));
        format!("{}, {}{}", words::row_place(row.place), row.request_id, why.unwrap_or_default())
    };
    let mut text = rows.iter().take(SHOWN).map(row).collect::<Vec<_>>().join("; ");
    if rows.len() > SHOWN {
        text += " …; more with `--json`";
    }
    text
}

/// The values that the profile knows, if rows were refused for others.
fn known_values(unknown: Unknown, profile: &CardProfile) {
    if unknown.kind {
        let kinds: Vec<_> = profile.kinds.iter().map(|kind| kind.name.as_str()).collect();
        message(&format!("hint: the kinds of request of profile `{}`: {}", profile.name, kinds.join(", ")));
    }
    if unknown.status {
        let (eligible, others) = (profile.eligible_statuses.join(", "), profile.other_statuses.join(", "));
        message(&format!("hint: the statuses of profile `{}`: print-ready {eligible}; not: {others}", profile.name));
    }
}

/// The report as a table.
pub fn text(report: &Report) -> String {
    let number = |n: u64| thousands(i64::try_from(n).unwrap_or(i64::MAX));
    let outcomes = [
        ("accepted", report.accepted),
        ("updated", report.updated),
        ("known", report.known),
        ("quarantined", report.quarantined),
        ("withdrawn", report.withdrawn),
        ("restored", report.restored),
        ("refused", report.refused),
    ];
    let mut rows: Vec<Vec<String>> = outcomes.iter().map(|(name, n)| vec![(*name).to_owned(), number(*n)]).collect();
    rows.extend(report.refused_by_reason.iter().map(|(reason, n)| vec![format!("  {reason}"), number(*n)]));
    rows.push(vec!["total".into(), number(report.rows)]);
    let dry = if report.dry_run { "dry run: nothing was changed\n" } else { "" };
    format!("{dry}{}", table(&["row", "number"], &rows))
}

/// The refused rows that are told where they are not written to a file.
const REFUSED_TOLD: usize = 5;

/// Which values the profile did not know.
#[derive(Clone, Copy, Default)]
struct Unknown {
    kind: bool,
    status: bool,
}

impl Unknown {
    fn add(&mut self, detail: &Reason) {
        self.kind |= *detail == Reason::UnknownKind;
        self.status |= matches!(detail, Reason::UnknownStatus { .. });
    }
}

/// The refused rows: all of them in a file, or the first in words.
struct Refusals {
    rejects: Option<Rejects>,
    first: Vec<String>,
}

impl Refusals {
    fn new(rejects: Option<&Path>, source: Option<ListSource<'_>>) -> anyhow::Result<Self> {
        let rejects = rejects.map(|path| Rejects::create(path, source)).transpose()?;
        Ok(Self { rejects, first: Vec::new() })
    }

    fn add(&mut self, place: RowPlace, request_id: &str, faults: &[words::RowFault]) -> io::Result<()> {
        match &mut self.rejects {
            Some(rejects) => rejects.write(place, request_id, faults),
            None if self.first.len() < REFUSED_TOLD => {
                self.first.push(format!("refused: {}", words::refused_row(place, request_id, faults)));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Tells the first rows, and keeps the file: after an error too, if rows were refused before it; otherwise the file of an earlier
    /// import stays.
    fn finish(self, is_done: bool) -> anyhow::Result<()> {
        self.first.iter().for_each(|refused| message(refused));
        self.rejects.filter(|rejects| is_done || rejects.rows > 0).map_or(Ok(()), Rejects::finish)
    }
}

struct Watching {
    refusals: Refusals,
    unknown: Unknown,
    bar: ProgressBar,
}

#[async_trait]
impl Watch for Watching {
    async fn saved(&mut self, rows: Vec<DecidedRow>, bytes: u64, total: u64) -> io::Result<()> {
        for row in &rows {
            if let RowOutcome::Refused(rejection) = &row.outcome {
                self.unknown.add(&rejection.detail);
                rejection.further.iter().for_each(|fault| self.unknown.add(&fault.detail));
                self.refusals.add(row.place, &row.request_id, &words::row_faults(rejection))?;
            }
        }
        self.bar.inc(bytes);
        self.bar.set_message(format!("{} rows", thousands(total)));
        Ok(())
    }
}

/// The file of refused rows, which replaces an earlier one when the import ends. Mode 0600, because it contains request ids.
struct Rejects {
    path: PathBuf,
    /// The rows in it.
    rows: u64,
    writer: csv::Writer<BufWriter<NewFile>>,
}

impl Rejects {
    fn create(path: &Path, source: Option<ListSource<'_>>) -> anyhow::Result<Self> {
        let is_list = |list: &Path| list.canonicalize().is_ok_and(|list| path.canonicalize().is_ok_and(|p| p == list));
        if matches!(source, Some(ListSource::File(list)) if is_list(list)) {
            let text = format!("`{}` is the waiting list that is being imported", path.display());
            anyhow::bail!(Message::new(text, "name another file with `--rejects`"));
        }
        let context = || format!("`{}` cannot be written", path.display());
        let mut writer = csv::Writer::from_writer(BufWriter::new(NewFile::replacing(path, 0o600)?));
        writer
            .write_record(["row", "line", "request_id", "field", "reason", "detail", "further"])
            .with_context(context)?;
        Ok(Self { path: path.to_owned(), rows: 0, writer })
    }

    fn write(&mut self, place: RowPlace, request_id: &str, faults: &[words::RowFault]) -> io::Result<()> {
        let Some((first, further)) = faults.split_first() else { return Ok(()) };
        // A leading apostrophe keeps a spreadsheet from reading a request id as a formula.
        let formula = request_id.starts_with(['=', '+', '-', '@']);
        let request_id = if formula { format!("'{request_id}") } else { request_id.to_owned() };
        let [row, line] = [place.row, place.line].map(|number| number.to_string());
        let further = words::further_faults(further);
        self.rows += 1;
        let record = [row.as_str(), &line, &request_id, &first.field, &first.reason, &first.detail, &further];
        self.writer.write_record(record).map_err(io::Error::other)
    }

    fn finish(self) -> anyhow::Result<()> {
        let failed = |source| EngineError::Write { what: self.path.display().to_string(), source };
        let inner = self.writer.into_inner().map_err(csv::IntoInnerError::into_error).map_err(failed)?;
        let file = inner.into_inner().map_err(io::IntoInnerError::into_error).map_err(failed)?;
        Ok(file.finish()?)
    }
}

/// Writes the refused rows of pulled lists as those of `--rejects`.
pub struct RefusedRowsInWords;

impl RefusedRows for RefusedRowsInWords {
    fn create(&self, path: &Path) -> io::Result<Box<dyn RefusedRowsFile>> {
        Ok(Box::new(Rejects::create(path, None).map_err(io::Error::other)?))
    }
}

impl RefusedRowsFile for Rejects {
    fn add(&mut self, place: RowPlace, request_id: &str, rejection: &Rejection) -> io::Result<()> {
        self.write(place, request_id, &words::row_faults(rejection))
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        Rejects::finish(*self).map_err(io::Error::other)
    }
}
