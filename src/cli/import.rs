//! `cetak import`.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::Context;
use indicatif::ProgressBar;

use super::{
    Message,
    args::{FormatArg, ImportArgs},
    output::{Output, message, table, thousands},
    progress,
};
use crate::{
    domain::import::Rejection,
    engine::{
        Engine, EngineError,
        import::{self as intake, Format, Import, Report, Watch},
    },
};

/// Imports, and prints the report.
pub(super) async fn command(engine: &Engine, out: Output, args: ImportArgs) -> anyhow::Result<()> {
    Ok(out.data(&run(engine, args).await?, text)?)
}

/// Imports, with progress and warnings on standard error.
pub async fn run(engine: &Engine, args: ImportArgs) -> anyhow::Result<Report> {
    let stdin = args.file == Path::new("-");
    let (input, bytes): (Box<dyn Read + Send>, Option<u64>) = if stdin {
        (Box::new(io::stdin()), None)
    } else {
        let read = |source| EngineError::Read { what: args.file.display().to_string(), source };
        let file = File::open(&args.file).map_err(read)?;
        if file.metadata().is_ok_and(|m| m.is_dir()) {
            anyhow::bail!(read(io::ErrorKind::IsADirectory.into()));
        }
        let length = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|m| m.len());
        (Box::new(file), length)
    };
    let folder = if stdin {
        Path::new(".")
    } else {
        args.file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
    };
    let what = Import {
        source: args.source,
        profile: args.profile,
        format: args.format.map_or_else(|| format_of(&args.file), Format::from),
        photos: args.photos.unwrap_or_else(|| folder.to_owned()),
        update: args.update,
        dry_run: args.dry_run,
    };
    let rejects =
        args.rejects.as_deref().map(|path| Rejects::create(path, (!stdin).then_some(&args.file))).transpose()?;
    let bar = progress::bytes(bytes);
    let mut watch = Watching { rejects, bar: bar.clone() };
    let report = intake::import(engine, input, what, &mut watch).await;
    bar.finish_and_clear();
    let report = report?;
    if let Some(rejects) = watch.rejects {
        rejects.finish()?;
    }
    warn_of(&report, args.rejects.is_some());
    Ok(report)
}

fn format_of(file: &Path) -> Format {
    let extension = file.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    if matches!(extension.as_str(), "jsonl" | "ndjson" | "json") { Format::JsonLines } else { Format::Csv }
}

impl From<FormatArg> for Format {
    fn from(arg: FormatArg) -> Self {
        match arg {
            FormatArg::Csv => Self::Csv,
            FormatArg::Jsonl => Self::JsonLines,
        }
    }
}

fn warn_of(report: &Report, rejects: bool) {
    let list = |columns: &[String]| format!("`{}`", columns.join("`, `"));
    if !report.unknown_columns.is_empty() {
        message(&format!("warning: columns that the profile does not read: {}", list(&report.unknown_columns)));
    }
    if !report.absent_columns.is_empty() {
        message(&format!(
            "warning: columns that are not in the file, taken as empty: {}",
            list(&report.absent_columns)
        ));
    }
    for (warning, count) in &report.warnings {
        message(&format!("warning: {} rows: {warning}", thousands(i64::try_from(*count).unwrap_or(i64::MAX))));
    }
    if report.refused > 0 && !rejects {
        message("hint: --rejects FILE writes the refused rows with row number, field and reason");
    }
}

/// The report for people.
pub fn text(report: &Report) -> String {
    let number = |n: u64| thousands(i64::try_from(n).unwrap_or(i64::MAX));
    let fates = [
        ("accepted", report.accepted),
        ("updated", report.updated),
        ("known", report.known),
        ("quarantined", report.quarantined),
        ("withdrawn", report.withdrawn),
        ("refused", report.refused),
    ];
    let mut rows: Vec<Vec<String>> = fates.iter().map(|(name, n)| vec![(*name).to_owned(), number(*n)]).collect();
    rows.extend(report.refused_by_reason.iter().map(|(reason, n)| vec![format!("  {reason}"), number(*n)]));
    rows.push(vec!["rows in all".into(), number(report.rows)]);
    let dry = if report.dry_run { "dry run: nothing was changed\n" } else { "" };
    format!("{dry}{}", table(&["row", "number"], &rows))
}

struct Watching {
    rejects: Option<Rejects>,
    bar: ProgressBar,
}

impl Watch for Watching {
    fn refused(&mut self, row: u64, request_id: &str, rejection: &Rejection) -> io::Result<()> {
        self.rejects.as_mut().map_or(Ok(()), |rejects| rejects.write(row, request_id, rejection))
    }

    fn progress(&mut self, bytes: u64, rows: u64) {
        self.bar.inc(bytes);
        self.bar.set_message(format!("{rows} rows"));
    }
}

/// The file of refused rows: for its owner only, since request ids stand in it.
struct Rejects {
    path: PathBuf,
    writer: csv::Writer<BufWriter<File>>,
}

impl Rejects {
    fn create(path: &Path, input: Option<&PathBuf>) -> anyhow::Result<Self> {
        let same = input.and_then(|input| Some(input.canonicalize().ok()? == path.canonicalize().ok()?));
        if same == Some(true) {
            let text = format!("`{}` is the waiting list itself", path.display());
            anyhow::bail!(Message::new(text, "name another file with `--rejects`"));
        }
        let context = || format!("`{}` cannot be written", path.display());
        let file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).with_context(context)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o600)).with_context(context)?;
        let mut writer = csv::Writer::from_writer(BufWriter::new(file));
        writer.write_record(["row", "request_id", "field", "reason", "detail"]).with_context(context)?;
        Ok(Self { path: path.to_owned(), writer })
    }

    fn write(&mut self, row: u64, request_id: &str, rejection: &Rejection) -> io::Result<()> {
        // A spreadsheet must not take a request id for a formula.
        let formula = request_id.starts_with(['=', '+', '-', '@']);
        let request_id = if formula { format!("'{request_id}") } else { request_id.to_owned() };
        let row = row.to_string();
        let record = [row.as_str(), &request_id, &rejection.field, rejection.reason.as_str(), &rejection.detail];
        self.writer.write_record(record).map_err(io::Error::other)
    }

    fn finish(self) -> anyhow::Result<()> {
        let context = || format!("`{}` cannot be written", self.path.display());
        let mut inner = self.writer.into_inner().map_err(csv::IntoInnerError::into_error).with_context(context)?;
        inner.flush().with_context(context)
    }
}
