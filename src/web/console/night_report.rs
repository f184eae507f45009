//! What the report of a night adds to its numbers: piles, events, what was planned, and what is left.

use super::{
    address,
    needs::{NeedLine, lines},
    page::Page,
    place::class,
    plan::band,
    view::{Cell, Table},
};
use crate::{
    domain::{
        breaker::Breaker,
        halt::Halt,
        lost_time::{LossCause, LostTime},
    },
    engine::query::{BlanksLeft, Happened, LeftInClass, NightPile, NightReport, PlanTruth, PrinterTruth},
    words::pages::{self, Text, texts},
};

/// The tables of a report, without those that are empty.
pub(super) fn tables(page: &Page, report: &NightReport) -> Vec<Table> {
    let planned = report.plan.as_ref().map(|plan| truth(page, plan));
    let mut rest = vec![piles(page, report), happened(page, report)];
    // What waits and what is left is as it is now.
    if report.night.next.is_none() {
        rest.extend([needs(page, report), left(page, report), blanks(page, report)]);
    }
    planned.into_iter().chain(rest).filter(|table| !table.rows.is_empty()).collect()
}

fn table(page: &Page, title: String, headings: &[Text], rows: Vec<Vec<Cell>>) -> Table {
    Table { title, headings: headings.iter().map(|text| page.t(*text)).collect(), rows, next: None }
}

/// What was planned beside what there is, with what stopped it.
fn truth(page: &Page, plan: &PlanTruth) -> Table {
    let row = |line: &PrinterTruth| {
        let standing = line.standing.as_ref().map(|now| pages::standing(now, page.language, &page.zone));
        let spoiled = (line.spoiled > 0).then(|| page.with(texts::SPOILED_BLANKS, &[&page.number(line.spoiled)]));
        let lost = line.lost.iter().map(|lost| lost_in_words(page, lost));
        vec![
            Cell::link(&line.printer, address::printer(&line.printer)),
            Cell::text(band(page, line.planned)),
            Cell::number(page, line.printed),
            Cell::text(standing.into_iter().chain(lost).chain(spoiled).collect::<Vec<_>>().join("; ")),
        ]
    };
    let headings = [texts::PRINTER, texts::PLANNED, texts::GOOD_CARDS, texts::REASONS];
    let numbers = [band(page, plan.planned), page.number(plan.printed)];
    let title = page.with(texts::PLAN_AND_TRUTH, &[&page.day_and_time(&plan.made_at), &numbers[0], &numbers[1]]);
    table(page, title, &headings, plan.printers.iter().map(row).collect())
}

fn lost_in_words(page: &Page, lost: &LostTime) -> String {
    let minutes = page.number(lost.minutes());
    match &lost.cause {
        LossCause::Paused => page.with(texts::LOST_PAUSED, &[&minutes]),
        LossCause::Unreachable => page.with(texts::LOST_UNREACHABLE, &[&minutes]),
        LossCause::Stopped { reason: Some(reason) } => {
            page.with(texts::LOST_STOPPED_BY, &[&minutes, &pages::printer_reason(reason, page.language)])
        }
        LossCause::Stopped { reason: None } => page.with(texts::LOST_STOPPED, &[&minutes]),
        LossCause::TrayFull => page.with(texts::LOST_TRAY_FULL, &[&minutes]),
        LossCause::RibbonUsedUp => page.with(texts::LOST_RIBBON_USED_UP, &[&minutes]),
        LossCause::CleaningDue => page.with(texts::LOST_CLEANING_DUE, &[&minutes]),
        LossCause::DayLimit => page.with(texts::LOST_DAY_LIMIT, &[&minutes]),
        LossCause::EmptyHopper => page.with(texts::LOST_EMPTY_HOPPER, &[&minutes]),
        LossCause::NoBlanks => page.with(texts::LOST_NO_BLANKS, &[&minutes]),
        LossCause::Rested => page.with(texts::LOST_RESTED, &[&minutes]),
        LossCause::Locked => page.with(texts::LOST_LOCKED, &[&minutes]),
    }
}

fn piles(page: &Page, report: &NightReport) -> Table {
    let row = |pile: &NightPile| {
        let districts = pile.districts.iter().filter(|of| !of.district.is_empty());
        let districts: Vec<_> = districts.map(|of| format!("{} {}", of.district, page.number(of.cards))).collect();
        vec![
            Cell::link(&pile.printer, address::printer(&pile.printer)),
            Cell::link(pile.batch.to_string(), address::batch(pile.batch)),
            Cell::number(page, pile.printed),
            Cell::text(districts.join(", ")),
        ]
    };
    let headings = [texts::PRINTER, texts::BATCH, texts::GOOD_CARDS, texts::IN_THIS_ORDER];
    table(page, page.t(texts::PILES).into(), &headings, report.piles.iter().map(row).collect())
}

