//! Acts on all records that match filters, of those that were there when they were counted.
//!
//! A count says first what an act would do ([`count`](super::matching_count::count)). The act then takes the same filters and the number
//! of the newest record as of the count: what was imported later is not touched. Each record is decided by itself, at most 50 in a
//! transaction, and an act ends after some transactions with where it goes on.

use serde::{Deserialize, Serialize};

use super::{
    act::{Act, RecordName},
    many::{Deed, RecordOutcome, decide_each},
};
use crate::{
    domain::{
        card::profile::WALK_IN_CLASS,
        id::{BatchId, RecordId},
        permission::{Operation, Permit},
        reason::{Reason, StoredReason},
        record::RecordState,
        refusal::Refusal,
        value::Note,
    },
    engine::{Engine, EngineError},
    store::{Looked, RecordFilter, RecordLine, Tx, Walk},
};

/// How many pages of the list an act looks at before it says where it goes on: 2,000 records, or 200,000 of which none matches.
const PAGES_MAX: usize = 40;
/// The records of one transaction: fewer than an act may name, so that printing waits for it less than 0.1 s.
const CHUNK: i64 = 50;
/// The records of a page of a list that is taken as a whole.
const PAGE: i64 = 100;
/// How many refused records are named.
pub(super) const REFUSED_MAX: usize = 100;

/// Which records are meant. What is not named is not compared.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordMatch {
    /// Only of this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<RecordState>,
    /// Only of this source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Only of this card profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Only of this district, the first key of the pile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// Only of this kind of request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only of this priority class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<i64>,
    /// Only with a reason of this code, such as `living-card`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "^[a-z-]*$"))]
    pub reason: Option<String>,
    /// Only those that are or were in this batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
}

impl RecordMatch {
    fn filter(&self, as_of: RecordId) -> Result<RecordFilter, Refusal> {
        let is_code = |code: &str| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        if self.reason.as_deref().is_some_and(|code| !is_code(code)) {
            return Err(Refusal::NotAReasonCode);
        }
        let Self { state, source, profile, district, kind, class, reason, batch } = self.clone();
        let walk = batch.map_or(Walk::Imported, Walk::Batch);
        let newest = Some(as_of);
        Ok(RecordFilter {
            state,
            source,
            profile,
            district,
            kind,
            class,
            reason,
            newest,
            walk,
            ..RecordFilter::default()
        })
    }
}

/// What is done to all that match.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MatchingAct {
    /// They are held.
    Hold,
    /// They are put on the waiting list.
    Release,
    /// They are put first.
    PutFirst,
    /// They are put back into the class of their kind of request.
    PutBack,
    /// They are withdrawn, which two people do.
    Withdraw,
    /// They are restored, which two people do.
    Restore,
}

impl MatchingAct {
    /// Whether it is for records in this state and class. Others that match are left as they are, and are not refused.
    pub(super) fn takes(self, state: RecordState, (class, jumped): (i64, bool)) -> bool {
        use RecordState::{Batched, Held, Quarantined, Waiting, Withdrawn};
        match self {
            Self::Hold => matches!(state, Waiting | Batched),
            Self::Release => matches!(state, Held | Quarantined),
            Self::PutFirst => matches!(state, Waiting | Held | Quarantined) && class != WALK_IN_CLASS,
            Self::PutBack => jumped,
            Self::Withdraw => matches!(state, Waiting | Batched | Held | Quarantined),
            Self::Restore => state == Withdrawn,
        }
    }

    pub(super) fn deed(self, note: Note) -> Deed {
        match self {
            Self::Hold => Deed::Hold(note),
            Self::Release => Deed::Release(note),
            Self::PutFirst => Deed::PutFirst(note),
            Self::PutBack => Deed::PutBack(note),
            Self::Withdraw => Deed::Withdraw(note),
            Self::Restore => Deed::Restore(note),
        }
    }
}

