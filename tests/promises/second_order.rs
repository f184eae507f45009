//! Helper: a second implementation of the rule by which records are printed. It reads the file of a day and the rows of the audit alone,
//! and says for each batch which records it had to have, and in which order.
//!
//! Nothing here is shared with the planning of the program or its SQL.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

/// The class of a record that was put first.
const FIRST: i64 = -1_000_000_000;

/// A row of the audit.
#[derive(Clone, Debug)]
pub(crate) struct AuditRow {
    pub(crate) chain: String,
    pub(crate) text: String,
}

/// What was compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Compared {
    pub(crate) batches: usize,
    pub(crate) cards: usize,
    pub(crate) joined: usize,
    pub(crate) moved: usize,
    pub(crate) unlisted: usize,
}

impl std::ops::AddAssign for Compared {
    fn add_assign(&mut self, other: Self) {
        self.batches += other.batches;
        self.cards += other.cards;
        self.joined += other.joined;
        self.moved += other.moved;
        self.unlisted += other.unlisted;
    }
}

/// A place in the order: class, verified, requested, source, request id, as they are compared.
type Place = (i64, Instant, Instant, String, String);

/// An instant as RFC 3339 in UTC, as it is compared: the second, and the digits after the point.
type Instant = (String, String);

fn instant(text: &str) -> Instant {
    let (second, rest) = text.trim_end_matches('Z').split_once('.').unwrap_or((text.trim_end_matches('Z'), ""));
    (second.to_owned(), format!("{rest:0<9}"))
}

/// The record of a line.
type Name = (String, String);

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn name_of(line: &Value) -> Name {
    (text(line, "source").to_owned(), text(line, "request_id").to_owned())
}

fn place_of(line: &Value) -> Place {
    let (source, request_id) = name_of(line);
    let class = line["class"].as_i64().unwrap_or(i64::MAX);
    (class, instant(text(line, "verified_at")), instant(text(line, "requested_at")), source, request_id)
}

/// Numbers that are written as `1-3,7`.
fn numbers(text: &str) -> Vec<i64> {
    let mut all = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        all.extend(first.parse::<i64>().unwrap()..=last.parse::<i64>().unwrap());
    }
    all
}

