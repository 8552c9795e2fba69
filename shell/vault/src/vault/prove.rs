//! Whether what was written stays, whatever its writer does: tried, with the rights that a backup has.
//!
//! A tiny snapshot of nothing is written, as a backup would write one, and then it is tried to change and to delete it.
//! Plain restic lists it and is not troubled by it. Where it can be deleted it is gone afterwards. Where it stays, the
//! same one is tried again for a month, so that they do not grow many.

use super::{HOST, PROBE, Vault, backup::Plan};
use crate::{error::VaultError, objects::name, reading::Noticed, storage::Destruction};
use city::{Repository, RepositoryTried};
use jiff::{SignedDuration, Timestamp};
use rustic_core::FileType;
use std::sync::Arc;

/// How long the same probe is tried again.
const PROBE_AGE_MAX: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Vault {
    /// Opens a repository and tries whether what is written there stays. What keeps it from being opened is told in the
    /// result.
    #[must_use]
    pub fn tried(declared: &Repository, now: Timestamp) -> RepositoryTried {
        match Vault::open(declared) {
            Ok(vault) => vault.prove(now),
            Err(error) => untried(declared, &error),
        }
    }

    /// Tries whether what is written stays: writes something, and then tries to change and to delete it.
    #[must_use]
    pub fn prove(&self, now: Timestamp) -> RepositoryTried {
        self.try_all(now).unwrap_or_else(|error| untried(&self.declared, &error))
    }

    fn try_all(&self, now: Timestamp) -> Result<RepositoryTried, VaultError> {
        let _turn = self.turn();
        self.objects.begin();
        let snapshots = self.listed(None)?;
        let mut tried = RepositoryTried {
            newest: snapshots.iter().map(|snapshot| snapshot.time).max(),
            snapshots: snapshots.len() as u64,
            ..nothing(&self.declared)
        };
        let _lock = self.lock(false)?;
        let probe = match self.old_probe(now)? {
            Some(probe) => probe,
            None => self.write_probe(now)?,
        };
        let Destruction { refuses_delete, refuses_change, locked_until } = self.destroy(&probe)?;
        tried.refuses_delete = Some(refuses_delete);
        tried.refuses_change = Some(refuses_change);
        tried.locked_until = locked_until;
        Ok(tried)
    }

    /// A probe that was written not long ago and is still there. Where the storage keeps objects for a time, it is what
    /// is written now that counts, so that there is none.
    fn old_probe(&self, now: Timestamp) -> Result<Option<String>, VaultError> {
        if !self.declared.append_only || self.declared.locked.is_some() {
            return Ok(None);
        }
        let probes = self.all_snapshot_files()?.into_iter().filter(|file| file.tags.contains(PROBE));
        let fresh = probes.filter(|file| {
            let age = now.duration_since(file.time.timestamp());
            !age.is_negative() && age <= PROBE_AGE_MAX
        });
        Ok(fresh.max_by_key(|file| file.time.timestamp()).map(|file| name(FileType::Snapshot, &file.id)))
    }

    fn write_probe(&self, now: Timestamp) -> Result<String, VaultError> {
        let nothing = tempfile::tempdir().map_err(VaultError::local(std::env::temp_dir()))?;
        let plan = Plan::of_gathered(nothing.path());
        let all_there = self.resume()?;
        let mut file = self.archive(PROBE, &plan, now, None, &Arc::new(Noticed::default()), all_there)?;
        file.hostname = HOST.to_owned();
        file.tags.add(PROBE.to_owned());
        Ok(self.save(&file)?.to_string())
    }

    fn destroy(&self, probe: &str) -> Result<Destruction, VaultError> {
        let storage = &self.objects.storage;
        let content = storage.read(FileType::Snapshot, probe, None).map_err(|fault| self.fault(fault))?;
        storage.destroy(FileType::Snapshot, probe, &content).map_err(|fault| self.fault(fault))
    }
}

fn nothing(declared: &Repository) -> RepositoryTried {
    RepositoryTried {
        repository: declared.id.clone(),
        unreachable: None,
        refuses_delete: None,
        refuses_change: None,
        locked_until: None,
        newest: None,
        snapshots: 0,
        damage: Vec::new(),
        read_back: 0,
    }
}

fn untried(declared: &Repository, error: &VaultError) -> RepositoryTried {
    let mut tried = nothing(declared);
    match error {
        VaultError::Damaged { what, .. } => {
            tried.damage =
                what.iter().take(city::Snapshot::NAMES_MAX).map(|what| what.as_str().into()).collect();
        }
        other => tried.unreachable = Some(other.to_string().into()),
    }
    tried
}
