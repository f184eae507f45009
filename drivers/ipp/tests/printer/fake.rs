//! An IPP printer in this process: it can hold jobs, and refuse, lie and lose answers as a test says. Its cards come out
//! when a test lets time pass.

use std::collections::HashMap;
use std::io::{Cursor, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use cetak_driver_api::AttemptId;
use cetak_driver_ipp::{IppPrinter, Options};
use ipp::attribute::{IppAttribute, IppAttributeGroup};
use ipp::model::{DelimiterTag, IppVersion, Operation, StatusCode};
use ipp::parser::IppParser;
use ipp::reader::IppReader;
use ipp::request::IppRequestResponse;
use ipp::value::IppValue;

use crate::clock;

pub(crate) const CREATE_JOB: u16 = 0x0005;
pub(crate) const SEND_DOCUMENT: u16 = 0x0006;
pub(crate) const CANCEL_JOB: u16 = 0x0008;
pub(crate) const GET_JOB_ATTRIBUTES: u16 = 0x0009;
pub(crate) const GET_JOBS: u16 = 0x000a;
pub(crate) const GET_PRINTER_ATTRIBUTES: u16 = 0x000b;
pub(crate) const HOLD_JOB: u16 = 0x000c;
pub(crate) const RELEASE_JOB: u16 = 0x000d;

const HOLD: &str = "job-hold-until-specified";

/// How the printer says that it holds jobs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Holds {
    No,
    ByAttribute,
    ByOperation,
}

/// When it breaks that promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lie {
    None,
    /// The hold is ignored.
    NeverHolds,
    /// A held job starts when its document has come.
    LetsGo,
    /// Only the next one does.
    LetsGoOnce,
    /// A held job is cancelled by hand when its document has come.
    TakesBack,
}

/// What happens to one operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// Refused with this status code.
    Refuse(u16),
    /// Done, then refused with this status code.
    DoAndRefuse(u16),
    /// Done, and the connection closed without an answer.
    LoseAnswer,
    /// Answered with this HTTP status, and not done.
    Http(u16),
}

#[derive(Clone, Debug)]
pub(crate) struct FakeJob {
    id: i32,
    name: String,
    state: i32,
    reason: &'static str,
    started: bool,
    copies: i32,
    /// `job-impressions-completed` once it is done.
    pub(crate) impressions: i32,
}

/// The printer.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) holds: Holds,
    pub(crate) lie: Lie,
    /// `printer-up-time`; only a restart changes it, as no test takes a second.
    up_time: i32,
    /// Nothing is finished, and the hopper is said to be empty.
    pub(crate) waits_for_a_person: bool,
    pub(crate) jobs: Vec<FakeJob>,
    next_id: i32,
    /// The names of all cards in the output hopper.
    ledger: Vec<String>,
    /// How often each operation came.
    counts: HashMap<u16, usize>,
}

/// One door to the printer. What meets a request there is the door's.
pub(crate) struct FakePrinter {
    state: Arc<Mutex<State>>,
    fates: Arc<Mutex<HashMap<u16, Fate>>>,
    port: u16,
}

impl FakePrinter {
    pub(crate) fn start(holds: Holds) -> Self {
        let state = State {
            holds,
            lie: Lie::None,
            waits_for_a_person: false,
            up_time: 1000,
            jobs: vec![],
            next_id: 1,
            ledger: vec![],
            counts: HashMap::new(),
        };
        Self::open(Arc::new(Mutex::new(state)))
    }

    /// Another door to the same printer.
    pub(crate) fn door(&self) -> Self {
        Self::open(Arc::clone(&self.state))
    }

