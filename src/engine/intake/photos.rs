//! Photos of a waiting list: each file read once, each distinct content sealed once.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::Read,
    path::{Component, Path, PathBuf},
};

use crate::{
    engine::clock::{Entropy, nonce},
    store::{
        NewPhoto,
        keys::{Digest, Keys, hex},
    },
};

/// A larger file is no portrait.
const PHOTO_BYTES_MAX: u64 = 20 * 1024 * 1024;

/// The name under which a photo is sealed.
pub(crate) fn row_name(digest: &Digest) -> String {
    format!("photo/{}", hex(digest))
}

/// The folder that photo paths are relative to.
pub(crate) struct PhotoFolder {
    root: PathBuf,
    by_path: HashMap<String, Result<Digest, &'static str>>,
    sealed: HashSet<Digest>,
}

impl PhotoFolder {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root, by_path: HashMap::new(), sealed: HashSet::new() }
    }

    /// The digest of the photo at a path; and the photo itself the first time that its content is met.
    pub(crate) fn take(
        &mut self,
        path: &str,
        keys: &Keys,
        entropy: &dyn Entropy,
    ) -> (Result<Digest, &'static str>, Option<NewPhoto>) {
        if let Some(known) = self.by_path.get(path) {
            return (*known, None);
        }
        let read = read(&self.root, path);
        let digest = read.as_ref().map(|bytes| keys.photo(bytes)).map_err(|why| *why);
        self.by_path.insert(path.to_owned(), digest);
        let new = digest.ok().filter(|digest| self.sealed.insert(*digest)).zip(read.ok());
        let photo = new
            .map(|(digest, bytes)| NewPhoto { digest, sealed: keys.seal(&row_name(&digest), nonce(entropy), &bytes) });
        (digest, photo)
    }
}

/// Reads a photo, which must lie in its folder: no absolute path, no `..`, no link that leads out.
fn read(root: &Path, path: &str) -> Result<Vec<u8>, &'static str> {
    let relative = Path::new(path);
    let inside = relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !inside {
        return Err("outside of the photo folder");
    }
    let root = root.canonicalize().map_err(|_| "the photo folder is not there")?;
    let file = root.join(relative).canonicalize().map_err(|_| "not there")?;
    if !file.starts_with(&root) {
        return Err("outside of the photo folder");
    }
    let mut bytes = Vec::new();
    let file = File::open(file).map_err(|_| "cannot be read")?;
    if !file.metadata().is_ok_and(|m| m.is_file()) {
        return Err("not a file");
    }
    file.take(PHOTO_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|_| "cannot be read")?;
    match bytes.len() {
        0 => Err("empty"),
        n if n as u64 > PHOTO_BYTES_MAX => Err("larger than 20 MiB"),
        _ => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_path_may_not_leave_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("photos");
        std::fs::create_dir_all(root.join("sub")).unwrap();
        std::fs::write(root.join("sub/a.png"), b"photo").unwrap();
        std::fs::write(dir.path().join("secret"), b"secret").unwrap();
        std::os::unix::fs::symlink(dir.path().join("secret"), root.join("link")).unwrap();
        assert_eq!(read(&root, "sub/a.png"), Ok(b"photo".to_vec()));
        assert_eq!(read(&root, "./sub/a.png"), Ok(b"photo".to_vec()));
        let absolute = dir.path().join("secret");
        for outside in ["../secret", "sub/../../secret", absolute.to_str().unwrap(), "link"] {
            assert_eq!(read(&root, outside), Err("outside of the photo folder"), "{outside}");
        }
        assert_eq!(read(&root, "sub"), Err("not a file"));
        assert_eq!(read(&root, "none.png"), Err("not there"));
    }
}
