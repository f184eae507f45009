//! Printers: what they are, how they are, and what to do about it.

use serde_json::json;

use super::{
    Message, Usage,
    access::Access,
    act::with_second,
    args::{LaneArg, LimitArgs, PrinterCommand, SecondArgs},
    output::{Output, message, table},
    words,
};
use crate::{
    domain::{
        attempt::AttemptState,
        printer_reason::{Advice, Severity},
        value::Note,
    },
    engine::{
        client::Client,
        operations::{
            AddObjectedPrinter, AddPrinter, ClearPrinter, HopperSetting, Probe, RemovePrinter, SayPrinterSupplies,
            SetObjectedPrinter, SetPrinter, SetPrinterLimits, Supply, TestPrinter, WalkInLane,
        },
        query::{ListPrinters, PrinterLine, PrinterReport, ProbePrinter},
    },
};

/// Refuses a second person for what one person does.
fn refuse_second(second: &SecondArgs) -> anyhow::Result<()> {
    if second.ask || second.second.is_some() {
        anyhow::bail!(Usage("`--ask` and `--second` go with `--override` only"))
    }
    Ok(())
}

pub(super) async fn command(access: &Access, out: Output, command: PrinterCommand) -> anyhow::Result<()> {
    let client = access;
    match command {
        PrinterCommand::Add { name, uri, hopper, profile, override_reason, second } => {
            let printer = AddPrinter { name: name.clone(), uri, profile, hopper };
            let (done, fields) = (format!("printer `{name}` added"), json!({ "printer": name, "added": true }));
            let probe = match override_reason {
                None => {
                    refuse_second(&second)?;
                    client.act(printer).await?
                }
                Some(note) => {
                    let act = AddObjectedPrinter { printer, note };
                    let Some(act) = with_second(access, out, second, act, (&fields, &done)).await? else {
                        return Ok(());
                    };
                    client.act(act).await?
                }
            };
            tell(&probe, name.as_str());
            out.done(&fields, &done)?;
        }
        PrinterCommand::Set { name, uri, profile, hopper, no_hopper, limits, override_reason, second } => {
            let hopper = hopper.map(HopperSetting::Counted).or(no_hopper.then_some(HopperSetting::NotCounted));
            let setting = SetPrinter { printer: name, uri, profile, hopper };
            set(access, out, setting, limits, (override_reason, second)).await?;
        }
        PrinterCommand::List => list(access, out).await?,
        PrinterCommand::Show { name } => show(access, out, &name).await?,
        PrinterCommand::Supplies { name, ribbon, tray, cleaned } => {
            say_supplies(
                access,
                out,
                SayPrinterSupplies { printer: name, ribbon_left: ribbon, in_tray: tray, cleaned },
            )
            .await?;
        }
        PrinterCommand::Test { name } => test(access, out, &name).await?,
        PrinterCommand::Clear { name, reason } => {
            let cleared = client.act(ClearPrinter { printer: name.clone(), note: reason }).await?;
            let value = json!({
                "printer": name, "cleared": true, "state": cleared.state, "still_reports": cleared.still_reports,
            });
            out.done(&value, &words::cleared(&name, &cleared))?;
        }
        PrinterCommand::Remove { name } => {
            client.act(RemovePrinter { printer: name.clone() }).await?;
            out.done(&json!({ "printer": name, "removed": true }), &format!("printer `{name}` removed"))?;
        }
    }
    Ok(())
}

