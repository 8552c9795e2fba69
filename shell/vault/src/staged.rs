//! What goes into one snapshot.

use std::path::PathBuf;
use tempfile::TempDir;

/// What goes into one snapshot, ready to be read.
#[derive(Debug)]
pub enum Staged {
    /// Files that stay where they are. In the snapshot they have their full paths.
    InPlace {
        /// Folders or files, by absolute paths.
        roots: Vec<PathBuf>,
        /// What is left out: patterns as in `.gitignore`.
        exclude: Vec<String>,
    },
    /// Files that were gathered: a dump, a configuration that was fetched. In the snapshot they lie at its top. They are
    /// removed when this is dropped.
    Gathered(TempDir),
}
