//! The real thing: backups brought back to a place.

use crate::{
    choose::{Repositories, Spoilt},
    database::{Kind, commands},
    error::VaultError,
    progress::Progress,
    vault::{Restored, SnapshotInfo, Target},
};
use city::{Backup, BackupId, RepositoryId};
use jiff::Timestamp;
use plan::Plan;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What is restored to where, and how.
#[derive(Clone, Copy)]
pub struct Restoring<'a> {
    /// The place. Each backup gets a folder of its own in it, named after the backup.
    pub to: &'a Path,
    /// The state of which moment: of each backup the newest snapshot that is no newer. None for the newest of all.
    pub at: Option<Timestamp>,
    /// Whether what stands there already may be replaced, file by file; nothing else there is touched.
    pub overwrite: bool,
    /// Which snapshots are passed over.
    pub spoilt: Spoilt<'a>,
}

/// What restoring one backup would write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restorable {
    /// The backup.
    pub backup: BackupId,
    /// The repository that it comes from.
    pub repository: RepositoryId,
    /// The snapshot.
    pub snapshot: SnapshotInfo,
    /// Repositories that come first and were passed over, each with why.
    pub passed_over: Vec<String>,
    /// The folder that it goes to.
    pub into: PathBuf,
    /// Files and links.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many of them stand there already.
    pub overwrites: u64,
    /// Some of those, at most [`city::Snapshot::NAMES_MAX`].
    pub overwritten: Vec<PathBuf>,
    /// Whether the folder holds anything, so that nothing is written unless that is allowed.
    pub occupied: bool,
    /// The commands that load it into the server where it belongs, in this order; none if it is no database.
    pub to_load: Vec<String>,
}

/// Why backups were not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// No snapshot can be used.
    #[error("`{backup}` cannot be restored: {why}")]
    NoSnapshot {
        /// The backup.
        backup: BackupId,
        /// Why not, of each repository.
        why: String,
    },
    /// Something stands where it would be written.
    #[error(
        "`{}` is not empty ({overwrites} of the files to be restored stand there already), and nothing is overwritten \
         unless told; choose another place, or say that it may be overwritten",
        into.display()
    )]
    Occupied {
        /// The folder.
        into: PathBuf,
        /// How many files would be replaced.
        overwrites: u64,
    },
    /// The repository could not be read, or what was read not written.
    #[error("`{backup}` was not restored from `{repository}`: {cause}{}", other_ways(others))]
    Failed {
        /// The backup.
        backup: BackupId,
        /// The repository.
        repository: RepositoryId,
        /// Why not.
        cause: Box<VaultError>,
        /// The other repositories that it goes to.
        others: Vec<RepositoryId>,
    },
    /// The place cannot be looked at.
    #[error("`{}` cannot be looked at: {cause}", path.display())]
    Place {
        /// Where.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
}

fn other_ways(others: &[RepositoryId]) -> String {
    if others.is_empty() {
        return String::new();
    }
    let others: Vec<String> = others.iter().map(|other| format!("`{other}`")).collect();
    format!("; it is also kept in {}", others.join(", "))
}

/// What restoring backups would write, and what stands in its way. Nothing is written.
///
/// # Errors
/// There is nothing to restore from, or the place cannot be looked at.
pub fn plan_restore(
    plan: &Plan,
    backups: &[&Backup],
    restoring: &Restoring,
) -> Result<Vec<Restorable>, RestoreError> {
    let mut repositories = Repositories::new(plan);
    backups.iter().map(|backup| look(&mut repositories, backup, restoring)).collect()
}

/// Restores backups. All are looked at before anything is written: if something stands in the way of one, none is
/// restored. Every file is read back and compared with what was backed up.
///
/// # Errors
/// There is nothing to restore from, something stands in the way, or a repository or the place failed; what was restored
/// until then stays.
pub fn restore(
    plan: &Plan,
    backups: &[&Backup],
    restoring: &Restoring,
    progress: &dyn Progress,
) -> Result<Vec<(Restorable, Restored)>, RestoreError> {
    let mut repositories = Repositories::new(plan);
    let mut planned = Vec::new();
    for backup in backups {
        let restorable = look(&mut repositories, backup, restoring)?;
        if restorable.occupied && !restoring.overwrite {
            let Restorable { into, overwrites, .. } = restorable;
            return Err(RestoreError::Occupied { into, overwrites });
        }
        planned.push((backup, restorable));
    }
    let mut done = Vec::new();
    for (backup, restorable) in planned {
        let target = Target { into: &restorable.into, only: None, replace: restoring.overwrite };
        let restored = repositories
            .vault(&restorable.repository)
            .and_then(|vault| vault.restore(&restorable.snapshot.id, target, progress));
        match restored {
            Ok(restored) => done.push((restorable, restored)),
            Err(cause) => return Err(failed(backup, restorable.repository, cause)),
        }
    }
    Ok(done)
}

fn failed(backup: &Backup, repository: RepositoryId, cause: VaultError) -> RestoreError {
    let others = backup.to.iter().filter(|other| **other != repository).cloned().collect();
    RestoreError::Failed { backup: backup.id.clone(), repository, cause: Box::new(cause), others }
}

fn look(
    repositories: &mut Repositories,
    backup: &Backup,
    restoring: &Restoring,
) -> Result<Restorable, RestoreError> {
    let none = |why| RestoreError::NoSnapshot { backup: backup.id.clone(), why };
    let chosen = repositories.choose(backup, restoring.at, restoring.spoilt).map_err(none)?;
    let into = restoring.to.join(backup.id.as_str());
    let repository = chosen.vault.repository().id.clone();
    let mut restorable = Restorable {
        backup: backup.id.clone(),
        repository: repository.clone(),
        snapshot: chosen.snapshot.clone(),
        passed_over: chosen.passed_over,
        occupied: is_occupied(&into)?,
        into,
        files: 0,
        bytes: 0,
        overwrites: 0,
        overwritten: Vec::new(),
        to_load: Vec::new(),
    };
    let roles = Kind::roles_file(backup);
    let mut has_roles = false;
    let listed = chosen.vault.list(&chosen.snapshot.id, |entry| {
        if entry.is_folder {
            return;
        }
        has_roles |= entry.path == Path::new(&roles);
        restorable.files += 1;
        restorable.bytes += entry.bytes;
        if restorable.occupied && fs::symlink_metadata(restorable.into.join(entry.path)).is_ok() {
            restorable.overwrites += 1;
            if restorable.overwritten.len() < city::Snapshot::NAMES_MAX {
                restorable.overwritten.push(entry.path.to_path_buf());
            }
        }
    });
    match listed {
        Ok(()) => {
            restorable.to_load = commands(backup, &restorable.into, has_roles);
            Ok(restorable)
        }
        Err(cause) => Err(failed(backup, repository, cause)),
    }
}

/// Whether a folder is there and holds anything.
fn is_occupied(folder: &Path) -> Result<bool, RestoreError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(RestoreError::Place { path: folder.to_path_buf(), cause }),
    }
}