/// Changes a printer's settings, and then its limits, which nothing objects to.
async fn set(
    access: &Access,
    out: Output,
    setting: SetPrinter,
    limits: LimitArgs,
    (override_reason, second): (Option<Note>, SecondArgs),
) -> anyhow::Result<()> {
    let name = setting.printer.clone();
    let (done, fields) = (format!("printer `{name}` is changed"), json!({ "printer": name, "set": true }));
    if limits.is_any() && override_reason.is_some() {
        anyhow::bail!(Message::new("limits have no objections to override", "set them with a command of their own"));
    }
    let is_only_limits = setting.uri.is_none() && setting.profile.is_none() && setting.hopper.is_none();
    let probe = match override_reason {
        None => {
            refuse_second(&second)?;
            if is_only_limits { None } else { access.act(setting).await? }
        }
        Some(note) => {
            let act = SetObjectedPrinter { setting, note };
            let Some(act) = with_second(access, out, second, act, (&fields, &done)).await? else { return Ok(()) };
            access.act(act).await?
        }
    };
    if let Some(probe) = probe {
        tell(&probe, &name);
    }
    set_limits(access, &name, limits).await?;
    Ok(out.done(&fields, &done)?)
}

async fn say_supplies(access: &Access, out: Output, act: SayPrinterSupplies) -> anyhow::Result<()> {
    let printer = act.printer.clone();
    let left = access.act(act).await?;
    let text = format!("the supplies of printer `{printer}` are counted from there");
    Ok(out.done(&json!({ "printer": printer, "left": left }), &text)?)
}

/// Sets the limits that are given.
async fn set_limits(access: &Access, printer: &str, limits: LimitArgs) -> anyhow::Result<()> {
    if !limits.is_any() {
        return Ok(());
    }
    let LimitArgs {
        tray,
        ribbon,
        ribbon_yield,
        seconds_per_card,
        cleaning,
        rest_after,
        rest_minutes,
        cards_a_day,
        walk_in_lane,
    } = limits;
    let act = SetPrinterLimits {
        printer: printer.to_owned(),
        tray,
        ribbon,
        ribbon_yield,
        seconds_per_card,
        cleaning,
        rest_after,
        rest_minutes,
        cards_a_day,
        walk_in_lane: walk_in_lane.map(|lane| if lane == LaneArg::On { WalkInLane::On } else { WalkInLane::Off }),
    };
    access.act(act).await?;
    Ok(())
}

async fn list(access: &Access, out: Output) -> anyhow::Result<()> {
    let printers = access.query(ListPrinters {}).await?;
    let row = |p: &PrinterLine| {
        let now = words::standing(&p.standing, access.zone());
        vec![p.name.clone(), now, p.state.clone(), p.breaker.as_str().into(), p.profile.clone(), p.uri.clone()]
    };
    out.data(&printers, |printers| {
        let mut text = table(
            &["printer", "now", "state", "breaker", "profile", "uri"],
            &printers.iter().map(row).collect::<Vec<_>>(),
        );
        for printer in printers {
            let left = words::left(&printer.left, &printer.limits);
            if !left.is_empty() {
                text += &format!("\n{}: {}\n", printer.name, left.join(", "));
            }
        }
        text
    })?;
    Ok(())
}

/// What was found when a printer was asked.
fn tell(probe: &Probe, name: &str) {
    match probe {
        Probe::Answered(found) => {
            found.cautions.iter().for_each(|caution| message(&format!("note: {}", words::caution(*caution))));
        }
        Probe::Silent(why) => {
            message(&format!("warning: the printer was not asked what it is: {}", words::reason(why)));
            message(&format!("hint: try again with `cetak printer show {name}`; `cetak run` asks it too"));
        }
    }
}

/// What it is and how it is, asked now.
async fn show(access: &Access, out: Output, name: &str) -> anyhow::Result<()> {
    let report = access.query(ProbePrinter { printer: name.to_owned() }).await?;
    Ok(out.data(&report, show_text)?)
}

