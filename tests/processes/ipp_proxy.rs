//! Helper: a proxy between scheduler and printer, which records the document of each attempt and stops the traffic at a
//! given step of one attempt.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use sha2::{Digest, Sha256};

use crate::ipp_messages::{CREATE_JOB, GET_JOB_ATTRIBUTES, GET_JOBS, Http, Ipp, RELEASE_JOB, SEND_DOCUMENT};

const JOB_PROCESSING: i32 = 5;
const JOB_OVER: std::ops::RangeInclusive<i32> = 7..=9;

/// A step of an attempt, as the traffic shows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) enum Step {
    /// Create-Job arrived at the proxy and is not forwarded.
    Intent,
    /// The printer has answered Create-Job, and the answer is not forwarded.
    Created,
    /// The next request after the answer to Create-Job.
    CreatedKnown,
    /// Half of Send-Document was forwarded.
    HalfUploaded,
    /// The printer has answered Send-Document, and the answer is not forwarded.
    Uploaded,
    /// The next request after the answer to Send-Document.
    UploadedKnown,
    /// Release-Job arrived at the proxy and is not forwarded.
    Releasing,
    /// Release-Job was forwarded, and its answer is not read. A printer that is killed too dies while its engine
    /// starts.
    ReleaseSent,
    /// The printer has answered Release-Job, and the answer does not get through.
    Released,
    /// The next query of jobs after the printer has reported this one as processing.
    Printing,
    /// The printer reports that the job has ended, and the answer is not forwarded.
    Over,
}

impl Step {
    pub(crate) const ALL: [Self; 11] = [
        Self::Intent,
        Self::Created,
        Self::CreatedKnown,
        Self::HalfUploaded,
        Self::Uploaded,
        Self::UploadedKnown,
        Self::Releasing,
        Self::ReleaseSent,
        Self::Released,
        Self::Printing,
        Self::Over,
    ];

    /// Whether the step exists only with a printer that can hold.
    pub(crate) fn needs_hold(self) -> bool {
        matches!(self, Self::Releasing | Self::ReleaseSent | Self::Released)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Intent => "c1",
            Self::Created => "c2",
            Self::CreatedKnown => "c3",
            Self::HalfUploaded => "c4",
            Self::Uploaded => "c5",
            Self::UploadedKnown => "c6",
            Self::Releasing => "c7",
            Self::ReleaseSent => "c7+",
            Self::Released => "c8",
            Self::Printing => "c9",
            Self::Over => "c10",
        })
    }
}

/// The proxy of one printer.
pub(crate) struct Proxy {
    port: u16,
    path: &'static str,
    traffic: Arc<Mutex<Traffic>>,
}

/// The observed traffic.
#[derive(Default)]
struct Traffic {
    trap: Option<Trap>,
    /// The number of attempts that pass before the one that is trapped.
    before: usize,
    /// The name and job of the trapped attempt, from Create-Job and its answer.
    target: Option<String>,
    target_job: Option<i32>,
    /// The step that is reached with the next request.
    at_next: Option<Step>,
    /// Attempts by the present ids of their jobs.
    names: HashMap<i32, String>,
    /// SHA-256 of the whole document of each attempt, in hexadecimal.
    documents: HashMap<String, String>,
}

/// A trap at a step of an attempt.
struct Trap {
    step: Step,
    reached: Sender<()>,
    go_on: Receiver<()>,
}

/// The test's side of a trap.
pub(crate) struct Trapped {
    reached: Receiver<()>,
    /// When dropped, the proxy cuts the connection and goes on.
    _go_on: Sender<()>,
}

impl Trapped {
    /// Whether the step is reached. All traffic is blocked until this value is dropped.
    pub(crate) fn is_reached(&self) -> bool {
        self.reached.try_recv().is_ok()
    }
}

impl Proxy {
    /// A proxy for the printer at a port of this machine.
    pub(crate) fn start(printer: u16, path: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let traffic = Arc::new(Mutex::new(Traffic::default()));
        let shared = traffic.clone();
        // It ends with the test.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = shared.clone();
                thread::spawn(move || serve(client, printer, &shared));
            }
        });
        Self { port, path, traffic }
    }

    pub(crate) fn uri(&self) -> String {
        format!("ipp://127.0.0.1:{}{}", self.port, self.path)
    }

    /// Traps an attempt at a step, after that number of others.
    pub(crate) fn trap(&self, step: Step, before: usize) -> Trapped {
        let ((reached, is_reached), (go_on, may_go_on)) = (channel(), channel());
        let mut traffic = self.traffic.lock().unwrap();
        traffic.trap = Some(Trap { step, reached, go_on: may_go_on });
        traffic.before = before;
        (traffic.target, traffic.target_job, traffic.at_next) = (None, None, None);
        Trapped { reached: is_reached, _go_on: go_on }
    }

    /// SHA-256 of each attempt's whole document.
    pub(crate) fn documents(&self) -> HashMap<String, String> {
        self.traffic.lock().unwrap().documents.clone()
    }

    /// The attempt to be trapped, if it was seen.
    pub(crate) fn target(&self) -> Option<String> {
        self.traffic.lock().unwrap().target.clone()
    }
}