    fn open(state: Arc<Mutex<State>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let fates = Arc::new(Mutex::new(HashMap::new()));
        let (inside, at_the_door) = (Arc::clone(&state), Arc::clone(&fates));
        // It ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, fates) = (Arc::clone(&inside), Arc::clone(&at_the_door));
                thread::spawn(move || serve(stream, &state, &fates));
            }
        });
        Self { state, fates, port }
    }

    pub(crate) fn driver(&self) -> IppPrinter {
        IppPrinter::new(&format!("ipp://127.0.0.1:{}/ipp/print", self.port), &Options::default(), clock()).unwrap()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn set_fate(&self, operation: u16, fate: Fate) {
        self.fates.lock().unwrap().insert(operation, fate);
    }

    /// Every job under way is finished.
    pub(crate) fn work(&self) {
        let mut state = self.state();
        if state.waits_for_a_person {
            return;
        }
        let mut cards = Vec::new();
        for job in state.jobs.iter_mut().filter(|job| job.state == 5) {
            (job.state, job.reason) = (9, "job-completed-successfully");
            cards.extend((0..job.copies).map(|_| job.name.clone()));
        }
        state.ledger.extend(cards);
    }

    /// A power cut: jobs are forgotten, and ids begin at 1.
    pub(crate) fn restart(&self) {
        let mut state = self.state();
        state.jobs.clear();
        state.next_id = 1;
        state.up_time = 1;
    }

    /// Its history is short: finished jobs are forgotten.
    pub(crate) fn forget(&self) {
        self.state().jobs.retain(|job| job.state < 7);
    }

    /// Another program's job.
    pub(crate) fn add_stranger(&self, name: &str) {
        self.state().add(name.to_owned(), true);
    }

    /// Somebody presses a button at the printer.
    pub(crate) fn release_by_hand(&self) {
        self.state().jobs.iter_mut().filter(|job| job.state == 4).for_each(FakeJob::begin);
    }

    pub(crate) fn count_cards(&self, attempt: &AttemptId) -> usize {
        self.state().ledger.iter().filter(|name| *name == attempt.as_str()).count()
    }

    pub(crate) fn count_requests(&self, operation: u16) -> usize {
        self.state().counts.get(&operation).copied().unwrap_or_default()
    }

    /// `job-state` of all jobs of that name.
    pub(crate) fn job_states(&self, attempt: &AttemptId) -> Vec<i32> {
        self.state().jobs.iter().filter(|job| job.name == attempt.as_str()).map(|job| job.state).collect()
    }
}

impl FakeJob {
    fn begin(&mut self) {
        (self.state, self.reason, self.started) = (5, "job-printing", true);
    }

    fn group(&self, up_time: i32) -> IppAttributeGroup {
        let started = if self.started { IppValue::Integer(17) } else { IppValue::NoValue };
        let name = IppValue::new_name_without_language(self.name.clone()).unwrap_or(IppValue::NoValue);
        let mut group = IppAttributeGroup::new(DelimiterTag::JobAttributes);
        for (attribute, value) in [
            ("job-id", IppValue::Integer(self.id)),
            ("job-name", name),
            ("job-state", IppValue::Enum(self.state)),
            ("job-state-reasons", keyword(self.reason)),
            ("job-impressions-completed", IppValue::Integer(if self.state == 9 { self.impressions } else { 0 })),
            ("time-at-processing", started),
            ("job-printer-up-time", IppValue::Integer(up_time)),
        ] {
            group.attributes_mut().push(IppAttribute::with_name(attribute, value).unwrap());
        }
        group
    }
}

impl State {
    fn add(&mut self, name: String, held: bool) -> &mut FakeJob {
        let reason = if held { HOLD } else { "job-data-insufficient" };
        self.jobs.push(FakeJob { id: self.next_id, name, state: 4, reason, started: false, copies: 2, impressions: 1 });
        self.next_id += 1;
        self.jobs.last_mut().unwrap()
    }

    fn job(&mut self, id: i32) -> Option<&mut FakeJob> {
        self.jobs.iter_mut().find(|job| job.id == id)
    }

    /// The status code and the groups of an answer.
    fn answer(&mut self, operation: u16, request: &IppRequestResponse) -> (u16, Vec<IppAttributeGroup>) {
        *self.counts.entry(operation).or_default() += 1;
        let (holds, lie, up_time) = (self.holds, self.lie, self.up_time);
        if operation == SEND_DOCUMENT && lie == Lie::LetsGoOnce {
            self.lie = Lie::None;
        }
        match operation {
            GET_PRINTER_ATTRIBUTES => return (0, vec![self.printer()]),
            GET_JOBS => {
                let completed = value(request, "which-jobs") == Some(keyword("completed"));
                let jobs = self.jobs.iter().filter(|job| (job.state >= 7) == completed);
                return (0, jobs.map(|job| job.group(up_time)).collect());
            }
            CREATE_JOB => {
                let Some(IppValue::NameWithoutLanguage(name)) = value(request, "job-name") else {
                    return (0x0400, vec![]);
                };
                let held = value(request, "job-hold-until").is_some() && lie != Lie::NeverHolds;
                let copies = value(request, "copies").and_then(|copies| copies.as_integer().copied());
                let job = self.add(name.to_string(), held);
                job.copies = copies.unwrap_or(job.copies);
                return (0, vec![job.group(up_time)]);
            }
            _ => {}
        }
        let id = value(request, "job-id").and_then(|id| id.as_integer().copied()).unwrap_or_default();
        let Some(job) = self.job(id) else { return (0x0406, vec![]) };
        match (operation, job.state) {
            (GET_JOB_ATTRIBUTES, _) => return (0, vec![job.group(up_time)]),
            (HOLD_JOB, 4) if holds == Holds::ByOperation && lie != Lie::NeverHolds => job.reason = HOLD,
            (HOLD_JOB, 4) if holds == Holds::ByOperation => {}
            (SEND_DOCUMENT, 4) if job.reason != HOLD || matches!(lie, Lie::LetsGo | Lie::LetsGoOnce) => job.begin(),
            (SEND_DOCUMENT, 4) if lie == Lie::TakesBack => job.state = 7,
            (SEND_DOCUMENT, 4) => {}
            (RELEASE_JOB, 4) if job.reason == HOLD => job.begin(),
            (CANCEL_JOB, 3..=5) => (job.state, job.reason) = (7, "job-canceled-by-user"),
            _ => return (0x0404, vec![]),
        }
        (0, vec![])
    }

