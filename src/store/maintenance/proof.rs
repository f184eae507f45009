//! Compares records, movements and rarely changing rows with the changes that the audit has of them.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{BuildHasher, RandomState},
    ops::Range,
};

use super::{
    Check, Violation,
    check::Remedy::{ReadHistory, Recount, Report},
};
use crate::{
    domain::{
        audit_row::{Author, changes_of},
        changes::{Changes, FoundRecord, Older, Proof, SealedMovement, Trail},
        id::AccountId,
        ranges::parse_ranges,
        time::Timestamp,
    },
    store::{
        StoreError, Tx,
        audit::PAGE_ROWS,
        doing, on, parse,
        sealed_rows::{ROWS_COMMITS, differing},
        sealed_table::SealedTable,
    },
};

/// The most violations of a rule that are named.
const FAULTS_MAX: usize = 100;
/// The records, or movements, that are compared in one reading of the audit. It bounds the memory.
const RECORDS_AT_ONCE: i64 = 1_000_000;
const MOVEMENTS_AT_ONCE: i64 = 2_000_000;
const PAGE: i64 = 5_000;

const RECORDS: &str = "each record is as the audit has it";
const MOVEMENTS: &str = "each movement is as the audit has it";
const ROWS: &str =
    "each printer, pause, lot, act, unknown job, key rule, account, card outside and import is as the audit has it";

/// What the audit says of the rarely changing rows, and of what is older than the changes.
#[derive(Default)]
struct Sealed {
    /// The newest digest of each row, with the number of its commit; `None` if the row was deleted.
    rows: BTreeMap<(String, String), (i64, Option<String>)>,
    commits: HashSet<i64>,
    commits_twice: bool,
    newest_commit: i64,
    older: Option<Older>,
    older_differs: bool,
}

impl Sealed {
    fn add(&mut self, changes: Changes) {
        if let Some(older) = changes.older {
            self.older_differs |= self.older.is_some_and(|known| known != older);
            self.older = Some(older);
        }
        let Some(commit) = changes.rows_commit else { return };
        self.commits_twice |= !self.commits.insert(commit);
        self.newest_commit = self.newest_commit.max(commit);
        for (table, key, digest) in changes.rows {
            let known = self.rows.entry((table.into_owned(), key)).or_insert((0, None));
            if commit > known.0 {
                *known = (commit, digest);
            }
        }
    }
}

type RecordRow = (i64, String, String, String, i64, i64, bool, bool, bool);

impl Tx {
    /// The rules that the audit proves.
    pub(super) async fn proofs(&mut self) -> Result<Vec<Check>, StoreError> {
        let mut sealed = Sealed::default();
        self.changes_read(|_, changes| sealed.add(changes)).await?;
        let saved = self.older_rows().await?;
        let older = sealed.older.unwrap_or(saved);
        let rows = self.rows_proof(&sealed, saved).await?;
        Ok(vec![self.records_proof(older).await?, self.movements_proof(older).await?, rows])
    }

