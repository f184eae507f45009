//! A simulated printer: IPP in this process, with hold, and with refusals, broken promises and lost answers as a test
//! sets them. Its cards come out when the test calls [`FakePrinter::work`].

use std::collections::HashMap;
use std::io::{Cursor, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use cetak_driver_api::AttemptId;
use cetak_driver_ipp::{IppPrinter, Options};
use ipp::attribute::{IppAttribute, IppAttributeGroup};
use ipp::model::{DelimiterTag, IppVersion, StatusCode};
use ipp::parser::IppParser;
use ipp::reader::IppReader;
use ipp::request::IppRequestResponse;
use ipp::value::IppValue;

use crate::clock;
pub(crate) use crate::fake_behaviour::{BrokenHold, Holds, Names, Old, OperationFailure, PrinterState, UpTime};

pub(crate) const CREATE_JOB: u16 = 0x0005;
pub(crate) const SEND_DOCUMENT: u16 = 0x0006;
pub(crate) const CANCEL_JOB: u16 = 0x0008;
pub(crate) const GET_JOB_ATTRIBUTES: u16 = 0x0009;
pub(crate) const GET_JOBS: u16 = 0x000a;
pub(crate) const GET_PRINTER_ATTRIBUTES: u16 = 0x000b;
pub(crate) const HOLD_JOB: u16 = 0x000c;
pub(crate) const RELEASE_JOB: u16 = 0x000d;

const HOLD: &str = "job-hold-until-specified";

#[derive(Clone, Debug)]
pub(crate) struct FakeJob {
    id: i32,
    /// The requested name.
    name: String,
    pub(crate) state: i32,
    reason: &'static str,
    pub(crate) started: bool,
    copies: i32,
    /// `time-at-creation`.
    created: i32,
    /// `job-media-sheets-completed` when it is completed; `None` is not reported.
    pub(crate) sheets: Option<i32>,
    /// One more of `job-state-reasons` when it has ended.
    pub(crate) doubt: Option<&'static str>,
    /// `job-impressions-completed` when it is completed.
    pub(crate) impressions: i32,
}

/// The state of the printer.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) holds: Holds,
    pub(crate) broken_hold: BrokenHold,
    /// The start of the run, and the up-time at that moment.
    start: (Instant, i32),
    pub(crate) up_time: UpTime,
    /// `printer-uuid`.
    pub(crate) uuid: Option<&'static str>,
    pub(crate) names: Names,
    /// Create-Job is answered as ignoring these attributes; with a status only if it is not 0.
    pub(crate) ignores: (u16, &'static [&'static str]),
    /// A document is printed at once, and its job is forgotten.
    pub(crate) prints_on_arrival_and_forgets: bool,
    /// A new job is pending without a reason, and not held for its document.
    pub(crate) creates_pending: bool,
    /// Only IPP 1.1 is answered: 2.0 is refused, or answered without attributes.
    pub(crate) is_old: Option<Old>,
    /// No card is finished, and the printer reports an empty hopper.
    pub(crate) waits_for_a_person: bool,
    pub(crate) reported: PrinterState,
    pub(crate) jobs: Vec<FakeJob>,
    next_id: i32,
    /// The names of all cards in the output hopper.
    hopper: Vec<String>,
    /// The number of requests of each operation.
    counts: HashMap<u16, usize>,
}

/// One port of the printer. Each port has its own failures.
pub(crate) struct FakePrinter {
    state: Arc<Mutex<State>>,
    failures: Arc<Mutex<HashMap<u16, OperationFailure>>>,
    port: u16,
}

impl FakePrinter {
    pub(crate) fn start(holds: Holds) -> Self {
        let state = State {
            holds,
            broken_hold: BrokenHold::None,
            waits_for_a_person: false,
            reported: PrinterState::OfItsJobs,
            start: (present(), 1000),
            up_time: UpTime::Ticks,
            uuid: None,
            names: Names::Kept,
            ignores: (0, &[]),
            prints_on_arrival_and_forgets: false,
            creates_pending: false,
            is_old: None,
            jobs: vec![],
            next_id: 1,
            hopper: vec![],
            counts: HashMap::new(),
        };
        Self::open(Arc::new(Mutex::new(state)))
    }

    /// Another port of the same printer, without failures.
    pub(crate) fn another_port(&self) -> Self {
        Self::open(Arc::clone(&self.state))
    }

