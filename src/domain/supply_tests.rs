//! Tests of the limits of printers.

use std::time::Duration;

use proptest::prelude::*;

use super::{
    halt::Halt,
    supply::{Left, Limits, Said, Stop, Supplies, learned},
    time::Timestamp,
};

const NOON: Timestamp = Timestamp(1_795_521_600_000_000);

fn minutes(n: u64) -> Timestamp {
    NOON.plus(Duration::from_mins(n))
}

fn printer(limits: Limits) -> Supplies {
    Supplies { fed: 1_000, ..Supplies::default() }.limited(limits)
}

fn fed(supplies: &Supplies, cards: i64) -> Supplies {
    Supplies { fed: supplies.fed + cards, ..*supplies }
}

#[test]
fn a_printer_without_limits_is_never_stopped() {
    let printer = printer(Limits::default());
    assert_eq!((printer.stop(0, NOON), printer.room(3), printer.feed_until()), (None, None, None));
    assert_eq!(fed(&printer, i64::MAX - 1_000).stop(2, NOON), None);
}

#[test]
fn a_ribbon_gives_the_part_of_its_cards_that_offices_see() {
    let printer = printer(Limits { ribbon: Some(200), ribbon_yield: Some(63), ..Limits::default() });
    assert_eq!((printer.room(0), printer.feed_until()), (Some(126), Some(1_126)));
    assert_eq!(fed(&printer, 124).stop(1, NOON), None);
    assert_eq!(fed(&printer, 124).stop(2, NOON), Some(Stop::RibbonUsedUp), "two cards are in the printer");
    let changed = fed(&printer, 126).said(Said { ribbon: Some(200), ..Said::default() });
    assert_eq!((changed.room(0), changed.stop(0, NOON)), (Some(126), None), "no more than a new one gives");
}

#[test]
fn a_number_at_which_the_feeding_stops_is_that_of_the_first_limit_or_of_the_cards_that_were_fed_beyond_it() {
    let full = printer(Limits { tray: Some(50), ribbon: Some(80), ..Limits::default() });
    assert_eq!([None, Some(1_049), Some(1_050), Some(1_051)].map(|at| full.stops_at(at)), [false, false, true, false]);
    let beyond = fed(&full, 52);
    assert_eq!([1_050, 1_052, 1_053].map(|at| beyond.stops_at(Some(at))), [true, true, false]);
    let unlimited = printer(Limits::default());
    assert_eq!([None, Some(2_000)].map(|at| unlimited.stops_at(at)), [true, false]);
}

#[test]
fn what_stops_the_feeding_is_on_record_until_it_ends_and_a_limit_stands_before_a_lack_of_blanks() {
    let printer = printer(Limits { tray: Some(5), cards_a_day: Some(8), ..Limits::default() });
    let halt = |supplies: &Supplies, blanks| supplies.halted(blanks, NOON).counts.halt;
    assert_eq!((halt(&printer, None), halt(&printer, Some(Halt::NoBlanks))), (None, Some(Halt::NoBlanks)));
    let full = fed(&printer, 5);
    assert_eq!(halt(&full, Some(Halt::NoBlanks)), Some(Halt::TrayFull));
    let on_record = full.halted(None, NOON);
    assert_eq!(on_record.halted(None, minutes(9)), on_record, "it has begun once");
    let emptied = on_record.said(Said { tray: Some(0), ..Said::default() });
    assert_eq!((emptied.counts.halt, halt(&emptied, None)), (Some(Halt::TrayFull), None));
    let day = fed(&emptied, 3).advanced(0, NOON).unwrap();
    assert_eq!((halt(&day, None), day.halted(None, minutes(24 * 60)).counts.halt), (Some(Halt::DayLimit), None));
}

#[test]
fn a_full_tray_and_a_due_cleaning_wait_for_a_person() {
    let printer = printer(Limits { tray: Some(50), cleaning: Some(60), ..Limits::default() });
    let full = fed(&printer, 50);
    assert_eq!(full.stop(0, NOON), Some(Stop::TrayFull));
    let emptied = full.said(Said { tray: Some(0), ..Said::default() });
    assert_eq!((emptied.stop(0, NOON), emptied.room(0)), (None, Some(10)));
    assert_eq!(fed(&emptied, 10).stop(0, NOON), Some(Stop::CleaningDue));
    let cleaned = fed(&emptied, 10).said(Said { is_cleaned: true, ..Said::default() });
    assert_eq!(cleaned.room(0), Some(40), "ten cards are in the tray");
}

