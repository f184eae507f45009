//! Tests an office in the zone of Jayapura with a browser in UTC: over midnight the open board says what `cetak status` says.

use std::{fs, net::TcpStream};

use serde_json::json;

use crate::{
    browser::{Browser, Look},
    http::Served,
    now,
    office::Office,
    people,
    print_room::PrintRoom,
    wait_until,
};

/// Midnight in Jayapura, and two instants before it: when the office begins to work, and when its server is started again.
const MIDNIGHT: &str = "2027-03-01T15:00:00Z";
const BEGINS: &str = "2027-03-01T14:40:00Z";
const AGAIN: &str = "2027-03-01T14:59:45Z";

/// Debian's path of libfaketime.
fn faketime() -> String {
    let folders = fs::read_dir("/usr/lib").unwrap().map(|folder| folder.unwrap().path());
    let found = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|library| library.exists());
    let library = found.unwrap_or_else(|| panic!("there is no libfaketime; hint: `apt-get install faketime`"));
    library.to_str().unwrap().to_owned()
}

/// How many seconds an instant is from now.
fn offset_to(instant: &str) -> String {
    let instant: jiff::Timestamp = instant.parse().unwrap();
    let now = jiff::Timestamp::from_microsecond(now().0).unwrap();
    format!("{:+}", instant.duration_since(now).as_secs())
}

#[test]
fn over_midnight_in_jayapura_the_board_of_a_browser_in_utc_agrees_with_the_status() {
    let (library, offset) = (faketime(), offset_to(BEGINS));
    let clock = [("LD_PRELOAD", &*library), ("FAKETIME", &*offset), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")];
    let office = Office::with(&clock);
    office.done(&["init"]);
    office.set("zone = \"Asia/Jayapura\"\n");
    office.import("student", &people::students(0..5));
    office.receive("student", 2);
    office.add_mock("p1", "student", "card_ms=0");
    office.done(&["run", "--until-idle"]);
    office.done(&["queue", "pause", "--reason", "sebelum tengah malam"]);
    let served = Served::new(&office);
    let mut room = PrintRoom { office, served };
    room.staff();
    let mut browser = Browser::at(&room.served.address, Look { language: "id", is_phone: false });
    browser.allow("net::ERR_");
    browser.devtools("Emulation.setTimezoneOverride", &json!({ "timezoneId": "UTC" }));
    browser.sign_in("sri");
    assert_eq!(browser.run("return Intl.DateTimeFormat().resolvedOptions().timeZone"), "UTC");

    // The session goes on: it is not used for twenty minutes.
    room.kill();
    room.office.set_variable("FAKETIME", &offset_to(AGAIN));
    room.start_again();
    wait_until("the server listens again", 60, || TcpStream::connect(&room.served.address).is_ok());
    browser.open("/");
    browser.run("window.isTheSame = true");
    assert!(browser.text("#as-of").contains(" 23:59:"), "{}", browser.text("#as-of"));
    browser.wait_for_text("#as-of", " 00:00:");
    let supervisor = room.signed_in("sri");
    supervisor.done("/pauses", &json!({ "scope": { "printer": "p1" }, "note": "sesudah tengah malam" }));
    browser.wait_for_text("#pauses + ul", "sesudah tengah malam");

    let board = supervisor.get("/board").json();
    let status = room.office.done(&["status"]).stdout;
    let shown = browser.text("#pauses + ul");
    let midnight: jiff::Timestamp = MIDNIGHT.parse().unwrap();
    let mut days = Vec::new();
    for pause in board["pauses"].as_array().unwrap() {
        let since: jiff::Timestamp = pause["since"].as_str().unwrap().parse().unwrap();
        let local = since.in_tz("Asia/Jayapura").unwrap();
        days.push((since >= midnight, local.strftime("%-d").to_string()));
        assert!(status.contains(&local.strftime("since %Y-%m-%d %H:%M:%S").to_string()), "{status}");
        let day = format!("{} Mar 2027, {} WIT", local.strftime("%-d"), local.strftime("%H:%M"));
        assert!(shown.contains(&day), "{day}: {shown}");
    }
    days.sort();
    assert_eq!(days, [(false, "1".to_owned()), (true, "2".to_owned())], "one pause before and one after midnight");
    assert_eq!(board["printers"][0]["cards_24h"], 2, "{board}");
    assert!(browser.text("#printer-1 .today").contains('2') && status.contains("p1"), "{status}");
    assert_eq!(browser.run("return window.isTheSame"), true, "the board was not loaded again");
}
