//! Tests the board of the console, the last night, the printers and what stands within reach of a thumb.

use serde_json::json;

use crate::{
    console::{Browser, hidden, location, office, staff, texts},
    http::Served,
    office::Office,
    people,
    person::{add_with_role, with_supervisor},
    wait_until,
};

#[test]
fn the_last_night_is_the_first_link_of_the_board_and_tells_cards_blanks_and_what_stopped() {
    let office = Office::new();
    office.receive("student", 20);
    office.add_mock("p1", "student", "card_ms=0&script=2:spoil,3:forget");
    office.import("student", &people::students(0..6));
    office.done(&["run", "--until-idle"]);
    office.done(&["queue", "pause", "--reason", "a test"]);
    let printed = office.attempts().into_iter().find(|one| one.outcome.as_deref() == Some("printed")).unwrap();
    office.done(&["card", "reject", &printed.request_id, "--cause", "damaged", "--reason", "bent"]);
    let served = Served::new(&office);
    let staff = staff(&office, &served);
    let operator = &staff["operator"];
    let night = operator.get("/night").json();
    let line = json!({ "printer": "p1", "printed": 5, "spoiled": 1, "uncertain": 1, "not_started": 0 });
    assert_eq!(night["printers"], json!([line]), "{night}");
    assert_eq!(
        (&night["rejected"], &night["used"], &night["is_whole"]),
        (&json!(1), &json!(7), &json!(true)),
        "{night}"
    );
    let mut browser = Browser::of(&served, operator);
    let board = browser.get("/").body;
    let content = board.split("id=\"live\"").nth(1).unwrap();
    assert!(content.split("href=\"").nth(1).unwrap().starts_with("/night\""), "{content}");
    let page = browser.get("/night").body;
    let shown = texts(&page);
    assert!(
        shown.contains("What stopped") && shown.contains("paused by") && page.contains("/printers/p1\""),
        "{shown}"
    );
    assert!(page.contains("href=\"/inspect\""), "{page}");
    // The night before, and back.
    let before = night["previous"].as_str().unwrap();
    let earlier = operator.get(&format!("/night/report?night={before}")).json();
    assert_eq!(
        (&earlier["night"]["printers"], &earlier["night"]["next"]),
        (&json!([]), &night["evening"]),
        "{earlier}"
    );
    assert!(page.contains(&format!("href=\"/night?night={before}\"")), "{page}");
    let page = browser.get(&format!("/night?night={before}")).body;
    assert!(page.contains(&format!("href=\"/night?night={}\"", night["evening"].as_str().unwrap())), "{page}");
    assert!(!texts(&page).contains("What stopped"), "it is of now: {page}");
    let said = office.done(&["report", "night", "--night", before]);
    assert!(said.stdout.contains(": 0 good cards"), "{said:?}");
    let plan = operator.get("/plan").json();
    let next = plan["next"].as_str().unwrap();
    assert!(plan["previous"].is_null(), "{plan}");
    assert_eq!(operator.get(&format!("/plan?night={next}")).json()["night"], next);
    assert!(browser.get("/plan").body.contains(&format!("href=\"/plan?night={next}\"")));
    assert!(
        texts(&browser.get(&format!("/plan?night={next}")).body).contains(&format!("What the night of {next} will do"))
    );
    browser.language = "id";
    assert!(texts(&browser.get("/night").body).contains("Malam terakhir dalam angka"));
    assert!(texts(&browser.get(&format!("/night?night={before}")).body).contains("Malam sebelumnya"));
}

#[test]
fn tiles_are_filtered_with_counts_and_keep_their_places() {
    let office = Office::new();
    office.receive("student", 5);
    for number in 1..=10 {
        office.add_mock(&format!("p{number}"), "student", "");
    }
    let served = Served::new(&office);
    let staff = staff(&office, &served);
    staff["operator"].done("/pauses", &json!({ "scope": { "printer": "p3" }, "note": "a test" }));
    let mut browser = Browser::of(&served, &staff["operator"]);
    for path in ["/", "/printers"] {
        let all = browser.get(path).body;
        assert!(texts(&all).contains("All 10") && all.matches("class=\"tile ").count() == 10, "{all}");
        let places: Vec<&str> =
            all.split("id=\"printer-").skip(1).map(|tile| tile.split('"').next().unwrap()).collect();
        assert_eq!(places, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
        let shown = |tone: &str| browser.get(&format!("{path}?show={tone}")).body.matches("class=\"tile ").count();
        assert_eq!(["bad", "busy", "good", "wait"].map(shown).iter().sum::<usize>(), 10, "each is in one filter");
        assert_eq!(shown("anything"), 10);
    }
    browser.language = "id";
    assert!(texts(&browser.get("/printers").body).contains("Semua 10"));
}

#[test]
fn a_pause_is_one_press_of_a_reason_and_the_bar_of_a_phone_leads_to_four_places() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    staff["supervisor"].done("/queue/resume", &json!({ "note": "go on" }));
    let mut browser = Browser::of(&served, &staff["operator"]);
    let page = browser.get("/").body;
    let bar = page.split("class=\"near\"").nth(1).unwrap().split("</nav>").next().unwrap();
    for address in ["/needs", "/printers", "/stock", "/me"] {
        assert!(bar.contains(&format!("href=\"{address}\"")), "{bar}");
    }
    let path = "/do/Pause?/scope=queue&back=/";
    let form = browser.get(path).body;
    assert!(form.contains("name=\"chip\" value=\"A card is stuck\""), "{form}");
    let paused = browser.submit(path, &[("/note", ""), ("chip", "A card is stuck")]);
    assert_eq!(location(&paused), "/?done=Pause&about=queue");
    assert_eq!(staff["operator"].get("/board").json()["queue"]["reason"], "A card is stuck");
    browser.language = "id";
    assert!(browser.get(path).body.contains("value=\"Kartu tersangkut\""));
    assert!(!browser.get("/do/RejectCard").body.contains("name=\"chip\""), "what cannot be undone has none");
}

