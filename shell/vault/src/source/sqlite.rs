//! An SQLite database, while others write to it.

use super::SourceError;
use crate::{program::Bounds, sqlite};
use std::{fs, path::Path};

/// Copies a database as it is at one moment, and checks the copy.
pub(super) fn gather(file: &Path, into: &Path, bounds: Bounds) -> Result<(), SourceError> {
    let unreadable = |cause| SourceError::Unreadable { path: file.to_path_buf(), cause };
    let size = fs::metadata(file).map_err(unreadable)?.len();
    let not_whole = |why: String| SourceError::NotWhole { what: file.display().to_string(), why };
    if size > bounds.bytes {
        return Err(not_whole(format!("it has {size} bytes, and at most {} may be gathered", bounds.bytes)));
    }
    sqlite::copy(file, into, bounds).map_err(|error| not_whole(error.to_string()))?;
    sqlite::check(into, bounds).map_err(|error| not_whole(error.to_string()))
}
