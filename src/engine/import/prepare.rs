//! The CPU-bound part of an import, in a thread of its own: reading, checking, digests and sealing.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jiff::civil::Date;
use tokio::sync::mpsc;

use super::{
    columns::Columns,
    photos::{Photo, PhotoFolder},
    rows::{RowResult, Rows},
};
use crate::{
    domain::{
        card::profile::{Backdrop, CardProfile},
        import::{Candidate, Checked, Faults, Layout, RejectReason, Rejection, Row, RowPlace, Warning},
        personal::Person,
        reason::{PhotoFault, Reason},
        refusal::Refusal,
        time::Timestamp,
    },
    engine::{
        clock::{Entropy, nonce},
        person::{BODY_FIELD, BodyColumns, PHOTO_FIELD, body_seal, person_key, person_row_name},
        render_fault::render_fault,
    },
    render::{Background, Card, CardRenderer, RenderError},
    store::{
        NewPhoto,
        keys::{Digest, Keys, hex},
        word_keys,
    },
};

/// The rows of the first chunk, and the maximum of any. Later sizes follow from the time that a chunk takes without its commit.
const CHUNK_ROWS_FIRST: usize = 500;
const CHUNK_ROWS: usize = 5_000;
const CHUNK_ROWS_MIN: usize = 100;
/// The target for one chunk: others that wait to write wait for its end at least.
const CHUNK_LONG: Duration = Duration::from_millis(30);
const CHUNK_SHORT: Duration = Duration::from_millis(12);
const CHUNK_PHOTO_BYTES: usize = 16 * 1024 * 1024;

/// A placeholder with the length of the hashes on cards.
const ANY_HASH: &str = "0123456789abcdef";

/// A row after all CPU-bound work.
pub(super) enum Prepared {
    Ready(Box<Ready>),
    NotReady { place: RowPlace, request_id: String, status: String },
    Refused { place: RowPlace, request_id: String, rejection: Rejection },
}

/// The needed part of a print-ready row, sealed. The clear values stay in the reading thread.
pub(super) struct Ready {
    pub(super) place: RowPlace,
    pub(super) request_id: String,
    pub(super) kind: String,
    pub(super) class: i64,
    pub(super) replaces: bool,
    pub(super) district: String,
    pub(super) village: String,
    pub(super) requested_at: Timestamp,
    pub(super) verified_at: Timestamp,
    pub(super) warnings: Vec<Warning>,
    /// The column of a date that is past, until which the card would be valid.
    pub(super) expired: Option<String>,
    pub(super) person_key: Digest,
    pub(super) digest: Digest,
    pub(super) photo: Option<Photo>,
    pub(super) sealed: Vec<u8>,
    /// The look-up keys of the words of the name.
    pub(super) words: Vec<i64>,
    /// Hashes of the body's values, in the layout's order, and of the photo. They tell which fields differ.
    pub(super) hashes: Vec<u32>,
}

impl Ready {
    /// Whether its photo can be printed, and its card would be valid. If not, a person decides on the record.
    pub(super) fn is_sound(&self) -> Result<(), Reason> {
        if let Some(Err(fault)) = self.photo.as_ref().map(|photo| photo.seen) {
            return Err(Reason::Photo { fault });
        }
        self.expired.clone().map_or(Ok(()), |column| Err(Reason::Expired { column }))
    }
}

/// Short keyed hashes of values. The key is new for each import, so the hashes are meaningless outside it.
#[derive(Clone, Default)]
pub(super) struct ValueHasher(RandomState);

impl ValueHasher {
    pub(super) fn hash(&self, value: &str) -> u32 {
        u32::try_from(self.0.hash_one(value) >> 32).unwrap_or_default()
    }
}

/// The size of the next chunk, shared by the preparing thread and the saving task.
#[derive(Clone)]
pub(super) struct ChunkSize(Arc<AtomicUsize>);

impl ChunkSize {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(CHUNK_ROWS_FIRST)))
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Adapts the chunk size. `rows` took `long`.
    pub(super) fn took(&self, rows: usize, long: Duration) {
        let next = if long > CHUNK_LONG {
            rows / 2
        } else if long < CHUNK_SHORT && rows >= self.get() {
            rows * 2
        } else {
            return;
        };
        self.0.store(next.clamp(CHUNK_ROWS_MIN, CHUNK_ROWS), Ordering::Relaxed);
    }
}

