//! Tests that every page can be read and used by everybody: axe-core finds nothing on it, in both languages and in the light and the dark
//! colours, and the browser has nothing against its script and its policy.

use crate::{
    axe::violations,
    browser::{Browser, Look},
    print_room::PrintRoom,
};

/// The pages that a supervisor sees.
const PAGES: [&str; 24] = [
    "/",
    "/records",
    "/records/search",
    "/records/default/r00001",
    "/records/default/r00013",
    "/batches",
    "/batches/1",
    "/printers/p1",
    "/printers",
    "/night",
    "/inspect",
    "/check",
    "/check?batch=1",
    "/check/codes",
    "/batches/1/pile",
    "/handover",
    "/stock",
    "/acts",
    "/audit",
    "/me",
    "/do/Pause?/scope=queue",
    "/do/HoldRecord?/record/source=default&/record/request_id=r00013",
    "/do/RejectCard?/record/source=default&/record/request_id=r00001",
    "/do/SetPrinter?/printer=p1",
];

/// Looks at the page that is shown, in both themes.
fn look(browser: &Browser, found: &mut Vec<String>) {
    for theme in ["light", "dark"] {
        browser.prefer(theme);
        let path = browser.path();
        found.extend(violations(browser).into_iter().map(|violation| format!("{path}, {theme}: {violation}")));
    }
}

fn every_page(look_at: Look) {
    let room = PrintRoom::new();
    room.staff();
    let mut found = Vec::new();
    let mut visitor = Browser::at(&room.served.address, look_at);
    visitor.allow("/icon");
    visitor.open("/login");
    visitor.run("document.querySelector('main').append(Object.assign(new Image(), { src: '/icon' }))");
    assert!(
        violations(&visitor).iter().any(|violation| violation.contains("image-alt")),
        "axe sees a picture without words"
    );
    for path in ["/login", "/password"] {
        visitor.open(path);
        look(&visitor, &mut found);
    }
    let mut browser = Browser::signed_in(&room.served.address, "sri", look_at);
    for path in PAGES {
        browser.open(path);
        assert!(!browser.has(".error"), "{path}: {}", browser.text("main"));
        look(&browser, &mut found);
    }
    browser.open("/check");
    browser.answered(|browser| browser.scan(&room.code(1)));
    look(&browser, &mut found);
    // What is refused.
    browser.allow("the server responded with a status of");
    browser.open("/people");
    look(&browser, &mut found);
    browser.open("/do/ResumeQueue?back=/");
    browser.run("document.querySelector('main form').noValidate = true");
    browser.next_page(|browser| browser.click("main form button.primary"));
    assert!(browser.has("#error:focus"), "the error has the focus");
    look(&browser, &mut found);
    drop(browser);
    let browser = Browser::signed_in(&room.served.address, "root", look_at);
    for path in ["/people", "/do/AddPrinter"] {
        browser.open(path);
        look(&browser, &mut found);
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn axe_finds_nothing_on_any_page_in_english_at_a_desk() {
    every_page(Look::DESK);
}

#[test]
fn axe_finds_nothing_on_any_page_in_indonesian_on_a_phone() {
    every_page(Look { language: "id", is_phone: true });
}
