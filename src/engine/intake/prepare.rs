//! The costly part of each row, in a thread of its own: reading, checking, digests and sealing.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{
    PHOTO_FIELD,
    photos::PhotoFolder,
    row_name,
    rows::{Columns, RowResult, Rows},
};
use crate::{
    domain::{
        intake::{Candidate, Checked, Layout, Reason, Refusal},
        profile::CardProfile,
        time::Timestamp,
    },
    engine::clock::{Entropy, nonce},
    store::{
        NewPhoto,
        keys::{Digest, Keys, hex},
    },
};

/// A chunk ends at so many rows, or so many bytes of photos: it is one transaction, and printing waits for it.
const CHUNK_ROWS: usize = 2_500;
const CHUNK_PHOTO_BYTES: usize = 16 * 1024 * 1024;

/// A row with all that costs computing.
pub(super) enum Prepared {
    Ready(Box<Ready>),
    NotReady { row: u64, request_id: String, status: String },
    Refused { row: u64, request_id: String, refusal: Refusal },
}

pub(super) struct Ready {
    pub(super) candidate: Candidate,
    pub(super) person_key: Digest,
    pub(super) digest: Digest,
    pub(super) photo: Option<Digest>,
    pub(super) sealed: Vec<u8>,
}

pub(super) struct Chunk {
    pub(super) rows: Vec<Prepared>,
    pub(super) photos: Vec<NewPhoto>,
    pub(super) bytes: u64,
}

pub(super) struct Preparer {
    pub(super) keys: Keys,
    pub(super) photos: PhotoFolder,
    pub(super) profile: Arc<CardProfile>,
    pub(super) layout: Layout,
    pub(super) source: String,
    pub(super) now: Timestamp,
    pub(super) entropy: Arc<dyn Entropy>,
}

impl Preparer {
    pub(super) fn run(mut self, mut rows: Rows, sender: &mpsc::Sender<Chunk>) -> Result<Columns, String> {
        let mut chunk = Chunk { rows: Vec::with_capacity(CHUNK_ROWS), photos: Vec::new(), bytes: 0 };
        let mut photo_bytes = 0;
        let failed = loop {
            match rows.next() {
                Ok(None) => break None,
                Err(message) => break Some(message),
                Ok(Some(row)) => {
                    let (prepared, photo) = self.prepare(row, &mut chunk.bytes);
                    chunk.rows.push(prepared);
                    photo_bytes += photo.as_ref().map_or(0, |p| p.sealed.len());
                    chunk.photos.extend(photo);
                }
            }
            if chunk.rows.len() >= CHUNK_ROWS || photo_bytes >= CHUNK_PHOTO_BYTES {
                let next = Chunk { rows: Vec::with_capacity(CHUNK_ROWS), photos: Vec::new(), bytes: 0 };
                if sender.blocking_send(std::mem::replace(&mut chunk, next)).is_err() {
                    return Ok(rows.columns); // the other side failed, and says why
                }
                photo_bytes = 0;
            }
        };
        // The receiver may be gone: then it says why.
        let _ = sender.blocking_send(chunk);
        failed.map_or(Ok(rows.columns), Err)
    }

    fn prepare(&mut self, row: RowResult, bytes: &mut u64) -> (Prepared, Option<NewPhoto>) {
        let row = match row {
            Ok(row) => row,
            Err((row, refusal)) => return (Prepared::Refused { row, request_id: String::new(), refusal }, None),
        };
        *bytes += row.values.iter().map(|v| v.len() as u64 + 1).sum::<u64>();
        let (number, request_id) = (row.number, row.values.first().cloned().unwrap_or_default());
        let candidate = match self.layout.check(&self.profile, row, self.now) {
            Checked::Ready(candidate) => candidate,
            Checked::NotReady { request_id, status } => {
                return (Prepared::NotReady { row: number, request_id, status }, None);
            }
            Checked::Refused(refusal) => return (Prepared::Refused { row: number, request_id, refusal }, None),
        };
        let path = self.layout.photo(&candidate.row);
        let (photo, new) = if path.is_empty() {
            (None, None)
        } else {
            match self.photos.take(path, &self.keys, &*self.entropy) {
                (Ok(digest), new) => (Some(digest), new),
                (Err(why), _) => {
                    let refusal = Refusal::new(Reason::Photo, "photo", why);
                    return (Prepared::Refused { row: number, request_id, refusal }, None);
                }
            }
        };
        let ready = self.seal(candidate, &request_id, photo);
        (Prepared::Ready(Box::new(ready)), new)
    }

    fn seal(&self, candidate: Candidate, request_id: &str, photo: Option<Digest>) -> Ready {
        let body = self.layout.body(&candidate.row).map(|(_, value)| value.as_bytes());
        let digest = self.keys.body(body.chain([photo.as_ref().map_or(&[][..], |d| &d[..])]));
        let person_key = self.keys.person(&self.profile.name, self.layout.identifier(&candidate));
        let photo_name = photo.map(|d| hex(&d)).unwrap_or_default();
        let fields = self.layout.personal(&self.profile, &candidate.row).chain([(PHOTO_FIELD, photo_name.as_str())]);
        let plain = zeroize::Zeroizing::new(to_json(fields));
        let sealed = self.keys.seal(&row_name(&self.source, request_id), nonce(&*self.entropy), plain.as_bytes());
        Ready { candidate, person_key, digest, photo, sealed }
    }
}

fn to_json<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    struct Map<I>(std::cell::RefCell<I>);
    impl<'a, I: Iterator<Item = (&'a str, &'a str)>> serde::Serialize for Map<I> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(&mut *self.0.borrow_mut())
        }
    }
    // Cannot fail for text.
    serde_json::to_string(&Map(std::cell::RefCell::new(fields))).unwrap_or_default()
}
