//! Receives a waiting list that comes over the network, and imports it.

use std::{
    fmt::Write as _,
    fs::{File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    time::Duration,
};

use axum::{body::Bytes, http::request::Parts};
use futures_util::{Stream, StreamExt, stream};
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
        clock::Clock,
        import::{Accept, Import, Report, Watch, import},
    },
};

/// The largest list, in bytes.
pub(super) const LIST_BYTES_MAX: u64 = 1 << 30;
/// The most lines above the list that are not read.
pub(super) const SKIPPED_LINES_MAX: u64 = 1_000;
/// The longest time without a byte of the list, and for all of it.
pub(super) const BYTE_WITHIN: Duration = Duration::from_secs(30);
/// The least number of bytes in each window of that length but the last: 16 KiB a second. A sender who is slower would keep a place
/// from others for an hour.
const WINDOW: Duration = Duration::from_secs(30);
const WINDOW_BYTES_MIN: usize = 30 * (16 << 10);
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
    let pieces = paced(&*web.engine.clock, pieces);
    tokio::pin!(pieces);
    loop {
        let piece = pieces.next().await.transpose()?;
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

/// The pieces of a list, until they come too slowly.
fn paced<'a>(
    clock: &'a dyn Clock,
    pieces: impl Stream<Item = Result<Bytes, Problem>> + 'a,
) -> impl Stream<Item = Result<Bytes, Problem>> + 'a {
    let window = clock.sleep(WINDOW);
    stream::unfold((Box::pin(pieces), window, 0), move |(mut pieces, mut window, mut bytes)| async move {
        let silent = clock.sleep(BYTE_WITHIN);
        tokio::pin!(silent);
        loop {
            tokio::select! {
                biased;
                piece = pieces.next() => {
                    let piece = piece?;
                    bytes += piece.as_ref().map_or(0, Bytes::len);
                    return Some((piece, (pieces, window, bytes)));
                }
                () = &mut window => {
                    if bytes < WINDOW_BYTES_MIN {
                        return Some((Err(Fault::ListSlow.into()), (pieces, window, bytes)));
                    }
                    (window, bytes) = (clock.sleep(WINDOW), 0);
                }
                () = &mut silent => return Some((Err(Fault::BodySlow.into()), (pieces, window, bytes))),
            }
        }
    })
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use async_trait::async_trait;
    use tokio::{pin, sync::Notify};

    use super::*;
    use crate::{domain::time::Timestamp, words::Language};

    /// A clock that stands still until a test moves it.
    #[derive(Default)]
    struct HandClock {
        seconds: AtomicU64,
        moved: Notify,
    }

    impl HandClock {
        fn move_by(&self, seconds: u64) {
            self.seconds.fetch_add(seconds, Ordering::SeqCst);
            self.moved.notify_waiters();
        }
    }

    #[async_trait]
    impl Clock for HandClock {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }

        fn elapsed(&self) -> Duration {
            Duration::from_secs(self.seconds.load(Ordering::SeqCst))
        }

        fn sync_to(&self, _: Timestamp, _: Timestamp) {}

        async fn sleep(&self, duration: Duration) {
            let end = self.elapsed() + duration;
            loop {
                let moved = self.moved.notified();
                if self.elapsed() >= end {
                    return;
                }
                moved.await;
            }
        }
    }

    /// What becomes of a list whose pieces come one a second: how many seconds it was read, and why it ended.
    async fn read_with(bytes_each_second: usize, seconds: u64) -> (u64, Option<String>) {
        let clock = HandClock::default();
        let pieces = stream::unfold(0, |second| {
            let clock = &clock;
            async move {
                // As a line does: the piece is there only after its second.
                if second > 0 {
                    tokio::task::yield_now().await;
                }
                clock.move_by(1);
                tokio::task::yield_now().await;
                (second < seconds).then(|| (Ok(Bytes::from(vec![0; bytes_each_second])), second + 1))
            }
        });
        let paced = paced(&clock, pieces);
        pin!(paced);
        let mut read = 0;
        while let Some(piece) = paced.next().await {
            match piece {
                Ok(_) => read += 1,
                Err(problem) => return (read, Some(problem.text(Language::English))),
            }
        }
        (read, None)
    }

    #[tokio::test]
    async fn a_list_that_comes_at_less_than_16_kib_a_second_ends_after_30_seconds() {
        assert_eq!(read_with(17 << 10, 120).await, (120, None));
        assert_eq!(read_with(1, 20).await, (20, None), "a short list is not measured");
        for slow in [15 << 10, 1] {
            let (read, why) = read_with(slow, 3_600).await;
            let why = why.unwrap_or_default();
            assert!((29..=31).contains(&read) && why.contains("less than 16 KiB a second"), "{read}: {why}");
        }
    }
}
