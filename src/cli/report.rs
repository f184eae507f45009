//! `cetak report`: what was done.

use jiff::tz::TimeZone;

use super::{
    access::Access,
    output::{Output, table, thousands},
    words::{self, local},
};
use crate::{
    domain::{halt::Halt, time::Day},
    engine::{
        client::Client,
        query::{
            BlanksLeft, Happened, LeftInClass, Need, NightLine, NightPile, NightReport, PlanTruth, PrinterTruth,
            ReportNight,
        },
    },
};

/// Prints the report of a night: of the last one, if none is named.
pub(super) async fn night(access: &Access, out: Output, night: Option<Day>) -> anyhow::Result<()> {
    let report = access.query(ReportNight { night }).await?;
    Ok(out.data(&report, |report| text(report, access.zone()))?)
}

fn text(report: &NightReport, zone: &TimeZone) -> String {
    let night = &report.night;
    let sum = |of: fn(&NightLine) -> i64| thousands(night.printers.iter().map(of).sum::<i64>());
    let mut text = format!(
        "{} to {}: {} good cards, {} spoiled, {} with an unknown outcome; {} blanks used\n",
        local(&night.since, zone),
        local(&night.until, zone),
        sum(|line| line.printed),
        sum(|line| line.spoiled),
        sum(|line| line.uncertain),
        thousands(night.used)
    );
    let line = |line: &NightLine| {
        let numbers = [line.printed, line.spoiled, line.uncertain, line.not_started].map(thousands);
        std::iter::once(line.printer.clone()).chain(numbers).collect()
    };
    let header = ["printer", "good cards", "spoiled", "unknown", "not started"];
    add(&mut text, &header, night.printers.iter().map(line));
    text += &report.plan.as_ref().map_or_else(
        || "\nno plan was kept when this night began\n".to_owned(),
        |plan| truth(plan, night.next.is_none(), zone),
    );
    let pile = |pile: &NightPile| {
        let districts = pile.districts.iter().map(|of| format!("{} {}", named(&of.district), of.cards));
        let batch = if pile.is_open { format!("{} (goes on)", pile.batch) } else { pile.batch.to_string() };
        vec![pile.printer.clone(), batch, thousands(pile.printed), districts.collect::<Vec<_>>().join(", ")]
    };
    add(&mut text, &["at printer", "batch", "good cards", "in this order"], report.piles.iter().map(pile));
    let event = |event: &Happened| {
        vec![local(&event.at, zone), event.subject.clone(), event.act.clone(), detail(event), event.actor.clone()]
    };
    add(&mut text, &["when", "what", "act", "detail", "by"], report.happened.iter().map(event));
    if report.is_cut {
        text += "Only the newest of these are listed.\n";
    }
    let need = |need: &Need| {
        let words = words::need(need, zone);
        vec![thousands(need.count), words.what, words.command]
    };
    add(&mut text, &["", "needs a person", "command"], report.needs.iter().map(need));
    let left = |left: &LeftInClass| vec![left.profile.clone(), words::class(left.class), thousands(left.records)];
    add(&mut text, &["profile", "class", "records left"], report.left.iter().map(left));
    let blanks = |left: &BlanksLeft| {
        let place = left.printer.as_ref().map_or_else(|| "vault".to_owned(), |name| format!("hopper {name}"));
        vec![left.blank_type.clone(), place, thousands(left.blanks)]
    };
    add(&mut text, &["blank type", "place", "blanks left"], report.blanks.iter().map(blanks));
    text
}

/// What was seen or said. That of a halt has a code, which stands in words here.
fn detail(event: &Happened) -> String {
    let halt = Halt::from_code(&event.detail).filter(|_| event.act.starts_with("printer.feeding-"));
    halt.map_or_else(|| event.detail.clone(), |halt| words::halt(halt).to_owned())
}

/// What was planned beside what there is.
fn truth(plan: &PlanTruth, is_last: bool, zone: &TimeZone) -> String {
    let planned = |band: &crate::engine::query::PlanBand| {
        format!("{} ({} to {})", thousands(band.p50), thousands(band.p10), thousands(band.p90))
    };
    let mut text = format!(
        "\nplanned at {} until {}: {} good cards; there are {}\n",
        local(&plan.made_at, zone),
        local(&plan.to, zone),
        planned(&plan.planned),
        thousands(plan.printed)
    );
    let row = |of: &PrinterTruth| {
        let now = match &of.standing {
            Some(standing) => Some(words::standing(standing, zone)),
            None => is_last.then(|| "removed".to_owned()),
        };
        let spoiled = (of.spoiled > 0).then(|| format!("spoiled blanks: {}", thousands(of.spoiled)));
        let why: Vec<_> = now.into_iter().chain(of.lost.iter().map(words::lost_time)).chain(spoiled).collect();
        vec![of.printer.clone(), planned(&of.planned), thousands(of.printed), why.join("; ")]
    };
    let last = if is_last { "now, and in the night" } else { "in the night" };
    add(&mut text, &["printer", "planned", "good cards", last], plan.printers.iter().map(row));
    text
}

/// Adds a table that has rows.
fn add(text: &mut String, header: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        *text += &format!("\n{}", table(header, &rows));
    }
}

fn named(district: &str) -> &str {
    if district.is_empty() { "no district" } else { district }
}
