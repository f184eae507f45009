//! Tests that an Indonesian page of an office in which everything has happened says nothing in English.

use cetak::engine::operations::{AnyAct, TwoPersonAct};
use serde_json::{Value, json};

use crate::{
    console::{Browser, staff, texts},
    http::Served,
    office::Office,
    people,
    person::{Person, password},
};

/// Words of English that are no word of Indonesian, and no part of a name, a keyword of IPP or a code of the scanner.
const ENGLISH: &str = "act also an and any are as asks attempt attempts batches be been but by can card cards cause count each ended \
    everything for found good has have held hopper if in into is it its job jobs known left lent missing more no none not nothing of \
    on open opened or other out paused person pile place planned printed printer's printing queued reads reason record records refused \
    released running said settled since some spoiled stock that the their there they this to uncertain unknown until vault waiting \
    waits was were what when where which who with without withdrawn yes";

/// What is quoted as people of the tests wrote it.
const QUOTED: [&str; 2] = ["the first", "from May"];

/// The pages without a number in their address, and those of things that the office has.
const PAGES: [&str; 46] = [
    "/",
    "/needs",
    "/night",
    "/printers",
    "/printers/p1",
    "/printers/p2",
    "/help",
    "/import",
    "/me",
    "/records",
    "/records?state=held",
    "/records?state=xyz",
    "/records?profile=xyz",
    "/records?class=x",
    "/records?recalled=true",
    "/records/search",
    "/records/default/r00000",
    "/records/default/r00001",
    "/records/default/r00002",
    "/records/default/r00003",
    "/records/default/r00004",
    "/records/default/r00020",
    "/records/default/r00021",
    "/records/default/xyz",
    "/matching-records?state=held&act=release",
    "/matching-records?state=waiting&act=hold",
    "/jumps",
    "/batches",
    "/batches?closed_too=true",
    "/batches/1",
    "/batches/1/pile",
    "/inspect",
    "/check",
    "/check/codes",
    "/handover",
    "/handover/ready",
    "/handover/sent",
    "/handover/collected",
    "/stock",
    "/stock/counts",
    "/stock/counts/1",
    "/stock/counts/2",
    "/acts",
    "/audit",
    "/people",
    "/nowhere",
];

/// An office with cards in every state: printed, checked, handed over, sent, rejected, uncertain; a printer that is jammed; and a pause.
pub(crate) fn office() -> (Office, Served) {
    let office = Office::new();
    office.import("student", &people::students(0..8));
    office.receive("student", 40);
    office.add_mock("p1", "student", "card_ms=0&script=8:forget");
    office.done(&["run", "--until-idle"]);
    for card in 0..5 {
        office.done(&["card", "check", &format!("r{card:05}")]);
    }
    office.done(&["queue", "pause", "--reason", "istirahat"]);
    office.import("student", &people::students(20..26));
    office.add_mock("p2", "student", "card_ms=0&script=1:jam");
    let served = Served::new(&office);
    (office, served)
}

/// What people do with it: each with a reason in Indonesian.
pub(crate) fn lived(operator: &Person<'_>, keeper: &Person<'_>, supervisor: &Person<'_>, root: &Person<'_>) {
    let of = |id: &str| json!({ "source": "default", "request_id": id });
    operator.done("/records/default/r00020/hold", &json!({ "note": "data kurang" }));
    operator.done("/cards/default/r00000/hand-over", &json!({}));
    let send = json!({ "records": [of("r00001")], "district": "Laweyan", "document": "SJ-12", "new_district": true });
    operator.done("/cards/send", &send);
    let back = json!({ "cause": "damaged", "note": "tergores" });
    operator.done("/cards/default/r00002/reject", &back);
    operator.done("/records/default/r00003/reprints", &json!({ "reason": "damaged" }));
    let asked = |person: &Person<'_>, path: &str, body: Value| {
        let reply = person.post(path, &body);
        assert_eq!(reply.status, 201, "{path}: {reply:?}");
        reply.json()["act"].as_i64().unwrap()
    };
    asked(operator, "/records/default/r00021/withdraw/requests", json!({ "note": "pindah" }));
    let counted =
        operator.done("/matching-records/count", &json!({ "act": "withdraw", "filter": { "state": "waiting" } }));
    let all =
        json!({ "change": "withdraw", "filter": { "state": "waiting" }, "as_of": counted["as_of"], "note": "tutup" });
    asked(operator, "/matching-records/change/requests", all);
    let role = asked(root, "/accounts/audi/roles/requests", json!({ "role": "operator", "note": "cuti" }));
    supervisor.done(&format!("/acts/{role}/refusal"), &json!({ "note": "tidak perlu" }));
    asked(root, "/accounts/audi/roles/requests", json!({ "role": "supervisor", "note": "perlu" }));
    let loan = json!({ "blank_type": "student", "quantity": 2, "to": "Kudus", "document": "L-1" });
    asked(keeper, "/stock/loans/requests", loan);
    let entry = |loose: i64| {
        let entry = json!({ "bundles": 0, "bundle_size": 0, "loose": loose });
        json!({ "entry": entry, "again": entry })
    };
    let open = json!({ "blank_type": "student", "printer": null, "note": "bulanan" });
    supervisor.done("/stock/counts", &open);
    supervisor.done("/stock/counts/1/cancel", &json!({ "note": "salah hari" }));
    supervisor.done("/stock/counts", &open);
    keeper.done("/stock/counts/2/entry", &entry(3));
}

