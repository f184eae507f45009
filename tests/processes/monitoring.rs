//! Tests what watches over the process: `/metrics` over real HTTP, and the alert rules and the dashboard that read it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    http::{Reply, Served},
    office::{Office, wait_slowly_until},
    people,
};

const ALERTS: &str = include_str!("../../src/app/monitoring/alerts.yml");
const DASHBOARD: &str = include_str!("../../src/app/monitoring/dashboard.json");

/// One sample: name, labels, value.
#[derive(Debug)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

/// What `/metrics` says.
struct Metrics {
    samples: Vec<Sample>,
    /// The kind of each family.
    types: BTreeMap<String, String>,
}

impl Metrics {
    /// Reads every line as `OpenMetrics` has it; fails at one that is not.
    fn parse(text: &str) -> Self {
        let mut found = Self { samples: Vec::new(), types: BTreeMap::new() };
        let body = text.strip_suffix("# EOF\n").unwrap();
        for line in body.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                let mut words = comment.splitn(3, ' ');
                let (keyword, name, rest) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
                assert!(["HELP", "TYPE", "UNIT"].contains(&keyword) && is_name(name) && !rest.is_empty(), "{line}");
                if keyword == "TYPE" {
                    let is_new = found.types.insert(name.to_owned(), rest.to_owned()).is_none();
                    assert!(is_new, "{name} is declared twice");
                }
            } else {
                found.samples.push(sample(line));
            }
        }
        found
    }

    /// The family of a sample: without the end of its name that its kind gives it.
    fn family<'a>(&self, name: &'a str) -> Option<&'a str> {
        let ends = ["", "_total", "_bucket", "_count", "_sum", "_info"];
        ends.iter().filter_map(|end| name.strip_suffix(end)).find(|family| self.types.contains_key(*family))
    }

    /// The value of the sample with these labels among others.
    fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |sample: &&Sample| {
            let is_label = |(key, value): &(&str, &str)| sample.labels.get(*key).is_some_and(|found| found == value);
            sample.name == name && labels.iter().all(is_label)
        };
        self.samples
            .iter()
            .find(has)
            .unwrap_or_else(|| panic!("no {name} with {labels:?} in {:#?}", self.samples))
            .value
    }
}

fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `name{label="value",…} number`.
fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("{line}"));
    assert!(is_name(name) && name.starts_with("cetak_"), "{line}");
    let pair = |pair: &str| {
        let (key, value) = pair.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
        let value = value.strip_suffix('"').unwrap_or_else(|| panic!("{line}"));
        assert!(is_name(key) && !value.contains('"'), "{line}");
        (key.to_owned(), value.to_owned())
    };
    let labels: BTreeMap<_, _> = labels.split(',').filter(|labels| !labels.is_empty()).map(pair).collect();
    let value = if value == "+Inf" { f64::INFINITY } else { value.parse().unwrap_or_else(|_| panic!("{line}")) };
    Sample { name: name.to_owned(), labels, value }
}

/// An office that has printed three cards, with one held record and two that wait behind a paused queue.
fn office() -> (Office, Served) {
    let office = Office::new();
    office.import("student", &people::students(0..6));
    office.receive("student", 10);
    office.add_mock("p1", "student", "");
    office.done(&["record", "hold", "r00003", "r00004", "r00005", "--reason", "asked for"]);
    let served = Served::new(&office);
    wait_slowly_until("the cards are printed", 60, || office.status()["records"]["printed"] == 3);
    office.done(&["queue", "pause", "--reason", "the paper is wet"]);
    office.import("student", &people::students(6..8));
    office.done(&["record", "priority", "r00007", "--reason", "she waits"]);
    (office, served)
}

fn metrics(served: &Served) -> (Reply, Metrics) {
    let reply = served.get("/metrics");
    assert_eq!(reply.status, 200, "{reply:?}");
    let parsed = Metrics::parse(&reply.body);
    (reply, parsed)
}

#[test]
fn the_metrics_are_the_figures_of_the_office_and_nothing_personal() {
    let (_office, served) = office();
    assert_eq!(served.get("/metrics").status, 200);
    let (reply, shown) = metrics(&served);
    assert!(reply.headers["content-type"].starts_with("application/openmetrics-text; version=1.0.0"), "{reply:?}");
    for (name, labels, expected) in [
        ("cetak_cards_total", &[("printer", "p1"), ("outcome", "printed")][..], 3.0),
        ("cetak_card_duration_seconds_count", &[("printer", "p1")], 3.0),
        ("cetak_records", &[("state", "waiting")], 2.0),
        ("cetak_records", &[("state", "held")], 3.0),
        ("cetak_waiting_records", &[("profile", "student"), ("blank_type", "student")], 2.0),
        ("cetak_waiting_class_records", &[("profile", "student"), ("class", "-1000000000")], 1.0),
        ("cetak_blanks", &[("blank_type", "student"), ("account", "vault")], 7.0),
        ("cetak_blanks", &[("blank_type", "student"), ("account", "printed")], 3.0),
        ("cetak_queue_paused", &[], 1.0),
        ("cetak_printer_state", &[("printer", "p1"), ("state", "idle")], 1.0),
        ("cetak_printer_state", &[("printer", "p1"), ("state", "stopped")], 0.0),
        ("cetak_printer_paused", &[("printer", "p1")], 1.0),
        ("cetak_needs_person", &[("kind", "cards-to-check")], 3.0),
        ("cetak_lease_held", &[], 1.0),
        ("cetak_database_up", &[], 1.0),
        ("cetak_clock_sane", &[], 1.0),
        ("cetak_event_streams", &[], 0.0),
        ("cetak_events_lag", &[], 0.0),
    ] {
        let found = shown.value(name, labels);
        assert!((found - expected).abs() < f64::EPSILON, "{name} {labels:?} is {found}");
    }
    let classes = shown.samples.iter().filter(|sample| sample.name == "cetak_waiting_class_records");
    assert!((classes.map(|class| class.value).sum::<f64>() - 2.0).abs() < f64::EPSILON, "a walk-in and another");
    let walk_in = [("profile", "student"), ("class", "-1000000000")];
    let oldest = shown.value("cetak_waiting_oldest_timestamp_seconds", &walk_in);
    assert!((oldest - 1_767_226_020.0).abs() < 1.0, "2026-01-01T00:07:00Z, not {oldest}");
    let scrapes = [("method", "GET"), ("route", "/metrics"), ("status", "200")];
    assert!((shown.value("cetak_http_requests_total", &scrapes) - 1.0).abs() < f64::EPSILON);
    assert!(shown.value("cetak_commit_writes_count", &[]) >= 3.0 && shown.value("cetak_commit_writes_sum", &[]) >= 3.0);

    for sample in &shown.samples {
        assert!(shown.family(&sample.name).is_some(), "{sample:?} has no type");
    }
    histograms_add_up(&shown);
    for personal in ["STUDENT", "S0000", "FACULTY", "r0000", "wet"] {
        assert!(!reply.body.contains(personal), "{personal}");
    }
}

