//! Getting files onto the disk for good, and keeping them private.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// A file operation that failed, and where.
#[derive(Debug, thiserror::Error)]
#[error("cannot {act} `{}`: {cause}", path.display())]
pub struct FileError {
    /// What was being done: `read`, `write`.
    pub act: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub cause: io::Error,
}

impl FileError {
    /// Whether the file was not there.
    pub(crate) fn is_missing(&self) -> bool {
        self.cause.kind() == io::ErrorKind::NotFound
    }
}

/// Gives a system error its context.
pub(crate) fn failed(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_path_buf();
    move |cause| FileError { act, path, cause }
}

/// Makes a folder that only its owner may enter, and those above it.
pub(crate) fn make_directory(path: &Path) -> Result<(), FileError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed("make the folder", path))
}

/// Options for a new file that only its owner may read.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// Puts a folder's list of names on disk, so that a file made, renamed or removed in it stays so.
pub(crate) fn sync_directory(path: &Path) -> Result<(), FileError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(failed("put on disk the folder", path))
}

/// What is written aside before it is renamed. Files of this ending are left over from a kill.
pub(crate) const UNFINISHED: &str = "unfinished";

/// Writes a whole file or nothing: aside, onto the disk, renamed into place, the rename onto the disk.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let aside = path.with_extension(UNFINISHED);
    let mut file = private()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&aside)
        .map_err(failed("make the file", &aside))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed("write", &aside))?;
    rename_into_place(&aside, path)
}

/// Renames a file whose bytes are on the disk, and puts the rename on the disk.
pub(crate) fn rename_into_place(aside: &Path, path: &Path) -> Result<(), FileError> {
    fs::rename(aside, path).map_err(failed("rename into place", path))?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// The names in a folder, in order; none if there is no such folder.
pub(crate) fn names(path: &Path) -> Result<Vec<String>, FileError> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("list the folder", path)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed("list the folder", path))?;
        // A name that is not text is not ours.
        names.extend(entry.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}

/// Removes a file. That it is gone already is as good.
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes what a kill left unfinished in a folder.
pub(crate) fn clear_unfinished(path: &Path) -> Result<(), FileError> {
    for name in names(path)? {
        let file = path.join(name);
        if file.extension().is_some_and(|extension| extension == UNFINISHED) {
            remove(&file)?;
        }
    }
    Ok(())
}
