//! The office as it stands, as a scenario of the simulator. Its reading costs the same however many records there are.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::{
    Engine, EngineError, Query,
    printers::{self, Facts, PrinterLine},
};
use crate::{
    domain::{
        breaker::Breaker,
        learned::{PastAttempt, expected},
        pause::{Pause, PauseScope},
        permission::Operation,
        record::RecordState,
        supply::Supplies,
        time::Timestamp,
    },
    simulation::{self, List, Printer, Scenario, Stock, WALK_INS_IN_LIST},
    store::Tx,
};

/// The attempts from which times and faults are learned: the newest, of at most a week.
const LATEST: i64 = 5_000;
const LATEST_SINCE: Duration = Duration::from_hours(7 * 24);
/// How many that wait in a class are counted. The rest of a profile is one number, which the counters have.
const COUNTED_IN_CLASS: i64 = 20_000;
/// The places in which the districts of a list are divided.
const DISTRICT_PLACES: i64 = 60;
/// The days of a scenario without an end.
const DAYS: u32 = 30;

/// Asks for the office as it stands, as a scenario of `cetak simulate`.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowScenario {}

/// The office as a scenario.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OfficeScenario {
    /// The scenario as a TOML file.
    pub toml: String,
}

impl Query for ShowScenario {
    type Answer = OfficeScenario;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<OfficeScenario, EngineError> {
        let now = engine.clock.now();
        let mut tx = engine.store.read().await?;
        let facts = Facts::read(engine, &mut tx).await?;
        let printers = printers::read(engine, &mut tx, &facts).await?;
        let scenario = read(engine, &mut tx, &facts, &printers, (now, None)).await?;
        Ok(OfficeScenario { toml: scenario.to_toml() })
    }
}

/// The records that wait in one class of a profile.
pub(super) struct InClass {
    pub(super) profile: String,
    pub(super) class: i64,
    pub(super) records: i64,
}

/// The scenario of the office from an instant on, and up to another.
pub(super) async fn read(
    engine: &Engine,
    tx: &mut Tx,
    facts: &Facts,
    printers: &[PrinterLine],
    (from, until): (Timestamp, Option<Timestamp>),
) -> Result<Scenario, EngineError> {
    let settings = &engine.settings;
    let start = local(engine, from);
    let now = engine.clock.now();
    let latest = tx.attempts_latest(now.minus(LATEST_SINCE), now, LATEST).await?;
    let mut by_printer: HashMap<&str, Vec<PastAttempt>> = HashMap::new();
    for (printer, attempt) in &latest {
        by_printer.entry(printer).or_default().push(*attempt);
    }
    let supplies: HashMap<String, Supplies> =
        tx.printer_list().await?.into_iter().map(|printer| (printer.name, printer.supplies)).collect();
    let supplies = |line: &PrinterLine| supplies.get(&line.name).copied().unwrap_or_default();
    let lists = waiting(tx, facts).await?;
    let windows = if engine.broken.settings.is_empty() { settings.windows.clone() } else { Vec::new() };
    let attempts = printers.iter().map(|printer| engine.attempts_limit(&printer.profile)).max();
    Ok(Scenario {
        title: format!("The office on {}", start.strftime("%Y-%m-%d %H:%M")),
        start,
        zone: settings.zone.clone(),
        days: DAYS,
        until: until.map(|until| local(engine, until)),
        batch_size: settings.batch_size,
        attempts: attempts.unwrap_or(3),
        release_after_minutes: settings.release_after.as_secs() / 60,
        backoff_seconds: [settings.backoff.base.as_secs(), settings.backoff.cap.as_secs()],
        breaker_failures: settings.breaker_failures,
        site: settings.site.clone(),
        lists: lists.iter().map(|list| list_of(facts, list)).collect(),
        stock: stock(engine, facts, printers),
        deliveries: Vec::new(),
        printers: printers
            .iter()
            .map(|line| printer(engine, facts, line, by_printer.get(&*line.name), &supplies(line)))
            .collect(),
        windows,
        staff: None,
        outages: Vec::new(),
        pauses: facts.pauses.iter().filter_map(|pause| pause_of(facts, pause, start)).collect(),
        loads: Vec::new(),
        walk_ins: Vec::new(),
    })
}

