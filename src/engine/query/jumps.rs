//! The jumps of records into other classes, and the place of one record.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, FoundRecord, Page, PageRequest, Query, found::found};
use crate::{
    domain::{permission::Operation, place::PlaceKeys, time::Timestamp},
    engine::operations::{RecordName, find_record},
    store::{JumpLine, Tx},
};

/// Asks for the jumps: who put which record from which class into which, when and why, the last first.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListJumps {
    /// Only those at this instant or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListJumps {
    type Answer = Page<JumpLine>;
    const OPERATION: Operation = Operation::AuditSeal;

    async fn read(self, engine: &Engine) -> Result<Page<JumpLine>, EngineError> {
        let rows = engine.store.read().await?.jumps_list(self.since, self.page.range_down()).await?;
        Ok(Page::new(rows, self.page.limit))
    }
}

/// The most records that are counted before one.
const COUNTED_MAX: i64 = 100_000;
/// The most classes that are counted before that of a record.
const CLASSES_MAX: usize = 100;

/// Asks for the place of a record: by which rule it has its turn, how many stand before it, and in which class.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowPlace {
    /// The record.
    pub record: RecordName,
}

/// The place of a record, and why it has it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordPlace {
    /// The record, and what it waits for if it is not on the waiting list.
    pub found: FoundRecord,
    /// The keys of the order, in their order.
    pub keys: PlaceKeys,
    /// The class of its kind of request, in which it is if it did not jump.
    pub own_class: i64,
    /// The kinds of requests that have its class.
    pub kinds: Vec<String>,
    /// Its last jump; none if it is in the class of its kind of request, or if an earlier version of the program put it first.
    pub jump: Option<JumpLine>,
    /// Those that are printed before it; none if it does not wait.
    pub before: Option<RecordsBefore>,
    /// The printers that take its card profile.
    pub printers: Vec<String>,
}

/// The records before one on the waiting list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordsBefore {
    /// How many; at least so many if `is_more`.
    pub records: i64,
    /// Whether there are more, which are not counted.
    pub is_more: bool,
    /// In each class before its own, the first first.
    pub earlier: Vec<RecordsInClass>,
    /// In its own class.
    pub own: i64,
}

/// Records in a class.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordsInClass {
    /// The class.
    pub class: i64,
    /// The kinds of requests that have it; none for records that were put first.
    pub kinds: Vec<String>,
    /// How many.
    pub records: i64,
}

impl Query for ShowPlace {
    type Answer = RecordPlace;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<RecordPlace, EngineError> {
        let mut tx = engine.store.read().await?;
        let id = find_record(&mut tx, &self.record).await?;
        let found = found(engine, &mut tx, id).await?;
        let keys = tx.place_keys(id).await?;
        let profile = engine.profiles.get(&found.record.profile);
        let kinds_of = |class: i64| -> Vec<String> {
            let kinds = profile.iter().flat_map(|profile| &profile.kinds).filter(|kind| kind.class == class);
            kinds.map(|kind| kind.name.clone()).collect()
        };
        let own_class =
            profile.and_then(|profile| profile.kind(&found.record.kind)).map_or(keys.class, |kind| kind.class);
        let jump = if found.record.jumped { tx.last_jump(id).await? } else { None };
        let before = if found.record.state == "waiting" {
            Some(before(&mut tx, (&found.record.profile, &keys), kinds_of).await?)
        } else {
            None
        };
        let printers = tx.printer_list().await?.into_iter().filter(|printer| printer.profile == found.record.profile);
        let printers = printers.map(|printer| printer.name).collect();
        Ok(RecordPlace { own_class, kinds: kinds_of(keys.class), jump, before, printers, found, keys })
    }
}

/// Counts the records before one, by the index of the waiting list.
async fn before(
    tx: &mut Tx,
    (profile, keys): (&str, &PlaceKeys),
    kinds: impl Fn(i64) -> Vec<String>,
) -> Result<RecordsBefore, EngineError> {
    // One more than are told shows that there are more.
    let mut left = COUNTED_MAX + 1;
    let (mut earlier, mut from) = (Vec::new(), i64::MIN);
    while let Some(class) = tx.waiting_next_class(profile, from).await?.filter(|class| *class < keys.class) {
        if left <= 0 || earlier.len() == CLASSES_MAX {
            left = 0;
            break;
        }
        let records = tx.waiting_in_class(profile, class, left).await?;
        left -= records;
        earlier.push(RecordsInClass { class, kinds: kinds(class), records });
        from = class.saturating_add(1);
    }
    let own = if left > 0 { tx.waiting_before((profile, keys), left).await? } else { 0 };
    left -= own;
    let is_more = left <= 0;
    let records = if is_more { COUNTED_MAX } else { COUNTED_MAX + 1 - left };
    Ok(RecordsBefore { records, is_more, earlier, own })
}
