//! Tests `cetak printer test` when it is killed: the books are right, and what was left open is settled.

use std::fs::File;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

use crate::{
    office::{Office, number},
    storm::seeded,
    wait, wait_until,
};

const BLANKS: usize = 60;
const SEED: u64 = 2015;
const KILLS: usize = 40;

pub(crate) fn office(behaviour: &str) -> Office {
    let office = Office::new();
    office.receive("student", BLANKS);
    office.add_mock("p1", "student", behaviour);
    office
}

fn booked(office: &Office, account: &str) -> usize {
    usize::try_from(number(&office.status(), &["blangko", "student", account])).unwrap()
}

/// Counts the vault: the book is equal.
fn count_is(office: &Office, blanks: &str) {
    let opened = office.json(&["blangko", "count", "open", "--type", "student", "--reason", "stocktake"]);
    let count = opened["count"].to_string();
    let entered = office.json(&["blangko", "count", "enter", &count, "--loose", blanks, "--again", blanks]);
    assert_eq!(entered["state"], "equal", "{entered}");
}

/// The count of what is really there is accepted, and as many spoiled cards can be destroyed as there are.
pub(crate) fn books_are_right(office: &Office) {
    let cards = office.truth("p1").len();
    assert_eq!((booked(office, "spoiled"), booked(office, "uncertain"), booked(office, "reserved")), (cards, 0, 0));
    let left = (BLANKS - cards).to_string();
    count_is(office, &left);
    assert_eq!(booked(office, "missing"), 0);
    assert_eq!(office.json(&["db", "check"])["clean"], true);
}

#[test]
fn a_test_card_that_is_killed_before_it_is_sent_gives_its_blank_back() {
    let office = office("card_ms=1");
    let truth = File::create(office.file("truth-p1")).unwrap();
    truth.lock().unwrap();
    let test = office.start(&["printer", "test", "p1"]);
    wait_until("the blank is reserved", 60, || booked(&office, "reserved") == 1);
    assert_eq!((booked(&office, "vault"), booked(&office, "spoiled")), (BLANKS - 1, 0));
    let destroyed = ["blangko", "destroy", "--type", "student", "--quantity", "1", "--document", "BA 1"];
    let witnesses = ["--witness", "Siti", "--witness", "Budi"];
    assert_eq!(office.run(&[&destroyed[..], &witnesses].concat()).code, Some(1), "there is no spoiled card");
    let all = BLANKS.to_string();
    count_is(&office, &all);
    test.kill();
    truth.unlock().unwrap();
    office.done(&["run", "--until-idle"]);
    assert_eq!((booked(&office, "vault"), office.truth("p1").len()), (BLANKS, 0));
    books_are_right(&office);
}

#[test]
fn after_test_cards_that_were_killed_at_any_moment_the_books_are_right() {
    seeded("TEST_CARDS", SEED, KILLS, |seed, kills| {
        let mut random = ChaCha20Rng::seed_from_u64(seed);
        let office = office("card_ms=1");
        for _ in 0..kills {
            let mut test = office.start(&["printer", "test", "p1"]);
            for _ in 0..random.random_range(0..60) {
                if test.has_ended() {
                    break;
                }
                wait(2);
            }
            test.kill();
        }
        office.done(&["run", "--until-idle"]);
        books_are_right(&office);
        assert_eq!(office.json(&["inspect", "list"]).as_array().unwrap().len(), 0, "this printer can always tell");
    });
}
