//! Whatever a printer answers, reading it ends, and nothing panics: a million inputs, half of them true answers with
//! faults, half made up.
//!
//! The inputs are the same in each run. `IPP_FUZZ_SEED=N` makes others, `IPP_FUZZ_INPUTS=N` more of them in each test;
//! a failure names the seed that makes the one input again.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cetak_driver_api::{AttemptId, AttemptRef};
use ipp::model::DelimiterTag;

use crate::translate::{self, Job};
use crate::wire::{self, Malformed};

/// For each of the four tests.
const INPUTS: u64 = 260_000;

/// The name of the attempt that some jobs bear.
const ATTEMPT: &str = "cetak-solo-01a20d9a-76b8-767d-9b45-b4cf2cf2ef39";

/// `SplitMix64`: small, and good enough.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to `count` - 1.
    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % count.max(1) as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.byte()).collect()
    }
}

fn counted(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

fn attribute(tag: u8, name: &str, values: &[&[u8]]) -> Vec<u8> {
    let one = |(position, value): (usize, &&[u8])| {
        let name = if position == 0 { name } else { "" };
        [&[tag][..], &counted(name.as_bytes()), &counted(value)].concat()
    };
    values.iter().enumerate().flat_map(one).collect()
}

fn number(tag: u8, name: &str, value: i32) -> Vec<u8> {
    attribute(tag, name, &[&value.to_be_bytes()])
}

fn message(groups: &[(u8, Vec<Vec<u8>>)]) -> Vec<u8> {
    let operation =
        [attribute(0x47, "attributes-charset", &[b"utf-8"]), attribute(0x48, "attributes-natural-language", &[b"en"])];
    let mut bytes = vec![2, 0, 0, 0, 0, 0, 0, 1, 0x01];
    bytes.extend(operation.concat());
    for (tag, attributes) in groups {
        bytes.push(*tag);
        bytes.extend(attributes.concat());
    }
    bytes.push(0x03);
    bytes
}

/// `ippeveprinter`: several values, collections, no hold; supplies in two shapes.
fn eve_printer() -> Vec<u8> {
    let size = [
        attribute(0x34, "", &[b""]),
        attribute(0x4a, "", &[b"x-dimension"]),
        number(0x21, "", 5398),
        attribute(0x4a, "", &[b"y-dimension"]),
        number(0x21, "", 8560),
        attribute(0x37, "", &[b""]),
    ];
    let media_col = [
        attribute(0x34, "media-col-default", &[b""]),
        attribute(0x4a, "", &[b"media-size"]),
        size.concat(),
        attribute(0x4a, "", &[b"media-type"]),
        attribute(0x44, "", &[b"cardstock"]),
        attribute(0x37, "", &[b""]),
    ];
    message(&[(
        0x04,
        vec![
            attribute(0x33, "copies-supported", &[&[0, 0, 0, 1, 0, 0, 0, 1]]),
            attribute(0x49, "document-format-supported", &[b"image/png", b"image/pwg-raster", b"image/urf"]),
            attribute(0x44, "job-hold-until-supported", &[b"no-hold"]),
            attribute(0x21, "marker-levels", &[&80_i32.to_be_bytes(), &(-2_i32).to_be_bytes()]),
            attribute(0x42, "marker-names", &[b"YMCKO ribbon", b"overlay"]),
            media_col.concat(),
            attribute(0x44, "media-supported", &[b"iso_id-1_53.98x85.6mm", b"oe_business-card_2x3.5in"]),
            attribute(0x23, "operations-supported", &[&[0, 0, 0, 2], &[0, 0, 0, 5], &[0, 0, 0, 6], &[0, 0, 0, 8]]),
            attribute(0x31, "printer-current-time", &[&[0x07, 0xea, 11, 24, 14, 0, 0, 0, b'+', 7, 0]]),
            attribute(0x22, "printer-is-accepting-jobs", &[&[1]]),
            attribute(0x41, "printer-make-and-model", &[b"Cetak test printer"]),
            attribute(0x32, "printer-resolution-supported", &[&[0, 0, 1, 44, 0, 0, 1, 44, 3]]),
            number(0x23, "printer-state", 3),
            attribute(0x44, "printer-state-reasons", &[b"media-empty-error", b"media-needed-report", b"none"]),
            attribute(0x30, "printer-supply", &[b"type=ribbon;maxcapacity=100;level=80;"]),
            number(0x21, "printer-up-time", 3600),
            attribute(0x44, "sides-supported", &[b"one-sided", b"two-sided-long-edge"]),
        ],
    )])
}

/// PAPPL: can hold; names with language, and out-of-band values.
fn pappl_printer() -> Vec<u8> {
    message(&[(
        0x04,
        vec![
            attribute(0x49, "document-format-supported", &[b"image/png"]),
            attribute(0x44, "job-hold-until-supported", &[b"no-hold", b"indefinite"]),
            attribute(0x23, "operations-supported", &[&[0, 0, 0, 5], &[0, 0, 0, 12], &[0, 0, 0, 13]]),
            attribute(0x36, "marker-names", &[b"\0\x02id\0\x05pita!"]),
            attribute(0x35, "printer-make-and-model", &[b"\0\x02en\0\x07Kartu 1"]),
            attribute(0x13, "printer-impressions-completed", &[b""]),
            number(0x23, "printer-state", 4),
            attribute(0x44, "printer-state-reasons", &[b"none"]),
            number(0x21, "printer-up-time", 17),
        ],
    )])
}

/// A job as CUPS and `ippeveprinter` list it.
fn job(id: i32, name: &str, state: i32, reason: &[u8], held: bool) -> (u8, Vec<Vec<u8>>) {
    let started =
        if state > 4 { number(0x21, "time-at-processing", 17) } else { attribute(0x13, "time-at-processing", &[b""]) };
    let until: &[u8] = if held { b"indefinite" } else { b"no-hold" };
    let attributes = vec![
        attribute(0x44, "job-hold-until", &[until]),
        number(0x21, "job-id", id),
        number(0x21, "job-impressions-completed", i32::from(state == 9)),
        attribute(0x42, "job-name", &[name.as_bytes()]),
        number(0x23, "job-state", state),
        attribute(0x44, "job-state-reasons", &[reason]),
        attribute(0x45, "job-uuid", &[b"urn:uuid:f2a3c9d0-1111-4222-8333-444455556666"]),
        started,
    ];
    (0x02, attributes)
}

fn jobs() -> Vec<u8> {
    message(&[
        job(11, ATTEMPT, 9, b"job-completed-successfully", false),
        job(12, "a letter", 7, b"job-canceled-by-user", false),
        job(13, ATTEMPT, 4, b"job-hold-until-specified", true),
        job(14, "another", 5, b"job-printing", false),
        job(15, ATTEMPT, 8, b"aborted-by-system", false),
    ])
}

fn true_answers() -> Vec<Vec<u8>> {
    let one = |state, reason: &[u8], held| message(&[job(7, ATTEMPT, state, reason, held)]);
    vec![
        eve_printer(),
        pappl_printer(),
        jobs(),
        one(4, b"job-hold-until-specified", true),
        one(4, b"job-data-insufficient", false),
        one(9, b"job-completed-with-errors", false),
        message(&[]),
        // A refusal.
        [&[1, 1, 4, 6, 0, 0, 0, 1][..], &message(&[])[8..]].concat(),
    ]
}

/// A true answer with other values, and in half of the cases with bytes that went astray.
fn broken(dice: &mut Dice, answers: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = dice.pick(answers).clone();
    for _ in 0..dice.below(5) {
        bytes = with_another_value(dice, &bytes);
    }
    if dice.one_in(2) { astray(dice, bytes, answers) } else { bytes }
}

/// One attribute has another tag or value, comes twice or not at all.
fn with_another_value(dice: &mut Dice, answer: &[u8]) -> Vec<u8> {
    let mut starts = Vec::new();
    let mut at = 8;
    while answer[at] != 3 {
        if answer[at] > 0x0f {
            starts.push(at);
            at += 3 + usize::from(u16::from_be_bytes([answer[at + 1], answer[at + 2]]));
            at += 2 + usize::from(u16::from_be_bytes([answer[at], answer[at + 1]]));
        } else {
            at += 1;
        }
    }
    let Some(start) = starts.get(dice.below(starts.len())).copied() else { return answer.to_vec() };
    let end = starts.iter().copied().find(|next| *next > start).unwrap_or(answer.len() - 1);
    let name_end = start + 3 + usize::from(u16::from_be_bytes([answer[start + 1], answer[start + 2]]));
    let tag = if dice.one_in(3) { dice.byte().max(0x10) } else { answer[start] };
    let other = [&[tag][..], &answer[start + 1..name_end], &counted(&made_up_value(dice, tag))].concat();
    let middle = match dice.below(8) {
        0 => Vec::new(),
        1 => [&answer[start..end], &answer[start..end]].concat(),
        2 => [&answer[start..end], &other].concat(),
        _ => other,
    };
    [&answer[..start], &middle, &answer[end..]].concat()
}

/// One to eight faults.
fn astray(dice: &mut Dice, mut bytes: Vec<u8>, answers: &[Vec<u8>]) -> Vec<u8> {
    const TELLING: [u8; 18] =
        [0, 1, 2, 3, 4, 5, 0x10, 0x12, 0x13, 0x21, 0x34, 0x35, 0x36, 0x37, 0x4a, 0x7f, 0x80, 0xff];
    for _ in 0..=dice.below(8) {
        let at = dice.below(bytes.len());
        let end = (at + 1 + dice.below(40)).min(bytes.len());
        match dice.below(9) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
            1 if !bytes.is_empty() => bytes[at] = dice.byte(),
            2 | 3 if !bytes.is_empty() => bytes[at] = *dice.pick(&TELLING),
            4 => drop(bytes.drain(at.min(end)..end)),
            5 => {
                let again = bytes[at.min(end)..end].to_vec();
                bytes.splice(at.min(end)..at.min(end), again);
            }
            6 => {
                let count = dice.below(20);
                let new = dice.bytes(count);
                let at = at.min(bytes.len());
                bytes.splice(at..at, new);
            }
            7 => {
                let other = dice.pick(answers);
                let from = dice.below(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ if dice.one_in(4) => bytes.truncate(at),
            _ => {}
        }
    }
    bytes
}

/// Groups of attributes, mostly such as are read, with values that mostly have the syntax of their tag.
fn made_up(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = vec![2, 0, 0, 0, 0, 0, 0, 1];
    for _ in 0..=dice.below(4) {
        bytes.push(*dice.pick(&[1, 2, 2, 4, 4, 5, 0, 0x0f]));
        for _ in 0..dice.below(9) {
            let names: &[&str] =
                if dice.one_in(2) { &translate::JOB_ATTRIBUTES } else { &translate::PRINTER_ATTRIBUTES };
            let name = dice.pick(names);
            made_up_attribute(dice, name, &mut bytes, 0);
        }
    }
    if !dice.one_in(8) {
        bytes.push(3);
    }
    bytes
}

fn made_up_attribute(dice: &mut Dice, name: &str, bytes: &mut Vec<u8>, depth: usize) {
    const TAGS: [u8; 24] = [
        0x10, 0x12, 0x13, 0x21, 0x21, 0x22, 0x23, 0x23, 0x30, 0x31, 0x32, 0x33, 0x35, 0x36, 0x41, 0x42, 0x44, 0x44,
        0x45, 0x47, 0x48, 0x49, 0x4a, 0x7f,
    ];
    for position in 0..=dice.below(4) {
        let name = if position == 0 { name } else { "" };
        if depth < 20 && dice.one_in(12) {
            bytes.extend(attribute(0x34, name, &[b""]));
            for _ in 0..dice.below(3) {
                bytes.extend(attribute(0x4a, "", &[b"member"]));
                made_up_attribute(dice, "", bytes, depth + 1);
            }
            if !dice.one_in(6) {
                bytes.extend(attribute(0x37, "", &[b""]));
            }
            continue;
        }
        let tag = if dice.one_in(20) { dice.byte() } else { *dice.pick(&TAGS) };
        let value = made_up_value(dice, tag);
        bytes.extend(attribute(tag, name, &[&value]));
    }
}

fn made_up_value(dice: &mut Dice, tag: u8) -> Vec<u8> {
    const WORDS: [&[u8]; 12] = [
        ATTEMPT.as_bytes(),
        b"none",
        b"-error",
        b"media-jam-error",
        b"indefinite",
        b"job-hold-until-specified",
        b"",
        b"image/png",
        b"completed",
        b"\xc3\x28",
        b"\xf0\x9f\x92\xb3",
        b"job-data-insufficient",
    ];
    let integers = [0, 1, -1, 3, 4, 5, 6, 7, 8, 9, 12, 13, i32::MIN, i32::MAX];
    let integer = |dice: &mut Dice| dice.pick(&integers).to_be_bytes().to_vec();
    if dice.one_in(16) {
        let count = dice.below(300);
        return dice.bytes(count);
    }
    match tag {
        0x21 | 0x23 => integer(dice),
        0x22 => vec![dice.byte() & 1],
        0x31 => dice.bytes(11),
        0x32 => [integer(dice), integer(dice), vec![*dice.pick(&[3, 4, 0])]].concat(),
        0x33 => [integer(dice), integer(dice)].concat(),
        0x35 | 0x36 => [counted(b"en"), counted(dice.pick::<&[u8]>(&WORDS))].concat(),
        _ => dice.pick::<&[u8]>(&WORDS).to_vec(),
    }
}

/// All that reads an answer.
fn read(bytes: &[u8]) -> bool {
    let answer = match wire::parse(bytes) {
        Ok(answer) => answer,
        Err(malformed) => return malformed != Malformed::Panicked,
    };
    let id = AttemptId::new(ATTEMPT).unwrap();
    let mut jobs = Vec::new();
    let mut reasons = Vec::new();
    for group in answer.attributes().groups() {
        let _ = (translate::capabilities(group), translate::holding(group), translate::Facts::read(group));
        let _ = translate::status(group);
        reasons.extend(translate::printer_keywords(group));
        if let Some(job) = Job::read(group) {
            let _ = (job.keeps_hold(), job.ended_unstarted(), job.is_canceled_cardless(), job.is_of(&id));
            let _ = (job.waits_for_us(true), job.waits_for_us(false), job.is_of_an_earlier_run());
            jobs.push(job);
        }
    }
    let _ = translate::group(&answer, DelimiterTag::PrinterAttributes);
    for (printer_job, acknowledged) in [(None, false), (None, true), (Some("7"), false), (Some("x"), true)] {
        for (releasing, restarted) in [(true, false), (true, true), (false, true)] {
            let printer_job = printer_job.map(str::to_owned);
            let attempt =
                AttemptRef { id: id.clone(), printer_job, boot: None, releasing, impressions: 1, acknowledged };
            let _ = translate::found(&attempt, &jobs, &reasons, restarted);
            for job in &jobs {
                let _ = translate::found(&attempt, std::slice::from_ref(job), &[], restarted);
            }
        }
    }
    true
}

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Reads the inputs that come from the seeds beginning with `first`.
fn survive(first: u64, make: impl Fn(&mut Dice) -> Vec<u8>) {
    let first = variable("IPP_FUZZ_SEED", first);
    let mut panics = Vec::new();
    let mut understood = 0;
    let count = variable("IPP_FUZZ_INPUTS", INPUTS);
    for seed in first..first + count {
        let bytes = make(&mut Dice(seed));
        understood += u64::from(wire::parse(&bytes).is_ok());
        if !catch_unwind(AssertUnwindSafe(|| read(&bytes))).unwrap_or(false) {
            panics.push(seed);
        }
    }
    let example =
        panics.first().map(|seed| format!("IPP_FUZZ_SEED={seed} IPP_FUZZ_INPUTS=1: {:02x?}", make(&mut Dice(*seed))));
    assert_eq!(example, None, "{} of {count} inputs from seed {first} on", panics.len());
    // Else it tests the parser's refusals only.
    assert!(understood * 4 > count || count < 1000, "only {understood} of {count} were answers at all");
}

#[test]
fn true_answers_with_faults_are_read_without_a_panic() {
    let answers = true_answers();
    assert!(answers.iter().all(|answer| wire::parse(answer).is_ok()));
    survive(0, |dice| broken(dice, &answers));
}

#[test]
fn other_true_answers_with_faults_are_read_without_a_panic() {
    let answers = true_answers();
    survive(1 << 32, |dice| broken(dice, &answers));
}

#[test]
fn answers_that_are_made_up_are_read_without_a_panic() {
    survive(2 << 32, made_up);
}

#[test]
fn other_answers_that_are_made_up_are_read_without_a_panic() {
    survive(3 << 32, made_up);
}
