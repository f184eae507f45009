//! Tests P2 and P3 on lists of several chunks, whose rows concern earlier ones.

use async_trait::async_trait;
use cetak::{
    domain::{record::hand_over, time::Timestamp},
    engine::import::{Accept, DecidedRow, Import, Report, Watch},
    store::{Location, Store, Writer, keys::Keys},
};

use crate::acts as operations;
use crate::people;
use crate::world::{World, csv, name, student, students};

#[tokio::test]
async fn a_dry_run_of_several_chunks_reports_the_same_of_rows_that_concern_earlier_ones() {
    let world = World::new().await;
    world.import(&students(0..700)).await;
    let renamed = |n| people::Student { name: "OTHER".into(), ..student(n) };
    let withdrawn = |n| people::Student { status: "EXPELLED".into(), ..student(n) };
    let another = |by: u32, n| people::Student { number: student(n).number, ..student(by + n) };
    let mut rows: Vec<_> = (600..1_300).map(student).collect();
    rows.extend((600..1_300).filter_map(|n| match n % 7 {
        0 => Some(renamed(n)),
        1 => Some(withdrawn(n)),
        2 => Some(another(10_000, n)),
        3 => Some(student(n)),
        _ => None,
    }));
    rows.extend((600..1_300).filter(|n| n % 7 == 1).map(|n| another(20_000, n)));
    // These are named once, and stand in the database.
    rows.extend((0..600).filter_map(|n| match n % 3 {
        0 => Some(withdrawn(n)),
        1 => Some(renamed(n)),
        _ => None,
    }));
    rows.extend((0..600).map(|n| another(30_000, n)));
    rows.extend((0..600).map(|n| another(40_000, n)));
    let list = csv(&rows);
    for update in [false, true] {
        let of_run = |dry_run| {
            let change = move |import: &mut Import| {
                (import.update, import.dry_run) = (update, dry_run);
                import.accept = vec![Accept::Withdrawals];
            };
            world.import_with(&list, "student", change)
        };
        let (dry, dry_rejects) = of_run(true).await.unwrap();
        let (real, rejects) = of_run(false).await.unwrap();
        assert!(update || (real.accepted, real.withdrawn, real.refused) == (900, 300, 300), "{real:?}");
        assert_eq!((Report { dry_run: false, ..dry }, dry_rejects.0), (real, rejects.0), "update: {update}");
        world.audit().await;
    }
}

/// Hands over a card, as another process does, when the import has saved its first rows.
struct HandOver {
    location: Location,
    writer: Writer,
    is_done: bool,
}

#[async_trait]
impl Watch for HandOver {
    async fn saved(&mut self, _: Vec<DecidedRow>, _: u64, rows: u64) -> std::io::Result<()> {
        assert!(self.is_done || rows < 1_000, "{rows} rows are saved");
        if std::mem::replace(&mut self.is_done, true) {
            return Ok(());
        }
        let (location, writer) = (self.location.clone(), self.writer.clone());
        let write = move || {
            tokio::runtime::Runtime::new().unwrap().block_on(async {
                let store = Store::open(&location, Keys::derive(&[7; 32])).await.unwrap();
                let mut tx = store.write(&writer, Timestamp(0)).await.unwrap();
                let record = tx.record_find("default", "r00000").await.unwrap().unwrap();
                let view = tx.record_view(record).await.unwrap();
                tx.save(vec![hand_over(&view).unwrap()]).await.unwrap();
                tx.commit().await.unwrap();
                store.close().await;
            });
        };
        std::thread::spawn(write).join().unwrap();
        Ok(())
    }
}

#[tokio::test]
async fn of_one_person_in_many_rows_none_waits_when_their_card_is_handed_over_during_the_import() {
    let world = World::new().await;
    world.import(&students(0..1)).await;
    world.receive(1, None).await;
    world.printer("p1", "").await;
    world.run().await;
    operations::card_check(&world.engine, &name("r00000")).await.unwrap();
    let rows: Vec<_> = (1..2_000).map(|n| people::Student { number: student(0).number, ..student(n) }).collect();
    let mut other = HandOver { location: world.location.clone(), writer: world.engine.writer.clone(), is_done: false };
    let report = world.import_watched(&csv(&rows), world.list_of("student"), &mut other).await.unwrap();
    assert_eq!((report.accepted, report.quarantined, other.is_done), (0, 1_999, true));
    world.audit().await;
}

#[tokio::test]
async fn of_one_person_whose_requests_are_all_withdrawn_the_next_one_waits() {
    let world = World::new().await;
    let request = |n| people::Student { number: student(0).number, ..student(n) };
    let withdrawn = |n| people::Student { status: "EXPELLED".into(), ..request(n) };
    let mut rows: Vec<_> = (0..1_500).flat_map(|n| [request(n), withdrawn(n)]).collect();
    rows.extend([request(5_000), request(5_001)]);
    for dry_run in [true, false] {
        let (report, _) = world.import_with(&csv(&rows), "student", |import| import.dry_run = dry_run).await.unwrap();
        assert_eq!((report.accepted, report.withdrawn, report.quarantined), (1_501, 1_500, 1), "dry run: {dry_run}");
    }
    world.audit().await;
}
