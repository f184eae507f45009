//! Fuzz tests of the response parser and of all that reads responses: nothing panics. A million inputs, half of them
//! mutations of real responses, half generated from the grammar.
//!
//! The inputs are the same in each run. `IPP_FUZZ_SEED=N` sets the first seed of each test, `IPP_FUZZ_INPUTS=N` the
//! number of inputs. A failure prints the seed that generates its input.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cetak_driver_api::{AttemptId, AttemptRef};
use ipp::model::DelimiterTag;

use crate::attempt_status::attempt_status;
use crate::attributes;
use crate::capabilities::capabilities;
use crate::job::{Job, REQUESTED_JOB_ATTRIBUTES};
use crate::printer_attributes::{PrinterAttributes, REQUESTED_PRINTER_ATTRIBUTES, hold_by};
use crate::restart::Restart;
use crate::status::{reason_keywords, status};
use crate::up_time::Trust;
use crate::wire::{self, Malformed};

/// Inputs of each of the four tests.
const INPUTS: u64 = 260_000;

/// The attempt id that some jobs are named after.
const ATTEMPT: &str = "cetak-solo-01a20d9a-76b8-767d-9b45-b4cf2cf2ef39";

/// The pseudo-random generator `SplitMix64`.
struct Random(u64);

impl Random {
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

/// The printer attributes of `ippeveprinter`: several values, collections, no hold, supplies in two forms.
fn ippeveprinter_attributes() -> Vec<u8> {
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

/// The printer attributes of PAPPL: hold, names with language, out-of-band values.
fn pappl_attributes() -> Vec<u8> {
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

/// A job in the form of CUPS and `ippeveprinter`.
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

fn real_responses() -> Vec<Vec<u8>> {
    let one = |state, reason: &[u8], held| message(&[job(7, ATTEMPT, state, reason, held)]);
    vec![
        ippeveprinter_attributes(),
        pappl_attributes(),
        jobs(),
        one(4, b"job-hold-until-specified", true),
        one(4, b"job-data-insufficient", false),
        one(9, b"job-completed-with-errors", false),
        message(&[]),
        // A refusal.
        [&[1, 1, 4, 6, 0, 0, 0, 1][..], &message(&[])[8..]].concat(),
    ]
}

/// A real response with other values, and in half of the cases with corrupt bytes.
fn mutated(random: &mut Random, responses: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = random.pick(responses).clone();
    for _ in 0..random.below(5) {
        bytes = with_another_value(random, &bytes);
    }
    if random.one_in(2) { corrupted(random, bytes, responses) } else { bytes }
}

/// Gives one attribute another tag or value, duplicates it or removes it.
fn with_another_value(random: &mut Random, response: &[u8]) -> Vec<u8> {
    let mut starts = Vec::new();
    let mut at = 8;
    while response[at] != 3 {
        if response[at] > 0x0f {
            starts.push(at);
            at += 3 + usize::from(u16::from_be_bytes([response[at + 1], response[at + 2]]));
            at += 2 + usize::from(u16::from_be_bytes([response[at], response[at + 1]]));
        } else {
            at += 1;
        }
    }
    let Some(start) = starts.get(random.below(starts.len())).copied() else { return response.to_vec() };
    let end = starts.iter().copied().find(|next| *next > start).unwrap_or(response.len() - 1);
    let name_end = start + 3 + usize::from(u16::from_be_bytes([response[start + 1], response[start + 2]]));
    let tag = if random.one_in(3) { random.byte().max(0x10) } else { response[start] };
    let other = [&[tag][..], &response[start + 1..name_end], &counted(&generated_value(random, tag))].concat();
    let middle = match random.below(8) {
        0 => Vec::new(),
        1 => [&response[start..end], &response[start..end]].concat(),
        2 => [&response[start..end], &other].concat(),
        _ => other,
    };
    [&response[..start], &middle, &response[end..]].concat()
}

/// Makes one to eight changes to the bytes.
fn corrupted(random: &mut Random, mut bytes: Vec<u8>, responses: &[Vec<u8>]) -> Vec<u8> {
    const SPECIAL: [u8; 18] =
        [0, 1, 2, 3, 4, 5, 0x10, 0x12, 0x13, 0x21, 0x34, 0x35, 0x36, 0x37, 0x4a, 0x7f, 0x80, 0xff];
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len());
        let end = (at + 1 + random.below(40)).min(bytes.len());
        match random.below(9) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            1 if !bytes.is_empty() => bytes[at] = random.byte(),
            2 | 3 if !bytes.is_empty() => bytes[at] = *random.pick(&SPECIAL),
            4 => drop(bytes.drain(at.min(end)..end)),
            5 => {
                let again = bytes[at.min(end)..end].to_vec();
                bytes.splice(at.min(end)..at.min(end), again);
            }
            6 => {
                let count = random.below(20);
                let new = random.bytes(count);
                let at = at.min(bytes.len());
                bytes.splice(at..at, new);
            }
            7 => {
                let other = random.pick(responses);
                let from = random.below(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ if random.one_in(4) => bytes.truncate(at),
            _ => {}
        }
    }
    bytes
}

/// A response with attributes that the driver reads. Most values have the syntax of their tag.
fn generated(random: &mut Random) -> Vec<u8> {
    let mut bytes = vec![2, 0, 0, 0, 0, 0, 0, 1];
    for _ in 0..=random.below(4) {
        bytes.push(*random.pick(&[1, 2, 2, 4, 4, 5, 0, 0x0f]));
        for _ in 0..random.below(9) {
            let names: &[&str] =
                if random.one_in(2) { &REQUESTED_JOB_ATTRIBUTES } else { &REQUESTED_PRINTER_ATTRIBUTES };
            let name = random.pick(names);
            generate_attribute(random, name, &mut bytes, 0);
        }
    }
    if !random.one_in(8) {
        bytes.push(3);
    }
    bytes
}

fn generate_attribute(random: &mut Random, name: &str, bytes: &mut Vec<u8>, depth: usize) {
    const TAGS: [u8; 24] = [
        0x10, 0x12, 0x13, 0x21, 0x21, 0x22, 0x23, 0x23, 0x30, 0x31, 0x32, 0x33, 0x35, 0x36, 0x41, 0x42, 0x44, 0x44,
        0x45, 0x47, 0x48, 0x49, 0x4a, 0x7f,
    ];
    for position in 0..=random.below(4) {
        let name = if position == 0 { name } else { "" };
        if depth < 20 && random.one_in(12) {
            bytes.extend(attribute(0x34, name, &[b""]));
            for _ in 0..random.below(3) {
                bytes.extend(attribute(0x4a, "", &[b"member"]));
                generate_attribute(random, "", bytes, depth + 1);
            }
            if !random.one_in(6) {
                bytes.extend(attribute(0x37, "", &[b""]));
            }
            continue;
        }
        let tag = if random.one_in(20) { random.byte() } else { *random.pick(&TAGS) };
        let value = generated_value(random, tag);
        bytes.extend(attribute(tag, name, &[&value]));
    }
}

fn generated_value(random: &mut Random, tag: u8) -> Vec<u8> {
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
    let integer = |random: &mut Random| random.pick(&integers).to_be_bytes().to_vec();
    if random.one_in(16) {
        let count = random.below(300);
        return random.bytes(count);
    }
    match tag {
        0x21 | 0x23 => integer(random),
        0x22 => vec![random.byte() & 1],
        0x31 => random.bytes(11),
        0x32 => [integer(random), integer(random), vec![*random.pick(&[3, 4, 0])]].concat(),
        0x33 => [integer(random), integer(random)].concat(),
        0x35 | 0x36 => [counted(b"en"), counted(random.pick::<&[u8]>(&WORDS))].concat(),
        _ => random.pick::<&[u8]>(&WORDS).to_vec(),
    }
}

/// Calls everything that reads a response. False if the parser panicked.
fn read(bytes: &[u8]) -> bool {
    let response = match wire::parse(bytes) {
        Ok(response) => response,
        Err(malformed) => return malformed != Malformed::Panicked,
    };
    let id = AttemptId::new(ATTEMPT).unwrap();
    let mut jobs = Vec::new();
    let mut reasons = Vec::new();
    for group in response.attributes().groups() {
        let _ = (capabilities(group, Trust::Untold), hold_by(group), PrinterAttributes::read(group), status(group));
        reasons.extend(reason_keywords(group));
        if let Some(job) = Job::read(group) {
            let _ = (job.is_held_as_requested(), job.ended_unstarted(), job.is_canceled_unstarted(), job.is_of(&id));
            let _ = (job.waits_for_release(true), job.waits_for_release(false), job.is_of_an_earlier_run());
            let _ = (job.counts_from_the_start(), job.is_of_the_future());
            jobs.push(job);
        }
    }
    let _ = attributes::group(&response, DelimiterTag::PrinterAttributes);
    for (printer_job, acknowledged) in [(None, false), (None, true), (Some("7"), false), (Some("x"), true)] {
        for (releasing, restart) in
            [(true, Restart::None), (true, Restart::Apparent), (true, Restart::Known), (false, Restart::Known)]
        {
            let printer_job = printer_job.map(str::to_owned);
            let attempt =
                AttemptRef { id: id.clone(), printer_job, printer_run: None, releasing, impressions: 1, acknowledged };
            let _ = attempt_status(&attempt, &jobs, &reasons, restart);
            for job in &jobs {
                let _ = attempt_status(&attempt, std::slice::from_ref(job), &[], restart);
            }
        }
    }
    true
}

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Reads the inputs that `make` generates from consecutive seeds, beginning with `first`.
fn assert_no_panic(first: u64, make: impl Fn(&mut Random) -> Vec<u8>) {
    let first = variable("IPP_FUZZ_SEED", first);
    let mut panics = Vec::new();
    let mut parsed = 0;
    let count = variable("IPP_FUZZ_INPUTS", INPUTS);
    for seed in first..first + count {
        let bytes = make(&mut Random(seed));
        parsed += u64::from(wire::parse(&bytes).is_ok());
        if !catch_unwind(AssertUnwindSafe(|| read(&bytes))).unwrap_or(false) {
            panics.push(seed);
        }
    }
    let example =
        panics.first().map(|seed| format!("IPP_FUZZ_SEED={seed} IPP_FUZZ_INPUTS=1: {:02x?}", make(&mut Random(*seed))));
    assert_eq!(example, None, "{} of {count} inputs from seed {first} on", panics.len());
    // Otherwise this would test little more than the parser's refusals.
    assert!(parsed * 4 > count || count < 1000, "only {parsed} of {count} inputs could be parsed");
}

#[test]
fn mutated_responses_are_read_without_a_panic() {
    let responses = real_responses();
    assert!(responses.iter().all(|response| wire::parse(response).is_ok()));
    assert_no_panic(0, |random| mutated(random, &responses));
}

#[test]
fn more_mutated_responses_are_read_without_a_panic() {
    let responses = real_responses();
    assert_no_panic(1 << 32, |random| mutated(random, &responses));
}

#[test]
fn generated_responses_are_read_without_a_panic() {
    assert_no_panic(2 << 32, generated);
}

#[test]
fn more_generated_responses_are_read_without_a_panic() {
    assert_no_panic(3 << 32, generated);
}