impl Traffic {
    /// The step that this request reaches.
    fn on_request(&mut self, request: &Ipp, document: &[u8]) -> Option<Step> {
        let asks_for_jobs = matches!(request.code, GET_JOB_ATTRIBUTES | GET_JOBS);
        if let Some(step) = self.at_next.take_if(|step| *step != Step::Printing || asks_for_jobs) {
            return Some(step);
        }
        let id = request.first(|job| job.id);
        match request.code {
            CREATE_JOB if self.target.is_none() => {
                if self.before > 0 {
                    self.before -= 1;
                    return None;
                }
                self.target = request.first(|job| job.name.clone());
                Some(Step::Intent)
            }
            SEND_DOCUMENT => {
                let name = id.and_then(|id| self.names.get(&id).cloned());
                self.documents.extend(name.map(|name| (name, digest(document))));
                (id == self.target_job).then_some(Step::HalfUploaded)
            }
            RELEASE_JOB if id == self.target_job => Some(self.awaits_release()),
            _ => None,
        }
    }

    /// The step that this answer reaches.
    fn on_answer(&mut self, request: &Ipp, answer: &Ipp) -> Option<Step> {
        let id = request.first(|job| job.id);
        let is_target = id.is_some() && id == self.target_job;
        if request.code == CREATE_JOB && answer.is_success() {
            let (name, id) = (request.first(|job| job.name.clone())?, answer.first(|job| job.id)?);
            self.names.insert(id, name.clone());
            if self.target_job.is_none() && self.target == Some(name) {
                self.target_job = Some(id);
                self.at_next = self.is_awaited(Step::CreatedKnown).then_some(Step::CreatedKnown);
                return Some(Step::Created);
            }
            return None;
        }
        match request.code {
            SEND_DOCUMENT if is_target => {
                self.at_next = self.is_awaited(Step::UploadedKnown).then_some(Step::UploadedKnown);
                Some(Step::Uploaded)
            }
            RELEASE_JOB if is_target => Some(Step::Released),
            _ => {
                let state = answer.jobs.iter().find(|job| job.id.is_some() && job.id == self.target_job)?.state?;
                if state == JOB_PROCESSING && self.is_awaited(Step::Printing) {
                    self.at_next = Some(Step::Printing);
                }
                JOB_OVER.contains(&state).then_some(Step::Over)
            }
        }
    }

    fn is_awaited(&self, step: Step) -> bool {
        self.trap.as_ref().is_some_and(|trap| trap.step == step)
    }

    fn awaits_release(&self) -> Step {
        if self.is_awaited(Step::ReleaseSent) { Step::ReleaseSent } else { Step::Releasing }
    }

    fn take_trap(&mut self, step: Option<Step>) -> Option<Trap> {
        let step = step.filter(|step| self.is_awaited(*step))?;
        self.trap.take().filter(|trap| trap.step == step)
    }
}

/// SHA-256 in hexadecimal, as the engine records it.
fn digest(document: &[u8]) -> String {
    Sha256::digest(document).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Serves one connection of the scheduler. After an error it is cut.
fn serve(mut client: TcpStream, printer: u16, traffic: &Mutex<Traffic>) -> Option<()> {
    client.set_nodelay(true).ok()?;
    loop {
        let request = Http::read(&mut client)?;
        let asked = Ipp::read(&request.body)?;
        let trap = {
            let mut traffic = traffic.lock().unwrap();
            let step = traffic.on_request(&asked, &request.body[asked.document..]);
            traffic.take_trap(step)
        };
        // The number of bytes to forward.
        let length = match trap.as_ref().map(|trap| trap.step) {
            None | Some(Step::ReleaseSent) => request.body.len(),
            Some(Step::HalfUploaded) => asked.document + (request.body.len() - asked.document) / 2,
            Some(_) => return spring(&trap?),
        };
        let mut upstream = TcpStream::connect(("127.0.0.1", printer)).ok()?;
        upstream.set_nodelay(true).ok()?;
        upstream.write_all(request.head.as_bytes()).ok()?;
        upstream.write_all(&request.body[..length]).ok()?;
        if let Some(trap) = trap {
            return spring(&trap);
        }
        let answer = Http::read(&mut upstream)?;
        let trap = {
            let mut traffic = traffic.lock().unwrap();
            let step = Ipp::read(&answer.body).and_then(|said| traffic.on_answer(&asked, &said));
            traffic.take_trap(step)
        };
        if let Some(trap) = trap {
            return spring(&trap);
        }
        answer.answer(&mut client).ok()?;
    }
}

/// Reports that the step is reached, and waits for the test.
fn spring(trap: &Trap) -> Option<()> {
    trap.reached.send(()).ok()?;
    // It ends when the other end is dropped.
    let _ = trap.go_on.recv();
    None
}
