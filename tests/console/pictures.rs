//! Writes pictures of all pages, for people who look at them: full and empty offices, at a desk and on a phone, light and dark.
//!
//! `cargo test --test console pictures -- --ignored` puts them into `tmp/pictures` of the target folder. With `CETAK_GOLDEN=write` those
//! that the papers show are written again, small, into the folder `pictures` beside this file.

use std::{fs, path::Path};

use serde_json::json;

use crate::{
    browser::{Browser, Look},
    http::Served,
    office::Office,
    pages::PAGES,
    palette, people,
    print_room::PrintRoom,
    wait_until,
};

const CITIZENS: usize = 240;

/// The pictures that the papers show: the name of each among all, and of its file, and how much of its height.
const SHOWN: [(&str, &str, u32); 4] = [
    ("full-desk-light_.png", "board.png", 1_000),
    ("full-desk-light_inspect.png", "inspection.png", 900),
    ("full-light-scanned.png", "quality-check.png", 768),
    ("full-phone-dark_.png", "phone.png", 844),
];
/// The largest of their files, in bytes.
const SHOWN_BYTES_MAX: usize = 60_000;

/// Writes the pictures that the papers show again.
fn show(folder: &Path) {
    let shown = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/console/pictures");
    fs::create_dir_all(&shown).unwrap();
    for (from, to, height) in SHOWN {
        let file = palette::reduced(&fs::read(folder.join(from)).unwrap(), height);
        assert!(file.len() < SHOWN_BYTES_MAX, "{to}: {} bytes", file.len());
        fs::write(shown.join(to), file).unwrap();
    }
}

/// An office in which three printers print identity cards: one of them well, one has a jam, and one has lost a card.
fn full() -> PrintRoom {
    let office = Office::new();
    office.write(people::PHOTO, people::FACE);
    office.import("ktp-el", &people::citizens(",", CITIZENS));
    office.receive("ktp-el", 400);
    for (printer, behaviour) in [
        ("loket-1", "card_ms=1200"),
        ("loket-2", "card_ms=900&script=5:spoil,9:jam&clear_ms=3600000"),
        ("malam-1", "card_ms=1000&script=4:forget,6:spoil"),
    ] {
        let truth = office.file(&format!("truth-{printer}"));
        let uri = format!("mock://{printer}?dpi=100&truth={}&{behaviour}", truth.display());
        let hopper: &[&str] = if printer == "loket-1" { &["--hopper", "100"] } else { &[] };
        office.done(&[&["printer", "add", printer, &uri, "--profile", "ktp-el"], hopper].concat());
    }
    office.done(&["blangko", "load", "--printer", "loket-1", "--quantity", "90"]);
    let served = Served::new(&office);
    PrintRoom { office, served }
}

/// Works in the office for a while.
fn work(room: &PrintRoom) {
    let staff = room.staff();
    let record = |number: usize| format!("/records/default/R-{number:05}");
    let state = |number| staff.supervisor.get(&record(number)).json()["state"].clone();
    wait_until("cards are printed", 120, || {
        staff.supervisor.get("/board").json()["records"]["printed"].as_i64().is_some_and(|printed| printed >= 40)
    });
    let printed: Vec<usize> = (0..CITIZENS).filter(|number| state(*number) == "printed").take(12).collect();
    for number in &printed[..8] {
        staff.operator.done(&format!("/cards/default/R-{number:05}/check"), &json!({}));
    }
    for number in &printed[..3] {
        staff.operator.done(&format!("/cards/default/R-{number:05}/hand-over"), &json!({}));
    }
    staff.operator.done(&format!("{}/reprints", record(printed[9])), &json!({ "reason": "damaged" }));
    staff.operator.done(&format!("{}/hold", record(CITIZENS - 1)), &json!({ "note": "alamat diperiksa lagi" }));
    staff.add_others(room);
    let count = json!({ "blank_type": "ktp-el", "printer": null, "counter": "gugun", "note": "stok opname bulanan" });
    staff.supervisor.done("/stock/counts", &count);
}

/// Writes the pictures of one office.
fn take(browser: &Browser, office: &str, folder: &Path, has: impl Fn(&str) -> Option<String>) {
    for (size, language, is_phone) in [("desk", "en", false), ("phone", "id", true)] {
        for theme in ["light", "dark"] {
            for path in PAGES.iter().chain(&["/people"]) {
                let Some(path) = has(path) else { continue };
                browser.show_as(Look { language, is_phone });
                if !is_phone {
                    browser.set_size(1366, 768);
                }
                browser.open(&path);
                browser.prefer(theme);
                let is_word = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
                let name: String = path.split("&back").next().unwrap().chars().map(is_word).collect();
                browser.picture(&folder.join(format!("{office}-{size}-{theme}{name}.png")));
            }
        }
    }
}

#[test]
#[ignore = "writes pictures for people to look at"]
fn pictures_of_all_pages_are_written() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let room = full();
    work(&room);
    let mut browser = Browser::signed_in(&room.served.address, "sri", Look::DESK);
    browser.allow("the server responded with a status of");
    browser.allow("/photo");
    let code = room.code_for(&room.signed_in("opi"), "R-00008");
    for (theme, is_phone) in [("light", false), ("dark", true)] {
        browser.show_as(Look { language: "id", is_phone });
        browser.open("/check");
        browser.prefer(theme);
        browser.answered(|browser| browser.scan(&code));
        browser.picture(&folder.join(format!("full-{theme}-scanned.png")));
    }
    let in_full = |path: &str| {
        let path = path.replace("printers/p1", "printers/loket-1").replace("printers/p2", "printers/loket-2");
        Some(path.replace("r000", "R-000").replace("printer=p1", "printer=loket-1"))
    };
    take(&browser, "full", &folder, in_full);
    if std::env::var("CETAK_GOLDEN").is_ok_and(|asked| asked == "write") {
        show(&folder);
    }
    drop(browser);
    drop(room);
    let office = Office::new();
    office.done(&["init"]);
    let served = Served::new(&office);
    let room = PrintRoom { office, served };
    room.staff();
    let browser = Browser::at(&room.served.address, Look::DESK);
    browser.open("/login");
    browser.picture(&folder.join("login.png"));
    browser.sign_in("sri");
    let of_nothing =
        |path: &str| (!path.contains('1') && !path.contains("r000") && !path.contains("p2")).then(|| path.to_owned());
    take(&browser, "empty", &folder, of_nothing);
    assert!(fs::read_dir(&folder).unwrap().count() > 150);
}