fn show_text(report: &PrinterReport) -> String {
    let PrinterReport { status, advice, capabilities: found, objections, .. } = report;
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let resolutions =
        found.resolutions_dpi.iter().map(|dpi| [*dpi; 2]).chain(found.oblong_resolutions_dpi.iter().copied());
    let resolutions = resolutions.map(words::resolution).collect::<Vec<_>>();
    let supply = |s: &Supply| {
        let level = s.level_percent.map_or_else(|| "unknown".to_owned(), |level| format!("{level} %"));
        format!("{}: {level}", s.name)
    };
    let supplies = status.supplies.iter().map(supply).collect::<Vec<_>>();
    let left = words::left(&report.left, &report.limits);
    let rows = [
        ("state", format!("{:?}", status.condition).to_lowercase()),
        ("reasons", status.reasons.join(", ")),
        ("accepts jobs", yes(status.accepting_jobs)),
        ("is", found.make_and_model.clone().unwrap_or_default()),
        ("formats", found.document_formats.join(", ")),
        ("media", found.media.join(", ")),
        ("resolutions", resolutions.join(", ")),
        ("sides", found.sides.join(", ")),
        ("supplies", supplies.join(", ")),
        ("can hold a job", yes(found.can_hold)),
        ("limits", left.join(", ")),
    ];
    let rows = rows.into_iter().filter(|(key, value)| *key != "limits" || !value.is_empty());
    let rows: Vec<_> = rows.map(|(key, value)| vec![key.to_owned(), value]).collect();
    let mut text = table(&["printer", &report.name], &rows);
    if !advice.is_empty() {
        let row = |a: &Advice| {
            let row = if report.declared_over.contains(&a.keyword) {
                [&*a.keyword, "nobody", "an operator declared it to be over", "it prints on meanwhile", ""]
            } else if a.severity == Severity::Report {
                [&*a.keyword, "nobody", "it is only reported", "it prints on meanwhile", ""]
            } else {
                [
                    &*a.keyword,
                    a.who.as_str(),
                    words::task(a.action),
                    words::resumes(a.resumes),
                    words::blank_inside(a.blank),
                ]
            };
            row.map(str::to_owned).to_vec()
        };
        let rows = advice.iter().map(row).collect::<Vec<_>>();
        text += &format!("\n{}", table(&["reason", "who", "what to do", "then", "blank inside"], &rows));
    }
    let objections: Vec<String> = objections.iter().map(words::objection).collect();
    let cautions = found.cautions.iter().map(|caution| words::caution(*caution).to_owned()).collect();
    for (title, lines) in [("not guaranteed", cautions), ("objected", objections)] {
        for line in lines {
            text += &format!("\n{title}: {line}\n");
        }
    }
    if let Some(why) = &report.override_reason {
        text += &format!("\nused all the same: {}\n", words::quote(why));
    }
    text
}

async fn test(access: &Access, out: Output, name: &str) -> anyhow::Result<()> {
    let test = access.act(TestPrinter { printer: name.to_owned() }).await?;
    let state = test.state;
    let reason = test.reason.as_ref().map(words::reason);
    let value = json!({
        "printer": name, "attempt": test.attempt, "outcome": state.as_str(), "reason": reason,
    });
    let reason = reason.as_deref().unwrap_or("a good card");
    out.data(&value, |_| {
        let told = match state {
            AttemptState::Printed => "the printer reports a card: look at it, then destroy it".to_owned(),
            AttemptState::NotStarted => format!("no card was started, and the blank is free again: {reason}"),
            AttemptState::Spoiled => format!("the printer reports a spoiled card; destroy it: {reason}"),
            AttemptState::Intent | AttemptState::Releasing | AttemptState::Uncertain => {
                format!("inspect the printer, the outcome of the card is not known: {reason}")
            }
        };
        format!("{}: {told}\n", test.attempt)
    })?;
    if state == AttemptState::Printed {
        return Ok(());
    }
    let hint = match state {
        AttemptState::NotStarted | AttemptState::Spoiled | AttemptState::Printed => {
            format!("see what is wrong with `cetak printer show {name}`")
        }
        AttemptState::Intent | AttemptState::Releasing | AttemptState::Uncertain => {
            format!("search the printer for the card, then run `cetak inspect resolve {}`", test.attempt)
        }
    };
    Err(Message::new("the test card was not printed", hint).into())
}
