//! Tests that every page can be read and used by all who work with it: axe-core finds nothing on it, in both languages, in the light and the dark
//! colours, at a desk and on a phone; it fits a screen of 320 pixels, as a desk shows it at 200 % and more; nothing moves for people who
//! want that; and the browser has nothing against its script and its policy.
//!
//! Each page is looked at in one of the eight ways in turn. `CONSOLE=full` looks at each in all of them, and follows each link of
//! each role.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    axe::violations,
    browser::{Browser, Look},
    is_full, people,
    print_room::PrintRoom,
    wait_until,
};

/// The pages that a supervisor sees.
pub(crate) const PAGES: &[&str] = &[
    "/",
    "/needs",
    "/records",
    "/records?state=printed",
    "/records/search",
    "/records/default/r00000",
    "/records/default/r00001",
    "/records/default/r00013",
    "/jumps",
    "/batches",
    "/batches/1",
    "/batches/1/pile",
    "/printers/p1",
    "/printers",
    "/printers/p2",
    "/night",
    "/plan",
    "/inspect",
    "/check",
    "/check?batch=1",
    "/check/codes",
    "/handover",
    "/handover/ready",
    "/handover/sent",
    "/handover/uncollected",
    "/handover/collected",
    "/handover/send",
    "/handover/receive",
    "/handover/district-list",
    "/stock",
    "/stock/counts",
    "/stock/counts/1",
    "/matching-records?act=hold&state=waiting",
    "/printers/p1/probe",
    "/import",
    "/imports",
    "/imports/1",
    "/acts",
    "/audit",
    "/audit/chains/web",
    "/help",
    "/me",
    "/do/Pause?/scope=queue",
    "/do/HoldRecord?/record/source=default&/record/request_id=r00013",
    "/do/RejectCard?/record/source=default&/record/request_id=r00000",
    "/do/SetPrinter?/printer=p1",
    "/do/ResumePrinter",
    "/do/OpenCount",
];

/// The eight ways to look at a page.
fn ways() -> Vec<(Look, &'static str)> {
    let mut ways = Vec::new();
    for theme in ["light", "dark"] {
        for is_phone in [false, true] {
            for language in ["en", "id"] {
                ways.push((Look { language, is_phone }, theme));
            }
        }
    }
    ways
}

/// What is wrong with pages.
#[derive(Default)]
struct Faults {
    found: Vec<String>,
    looked_at: usize,
}

impl Faults {
    /// Opens a page in its way or its ways, and looks at it.
    fn open(&mut self, browser: &Browser, path: &str) {
        let ways = ways();
        let (first, last) =
            if is_full() { (0, ways.len()) } else { (self.looked_at % ways.len(), self.looked_at % ways.len() + 1) };
        for (look, theme) in &ways[first..last] {
            browser.show_as(*look);
            browser.open(path);
            let text = browser.text("main");
            let is_hidden = ["during count 1", "selama stok opname 1"].iter().any(|hidden| text.contains(hidden));
            if browser.has("main .error") && !is_hidden {
                self.found.push(format!("{path}: {text}"));
            }
            self.see(browser, &format!("{look:?}, {theme}"), theme);
        }
        self.looked_at += 1;
    }

    /// Looks at the page that is shown.
    fn see(&mut self, browser: &Browser, way: &str, theme: &str) {
        browser.prefer(theme);
        let path = browser.path();
        self.found.extend(violations(browser).into_iter().map(|violation| format!("{path}, {way}: {violation}")));
        browser.set_size(320, 640);
        let wide = browser.run(
            "const isWide = (at) => at.getBoundingClientRect().right > 321 && !at.closest('.wide, nav');
             const wide = [...document.querySelectorAll('body *')].filter(isWide).slice(0, 3).map((at) => at.outerHTML.slice(0, 200));
             return document.documentElement.scrollWidth > 320 ? wide : []",
        );
        if wide != json!([]) {
            self.found.push(format!("{path}, {way}: it does not fit 320 pixels: {wide}"));
        }
    }

    fn assert_none(&self) {
        assert!(self.found.is_empty(), "{:#?}", self.found);
    }
}

/// The addresses that a page leads to, each with its form: numbers and names are one.
pub(crate) fn links(browser: &Browser) -> Vec<(String, String)> {
    let found = browser.run("return [...document.querySelectorAll('a[href^=\"/\"]:not([href^=\"/api\"]):not([download])')].map((link) => link.getAttribute('href'))");
    let links = found.as_array().unwrap().iter().map(|link| link.as_str().unwrap().to_owned());
    let form = |link: &str| {
        let (path, query) = link.split_once('?').unwrap_or((link, ""));
        let keys: Vec<&str> = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect();
        let letters: String = path.chars().filter(|letter| !letter.is_ascii_digit()).collect();
        format!("{letters}?{}", keys.join("&"))
    };
    links.map(|link| (form(&link), link)).collect()
}