#[test]
fn an_indonesian_page_of_a_busy_office_says_nothing_in_english_or_in_codes() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    lived(&staff["operator"], &staff["stock-keeper"], &staff["supervisor"], &staff["administrator"]);
    let acts =
        AnyAct::NAMES.iter().chain(&["ConfirmAct", "RefuseAct", "TakeBackAct"]).map(|name| format!("/do/{name}"));
    let requests = TwoPersonAct::NAMES.iter().map(|name| format!("/ask/{name}"));
    let chains = ["cli", "web", "scheduler"].map(|chain| format!("/audit/chains/{chain}"));
    let decided = (1..9).map(|act| format!("/do/ConfirmAct?/id={act}"));
    let known = ["/do/RequestReprint?/record/source=default&/record/request_id=r00004".to_owned()];
    let pages: Vec<String> = PAGES.map(str::to_owned).into_iter().chain(acts).chain(requests).chain(chains).collect();
    let mut found = Vec::new();
    for (role, person) in &staff {
        let mut browser = Browser::of(&served, person);
        browser.language = "id";
        for path in pages.iter().cloned().chain(decided.clone()).chain(known.clone()) {
            let page = browser.page(&path);
            assert!(page.body.contains("<html lang=\"id\""), "{role} {path}: {page:?}");
            let told = english(&page.body).into_iter().chain(codes(&page.body));
            found.extend(told.map(|word| format!("{role} {path}: {word}")));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What looks like a code of the program and is none: doubled words, keywords of IPP, codes of the scanner, and what the tests wrote.
const NO_CODES: &str = "print-failed media-jam moving-to-paused ktp-el jpeg-nikon";

/// The codes of a page, each with the words around it: words that are joined by a hyphen, an underscore or a dot, as no word of Indonesian is.
fn codes(page: &str) -> Vec<String> {
    let shown = texts(page);
    let words: Vec<&str> = shown.split_whitespace().collect();
    let is_code = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let parts: Vec<&str> = word.split(['-', '_', '.']).collect();
        let is_word = |part: &&str| part.len() > 1 && part.chars().all(|c| c.is_ascii_lowercase());
        let is_doubled = parts.len() == 2 && parts[1].starts_with(parts[0]);
        parts.len() > 1 && parts.iter().all(is_word) && !is_doubled && !NO_CODES.split(' ').any(|known| known == word)
    };
    let around = |at: usize| words[at.saturating_sub(4)..(at + 4).min(words.len())].join(" ");
    (0..words.len()).filter(|at| is_code(words[*at])).map(around).collect()
}

/// The English words of a page, each with the words around it.
fn english(page: &str) -> Vec<String> {
    let shown = QUOTED.iter().fold(texts(page), |text, quoted| text.replace(quoted, ""));
    let words: Vec<&str> = shown.split_whitespace().collect();
    let is_english = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        ENGLISH.split_whitespace().any(|known| known == word)
    };
    let around = |at: usize| words[at.saturating_sub(4)..(at + 4).min(words.len())].join(" ");
    (0..words.len()).filter(|at| is_english(words[*at])).map(around).collect()
}

#[test]
fn the_confirmation_of_a_person_is_in_the_language_of_that_person() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let loan = json!({ "blank_type": "student", "quantity": 2, "to": "Kudus", "document": "L-1" });
    let act = staff["stock-keeper"].post("/stock/loans/requests", &loan).json()["act"].clone();
    let mut browser = Browser::of(&served, &staff["supervisor"]);
    for (language, words) in [
        ("en", ["Lend blanks", "Blanks 2", "Borrower Kudus", "Document L-1", "until they come back"]),
        ("id", ["Pinjamkan blangko", "Keping 2", "Peminjam Kudus", "Nomor dokumen L-1", "sampai dikembalikan"]),
    ] {
        browser.language = language;
        let page = texts(&browser.get(&format!("/do/ConfirmAct?/id={act}")).body);
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        for text in words {
            assert!(page.contains(text), "{text}: {page}");
        }
    }
    let confirming = format!("/do/ConfirmAct?/id={act}&back=/acts");
    let wrong = texts(&browser.submit(&confirming, &[("/password", "salah")]).body);
    assert!(wrong.contains("Kudus"), "what is confirmed stays on the page: {wrong}");
    let done = browser.submit(&confirming, &[("/password", &password("sri"))]);
    assert_eq!(done.status, 303, "{done:?}");
}