#[test]
fn a_rest_begins_after_its_cards_and_ends_by_itself() {
    let printer = printer(Limits { rest_after: Some(50), rest_minutes: Some(10), ..Limits::default() });
    assert_eq!(fed(&printer, 49).stop(0, NOON), None);
    let rests = fed(&printer, 50).advanced(0, NOON).unwrap();
    assert_eq!(rests.stop(0, minutes(9)), Some(Stop::Rests { until: minutes(10) }));
    assert_eq!((rests.stop(0, minutes(10)), rests.room(0)), (None, Some(0)));
    let rested = rests.advanced(0, minutes(10)).unwrap();
    assert_eq!((rested.room(0), rested.advanced(0, minutes(11))), (Some(50), None));
}

#[test]
fn a_day_begins_with_its_first_card_and_lasts_24_hours() {
    let printer = printer(Limits { cards_a_day: Some(200), ..Limits::default() });
    assert_eq!(printer.advanced(0, NOON.minus(Duration::from_hours(20))), None, "it waits for cards");
    let begun = fed(&printer, 1).advanced(0, NOON).unwrap();
    let done = fed(&begun, 199);
    assert_eq!(done.stop(0, minutes(60)), Some(Stop::Rests { until: minutes(24 * 60) }));
    assert_eq!(done.advanced(0, minutes(60)), None);
    let over = done.advanced(0, minutes(24 * 60)).unwrap();
    assert_eq!(
        (over.room(0), over.advanced(0, minutes(30 * 60))),
        (Some(200), None),
        "the next day begins with a card"
    );
}

#[test]
fn a_clock_that_was_set_back_does_not_prolong_a_rest() {
    let printer = printer(Limits { rest_after: Some(5), rest_minutes: Some(10), ..Limits::default() });
    let rests = fed(&printer, 5).advanced(0, minutes(60)).unwrap();
    assert_eq!(rests.stop(0, minutes(30)), None);
}

#[test]
fn a_reported_level_lowers_the_count_and_raises_it_only_with_another_ribbon() {
    let printer = printer(Limits { ribbon: Some(500), ..Limits::default() });
    let reported = printer.reported(80).unwrap();
    assert_eq!(reported.room(0), Some(400));
    assert_eq!(reported.reported(80), None);
    let used = fed(&reported, 60);
    assert_eq!(used.reported(79).unwrap().room(0), Some(340), "the level is coarse, and the count goes on");
    assert_eq!(used.reported(50).unwrap().room(0), Some(250));
    assert_eq!(used.reported(100).unwrap().room(0), Some(500));
    let empty = used.reported(0).unwrap();
    assert_eq!(empty.stop(0, NOON), Some(Stop::RibbonUsedUp));
    let flickers = empty.reported(9).unwrap();
    assert_eq!(flickers.stop(0, NOON), Some(Stop::RibbonUsedUp), "no ribbon is put in that gives a tenth");
    assert_eq!(empty.reported(100).unwrap().room(0), Some(500));
    let said = used.said(Said { ribbon: Some(20), ..Said::default() });
    assert_eq!(said.reported(100).unwrap().room(0), Some(20), "what a person says is raised by no level of before");
    assert_eq!(said.another_ribbon().unwrap().room(0), Some(500));
}

#[test]
fn other_limits_keep_what_is_counted_and_new_ones_begin_now() {
    let used = fed(&printer(Limits { ribbon: Some(200), tray: Some(100), ..Limits::default() }), 50);
    let more =
        Limits { ribbon: Some(200), ribbon_yield: Some(50), tray: Some(80), cleaning: Some(500), ..Limits::default() };
    let left = used.limited(more).left(NOON);
    assert_eq!(left, Left { ribbon: Some(75), tray: Some(30), cleaning: Some(500), rest: None, day: None });
    assert_eq!(used.limited(Limits::default()).room(0), None);
    assert_eq!(used.begun_again().left(NOON).ribbon, Some(200));
    let again = used.limited(Limits::default()).limited(Limits { tray: Some(100), ..Limits::default() });
    assert_eq!(again.room(0), Some(100));
}

#[test]
fn a_printer_made_of_what_is_left_stops_where_the_other_does() {
    let limits = Limits {
        tray: Some(60),
        ribbon: Some(100),
        ribbon_yield: Some(63),
        cleaning: Some(200),
        rest_after: Some(20),
        rest_minutes: Some(10),
        cards_a_day: Some(50),
        ..Limits::default()
    };
    let begun = printer(limits);
    for cards in [0, 10, 20, 50, 60, 63] {
        for now in [minutes(0), minutes(5), minutes(11), minutes(24 * 60 + 5)] {
            let used = fed(&begun, cards);
            let used = used.advanced(0, NOON).unwrap_or(used);
            let like = Supplies::with_left(limits, &used.left(now), used.rests_until(), used.day_until());
            assert_eq!(like.stop(0, now), used.stop(0, now), "after {cards} cards, at {now}");
            let left = |of: &Supplies| of.advanced(0, now).unwrap_or(*of).left(now);
            assert_eq!(left(&like), left(&used), "after {cards} cards, at {now}");
        }
    }
    let new = Supplies::with_left(limits, &Left::default(), None, None);
    assert_eq!((new.room(0), new.left(NOON).ribbon), (Some(20), Some(63)));
}

