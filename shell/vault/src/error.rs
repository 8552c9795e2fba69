//! What can go wrong with a repository, in the reader's words.

use crate::{secret::SecretError, storage::Fault};
use std::{io, path::PathBuf};

/// What can go wrong with a repository.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A secret could not be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// There is nothing yet at that place.
    #[error("there is no repository at {place} yet: `bastide backup init` makes one")]
    Missing {
        /// The place, as the plan writes it.
        place: String,
    },
    /// There is something else at that place.
    #[error("what is at {place} is not a repository: {why}")]
    NotARepository {
        /// The place.
        place: String,
        /// Why not.
        why: String,
    },
    /// A repository is there already.
    #[error("there is a repository at {place} already; it was left as it is")]
    Exists {
        /// The place.
        place: String,
    },
    /// The place does not answer.
    #[error("{place} cannot be reached: {why}")]
    Unreachable {
        /// The place.
        place: String,
        /// Why not.
        why: String,
    },
    /// The key is not the repository's.
    #[error("the key in {key} does not open the repository at {place}")]
    WrongKey {
        /// The place.
        place: String,
        /// Where the key is kept.
        key: String,
    },
    /// Something in the repository is not as it was written.
    #[error("the repository at {place} is damaged: {}", list(what))]
    Damaged {
        /// The place.
        place: String,
        /// What, by name.
        what: Vec<String>,
    },
    /// There is no room left.
    #[error("there is no room left at {place}: {why}")]
    Full {
        /// The place.
        place: String,
        /// What the storage said.
        why: String,
    },
    /// The storage refuses.
    #[error("{place} refuses: {why}")]
    Refused {
        /// The place.
        place: String,
        /// What the storage said.
        why: String,
    },
    /// Nothing is deleted from a repository that shall only grow.
    #[error(
        "nothing is deleted from {place}, which is append-only: delete old snapshots on the server itself, with its own \
         account, for example by `restic forget --prune`, or let the storage's own rule expire them"
    )]
    AppendOnly {
        /// The place.
        place: String,
    },
    /// Somebody else works with it.
    #[error("{place} is in use: {why}")]
    Busy {
        /// The place.
        place: String,
        /// By what.
        why: String,
    },
    /// There is nothing to be backed up.
    #[error("there is nothing to back up: {what}")]
    Nothing {
        /// What is missing.
        what: String,
    },
    /// Some files could not be read. The others are in a snapshot that is marked as incomplete.
    #[error(
        "{count} of the files could not be read, the others are in snapshot {snapshot}, marked incomplete: {}",
        list(names)
    )]
    Unread {
        /// The snapshot that holds the others.
        snapshot: String,
        /// How many could not be read.
        count: u64,
        /// Some of them, with the reason.
        names: Vec<String>,
    },
    /// There is no such snapshot.
    #[error("there is no snapshot {snapshot} at {place}")]
    NoSnapshot {
        /// What was asked for.
        snapshot: String,
        /// The place.
        place: String,
    },
    /// The place to restore to holds something.
    #[error("{} is not empty, and nothing is overwritten unless told: choose an empty folder", .0.display())]
    NotEmpty(PathBuf),
    /// A snapshot holds what no backup would have written.
    #[error("the snapshot is forged or damaged, and was not restored: {what}")]
    Forged {
        /// What was found.
        what: String,
    },
    /// This machine could not read or write a file.
    #[error("{}: {source}", path.display())]
    Local {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What is here cannot be told better than by the one who said it.
    #[error("{place}: {why}")]
    Other {
        /// The place.
        place: String,
        /// What was said.
        why: String,
    },
}

fn list(what: &[String]) -> String {
    const SHOWN: usize = 4;
    let mut text = what.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("; ");
    if let Some(more) = what.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!("; and {more} more"));
    }
    text
}

impl VaultError {
    /// What the storage said, as what it means for the repository.
    pub(crate) fn of_storage(place: &str, fault: Fault) -> VaultError {
        let place = place.to_owned();
        match fault {
            Fault::Missing(why) => VaultError::Damaged { place, what: vec![format!("{why} is missing")] },
            Fault::Refused(why) => VaultError::Refused { place, why },
            Fault::Full(why) => VaultError::Full { place, why },
            Fault::Unreachable(why) => VaultError::Unreachable { place, why },
        }
    }

    /// A failure of this machine's own files.
    pub(crate) fn local(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> VaultError {
        let path = path.into();
        move |source| VaultError::Local { path, source }
    }
}
