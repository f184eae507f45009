//! Receives a waiting list that comes over the network, and imports it.

use std::{
    fmt::Write as _,
    fs::{File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    time::Duration,
};

use axum::{body::Bytes, http::request::Parts};
use futures_util::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use tokio::sync::OwnedSemaphorePermit;

use super::{
    context::Web,
    problem::{Fault, Problem},
};
use crate::{
    domain::permission::{Operation, Permit},
    engine::{
        client::Direct,
        import::{Accept, Import, Report, Watch, import},
    },
};

/// The largest list, in bytes.
pub(super) const LIST_BYTES_MAX: u64 = 1 << 30;
/// The most lines above the list that are not read.
pub(super) const SKIPPED_LINES_MAX: u64 = 1_000;
/// The longest time without a byte of the list, and for all of it.
pub(super) const BYTE_WITHIN: Duration = Duration::from_secs(30);
pub(super) const LIST_WITHIN: Duration = Duration::from_hours(1);
/// The longest time until what became of its rows is answered on one page; and until the first of them are answered.
pub(super) const ANSWERED_WITHIN: Duration = Duration::from_mins(10);
/// The bytes that are collected before they are written to the file.
const BLOCK: usize = 256 << 10;

/// A list that was received.
pub(super) struct Received {
    /// A file without a name: it is gone when the process ends in any way, and only this process can read it.
    pub(super) file: File,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub(super) digest: String,
}

/// Receives a list into a file.
pub(super) async fn received(
    web: &Web,
    pieces: impl Stream<Item = Result<Bytes, Problem>>,
) -> Result<Received, Problem> {
    let failed = |error: io::Error| Problem::internal(&error, &web.incident());
    let mut file = tempfile::tempfile_in(&web.settings.received).map_err(failed)?;
    file.set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
    let (mut size, mut block, mut hash) = (0, Vec::with_capacity(BLOCK), Sha256::new());
    tokio::pin!(pieces);
    loop {
        let piece = tokio::select! {
            piece = pieces.next() => piece.transpose()?,
            () = web.engine.clock.sleep(BYTE_WITHIN) => return Err(Fault::BodySlow.into()),
        };
        size += piece.as_ref().map_or(0, Bytes::len) as u64;
        if size > LIST_BYTES_MAX {
            return Err(Fault::BodyTooLarge.into());
        }
        block.extend_from_slice(piece.as_deref().unwrap_or_default());
        if block.len() >= BLOCK || piece.is_none() {
            let write = move || {
                hash.update(&block);
                file.write_all(&block).map(|()| (file, block, hash))
            };
            let written = tokio::task::spawn_blocking(write).await;
            (file, block, hash) = written.map_err(io::Error::other).flatten().map_err(failed)?;
            block.clear();
        }
        if piece.is_none() {
            return Ok(Received { file, digest: hex(&hash.finalize().into()) });
        }
    }
}

fn hex(digest: &[u8; 32]) -> String {
    let mut text = String::with_capacity(64);
    for byte in digest {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Asks for the right to an import, and to what it accepts.
pub(super) async fn permit(web: &Web, client: &Direct, accept: &[Accept]) -> Result<Permit, Problem> {
    let asked = async {
        if !accept.is_empty() {
            client.permit(Operation::ImportAccept).await?;
        }
        client.permit(Operation::Import).await
    };
    asked.await.map_err(|error| web.problem(&error))
}

/// Imports a list that was received, for the sender of a request, whose right to it is asked for again.
pub(super) async fn imported(
    web: &Web,
    parts: &Parts,
    (list, what): (File, Import),
    permit: OwnedSemaphorePermit,
    watch: &mut dyn Watch,
) -> Result<Report, Problem> {
    let _permits = (permit, web.calls.acquire().await);
    let client = web.caller(parts).await?.client;
    let permit = self::permit(web, &client, &what.accept).await?;
    let report = Box::pin(import(&web.engine, &permit, Box::new(list), what, watch)).await;
    report.map_err(|error| web.problem(&error))
}
