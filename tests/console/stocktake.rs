//! Tests that blanks are counted blind by the pages alone: no page of the counter has the booked number, and what is entered is compared
//! with the book of that moment.

use serde_json::{Value, json};

use crate::{
    browser::{Browser, Look},
    day::{offered, send},
    http::Served,
    office::Office,
    pages::{PAGES, links},
    people,
    person::audit,
    print_room::PrintRoom,
    wait_until,
};

/// The deliveries, of which `PRINTED` blanks are used.
const DELIVERIES: [usize; 2] = [2914, 1822];
const PRINTED: u32 = 5;

/// The numbers that the counter must not see: the deliveries, and all that the vault has during the test.
const SECRET: [&str; 6] = ["2914", "1822", "4731", "4730", "4729", "4728"];

fn office() -> PrintRoom {
    let office = Office::new();
    office.import("student", &people::students(0..PRINTED));
    for quantity in DELIVERIES {
        office.receive("student", quantity);
    }
    office.add_mock("p1", "student", "card_ms=0");
    office.done(&["run", "--until-idle"]);
    office.done(&["queue", "pause", "--reason", "a test"]);
    office.import("student", &people::students(PRINTED..PRINTED + 3));
    let served = Served::new(&office);
    PrintRoom { office, served }
}

/// The secret numbers that stand on the page, also with a separator of thousands, and in what its script may read.
fn secrets(browser: &Browser) -> Vec<String> {
    let page = browser.run("return document.documentElement.outerHTML");
    let words = page.as_str().unwrap().split(|letter: char| !letter.is_ascii_alphanumeric() && !",.-".contains(letter));
    let plain = words.map(|word| word.replace([',', '.'], ""));
    plain.filter(|word| SECRET.contains(&word.as_str())).collect()
}

/// Opens each page and each page to which those lead, and returns those that have a secret number.
fn leaks(browser: &Browser) -> Vec<String> {
    let counted = ["/stock/counts", "/stock/counts/1", "/do/EnterCount?/count=1", "/handover/ready"];
    let mut due: Vec<String> = PAGES.iter().chain(&counted).map(|path| (*path).to_owned()).collect();
    let mut seen = std::collections::BTreeSet::new();
    let mut leaks = Vec::new();
    while let Some(path) = due.pop() {
        browser.open(&path);
        let found = secrets(browser);
        if !found.is_empty() {
            leaks.push(format!("{path}: {found:?}"));
        }
        due.extend(links(browser).into_iter().filter(|(form, _)| seen.insert(form.clone())).map(|(_, link)| link));
    }
    leaks
}

#[test]
fn blanks_are_counted_blind_by_the_pages_and_compared_with_the_book_when_the_count_is_sent() {
    let room = office();
    let staff = room.staff();
    staff.add_others(&room);
    let mut browser = Browser::at(&room.served.address, Look::DESK);
    browser.allow("the server responded with a status of");
    browser.allow("/photo");

    // A number is found where it is shown: before the count, its counter sees it.
    browser.sign_in("gugun");
    browser.open("/stock");
    assert!(secrets(&browser).contains(&"4731".to_owned()), "{}", browser.text("main"));

    browser.sign_in("sri");
    browser.open("/stock/counts");
    browser.open(&offered(&browser, "OpenCount"));
    for (field, value) in [("/blank_type", "student"), ("/counter", "gugun"), ("/note", "stok opname bulanan")] {
        let field = format!("main form [name='{field}']");
        browser.run(&format!("const field = document.querySelector({}); field.value = {}", json!(field), json!(value)));
    }
    send(&browser);

    // Meanwhile three blanks of the vault are used.
    browser.sign_in("gugun");
    assert_eq!(leaks(&browser), Vec::<String>::new());
    staff.supervisor.done("/queue/resume", &json!({ "note": "three more" }));
    let vault = || staff.supervisor.get("/board").json()["blangko"]["student"]["vault"].clone();
    wait_until("three blanks are used", 60, || vault() == 4728);
    assert_eq!(leaks(&browser), Vec::<String>::new(), "after blanks were used, too");

    browser.show_as(Look { language: "id", is_phone: true });
    browser.open("/stock/counts/1");
    browser.open(&offered(&browser, "EnterCount"));
    for part in ["entry", "again"] {
        for (field, number) in [("bundles", "47"), ("bundle_size", "100"), ("loose", "28")] {
            browser.type_into(&format!("main form [name='/{part}/{field}']"), number);
        }
    }
    send(&browser);
    let count = staff.supervisor.get("/stock/counts/1").json();
    let made = |field: &str| count["first"][field].clone();
    assert_eq!(
        (&count["state"], made("counted"), made("booked")),
        (&json!("equal"), json!(4728), json!(4728)),
        "{count}"
    );
    let is_count = |entry: &&Value| entry["act"].as_str().is_some_and(|act| act.starts_with("count."));
    assert!(audit(&staff.supervisor).iter().filter(is_count).count() >= 2, "it is on record");
    browser.open("/stock");
    assert!(secrets(&browser).contains(&"4728".to_owned()), "it is over: {}", browser.text("main"));
}
