//! Helper: an office with printed cards and people of some roles, and its server.

use std::{fs, process::Command};

use cetak::store::keys::Keys;
use serde_json::Value;

use crate::{
    http::Served,
    impersonal::assert_impersonal,
    office::Office,
    people::{self, Student},
    person::{Person, add_with_role, with_supervisor},
};

/// How many students have a card.
const PRINTED: u32 = 12;

/// An office with twelve printed cards, three records that wait, and printing that is paused.
pub(crate) struct PrintRoom {
    pub(crate) office: Office,
    pub(crate) served: Served,
}

/// The people that tests send requests as: the administrator `root`, the supervisor `sri` and the operator `opi`.
pub(crate) struct Staff<'a> {
    pub(crate) administrator: Person<'a>,
    pub(crate) supervisor: Person<'a>,
    pub(crate) operator: Person<'a>,
}

impl PrintRoom {
    pub(crate) fn new() -> Self {
        Self::of(Office::new(), PRINTED)
    }

    /// The same in an office that is there, with another number of printed cards.
    pub(crate) fn of(office: Office, printed: u32) -> Self {
        office.import("student", &people::students(0..printed));
        office.receive("student", printed as usize + 30);
        office.add_mock("p1", "student", "card_ms=0");
        office.done(&["run", "--until-idle"]);
        office.done(&["queue", "pause", "--reason", "a test"]);
        office.import("student", &people::students(printed..printed + 3));
        let served = Served::new(&office);
        Self { office, served }
    }

    /// The same with a card whose outcome is unknown, `r00001`, and with a printer `p2` that jams at its first card. The other is paused.
    pub(crate) fn with_faults() -> Self {
        Self::with_lost_cards(PRINTED, 1).with_jam("p2")
    }

    /// An office with printed cards among which are some whose outcome is unknown: `r00001`, `r00003` and so on. Printing is paused.
    pub(crate) fn with_lost_cards(printed: u32, lost: u32) -> Self {
        let office = Office::new();
        // Of one faculty and programme, so that they are printed in the order of their numbers.
        let one_pile =
            |n| Student { faculty: "FACULTY 0".into(), programme: "PROGRAMME 0".into(), ..people::student(n) };
        office.import("student", &people::csv(&(0..printed).map(one_pile).collect::<Vec<_>>()));
        office.receive("student", printed as usize + 40);
        let script: Vec<String> = (1..=lost).map(|number| format!("{}:forget", 2 * number)).collect();
        office.add_mock("p1", "student", &format!("card_ms=0&script={}", script.join(",")));
        office.done(&["run", "--until-idle"]);
        office.done(&["queue", "pause", "--reason", "a test"]);
        office.done(&["queue", "pause", "--printer", "p1", "--reason", "a new ribbon"]);
        let served = Served::new(&office);
        Self { office, served }
    }

    /// Adds a printer that jams at its first card, and three records that wait for it.
    pub(crate) fn with_jam(self, printer: &str) -> Self {
        self.office.import("student", &people::students(PRINTED..PRINTED + 3));
        self.add_jam(printer);
        self
    }

    /// Imports records of students as a person does who is signed in.
    pub(crate) fn import(&self, person: &Person<'_>, first: u32, last: u32) {
        let origin = format!("http://{}", self.served.address);
        let headers = [
            ("cookie", &*person.cookie),
            ("x-csrf-token", &person.csrf),
            ("origin", &origin),
            ("content-type", "text/csv"),
        ];
        let rows = people::students(first..last);
        let path = "/api/v1/imports?source=default&profile=student";
        let answer = self.served.post_bytes(path, &headers, rows.as_bytes());
        assert!(answer.status == 200 && answer.body.contains("\"accepted\""), "{answer:?}");
    }

    /// Adds a printer that jams at its first card.
    pub(crate) fn add_jam(&self, printer: &str) {
        self.office.add_mock(printer, "student", "card_ms=0&script=1:jam&clear_ms=3600000");
    }

    /// An office with a long list, and printers of which each takes a little longer for a card than the one before, so that some card is
    /// printed at each moment.
    pub(crate) fn with_printers(printers: u32, records: u32) -> Self {
        let office = Office::new();
        office.import("student", &people::students(0..records));
        office.receive("student", records as usize);
        for number in 1..=printers {
            let uri = format!("mock://p{number}?dpi=100&card_ms={}", 4_000 + 100 * number);
            office.done(&["printer", "add", &format!("p{number}"), &uri, "--profile", "student"]);
        }
        let served = Served::new(&office);
        Self { office, served }
    }

    pub(crate) fn staff(&self) -> Staff<'_> {
        let (administrator, supervisor) = with_supervisor(&self.office, &self.served);
        let operator = add_with_role(&self.served, (&administrator, &supervisor), "opi", "operator");
        Staff { administrator, supervisor, operator }
    }

    /// Kills the server.
    pub(crate) fn kill(&self) {
        let status = Command::new("kill").args(["-KILL", &self.served.running.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Starts the server again at its address.
    pub(crate) fn start_again(&mut self) {
        self.served.running = self.office.start(&["serve", "--listen", &self.served.address]);
    }

    /// The code on the card of a student.
    pub(crate) fn code(&self, number: u32) -> String {
        let request_id = format!("r{number:05}");
        let found = self.office.json(&["record", "find", &request_id]);
        self.code_of(&request_id, &found[0])
    }

    /// The same, with what a person finds of the record.
    pub(crate) fn code_for(&self, person: &Person<'_>, request_id: &str) -> String {
        self.code_of(request_id, &person.get(&format!("/records/default/{request_id}/whereabouts")).json())
    }

    /// A person of its staff.
    pub(crate) fn signed_in(&self, name: &str) -> Person<'_> {
        Person::sign_in(&self.served, name)
    }

    fn code_of(&self, request_id: &str, found: &Value) -> String {
        let attempt = found["card"]["attempt"].as_str().unwrap();
        let digits = fs::read_to_string(self.office.data().join("cetak.key")).unwrap();
        let byte = |at: usize| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap();
        let keys = Keys::derive(&std::array::from_fn(byte));
        let hash = cetak::store::keys::hex(&keys.card(request_id, attempt)[..8]);
        format!("{request_id} {attempt} {hash}")
    }
}

impl Drop for PrintRoom {
    /// What its server has written, and what it tells of its work, names no person.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        assert_impersonal("the log", &self.served.running.messages());
        if !self.served.running.has_ended() {
            assert_impersonal("the metrics", &self.served.get("/metrics").body);
        }
    }
}

impl<'a> Staff<'a> {
    /// Adds the stock-keeper `gugun` and the auditor `audi`.
    pub(crate) fn add_others(&self, room: &'a PrintRoom) {
        for (name, role) in [("gugun", "stock-keeper"), ("audi", "auditor")] {
            add_with_role(&room.served, (&self.administrator, &self.supervisor), name, role);
        }
    }

    /// The requests of the cards that were checked.
    pub(crate) fn checked(&self) -> Vec<String> {
        let page = self.supervisor.get("/records?checked=true").json();
        page["items"].as_array().unwrap().iter().map(|item| item["request_id"].as_str().unwrap().to_owned()).collect()
    }
}
