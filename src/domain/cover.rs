//! For how many days the blanks of a type last, and how many records wait in each priority class.

use std::time::Duration;

use super::time::Timestamp;

/// From how long ago on blanks that were used count, so that each weekday is among the days once.
pub const CONSUMPTION_OVER: Duration = Duration::from_hours(7 * 24);

/// The shortest time over which an average is taken: an office does not print at all hours of a day.
const SHORTEST: Duration = Duration::from_hours(24);

/// The whole days for which blanks last if as many are used on each day as on average since `first`, when the first of those that
/// count was used. `None` if none was used.
pub fn days_of_cover(usable: i64, used: i64, first: Timestamp, now: Timestamp) -> Option<i64> {
    if used <= 0 {
        return None;
    }
    let over = now.since(first).clamp(SHORTEST, CONSUMPTION_OVER);
    let days = i128::from(usable.max(0)) * i128::from(over.as_secs()) / (i128::from(used) * i128::from(24 * 3_600));
    i64::try_from(days).ok()
}

/// The number of records in each class of a profile in which `total` wait, where no more than `most` were counted in each: those that
/// were not counted are of the one class with more. With several such classes, the number of each is `most` at least, and not known.
pub fn whole_classes(counted: &[i64], total: i64, most: i64) -> Vec<(i64, bool)> {
    let is_cut = |count: &&i64| **count >= most;
    let cut = counted.iter().filter(is_cut).count();
    let rest = total - counted.iter().filter(|count| !is_cut(count)).sum::<i64>();
    let whole = |count: &i64| match (is_cut(&count), cut) {
        (false, _) => (*count, true),
        (true, 1) => (rest.max(*count), true),
        (true, _) => (*count, false),
    };
    counted.iter().map(whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_last_as_long_as_the_average_of_the_days_with_cards() {
        let now = Timestamp::parse("2026-11-28T10:00:00Z").unwrap();
        let ago = |hours: u64| now.minus(Duration::from_hours(hours));
        for (usable, used, first, days) in [
            (700, 700, ago(168), Some(7)),
            (699, 700, ago(168), Some(6)),
            (5_000, 300, ago(72), Some(50)),
            // The first day counts as a whole one.
            (100, 50, ago(2), Some(2)),
            // A card that is older does not make the average of the others smaller.
            (700, 700, ago(1_000), Some(7)),
            (0, 20, ago(48), Some(0)),
            (-3, 20, ago(48), Some(0)),
            (i64::MAX, 1, ago(168), None),
            (500, 0, ago(48), None),
        ] {
            assert_eq!(days_of_cover(usable, used, first, now), days, "{usable} blanks, {used} used");
        }
    }

    #[test]
    fn the_rest_of_a_list_is_of_its_one_long_class() {
        assert_eq!(whole_classes(&[3, 1_000, 7], 27_010, 1_000), [(3, true), (27_000, true), (7, true)]);
        assert_eq!(whole_classes(&[3, 12], 15, 1_000), [(3, true), (12, true)]);
        assert_eq!(whole_classes(&[1_000, 1_000, 7], 5_007, 1_000), [(1_000, false), (1_000, false), (7, true)]);
        assert_eq!(whole_classes(&[], 0, 1_000), []);
    }
}
