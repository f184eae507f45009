//! `cetak plan`: what a night will do.

use jiff::{civil::DateTime, tz::TimeZone};

use super::{
    Message,
    access::Access,
    args::PlanArgs,
    output::{Output, table, thousands},
    words::{self, activity_at_end, local, preparation},
};
use crate::{
    domain::time::Timestamp,
    engine::{
        client::Client,
        query::{Need, NightPlan, Obstacle, PlanBand, PlannedClass, PlannedEnd, PlannedLoad, PlannedPrinter, ShowPlan},
    },
};

/// Prints the plan of a time.
pub(super) async fn command(access: &Access, out: Output, args: &PlanArgs) -> anyhow::Result<()> {
    let zone = access.zone();
    let from = args.from.map(|local| instant(local, zone)).transpose()?;
    let to = args.to.map(|local| instant(local, zone)).transpose()?;
    let plan = access.query(ShowPlan { night: args.night, from, to }).await?;
    Ok(out.data(&plan, |plan| text(plan, zone))?)
}

fn instant(local: DateTime, zone: &TimeZone) -> Result<Timestamp, Message> {
    let zoned = zone.to_ambiguous_zoned_datetime(local).compatible();
    let hint = "give a time as `2026-12-01T20:00`";
    let zoned = zoned.map_err(|error| Message::new(format!("{local} is no time of the office: {error}"), hint))?;
    Ok(Timestamp(zoned.timestamp().as_microsecond()))
}

/// The plan for people, with times in the office's zone.
pub(super) fn text(plan: &NightPlan, zone: &TimeZone) -> String {
    let minute = |at: &str| local(at, zone).get(..16).map_or_else(|| at.to_owned(), str::to_owned);
    let mut text = format!(
        "{} to {}: {} of {} that wait\n",
        minute(&plan.from),
        minute(&plan.to),
        cards(plan.printed),
        thousands(plan.waiting)
    );
    text += &format!("spoiled: {}; blanks left: {}\n", of(plan.spoiled), of(plan.blanks));
    let printer = |of_printer: &PlannedPrinter| {
        let end = |end: &PlannedEnd| {
            format!("{} since {} ({:.0} %)", activity_at_end(end.does), minute(&end.since), end.share * 100.0)
        };
        let ends: Vec<_> = of_printer.ends.iter().map(end).collect();
        vec![of_printer.printer.clone(), of(of_printer.printed), ends.join(", ")]
    };
    let rows: Vec<_> = plan.printers.iter().map(printer).collect();
    text += &format!("\n{}", table(&["printer", "good cards", "at the end"], &rows));
    let load = |load: &PlannedLoad| {
        let gains = if load.gains.p50 > 0 { more(load.gains) } else { "needed for the next line".into() };
        vec![load.printer.clone(), preparation(load.what).into(), thousands(load.cards), gains]
    };
    let mut rows: Vec<_> = plan.loads.iter().map(load).collect();
    rows.extend(plan.all_loads.map(|gains| vec!["all of them".into(), String::new(), String::new(), more(gains)]));
    if !rows.is_empty() {
        text += &format!("\n{}", table(&["to do before", "what", "for cards", "gains"], &rows));
    }
    let obstacle = |of: &Obstacle| {
        let printer = of.printer.clone().unwrap_or_else(|| "all printers".into());
        vec![printer, if of.is_paused { "paused" } else { "stopped" }.into(), more(of.gains)]
    };
    let rows: Vec<_> = plan.obstacles.iter().map(obstacle).collect();
    if !rows.is_empty() {
        text += &format!("\n{}", table(&["to settle before", "is", "gains"], &rows));
    }
    let need = |need: &Need| {
        let words = words::need(need, zone);
        vec![thousands(need.count), words.what, words.command]
    };
    let rows: Vec<_> = plan.decisions.iter().map(need).collect();
    if !rows.is_empty() {
        text += &format!("\n{}", table(&["", "to decide before", "command"], &rows));
    }
    let class = |of_class: &PlannedClass| {
        vec![of_class.profile.clone(), words::class(of_class.class), thousands(of_class.waiting), of(of_class.printed)]
    };
    let rows: Vec<_> = plan.classes.iter().map(class).collect();
    if !rows.is_empty() {
        text += &format!("\n{}", table(&["profile", "class", "wait", "the first that get a card"], &rows));
        text += "Lower classes come first; in a class, the records that were verified first.\n";
    }
    let rows: Vec<_> = plan.districts.iter().map(|one| vec![one.district.clone(), of(one.printed)]).collect();
    if plan.districts.iter().any(|one| !one.district.is_empty()) {
        text += &format!("\n{}", table(&["district", "good cards"], &rows));
    }
    text
}

/// `1,742 good cards (1,684 to 1,812)`.
fn cards(band: PlanBand) -> String {
    format!("{} good cards ({} to {})", thousands(band.p50), thousands(band.p10), thousands(band.p90))
}

fn of(band: PlanBand) -> String {
    if band.p10 == band.p90 {
        return thousands(band.p50);
    }
    format!("{} ({} to {})", thousands(band.p50), thousands(band.p10), thousands(band.p90))
}

fn more(band: PlanBand) -> String {
    if band.p50 > 0 { format!("+{}", of(band)) } else { of(band) }
}
