//! A run up to the begin of a night, and from there on with what people do then.
//!
//! What is printed before the night is simulated and not counted. Up to the night, a seed is run once for all that people may do.

use std::{collections::BTreeMap, num::NonZero};

use jiff::civil::DateTime;

use super::{
    super::{
        parallel,
        preparation::Prepared,
        printer::Printer,
        room::Room,
        scenario::{Scenario, Stock},
        tally::Run,
    },
    Clockwork, TurnOrders, scope,
};
use crate::domain::time::Timestamp;

/// What people do when a night begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Measure {
    /// They prepare the printer at this place.
    Prepare(usize, Prepared),
    /// They clear the printer at this place, which is locked.
    Clear(usize),
    /// They end the pause at this place of the scenario.
    Resume(usize),
}

/// How an office stands when a night begins, before people do anything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The records that wait, in a batch or not.
    pub waiting: u64,
    /// The good cards of each class that were made before.
    pub printed_before: BTreeMap<i64, u64>,
    /// The free blanks in the vault, by profile.
    vault: Vec<(String, u32)>,
    printers: Vec<PrinterStanding>,
}

/// What is in a printer when a night begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct PrinterStanding {
    loaded: u32,
    in_tray: u32,
    ribbon_left: Option<u32>,
    cleaning_left: Option<u32>,
}

/// A run up to a night, and the nights that come of different measures.
#[derive(Clone, PartialEq, Debug)]
pub struct NightRuns {
    /// How the office stands when the night begins.
    pub begin: Standing,
    /// What becomes of the night, by measures. Cards are counted from its begin on.
    pub runs: Vec<Run>,
}

/// Runs a scenario up to `from` with each of the seeds from `seed` on, and from there on with each of these measures.
pub fn nights(
    scenario: &Scenario,
    from: DateTime,
    (runs, seed): (NonZero<u32>, u64),
    measures: &[Vec<Measure>],
) -> Vec<NightRuns> {
    let (from, orders) = (scenario.instant(from), TurnOrders::new());
    parallel::of_each(runs, seed, |seed| {
        let mut evening = Clockwork::new(Room::new(scenario, seed), &orders);
        evening.advance(from.min(evening.end));
        let begin = evening.standing();
        evening.room.count_anew();
        let run = |mut night: Clockwork, measures: &[Measure]| {
            night.take(measures, from);
            night.advance(night.end);
            night.finish().run
        };
        let Some((last, others)) = measures.split_last() else { return NightRuns { begin, runs: Vec::new() } };
        let mut runs: Vec<Run> = others.iter().map(|measures| run(evening.clone(), measures)).collect();
        runs.push(run(evening, last));
        NightRuns { begin, runs }
    })
}

impl Clockwork<'_> {
    fn standing(&self) -> Standing {
        let room = &self.room;
        let printer = |(at, printer): (usize, &Printer)| {
            let (left, limits) = (printer.supplies.left(room.now), printer.supplies.limits);
            PrinterStanding {
                loaded: count(room.in_hopper(at)),
                in_tray: limits.tray.zip(left.tray).map_or(0, |(tray, left)| count(tray - left)),
                ribbon_left: left.ribbon.map(count),
                cleaning_left: left.cleaning.map(count),
            }
        };
        Standing {
            waiting: room.open,
            printed_before: room.waits_by_class.iter().map(|(class, waits)| (*class, waits.records)).collect(),
            vault: room.vault().map(|(profile, blanks)| (profile.to_owned(), count(blanks))).collect(),
            printers: room.printers.iter().enumerate().map(printer).collect(),
        }
    }

    /// People do all of this at an instant.
    fn take(&mut self, measures: &[Measure], at: Timestamp) {
        if measures.is_empty() || self.is_done() {
            return;
        }
        self.room.now = at;
        for measure in measures {
            match *measure {
                Measure::Prepare(printer, prepared) => self.room.prepare(printer, prepared),
                Measure::Clear(printer) => self.room.printers[printer].clear(),
                Measure::Resume(pause) => {
                    self.ended_pauses.push(pause);
                    let named = self.scenario.pauses[pause].printer.as_deref();
                    for printer in &mut self.room.printers {
                        printer.pauses.retain(|pause| pause.scope != scope(named));
                    }
                }
            }
        }
        self.act();
    }
}

/// The scenario as it mostly stands when the night begins: the middle of what is in each printer and in the vault.
pub fn typical(scenario: &Scenario, from: DateTime, runs: &[NightRuns]) -> Scenario {
    let mut typical = scenario.clone();
    if from <= scenario.start || runs.is_empty() {
        return typical;
    }
    typical.start = from;
    typical.stock = runs[0]
        .begin
        .vault
        .iter()
        .enumerate()
        .map(|(at, (profile, _))| Stock { blanks: middle(runs, |begin| begin.vault[at].1), profile: profile.clone() })
        .collect();
    for (at, printer) in typical.printers.iter_mut().enumerate() {
        if printer.hopper.is_some() {
            printer.loaded = middle(runs, |begin| begin.printers[at].loaded);
        }
        printer.in_tray = middle(runs, |begin| begin.printers[at].in_tray);
        printer.ribbon_left = middle(runs, |begin| begin.printers[at].ribbon_left);
        printer.cleaning_left = middle(runs, |begin| begin.printers[at].cleaning_left);
    }
    typical
}