pub(super) struct Chunk {
    pub(super) rows: Vec<Prepared>,
    pub(super) photos: Vec<NewPhoto>,
    pub(super) bytes: u64,
}

pub(super) struct Preparer {
    pub(super) keys: Keys,
    pub(super) photos: PhotoFolder,
    pub(super) renderer: Arc<dyn CardRenderer>,
    /// A placeholder with the length of attempt names.
    pub(super) attempt: String,
    pub(super) profile: Arc<CardProfile>,
    /// What the look-up keys of its persons depend on, as stored.
    pub(super) key_rule: String,
    pub(super) layout: Layout,
    pub(super) source: String,
    pub(super) now: Timestamp,
    /// The date in the office.
    pub(super) today: Date,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) hasher: ValueHasher,
    pub(super) chunk_size: ChunkSize,
}

impl Preparer {
    pub(super) fn run(mut self, mut rows: Rows, sender: &mpsc::Sender<Chunk>) -> Result<Columns, Refusal> {
        let mut chunk = Chunk { rows: Vec::with_capacity(CHUNK_ROWS), photos: Vec::new(), bytes: 0 };
        let mut photo_bytes = 0;
        let failed = loop {
            match rows.next() {
                Ok(None) => break None,
                Err(refusal) => break Some(refusal),
                Ok(Some(row)) => {
                    let (prepared, photo) = self.prepare(row, &mut chunk.bytes);
                    chunk.rows.push(prepared);
                    photo_bytes += photo.as_ref().map_or(0, |p| p.sealed.len());
                    chunk.photos.extend(photo);
                }
            }
            if chunk.rows.len() >= self.chunk_size.get() || photo_bytes >= CHUNK_PHOTO_BYTES {
                let next = Chunk { rows: Vec::with_capacity(CHUNK_ROWS), photos: Vec::new(), bytes: 0 };
                if sender.blocking_send(std::mem::replace(&mut chunk, next)).is_err() {
                    return Ok(rows.columns); // the other side failed, and says why
                }
                photo_bytes = 0;
            }
        };
        // The receiver is gone if the saving task failed; that task reports the error.
        let _ = sender.blocking_send(chunk);
        failed.map_or(Ok(rows.columns), Err)
    }

    fn prepare(&mut self, row: RowResult, bytes: &mut u64) -> (Prepared, Option<NewPhoto>) {
        let row = match row {
            Ok(row) => row,
            Err((place, rejection)) => {
                return (Prepared::Refused { place, request_id: String::new(), rejection }, None);
            }
        };
        *bytes += row.values.iter().map(|v| v.len() as u64 + 1).sum::<u64>();
        let (place, request_id) = (row.place, self.layout.speakable_request_id(&self.profile, &row).to_owned());
        match self.layout.check(&self.profile, row, self.now) {
            Checked::Ready(candidate) => self.prepare_candidate(&candidate, request_id),
            Checked::NotReady { request_id, status } => (Prepared::NotReady { place, request_id, status }, None),
            Checked::Refused { mut rejection, row } => {
                let (photo, new) = self.take_photo(&row);
                if let Err(fault) = photo {
                    rejection.add(RejectReason::Photo, "photo", Reason::Photo { fault });
                }
                (Prepared::Refused { place, request_id, rejection }, new)
            }
        }
    }

    fn prepare_candidate(&mut self, candidate: &Candidate, request_id: String) -> (Prepared, Option<NewPhoto>) {
        let mut faults = Faults::default();
        if let Err(error) = self.fits_its_card(candidate, &request_id) {
            faults.add(RejectReason::Card, error.field(), Reason::NotRendered(render_fault(&error)));
        }
        let (photo, new) = self.take_photo(&candidate.row);
        if let Err(fault) = photo {
            faults.add(RejectReason::Photo, "photo", Reason::Photo { fault });
        }
        if let Some(rejection) = faults.rejection() {
            return (Prepared::Refused { place: candidate.row.place, request_id, rejection }, new);
        }
        let mut ready = self.seal(candidate, request_id, photo.ok().flatten());
        if self.has_wrong_background(candidate, ready.photo.as_ref()) {
            ready.warnings.push(Warning::OtherBackground);
        }
        (Prepared::Ready(Box::new(ready)), new)
    }