/// What became of records that match.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MatchingDone {
    /// With how many it was done.
    pub done: u64,
    /// How many were refused.
    pub refused: u64,
    /// The first 100 of these, each with the reason.
    pub refusals: Vec<RecordOutcome>,
    /// Where the act goes on, if not all were looked at: it is to be repeated with this as `after`.
    pub next: Option<i64>,
}

/// Which records an act takes.
pub(super) struct Taken<'a> {
    filter: RecordFilter,
    act: MatchingAct,
    /// Only those that were held with these words.
    held_for: Option<&'a Note>,
    /// Whether what another copy of the database may have printed is left out.
    leaves_out: bool,
}

/// A page of records.
#[derive(Default)]
pub(super) struct Walked {
    pub(super) taken: Vec<RecordLine>,
    pub(super) others: Vec<RecordLine>,
    pub(super) left_out: u64,
    pub(super) next: Option<i64>,
}

impl<'a> Taken<'a> {
    pub(super) fn new(
        what: &RecordMatch,
        as_of: RecordId,
        act: MatchingAct,
        held_for: Option<&'a Note>,
    ) -> Result<Self, Refusal> {
        let leaves_out = act == MatchingAct::Release && what.reason.is_none();
        Ok(Self { filter: what.filter(as_of)?, act, held_for, leaves_out })
    }

    pub(super) async fn page(&self, tx: &mut Tx, after: i64, limit: i64) -> Result<Walked, EngineError> {
        let Looked { records, looked_to } = tx.record_list(&self.filter, after, limit).await?;
        let is_full = i64::try_from(records.len()) == Ok(limit);
        let next = records.last().filter(|_| is_full).map(|(key, _)| *key).or(looked_to);
        let mut walked = Walked { next, ..Walked::default() };
        for (_, line) in records {
            let state: Option<RecordState> = line.state.parse().ok();
            if !state.is_some_and(|state| self.act.takes(state, (line.class, line.jumped))) {
                walked.others.push(line);
            } else if self.leaves_out && is_printed_elsewhere(&line) {
                walked.left_out += 1;
            } else if self.held_for.is_none_or(|note| line.note.as_deref() == Some(note.as_str())) {
                walked.taken.push(line);
            }
        }
        Ok(walked)
    }
}

fn is_printed_elsewhere(line: &RecordLine) -> bool {
    match line.reason.as_deref().map(Reason::from_stored) {
        Some(StoredReason::Coded(reason)) => reason.code_if_printed_elsewhere().is_some(),
        Some(StoredReason::Quoted(_)) | None => false,
    }
}

pub(super) fn name(line: RecordLine) -> RecordName {
    RecordName { source: line.source, request_id: line.request_id }
}

/// Does it with the records that match, in transactions of a few records each.
async fn with_all(
    engine: &Engine,
    permit: &Permit,
    (taken, after): (Taken<'_>, Option<i64>),
    note: Note,
) -> Result<MatchingDone, EngineError> {
    let deed = taken.act.deed(note);
    let mut all = MatchingDone { next: Some(after.unwrap_or(0)), ..MatchingDone::default() };
    for _ in 0..PAGES_MAX {
        let Some(from) = all.next else { break };
        // Read in the transaction that writes: what another person does meanwhile to a record may be a reason to leave it.
        let mut tx = engine.write(permit).await?;
        let page = taken.page(&mut tx, from, CHUNK).await?;
        let names: Vec<RecordName> = page.taken.into_iter().map(name).collect();
        if !names.is_empty() {
            let outcomes = decide_each(engine, &mut tx, names, &deed).await?;
            tx.commit_part().await?;
            for outcome in outcomes {
                if outcome.refusal.is_none() {
                    all.done += 1;
                } else {
                    all.refused += 1;
                    if all.refusals.len() < REFUSED_MAX {
                        all.refusals.push(outcome);
                    }
                }
            }
            engine.store.others_first().await;
        }
        all.next = page.next;
    }
    Ok(all)
}

/// Keeps all records that match off the waiting list, each by itself: those that wait, and those that are queued in a batch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HoldMatching {
    /// Which records.
    pub filter: RecordMatch,
    /// The number of the newest record as of the count; later ones are not touched.
    pub as_of: RecordId,
    /// Where an act that has not looked at all goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    /// Why.
    pub note: Note,
}

