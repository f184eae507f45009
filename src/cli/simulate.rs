//! `cetak simulate`: what would become of an office, without one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use jiff::tz::TimeZone;
use serde::Serialize;

use super::{
    Message,
    access::Access,
    args::SimulateArgs,
    output::{Output, table, thousands},
    words::{activity, class, local},
};
use crate::{
    domain::{card::profile::WALK_IN_CLASS, time::Timestamp},
    engine::{client::Client, query::ShowScenario},
    simulation::{Activity, Band, Figures, PrinterFigures, Scenario, WALK_INS_IN_LIST, WaitFigures, differences},
};

/// What is printed with `--json`.
#[derive(Serialize)]
struct Simulated {
    title: String,
    figures: Figures,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<Against>,
}

/// Another scenario, and its differences.
#[derive(Serialize)]
struct Against {
    title: String,
    figures: Figures,
    /// More good cards, run by run.
    printed_more: Option<Band<i64>>,
    /// Days until the list is done, more than in the first.
    done_later_days: Option<Band<f64>>,
}

/// Runs one scenario or two, and prints their figures.
pub fn command(out: Output, args: &SimulateArgs) -> anyhow::Result<()> {
    let Some(scenario) = &args.scenario else { return Err(anyhow::anyhow!("a scenario is required")) };
    let scenario = read(scenario)?;
    let other = args.against.as_deref().map(read).transpose()?;
    let zone = scenario.zone.clone();
    let simulated = match other {
        None => {
            let figures = Figures::of(&scenario, args.runs, args.seed);
            Simulated { title: scenario.title, figures, against: None }
        }
        Some(other) => {
            let (figures, against, printed_more, done_later_days) =
                differences(&scenario, &other, args.runs, args.seed);
            let against = Against { title: other.title, figures: against, printed_more, done_later_days };
            Simulated { title: scenario.title, figures, against: Some(against) }
        }
    };
    Ok(out.data(&simulated, |simulated| text(simulated, &zone))?)
}

/// Writes the office as a scenario: to a file that does not exist yet, or to standard output.
pub(super) async fn from_office(access: &Access, out: Output, file: Option<PathBuf>) -> anyhow::Result<()> {
    let office = access.query(ShowScenario {}).await?;
    let scenario: Scenario = toml::from_str(&office.toml)?;
    scenario
        .check()
        .map_err(|fault| Message::new(format!("the office is no scenario: {fault}"), "add a printer first"))?;
    let Some(file) = file else { return Ok(out.data(&office, |office| office.toml.clone())?) };
    let place = file.display();
    let written = fs::File::create_new(&file).and_then(|mut file| file.write_all(office.toml.as_bytes()));
    written.map_err(|error| {
        Message::new(
            format!("the scenario `{place}` cannot be written: {error}"),
            "name a file that does not exist yet",
        )
    })?;
    Ok(out.done(&serde_json::json!({ "file": file }), &format!("the office is in the scenario `{place}`"))?)
}

/// Reads a scenario and checks it.
fn read(path: &Path) -> anyhow::Result<Scenario> {
    let place = path.display();
    let text = fs::read_to_string(path).map_err(|error| {
        Message::new(format!("the scenario `{place}` cannot be read: {error}"), "name a TOML file that you may read")
    })?;
    let hint = "correct the key; `cetak simulate --from-office` writes a scenario with each key of an office";
    let scenario: Scenario = toml::from_str(&text)
        .map_err(|error| Message::new(format!("the scenario `{place}`: {}", error.to_string().trim_end()), hint))?;
    scenario.check().map_err(|fault| Message::new(format!("the scenario `{place}`: {fault}"), hint))?;
    Ok(scenario)
}

fn text(simulated: &Simulated, zone: &TimeZone) -> String {
    match &simulated.against {
        None => of_scenario(&simulated.title, &simulated.figures, zone),
        Some(against) => beside(simulated, against, zone),
    }
}

/// Two scenarios beside each other, and how the second one differs, run by run.
fn beside(simulated: &Simulated, against: &Against, zone: &TimeZone) -> String {
    let (first, second) = (&simulated.figures, &against.figures);
    let row = |name: &str, of: &dyn Fn(&Figures) -> String| vec![name.to_owned(), of(first), of(second)];
    let number = |of: fn(&Figures) -> &Band<u64>| move |figures: &Figures| in_brackets(of(figures), |n| thousands(*n));
    let mut rows = vec![
        row("the list is done", &|of| in_brackets(&of.done_at, |at| shown_instant(*at, zone))),
        row("good cards", &number(|of| &of.printed)),
        row("spoiled blanks", &number(|of| &of.spoiled)),
        row("cards to be found", &number(|of| &of.uncertain)),
        row("quarantined records", &number(|of| &of.quarantined)),
        row("records that wait", &number(|of| &of.waiting)),
        row("blanks left", &|of| in_brackets(&of.blanks, |n| thousands(*n))),
        row("bottleneck", &|of| activity(of.bottleneck).to_owned()),
    ];
    let classes: BTreeSet<i64> = first.waits_by_class.keys().chain(second.waits_by_class.keys()).copied().collect();
    for class in classes {
        let wait = |of: &Figures| {
            of.waits_by_class.get(&class).map_or_else(String::new, |waits| {
                let [records, mean, longest] = waits_shown(waits);
                format!("{records} cards, {mean} on average, {longest} at most")
            })
        };
        rows.push(row(&format!("wait in class {}", named_class(class)), &wait));
    }
    let more = against.printed_more.as_ref().map(|band| in_brackets(band, |more| signed(*more)));
    rows.extend(more.map(|more| vec!["more good cards".into(), String::new(), more]));
    let later = against.done_later_days.as_ref().map(|band| in_brackets(band, |days| format!("{days:+.1}")));
    rows.extend(later.map(|later| vec!["done later, in days".into(), String::new(), later]));
    let runs = if first.runs == 1 { "1 run".into() } else { format!("{} runs", thousands(first.runs)) };
    let heading = format!("{runs}, seed {}", first.seed);
    let mut text = table(&[&heading, &simulated.title, &against.title], &rows);
    for (title, figures) in [(&simulated.title, first), (&against.title, second)] {
        text += &format!("\n{title}\n{}", printers(figures));
    }
    text
}