#[test]
fn board_and_status_name_the_same_day_after_midnight_in_the_zone_of_the_office() {
    // One minute before and after midnight in Jayapura, which is afternoon in UTC.
    for (verified_at, day) in
        [("2026-01-01T14:59:00Z", "Thu 1 Jan 2026, 23:59 WIT"), ("2026-01-01T15:01:00Z", "Fri 2 Jan 2026, 00:01 WIT")]
    {
        let office = Office::new();
        office.done(&["init"]);
        office.set("zone = \"Asia/Jayapura\"\n");
        let student = people::Student { verified_at: verified_at.into(), ..people::student(0) };
        office.import("student", &people::csv(&[student]));
        office.done(&["queue", "pause", "--reason", "a test"]);
        let served = Served::new(&office);
        let (_, supervisor) = with_supervisor(&office, &served);
        let mut browser = Browser::of(&served, &supervisor);
        let board = texts(&browser.get("/").body);
        assert!(board.contains(day), "{board}");
        let answer = supervisor.get("/board").json();
        let since: jiff::Timestamp = answer["pauses"][0]["since"].as_str().unwrap().parse().unwrap();
        let local = since.in_tz("Asia/Jayapura").unwrap();
        assert!(board.contains(&local.strftime("%a %-d %b %Y, %H:%M WIT").to_string()), "{board}");
        let status = office.done(&["status"]).stdout;
        assert!(status.contains(&local.strftime("since %Y-%m-%d %H:%M:%S").to_string()), "{status}");
        browser.language = "id";
        let board = texts(&browser.get("/").body);
        assert!(board.contains(day.split(", ").nth(1).unwrap()) && board.contains("Keadaan pukul"), "{board}");
    }
}

#[test]
fn a_refusal_names_the_instant_in_the_zone_of_the_office_and_a_right_by_its_name() {
    let office = Office::new();
    office.done(&["init"]);
    office.set("zone = \"Asia/Jayapura\"\n");
    let served = Served::new(&office);
    let staff = staff(&office, &served);
    let keeper = Browser::of(&served, &staff["stock-keeper"]);
    let delivery = [("/blank_type", "student"), ("/quantity", "10"), ("/document", "D-1")];
    keeper.submit("/do/ReceiveBlanks?back=/stock", &delivery);
    let again = keeper.submit("/do/ReceiveBlanks?back=/stock", &delivery);
    let shown = texts(&again.body);
    assert!(again.status >= 400 && shown.contains(" WIT"), "{shown}");
    let mut root = Browser::of(&served, &staff["administrator"]);
    root.language = "id";
    let form = root.get("/do/AddToken").body;
    assert!(form.contains("value=\"board-read\"") && !texts(&form).contains("board-read"), "{}", texts(&form));
    assert!(!hidden(&form).is_empty());
}

#[test]
fn in_an_office_of_one_person_the_one_who_asked_confirms() {
    let office = Office::new();
    office.done(&["init"]);
    office.set("two_person = \"recorded\"\n");
    office.import("student", &people::students(0..2));
    let served = Served::new(&office);
    let staff = staff(&office, &served);
    let browser = Browser::of(&served, &staff["operator"]);
    let path = "/ask/WithdrawRecord?/record/source=default&/record/request_id=r00000&back=/records";
    location(&browser.submit(path, &[("/note", "moved away")]));
    let acts = browser.get("/acts").body;
    assert!(acts.contains("/do/ConfirmAct?") && acts.contains("/do/TakeBackAct?"), "{acts}");
}