impl Act for HoldMatching {
    type Answer = MatchingDone;
    const OPERATION: Operation = Operation::RecordHold;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<MatchingDone, EngineError> {
        let permit = permit.covers(Self::OPERATION)?;
        let taken = Taken::new(&self.filter, self.as_of, MatchingAct::Hold, None)?;
        with_all(engine, permit, (taken, self.after), self.note).await
    }
}

/// Puts all held or quarantined records that match on the waiting list, each by itself. What another copy of the database may have
/// printed is left out, unless the filter names the code of its reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReleaseMatching {
    /// Which records.
    pub filter: RecordMatch,
    /// The number of the newest record as of the count; later ones are not touched.
    pub as_of: RecordId,
    /// Only those that were held with these words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_for: Option<Note>,
    /// Where an act that has not looked at all goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    /// Why.
    pub note: Note,
}

impl Act for ReleaseMatching {
    type Answer = MatchingDone;
    const OPERATION: Operation = Operation::RecordRelease;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<MatchingDone, EngineError> {
        let permit = permit.covers(Self::OPERATION)?;
        let taken = Taken::new(&self.filter, self.as_of, MatchingAct::Release, self.held_for.as_ref())?;
        with_all(engine, permit, (taken, self.after), self.note).await
    }
}

/// When records are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MatchingTurn {
    /// Before all others of their profile.
    BeforeOthers,
    /// In the class of their kind of request, after they were put first or into another class.
    Usual,
}

/// Puts all records that match before the others of their profile, or those that jumped back into the class of their kind of
/// request, each by itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PrioritizeMatching {
    /// Which records.
    pub filter: RecordMatch,
    /// The number of the newest record as of the count; later ones are not touched.
    pub as_of: RecordId,
    /// Their turn.
    pub turn: MatchingTurn,
    /// Where an act that has not looked at all goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    /// Why.
    pub note: Note,
}

impl Act for PrioritizeMatching {
    type Answer = MatchingDone;
    const OPERATION: Operation = Operation::RecordRelease;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<MatchingDone, EngineError> {
        let permit = permit.covers(Self::OPERATION)?;
        let act = match self.turn {
            MatchingTurn::BeforeOthers => MatchingAct::PutFirst,
            MatchingTurn::Usual => MatchingAct::PutBack,
        };
        let taken = Taken::new(&self.filter, self.as_of, act, None)?;
        with_all(engine, permit, (taken, self.after), self.note).await
    }
}

/// The pages that an act which takes all records in one transaction looks at.
const PAGES_OF_ONE_MAX: usize = 20;

/// The records of an act that takes all of them in one transaction, in the order of the list. `None` if so many others stand between them
/// that the transaction would be long.
pub(super) async fn all_names(
    tx: &mut Tx,
    act: MatchingAct,
    (what, as_of): (&RecordMatch, RecordId),
    most: usize,
) -> Result<Option<Vec<RecordName>>, EngineError> {
    let mut taken = Taken::new(what, as_of, act, None)?;
    if act == MatchingAct::Restore {
        // The one state that it takes has an index.
        taken.filter.state.get_or_insert(RecordState::Withdrawn);
    }
    let (mut names, mut after, mut pages) = (Vec::new(), Some(0), 0);
    while let Some(from) = after.filter(|_| names.len() <= most) {
        if pages == PAGES_OF_ONE_MAX {
            return Ok(None);
        }
        pages += 1;
        let page = taken.page(tx, from, PAGE).await?;
        names.extend(page.taken.into_iter().map(name));
        after = page.next;
    }
    Ok(Some(names))
}