    fn printer(&self) -> IppAttributeGroup {
        let mut operations: Vec<i32> = (0x0005..=0x000b).filter(|operation| *operation != 0x0007).collect();
        operations.extend(match self.holds {
            Holds::No => vec![],
            Holds::ByAttribute => vec![0x000d],
            Holds::ByOperation => vec![0x000c, 0x000d],
        });
        let until = if self.holds == Holds::ByAttribute { vec!["no-hold", "indefinite"] } else { vec!["no-hold"] };
        let mut group = IppAttributeGroup::new(DelimiterTag::PrinterAttributes);
        for (attribute, value) in [
            ("printer-state", IppValue::Enum(3)),
            ("printer-up-time", IppValue::Integer(self.up_time)),
            ("printer-state-reasons", keyword(if self.waits_for_a_person { "media-empty-error" } else { "none" })),
            ("printer-is-accepting-jobs", IppValue::Boolean(true)),
            ("document-format-supported", IppValue::new_mime_media_type("image/png").unwrap()),
            ("copies-supported", IppValue::new_range_of_integer(1, 9)),
            ("job-hold-until-supported", IppValue::Array(until.into_iter().map(keyword).collect())),
            ("operations-supported", IppValue::Array(operations.into_iter().map(IppValue::Enum).collect())),
        ] {
            group.attributes_mut().push(IppAttribute::with_name(attribute, value).unwrap());
        }
        group
    }
}

/// Requests on one connection, until it ends.
fn serve(mut stream: TcpStream, state: &Mutex<State>, fates: &Mutex<HashMap<u16, Fate>>) {
    while let Some(body) = read_request(&mut stream) {
        let request = IppParser::new(IppReader::new(Cursor::new(body))).parse().unwrap();
        let operation = request.header().operation_or_status.cast_unsigned();
        let fate = fates.lock().unwrap().get(&operation).copied();
        let answer = || state.lock().unwrap().answer(operation, &request);
        let (status, groups) = match fate {
            None => answer(),
            Some(Fate::Refuse(status)) => (status, vec![]),
            Some(Fate::DoAndRefuse(status)) => {
                answer();
                (status, vec![])
            }
            Some(Fate::LoseAnswer) => {
                answer();
                return;
            }
            Some(Fate::Http(status)) => {
                let _ = write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n");
                continue;
            }
        };
        let mut response =
            IppRequestResponse::new_response(IppVersion::v2_0(), StatusCode::SuccessfulOk, request.header().request_id)
                .unwrap();
        response.header_mut().operation_or_status = status.cast_signed();
        response.attributes_mut().groups_mut().extend(groups);
        let sent = write_response(&mut stream, &response.to_bytes());
        if sent.is_err() {
            return;
        }
    }
}

fn write_response(stream: &mut TcpStream, body: &[u8]) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat())
}

/// The body of the next request; it must say its length, as embedded printers want it.
pub(crate) fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let Some(length) = length else { panic!("a request must have a Content-Length:\n{head}") };
    let length = length.trim().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}

/// The first value of that name in any group.
fn value(request: &IppRequestResponse, name: &str) -> Option<IppValue> {
    request.attributes().groups().iter().find_map(|group| group.get(name)).map(|attribute| attribute.value().clone())
}

pub(crate) fn keyword(text: &str) -> IppValue {
    IppValue::new_keyword(text).unwrap()
}

pub(crate) fn name(text: &str) -> IppValue {
    IppValue::new_name_without_language(text).unwrap()
}

/// A request as another program sends it.
pub(crate) fn message(printer_uri: &str, operation: u16, attributes: &[(&str, IppValue)]) -> Vec<u8> {
    let mut message = IppRequestResponse::new(IppVersion::v2_0(), Operation::CreateJob, None).unwrap();
    message.header_mut().operation_or_status = operation.cast_signed();
    let printer = ("printer-uri", IppValue::new_uri(printer_uri).unwrap());
    for (attribute, value) in [&[printer], attributes].concat() {
        let attribute = IppAttribute::with_name(attribute, value).unwrap();
        message.attributes_mut().add(DelimiterTag::OperationAttributes, attribute);
    }
    message.to_bytes().to_vec()
}

pub(crate) fn http_request(path: &str, body: &[u8], length: usize) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/ipp\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}
