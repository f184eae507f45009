//! Tests the sessions of open pages that follow the board: one read proves all of them, and none outlives its end.

use serde_json::{Value, json};

use crate::{
    console::{office, staff},
    http::{Reply, Served},
    person::Person,
};

/// The accounts with open pages, and the pages of each.
const NAMES: [&str; 4] = ["opi", "sri", "gugun", "audi"];
const OF_EACH: usize = 8;

/// A page reads itself again, as its script does.
fn follow(served: &Served, person: &Person<'_>) -> Reply {
    served.send("GET", "/", &[("cookie", &*person.cookie), ("x-followed", "1")], "")
}

fn reads(served: &Served) -> usize {
    let metrics = served.get("/metrics").body;
    let line = metrics.lines().find_map(|line| line.strip_prefix("cetak_database_reads_total "));
    line.unwrap_or_else(|| panic!("{metrics}")).parse().unwrap()
}

#[test]
fn the_sessions_of_open_pages_are_proved_together_and_a_session_that_ends_shows_nothing_more() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let names = NAMES.iter().cycle().take(NAMES.len() * OF_EACH);
    let pages: Vec<Person<'_>> = names.map(|name| Person::sign_in(&served, name)).collect();
    assert!(pages.iter().all(|page| follow(&served, page).status == 200));
    let before = reads(&served);
    assert!(pages.iter().all(|page| follow(&served, page).status == 200));
    let read = reads(&served) - before;
    assert!(read < pages.len(), "{} pages were proved with {read} reads, those of the board among them", pages.len());

    assert_eq!(pages[0].send("DELETE", "/session", &Value::Null).status, 204);
    assert_eq!((follow(&served, &pages[0]).status, follow(&served, &pages[1]).status), (303, 200));
    staff["administrator"].done("/accounts/opi/disable", &json!({ "note": "away" }));
    let shown: Vec<u16> = pages.iter().map(|page| follow(&served, page).status).collect();
    let due: Vec<u16> = (0..pages.len()).map(|page| if page % NAMES.len() == 0 { 303 } else { 200 }).collect();
    assert_eq!(shown, due, "a disabled account sees nothing");
}
