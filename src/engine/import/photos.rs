//! Photos of a waiting list: each file is read once, each distinct content is sealed once.

use std::{
    collections::{HashMap, HashSet},
    fs,
    io::ErrorKind,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use super::spreadsheet::Archive;
use crate::{
    domain::reason::PhotoFault,
    engine::{
        clock::{Entropy, nonce},
        files::read_regular,
        person::photo_row_name,
        render_fault::photo_fault,
    },
    render::{Background, CardRenderer, RenderError},
    store::{
        NewPhoto,
        keys::{Digest, Keys, hex},
    },
};

/// The largest photo file, in bytes.
const PHOTO_BYTES_MAX: u64 = 20 * 1024 * 1024;
const PHOTO_TOO_LARGE: u64 = PHOTO_BYTES_MAX + 1;

/// The search for a similar path: the folders in a path, and the names in a folder.
const FOLDERS_MAX: usize = 8;
const NAMES_MAX: usize = 100_000;

/// Where photos are.
#[derive(Clone)]
pub(super) enum PhotoPlace {
    /// In a folder.
    Folder(PathBuf),
    /// In the archive of the list, in this folder of it.
    Archive(Arc<Archive>, String),
}

/// The place that photo paths are relative to.
pub(super) struct PhotoFolder {
    place: PhotoPlace,
    /// The names in the archive, in lower case, once a photo was missing.
    packed_names: HashSet<String>,
    by_path: HashMap<Arc<str>, Result<Digest, PhotoFault>>,
    /// The result of decoding each distinct content.
    seen: HashMap<Digest, Result<Background, PhotoFault>>,
    /// The names in folders in which a photo was missing, in lower case and as they are.
    listings: HashMap<PathBuf, HashMap<String, PathBuf>>,
    renderer: Arc<dyn CardRenderer>,
}

impl PhotoFolder {
    pub(super) fn new(place: PhotoPlace, renderer: Arc<dyn CardRenderer>) -> Self {
        Self {
            place,
            packed_names: HashSet::new(),
            by_path: HashMap::new(),
            seen: HashMap::new(),
            listings: HashMap::new(),
            renderer,
        }
    }

    /// The photo at a path, and its sealed bytes the first time that its content occurs.
    pub(crate) fn take(
        &mut self,
        path: &str,
        keys: &Keys,
        entropy: &dyn Entropy,
    ) -> (Result<Photo, PhotoFault>, Option<NewPhoto>) {
        if let Some((path, known)) = self.by_path.get_key_value(path) {
            let seen = |digest| self.seen.get(digest).copied().unwrap_or(Ok(Background::Other));
            return (
                known
                    .as_ref()
                    .map(|digest| Photo { digest: *digest, path: path.clone(), seen: seen(digest) })
                    .map_err(|why| *why),
                None,
            );
        }
        let path: Arc<str> = path.into();
        let read = read(&self.place, &path).map_err(|fault| {
            let is_missing = matches!(fault, PhotoFault::NoFile | PhotoFault::OutsideFolder);
            if is_missing && self.has_similar(&path) { PhotoFault::SimilarFile } else { fault }
        });
        let digest = read.as_ref().map(|bytes| keys.photo(bytes)).map_err(|why| *why);
        self.by_path.insert(path.clone(), digest);
        let (digest, bytes) = match (digest, read) {
            (Ok(digest), Ok(bytes)) => (digest, bytes),
            (Err(why), _) | (_, Err(why)) => return (Err(why), None),
        };
        if let Some(seen) = self.seen.get(&digest) {
            return (Ok(Photo { digest, path, seen: *seen }), None);
        }
        let seen = if self.renderer.shows_photo() { self.look_at(&bytes) } else { Ok(Background::Other) };
        self.seen.insert(digest, seen);
        (Ok(Photo { digest, path, seen }), Some(seal(digest, &bytes, keys, entropy)))
    }

    /// Whether a file exists whose path differs in case, in `\` for `/`, or in folders at its beginning, such as `C:\Users`.
    fn has_similar(&mut self, path: &str) -> bool {
        let parts: Vec<String> = path
            .split(['/', '\\'])
            .filter(|part| !matches!(*part, "" | "." | "..") && !part.ends_with(':'))
            .map(str::to_lowercase)
            .collect();
        let first = parts.len().saturating_sub(FOLDERS_MAX);
        (first..parts.len()).any(|at| self.is_there(&parts[at..]))
    }

    /// Whether the folder of photos has a file with this path, in lower case.
    fn is_there(&mut self, parts: &[String]) -> bool {
        let mut place = match &self.place {
            PhotoPlace::Folder(root) => root.clone(),
            PhotoPlace::Archive(archive, beside) => {
                if self.packed_names.is_empty() {
                    self.packed_names = archive.names().map(str::to_lowercase).collect();
                }
                return self.packed_names.contains(&(beside.to_lowercase() + &parts.join("/")));
            }
        };
        for part in parts {
            let listing = self.listings.entry(place).or_insert_with_key(|folder| list(folder));
            place = match listing.get(part) {
                Some(found) => found.clone(),
                None => return false,
            };
        }
        place.is_file()
    }

    /// Decodes a photo in the same way as the renderer.
    fn look_at(&self, bytes: &[u8]) -> Result<Background, PhotoFault> {
        self.renderer.check_photo(bytes).map_err(|error| match &error {
            RenderError::Photo(error) => photo_fault(error),
            RenderError::Profile(_)
            | RenderError::Character { .. }
            | RenderError::TooLong { .. }
            | RenderError::Code { .. }
            | RenderError::Mrz(_)
            | RenderError::MrzSex
            | RenderError::Size
            | RenderError::Encode(_)
            | RenderError::Pdf(_) => PhotoFault::Corrupt,
        })
    }
}

/// The content of a folder by lower-case name; empty if it cannot be read.
fn list(folder: &Path) -> HashMap<String, PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(NAMES_MAX);
    entries.map(|entry| (entry.file_name().to_string_lossy().to_lowercase(), entry.path())).collect()
}

