//! The night: the time around a midnight in which cards may start, and in which mostly no person is there.

use std::ops::Range;

use jiff::tz::TimeZone;

use super::{
    time::{Day, Timestamp},
    window::Window,
};

/// The hour at which a night begins where cards may start all day.
const EVENING: i8 = 20;
/// The hour at which such a night ends.
const MORNING: i8 = 7;
const NOON: i8 = 12;
const SECONDS_OF_A_DAY: i64 = 86_400;
/// How many days before and after an instant windows are looked at.
const AROUND: i64 = 3;
/// How many evenings are looked at until a window opens: those of a week, and the ones at its ends.
const EVENINGS: i64 = 9;

/// A night.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Night {
    /// The day of its evening.
    pub evening: Day,
    /// Its begin.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

/// The nights of an office.
///
/// The night of an evening is the time that spans the midnight after it, or lies closest to it, of those in which a window is open. Windows
/// that overlap or touch are one such time, whatever printers they are for. Each such time belongs to the midnight that is closest to it by
/// the clock of the office, and to the later of two that are as close. Where a time that spans midnight begins before the noon of the evening,
/// the night begins at 20:00; where it ends after the next noon, the night ends at 7:00. So it is from 20:00 to 7:00 where there are no windows.
#[derive(Clone, Copy, Debug)]
pub struct Nights<'a> {
    /// The windows of all printers.
    pub windows: &'a [Window],
    /// The time zone of the office.
    pub zone: &'a TimeZone,
}