/// A time in the zone of the office, to the second.
pub(super) fn local(engine: &Engine, at: Timestamp) -> DateTime {
    let local = engine.settings.zone.to_datetime(at.to_jiff());
    local.with().subsec_nanosecond(0).build().unwrap_or(local)
}

/// The records of each profile and class that wait, in their order. Those in batches are among them, each in its class.
pub(super) async fn waiting(tx: &mut Tx, facts: &Facts) -> Result<Vec<InClass>, EngineError> {
    let of = |profile: &str, state: RecordState| {
        let of = facts.counts.iter().filter(|count| count.profile == profile && count.state == state.as_str());
        of.map(|count| count.count).sum::<i64>()
    };
    let mut classes: Vec<InClass> = Vec::new();
    for oldest in tx.waiting_oldest().await? {
        let records = tx.waiting_in_class(&oldest.profile, oldest.class, COUNTED_IN_CLASS).await?;
        classes.push(InClass { profile: oldest.profile, class: oldest.class, records });
    }
    let mut profiles: Vec<&str> = facts.counts.iter().map(|count| &*count.profile).collect();
    profiles.dedup();
    for profile in profiles {
        let in_list = of(profile, RecordState::Waiting);
        let counted: i64 = classes.iter().filter(|class| class.profile == profile).map(|class| class.records).sum();
        // What was not counted is of the classes with more than were counted; one of them, mostly.
        let whole = classes.iter_mut().find(|one| one.profile == profile && one.records == COUNTED_IN_CLASS);
        if let Some(class) = whole {
            class.records += (in_list - counted).max(0);
        }
    }
    let open: Vec<i64> = facts.batches.iter().map(|batch| batch.id).collect();
    for (profile, class, records) in tx.batched_by_class(&open).await? {
        match classes.iter_mut().find(|one| (&*one.profile, one.class) == (&*profile, class)) {
            Some(one) => one.records += records,
            None => classes.push(InClass { profile, class, records }),
        }
    }
    classes.sort_by(|a, b| (&a.profile, a.class).cmp(&(&b.profile, b.class)));
    Ok(classes)
}

/// A list whose districts have places as the counters have records.
fn list_of(facts: &Facts, InClass { profile, class, records }: &InClass) -> List {
    let states = [RecordState::Waiting.as_str(), RecordState::Batched.as_str()];
    let of = facts.counts.iter().filter(|count| count.profile == *profile && states.contains(&&*count.state));
    let mut by_district: BTreeMap<&str, i64> = BTreeMap::new();
    for count in of {
        *by_district.entry(&count.district).or_default() += count.count;
    }
    let all: i64 = by_district.values().sum();
    let mut places: Vec<(i64, &str)> = Vec::new();
    for (district, records) in by_district {
        let number = (records * DISTRICT_PLACES / all.max(1)).max(1);
        // Spread evenly among those of the others.
        places.extend((0..number).map(|nth| ((2 * nth + 1) * 1_000 / number, district)));
    }
    places.sort_unstable();
    let mut districts: Vec<String> = places.into_iter().map(|(_, district)| district.to_owned()).collect();
    if districts.is_empty() {
        districts.push(String::new());
    }
    List {
        records: count(*records),
        daily_at: None,
        class: (*class).max(WALK_INS_IN_LIST),
        districts,
        profile: profile.clone(),
    }
}