fn happened(page: &Page, report: &NightReport) -> Table {
    let row = |event: &Happened| {
        vec![
            Cell::text(page.day_and_time(&event.at)),
            Cell::text(pages::subject(&event.subject, page.language)),
            Cell::text(pages::event(&event.act, page.language)),
            Cell::text(detail(page, event)),
            Cell::text(pages::actor(&event.actor, page.language)),
        ]
    };
    let headings = [texts::WHEN, texts::SUBJECT, texts::EVENT, texts::REASON, texts::BY];
    let mut title = page.t(texts::WHAT_HAPPENED).to_owned();
    if report.is_cut {
        title = format!("{title}. {}", page.t(texts::NEWEST_ONLY));
    }
    table(page, title, &headings, report.happened.iter().map(row).collect())
}

/// What was seen or said, without codes.
fn detail(page: &Page, event: &Happened) -> String {
    let shown = |part: &str| match (&*event.act, part.parse::<Breaker>(), Halt::from_code(part)) {
        ("printer.seen", ..) => seen(page, part),
        ("printer.breaker" | "printer.cleared", Ok(breaker), _) => page.t(pages::breaker(breaker)).to_owned(),
        ("printer.feeding-stopped" | "printer.feeding-resumed", _, Some(halt)) => {
            pages::halt(halt, page.language).to_owned()
        }
        ("printer.supplies", ..) => said(page, part),
        _ => part.to_owned(),
    };
    event.detail.split(", ").map(shown).collect::<Vec<_>>().join(", ")
}

/// The state of a printer, or the reasons that it gave for it.
fn seen(page: &Page, part: &str) -> String {
    let state = pages::printer_state(part, page.language);
    if state != part {
        return state;
    }
    let reasons = part.split(',').map(|reason| pages::printer_reason(reason, page.language));
    reasons.collect::<Vec<_>>().join(", ")
}

/// What a person said of a supply: its name and the cards.
fn said(page: &Page, part: &str) -> String {
    let (supply, cards) = part.split_once(' ').unwrap_or((part, ""));
    let cards = cards.parse().map_or_else(|_| cards.to_owned(), |cards: i64| page.number(cards));
    match supply {
        "ribbon" => page.with(texts::SAID_RIBBON, &[&cards]),
        "tray" => page.with(texts::SAID_TRAY, &[&cards]),
        _ => page.t(texts::SAID_CLEANED).to_owned(),
    }
}

fn needs(page: &Page, report: &NightReport) -> Table {
    let row = |line: NeedLine| {
        let count = line.count.clone().unwrap_or_else(|| page.number(1));
        vec![Cell::text(count), line.cell(), Cell::text(line.others.unwrap_or_default())]
    };
    let rows = lines(page, &report.needs).into_iter().flatten().map(row).collect();
    table(page, page.t(texts::NEEDS).into(), &[texts::NUMBER, texts::WHAT_WAITS, texts::BY], rows)
}

fn left(page: &Page, report: &NightReport) -> Table {
    let row = |left: &LeftInClass| {
        vec![Cell::text(format!("{}, {}", left.profile, class(page, left.class))), Cell::number(page, left.records)]
    };
    let headings = [texts::CLASS, texts::RECORDS_WAITING];
    table(page, page.t(texts::WHAT_IS_LEFT).into(), &headings, report.left.iter().map(row).collect())
}

fn blanks(page: &Page, report: &NightReport) -> Table {
    let row = |left: &BlanksLeft| {
        let place = match &left.printer {
            Some(name) => Cell::link(name, address::printer(name)),
            None => Cell::text(page.t(texts::VAULT)),
        };
        vec![Cell::text(&left.blank_type), place, Cell::number(page, left.blanks)]
    };
    let headings = [texts::TYPE, texts::BLANK_PLACE, texts::BLANKS_TO_LOAD];
    let mut rows: Vec<Vec<Cell>> = report.blanks.iter().map(row).collect();
    if rows.is_empty() {
        rows.push(vec![Cell::default(), Cell::text(page.t(texts::NO_BLANKS_LEFT)), Cell::number(page, 0)]);
    }
    table(page, page.t(texts::BLANKS_LEFT).into(), &headings, rows)
}
