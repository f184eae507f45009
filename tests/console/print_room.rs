//! Helper: an office with printed cards and people of some roles, and its server.

use std::{fs, process::Command};

use cetak::store::keys::Keys;

use crate::{
    http::Served,
    office::Office,
    people,
    person::{Person, add_with_role, with_supervisor},
};

/// How many students have a card.
const PRINTED: u32 = 12;

/// An office with twelve printed cards, three records that wait, and printing that is paused.
pub(crate) struct PrintRoom {
    pub(crate) office: Office,
    pub(crate) served: Served,
}

/// The people that tests send requests as: `sri` is the supervisor. There are also the operator `opi` and the administrator `root`.
pub(crate) struct Staff<'a> {
    pub(crate) supervisor: Person<'a>,
}

impl PrintRoom {
    pub(crate) fn new() -> Self {
        let office = Office::new();
        office.import("student", &people::students(0..PRINTED));
        office.receive("student", 40);
        office.add_mock("p1", "student", "card_ms=0");
        office.done(&["run", "--until-idle"]);
        office.done(&["queue", "pause", "--reason", "a test"]);
        office.import("student", &people::students(PRINTED..PRINTED + 3));
        let served = Served::new(&office);
        Self { office, served }
    }

    pub(crate) fn staff(&self) -> Staff<'_> {
        let (administrator, supervisor) = with_supervisor(&self.office, &self.served);
        add_with_role(&self.served, (&administrator, &supervisor), "opi", "operator");
        Staff { supervisor }
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
        let attempt = found[0]["card"]["attempt"].as_str().unwrap();
        let digits = fs::read_to_string(self.office.data().join("cetak.key")).unwrap();
        let byte = |at: usize| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap();
        let keys = Keys::derive(&std::array::from_fn(byte));
        let hash = cetak::store::keys::hex(&keys.card(&request_id, attempt)[..8]);
        format!("{request_id} {attempt} {hash}")
    }
}

impl Staff<'_> {
    /// The requests of the cards that were checked.
    pub(crate) fn checked(&self) -> Vec<String> {
        let page = self.supervisor.get("/records?checked=true").json();
        page["items"].as_array().unwrap().iter().map(|item| item["request_id"].as_str().unwrap().to_owned()).collect()
    }
}