    fn open(state: Arc<Mutex<State>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let failures = Arc::new(Mutex::new(HashMap::new()));
        let (printer, port_failures) = (Arc::clone(&state), Arc::clone(&failures));
        // The thread ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, failures) = (Arc::clone(&printer), Arc::clone(&port_failures));
                thread::spawn(move || serve(stream, &state, &failures));
            }
        });
        Self { state, failures, port }
    }

    pub(crate) fn driver(&self) -> IppPrinter {
        IppPrinter::new(&format!("ipp://127.0.0.1:{}/ipp/print", self.port), &Options::default(), clock()).unwrap()
    }

    /// A driver that waits for one second at most.
    pub(crate) fn driver_with_short_timeouts(&self) -> IppPrinter {
        let options = Options {
            connect_timeout_s: Some(1),
            answer_timeout_s: Some(1),
            upload_timeout_s: Some(1),
            ..Options::default()
        };
        IppPrinter::new(&format!("ipp://127.0.0.1:{}/ipp/print", self.port), &options, clock()).unwrap()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Sets the failure of all requests of an operation at this port.
    pub(crate) fn set_failure(&self, operation: u16, failure: OperationFailure) {
        self.failures.lock().unwrap().insert(operation, failure);
    }

    /// Answers all requests at this port again.
    pub(crate) fn clear_failures(&self) {
        self.failures.lock().unwrap().clear();
    }

    /// Finishes every job under way.
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
        state.hopper.extend(cards);
    }

    /// Restarts the printer: jobs are forgotten, and ids begin at 1.
    pub(crate) fn restart(&self) {
        let mut state = self.state();
        state.jobs.clear();
        state.next_id = 1;
        state.start = (present(), 1);
    }

    /// Restarts the printer, which keeps its jobs.
    pub(crate) fn restart_with_jobs(&self) {
        let mut state = self.state();
        state.start = (present(), 1);
        state.jobs.iter_mut().for_each(|job| job.created = -5);
    }

    /// Forgets finished jobs, as a printer with a short history.
    pub(crate) fn forget(&self) {
        self.state().jobs.retain(|job| job.state < 7);
    }

    /// Adds a held job of another program.
    pub(crate) fn add_foreign_job(&self, name: &str) {
        self.state().add(name.to_owned(), true);
    }

    /// Releases all held jobs, as a person at the printer's panel.
    pub(crate) fn release_by_hand(&self) {
        self.state().jobs.iter_mut().filter(|job| job.state == 4).for_each(FakeJob::begin);
    }

    pub(crate) fn count_cards(&self, attempt: &AttemptId) -> usize {
        self.state().hopper.iter().filter(|name| *name == attempt.as_str()).count()
    }

    pub(crate) fn count_requests(&self, operation: u16) -> usize {
        self.state().counts.get(&operation).copied().unwrap_or_default()
    }

    /// `job-state` of all jobs of the attempt.
    pub(crate) fn job_states(&self, attempt: &AttemptId) -> Vec<i32> {
        self.state().jobs.iter().filter(|job| job.name == attempt.as_str()).map(|job| job.state).collect()
    }
}

impl FakeJob {
    fn begin(&mut self) {
        (self.state, self.reason, self.started) = (5, "job-printing", true);
    }

    fn group(&self, up_time: i32, names: Names) -> IppAttributeGroup {
        let started = if self.started { IppValue::Integer(17) } else { IppValue::NoValue };
        let name = match names {
            Names::Kept => self.name.clone(),
            Names::Fixed(name) => name.to_owned(),
            Names::Cut(length) => self.name.chars().take(length).collect(),
            Names::LeftOut => String::new(),
        };
        let name = IppValue::new_name_without_language(name).unwrap_or(IppValue::NoValue);
        let has_ended = self.state >= 7;
        let reasons = [Some(self.reason), self.doubt.filter(|_| has_ended)].into_iter().flatten();
        let mut group = IppAttributeGroup::new(DelimiterTag::JobAttributes);
        for (attribute, value) in [
            ("job-id", IppValue::Integer(self.id)),
            ("job-name", name),
            ("job-state", IppValue::Enum(self.state)),
            ("job-state-reasons", IppValue::Array(reasons.map(keyword).collect())),
            ("job-impressions-completed", IppValue::Integer(if self.state == 9 { self.impressions } else { 0 })),
            ("time-at-processing", started),
            ("job-printer-up-time", IppValue::Integer(up_time)),
            ("time-at-creation", IppValue::Integer(self.created)),
            (
                "job-media-sheets-completed",
                self.sheets.filter(|_| has_ended).map_or(IppValue::NoValue, IppValue::Integer),
            ),
        ] {
            if attribute == "job-name" && names == Names::LeftOut {
                continue;
            }
            group.attributes_mut().push(IppAttribute::with_name(attribute, value).unwrap());
        }
        group
    }
}

