//! Folders to work in, gone afterwards, also after a kill.
//!
//! A scratch folder is locked for as long as its process lives; the kernel gives the lock back however that ends. Whoever
//! makes a scratch folder first removes those beside it that nobody holds any more.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// What the names of scratch folders begin with.
const PREFIX: &str = "bastide-scratch-";
/// The file whose lock makes and removes scratch folders one at a time.
const TURN: &str = ".bastide-scratch";

/// Why there is no folder to work in.
#[derive(Debug, thiserror::Error)]
#[error("could not {what} `{}`: {cause}; there must be a folder to work in, with room for what is dumped or restored", path.display())]
pub struct ScratchError {
    what: &'static str,
    path: PathBuf,
    cause: io::Error,
}

/// A folder to work in. Nobody else may look into it, and it is removed when this is dropped.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
    /// Says to others that the folder is in use.
    _lock: File,
}

impl Scratch {
    /// Makes a folder to work in within `base`, which is made if it is not there, and removes what was left behind in
    /// `base` by processes that were killed.
    ///
    /// # Errors
    /// A folder could not be made.
    pub fn new(base: &Path) -> Result<Scratch, ScratchError> {
        let failed = |what: &'static str, path: &Path| {
            let path = path.to_path_buf();
            move |cause| ScratchError { what, path, cause }
        };
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(base).map_err(failed("make", base))?;
        let base = base.canonicalize().map_err(failed("find", base))?;
        let turn = base.join(TURN);
        let mut options = fs::OpenOptions::new();
        let turn_file = options.create(true).truncate(false).write(true).open(&turn);
        let turn_file = turn_file.map_err(failed("open", &turn))?;
        turn_file.lock().map_err(failed("lock", &turn))?;
        remove_left_behind(&base);
        let make = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(&base);
        let folder = make.map_err(failed("make a folder in", &base))?;
        let lock = File::open(folder.path()).map_err(failed("open", folder.path()))?;
        lock.try_lock().map_err(|error| failed("lock", folder.path())(error.into()))?;
        Ok(Scratch { folder, _lock: lock })
    }

    /// Where it is, with no symbolic link on the way.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A folder within it, removed when it is dropped.
    ///
    /// # Errors
    /// It could not be made.
    pub fn folder(&self, prefix: &str) -> Result<TempDir, ScratchError> {
        tempfile::Builder::new()
            .prefix(prefix)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(self.path())
            .map_err(|cause| ScratchError {
                what: "make a folder in",
                path: self.path().to_path_buf(),
                cause,
            })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        open_up(self.folder.path());
    }
}

/// Removes the scratch folders in `base` that no living process holds. What cannot be removed is tried again the next
/// time.
fn remove_left_behind(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_ours && File::open(&path).is_ok_and(|folder| folder.try_lock().is_ok()) {
            open_up(&path);
            let _ = fs::remove_dir_all(&path);
        }
    }
}

/// Gives folders back the right to be changed, which what was restored may have taken from them; root needs none.
pub(crate) fn open_up(folder: &Path) {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(metadata) = fs::symlink_metadata(&folder) else { continue };
        if metadata.mode() & 0o700 != 0o700 {
            let _ = fs::set_permissions(&folder, Permissions::from_mode(0o700));
        }
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kill_left_is_removed_and_what_is_in_use_is_not() {
        let base = tempfile::tempdir().unwrap();
        let left = base.path().join(format!("{PREFIX}left"));
        fs::create_dir_all(left.join("closed/inner")).unwrap();
        fs::write(left.join("closed/inner/dump"), "rows").unwrap();
        fs::set_permissions(left.join("closed"), Permissions::from_mode(0)).unwrap();
        fs::create_dir(base.path().join("other")).unwrap();
        let first = Scratch::new(base.path()).unwrap();
        assert!(!left.exists() && base.path().join("other").exists());
        fs::write(first.path().join("dump"), "rows").unwrap();
        let second = Scratch::new(base.path()).unwrap();
        assert!(first.path().join("dump").exists());
        let path = first.path().to_path_buf();
        drop(first);
        assert!(!path.exists() && second.path().exists());
    }
}
