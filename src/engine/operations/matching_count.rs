//! What an act on all records that match filters would do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    many::{RecordOutcome, decide},
    matching::{MatchingAct, REFUSED_MAX, RecordMatch, Taken, name},
};
use crate::{
    domain::{id::RecordId, record::RecordState},
    engine::{Engine, EngineError, sent_elsewhere::SentElsewhere},
    store::RecordCount,
};

/// How many records a page of a count has at most. A page looks at as many.
const COUNTED_EACH: i64 = 5_000;
/// How many pages a count looks at, so that it takes less than a second of a list of any length.
const COUNTED_PAGES_MAX: usize = 20;
/// How many records a count tries the act with.
const TRIED_MAX: u64 = 1_000;
/// How many different notes of held records are named.
const NOTES_MAX: usize = 20;

/// What would become of the records that match.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MatchingCount {
    /// The number of the newest record as of the count. The act takes no later one.
    pub as_of: RecordId,
    /// The records that match and are in a state that the act is for.
    pub matching: u64,
    /// Those of them that are queued in a batch, or being printed.
    pub batched: u64,
    /// The other records that match, by state: they are left as they are.
    pub others: BTreeMap<String, u64>,
    /// The records that are left out, as another copy of the database may have printed them.
    pub left_out: u64,
    /// With how many of the records the act was tried: with the first 1,000 of them.
    pub tried: u64,
    /// How many of these would be refused.
    pub would_be_refused: u64,
    /// The first 100 that would be refused, each with the reason.
    pub refused: Vec<RecordOutcome>,
    /// The words with which the records were held, and how many with each; at most 20 of them.
    pub notes: BTreeMap<String, u64>,
    /// Whether there may be more than were counted: 100,000 records are looked at. Of filters by state, profile and district alone, the
    /// number is always right, but for `left_out`.
    pub more: bool,
}

/// Counts what matches by the counters, which have profile, district and state. `None` if the filter or the act asks for more than these.
fn by_counters(
    counts: &[RecordCount],
    what: &RecordMatch,
    act: MatchingAct,
) -> Option<(u64, u64, BTreeMap<String, u64>)> {
    let RecordMatch { state, source: None, profile, district, kind: None, class: None, reason: None, batch: None } =
        what
    else {
        return None;
    };
    if matches!(act, MatchingAct::PutFirst | MatchingAct::PutBack) {
        return None; // they depend on the class
    }
    let (mut matching, mut batched, mut others) = (0, 0, BTreeMap::new());
    let equals = |asked: &Option<String>, has: &str| asked.as_ref().is_none_or(|asked| asked == has);
    for line in counts.iter().filter(|line| equals(profile, &line.profile) && equals(district, &line.district)) {
        let number = u64::try_from(line.count).unwrap_or_default();
        let has: Option<RecordState> = line.state.parse().ok();
        if state.is_some() && *state != has || number == 0 {
            continue;
        }
        if has.is_some_and(|has| act.takes(has, (0, false))) {
            matching += number;
            batched += if has == Some(RecordState::Batched) { number } else { 0 };
        } else {
            *others.entry(line.state.clone()).or_default() += number;
        }
    }
    Some((matching, batched, others))
}

impl MatchingCount {
    fn new(as_of: RecordId) -> Self {
        let (others, refused, notes) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
        let (matching, batched, left_out, tried, would_be_refused, more) = (0, 0, 0, 0, 0, false);
        Self { as_of, matching, batched, others, left_out, tried, would_be_refused, refused, notes, more }
    }
}

/// Says what would become of the records that match. It changes nothing. The act is tried with each record by itself: of two requests of
/// one person, both may seem possible.
pub async fn count(engine: &Engine, act: MatchingAct, what: &RecordMatch) -> Result<MatchingCount, EngineError> {
    let mut tx = engine.store.read().await?;
    let (as_of, counts) = (RecordId(tx.record_next_id().await? - 1), tx.record_counts().await?);
    drop(tx);
    let taken = Taken::new(what, as_of, act, None)?;
    let mut counted = MatchingCount::new(as_of);
    // Cannot fail: it is a text.
    let Ok(note) = "-".parse() else { return Ok(counted) };
    let deed = act.deed(note);
    let (mut after, mut sent) = (Some(0), None);
    for _ in 0..COUNTED_PAGES_MAX {
        let Some(from) = after else { break };
        // Each page is a read of its own, so that no long read keeps the journal from being emptied.
        let mut tx = engine.store.read().await?;
        let page = taken.page(&mut tx, from, COUNTED_EACH).await?;
        counted.left_out += page.left_out;
        for line in page.others {
            *counted.others.entry(line.state).or_default() += 1;
        }
        for line in page.taken {
            counted.matching += 1;
            counted.batched += u64::from(line.state == RecordState::Batched.as_str());
            if act == MatchingAct::Release
                && let Some(note) = &line.note
                && (counted.notes.len() < NOTES_MAX || counted.notes.contains_key(note))
            {
                *counted.notes.entry(note.clone()).or_default() += 1;
            }
            if counted.tried < TRIED_MAX {
                if sent.is_none() {
                    sent = Some(SentElsewhere::read(engine, &mut tx, true).await?);
                }
                let sent = sent.get_or_insert_default();
                counted.tried += 1;
                let record = name(line);
                if let Err(error) = decide(engine, &mut tx, sent, &record, &deed).await {
                    let EngineError::Refused(refusal) = error else { return Err(error) };
                    counted.would_be_refused += 1;
                    if counted.refused.len() < REFUSED_MAX {
                        counted.refused.push(RecordOutcome { record, refusal: Some(refusal) });
                    }
                }
            }
        }
        after = page.next;
    }
    if after.is_some() {
        match by_counters(&counts, what, act) {
            Some((matching, batched, others)) => {
                counted.matching = matching.saturating_sub(counted.left_out);
                (counted.batched, counted.others) = (batched, others);
            }
            None => counted.more = true,
        }
    }
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(district: &str, state: RecordState, stopped: bool, count: i64) -> RecordCount {
        let (profile, state) = ("card".to_owned(), state.as_str().to_owned());
        RecordCount { profile, district: district.into(), state, stopped, count }
    }

    #[test]
    fn the_counters_say_what_matches_by_profile_district_and_state_and_nothing_else() {
        let counts = [
            line("a", RecordState::Waiting, false, 70),
            line("a", RecordState::Batched, false, 3),
            line("a", RecordState::Printed, false, 20),
            line("a", RecordState::Printed, true, 2),
            line("b", RecordState::Waiting, false, 500),
        ];
        let of_a = RecordMatch { district: Some("a".into()), ..RecordMatch::default() };
        let printed = BTreeMap::from([("printed".to_owned(), 22)]);
        assert_eq!(by_counters(&counts, &of_a, MatchingAct::Hold), Some((73, 3, printed)));
        let waiting = RecordMatch { state: Some(RecordState::Waiting), ..of_a.clone() };
        assert_eq!(by_counters(&counts, &waiting, MatchingAct::Hold), Some((70, 0, BTreeMap::new())));
        assert_eq!(by_counters(&counts, &of_a, MatchingAct::PutFirst), None, "it depends on the class");
        let of_class = RecordMatch { class: Some(1), ..of_a };
        assert_eq!(by_counters(&counts, &of_class, MatchingAct::Hold), None);
    }
}
