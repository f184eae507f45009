//! Tests the demo: it ends with the console open, shows its passwords once, also if it was killed before, and its cards can be scanned.

use std::{fs, process::Command};

use crate::{
    console::{Browser, texts},
    http::Served,
    office::{Office, number, wait_slowly_until},
    wait_until,
};

/// The demo, when it listens.
fn demo(office: &Office, arguments: &[&str]) -> Served {
    let running = office.start(&[&["demo"], arguments].concat());
    let mut address = String::new();
    wait_until("the demo listens", 120, || {
        let messages = running.messages();
        let url = messages.lines().find_map(|line| line.split_once("listening on http://"));
        address = url.map(|(_, address)| address.to_owned()).unwrap_or_default();
        !address.is_empty()
    });
    Served { running, address }
}

/// The accounts that a demo has shown: name, role, password. They must be one for each role, and a second supervisor.
fn shown_accounts(printed: &str) -> Vec<Vec<&str>> {
    let rows = printed.lines().map(|line| line.split_whitespace().collect());
    let accounts: Vec<Vec<&str>> = rows.filter(|row: &Vec<&str>| row.len() == 3).skip(1).collect();
    let roles: Vec<&str> = accounts.iter().map(|row| row[1]).collect();
    let all = ["administrator", "supervisor", "supervisor", "operator", "stock-keeper", "auditor"];
    assert_eq!(roles, all, "{printed}");
    accounts
}

/// A browser in which the person of a demo's account has signed in.
fn of_demo<'a>(served: &'a Served, row: &[&str]) -> Browser<'a> {
    let mut browser = Browser::signed_out(served);
    let opened = browser.post("/login", &[("name", row[0]), ("password", row[2])]);
    assert_eq!((opened.status, &*opened.headers["location"]), (303, "/"), "{row:?}: {opened:?}");
    opened.headers["set-cookie"].split(';').next().unwrap().clone_into(&mut browser.cookie);
    let me = texts(&browser.get("/me").body).to_lowercase();
    assert!(me.contains(row[1]), "{row:?}: {me}");
    browser
}

#[test]
fn a_demo_that_was_killed_before_it_showed_its_passwords_shows_them_at_its_next_start_and_once() {
    let office = Office::new();
    let small = ["demo", "--records", "10", "--blanks", "5", "--card-ms", "20"];
    let kept = office.data().join("demo/passwords.json");
    let tables = || {
        let outputs = fs::read_dir(office.data().parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
        let texts = outputs.filter_map(|file| fs::read_to_string(file).ok());
        let is_header = |line: &str| line.split_whitespace().eq(["account", "role", "password"]);
        texts.filter(|text| text.lines().any(is_header)).collect::<Vec<_>>()
    };
    let accounts = || {
        let count =
            Command::new("sqlite3").arg(office.data().join("cetak.db")).arg("SELECT count(*) FROM account").output();
        String::from_utf8(count.unwrap().stdout).unwrap().trim().parse().unwrap_or(0)
    };
    // Before it makes its accounts, and while it makes them.
    for killed_at in [0, 2, 4] {
        let running = office.start(&small);
        wait_until("the passwords are chosen, and some accounts are made", 120, || {
            kept.exists() && accounts() >= killed_at
        });
        assert!(running.kill(), "it still ran");
        assert!(killed_at > 0 || tables().is_empty(), "no password is shown before its account is there");
    }
    let served = demo(&office, &small[1..]);
    let tables = tables();
    assert!(!tables.is_empty() && tables.iter().all(|table| table == &tables[0]), "{tables:?}");
    for row in shown_accounts(&tables[0]) {
        assert_eq!(of_demo(&served, &row).get("/").status, 200);
    }
    assert!(!kept.exists(), "they are shown once");
}

#[test]
fn the_demo_ends_with_the_console_open_and_an_account_for_each_role() {
    let office = Office::new();
    let served = demo(&office, &["--records", "60", "--blanks", "40", "--card-ms", "20"]);
    let printed = fs::read_to_string(office.file("out-0")).unwrap();
    let accounts = shown_accounts(&printed);
    for row in &accounts {
        assert_eq!(of_demo(&served, row).get("/").status, 200);
    }
    wait_slowly_until("cards are printed", 60, || number(&office.status(), &["records", "printed"]) > 0);
    let operator = of_demo(&served, &accounts[3]);
    let list = operator.get("/records?state=printed").body;
    let record = list.split("<tbody").nth(1).unwrap().split("href=\"").nth(1).unwrap().split('"').next().unwrap();
    let card = operator.get(&format!("{record}?pictures=true")).body;
    let code = card.split("Code on the card").nth(1).unwrap().split("<dd>").nth(1).unwrap().split('<').next().unwrap();
    let scanned = operator.submit("/check", &[("code", code)]);
    assert!(scanned.body.contains("data-verdict=\"good\""), "{code}: {scanned:?}");
    served.running.interrupt();
    let ended = served.running.ended(60);
    assert_eq!(ended.code, Some(0), "{ended:?}");

    let again = demo(&office, &[]);
    assert!(again.running.messages().contains("passwords were shown then"), "{}", again.running.messages());
    again.running.interrupt();
    assert_eq!(again.running.ended(60).code, Some(0));
    let refused = office.run(&["demo", "--no-serve"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("have accounts"), "{refused:?}");
    assert_eq!(office.json(&["db", "check"])["clean"], true);
}