/// Follows each link from the board, one of each form.
fn follow_links(browser: &Browser, faults: &mut Faults) {
    let (mut seen, mut due) = (BTreeSet::new(), vec!["/".to_owned()]);
    while let Some(path) = due.pop() {
        faults.open(browser, &path);
        for (form, link) in links(browser) {
            if seen.insert(form) {
                due.push(link);
            }
        }
    }
    assert!(seen.len() > 10, "{seen:?}");
}

/// The pages before a sign-in.
fn visit(browser: &Browser, faults: &mut Faults) {
    browser.open("/login");
    browser.run("document.querySelector('main').append(Object.assign(new Image(), { src: '/icon' }))");
    assert!(violations(browser).iter().any(|fault| fault.contains("image-alt")), "axe sees a picture without words");
    for path in ["/login", "/password"] {
        faults.open(browser, path);
    }
}

/// Pages that answer what a person sent.
fn see_answers(browser: &Browser, room: &PrintRoom, faults: &mut Faults) {
    browser.open("/check");
    browser.answered(|browser| browser.scan(&room.code(2)));
    assert!(browser.has("[data-verdict=good]"), "{}", browser.text("main"));
    faults.see(browser, "a card", "dark");
    browser.open("/audit");
    browser.next_page(|browser| browser.click("main form button.primary"));
    faults.see(browser, "verified", "light");
    browser.open("/import");
    browser.run("document.querySelector('#profile').value = 'student'");
    browser.type_into("#list", &room.office.write("uploaded.csv", people::students(90..95)));
    browser.next_page(|browser| browser.click("main form button.primary"));
    assert!(browser.has("main .verdict"), "{}", browser.text("main"));
    faults.see(browser, "an uploaded list", "light");
    // What is refused.
    browser.open("/people");
    faults.see(browser, "refused", "light");
    browser.open("/do/ResumeQueue?back=/");
    browser.run("document.querySelector('main form').noValidate = true");
    browser.next_page(|browser| browser.click("main form button.primary"));
    assert!(browser.has("#error:focus"), "the error has the focus");
    faults.see(browser, "a fault", "dark");
}

#[test]
fn axe_finds_nothing_on_any_page_and_each_fits_a_narrow_screen_and_stands_still() {
    let room = PrintRoom::with_faults();
    let mut faults = Faults::default();
    let mut browser = Browser::at(&room.served.address, Look::DESK);
    // The page of the first administrator is gone when there is one.
    browser.open("/first");
    faults.open(&browser, "/first");
    let staff = room.staff();
    staff.supervisor.done("/queue/resume", &json!({ "note": "so that a printer jams" }));
    wait_until("a printer has jammed", 60, || {
        let printers = staff.supervisor.get("/printers").json();
        let has_jam = |printer: &Value| printer.to_string().contains("media-jam");
        printers["items"].as_array().is_some_and(|all| all.iter().any(has_jam)) || has_jam(&printers)
    });
    staff.operator.done("/records/default/r00000/reprints", &json!({ "reason": "damaged" }));
    staff.add_others(&room);
    let count = json!({ "blank_type": "student", "printer": null, "counter": "gugun", "note": "each month" });
    staff.supervisor.done("/stock/counts", &count);
    browser.allow("/icon");
    browser.allow("/photo");
    browser.allow("the server responded with a status of");
    visit(&browser, &mut faults);

    browser.sign_in("sri");
    for path in PAGES {
        faults.open(&browser, path);
    }
    see_answers(&browser, &room, &mut faults);
    browser.open("/");
    let still = json!({ "features": [{ "name": "prefers-reduced-motion", "value": "reduce" }] });
    browser.devtools("Emulation.setEmulatedMedia", &still);
    let moves = "const style = (at) => getComputedStyle(at);
        const moves = (at) => style(at).animationName !== 'none' || parseFloat(style(at).transitionDuration) > 0 || style(at).scrollBehavior === 'smooth';
        return [...document.querySelectorAll('*')].filter(moves).length";
    assert_eq!(browser.run(moves), 0, "nothing moves");

    browser.sign_in("root");
    for path in ["/people", "/do/AddPrinter"] {
        faults.open(&browser, path);
    }
    browser.sign_in("gugun");
    faults.open(&browser, "/do/EnterCount?/count=1");
    if is_full() {
        for name in ["sri", "opi", "gugun", "audi", "root"] {
            browser.sign_in(name);
            follow_links(&browser, &mut faults);
        }
    }
    faults.assert_none();
}