#[test]
fn what_a_person_asked_for_waits_for_another_person_and_is_no_work_of_the_own() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let supervisor = &staff["supervisor"];
    let reprint = json!({ "reason": "damaged" });
    supervisor.done("/records/default/r00000/reprints", &reprint);
    let undo = supervisor.post("/imports/2/undo/requests", &json!({ "note": "the wrong list" }));
    assert_eq!(undo.status, 201, "{undo:?}");
    let mut own = Browser::of(&served, supervisor);
    let waiting = |browser: &Browser<'_>, path: &str, what: &str| -> Vec<String> {
        let body = browser.get(path).body;
        body.split("<li").filter(|line| line.contains(what)).map(|line| texts(&format!("<body{line}"))).collect()
    };
    for path in ["/", "/needs"] {
        let reprints = waiting(&own, path, "reprints that wait");
        assert_eq!(reprints.len(), 1, "{reprints:?}");
        assert!(reprints[0].contains("waits for another person") && !reprints[0].contains("Go"), "{reprints:?}");
        let acts = waiting(&own, path, "second person: ");
        assert!(acts.len() == 1 && acts[0].contains("waits for another person"), "{acts:?}");
    }
    staff["operator"].done("/records/default/r00001/reprints", &reprint);
    crate::wait_until("the other reprint is shown", 30, || waiting(&own, "/needs", "reprints that wait").len() == 2);
    let reprints = waiting(&own, "/needs", "reprints that wait");
    assert!(reprints[0].contains("Go") && reprints[1].contains("waits for another person"), "{reprints:?}");
    own.language = "id";
    assert!(texts(&own.get("/needs").body).contains("menunggu orang lain"));
    let second = add_with_role(&served, (&staff["administrator"], supervisor), "budi", "supervisor");
    let second = Browser::of(&served, &second);
    let reprints = waiting(&second, "/needs", "reprints that wait");
    assert!(reprints.len() == 1 && reprints[0].contains('2') && reprints[0].contains("Go"), "{reprints:?}");
    let operator = Browser::of(&served, &staff["operator"]);
    assert!(waiting(&operator, "/needs", "reprints that wait")[0].contains("Settled by: supervisor"));
}

#[test]
fn the_board_tells_days_of_cover_the_list_by_class_the_next_window_and_daily_work_before_the_printers() {
    let office = Office::new();
    office.receive("student", 20);
    office.add_mock("p1", "student", "card_ms=0");
    office.import("student", &people::students(0..4));
    office.done(&["run", "--until-idle"]);
    office.done(&["queue", "pause", "--reason", "a test"]);
    office.import("student", &people::students(4..9));
    office.set("zone = \"Asia/Jayapura\"\n[[window]]\nfrom = \"03:00\"\nto = \"03:01\"\nzone = \"Asia/Jayapura\"\n");
    let served = Served::new(&office);
    let staff = staff(&office, &served);
    let operator = &staff["operator"];
    let board = operator.get("/board").json();
    let cover = json!([{ "blank_type": "student", "usable": 16, "used": 4, "days": 4 }]);
    assert_eq!(board["cover"], cover, "{board}");
    let waiting: i64 =
        board["oldest_waiting"].as_array().unwrap().iter().map(|one| one["count"].as_i64().unwrap()).sum();
    assert_eq!((waiting, &board["oldest_waiting"][0]["is_counted"]), (5, &json!(true)), "{board}");
    let mut browser = Browser::of(&served, operator);
    let page = browser.get("/").body;
    let shown = texts(&page);
    assert!(shown.contains("4 days") && shown.contains("16 usable, 4 used in 7 days"), "{shown}");
    assert!(shown.contains("03:00 WIT") || shown.contains("03:01 WIT"), "{shown}");
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
    assert!(place("href=\"/check\"") < place("id=\"printer-1\""), "daily work stands first");
    browser.language = "id";
    let shown = texts(&browser.get("/").body);
    assert!(shown.contains("4 hari") && shown.contains("Jam cetak"), "{shown}");
    // Without a card in seven days nothing is said of days.
    let delivery = json!({ "blank_type": "ktp-el", "quantity": 7, "document": "BAST 7" });
    staff["stock-keeper"].done("/stock/deliveries", &delivery);
    let board = operator.get("/board").json();
    assert_eq!(board["cover"][0]["days"], json!(null), "{board}");
    let is_said = || texts(&browser.get("/").body).contains("7 dapat dipakai; tidak ada kartu dicetak dalam 7 hari");
    wait_until("the board is read again", 10, is_said);
}

#[test]
fn a_printer_has_one_state_and_names_the_card_that_it_prints() {
    let office = Office::new();
    office.receive("student", 5);
    office.add_mock("p1", "student", "card_ms=600000");
    office.import("student", &people::students(0..1));
    let served = Served::new(&office);
    let staff = staff(&office, &served);
    let operator = &staff["operator"];
    let printing = || operator.get("/printers").json()[0]["printing"]["request_id"] == "r00000";
    wait_until("the card is being printed", 60, printing);
    let browser = Browser::of(&served, operator);
    for path in ["/printers/p1", "/printers", "/"] {
        let page = browser.get(path).body;
        let shown = texts(&page);
        assert!(shown.contains("printing") && page.contains("href=\"/records/default/r00000\""), "{path}: {shown}");
        assert!(!shown.contains("idle"), "{path}: {shown}");
    }
}
