//! Tests that an open page follows the board, and that it says so when it does not.

use fantoccini::wd::WindowHandle;
use serde_json::{Value, json};

use crate::{
    browser::{Browser, Look},
    is_full,
    line::Line,
    print_room::PrintRoom,
    wait_until,
};

/// Within which time a page is stale without its server, and right with it, in seconds.
const WITHIN: u64 = 15;

/// Waits until a page is not stale and says that printing is paused with this note, or that it is not paused.
fn wait_until_right(browser: &Browser, note: Option<&str>) {
    let script = "const said = document.querySelector('#state .wait')?.innerText ?? null;
                  return ['isStale' in document.body.dataset || !document.getElementById('stale').hidden, said]";
    wait_until(&format!("the page is right: {note:?}"), WITHIN, || {
        let found = browser.run(script);
        let said = found[1].as_str();
        found[0] == false
            && said.is_some() == note.is_some()
            && said.unwrap_or_default().contains(note.unwrap_or_default())
    });
}

/// A page that has read the board, in a browser that may lose its server.
fn board(address: &str) -> Browser {
    let mut browser = Browser::signed_in(address, "opi", Look::DESK);
    browser.allow("net::ERR_");
    assert_eq!(browser.run("window.isTheSame = true; return document.body.matches('[data-is-stale]')"), false);
    browser
}

#[test]
fn the_board_changes_by_itself_when_another_session_resumes_and_pauses_printing() {
    let room = PrintRoom::new();
    let staff = room.staff();
    let browser = board(&room.served.address);
    browser.focus("#printer-1 h3 a");
    staff.supervisor.done("/queue/resume", &json!({ "note": "go on" }));
    wait_until_right(&browser, None);
    staff.supervisor.done("/pauses", &json!({ "scope": "queue", "note": "the ribbon <is> torn" }));
    wait_until_right(&browser, Some("sri: the ribbon <is> torn"));
    browser.wait_for_text("#pauses + ul", "the ribbon <is> torn");
    let kept = "return [window.isTheSame, document.activeElement === document.querySelector('#printer-1 h3 a')]";
    assert_eq!(browser.run(kept), json!([true, true]), "the page was not loaded again, and the focus is where it was");
}

/// Puts a field, open details with a field and an open dialog with a field into a page that follows the board, as a template would have
/// them: each reading from the server has them too, closed and empty.
const WITH_MORE: &str = "
    const more = '<input id=\"plain\"><details id=\"more\"><summary>More</summary><input id=\"inside\"></details>'
        + '<dialog id=\"asks\"><input id=\"answer\"><button>Go</button></dialog>';
    document.querySelector('#live h1').insertAdjacentHTML('afterend', more);
    const fetched = window.fetch;
    window.readings = 0;
    window.fetch = async (...asked) => {
        const answer = await fetched(...asked);
        if (answer.status !== 200) return answer;
        window.readings += 1;
        const html = (await answer.text()).replace(/<\\/h1>/, '</h1>' + more);
        return new Response(html, { status: 200, headers: answer.headers });
    };";
/// What must stand as it was: the focus, its text and caret, what is open, and that the page is the same.
const KEPT: &str = "
    const at = document.activeElement;
    return [at.id, at.value, at.selectionStart, at.selectionEnd, document.getElementById('more').open,
        document.getElementById('asks').matches(':modal'), window.isTheSame]";

#[test]
fn focus_caret_typed_text_open_details_and_dialogs_are_kept_while_64_printers_print() {
    const PRINTERS: u32 = 64;
    // A page reads itself at most once a second.
    let readings = if is_full() { 20 } else { 2 };
    // They last for longer than the test: it ends with cards that wait.
    let room = PrintRoom::with_printers(PRINTERS, if is_full() { 2_000 } else { 900 });
    let staff = room.staff();
    let browser = board(&room.served.address);
    browser.run(WITH_MORE);
    browser.click("#more summary");
    let printed = || browser.text("[aria-labelledby=records]");
    for (field, opens) in [("plain", ""), ("inside", ""), ("answer", "document.getElementById('asks').showModal()")] {
        browser.run(opens);
        let selector = format!("#{field}");
        browser.click(&selector);
        browser.type_into(&selector, "half a word");
        browser.run("window.readings = 0; document.activeElement.setSelectionRange(4, 6)");
        let (before, list) = (browser.run(KEPT), printed());
        assert_eq!(before, json!([field, "half a word", 4, 6, true, field == "answer", true]));
        wait_until("the board is read several times, and cards are printed meanwhile", 120, || {
            assert_eq!(browser.run(KEPT), before);
            browser.run("return window.readings").as_u64().unwrap() >= readings && printed() != list
        });
    }
    let tiles = browser.run("return document.querySelectorAll('.tile').length");
    assert_eq!(tiles, PRINTERS);
    let records = staff.supervisor.get("/board").json()["records"].clone();
    assert!(
        ["waiting", "batched"].iter().any(|state| records[state] != 0),
        "cards are printed to the end of it: {records}"
    );
}

