//! Photos. Each distinct photo is stored once, sealed, and purged when no record uses it.

use super::{
    StoreError, Tx, doing, execute,
    keys::{Digest, hex},
    on, set,
};
use crate::domain::id::PhotoId;

/// A photo to be stored.
#[derive(Debug)]
pub struct NewPhoto {
    /// The keyed digest of its content.
    pub digest: Digest,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

impl Tx {
    /// The photo with this digest; `None` if it is not stored.
    pub async fn photo_find(&mut self, digest: &Digest) -> Result<Option<PhotoId>, StoreError> {
        Ok(on!(self, c => sqlx::query_scalar("SELECT id FROM photo WHERE digest = $1").bind(digest.as_slice()).fetch_optional(c)).map_err(doing("finding a photo"))?.map(PhotoId))
    }

    /// Which of these photos are stored, by their index.
    pub async fn photos_stored(&mut self, digests: &[Digest]) -> Result<Vec<usize>, StoreError> {
        const STORED: &str = "
            SELECT v.key FROM json_each($1) AS v CROSS JOIN photo AS p WHERE p.digest = unhex(v.value ->> 0)";
        let digests: Vec<_> = digests.iter().map(|digest| (hex(digest),)).collect();
        let stored: Vec<i64> = on!(self, c => sqlx::query_scalar(STORED).bind(set(&digests)).fetch_all(c))
            .map_err(doing("finding photos"))?;
        Ok(stored.into_iter().map(|at| usize::try_from(at).unwrap_or(usize::MAX)).collect())
    }

    /// The sealed bytes of the photo with this digest; `None` if it was purged.
    pub async fn photo_get(&mut self, digest: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        const GET: &str = "SELECT sealed FROM photo WHERE digest = $1";
        on!(self, c => sqlx::query_scalar(GET).bind(digest).fetch_optional(c)).map_err(doing("reading a photo"))
    }

    /// Photos with a number above `after`, by number, at most `limit`: number, digest, sealed bytes.
    pub async fn sealed_photos(
        &mut self,
        after: PhotoId,
        limit: i64,
    ) -> Result<Vec<(PhotoId, Vec<u8>, Vec<u8>)>, StoreError> {
        const PAGE: &str = "SELECT id, digest, sealed FROM photo WHERE id > $1 ORDER BY id LIMIT $2";
        let rows: Vec<(i64, Vec<u8>, Vec<u8>)> =
            on!(self, c => sqlx::query_as(PAGE).bind(after.0).bind(limit).fetch_all(c))
                .map_err(doing("reading photos"))?;
        Ok(rows.into_iter().map(|(id, digest, sealed)| (PhotoId(id), digest, sealed)).collect())
    }

    /// Stores a photo that no record uses yet.
    pub async fn photo_add(&mut self, photo: &NewPhoto) -> Result<PhotoId, StoreError> {
        const ADD: &str = "INSERT INTO photo (digest, sealed, uses) VALUES ($1, $2, 0) RETURNING id";
        on!(self, c => sqlx::query_scalar(ADD).bind(photo.digest.as_slice()).bind(photo.sealed.as_slice()).fetch_one(c))
            .map(PhotoId)
            .map_err(doing("storing a photo"))
    }

    /// Adds to the number of records that use each photo.
    pub async fn photos_use(&mut self, uses: &[(PhotoId, i64)]) -> Result<(), StoreError> {
        const USE: &str = "
            UPDATE photo SET uses = uses + CAST(v.value ->> 1 AS BIGINT) FROM json_each($1) AS v
            WHERE photo.id = CAST(v.value ->> 0 AS BIGINT)";
        if uses.is_empty() {
            return Ok(());
        }
        let done = execute!(self, sqlx::query(USE).bind(set(uses))).map_err(doing("counting photos"))?;
        if done == uses.len() as u64 { Ok(()) } else { Err(StoreError::Conflict("a photo")) }
    }

    /// Removes the photos from these records, and purges photos that no record uses.
    pub async fn photos_release(&mut self, records: &[i64]) -> Result<(), StoreError> {
        const COUNT: &str = "
            UPDATE photo SET uses = uses - c.n
            FROM (SELECT photo_id, COUNT(*) AS n FROM record
                  WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) AND photo_id IS NOT NULL GROUP BY photo_id) AS c
            WHERE photo.id = c.photo_id
            RETURNING photo.id, photo.uses";
        const FORGET: &str =
            "UPDATE record SET photo_id = NULL WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1))";
        if records.is_empty() {
            return Ok(());
        }
        let counted: Vec<(i64, i64)> =
            on!(self, c => sqlx::query_as(COUNT).bind(set(records)).fetch_all(c)).map_err(doing("counting photos"))?;
        execute!(self, sqlx::query(FORGET).bind(set(records))).map_err(doing("forgetting photos"))?;
        self.photos_purge(&counted).await
    }

    /// Counts one use less for each of these photos, which may be named several times, and purges those that nothing uses.
    pub(super) async fn photos_unuse(&mut self, photos: &[i64]) -> Result<(), StoreError> {
        const COUNT: &str = "
            UPDATE photo SET uses = uses - c.n
            FROM (SELECT CAST(value AS BIGINT) AS photo_id, COUNT(*) AS n FROM json_each($1) GROUP BY 1) AS c
            WHERE photo.id = c.photo_id
            RETURNING photo.id, photo.uses";
        if photos.is_empty() {
            return Ok(());
        }
        let counted: Vec<(i64, i64)> =
            on!(self, c => sqlx::query_as(COUNT).bind(set(photos)).fetch_all(c)).map_err(doing("counting photos"))?;
        self.photos_purge(&counted).await
    }

    /// Purges those of these photos, each with its uses, that nothing uses.
    async fn photos_purge(&mut self, counted: &[(i64, i64)]) -> Result<(), StoreError> {
        const PURGE: &str =
            "DELETE FROM photo WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) AND uses = 0";
        let unused: Vec<i64> = counted.iter().filter(|(_, uses)| *uses == 0).map(|(id, _)| *id).collect();
        if !unused.is_empty() {
            execute!(self, sqlx::query(PURGE).bind(set(&unused))).map_err(doing("purging photos"))?;
        }
        Ok(())
    }
}
