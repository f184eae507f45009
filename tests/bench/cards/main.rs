//! Measures how fast cards are drawn: `cargo bench --bench cards`.
//!
//! Both sides of cards of the profile `ktp-el`, each of another person with one of sixteen photos: as PWG raster for a
//! printer, on one thread and on as many as there are processors, and as PNG. The reference is `rsvg-convert` (Debian:
//! librsvg2-bin), which draws the same drawings with the same texts and photos in the same run. It is started for each
//! side, as by a print job; the cost of its start alone is shown too. No time is asserted.
//!
//! `-- --quick` takes seconds; `--cards N`; `--runs N`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark reads the real clock and prints its table"
)]

#[path = "../shared/table.rs"]
#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod table;
#[path = "../shared/usage.rs"]
#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod usage;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use anyhow::{Context, ensure};
use cetak::{
    app::{demo::people::write_waiting_list, profiles},
    domain::{
        card::profile::{CardProfile, Side},
        personal::Person,
    },
    render::{Card, CardRenderer, Format, Ink, Output, Renderer, SheetBack, Sides},
};
use table::{Line, output_of, per_second, show};
use usage::Usage;

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const DPI: u32 = 300;

/// A person and the other values of the card.
struct Citizen {
    person: Person,
    fields: BTreeMap<String, String>,
    photo: PathBuf,
    bytes: Vec<u8>,
}

fn main() -> anyhow::Result<()> {
    let (mut cards, mut runs) = (400, 3);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("`{argument}` needs a number"));
        match argument.as_str() {
            "--bench" => {} // cargo says so
            "--quick" => (cards, runs) = (40, 1),
            "--cards" => cards = value()?.parse()?,
            "--runs" => runs = value()?.parse()?,
            other => anyhow::bail!("there is no `{other}`"),
        }
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("cetak {}, {cores} cores, {runs} runs of {cards} cards, medians", env!("CARGO_PKG_VERSION"));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let profiles = profiles::built_in()?;
    let profile = profiles.get("ktp-el").context("it comes with the program")?;
    let renderer = Renderer::new(profile)?;
    let citizens = citizens(&renderer, folder.path(), cards)?;

    let (pwg, png) = (output(Format::Pwg, None), [0, 1].map(|side| output(Format::Png, Some(side))));
    let mut figures: [Vec<f64>; 4] = Default::default();
    let mut memory = Vec::new();
    let (mut rsvg, mut start) = (Vec::new(), Vec::new());
    for run in 1..=runs {
        eprintln!("measuring: run {run} of {runs}");
        // Resets the peak of memory.
        fs::write("/proc/self/clear_refs", "5")?;
        figures[0].push(rate(&renderer, &citizens, 1, std::slice::from_ref(&pwg))?);
        figures[1].push(rate(&renderer, &citizens, cores, std::slice::from_ref(&pwg))?);
        memory.push(Usage::read(Path::new("/proc/self"))?.memory_mb);
        figures[2].push(rate(&renderer, &citizens, 1, &png)?);
        figures[3].push(rate(&renderer, &citizens, 1, &[output(Format::Pdf, None)])?);
        let few = &citizens[..citizens.len().min(40)];
        rsvg.push(peer(folder.path(), profile, few)?);
        start.push(peer_start(folder.path())?);
    }
    let beside = "rsvg-convert, the same sides as PNG, one after the other";
    show(&[
        Line::new("both sides of a card as PWG raster, 1 thread", "cards/s", &figures[0]).beside(beside, &rsvg),
        Line::new(format!("the same, {cores} threads"), "cards/s", &figures[1]).beside(beside, &rsvg),
        Line::new("the most memory meanwhile", "MB", &memory),
        Line::new("both sides as two PNG, 1 thread", "cards/s", &figures[2]).beside(beside, &rsvg),
        Line::new("both sides as PDF, 1 thread", "cards/s", &figures[3]).beside(beside, &rsvg),
        Line::new("rsvg-convert of two empty drawings", "a second", &start),
    ]);
    Ok(())
}

fn output(format: Format, only: Option<usize>) -> Output {
    let sides = if only.is_none() { Sides::TwoSidedShortEdge } else { Sides::OneSided };
    let (ink, sheet_back) = (Ink::Rgb8, SheetBack::Normal);
    let (turned, media, page_mm) = (true, None, None);
    Output { format, dpi: DPI, ink, sides, sheet_back, turned, media, page_mm, only, for_people: false }
}

