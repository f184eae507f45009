//! Helper: answers IPP requests (RFC 8011) for one printer's queue.

use std::io::Cursor;

use ipp::{
    attribute::{IppAttribute, IppAttributeGroup},
    model::{DelimiterTag, IppVersion, StatusCode},
    parser::{IppParseError, IppParser},
    reader::IppReader,
    request::IppRequestResponse,
    value::{BoundedString, IppValue},
};

use super::engine::{Job, Printer, Stage};

/// What the printers can do, by number and name; everything else is counted as the last.
pub(crate) const OPERATIONS: [(u16, &str); 9] = [
    (0x0005, "Create-Job"),
    (0x0006, "Send-Document"),
    (0x0008, "Cancel-Job"),
    (0x0009, "Get-Job-Attributes"),
    (0x000a, "Get-Jobs"),
    (0x000b, "Get-Printer-Attributes"),
    (0x000c, "Hold-Job"),
    (0x000d, "Release-Job"),
    (0x0000, "other"),
];

const NOT_POSSIBLE: u16 = 0x0404;
const NOT_FOUND: u16 = 0x0406;
const NOT_SUPPORTED: u16 = 0x0501;

/// Seconds for which the printers have run when the first request comes.
const UP_TIME_S: u64 = 1_000;

pub(crate) fn parse(body: Vec<u8>) -> Result<IppRequestResponse, IppParseError> {
    IppParser::new(IppReader::new(Cursor::new(body))).parse()
}

/// The place of an operation in [`OPERATIONS`].
pub(crate) fn place_of(operation: u16) -> usize {
    OPERATIONS.iter().position(|(number, _)| *number == operation).unwrap_or(OPERATIONS.len() - 1)
}

/// The answer of a printer to one request, at a time in microseconds since the start.
pub(crate) fn answer(printer: &mut Printer, request: &IppRequestResponse, now: u64) -> anyhow::Result<Vec<u8>> {
    printer.catch_up(now);
    let (status, groups) = act(printer, request, now)?;
    let version = IppVersion::v2_0();
    let mut response =
        IppRequestResponse::new_response(version, StatusCode::SuccessfulOk, request.header().request_id)?;
    response.header_mut().operation_or_status = status.cast_signed();
    response.attributes_mut().groups_mut().extend(groups);
    Ok(response.to_bytes().to_vec())
}

fn act(printer: &mut Printer, request: &IppRequestResponse, now: u64) -> anyhow::Result<(u16, Vec<IppAttributeGroup>)> {
    let operation = request.header().operation_or_status.cast_unsigned();
    match operation {
        0x000b => return Ok((0, vec![describe_printer(printer, &Wanted::of(request), now)?])),
        0x000a => return Ok((0, list(printer, request, now)?)),
        0x0005 => {
            let name = text(request, "job-name").unwrap_or("untitled").to_owned();
            let held = text(request, "job-hold-until").is_some_and(|until| until != "no-hold");
            let job = printer.create(name, held, now);
            return Ok((0, vec![describe_job(job, &Wanted::Names(vec!["job-id", "job-state"]), now)?]));
        }
        _ => {}
    }
    let id = value(request, "job-id").and_then(|id| id.as_integer().copied()).unwrap_or_default();
    let Some(job) = printer.job(id) else { return Ok((NOT_FOUND, vec![])) };
    let done = match operation {
        0x0009 => return Ok((0, vec![describe_job(job, &Wanted::of(request), now)?])),
        0x0006 => printer.send_document(id, now),
        0x0008 => printer.cancel(id, now),
        0x000c => printer.hold(id),
        0x000d => printer.release(id, now),
        _ => return Ok((NOT_SUPPORTED, vec![])),
    };
    Ok((if done { 0 } else { NOT_POSSIBLE }, vec![]))
}

fn list(printer: &Printer, request: &IppRequestResponse, now: u64) -> anyhow::Result<Vec<IppAttributeGroup>> {
    let mut wanted = Wanted::of(request);
    if !has(request, "requested-attributes") {
        wanted = Wanted::Names(vec!["job-id"]);
    }
    let limit = value(request, "limit").and_then(|limit| limit.as_integer().copied());
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let jobs: Vec<&Job> = match text(request, "which-jobs") {
        Some("completed") => printer.ended_jobs().take(limit).collect(),
        Some("all") => printer.open_jobs().chain(printer.ended_jobs()).take(limit).collect(),
        _ => printer.open_jobs().take(limit).collect(),
    };
    jobs.into_iter().map(|job| describe_job(job, &wanted, now)).collect()
}

/// The attributes that a request asks for.
enum Wanted<'a> {
    All,
    Names(Vec<&'a str>),
}

impl<'a> Wanted<'a> {
    fn of(request: &'a IppRequestResponse) -> Self {
        let names = value(request, "requested-attributes").into_iter().flatten().filter_map(IppValue::as_keyword);
        let names: Vec<&str> = names.map(BoundedString::as_str).collect();
        let groups = ["all", "job-description", "job-template", "printer-description"];
        if names.is_empty() || names.iter().any(|name| groups.contains(name)) { Self::All } else { Self::Names(names) }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Names(names) => names.contains(&name),
        }
    }
}