#[test]
fn the_time_of_a_card_is_learned_and_one_odd_card_changes_little() {
    assert_eq!(learned(None, Duration::from_secs(40)), 40_000);
    let mean = (0..60).fold(40_000, |mean, _| learned(Some(mean), Duration::from_secs(50)));
    assert!((49_000..=50_000).contains(&mean), "{mean}");
    assert_eq!(learned(Some(40_000), Duration::from_hours(9)), 60_000);
    assert_eq!(learned(Some(100), Duration::ZERO), 100);
}

proptest! {
    #[test]
    fn the_number_at_which_feeding_stops_is_where_the_decision_stops_it(
        tray in prop::option::of(1_i64..40), ribbon in prop::option::of(1_i64..40), cleaning in prop::option::of(1_i64..40),
        rest in prop::option::of((1_i64..40, 1_i64..60)), day in prop::option::of(1_i64..40), cards in 0_i64..50, open in 0_i64..3,
    ) {
        let limits = Limits {
            tray, ribbon, cleaning, rest_after: rest.map(|r| r.0), rest_minutes: rest.map(|r| r.1), cards_a_day: day,
            ..Limits::default()
        };
        let printer = printer(limits);
        let begun = fed(&printer.advanced(0, NOON).unwrap_or(printer), cards);
        let begun = begun.advanced(open, NOON).unwrap_or(begun);
        let stop = begun.stop(open, NOON);
        let is_reached = begun.feed_until().is_some_and(|until| begun.fed + open >= until);
        prop_assert_eq!(stop.is_some(), is_reached, "{:?}", begun);
        prop_assert_eq!(stop.is_some(), begun.room(open) == Some(0));
        // A day later only a person is waited for.
        let later = minutes(24 * 60);
        let later = begun.advanced(open, later).unwrap_or(begun).stop(open, later);
        prop_assert!(later.is_none_or(|stop| stop.until().is_none()), "{:?}", later);
    }
}
/// A printer as a person who counts by hand sees it.
struct Hand {
    in_tray: i64,
    ribbon: i64,
    since_cleaning: i64,
}

proptest! {
    #[test]
    fn no_card_is_fed_that_a_count_by_hand_does_not_allow_and_no_printer_stays_stopped(
        (tray, ribbon, cleaning) in (1_i64..30, 1_i64..30, 1_i64..30),
        rest in prop::option::of((1_i64..20, 1_i64..30)),
        steps in prop::collection::vec((0_u8..12, 0_i64..30), 1..400),
    ) {
        let (rest_after, rest_minutes) = (rest.map(|rest| rest.0), rest.map(|rest| rest.1));
        let limits = Limits {
            tray: Some(tray), ribbon: Some(ribbon), cleaning: Some(cleaning), rest_after, rest_minutes, ..Limits::default()
        };
        let mut printer = printer(limits);
        let mut hand = Hand { in_tray: 0, ribbon, since_cleaning: 0 };
        let mut now = NOON;
        for (step, number) in steps {
            now = now.plus(Duration::from_mins(1));
            printer = printer.advanced(0, now).unwrap_or(printer);
            match step {
                0 => {
                    hand.in_tray = number.min(tray);
                    printer = printer.said(Said { tray: Some(hand.in_tray), ..Said::default() });
                }
                1 => {
                    hand.ribbon = number.min(ribbon);
                    printer = printer.said(Said { ribbon: Some(hand.ribbon), ..Said::default() });
                }
                2 => {
                    hand.since_cleaning = 0;
                    printer = printer.said(Said { is_cleaned: true, ..Said::default() });
                }
                _ => {}
            }
            match printer.stop(0, now) {
                None => {
                    prop_assert!(hand.in_tray < tray && hand.ribbon > 0 && hand.since_cleaning < cleaning);
                    printer.fed += 1;
                    hand = Hand { in_tray: hand.in_tray + 1, ribbon: hand.ribbon - 1, since_cleaning: hand.since_cleaning + 1 };
                }
                Some(Stop::TrayFull) => prop_assert_eq!(hand.in_tray, tray),
                Some(Stop::RibbonUsedUp) => prop_assert_eq!(hand.ribbon, 0),
                Some(Stop::CleaningDue) => prop_assert_eq!(hand.since_cleaning, cleaning),
                Some(Stop::Rests { until }) => {
                    now = until;
                    let rested = printer.advanced(0, now).unwrap_or(printer);
                    prop_assert_eq!(rested.stop(0, now), None);
                }
            }
        }
    }
}