    /// The photo that a row names, and its sealed bytes the first time that its content occurs.
    fn take_photo(&mut self, row: &Row) -> (Result<Option<Photo>, PhotoFault>, Option<NewPhoto>) {
        match self.layout.photo(row) {
            "" => (Ok(None), None),
            path => {
                let (photo, new) = self.photos.take(path, &self.keys, &*self.entropy);
                (photo.map(Some), new)
            }
        }
    }

    /// Whether the card can be rendered. It is checked at import, while a person can still correct the list.
    fn fits_its_card(&self, candidate: &Candidate, request_id: &str) -> Result<(), RenderError> {
        let fields = self.layout.personal(&self.profile, &candidate.row);
        let person: BTreeMap<String, String> =
            fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.renderer.check(&Card {
            person: &Person::from(person),
            district: self.layout.district(candidate),
            village: self.layout.village(candidate),
            request_id,
            attempt: &self.attempt,
            keyed_hash: ANY_HASH,
            photo: None,
        })
    }

    fn has_wrong_background(&self, candidate: &Candidate, photo: Option<&Photo>) -> bool {
        let Some((rule, Ok(behind))) = self.profile.card.background.as_ref().zip(photo.map(|photo| photo.seen)) else {
            return false;
        };
        let birth = self.layout.position(&rule.birth_date).and_then(|at| candidate.row.values.get(at));
        match birth.and_then(|date| rule.for_birth(date)) {
            Some(Backdrop::Red) => behind != Background::Red,
            Some(Backdrop::Blue) => behind != Background::Blue,
            None => false,
        }
    }

    fn seal(&self, candidate: &Candidate, request_id: String, photo: Option<Photo>) -> Ready {
        let (layout, row) = (&self.layout, &candidate.row);
        let photo_digest = photo.as_ref().map_or(&[][..], |p| &p.digest[..]);
        let photo_name = photo.as_ref().map(|p| hex(&p.digest)).unwrap_or_default();
        let body = layout.body(row).map(|(_, value)| value.as_bytes());
        let digest = self.keys.body(body.chain([photo_digest]));
        let rule = (&self.profile.identifier.ignores, &*self.key_rule);
        let person_key = person_key(&self.keys, &self.profile.name, rule, layout.identifier(candidate));
        let columns = body_seal(
            &self.keys,
            &BodyColumns {
                profile: &self.profile.name,
                kind: layout.kind(candidate),
                district: layout.district(candidate),
                village: layout.village(candidate),
                requested_at_us: candidate.requested_at.0,
                verified_at_us: candidate.verified_at.0,
                person_key: &person_key,
                digest: &digest,
            },
        );
        let own = [(PHOTO_FIELD, photo_name.as_str()), (BODY_FIELD, columns.as_str())];
        let fields = layout.personal(&self.profile, row).chain(own);
        let plain = zeroize::Zeroizing::new(to_json(fields));
        let sealed =
            self.keys.seal(&person_row_name(&self.source, &request_id), nonce(&*self.entropy), plain.as_bytes());
        let values = layout.body(row).map(|(_, value)| value).chain([photo_name.as_str()]);
        Ready {
            place: row.place,
            kind: layout.kind(candidate).to_owned(),
            class: candidate.class,
            replaces: candidate.replaces,
            district: layout.district(candidate).to_owned(),
            village: layout.village(candidate).to_owned(),
            requested_at: candidate.requested_at,
            verified_at: candidate.verified_at,
            warnings: candidate.warnings.clone(),
            expired: layout.expired(&self.profile, row, self.today).map(str::to_owned),
            hashes: values.map(|value| self.hasher.hash(value)).collect(),
            request_id,
            person_key,
            digest,
            photo,
            sealed,
            words: word_keys(&self.keys, &self.profile.name, layout.name(candidate)),
        }
    }
}

fn to_json<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    struct Map<I>(std::cell::RefCell<I>);
    impl<'a, I: Iterator<Item = (&'a str, &'a str)>> serde::Serialize for Map<I> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(&mut *self.0.borrow_mut())
        }
    }
    // Serialisation of strings cannot fail.
    serde_json::to_string(&Map(std::cell::RefCell::new(fields))).unwrap_or_default()
}
