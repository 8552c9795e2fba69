//! Which snapshot of a backup is restored, and from which repository.

use crate::{
    error::VaultError,
    vault::{SnapshotInfo, Vault},
};
use city::{Backup, RepositoryId};
use jiff::Timestamp;
use plan::Plan;
use std::collections::{BTreeMap, btree_map::Entry};

/// Says of a snapshot that it must not be used, and why: ransomware was seen in it.
pub type Spoilt<'a> = &'a dyn Fn(&RepositoryId, &SnapshotInfo) -> Option<String>;

/// The repositories of a plan, each opened once, when it is needed.
pub struct Repositories<'a> {
    plan: &'a Plan,
    opened: BTreeMap<RepositoryId, Result<Vault, String>>,
}

/// A snapshot to restore.
pub(crate) struct Chosen<'v> {
    pub(crate) vault: &'v Vault,
    pub(crate) snapshot: SnapshotInfo,
    /// Repositories before this one that did not answer or had none, each with why.
    pub(crate) passed_over: Vec<String>,
}

impl<'a> Repositories<'a> {
    /// The repositories of a plan, none of them opened yet.
    #[must_use]
    pub fn new(plan: &'a Plan) -> Repositories<'a> {
        Repositories { plan, opened: BTreeMap::new() }
    }

    /// A repository, opened if that was not tried yet.
    ///
    /// # Errors
    /// It cannot be used, and why; it is not tried again.
    pub fn open(&mut self, id: &RepositoryId) -> Result<&Vault, String> {
        let opened = match self.opened.entry(id.clone()) {
            Entry::Occupied(opened) => opened.into_mut(),
            Entry::Vacant(place) => {
                let declared = self.plan.repository(id).ok_or_else(|| "it is not declared".to_owned())?;
                place.insert(Vault::open(declared).map_err(|error| error.to_string()))
            }
        };
        opened.as_ref().map_err(Clone::clone)
    }

    /// A repository that a snapshot was chosen from.
    pub(crate) fn vault(&mut self, id: &RepositoryId) -> Result<&Vault, VaultError> {
        self.open(id).map_err(|why| VaultError::Unreachable { place: id.to_string(), why })
    }

    /// The newest whole snapshot of a backup that is not spoilt, and no newer than `at`, from the first of its
    /// repositories that answers and has one. If there is none, says of each why.
    pub(crate) fn choose(
        &mut self,
        backup: &Backup,
        at: Option<Timestamp>,
        spoilt: Spoilt,
    ) -> Result<Chosen<'_>, String> {
        let mut passed_over = Vec::new();
        let mut found = None;
        for id in &backup.to {
            match self.open(id).and_then(|vault| newest(vault, backup, at, spoilt)) {
                Ok(snapshot) => {
                    found = Some((id, snapshot));
                    break;
                }
                Err(why) => passed_over.push(format!("{id}: {why}")),
            }
        }
        let none = || format!("no repository has a snapshot to restore: {}", passed_over.join("; "));
        let (id, snapshot) = found.ok_or_else(none)?;
        let vault = self.open(id)?;
        Ok(Chosen { vault, snapshot, passed_over })
    }
}

fn newest(
    vault: &Vault,
    backup: &Backup,
    at: Option<Timestamp>,
    spoilt: Spoilt,
) -> Result<SnapshotInfo, String> {
    let snapshots = vault.snapshots(Some(&backup.id)).map_err(|error| error.to_string())?;
    if snapshots.is_empty() {
        return Err(format!("it has no snapshot of `{}`", backup.id));
    }
    let mut why = None;
    for snapshot in snapshots.into_iter().rev() {
        if at.is_some_and(|at| snapshot.time > at) {
            why.get_or_insert_with(|| "all its snapshots are newer".to_owned());
        } else if !snapshot.complete {
            why = Some("from its only snapshots files are missing".to_owned());
        } else if let Some(spoils) = spoilt(&vault.repository().id, &snapshot) {
            why = Some(format!("its only snapshots are spoilt ({spoils})"));
        } else {
            return Ok(snapshot);
        }
    }
    Err(why.unwrap_or_default())
}