/// The buckets of each histogram grow, and the last has all.
fn histograms_add_up(metrics: &Metrics) {
    let mut buckets: BTreeMap<(String, BTreeMap<String, String>), Vec<f64>> = BTreeMap::new();
    for Sample { name, labels, value } in &metrics.samples {
        if let Some(family) = name.strip_suffix("_bucket") {
            let mut labels = labels.clone();
            labels.remove("le").unwrap();
            buckets.entry((family.to_owned(), labels)).or_default().push(*value);
        }
    }
    assert!(buckets.len() >= 4, "{buckets:?}");
    for ((family, labels), buckets) in buckets {
        let labels: Vec<(&str, &str)> = labels.iter().map(|(key, value)| (&**key, &**value)).collect();
        assert!(buckets.is_sorted(), "{family}: {buckets:?}");
        assert!((buckets.last().unwrap() - metrics.value(&format!("{family}_count"), &labels)).abs() < f64::EPSILON);
    }
}

#[test]
fn the_metrics_are_for_programs_of_this_machine_and_for_accounts_with_the_right_to_the_board() {
    let (office, served) = office();
    let get = |headers: &[(&str, &str)]| served.send("GET", "/metrics", headers, "").status;
    for proxied in ["x-forwarded-for", "forwarded", "via", "x-real-ip", "x-forwarded-proto"] {
        assert_eq!(get(&[(proxied, "for=10.0.0.7")]), 401, "{proxied}");
    }
    assert_eq!(get(&[]), 200);
    let other_name = served.send_raw("GET /metrics HTTP/1.1\r\nhost: evil.example:8080\r\nconnection: close\r\n\r\n");
    assert_eq!(other_name.status, 401, "the page of a browser under another name");

    office.done(&["account", "add", "root"]);
    let token = |scope: &str| {
        let command = ["token", "add", "watch", "--owner", "root", "--days", "1", "--scope", scope];
        format!("Bearer {}", office.json(&command)["secret"].as_str().unwrap())
    };
    assert_eq!(get(&[("via", "proxy"), ("authorization", &token("board-read"))]), 200);
    assert_eq!(get(&[("via", "proxy"), ("authorization", &token("pause"))]), 403);
}

/// The names that begin with `cetak_` in a text.
fn names_in(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c: char| !is_part(c)).filter(|word| word.starts_with("cetak_")).collect()
}

#[test]
fn the_alert_rules_and_the_dashboard_read_metrics_that_exist() {
    let (_office, served) = office();
    assert_eq!(served.get("/healthz").status, 200);
    let (_, shown) = metrics(&served);
    let known: BTreeSet<&str> = shown.samples.iter().map(|sample| &*sample.name).collect();
    let mut families = BTreeSet::new();
    for (file, text) in [("alerts.yml", ALERTS), ("dashboard.json", DASHBOARD)] {
        let names = names_in(text);
        assert!(names.len() > 8, "{file}");
        for name in names {
            assert!(known.contains(name), "{file} reads {name}, which is not among {known:?}");
            families.insert(shown.family(name).unwrap());
        }
    }
    let unread: Vec<&String> = shown.types.keys().filter(|family| !families.contains(family.as_str())).collect();
    assert_eq!(unread, Vec::<&String>::new(), "neither an alert nor the dashboard reads them");

    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(panel["title"].is_string() && !panel["targets"].as_array().unwrap().is_empty(), "{panel}");
    }
    let rules = yaml_rust2::YamlLoader::load_from_str(ALERTS).unwrap();
    let rules = rules[0]["groups"][0]["rules"].as_vec().unwrap();
    for rule in rules {
        let text = |value: &yaml_rust2::Yaml| value.as_str().is_some_and(|text| !text.is_empty());
        let told = &rule["annotations"];
        assert!(
            [&rule["alert"], &rule["expr"], &rule["for"], &told["summary"], &told["description"]].into_iter().all(text)
        );
        assert!(["critical", "warning", "info"].contains(&rule["labels"]["severity"].as_str().unwrap()), "{rule:?}");
    }
    assert!(rules.len() > 10);
}
