//! Windows: the times at which cards may start.

use std::{
    ops::{Range, RangeInclusive},
    str::FromStr,
};

use jiff::{
    Span,
    civil::{DateTime, Time, Weekday},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// A span of the week in a time zone. If `to` is before `from`, the window crosses midnight and belongs to the day on which
/// it opens. From midnight to midnight (`24:00`) it is open for the whole day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "WindowText", into = "WindowText")]
pub struct Window {
    /// The printer that it applies to; `None` for all.
    pub printer: Option<String>,
    days: Vec<Weekday>,
    from: Time,
    to: Time,
    zone: TimeZone,
}

/// A window in the settings file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowText {
    #[serde(skip_serializing_if = "Option::is_none")]
    printer: Option<String>,
    /// `mon` to `sun`; `None` for every day.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<Vec<String>>,
    /// `HH:MM`.
    from: String,
    /// `HH:MM`; `24:00` is midnight.
    to: String,
    /// The IANA name of a time zone, such as `Asia/Jakarta`.
    zone: String,
}

impl TryFrom<WindowText> for Window {
    type Error = String;

    fn try_from(text: WindowText) -> Result<Self, String> {
        if text.days.as_ref().is_some_and(Vec::is_empty) {
            return Err("`days` is empty, so the window would never open; leave it out for every day".into());
        }
        let days = text.days.iter().flatten().map(|day| parse_day(day)).collect::<Result<_, _>>()?;
        let time = |key: &str, value: &str| {
            let (hour, minute) = value.split_once(':').unwrap_or((value, ""));
            if key == "to" && value == "24:00" {
                return Ok(Time::midnight());
            }
            let clock = hour.parse().ok().zip(minute.parse().ok()).and_then(|(h, m)| Time::new(h, m, 0, 0).ok());
            clock.ok_or_else(|| format!("`{key}` is `{value}`, not a time such as `22:00`"))
        };
        let zone = TimeZone::get(&text.zone)
            .map_err(|_| format!("`zone` is `{}`, not a time zone such as `Asia/Jakarta`", text.zone))?;
        let (from, to) = (time("from", &text.from)?, time("to", &text.to)?);
        if from == to && text.to != "24:00" {
            let hours = &text.from;
            return Err(format!("`from` and `to` are both `{hours}`; a whole day is from `00:00` to `24:00`"));
        }
        Ok(Self { printer: text.printer, days, from, to, zone })
    }
}

impl From<Window> for WindowText {
    fn from(window: Window) -> Self {
        let day = |day: &Weekday| DAYS.iter().find(|(_, known)| known == day).map_or("", |(name, _)| name).to_owned();
        let days = (!window.days.is_empty()).then(|| window.days.iter().map(day).collect());
        let time = |time: Time| time.strftime("%H:%M").to_string();
        let is_midnight = window.to == Time::midnight();
        let to = if is_midnight { "24:00".into() } else { time(window.to) };
        let zone = window.zone.iana_name().unwrap_or("UTC").to_owned();
        Self { printer: window.printer, days, from: time(window.from), to, zone }
    }
}

/// The days by their names in settings.
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

fn parse_day(day: &str) -> Result<Weekday, String> {
    let found = DAYS.iter().find(|(name, _)| *name == day);
    found.map(|(_, weekday)| *weekday).ok_or_else(|| {
        let names = DAYS.map(|(name, _)| name).join(", ");
        format!("`{day}` is not a day; days are {names}")
    })
}

impl Window {
    /// The next opening after `now`, within a week.
    fn next_opening(&self, now: Timestamp) -> Option<Timestamp> {
        self.openings(now, 0..=7).filter(|at| *at > now).min()
    }

    /// The times in which it is open that begin on the days around that of `now`, by their distance from it in days.
    pub(super) fn times(&self, now: Timestamp, days: RangeInclusive<i64>) -> impl Iterator<Item = Range<Timestamp>> {
        let today = self.zone.to_datetime(now.to_jiff()).date();
        let crosses = i64::from(self.to <= self.from);
        days.filter_map(move |days| {
            let day = today.checked_add(Span::new().days(days)).ok()?;
            let is_opened = self.days.is_empty() || self.days.contains(&day.weekday());
            let last = day.checked_add(Span::new().days(crosses)).ok()?;
            let instant = |local: DateTime| {
                let at = self.zone.to_zoned_datetime(local).ok()?;
                Some(Timestamp(at.timestamp().as_microsecond()))
            };
            let time = instant(day.to_datetime(self.from))?..instant(last.to_datetime(self.to))?;
            (is_opened && !time.is_empty()).then_some(time)
        })
    }

    /// The openings on the days around that of `now`, by their distance from it in days.
    fn openings(&self, now: Timestamp, days: RangeInclusive<i64>) -> impl Iterator<Item = Timestamp> {
        let today = self.zone.to_datetime(now.to_jiff()).date();
        days.filter_map(move |days| {
            let day = today.checked_add(Span::new().days(days)).ok()?;
            let opens = self.days.is_empty() || self.days.contains(&day.weekday());
            let opening = opens.then(|| self.zone.to_zoned_datetime(day.to_datetime(self.from)).ok())??;
            Some(Timestamp(opening.timestamp().as_microsecond()))
        })
    }