    /// Reads all changes of all chains, each chain in its order and up to its first row that does not verify: what follows proves
    /// nothing, and may be of any size.
    async fn changes_read(&mut self, mut each: impl FnMut(Author, Changes)) -> Result<(), StoreError> {
        for head in self.audit_heads().await? {
            let (mut seq, mut hash) = (0, Vec::new());
            'chain: loop {
                let rows = self.audit_rows(&head.chain, seq, PAGE_ROWS).await?;
                if rows.is_empty() {
                    break;
                }
                for row in rows {
                    hash = self.keys.audit(&hash, &row.text).to_vec();
                    if hash != row.hash {
                        break 'chain;
                    }
                    seq = row.seq;
                    if let Some((author, changes)) = changes_of(&row.text) {
                        each(author, changes);
                    }
                }
            }
        }
        Ok(())
    }

    async fn records_proof(&mut self, older: Older) -> Result<Check, StoreError> {
        const NEWEST: &str = "SELECT COALESCE(MAX(id), 0) FROM record";
        let newest: i64 =
            on!(self, c => sqlx::query_scalar(NEWEST).fetch_one(c)).map_err(doing("checking the records"))?;
        let mut check = Check { rule: RECORDS, faults: Vec::new(), older: 0, remedy: ReadHistory };
        let mut first = 1;
        loop {
            // The last window has no end: the audit may have records that are gone.
            let end = if newest - first < RECORDS_AT_ONCE { i64::MAX } else { first + RECORDS_AT_ONCE };
            self.records_compare(first..end, older, &mut check).await?;
            if end == i64::MAX {
                return Ok(check);
            }
            first = end;
        }
    }

    async fn records_compare(&mut self, ids: Range<i64>, older: Older, check: &mut Check) -> Result<(), StoreError> {
        const FOUND: &str = "
            SELECT id, source, request_id, state, version, copy, checked, surrendered, sent FROM record
            WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3";
        let mut trails: HashMap<i64, Trail> = HashMap::new();
        self.changes_read(|_, changes| {
            let Changes { added, rewritten, records, .. } = changes;
            for (state, ranges) in &added {
                for id in parse_ranges(ranges).flatten().filter(|id| ids.contains(id)) {
                    trails.entry(id).or_default().added(state);
                }
            }
            for id in rewritten.into_iter().filter(|id| ids.contains(id)) {
                trails.entry(id).or_default().rewritten();
            }
            for (id, from, to, card) in records.iter().filter(|(id, ..)| ids.contains(id)) {
                trails.entry(*id).or_default().step(from, to, card);
            }
        })
        .await?;
        let mut after = if ids.start == 1 { i64::MIN } else { ids.start - 1 };
        loop {
            let rows: Vec<RecordRow> =
                on!(self, c => sqlx::query_as(FOUND).bind(after).bind(ids.end).bind(PAGE).fetch_all(c))
                    .map_err(doing("checking the records"))?;
            let Some(last) = rows.last() else { break };
            after = last.0;
            for (id, source, request_id, state, version, copy, checked, surrendered, sent) in rows {
                let thing = format!("record {source}/{request_id}");
                let Ok(state) = parse("record", id, &state) else {
                    check.add(thing, "it is in no known state".into());
                    continue;
                };
                let found = FoundRecord { state, version, copy, checked, surrendered, sent };
                match trails.remove(&id).unwrap_or_default().compare(&found, id <= older.record) {
                    Proof::Proved => {}
                    Proof::Older => check.older += 1,
                    Proof::Differs(what) => check.add(thing, what),
                }
            }
        }
        let mut gone: Vec<i64> = trails.into_iter().filter(|(_, trail)| trail.is_added()).map(|(id, _)| id).collect();
        gone.sort_unstable();
        for id in gone {
            check.add(format!("record number {id}"), "the audit has its import, and it is gone".into());
        }
        Ok(())
    }

    async fn movements_proof(&mut self, older: Older) -> Result<Check, StoreError> {
        const NUMBER: &str = "SELECT COUNT(*) FROM movement WHERE id > $1";
        let number: i64 = on!(self, c => sqlx::query_scalar(NUMBER).bind(older.movement).fetch_one(c))
            .map_err(doing("checking the ledger"))?;
        let mut check = Check { rule: MOVEMENTS, faults: Vec::new(), older: 0, remedy: Recount };
        let parts = u64::try_from(1 + number / MOVEMENTS_AT_ONCE).unwrap_or(1);
        for part in 0..parts {
            self.movements_compare((part, parts), older, &mut check).await?;
        }
        Ok(check)
    }

    /// Compares the movements whose hash is in one of `parts`. Both sides are counted by hash.
    async fn movements_compare(
        &mut self,
        (part, parts): (u64, u64),
        older: Older,
        check: &mut Check,
    ) -> Result<(), StoreError> {
        let random = RandomState::new();
        let hash = |movement: &SealedMovement, author: &Author| random.hash_one((movement, author));
        let mut sealed: HashMap<u64, i64> = HashMap::new();
        self.changes_read(|author, changes| {
            let hashes = changes.movements.iter().map(|movement| hash(movement, &author));
            hashes.filter(|hash| hash % parts == part).for_each(|hash| *sealed.entry(hash).or_default() += 1);
        })
        .await?;
        let mut after = i64::MIN;
        loop {
            let rows = self.movements_page(after).await?;
            let Some((last, ..)) = rows.last() else { break };
            after = *last;
            for (id, movement, author) in rows {
                if id <= older.movement {
                    check.older += u64::from(part == 0);
                    continue;
                }
                let hash = hash(&movement, &author);
                if hash % parts != part {
                    continue;
                }
                match sealed.get_mut(&hash) {
                    Some(count) if *count > 0 => *count -= 1,
                    _ => check
                        .add(format!("movement {id}"), format!("the audit has no such movement: {}", words(&movement))),
                }
            }
        }
        sealed.retain(|_, count| *count > 0);
        if sealed.is_empty() {
            return Ok(());
        }
        let mut missing = Vec::new();
        self.changes_read(|author, changes| {
            let lacking = changes.movements.iter().filter(|movement| sealed.contains_key(&hash(movement, &author)));
            missing
                .extend(lacking.map(|movement| format!("by {} at {}: {}", author.actor, author.at, words(movement))));
        })
        .await?;
        for what in missing {
            check.add("the ledger".into(), format!("it lacks a movement that the audit has, {what}"));
        }
        Ok(())
    }

    async fn movements_page(&mut self, after: i64) -> Result<Vec<(i64, SealedMovement, Author)>, StoreError> {
        const MOVEMENTS: &str = "
            SELECT id, lot_id, from_account, from_place, to_account, to_place, quantity, cause, document, batch_id, attempt_id,
                   reverses, at_us, actor, account, COALESCE(means, '')
            FROM movement WHERE id > $1 ORDER BY id LIMIT $2";
        type Row = (
            i64,
            i64,
            String,
            String,
            String,
            String,
            i64,
            String,
            Option<String>,
            Option<i64>,
            Option<i64>,
            Option<i64>,
            i64,
            String,
            Option<i64>,
            String,
        );
        let rows: Vec<Row> = on!(self, c => sqlx::query_as(MOVEMENTS).bind(after).bind(PAGE).fetch_all(c))
            .map_err(doing("checking the ledger"))?;
        let movement = |r: Row| {
            let from = (r.2.into(), r.3.into());
            let to = (r.4.into(), r.5.into());
            let movement = SealedMovement(r.1, from.0, from.1, to.0, to.1, r.6, r.7.into(), r.8, r.9, r.10, r.11);
            let author =
                Author { at: Timestamp(r.12).to_string(), actor: r.13, account: r.14.map(AccountId), means: r.15 };
            (r.0, movement, author)
        };
        Ok(rows.into_iter().map(movement).collect())
    }

    async fn rows_proof(&mut self, sealed: &Sealed, saved: Older) -> Result<Check, StoreError> {
        let mut check = Check { rule: ROWS, faults: Vec::new(), older: 0, remedy: Report };
        let commits: i64 = self.meta_get(ROWS_COMMITS).await?.and_then(|text| text.parse().ok()).unwrap_or(0);
        if commits != sealed.newest_commit || sealed.commits_twice {
            check.add("the number of commits with sealed rows".into(), "it is not as the audit has it".into());
        }
        if sealed.older_differs || sealed.older.is_some_and(|older| older != saved) {
            check.add("the mark of what is too old to prove".into(), "it is not as the audit has it".into());
        }
        for table in SealedTable::ALL {
            let found = self.row_seals(table, None).await?;
            for (key, seal) in &found {
                let differs = match sealed.rows.get(&(table.as_str().to_owned(), key.clone())) {
                    Some((_, Some(known))) => differing(table, known, seal),
                    // Before the first commit that seals rows, none can be proved.
                    None if commits == 0 => {
                        check.older += 1;
                        None
                    }
                    Some((_, None)) | None => Some(Vec::new()),
                };
                if let Some(columns) = differs {
                    let what = match columns.as_slice() {
                        [] => "it is not as the audit has it".to_owned(),
                        columns => format!("its `{}` is not as the audit has it", columns.join("`, `")),
                    };
                    check.add(format!("{} {key}", table.noun()), what);
                }
            }
            let rows = sealed.rows.iter().filter(|((name, _), (_, digest))| name == table.as_str() && digest.is_some());
            for ((_, key), _) in rows.filter(|((_, key), _)| !found.contains_key(key)) {
                check.add(format!("{} {key}", table.noun()), "the audit has it, and it is gone".into());
            }
        }
        Ok(check)
    }
}

impl Check {
    fn add(&mut self, thing: String, what: String) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Violation { thing, what });
        }
    }
}

fn words(movement: &SealedMovement) -> String {
    let SealedMovement(lot, from, from_place, to, to_place, quantity, cause, document, batch, attempt, reverses) =
        movement;
    let account = |name: &str, place: &str| if place.is_empty() { name.to_owned() } else { format!("{name}:{place}") };
    let (from, to) = (account(from, from_place), account(to, to_place));
    let parts = [
        Some(format!("{quantity} of lot number {lot} from {from} to {to}")),
        Some(cause.to_string()),
        document.as_ref().map(|document| format!("document {document}")),
        batch.map(|batch| format!("batch {batch}")),
        attempt.map(|attempt| format!("attempt number {attempt}")),
        reverses.map(|delivery| format!("reverses movement {delivery}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