/// The median, with the tenth and the ninetieth percentile in brackets.
fn in_brackets<T>(band: &Band<T>, shown: impl Fn(&T) -> String) -> String {
    let [p10, p50, p90] = [&band.p10, &band.p50, &band.p90].map(shown);
    if p10 == p90 { p50 } else { format!("{p50} ({p10} to {p90})") }
}

fn printers(figures: &Figures) -> String {
    let row = |of: &PrinterFigures| printer_row(&of.name, &of.printed, &of.shares, of.last);
    table(
        &["printer", "good cards", "of its time", "in the end"],
        &figures.printers.iter().map(row).collect::<Vec<_>>(),
    )
}

fn of_scenario(title: &str, figures: &Figures, zone: &TimeZone) -> String {
    let done_at = row("the list is done", &figures.done_at, |at| shown_instant(*at, zone));
    let number = |name: &str, band: &Band<u64>| row(name, band, |n| thousands(*n));
    let rows = [
        done_at,
        number("good cards", &figures.printed),
        number("spoiled blanks", &figures.spoiled),
        number("cards to be found", &figures.uncertain),
        number("quarantined records", &figures.quarantined),
        number("records that wait", &figures.waiting),
        row("blanks left", &figures.blanks, |n| thousands(*n)),
    ];
    let runs = if figures.runs == 1 { "1 run".into() } else { format!("{} runs", thousands(figures.runs)) };
    let mut text = format!("{title}: {runs}, seed {}\n{}", figures.seed, bands("", &rows));
    text += &format!("\n{}", printers(figures));
    text += &format!("\nbottleneck: {}\n", activity(figures.bottleneck));
    let classes = figures.waits_by_class.iter().map(|(class, waits)| wait_row(&named_class(*class), waits));
    text +=
        &format!("\n{}", table(&["class", "good cards", "mean wait", "longest wait"], &classes.collect::<Vec<_>>()));
    if figures.waits_by_district.keys().any(|name| !name.is_empty()) {
        let rows: Vec<_> = figures.waits_by_district.iter().map(|(name, waits)| wait_row(name, waits)).collect();
        text += &format!("\n{}", table(&["district", "good cards", "mean wait", "longest wait"], &rows));
    }
    text
}

fn bands(name: &str, rows: &[Vec<String>]) -> String {
    table(&[name, "P10", "P50", "P90"], rows)
}

fn row<T>(name: &str, band: &Band<T>, shown: impl Fn(&T) -> String) -> Vec<String> {
    vec![name.into(), shown(&band.p10), shown(&band.p50), shown(&band.p90)]
}

/// A printer's good cards and the largest shares of its time.
fn printer_row(name: &str, printed: &Band<u64>, shares: &BTreeMap<Activity, f64>, last: Activity) -> Vec<String> {
    let mut largest: Vec<_> = shares.iter().filter(|(_, share)| **share >= 0.005).collect();
    largest.sort_by(|a, b| b.1.total_cmp(a.1));
    let shares = largest.iter().map(|(does, share)| format!("{} {:.0} %", activity(**does), **share * 100.0));
    let cards = format!("{} ({} to {})", thousands(printed.p50), thousands(printed.p10), thousands(printed.p90));
    vec![name.into(), cards, shares.collect::<Vec<_>>().join(", "), activity(last).into()]
}

/// A priority class; that of the walk-ins in a list by their name too.
fn named_class(of: i64) -> String {
    class(if of == WALK_INS_IN_LIST { WALK_IN_CLASS } else { of })
}

fn wait_row(name: &str, waits: &WaitFigures) -> Vec<String> {
    [name.to_owned()].into_iter().chain(waits_shown(waits)).collect()
}

/// The records, and the mean and the longest wait, in the middle of the runs.
fn waits_shown(waits: &WaitFigures) -> [String; 3] {
    let mean = waits.mean_days.as_ref().map_or("none".into(), |band| format!("{:.1} days", band.p50));
    [thousands(waits.records.p50), mean, format!("{:.1} days", waits.longest_days.p50)]
}

fn signed(more: i64) -> String {
    if more > 0 { format!("+{}", thousands(more)) } else { thousands(more) }
}

fn shown_instant(at: Option<Timestamp>, zone: &TimeZone) -> String {
    at.map_or("not done".into(), |at| local(&at.to_string(), zone))
}
