//! Tests that an open page follows the board, and that it says so when it does not.

use serde_json::json;

use crate::{
    browser::{Browser, Look},
    line::Line,
    print_room::PrintRoom,
    wait_until,
};

/// Within which time a page is stale without its server, and right with it, in seconds.
const WITHIN: u64 = 15;

/// Waits until a page says that it is stale, and as of when it is.
fn wait_until_stale(browser: &Browser) {
    let is_stale = "return 'isStale' in document.body.dataset && !document.getElementById('stale').hidden";
    wait_until("the page is stale", WITHIN, || browser.run(is_stale) == true);
    let said = browser.text("#stale");
    assert!(said.contains("The connection is lost") && said.contains(':'), "{said:?}");
}

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

#[test]
fn focus_caret_typed_text_and_open_details_are_kept_while_the_board_changes() {
    let room = PrintRoom::new();
    let staff = room.staff();
    let browser = board(&room.served.address);
    // A live page with a field and with details, as it is and as it comes from the server.
    browser.run(
        "const more = '<details id=\"more\"><summary>More</summary><input id=\"typed\" value=\"\"></details>';
         document.querySelector('#live h1').insertAdjacentHTML('afterend', more);
         const fetched = window.fetch;
         window.readings = 0;
         window.fetch = async (...asked) => {
             const answer = await fetched(...asked);
             if (answer.status !== 200) return answer;
             window.readings += 1;
             const html = (await answer.text()).replace(/<\\/h1>/, '</h1>' + more);
             return new Response(html, { status: 200, headers: answer.headers });
         };",
    );
    browser.click("#more summary");
    browser.click("#typed");
    browser.type_into("#typed", "half a word");
    browser.run("document.getElementById('typed').setSelectionRange(4, 6)");
    for round in 0..3 {
        let note = format!("round {round}");
        staff.supervisor.done("/queue/resume", &json!({ "note": note }));
        wait_until_right(&browser, None);
        staff.supervisor.done("/pauses", &json!({ "scope": "queue", "note": note }));
        wait_until_right(&browser, Some(&note));
    }
    let kept = browser.run(
        "const field = document.getElementById('typed');
         return [document.activeElement === field, field.value, field.selectionStart, field.selectionEnd,
             document.getElementById('more').open, window.readings >= 6]",
    );
    assert_eq!(kept, json!([true, "half a word", 4, 6, true, true]));
}

#[test]
fn a_page_is_stale_within_15_seconds_of_the_freeze_of_its_server_and_right_within_15_seconds_of_its_return() {
    let room = PrintRoom::new();
    room.staff().supervisor.done("/queue/resume", &json!({ "note": "go on" }));
    let browser = board(&room.served.address);
    room.served.running.freeze();
    wait_until_stale(&browser);
    room.office.done(&["queue", "pause", "--reason", "meanwhile"]);
    room.served.running.thaw();
    wait_until_right(&browser, Some("meanwhile"));
    assert_eq!(browser.run("return window.isTheSame"), true);
}

#[test]
fn a_page_is_stale_within_15_seconds_of_the_end_of_its_server_and_right_within_15_seconds_of_its_restart() {
    let mut room = PrintRoom::new();
    room.staff().supervisor.done("/queue/resume", &json!({ "note": "go on" }));
    let browser = board(&room.served.address);
    room.kill();
    wait_until_stale(&browser);
    room.office.done(&["queue", "pause", "--reason", "meanwhile"]);
    room.start_again();
    wait_until_right(&browser, Some("meanwhile"));
    assert_eq!(browser.run("return window.isTheSame"), true);
}

#[test]
fn a_page_is_stale_within_15_seconds_of_a_cut_of_its_line_and_right_within_15_seconds_of_its_return() {
    let room = PrintRoom::new();
    let staff = room.staff();
    let line = Line::to(&room.served.address);
    let browser = board(&line.address);
    line.cut();
    wait_until_stale(&browser);
    staff.supervisor.done("/queue/resume", &json!({ "note": "go on" }));
    line.mend();
    wait_until_right(&browser, None);
    assert_eq!(browser.run("return window.isTheSame"), true);
}