    /// The closings on the days around that of `now`, in no particular order.
    fn closings(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let today = self.zone.to_datetime(now.to_jiff()).date();
        (-1..=9).filter_map(move |days| {
            let day = today.checked_add(Span::new().days(days)).ok()?;
            let closing = self.zone.to_zoned_datetime(day.to_datetime(self.to)).ok()?;
            Some(Timestamp(closing.timestamp().as_microsecond()))
        })
    }

    /// Whether a card may start at `now`, by the local time of the zone, with daylight saving.
    pub fn is_open(&self, now: Timestamp) -> bool {
        let local = self.zone.to_datetime(now.to_jiff());
        let on = |weekday| self.days.is_empty() || self.days.contains(&weekday);
        let (today, time) = (local.weekday(), local.time());
        if self.from < self.to {
            return on(today) && (self.from..self.to).contains(&time);
        }
        let yesterday = local.checked_sub(Span::new().days(1)).map_or(today, jiff::civil::DateTime::weekday);
        (on(today) && time >= self.from) || (on(yesterday) && time < self.to)
    }
}

/// Whether a card may start on `printer` at `now`: always if no window applies to the printer, otherwise if one is open. If a
/// printer has windows of its own, the general ones do not apply to it.
pub fn is_open(windows: &[Window], printer: &str, now: Timestamp) -> bool {
    let mut none_applies = true;
    for window in windows_of(windows, printer) {
        if window.is_open(now) {
            return true;
        }
        none_applies = false;
    }
    none_applies
}

/// The next instant after `now` at which a window for the printer opens. `None` if none does within a week.
pub fn next_opening(windows: &[Window], printer: &str, now: Timestamp) -> Option<Timestamp> {
    windows_of(windows, printer).filter_map(|window| window.next_opening(now)).min()
}

/// The first instant after `now` at which no window is open for any printer. `None` if one is always open, as where there are none.
pub fn next_closing(windows: &[Window], now: Timestamp) -> Option<Timestamp> {
    let mut closings: Vec<Timestamp> = windows.iter().flat_map(|window| window.closings(now)).collect();
    closings.sort_unstable();
    closings.into_iter().find(|at| *at > now && !windows.iter().any(|window| window.is_open(*at)))
}

/// When printing begins or ends next by the windows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum NextChange {
    /// No window limits printing, or those that do never close.
    Never,
    /// No printer may begin a card, and the first may from this instant on.
    Opens {
        /// When, RFC 3339; none if no window opens within a week.
        at: Option<String>,
    },
    /// A printer may begin a card, and none may from this instant on.
    Closes {
        /// When, RFC 3339.
        #[schemars(extend("format" = "date-time"))]
        at: String,
    },
}

/// The windows that apply to a printer: its own, else the general ones.
fn windows_of<'a>(windows: &'a [Window], printer: &'a str) -> impl Iterator<Item = &'a Window> {
    let has_own = windows.iter().any(|window| window.printer.as_deref() == Some(printer));
    windows.iter().filter(move |window| window.printer.as_deref() == has_own.then_some(printer))
}

/// When a window of these printers opens or closes next.
pub fn next_change(windows: &[Window], printers: &[&str], now: Timestamp) -> NextChange {
    let is_unlimited = printers.iter().any(|printer| windows_of(windows, printer).next().is_none());
    if windows.is_empty() || is_unlimited {
        return NextChange::Never;
    }
    let applies = |window: &&Window| {
        printers.is_empty()
            || printers.iter().any(|printer| windows_of(windows, printer).any(|one| std::ptr::eq(one, *window)))
    };
    let used: Vec<Window> = windows.iter().filter(applies).cloned().collect();
    if used.iter().any(|window| window.is_open(now)) {
        return next_closing(&used, now).map_or(NextChange::Never, |at| NextChange::Closes { at: at.to_string() });
    }
    let at = used.iter().filter_map(|window| window.next_opening(now)).min();
    NextChange::Opens { at: at.map(|at| at.to_string()) }
}

impl FromStr for Window {
    type Err = String;

    /// Parses `DAYS FROM-TO ZONE`, as in `mon,tue 22:00-05:00 Asia/Jakarta`; `*` means every day.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<_> = text.split_whitespace().collect();
        let [days, hours, zone] = parts[..] else { return Err(format!("`{text}` is not `DAYS FROM-TO ZONE`")) };
        let (from, to) = hours.split_once('-').ok_or_else(|| format!("`{hours}` is not `FROM-TO`"))?;
        let days = (days != "*").then(|| days.split(',').map(str::to_owned).collect());
        WindowText { printer: None, days, from: from.into(), to: to.into(), zone: zone.into() }.try_into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_window_across_midnight_belongs_to_the_day_on_which_it_opens() {
        let friday_night: Window = "fri 22:00-05:00 Asia/Jakarta".parse().unwrap();
        assert!(!friday_night.is_open(at("2026-11-27T21:59:59+07:00")));
        assert!(friday_night.is_open(at("2026-11-27T22:00:00+07:00")));
        assert!(friday_night.is_open(at("2026-11-28T04:59:59+07:00")));
        assert!(!friday_night.is_open(at("2026-11-28T05:00:00+07:00")));
        assert!(!friday_night.is_open(at("2026-11-28T22:00:00+07:00")));
        assert!(!friday_night.is_open(at("2026-11-27T04:00:00+07:00")));
    }

