//! `cetak record why` and `cetak record jumps`: why a record has its place, and who changed that of others.

use super::{
    access::Access,
    find,
    output::{Output, table},
    pages, words,
};
use crate::{
    domain::time::Timestamp,
    engine::{
        client::Client,
        operations::RecordName,
        query::{JumpLine, ListJumps, ShowPlace},
    },
};

/// The place of a record, and what it waits for if it is not on the waiting list.
pub(super) async fn why(access: &Access, out: Output, record: RecordName) -> anyhow::Result<()> {
    let mut place = access.query(ShowPlace { record }).await?;
    let rows = words::place_rows(&place, access.zone());
    let waits = place.before.is_some();
    let (found, answer) = find::answered(access, place.found.clone(), out);
    let facts = find::text(&found, &answer);
    place.found = found;
    let mut value = serde_json::to_value(&place).unwrap_or_default();
    value["answer"] = answer.answer.clone().into();
    value["next"] = answer.next.clone().into();
    Ok(out.data(&value, |_| {
        let rows: Vec<_> = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
        let rows = table(&["place", ""], &rows);
        if waits { rows } else { format!("{facts}\n{rows}") }
    })?)
}

/// All jumps, the last first, or those since an instant.
pub(super) async fn jumps(access: &Access, out: Output, since: Option<Timestamp>) -> anyhow::Result<()> {
    let query = |page| ListJumps { since, page };
    let row = |line: &JumpLine| {
        vec![
            words::local(&line.at, access.zone()),
            line.by.clone(),
            line.source.clone(),
            line.request_id.clone(),
            words::class(line.from_class),
            words::class(line.to_class),
            line.note.clone(),
        ]
    };
    let header = ["at", "by", "source", "request id", "from class", "to class", "reason"];
    pages::write_all(access, out, query, |line: JumpLine| line, &header, row).await?;
    Ok(())
}
