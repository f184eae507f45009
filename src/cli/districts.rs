//! Cards in districts: `cetak card send`, `receive`, `sent`, `districts`, and hand-over there or to a proxy.

use super::{
    Usage,
    access::Access,
    args::ManyArgs,
    find::line,
    many::Selection,
    output::{Output, table},
    pages, words,
};
use crate::{
    domain::{
        card_out::ProxyDocument,
        personal::TypedText,
        value::{DistrictName, ProxyNote},
    },
    engine::{
        client::Client,
        operations::{HandOverByProxy, HandOverCard, RecordName},
        query::{CardOutLine, DistrictLine, ListDistricts, ListSentCards},
    },
};

/// The records that the command line names, or a file.
pub(super) fn named(many: &ManyArgs) -> anyhow::Result<Selection> {
    Selection::named(many)?.ok_or_else(|| Usage("name records, or a file with `--from`").into())
}

/// The card is handed over to its citizen, or to a proxy.
pub(super) async fn hand_over(access: &Access, name: &RecordName, proxy: Option<ProxyDocument>) -> anyhow::Result<()> {
    let record = name.clone();
    let Some(proxy) = proxy else { return Ok(access.act(HandOverCard { record }).await?) };
    let identity = ProxyNote::try_from(TypedText::new(line("who is the proxy: ")?))?;
    Ok(access.act(HandOverByProxy { record, proxy, identity }).await?)
}

pub(super) async fn sent(
    access: &Access,
    out: Output,
    district: Option<DistrictName>,
    overdue: bool,
) -> anyhow::Result<()> {
    let query = |page| ListSentCards { district: district.clone(), overdue, page };
    let row = |line: &CardOutLine| {
        let sent = line.sent.as_ref();
        let of = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let note = match (line.recalled, line.overdue) {
            (true, _) => "recalled",
            (false, true) => "overdue",
            (false, false) => "-",
        };
        vec![
            line.request_id.clone(),
            line.source.clone(),
            of(sent.map(|sent| sent.district.clone())),
            of(sent.map(|sent| sent.document.clone())),
            of(sent.map(|sent| words::local(&sent.at, access.zone()))),
            of(sent.map(|sent| sent.by.clone())),
            note.to_owned(),
        ]
    };
    let header = ["request", "source", "district", "document", "sent at", "by", "note"];
    pages::write_all(access, out, query, |line: CardOutLine| line, &header, row).await?;
    Ok(())
}

pub(super) async fn list(access: &Access, out: Output) -> anyhow::Result<()> {
    let lines = access.query(ListDistricts {}).await?;
    let row = |line: &DistrictLine| {
        vec![line.district.clone(), line.cards.to_string(), words::local(&line.since, access.zone())]
    };
    let text = |lines: &Vec<DistrictLine>| {
        table(&["district", "cards", "first sent at"], &lines.iter().map(row).collect::<Vec<_>>())
    };
    Ok(out.data(&lines, text)?)
}
