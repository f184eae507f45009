//! What is expected of a printer's cards: from its latest attempts, and while these are few, from what offices have met.

use std::time::Duration;

use super::{printer_reason::stopping, reason::Reason, states::AttemptState, time::Timestamp};

/// The attempts that what offices have met counts as much as.
const PRIOR_ATTEMPTS: f64 = 200.0;
/// Of their cards: 0.88 % spoiled in one office, 1.74 % in another.
const PRIOR_SPOILED: f64 = 0.0131;
const PRIOR_NOT_STARTED: f64 = 0.002;
const PRIOR_UNCERTAIN: f64 = 0.000_5;
/// Of spoiled cards, the share that stops the printer, and the spoiled cards that this counts as much as.
const PRIOR_JAMS: (f64, f64) = (0.3, 10.0);
/// The seconds from one card to the next, and the part of them by which a card may differ.
const PRIOR_SECONDS: f64 = 50.0;
const PRIOR_REACH: f64 = 0.2;
/// A longer time between two good cards was no card's.
const SECONDS_MAX: f64 = 600.0;
/// Fewer times than these say too little.
const SECONDS_LEAST: usize = 10;

/// An attempt that has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PastAttempt {
    /// When it ended.
    pub ended_at: Timestamp,
    /// How.
    pub state: AttemptState,
    /// Whether the printer was stopped by it, as by a jam.
    pub stopped: bool,
}

/// Whether what ended an attempt stopped its printer too.
pub fn stops_printer(reason: &Reason) -> bool {
    matches!(reason, Reason::Printer { reasons } if !stopping(reasons, &[]).is_empty())
}

/// What is expected of a printer's cards.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Expected {
    /// The seconds of a card, at least and at most; each time between is as likely.
    pub seconds: [f64; 2],
    /// The share of cards that are spoiled.
    pub spoiled: f64,
    /// The share of spoiled cards that stop the printer.
    pub jams: f64,
    /// The share of attempts that are not started.
    pub not_started: f64,
    /// The share of cards with an unknown outcome.
    pub uncertain: f64,
}

/// What is expected after these attempts of one printer, newest first. `card_time` is the mean time of its cards as it is known otherwise,
/// while there are few attempts.
pub fn expected(attempts: &[PastAttempt], card_time: Option<Duration>) -> Expected {
    let count = |state: AttemptState| attempts.iter().filter(|attempt| attempt.state == state).count();
    let spoiled = number(count(AttemptState::Spoiled));
    let jams = number(attempts.iter().filter(|one| one.state == AttemptState::Spoiled && one.stopped).count());
    let share = |found: f64, prior: f64| (found + prior * PRIOR_ATTEMPTS) / (number(attempts.len()) + PRIOR_ATTEMPTS);
    Expected {
        seconds: seconds(attempts).unwrap_or_else(|| {
            let mean = card_time.map_or(PRIOR_SECONDS, |time| time.as_secs_f64().min(SECONDS_MAX));
            [mean * (1.0 - PRIOR_REACH), mean * (1.0 + PRIOR_REACH)]
        }),
        spoiled: share(spoiled, PRIOR_SPOILED),
        jams: (jams + PRIOR_JAMS.0 * PRIOR_JAMS.1) / (spoiled + PRIOR_JAMS.1),
        not_started: share(number(count(AttemptState::NotStarted)), PRIOR_NOT_STARTED),
        uncertain: share(number(count(AttemptState::Uncertain)), PRIOR_UNCERTAIN),
    }
}

/// The times between good cards that followed one another, as bounds with the same mean and deviation. `None` of too few.
fn seconds(attempts: &[PastAttempt]) -> Option<[f64; 2]> {
    let is_good = |attempt: &PastAttempt| attempt.state == AttemptState::Printed;
    let pairs = attempts.windows(2).filter(|pair| pair.iter().all(is_good));
    let between = pairs.map(|pair| pair[0].ended_at.since(pair[1].ended_at).as_secs_f64());
    let mut times: Vec<f64> = between.filter(|seconds| *seconds > 0.0 && *seconds <= SECONDS_MAX).collect();
    if times.len() < SECONDS_LEAST {
        return None;
    }
    // A pause between two batches is no card's time.
    times.sort_by(f64::total_cmp);
    let longest = times[times.len() / 2] * 3.0;
    times.retain(|time| *time <= longest);
    let mean = times.iter().sum::<f64>() / number(times.len());
    let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / number(times.len());
    let reach = (3.0 * variance).sqrt().min(mean * 0.9);
    Some([mean - reach, mean + reach])
}

#[expect(clippy::cast_precision_loss, reason = "some thousands of attempts")]
fn number(of: usize) -> f64 {
    of as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attempts a minute apart, newest first, every `spoils`-th of which is spoiled.
    fn attempts(number: i64, spoils: i64, stopped: bool) -> Vec<PastAttempt> {
        let state = |n: i64| if n % spoils == 0 { AttemptState::Spoiled } else { AttemptState::Printed };
        let at = |n: i64| Timestamp(n * 60_000_000);
        (1..=number).rev().map(|n| PastAttempt { ended_at: at(n), state: state(n), stopped }).collect()
    }

    #[test]
    fn a_new_printer_is_expected_to_do_as_others_do() {
        let new = expected(&[], None);
        assert_eq!((new.seconds, new.spoiled, new.jams), ([40.0, 60.0], PRIOR_SPOILED, 0.3));
    }

    #[test]
    fn the_time_that_people_set_is_expected_until_cards_have_shown_another() {
        let set = Some(Duration::from_secs(30));
        assert!(expected(&[], set).seconds.iter().zip([24.0, 36.0]).all(|(is, expected)| (is - expected).abs() < 1e-6));
        assert!(expected(&attempts(40, 100, false), set).seconds[0] > 59.0);
    }

    #[test]
    fn what_a_printer_did_outweighs_what_others_do() {
        let known = expected(&attempts(2_000, 10, true), None);
        assert!((0.09..0.1).contains(&known.spoiled) && known.jams > 0.9, "{known:?}");
        assert!(known.seconds.iter().all(|seconds| (59.9..60.1).contains(seconds)), "{known:?}");
    }

    #[test]
    fn a_jam_stops_its_printer_and_what_is_only_reported_does_not() {
        let said = |reason: &str| stops_printer(&Reason::Printer { reasons: vec![reason.into()] });
        assert_eq!(["media-jam", "media-jam-report", "marker-supply-low-warning"].map(said), [true, false, false]);
        assert!(!stops_printer(&Reason::ForgottenByPrinter));
    }

    #[test]
    fn a_break_between_two_cards_is_no_cards_time() {
        let mut with_break = attempts(40, 100, false);
        for attempt in &mut with_break[..20] {
            attempt.ended_at.0 += 400_000_000;
        }
        assert!(expected(&with_break, None).seconds[1] < 61.0);
        let few = expected(&attempts(5, 100, false), None);
        assert_eq!(few.seconds.map(f64::to_bits), [40.0_f64, 60.0].map(f64::to_bits));
    }
}