/// Open pages, each in its window: two that follow the board, one that does not, and a form in which something is typed.
struct OpenPages {
    browser: Browser,
    windows: Vec<WindowHandle>,
}

/// What is typed into the form.
const TYPED: &str = "half a word";
/// Of the page that is looked at: whether it says that it is stale, as of when it is shown, whether printing is paused, and with which words.
const SHOWN: &str = "const stale = document.getElementById('stale');
    return ['isStale' in document.body.dataset && !stale.hidden, stale.innerText, document.querySelector('#state .wait')?.innerText ?? '',
        document.querySelector('.self .stop')?.innerText ?? '', window.isTheSame, document.querySelector('main [name=\"/note\"]')?.value]";

impl OpenPages {
    /// They have read the board, in a browser that may lose its server.
    fn at(address: &str) -> Self {
        let browser = board(address);
        let mut windows = vec![browser.window()];
        for path in ["/needs", "/records/default/r00013"] {
            windows.push(browser.open_window(path));
        }
        windows.push(browser.open_window("/do/HoldRecord?/record/source=default&/record/request_id=r00013"));
        browser.type_into("main [name='/note']", TYPED);
        for window in &windows {
            browser.look_at(window);
            assert_eq!(browser.run("window.isTheSame = true; return document.hidden"), false);
        }
        Self { browser, windows }
    }

    /// Waits until each of them is so, and fails if one was loaded again or has lost what was typed.
    fn wait_until(&self, what: &str, is: impl Fn(&Value) -> bool) {
        let mut shown = Vec::new();
        wait_until(what, WITHIN, || {
            let looked = self.windows.iter().map(|window| {
                self.browser.look_at(window);
                self.browser.run(SHOWN)
            });
            shown = looked.collect();
            shown.iter().all(&is)
        });
        assert!(shown.iter().all(|page| page[4] == true), "no page was loaded again: {shown:?}");
        assert_eq!(shown[3][5], TYPED);
    }

    fn wait_until_stale(&self) {
        self.wait_until("all pages are stale", |page| {
            let said = page[1].as_str().unwrap();
            page[0] == true && said.contains("The connection is lost") && said.contains(':')
        });
    }

    /// Waits until none is stale and each says that printing is paused with this note, or that it is not paused.
    fn wait_until_right(&self, note: Option<&str>) {
        self.wait_until(&format!("all pages are right: {note:?}"), |page| {
            let (said, button) = (page[2].as_str().unwrap(), page[3].as_str().unwrap());
            let is_right = match note {
                // An operator may pause, and not go on.
                Some(note) => said.contains(note) && button.is_empty(),
                None => said.is_empty() && button == "Pause",
            };
            page[0] == false && is_right
        });
    }
}

#[test]
fn open_pages_are_stale_within_15_seconds_of_a_freeze_a_kill_and_a_cut_line_and_right_within_15_seconds_of_its_end() {
    let mut room = PrintRoom::new();
    room.staff();
    let line = Line::to(&room.served.address);
    let pages = OpenPages::at(&line.address);
    let resume = |room: &PrintRoom| room.signed_in("sri").done("/queue/resume", &json!({ "note": "go on" }));
    resume(&room);
    pages.wait_until_right(None);

    // A process that is suspended within a transaction keeps the database: then it goes on, and is suspended again.
    loop {
        room.served.running.freeze();
        pages.wait_until_stale();
        let is_paused = room.office.run(&["queue", "pause", "--reason", "frozen"]).code == Some(0);
        room.served.running.thaw();
        if is_paused {
            break;
        }
        pages.wait_until_right(None);
    }
    pages.wait_until_right(Some("frozen"));
    resume(&room);
    pages.wait_until_right(None);

    room.kill();
    pages.wait_until_stale();
    room.office.done(&["queue", "pause", "--reason", "killed"]);
    room.start_again();
    pages.wait_until_right(Some("killed"));

    line.cut();
    pages.wait_until_stale();
    pages.browser.look_at(&pages.windows[3]);
    pages.browser.click("main form button.primary");
    pages.browser.wait_for_text("#stale", "Nothing was sent");
    resume(&room);
    line.mend();
    pages.wait_until_right(None);
    room.signed_in("sri").done("/pauses", &json!({ "scope": "queue", "note": "each follows" }));
    pages.wait_until_right(Some("each follows"));
}