impl Nights<'_> {
    /// The night of an evening. If no window opens for it, it is from 20:00 to 7:00.
    pub fn of(&self, evening: Day) -> Night {
        let usual = || Night {
            evening,
            from: evening.at_hour(EVENING, self.zone),
            to: evening.plus_days(1).at_hour(MORNING, self.zone),
        };
        self.opened(evening).unwrap_or_else(usual)
    }

    /// The night that goes on at `now`, or comes next.
    pub fn next(&self, now: Timestamp) -> Night {
        let today = Day::of(now, self.zone);
        let nights = (-1..EVENINGS).filter_map(|days| self.opened(today.plus_days(days)));
        nights.into_iter().find(|night| night.to > now).unwrap_or_else(|| self.of(today))
    }

    /// The night that began last, at `now` or before.
    pub fn last(&self, now: Timestamp) -> Night {
        let today = Day::of(now, self.zone);
        let nights = (0..=EVENINGS).filter_map(|days| self.opened(today.plus_days(-days)));
        nights.into_iter().find(|night| night.from <= now).unwrap_or_else(|| self.of(today.plus_days(-1)))
    }

    /// The night before another.
    pub fn before(&self, night: &Night) -> Night {
        self.last(Timestamp(night.from.0.saturating_sub(1)))
    }

    /// The night after another.
    pub fn after(&self, night: &Night) -> Night {
        self.next(night.to.max(night.from))
    }

    /// The end of what a report of a night tells at `now`: a window opens after the night, the next night begins, or it is now.
    pub fn told_until(&self, night: &Night, now: Timestamp) -> Timestamp {
        let opens = self.times(night.to).into_iter().map(|time| time.start).find(|opens| *opens > night.to);
        let ends = [Some(self.after(night).from), opens, Some(now)].into_iter().flatten();
        ends.min().unwrap_or(now)
    }

    /// Whether cards may start at an instant, on whatever printer.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.windows.is_empty() || self.windows.iter().any(|window| window.is_open(at))
    }

    /// The night of an evening, if a window is open in it.
    fn opened(&self, evening: Day) -> Option<Night> {
        let (_, midnight) = evening.span(self.zone);
        let times = self.times(midnight).into_iter();
        let nearest =
            times.filter_map(|time| Some((self.distance(&time, evening)?, time))).min_by_key(|(distance, _)| *distance);
        let (distance, Range { start, end }) = nearest?;
        let hour = |day: Day, hour| day.at_hour(hour, self.zone);
        let spans = distance == 0;
        let from = if spans && start < hour(evening, NOON) { hour(evening, EVENING) } else { start };
        let morning = evening.plus_days(1);
        let to = if spans && end > hour(morning, NOON) { hour(morning, MORNING) } else { end };
        Some(Night { evening, from, to })
    }

    /// The times around an instant in which a window is open, in their order.
    fn times(&self, near: Timestamp) -> Vec<Range<Timestamp>> {
        if self.windows.is_empty() {
            return vec![Timestamp(i64::MIN)..Timestamp(i64::MAX)];
        }
        let mut times: Vec<_> = self.windows.iter().flat_map(|window| window.times(near, -AROUND..=AROUND)).collect();
        times.sort_by_key(|time| (time.start, time.end));
        let mut joined: Vec<Range<Timestamp>> = Vec::new();
        for time in times {
            match joined.last_mut() {
                Some(last) if time.start <= last.end => last.end = last.end.max(time.end),
                Some(_) | None => joined.push(time),
            }
        }
        joined
    }

    /// How far a time is from the midnight after an evening, in seconds by the clock: 0 if it spans or touches it, `None` if it belongs to
    /// another midnight.
    fn distance(&self, time: &Range<Timestamp>, evening: Day) -> Option<i64> {
        let (begin, midnight) = evening.span(self.zone);
        let (_, next) = evening.plus_days(1).span(self.zone);
        if time.start <= midnight && midnight <= time.end {
            return Some(0);
        }
        let is_within = |from, to| from < time.start && time.end < to;
        let before = self.clock(time.start);
        let after = SECONDS_OF_A_DAY - self.clock(time.end);
        if is_within(begin, midnight) && after <= before {
            return Some(after);
        }
        (is_within(midnight, next) && before < after).then_some(before)
    }

    /// The seconds since midnight on the clock of the office.
    fn clock(&self, at: Timestamp) -> i64 {
        let time = self.zone.to_datetime(at.to_jiff()).time();
        i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn windows(texts: &[&str]) -> Vec<Window> {
        texts.iter().map(|text| format!("{text} Asia/Jakarta").parse().unwrap()).collect()
    }

    /// The hours of the night of Friday, 27 November 2026, in Jakarta: `20 to 5`.
    fn hours(texts: &[&str]) -> String {
        let (windows, zone) = (windows(texts), TimeZone::get("Asia/Jakarta").unwrap());
        let night = Nights { windows: &windows, zone: &zone }.of("2026-11-27".parse().unwrap());
        let hour = |at: Timestamp| {
            let local = zone.to_datetime(at.to_jiff());
            if local.minute() == 0 { local.hour().to_string() } else { local.strftime("%-H:%M").to_string() }
        };
        let (from, to) = (hour(night.from), hour(night.to));
        let days = [night.from, night.to].map(|at| zone.to_datetime(at.to_jiff()).day());
        let day = |day: i8| if day == 27 { "" } else { " next day" };
        format!("{from}{} to {to}{}", day(days[0]), day(days[1]))
    }

    #[test]
    fn the_night_spans_midnight_or_is_the_time_closest_to_it() {
        for (windows, expected) in [
            (&[][..], "20 to 7 next day"),
            (&["* 20:00-05:00"], "20 to 5 next day"),
            (&["* 08:00-16:00", "* 20:00-05:00"], "20 to 5 next day"),
            (&["* 17:00-22:00", "* 23:00-06:00"], "23 to 6 next day"),
            (&["* 20:00-05:00", "* 04:00-06:00"], "20 to 6 next day"),
            // Windows that touch are one time.
            (&["* 22:00-24:00", "* 00:00-05:00"], "22 to 5 next day"),
            (&["* 18:00-22:00", "* 22:00-05:00"], "18 to 5 next day"),
            (&["* 08:00-20:00", "* 20:00-05:00"], "20 to 5 next day"),
            (&["* 20:00-05:00", "* 05:00-16:00"], "20 to 7 next day"),
            (&["* 00:00-24:00"], "20 to 7 next day"),
            (&["* 08:00-20:00", "* 20:00-08:00"], "20 to 7 next day"),
            // Day windows only.
            (&["* 08:00-16:00"], "8 to 16"),
            (&["* 08:00-12:00", "* 13:00-17:00"], "13 to 17"),
            (&["* 06:00-14:00"], "6 next day to 14 next day"),
            // Only one midnight, and the rest of a day that has none.
            (&["sat 00:00-24:00"], "0 next day to 7 next day"),
            (&["fri 00:00-24:00"], "20 to 0 next day"),
            (&["fri 20:00-05:00", "sat 06:00-20:00"], "20 to 5 next day"),
            (&["mon 20:00-05:00"], "20 to 7 next day"),
        ] {
            assert_eq!(hours(windows), expected, "{windows:?}");
        }
    }

    #[test]
    fn a_night_is_of_all_printers() {
        let zone = TimeZone::get("Asia/Jakarta").unwrap();
        let mut windows = windows(&["* 08:00-16:00", "* 20:00-05:00"]);
        for (window, printer) in windows.iter_mut().zip(["p1", "p2"]) {
            window.printer = Some(printer.into());
        }
        let night = Nights { windows: &windows, zone: &zone }.next(at("2026-11-27T15:00:00+07:00"));
        assert_eq!((night.from, night.to), (at("2026-11-27T20:00:00+07:00"), at("2026-11-28T05:00:00+07:00")));
    }

    #[test]
    fn the_last_night_stays_until_the_next_begins_and_is_told_until_a_window_opens() {
        let zone = TimeZone::get("Asia/Jakarta").unwrap();
        let windows = windows(&["* 08:00-16:00", "* 20:00-05:00"]);
        let nights = Nights { windows: &windows, zone: &zone };
        let until = |now: &str| {
            let night = nights.last(at(now));
            (night.evening.to_string(), nights.told_until(&night, at(now)).to_string())
        };
        let told = |evening: &str, until: &str| (evening.to_owned(), at(until).to_string());
        assert_eq!(until("2026-11-28T03:00:00+07:00"), told("2026-11-27", "2026-11-28T03:00:00+07:00"));
        for now in ["2026-11-28T08:00:00+07:00", "2026-11-28T15:00:00+07:00", "2026-11-28T19:59:59+07:00"] {
            assert_eq!(until(now), told("2026-11-27", "2026-11-28T08:00:00+07:00"), "{now}");
        }
        assert_eq!(until("2026-11-28T20:00:00+07:00"), told("2026-11-28", "2026-11-28T20:00:00+07:00"));
        let always = Nights { windows: &[], zone: &zone };
        let night = always.last(at("2026-11-28T15:00:00+07:00"));
        assert_eq!(always.told_until(&night, at("2026-11-28T15:00:00+07:00")), at("2026-11-28T15:00:00+07:00"));
        assert_eq!(always.told_until(&night, at("2026-12-01T15:00:00+07:00")), at("2026-11-28T20:00:00+07:00"));
        let whole_days = super::tests::windows(&["* 00:00-24:00"]);
        let always = Nights { windows: &whole_days, zone: &zone };
        assert_eq!(always.told_until(&night, at("2026-12-01T15:00:00+07:00")), at("2026-11-28T20:00:00+07:00"));
    }

    #[test]
    fn evenings_without_a_window_are_passed_over() {
        let zone = TimeZone::get("Asia/Jakarta").unwrap();
        let windows = windows(&["fri 22:00-05:00"]);
        let nights = Nights { windows: &windows, zone: &zone };
        let saturday = at("2026-11-28T12:00:00+07:00");
        let (last, next) = (nights.last(saturday), nights.next(saturday));
        assert_eq!((last.evening.to_string(), next.evening.to_string()), ("2026-11-27".into(), "2026-12-04".into()));
        assert_eq!((nights.after(&last), nights.before(&next)), (next, last));
    }

    #[test]
    fn a_change_of_the_clock_moves_no_night_to_another_evening() {
        // Clocks go forward on 28 March and back on 31 October 2027.
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let day: Vec<Window> = vec!["* 08:00-16:00 Europe/Berlin".parse().unwrap()];
        let night: Vec<Window> = vec!["* 20:00-05:00 Europe/Berlin".parse().unwrap()];
        for (evening, hours) in [("2027-03-27", 8), ("2027-03-28", 9), ("2027-10-30", 10), ("2027-10-31", 9)] {
            let evening: Day = evening.parse().unwrap();
            let of_day = Nights { windows: &day, zone: &zone }.of(evening);
            assert_eq!(of_day.from, evening.at_hour(8, &zone), "{evening}");
            let of_night = Nights { windows: &night, zone: &zone }.of(evening);
            assert_eq!(of_night.to.since(of_night.from), Duration::from_hours(hours), "{evening}");
        }
    }

    /// Windows of some hours, on some days, of some zones, and of one printer or all.
    fn any_windows() -> impl Strategy<Value = Vec<Window>> {
        let days = prop::sample::select(vec!["*", "*", "*", "mon,tue,wed,thu,fri", "fri", "sat,sun"]);
        let zones = prop::sample::select(vec!["Asia/Jakarta", "Asia/Jayapura", "Europe/Berlin", "America/Santiago"]);
        let window = (days, 0u8..24, 0u8..=24, zones, prop::bool::ANY)
            .prop_filter("is never open", |(_, from, to, ..)| from != to)
            .prop_map(|(days, from, to, zone, is_of_one)| {
                let mut window: Window = format!("{days} {from:02}:00-{to:02}:00 {zone}").parse().unwrap();
                window.printer = is_of_one.then(|| "p1".to_owned());
                window
            });
        prop::collection::vec(window, 0..5)
    }

    fn any_zone() -> impl Strategy<Value = TimeZone> {
        let names = vec!["Asia/Jakarta", "Asia/Jayapura", "Europe/Berlin", "America/Santiago", "UTC"];
        prop::sample::select(names).prop_map(|name| TimeZone::get(name).unwrap())
    }

    proptest! {
        #[test]
        fn nights_follow_one_another(windows in any_windows(), zone in any_zone(), days in 0i64..800) {
            let nights = Nights { windows: &windows, zone: &zone };
            let evening = "2026-01-01".parse::<Day>().unwrap().plus_days(days);
            let (first, second) = (nights.opened(evening), nights.opened(evening.plus_days(1)));
            for night in first.iter().chain(&second) {
                prop_assert!(night.from < night.to, "{night:?}");
                prop_assert!(night.to.since(night.from) <= Duration::from_hours(25), "{night:?}");
            }
            if let (Some(first), Some(second)) = (first, second) {
                prop_assert!(first.to <= second.from, "{first:?} {second:?}");
            }
        }

        #[test]
        fn a_night_is_closest_to_its_midnight_and_open_throughout(
            windows in any_windows(), zone in any_zone(), days in 0i64..800, minutes in 0u64..1_500,
        ) {
            let nights = Nights { windows: &windows, zone: &zone };
            let evening = "2026-01-01".parse::<Day>().unwrap().plus_days(days);
            let Some(night) = nights.opened(evening) else { return Ok(()) };
            let (_, midnight) = evening.span(&zone);
            let moment = night.from.plus(Duration::from_mins(minutes));
            if moment < night.to && !changes_clock(&windows, night.from) {
                prop_assert!(nights.is_open(moment), "{night:?} {moment}");
            }
            if nights.is_open(midnight) && !changes_clock(&windows, midnight) {
                prop_assert!(night.from <= midnight && midnight <= night.to, "{night:?}");
            }
        }

        #[test]
        fn the_last_night_and_the_next_are_those_of_their_evenings(
            windows in any_windows(), zone in any_zone(), minutes in 0u64..1_000_000,
        ) {
            let nights = Nights { windows: &windows, zone: &zone };
            let now = at("2026-01-01T00:00:00Z").plus(Duration::from_mins(minutes));
            let (last, next) = (nights.last(now), nights.next(now));
            prop_assert!(last.from <= now && now < next.to, "{last:?} {next:?}");
            prop_assert_eq!(nights.of(last.evening), last);
            prop_assert_eq!(nights.of(next.evening), next);
            prop_assert!(last == next || last.to <= now && now < next.from, "{last:?} {next:?}");
            prop_assert_eq!(nights.before(&nights.after(&last)), last);
            let until = nights.told_until(&last, now);
            prop_assert!(last.from <= until && until <= now, "{last:?} {until}");
        }
    }

    /// Whether the clock of a window changes within two days of an instant: an hour that is left out is open for no card.
    fn changes_clock(windows: &[Window], near: Timestamp) -> bool {
        let zones = ["Europe/Berlin", "America/Santiago"].map(|name| TimeZone::get(name).unwrap());
        let days = Duration::from_hours(48);
        !windows.is_empty()
            && zones
                .iter()
                .any(|zone| zone.to_offset(near.minus(days).to_jiff()) != zone.to_offset(near.plus(days).to_jiff()))
    }
}
