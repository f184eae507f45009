//! Tests that the schedule repeats: the same office with the same seed makes the same attempts at the same instants.

use cetak::{engine::clock::Clock, store::AuditEntry};
use serde_json::Value;

use crate::world::{World, students};

/// The instant, the printer and the act of an audit row about a printer.
type Line = (String, String, String);

/// Prints a list on three printers of different speed, one of which spoils two cards. Returns the events of the
/// scheduler ordered by time and then by printer name, and the duration of the run.
async fn printed() -> (Vec<Line>, std::time::Duration) {
    let world = World::with(|settings| settings.batch_size = 7).await;
    world.printer("p1", "card_ms=3000&hold=yes").await;
    world.printer("p2", "card_ms=2000&script=4:spoil,9:spoil").await;
    world.printer("p3", "card_ms=2500&hold=yes").await;
    world.import(&students(0..60)).await;
    world.receive(62, None).await;
    let began = world.clock.now();

    world.run().await;

    assert_eq!((world.records("printed").await, world.account("spoiled").await), (60, 2));
    let took = world.clock.now().since(began);
    let rows = world.engine.store.read().await.unwrap().audit_page("scheduler", 0, 5_000).await.unwrap();
    let mut lines: Vec<Line> = rows.iter().filter_map(line).collect();
    lines.sort_by(|(at, printer, _), (other_at, other, _)| (at, printer).cmp(&(other_at, other)));
    (lines, took)
}

fn line(row: &AuditEntry) -> Option<Line> {
    let entry: Value = serde_json::from_str(&row.entry).unwrap();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some((text(&entry["at"])?, text(&entry["details"]["printer"])?, text(&entry["act"])?))
}

#[tokio::test]
async fn the_same_office_prints_the_same_attempts_at_the_same_instants() {
    let (first, took) = printed().await;
    let printers = ["p1", "p2", "p3"].map(|name| first.iter().filter(|(_, printer, _)| printer == name).count());
    assert!(printers.iter().all(|lines| *lines > 20), "each printer has a part in it: {printers:?}");
    // Three printers in parallel need 50 s for 62 cards: 1/3 + 1/2 + 1/2.5 cards a second.
    assert!((50..65).contains(&took.as_secs()), "three printers take {took:?}");
    for _ in 0..2 {
        let (again, _) = printed().await;
        let other = first.iter().zip(&again).position(|(one, other)| one != other);
        assert_eq!(other.map(|at| (at, &first[at], &again[at])), None);
        assert_eq!(first.len(), again.len());
    }
}
