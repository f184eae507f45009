//! `--dry-run` of acts on all records that match filters.

use super::{
    Usage,
    access::Access,
    args::{FilterArgs, ManyArgs},
    output::{Output, message, thousands},
    words,
};
use crate::{
    domain::id::BatchId,
    engine::{
        client::Client,
        operations::{MatchingAct, MatchingCount, RecordMatch},
        query::CountMatching,
    },
};

/// Says how many records match and what an act would do with them.
pub(super) async fn count(
    access: &Access,
    out: Output,
    (many, filter): (ManyArgs, FilterArgs),
    act: MatchingAct,
) -> anyhow::Result<()> {
    const NAMED: Usage = Usage("`--dry-run` counts records that match filters, not records that are named");
    const OTHERS: Usage = Usage("`--dry-run` takes no filter by the time of printing or of verification");
    let FilterArgs { state, profile, district, kind, class, code, batch, .. } = &filter;
    if !many.request_ids.is_empty() || many.from.is_some() {
        return Err(NAMED.into());
    }
    if filter.printed_since.is_some() || filter.printed_until.is_some() || filter.verified_before_request {
        return Err(OTHERS.into());
    }
    let filter = RecordMatch {
        state: *state,
        source: many.source,
        profile: profile.clone(),
        district: district.clone(),
        kind: kind.clone(),
        class: *class,
        reason: code.clone(),
        batch: batch.map(BatchId),
    };
    let counted = access.query(CountMatching { act, filter }).await?;
    for outcome in &counted.refused {
        if let Some(refusal) = &outcome.refusal {
            message(&format!("would be refused: {}", words::refusal(refusal).text));
        }
    }
    Ok(out.data(&counted, text)?)
}

fn text(counted: &MatchingCount) -> String {
    let number = |count: u64| thousands(i64::try_from(count).unwrap_or(i64::MAX));
    let more = if counted.more { "at least " } else { "" };
    let mut text = format!("{more}{} records match", number(counted.matching));
    if counted.batched > 0 {
        text += &format!(", {} of them in a batch or being printed", number(counted.batched));
    }
    text += &format!(
        "; of the first {}, {} would be refused; nothing was changed\n",
        number(counted.tried),
        number(counted.would_be_refused)
    );
    for (state, count) in &counted.others {
        text += &format!("{} more match and are {state}: they stay as they are\n", number(*count));
    }
    if counted.left_out > 0 {
        text +=
            &format!("{} are left out: another copy of the database may have printed them\n", number(counted.left_out));
    }
    for (note, count) in &counted.notes {
        text += &format!("{} of them are held with the words {}\n", number(*count), words::quote(note));
    }
    text
}