/// The blanks of the vault, reserved ones too. Blanks of a type that several profiles use are those of the one with the most records.
fn stock(engine: &Engine, facts: &Facts, printers: &[PrinterLine]) -> Vec<Stock> {
    let waiting = |profile: &str| {
        let of = facts
            .counts
            .iter()
            .filter(|count| count.profile == profile && count.state == RecordState::Waiting.as_str());
        of.map(|count| count.count).sum::<i64>()
    };
    let mut profiles: Vec<&str> = printers.iter().map(|printer| &*printer.profile).collect();
    profiles.sort_by_key(|profile| (std::cmp::Reverse(waiting(profile)), *profile));
    profiles.dedup();
    let mut seen: Vec<String> = Vec::new();
    let mut stock = Vec::new();
    for profile in profiles {
        let Ok(found) = engine.profile(profile) else { continue };
        if seen.contains(&found.blank_type) {
            continue;
        }
        let is_in = |account: &str, place: &str| account == "vault" || account == "reserved" && place.is_empty();
        let of = facts.balances.iter().filter(|line| line.blank_type == found.blank_type);
        let blanks: i64 = of.filter(|line| is_in(&line.account, &line.place)).map(|line| line.quantity).sum();
        stock.push(Stock { blanks: count(blanks), profile: profile.to_owned() });
        seen.push(found.blank_type.clone());
    }
    stock
}

fn printer(
    engine: &Engine,
    facts: &Facts,
    line: &PrinterLine,
    past: Option<&Vec<PastAttempt>>,
    supplies: &Supplies,
) -> Printer {
    let card_time = line.card_ms.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis);
    let known = expected(past.map_or(&[], Vec::as_slice), card_time);
    let hopper = line.hopper.map(count);
    let rounded = |share: f64| (share * 1e5).round() / 1e5;
    let (limits, left) = (&supplies.limits, supplies.left(engine.clock.now()));
    let number = |number: Option<i64>| number.map(count);
    let time = |at: Option<Timestamp>| at.map(|at| local(engine, at));
    let day_until = time(supplies.day_until());
    Printer {
        name: line.name.clone(),
        profile: line.profile.clone(),
        seconds_per_card: known.seconds.map(|seconds| ((seconds * 100.0).round() / 100.0).max(0.01)),
        hopper,
        loaded: hopper.map_or(0, |hopper| count(facts.hopper_blanks(&line.name)).min(hopper)),
        spoiled: rounded(known.spoiled),
        not_started: rounded(known.not_started),
        uncertain: rounded(known.uncertain),
        jams: rounded(known.jams),
        jam_minutes: simulation::JAM_MINUTES,
        tray: number(limits.tray),
        in_tray: limits.tray.zip(left.tray).map_or(0, |(tray, left)| count(tray - left)),
        ribbon: number(limits.ribbon),
        ribbon_yield: number(limits.ribbon_yield),
        ribbon_left: number(left.ribbon),
        spare_ribbons: None,
        cleaning: number(limits.cleaning),
        cleaning_left: number(left.cleaning),
        rest_after: number(limits.rest_after),
        rest_minutes: number(limits.rest_minutes),
        rest_left: number(left.rest),
        rests_until: time(supplies.rests_until()),
        cards_a_day: number(limits.cards_a_day),
        walk_in_lane: limits.walk_in_lane,
        day_left: day_until.and(number(left.day)),
        day_until,
        script: None,
        locked: line.breaker == Breaker::Locked || matches!(&*line.state, "stopped" | "unreachable"),
    }
}

fn pause_of(facts: &Facts, pause: &Pause, from: DateTime) -> Option<simulation::Pause> {
    let printer = match &pause.scope {
        PauseScope::Queue => None,
        PauseScope::Printer(name) => Some(name.clone()),
        PauseScope::Batch(id) => Some(facts.batches.iter().find(|batch| batch.id == *id)?.printer.clone()),
    };
    Some(simulation::Pause { printer, from, to: None })
}

fn count(of: i64) -> u32 {
    u32::try_from(of.max(0)).unwrap_or(u32::MAX)
}