/// The print-ready people of an invented waiting list.
fn citizens(renderer: &Renderer, folder: &Path, count: usize) -> anyhow::Result<Vec<Citizen>> {
    let list = write_waiting_list(folder, 7, u32::try_from(count)? + 100)?;
    let mut file = csv::Reader::from_path(&list.path)?;
    let mut citizens = Vec::new();
    for row in file.deserialize() {
        let fields: BTreeMap<String, String> = row?;
        let fields: BTreeMap<String, String> =
            fields.into_iter().map(|(name, value)| (name, value.trim().replace("\r\n", " "))).collect();
        let photo = folder.join(&fields["photo"]);
        let Ok(bytes) = fs::read(&photo) else { continue };
        if fields["status"] == "PRINT_READY_RECORD" {
            let citizen = Citizen { person: Person::from(fields.clone()), fields, photo, bytes };
            if renderer.check(&card(&citizen)).is_ok() {
                citizens.push(citizen);
            }
        }
    }
    citizens.truncate(count);
    ensure!(citizens.len() == count, "too few people can be printed");
    Ok(citizens)
}

/// Cards a second.
fn rate(renderer: &Renderer, citizens: &[Citizen], threads: usize, outputs: &[Output]) -> anyhow::Result<f64> {
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    std::thread::scope(|scope| {
        let work = || -> anyhow::Result<()> {
            while let Some(citizen) = citizens.get(next.fetch_add(1, Ordering::Relaxed)) {
                for output in outputs {
                    ensure!(renderer.draw(&card(citizen), output)?.len() > 1_000, "a card is drawn");
                }
            }
            Ok(())
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| anyhow::bail!("a thread panicked")))
    })?;
    Ok(per_second(f64::from(u32::try_from(citizens.len())?), began))
}

fn card(citizen: &Citizen) -> Card<'_> {
    Card {
        person: &citizen.person,
        district: &citizen.fields["district"],
        village: &citizen.fields["village"],
        request_id: &citizen.fields["request_id"],
        attempt: "cetak-bench-00000000-0000-7000-8000-000000000000",
        keyed_hash: "0123456789abcdef",
        photo: Some(&citizen.bytes),
    }
}

/// Cards a second of `rsvg-convert`.
fn peer(folder: &Path, profile: &CardProfile, citizens: &[Citizen]) -> anyhow::Result<f64> {
    let mut drawings = Vec::new();
    for (at, citizen) in citizens.iter().enumerate() {
        for (side, name) in profile.sides().zip(["front", "back"]) {
            let file = folder.join(format!("{at}-{name}.svg"));
            fs::write(&file, filled(side, citizen)?)?;
            drawings.push(file);
        }
    }
    let began = Instant::now();
    for drawing in &drawings {
        convert(drawing)?;
    }
    Ok(per_second(f64::from(u32::try_from(citizens.len())?), began))
}

/// The rate for empty drawings.
fn peer_start(folder: &Path) -> anyhow::Result<f64> {
    let empty = folder.join("empty.svg");
    fs::write(&empty, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\" width=\"1\" height=\"1\"/>")?;
    let began = Instant::now();
    for _ in 0..40 {
        convert(&empty)?;
    }
    Ok(per_second(20.0, began))
}

fn convert(drawing: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("rsvg-convert");
    command.args(["--width", "1012", "--format", "png"]).arg(drawing);
    output_of(&mut command, "there is no rsvg-convert; hint: apt-get install librsvg2-bin").map(drop)
}

/// The drawing of a side with a person's texts and photo in their places, without codes: the reference has less to
/// draw.
fn filled(side: &Side, citizen: &Citizen) -> anyhow::Result<String> {
    let mut drawing = String::new();
    for line in side.svg.lines() {
        let attribute = |name: &str| Some(line.split_once(&format!(" {name}=\""))?.1.split_once('"')?.0);
        let place = line.trim_start().starts_with("<rect").then(|| attribute("id")).flatten();
        let (Some(place), Some(x), Some(y)) = (place, attribute("x"), attribute("y")) else {
            drawing += line;
            drawing.push('\n');
            continue;
        };
        if let Some(text) = side.text.iter().find(|text| text.place == place) {
            let value = text.value.evaluate(|name| citizen.fields.get(name).map_or("", String::as_str));
            let value = value.to_uppercase().replace('&', "&amp;").replace('<', "&lt;");
            let (em, baseline) = (text.size_mm, y.parse::<f32>()? + text.size_mm * 0.905);
            drawing += &format!("<text x=\"{x}\" y=\"{baseline}\" font-size=\"{em}\">{value}</text>\n");
        } else if side.photo.as_ref().is_some_and(|photo| photo.place == place) {
            let (width, height) = (attribute("width").unwrap_or("1"), attribute("height").unwrap_or("1"));
            let photo = citizen.photo.display();
            drawing += &format!(
                "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"xMidYMid slice\" \
                 href=\"{photo}\"/>\n"
            );
        }
    }
    Ok(drawing)
}