/// An attribute group that makes only what is wanted.
struct Group<'a> {
    group: IppAttributeGroup,
    wanted: &'a Wanted<'a>,
}

impl Group<'_> {
    fn add(&mut self, name: &str, value: impl FnOnce() -> Result<IppValue, IppParseError>) -> anyhow::Result<()> {
        if self.wanted.has(name) {
            self.group.attributes_mut().push(IppAttribute::with_name(name, value()?)?);
        }
        Ok(())
    }
}

fn describe_job(job: &Job, wanted: &Wanted<'_>, now: u64) -> anyhow::Result<IppAttributeGroup> {
    let (state, reason) = match job.stage {
        Stage::Waiting if job.held => (4, "job-hold-until-specified"),
        Stage::Waiting => (4, "job-data-insufficient"),
        Stage::Queued => (3, "none"),
        Stage::Stopping => (5, "processing-to-stop-point"),
        Stage::Printing => (5, "job-printing"),
        Stage::Canceled => (7, "job-canceled-by-user"),
        Stage::Completed => (9, "job-completed-successfully"),
    };
    let instant = |at: Option<u64>| Ok(at.map_or(IppValue::NoValue, |at| IppValue::Integer(up_time(at))));
    let mut group = Group { group: IppAttributeGroup::new(DelimiterTag::JobAttributes), wanted };
    group.add("job-id", || Ok(IppValue::Integer(job.id)))?;
    group.add("job-name", || IppValue::new_name_without_language(&*job.name))?;
    group.add("job-state", || Ok(IppValue::Enum(state)))?;
    group.add("job-state-reasons", || IppValue::new_keyword(reason))?;
    group.add("job-impressions-completed", || Ok(IppValue::Integer(i32::from(job.card))))?;
    group.add("job-hold-until", || IppValue::new_keyword(if job.held { "indefinite" } else { "no-hold" }))?;
    group.add("job-printer-up-time", || Ok(IppValue::Integer(up_time(now))))?;
    group.add("time-at-creation", || instant(Some(job.created_us)))?;
    group.add("time-at-processing", || instant(job.started_us))?;
    group.add("time-at-completed", || instant(job.ended_us))?;
    Ok(group.group)
}

fn describe_printer(printer: &Printer, wanted: &Wanted<'_>, now: u64) -> anyhow::Result<IppAttributeGroup> {
    let keywords =
        |words: &[&str]| words.iter().map(|word| IppValue::new_keyword(*word)).collect::<Result<Vec<_>, _>>();
    let cards = || Ok(IppValue::Integer(i32::try_from(printer.hopper().len()).unwrap_or(i32::MAX)));
    let open = || Ok(IppValue::Integer(i32::try_from(printer.open_jobs().count()).unwrap_or(i32::MAX)));
    let operations = || OPERATIONS.iter().filter(|(number, _)| *number > 0).map(|(n, _)| IppValue::Enum(i32::from(*n)));
    let mut group = Group { group: IppAttributeGroup::new(DelimiterTag::PrinterAttributes), wanted };
    group.add("printer-up-time", || Ok(IppValue::Integer(up_time(now))))?;
    group.add("printer-state", || Ok(IppValue::Enum(if printer.is_printing() { 4 } else { 3 })))?;
    group.add("printer-state-reasons", || IppValue::new_keyword("none"))?;
    group.add("printer-is-accepting-jobs", || Ok(IppValue::Boolean(true)))?;
    group.add("printer-make-and-model", || IppValue::new_text_without_language("One of a thousand"))?;
    group.add("printer-impressions-completed", cards)?;
    group.add("queued-job-count", open)?;
    group.add("copies-supported", || Ok(IppValue::new_range_of_integer(1, 1)))?;
    group.add("document-format-supported", || IppValue::new_mime_media_type("image/png"))?;
    group.add("job-hold-until-supported", || Ok(IppValue::Array(keywords(&["no-hold", "indefinite"])?)))?;
    group.add("media-supported", || IppValue::new_keyword("iso_id-1_53.98x85.6mm"))?;
    group.add("printer-resolution-supported", || Ok(IppValue::new_resolution(300, 300, 3)))?;
    group.add("sides-supported", || IppValue::new_keyword("one-sided"))?;
    group.add("operations-supported", || Ok(IppValue::Array(operations().collect())))?;
    Ok(group.group)
}

/// `printer-up-time` at some microseconds since the start.
fn up_time(at_us: u64) -> i32 {
    i32::try_from(UP_TIME_S + at_us / 1_000_000).unwrap_or(i32::MAX)
}

/// The first value of that name in any group.
fn value<'a>(request: &'a IppRequestResponse, name: &str) -> Option<&'a IppValue> {
    request.attributes().groups().iter().find_map(|group| group.get(name)).map(IppAttribute::value)
}

fn has(request: &IppRequestResponse, name: &str) -> bool {
    value(request, name).is_some()
}

/// A keyword or a name.
fn text<'a>(request: &'a IppRequestResponse, name: &str) -> Option<&'a str> {
    let value = value(request, name)?;
    value.as_keyword().or_else(|| value.as_name_without_language()).map(BoundedString::as_str)
}