/// What a row says that happened to places, in its order: the number of the record, if it is known, and what.
struct Told {
    at: Instant,
    first: i64,
    last: i64,
    happened: Vec<(Option<i64>, &'static str)>,
    events: Vec<Value>,
    rewritten: Vec<i64>,
}

fn told(row: &AuditRow) -> Told {
    let lines: Vec<Value> = row.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let changes = lines.iter().find_map(|line| line.get("changes")).cloned().unwrap_or_default();
    let events: Vec<Value> = lines.iter().filter(|line| line.get("act").is_some()).cloned().collect();
    let mut happened = Vec::new();
    for sealed in changes["rows"].as_array().into_iter().flatten() {
        if sealed[0] == "place_change" {
            happened.push((None, "moved"));
        }
    }
    happened.extend(numbers(text(&changes["added"], "waiting")).into_iter().map(|record| (Some(record), "listed")));
    let joined: HashSet<i64> = of_act(&events, "batch.joined").flat_map(|event| numbers(records(event))).collect();
    for change in changes["records"].as_array().into_iter().flatten() {
        let record = change[0].as_i64().unwrap();
        let what = match (change[1].as_str().unwrap(), change[2].as_str().unwrap()) {
            (from, to) if from == to => continue,
            ("waiting", "batched") if joined.contains(&record) => "joined",
            ("waiting", "batched") => "batched",
            ("waiting", _) => "unlisted",
            (_, "waiting") => "listed",
            _ => continue,
        };
        happened.push((Some(record), what));
    }
    let seq = |event: Option<&Value>| event.and_then(|event| event["seq"].as_i64()).unwrap_or(0);
    let rewritten = changes["rewritten"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
    let (first, last) = (seq(events.first()), seq(events.last()));
    Told { at: instant(text(&lines[0], "at")), first, last, happened, events, rewritten }
}

fn of_act<'a>(events: &'a [Value], act: &'a str) -> impl Iterator<Item = &'a Value> {
    events.iter().filter(move |event| event["act"] == act)
}

fn records(event: &Value) -> &str {
    text(&event["details"], "records")
}

/// The office as the rule sees it.
#[derive(Default)]
struct Office {
    /// The waiting list of each profile.
    lists: BTreeMap<String, BTreeSet<Place>>,
    /// The place of each record as it is known, and its profile.
    places: HashMap<Name, (Place, String)>,
    /// The record of each number.
    names: HashMap<i64, Name>,
    /// Records whose body was replaced some time: their district may be another one than it was.
    rewritten: HashSet<i64>,
    lanes: HashSet<String>,
    compared: Compared,
}

/// Compares the file of a day that begins with an empty list with the audit of that day. The error says where they differ.
pub(crate) fn compare(lines: &[Value], rows: &[AuditRow]) -> Result<Compared, String> {
    let mut office = Office::default();
    let mut told: Vec<(String, Told)> = rows.iter().map(|row| (row.chain.clone(), told(row))).collect();
    // Stable: the rows of a chain stay in their order.
    told.sort_by(|(a, one), (b, other)| (&one.at, a).cmp(&(&other.at, b)));
    office.rewritten = told.iter().flat_map(|(_, row)| row.rewritten.iter().copied()).collect();
    let mut rest = lines;
    for (chain, row) in &told {
        let (of_row, after) = rest.split_at_checked(row.happened.len()).ok_or("the file ends before the audit")?;
        rest = after;
        office.row(chain, row, of_row)?;
    }
    if let Some(line) = rest.first() {
        return Err(format!("the audit does not have {line}"));
    }
    Ok(office.compared)
}

impl Office {
    fn row(&mut self, chain: &str, row: &Told, lines: &[Value]) -> Result<(), String> {
        for event in of_act(&row.events, "printer.limits") {
            let (printer, details) = (text(event, "subject").trim_start_matches("printer "), &event["details"]);
            match text(details, "walk_in_lane") {
                "1" => drop(self.lanes.insert(printer.to_owned())),
                "0" => drop(self.lanes.remove(printer)),
                _ => {}
            }
        }
        let mut at = 0;
        while at < lines.len() {
            let (line, (record, what)) = (&lines[at], row.happened[at]);
            let seq = line["seq"].as_i64().unwrap_or(0);
            if text(line, "chain") != chain || !(row.first..=row.last).contains(&seq) || text(line, "event") != what {
                return Err(format!(
                    "{chain} has `{what}` in its events {} to {}, and not {line}",
                    row.first, row.last
                ));
            }
            self.is_of(record, line)?;
            if what != "batched" {
                self.single(row, line, what)?;
                at += 1;
                continue;
            }
            let of_batch = |other: &&Value| other["batch"] == line["batch"] && text(other, "event") == "batched";
            let cards = lines[at..].iter().take_while(of_batch).count();
            for (line, (record, _)) in lines[at..at + cards].iter().zip(&row.happened[at..]) {
                self.is_of(*record, line)?;
            }
            self.batch(row, &lines[at..at + cards])?;
            at += cards;
        }
        Ok(())
    }

    /// Each number is of one record, in the audit and in the file.
    fn is_of(&mut self, record: Option<i64>, line: &Value) -> Result<(), String> {
        let Some(record) = record else { return Ok(()) };
        let name = self.names.entry(record).or_insert_with(|| name_of(line));
        if *name == name_of(line) { Ok(()) } else { Err(format!("number {record} is of {name:?}, and not {line}")) }
    }

    /// The line has the keys that the record has by all that happened before.
    fn has_its_place(&mut self, line: &Value) -> Result<Place, String> {
        let place = place_of(line);
        let new = || (place.clone(), text(line, "profile").to_owned());
        let (known, _) = self.places.entry(name_of(line)).or_insert_with(new);
        if *known == place { Ok(place) } else { Err(format!("its place is {known:?}, and not that of {line}")) }
    }

    fn list(&mut self, line: &Value) -> &mut BTreeSet<Place> {
        self.lists.entry(text(line, "profile").to_owned()).or_default()
    }

    fn single(&mut self, row: &Told, line: &Value, what: &str) -> Result<(), String> {
        match what {
            "moved" => return self.moved(line),
            "listed" => {
                let place = self.has_its_place(line)?;
                if !self.list(line).insert(place) {
                    return Err(format!("it waits already: {line}"));
                }
            }
            "joined" => {
                let place = self.has_its_place(line)?;
                let first = self.list(line).pop_first();
                if first.as_ref() != Some(&place) || place.0 != FIRST {
                    return Err(format!("{first:?} was first, and was not put before {line}"));
                }
                let printer = text(line, "printer");
                if !self.lanes.contains(printer) || of_act(&row.events, "batch.joined").count() == 0 {
                    return Err(format!("{printer} keeps no lane: {line}"));
                }
                self.compared.joined += 1;
            }
            _ => {
                let place = self.has_its_place(line)?;
                if !self.list(line).remove(&place) {
                    return Err(format!("it did not wait: {line}"));
                }
                self.compared.unlisted += 1;
            }
        }
        Ok(())
    }

    fn moved(&mut self, line: &Value) -> Result<(), String> {
        let (name, place, act) = (name_of(line), place_of(line), text(line, "act"));
        self.compared.moved += 1;
        let Some((before, _)) = self.places.get(&name).cloned() else {
            // It came as a record that did not wait.
            self.places.insert(name, (place, text(line, "profile").to_owned()));
            return Ok(());
        };
        let keeps_instants = (&before.1, &before.2) == (&place.1, &place.2);
        let is_right = line["from_class"].as_i64() == Some(before.0)
            && match act {
                "record.put-first" => keeps_instants && place.0 == FIRST,
                "record.put-in-class" => keeps_instants && place.0 != FIRST && place.0 != before.0,
                "record.put-back" => keeps_instants && place.0 != FIRST,
                // A card that exists or may exist is recalled.
                "record.updated" | "record.stopped" => before != place,
                _ => false,
            };
        if !is_right {
            return Err(format!("from {before:?} no `{act}` leads to {line}"));
        }
        if self.list(line).remove(&before) {
            self.list(line).insert(place.clone());
        }
        self.places.insert(name, (place, text(line, "profile").to_owned()));
        Ok(())
    }

    /// The batch has the first records of the list, and its pile is sorted.
    fn batch(&mut self, row: &Told, lines: &[Value]) -> Result<(), String> {
        let subject = format!("batch {}", lines[0]["batch"]);
        let event = of_act(&row.events, "batch.made").find(|event| text(event, "subject") == subject);
        let event = event.ok_or_else(|| format!("the audit has no {subject}"))?;
        let of_audit = numbers(records(event)).into_iter().map(|number| self.names.get(&number).cloned());
        let of_audit: Option<BTreeSet<Name>> = of_audit.collect();
        let of_audit = of_audit.ok_or_else(|| format!("{subject} has a record that no line has: {event}"))?;
        let of_file: BTreeSet<Name> = lines.iter().map(name_of).collect();
        if of_audit != of_file || text(&event["details"], "printer") != text(&lines[0], "printer") {
            return Err(format!("{subject} has {of_audit:?} in the audit, and {of_file:?} in the file"));
        }
        let mut had_to_be = Vec::new();
        for line in lines {
            self.has_its_place(line)?;
            had_to_be.extend(self.list(line).pop_first());
        }
        let is: BTreeSet<Place> = lines.iter().map(place_of).collect();
        if !is.iter().eq(&had_to_be) {
            return Err(format!("{subject} had to have {had_to_be:?}, and has {is:?}"));
        }
        let in_pile = |line: &Value| {
            let pile = (text(line, "district").to_owned(), text(line, "village").to_owned());
            (line["class"].as_i64() != Some(FIRST), pile, place_of(line))
        };
        let numbered = lines.iter().zip(1..).all(|(line, at)| line["position"].as_i64() == Some(at));
        let known: Vec<_> = lines.iter().filter(|line| !self.was_rewritten(line)).map(in_pile).collect();
        if !numbered || !known.is_sorted() {
            return Err(format!("{subject} is not in the order of its pile: {known:?}"));
        }
        self.compared.batches += 1;
        self.compared.cards += lines.len();
        Ok(())
    }

    fn was_rewritten(&self, line: &Value) -> bool {
        let name = name_of(line);
        self.names.iter().any(|(number, known)| *known == name && self.rewritten.contains(number))
    }
}