impl State {
    fn add(&mut self, name: String, held: bool) -> &mut FakeJob {
        let reason = if held { HOLD } else { "job-data-insufficient" };
        let created = if self.up_time == UpTime::OtherJobTimes { 1_795_521_600 } else { self.seconds() };
        self.jobs.push(FakeJob {
            id: self.next_id,
            name,
            state: if !held && self.creates_pending { 3 } else { 4 },
            reason,
            started: false,
            copies: 2,
            created,
            sheets: None,
            doubt: None,
            impressions: 1,
        });
        self.next_id += 1;
        self.jobs.last_mut().unwrap()
    }

    /// The seconds since the start.
    fn seconds(&self) -> i32 {
        let (at, up_time) = self.start;
        up_time + i32::try_from(at.elapsed().as_secs()).unwrap()
    }

    /// `printer-up-time`.
    fn up_time(&self) -> i32 {
        let seconds = self.seconds();
        match self.up_time {
            UpTime::Ticks | UpTime::OtherJobTimes => seconds,
            UpTime::Constant => 1000,
            UpTime::Steps(step) => seconds / step * step,
            UpTime::Jitters => seconds + i32::try_from(self.start.0.elapsed().as_millis() * 7919 % 93).unwrap() - 46,
        }
    }

    fn job(&mut self, id: i32) -> Option<&mut FakeJob> {
        self.jobs.iter_mut().find(|job| job.id == id)
    }

    /// Performs an operation. Returns the status code and the groups of the response.
    fn answer(&mut self, operation: u16, request: &IppRequestResponse) -> (u16, Vec<IppAttributeGroup>) {
        *self.counts.entry(operation).or_default() += 1;
        let (holds, broken_hold, up_time, names) = (self.holds, self.broken_hold, self.up_time(), self.names);
        if operation == SEND_DOCUMENT && broken_hold == BrokenHold::StartsJobOnce {
            self.broken_hold = BrokenHold::None;
        }
        match operation {
            GET_PRINTER_ATTRIBUTES => return (0, vec![self.printer()]),
            GET_JOBS => {
                let completed = value(request, "which-jobs") == Some(keyword("completed"));
                let jobs = self.jobs.iter().filter(|job| (job.state >= 7) == completed);
                return (0, jobs.map(|job| job.group(up_time, names)).collect());
            }
            CREATE_JOB => {
                let Some(IppValue::NameWithoutLanguage(name)) = value(request, "job-name") else {
                    return (0x0400, vec![]);
                };
                let held = value(request, "job-hold-until").is_some() && broken_hold != BrokenHold::Ignored;
                let copies = value(request, "copies").and_then(|copies| copies.as_integer().copied());
                let job = self.add(name.to_string(), held);
                job.copies = copies.unwrap_or(job.copies);
                let job = job.group(up_time, names);
                let (status, ignored) = self.ignores;
                let mut unsupported = IppAttributeGroup::new(DelimiterTag::UnsupportedAttributes);
                for attribute in ignored {
                    unsupported.attributes_mut().push(
                        IppAttribute::with_name(attribute, IppValue::Other { tag: 0x10, data: [].as_slice().into() })
                            .unwrap(),
                    );
                }
                return (status, if ignored.is_empty() { vec![job] } else { vec![unsupported, job] });
            }
            _ => {}
        }
        let id = value(request, "job-id").and_then(|id| id.as_integer().copied()).unwrap_or_default();
        if operation == SEND_DOCUMENT && self.prints_on_arrival_and_forgets {
            let Some(at) = self.jobs.iter().position(|job| job.id == id) else { return (0x0406, vec![]) };
            let job = self.jobs.remove(at);
            self.hopper.push(job.name);
            return (0, vec![]);
        }
        let Some(job) = self.job(id) else { return (0x0406, vec![]) };
        match (operation, job.state) {
            (GET_JOB_ATTRIBUTES, _) => return (0, vec![job.group(up_time, names)]),
            (HOLD_JOB, 4) if holds == Holds::ByOperation && broken_hold != BrokenHold::Ignored => job.reason = HOLD,
            (HOLD_JOB, 4) if holds == Holds::ByOperation => {}
            (SEND_DOCUMENT, 4)
                if job.reason != HOLD || matches!(broken_hold, BrokenHold::StartsJob | BrokenHold::StartsJobOnce) =>
            {
                job.begin();
            }
            (SEND_DOCUMENT, 4) if broken_hold == BrokenHold::JobCancelledByHand => job.state = 7,
            (SEND_DOCUMENT, 4) => {}
            (RELEASE_JOB, 4) if job.reason == HOLD => job.begin(),
            (CANCEL_JOB, 3..=5) => (job.state, job.reason) = (7, "job-canceled-by-user"),
            _ => return (0x0404, vec![]),
        }
        (0, vec![])
    }

