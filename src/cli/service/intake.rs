//! Waiting lists that a service imports.

use std::io::{self, Read};

use futures_util::stream;
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;

use super::{Service, wire};
use crate::{
    domain::import::RowPlace,
    engine::{
        EngineError,
        import::{Accept, Encoding, Format, Report},
    },
    words::RowFault,
};

/// The bytes of a list that are read at once.
const BLOCK: usize = 64 << 10;

/// A list, and how it is imported.
pub(in crate::cli) struct ListToSend<R> {
    /// The list.
    pub(in crate::cli) list: R,
    /// Its format.
    pub(in crate::cli) format: Format,
    /// The encoding of its text, if it is named.
    pub(in crate::cli) encoding: Option<Encoding>,
    /// The sheet of a spreadsheet, if it is named.
    pub(in crate::cli) sheet: Option<String>,
    /// Who sent it.
    pub(in crate::cli) source: String,
    /// The card profile.
    pub(in crate::cli) profile: String,
    /// The name of its file; empty if it has none.
    pub(in crate::cli) file_name: String,
    /// The lines above the heading.
    pub(in crate::cli) skip_lines: u64,
    /// Whether a known request with another body becomes the next version of its record.
    pub(in crate::cli) update: bool,
    /// Whether nothing is changed.
    pub(in crate::cli) dry_run: bool,
    /// What a person has accepted.
    pub(in crate::cli) accept: Vec<Accept>,
}

impl<R> ListToSend<R> {
    fn path(&self) -> String {
        let mut query = vec![("source", self.source.clone()), ("profile", self.profile.clone())];
        query.push(("skip_lines", self.skip_lines.to_string()));
        query.push(("update", self.update.to_string()));
        query.push(("dry_run", self.dry_run.to_string()));
        query.extend(self.encoding.map(|encoding| ("encoding", encoding.as_str().to_owned())));
        query.extend(self.sheet.clone().map(|sheet| ("sheet", sheet)));
        query.extend(self.accept.iter().map(|accept| ("accept", accept.as_str().to_owned())));
        // Cannot fail: texts.
        format!("/api/v1/imports?{}", serde_urlencoded::to_string(query).unwrap_or_default())
    }
}

/// A row that the service refused.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::cli) struct RefusedRow {
    /// Where it stands in the list.
    #[serde(flatten)]
    pub(in crate::cli) place: RowPlace,
    /// The request id; empty if it has none that can be shown.
    pub(in crate::cli) request_id: String,
    /// Its faults; none if it is not refused.
    #[serde(default)]
    pub(in crate::cli) faults: Vec<RowFault>,
}

/// A line of the answer.
#[derive(Deserialize)]
#[serde(untagged)]
enum Told {
    Done { import: Box<Report> },
    Failed { problem: Value },
    Row(RefusedRow),
}

impl Service {
    /// Sends a list, and gives each refused row to `refused` as the service tells it, with the number of rows so far. `sent` is told the
    /// bytes of each block.
    pub(in crate::cli) async fn import<R: Read + Send + 'static>(
        &self,
        what: ListToSend<R>,
        mut sent: impl FnMut(u64) + Send + 'static,
        refused: &mut (dyn FnMut(RefusedRow, u64) -> io::Result<()> + Send),
    ) -> Result<Report, EngineError> {
        let named = disposition(&what.file_name);
        let (path, media, mut list) = (what.path(), what.format.media(), what.list);
        let blocks = std::iter::from_fn(move || {
            let mut block = Vec::with_capacity(BLOCK);
            match list.by_ref().take(BLOCK as u64).read_to_end(&mut block) {
                Ok(0) => None,
                Ok(length) => {
                    sent(length as u64);
                    Some(Ok(Frame::data(Bytes::from(block))))
                }
                Err(error) => Some(Err(error)),
            }
        });
        let (mut report, mut rows) = (None, 0);
        let mut line = |text: &[u8]| match serde_json::from_slice(text) {
            Ok(Told::Row(row)) => {
                rows += 1;
                if row.faults.is_empty() {
                    return Ok(());
                }
                let failed = |source| EngineError::Write { what: "the file of refused rows".into(), source };
                refused(row, rows).map_err(failed)
            }
            Ok(Told::Done { import }) => {
                report = Some(*import);
                Ok(())
            }
            Ok(Told::Failed { problem }) => Err(wire::error(&problem, &self.proof)),
            Err(_) => Err(self.unreadable()),
        };
        let body = StreamBody::new(stream::iter(blocks));
        let answered = self.wire.send_list((&path, media, named), &self.proof, body, &mut line).await;
        answered.map_err(|error| self.with_version(error))?;
        report.ok_or_else(|| self.unreadable())
    }
}

/// The header that names a file, RFC 6266; `None` for no name. A name never stands in an address.
fn disposition(name: &str) -> Option<String> {
    let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC);
    (!name.is_empty()).then(|| format!("attachment; filename*=UTF-8''{encoded}"))
}