    #[test]
    fn the_wall_clock_of_the_zone_decides() {
        let day: Window = "* 08:00-16:00 Asia/Jayapura".parse().unwrap();
        assert!(day.is_open(at("2026-11-24T08:30:00+09:00")));
        assert!(!day.is_open(at("2026-11-24T08:30:00+07:00").plus(std::time::Duration::from_hours(6))));
    }

    #[test]
    fn a_window_for_one_printer_leaves_the_others_alone() {
        let mut night: Window = "* 22:00-05:00 Asia/Jakarta".parse().unwrap();
        night.printer = Some("p1".into());
        let noon = at("2026-11-24T12:00:00+07:00");
        assert!(!is_open(&[night.clone()], "p1", noon));
        assert!(is_open(&[night.clone()], "p2", noon));
        let day: Window = "* 08:00-16:00 Asia/Jakarta".parse().unwrap();
        assert!(!is_open(&[day.clone(), night.clone()], "p1", noon), "its own go instead of the general ones");
        assert!(is_open(&[day, night], "p2", noon));
        assert!(is_open(&[], "p1", noon));
    }

    #[test]
    fn the_next_opening_is_that_of_the_windows_that_apply() {
        let night: Window = "fri 22:00-05:00 Asia/Jakarta".parse().unwrap();
        let early: Window = "* 01:30-05:00 Asia/Jakarta".parse().unwrap();
        let opens = |windows: &[Window], now: &str| next_opening(windows, "p1", at(now)).map(|at| at.to_string());
        let friday = Some("2026-11-27T15:00:00Z".to_owned());
        assert_eq!(opens(std::slice::from_ref(&night), "2026-11-27T21:59:59+07:00"), friday);
        assert_eq!(
            opens(std::slice::from_ref(&night), "2026-11-20T22:00:00+07:00"),
            friday,
            "it has just opened, so the next"
        );
        assert_eq!(
            opens(&[night.clone(), early.clone()], "2026-11-25T22:00:00+07:00"),
            Some("2026-11-25T18:30:00Z".into())
        );
        let of_p2 = Window { printer: Some("p2".into()), ..early };
        assert_eq!(opens(&[night, of_p2.clone()], "2026-11-25T22:00:00+07:00"), friday);
        assert_eq!(opens(&[of_p2], "2026-11-25T22:00:00+07:00"), None);
    }

    #[test]
    fn what_changes_next_is_of_the_windows_that_printers_have() {
        let night: Window = "* 20:00-05:00 Asia/Jakarta".parse().unwrap();
        let noon = Window { printer: Some("p2".into()), ..("* 12:00-13:00 Asia/Jakarta".parse().unwrap()) };
        let next = |windows: &[Window], printers: &[&str], now: &str| next_change(windows, printers, at(now));
        let opens = |time: &str| NextChange::Opens { at: Some(at(time).to_string()) };
        let closes = |time: &str| NextChange::Closes { at: at(time).to_string() };
        let (morning, evening) = ("2026-11-27T08:00:00+07:00", "2026-11-27T21:00:00+07:00");
        let both = [night.clone(), noon.clone()];
        assert_eq!(next(&[], &["p1"], morning), NextChange::Never);
        assert_eq!(next(&both, &["p1", "p2"], morning), opens("2026-11-27T12:00:00+07:00"));
        assert_eq!(next(&both, &["p1"], morning), opens("2026-11-27T20:00:00+07:00"), "it has no window at noon");
        assert_eq!(next(&both, &["p1", "p2"], evening), closes("2026-11-28T05:00:00+07:00"));
        assert_eq!(next(&both, &[], evening), closes("2026-11-28T05:00:00+07:00"), "an office without printers");
        assert_eq!(next(&[noon], &["p1", "p2"], morning), NextChange::Never, "p1 prints at any time");
        let day: Window = "* 00:00-24:00 Asia/Jakarta".parse().unwrap();
        assert_eq!(next(&[day], &["p1"], morning), NextChange::Never);
    }

    #[test]
    fn a_wrong_window_names_what_is_wrong() {
        for (text, word) in
            [("funday 1:00-2:00 UTC", "funday"), ("* 25:00-2:00 UTC", "from"), ("* 1:00-2:00 Mars", "zone")]
        {
            assert!(text.parse::<Window>().unwrap_err().contains(word), "{text}");
        }
    }
}