    fn has_job_under_way(&self) -> bool {
        self.reported == PrinterState::OfItsJobs && self.jobs.iter().any(|job| job.state == 5)
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
            ("printer-state", IppValue::Enum(if self.has_job_under_way() { 4 } else { 3 })),
            ("printer-up-time", IppValue::Integer(self.up_time())),
            ("printer-state-reasons", keyword(if self.waits_for_a_person { "media-empty-error" } else { "none" })),
            ("printer-is-accepting-jobs", IppValue::Boolean(true)),
            ("document-format-supported", IppValue::new_mime_media_type("image/png").unwrap()),
            ("copies-supported", IppValue::new_range_of_integer(1, 9)),
            ("job-hold-until-supported", IppValue::Array(until.into_iter().map(keyword).collect())),
            ("operations-supported", IppValue::Array(operations.into_iter().map(IppValue::Enum).collect())),
        ] {
            group.attributes_mut().push(IppAttribute::with_name(attribute, value).unwrap());
        }
        if let Some(uuid) = self.uuid {
            let uuid = IppAttribute::with_name("printer-uuid", IppValue::new_uri(uuid).unwrap()).unwrap();
            group.attributes_mut().push(uuid);
        }
        group
    }
}

#[expect(clippy::disallowed_methods, reason = "a printer has a clock of its own")]
fn present() -> Instant {
    Instant::now()
}

/// Serves the requests of one connection until it is closed.
fn serve(mut stream: TcpStream, state: &Mutex<State>, failures: &Mutex<HashMap<u16, OperationFailure>>) {
    while let Some(body) = read_request(&mut stream) {
        let request = IppParser::new(IppReader::new(Cursor::new(body))).parse().unwrap();
        let operation = request.header().operation_or_status.cast_unsigned();
        let failure = failures.lock().unwrap().get(&operation).copied();
        let answer = || {
            let mut state = state.lock().unwrap();
            match state.is_old.filter(|_| request.header().version == IppVersion::v2_0()) {
                None => state.answer(operation, &request),
                Some(Old::Refuses) => (0x0503, vec![]),
                Some(Old::SaysNothing) => (0, vec![]),
            }
        };
        let (status, groups) = match failure {
            None => answer(),
            Some(OperationFailure::AnswerWhenDone) => {
                let answered = answer();
                while state.lock().unwrap().jobs.iter().any(|job| job.state == 5) {
                    thread::sleep(Duration::from_millis(5));
                }
                answered
            }
            Some(OperationFailure::Refuse(status)) => (status, vec![]),
            Some(OperationFailure::DoAndRefuse(status)) => {
                answer();
                (status, vec![])
            }
            Some(OperationFailure::LoseAnswer) => {
                answer();
                return;
            }
            Some(OperationFailure::Http(status)) => {
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

/// The body of the next request. It must have a length, because embedded printers need it.
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

/// The value of the first attribute of that name in any group.
fn value(request: &IppRequestResponse, name: &str) -> Option<IppValue> {
    request.attributes().groups().iter().find_map(|group| group.get(name)).map(|attribute| attribute.value().clone())
}

fn keyword(text: &str) -> IppValue {
    IppValue::new_keyword(text).unwrap()
}