/// A photo that a row names.
#[derive(Clone, Debug)]
pub(crate) struct Photo {
    pub(crate) digest: Digest,
    pub(crate) path: Arc<str>,
    /// The background of the photo, or why it cannot be printed.
    pub(crate) seen: Result<Background, PhotoFault>,
}

/// Reads and seals a photo again. `None` if the file has another content now.
pub(super) fn read_again(place: &PhotoPlace, photo: &Photo, keys: &Keys, entropy: &dyn Entropy) -> Option<NewPhoto> {
    let bytes = read(place, &photo.path).ok()?;
    (keys.photo(&bytes) == photo.digest).then(|| seal(photo.digest, &bytes, keys, entropy))
}

fn seal(digest: Digest, bytes: &[u8], keys: &Keys, entropy: &dyn Entropy) -> NewPhoto {
    NewPhoto { digest, sealed: keys.seal(&photo_row_name(&hex(&digest)), nonce(entropy), bytes) }
}

/// Reads a photo. The path must stay in the folder: no absolute path, no `..`, no symbolic link to the outside.
fn read(place: &PhotoPlace, path: &str) -> Result<Vec<u8>, PhotoFault> {
    let relative = Path::new(path);
    let inside = relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !inside {
        return Err(PhotoFault::OutsideFolder);
    }
    match place {
        PhotoPlace::Folder(root) => read_file(root, relative),
        PhotoPlace::Archive(archive, beside) => read_packed(archive, beside, relative),
    }
}

/// Reads a photo in an archive, which has no links and is never unpacked as a whole.
fn read_packed(archive: &Archive, beside: &str, relative: &Path) -> Result<Vec<u8>, PhotoFault> {
    let parts = relative.components().filter(|part| matches!(part, Component::Normal(_)));
    let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
    let name = beside.to_owned() + &parts.join("/");
    match archive.size(&name).ok_or(PhotoFault::NoFile)? {
        0 => Err(PhotoFault::Empty),
        PHOTO_TOO_LARGE.. => Err(PhotoFault::FileTooLarge),
        _ => archive.whole(&name, PHOTO_BYTES_MAX).map_err(|_| PhotoFault::Unreadable),
    }
}

fn read_file(root: &Path, relative: &Path) -> Result<Vec<u8>, PhotoFault> {
    let root = root.canonicalize().map_err(|_| PhotoFault::NoFolder)?;
    let file = root.join(relative).canonicalize().map_err(|_| PhotoFault::NoFile)?;
    if !file.starts_with(&root) {
        return Err(PhotoFault::OutsideFolder);
    }
    match read_regular(&file, PHOTO_BYTES_MAX) {
        Ok(bytes) if bytes.is_empty() => Err(PhotoFault::Empty),
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == ErrorKind::FileTooLarge => Err(PhotoFault::FileTooLarge),
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::IsADirectory) => {
            Err(PhotoFault::NotAFile)
        }
        Err(_) => Err(PhotoFault::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_path_may_not_leave_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("photos");
        let place = PhotoPlace::Folder(root.clone());
        std::fs::create_dir_all(root.join("sub")).unwrap();
        std::fs::write(root.join("sub/a.png"), b"photo").unwrap();
        std::fs::write(dir.path().join("secret"), b"secret").unwrap();
        std::os::unix::fs::symlink(dir.path().join("secret"), root.join("link")).unwrap();
        assert_eq!(read(&place, "sub/a.png"), Ok(b"photo".to_vec()));
        assert_eq!(read(&place, "./sub/a.png"), Ok(b"photo".to_vec()));
        let absolute = dir.path().join("secret");
        for outside in ["../secret", "sub/../../secret", absolute.to_str().unwrap(), "link"] {
            assert_eq!(read(&place, outside), Err(PhotoFault::OutsideFolder), "{outside}");
        }
        assert_eq!(read(&place, "sub"), Err(PhotoFault::NotAFile));
        assert_eq!(read(&place, "none.png"), Err(PhotoFault::NoFile));
    }
}