fn middle<T: Ord + Copy>(runs: &[NightRuns], of: impl Fn(&Standing) -> T) -> T {
    let mut values: Vec<T> = runs.iter().map(|run| of(&run.begin)).collect();
    values.sort_unstable();
    values[(values.len() - 1) / 2]
}

fn count(of: i64) -> u32 {
    u32::try_from(of.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::{Preparation, run},
        *,
    };

    const SEEDS: std::ops::Range<u64> = 3..13;

    /// From 08:00 on: hoppers that end, a printer of the vault, one that is locked, and one that is paused.
    fn office() -> Scenario {
        let faults = r#""spoiled": 0.03, "not_started": 0.02, "jams": 0.1"#;
        let text = format!(
            r#"{{ "title": "a test", "start": "2026-12-01T08:00", "zone": "Asia/Jakarta", "days": 3, "until": "2026-12-02T05:00",
                "list": [{{ "records": 900, "districts": ["a", "b"] }}], "stock": [{{ "blanks": 700 }}],
                "pause": [{{ "printer": "p3", "from": "2026-12-01T08:00" }}],
                "printer": [
                    {{ "name": "p1", "seconds_per_card": [40, 60], "hopper": 200, "loaded": 150, {faults} }},
                    {{ "name": "p2", "seconds_per_card": [40, 60], "hopper": 900, "loaded": 100, "ribbon": 90, {faults} }},
                    {{ "name": "p3", "seconds_per_card": [40, 60], "hopper": 200, "loaded": 50, {faults} }},
                    {{ "name": "p4", "seconds_per_card": [40, 60], "hopper": 200, "loaded": 60, "locked": true, {faults} }},
                    {{ "name": "p5", "seconds_per_card": [200, 300], {faults} }}] }}"#
        );
        let office: Scenario = serde_json::from_str(&text).unwrap();
        office.check().unwrap();
        office
    }

    fn evening() -> DateTime {
        "2026-12-01T20:00".parse().unwrap()
    }

    /// The nights of the seeds with each of these measures.
    fn of_seeds(office: &Scenario, from: DateTime, measures: &[Vec<Measure>]) -> Vec<NightRuns> {
        let number = u32::try_from(SEEDS.end - SEEDS.start).ok().and_then(NonZero::new).unwrap();
        nights(office, from, (number, SEEDS.start), measures)
    }

    fn before(night: &NightRuns) -> u64 {
        night.begin.printed_before.values().sum()
    }

    #[test]
    fn a_night_that_begins_with_its_scenario_is_the_run_of_the_scenario() {
        let office = office();
        for (seed, night) in SEEDS.zip(of_seeds(&office, office.start, &[vec![]])) {
            assert_eq!((&night.runs[0], before(&night)), (&run(&office, seed), 0));
        }
    }

    #[test]
    fn what_is_printed_before_a_night_is_not_counted_and_the_rest_is_the_same() {
        let office = office();
        for (seed, night) in SEEDS.zip(of_seeds(&office, evening(), &[vec![]])) {
            let (whole, rest) = (run(&office, seed), &night.runs[0]);
            assert_eq!(before(&night) + rest.printed, whole.printed);
            assert_eq!((rest.blanks, rest.waiting, rest.ended_at), (whole.blanks, whole.waiting, whole.ended_at));
            assert!(before(&night) > 50 && rest.printed < 200, "{} {}", before(&night), rest.printed);
            let sum: u64 = rest.printers.iter().map(|printer| printer.printed).sum();
            assert_eq!((sum, rest.waits_by_class.values().map(|of| of.records).sum()), (rest.printed, rest.printed));
        }
    }

    #[test]
    fn what_people_do_when_a_night_begins_comes_to_what_a_scenario_says_of_it() {
        let office = office();
        let load = Prepared { what: Preparation::Load, cards: 120 };
        let (mut loaded, mut resumed) = (office.clone(), office.clone());
        loaded
            .loads
            .push(serde_json::from_str(r#"{ "printer": "p1", "at": "2026-12-01T20:00", "blanks": 120 }"#).unwrap());
        resumed.pauses[0].to = Some(evening());
        let measures = [vec![Measure::Prepare(0, load)], vec![Measure::Resume(0)], vec![Measure::Clear(3)], vec![]];
        for (seed, night) in SEEDS.zip(of_seeds(&office, evening(), &measures)) {
            for (place, scenario) in [&loaded, &resumed].into_iter().enumerate() {
                assert_eq!(before(&night) + night.runs[place].printed, run(scenario, seed).printed, "{place} {seed}");
            }
            let printed = |place: usize, printer: usize| night.runs[place].printers[printer].printed;
            assert!(printed(2, 3) > 0 && printed(3, 3) == 0, "p4 is cleared: {}", printed(2, 3));
        }
    }

    #[test]
    fn an_office_as_it_mostly_stands_in_the_evening_has_what_the_day_left() {
        let office = office();
        let typical = typical(&office, evening(), &of_seeds(&office, evening(), &[vec![]]));
        let [p1, p2, p3, ..] = &typical.printers[..] else { panic!() };
        assert_eq!((p1.loaded, p2.loaded, p2.ribbon_left, p3.loaded), (0, 10, Some(0), 50));
        assert!((400..650).contains(&typical.stock[0].blanks), "p5 takes from the vault: {:?}", typical.stock);
        let prepared: Vec<_> = typical.preparations(1).iter().map(|one| (one.what, one.cards)).collect();
        assert_eq!(prepared, [(Preparation::Ribbon, 90), (Preparation::Load, typical.stock[0].blanks)]);
    }
}
