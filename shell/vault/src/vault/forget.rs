//! Old snapshots, and what only they need, deleted.

use super::{HOST, PROBE, Vault, info};
use crate::{
    error::VaultError,
    objects::name,
    retention::{Dated, kept},
};
use city::{BackupId, Retention, Text};
use jiff::Timestamp;
use rustic_core::{FileType, PruneOptions, repofile::IndexFile};

/// What came of deleting old snapshots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// The snapshots that were deleted.
    pub snapshots: Vec<Text>,
    /// How many are left.
    pub left: u64,
    /// Bytes that were freed.
    pub freed: u64,
    /// Bytes that nobody needs any more and that are deleted when this runs a day later: a backup that runs meanwhile
    /// elsewhere may count on them.
    pub waiting: u64,
}

impl Vault {
    /// Deletes the snapshots of a backup that no rule keeps, and what only they need. With no rule, all are kept.
    ///
    /// # Errors
    ///
    /// If the repository is append-only, if somebody works with it, or if it refuses or does not answer.
    pub fn forget(
        &self,
        backup: &BackupId,
        keep: &[Retention],
        now: Timestamp,
    ) -> Result<Forgotten, VaultError> {
        if self.declared.append_only {
            return Err(VaultError::AppendOnly { place: self.place() });
        }
        let lock = self.lock(true)?;
        self.objects.begin();
        if self.objects.storage.restic_at_work().map_err(|fault| self.fault(fault))? {
            let why = "restic holds a lock; if none is running, `restic unlock` removes it".to_owned();
            return Err(VaultError::Busy { place: self.place(), why });
        }
        let all = self.all_snapshot_files()?;
        let probes = all.iter().filter(|file| file.tags.contains(PROBE)).map(|file| file.id);
        let ours: Vec<_> = all
            .iter()
            .filter(|file| {
                file.hostname == HOST && file.label == backup.as_str() && !file.tags.contains(PROBE)
            })
            .collect();
        let dated: Vec<Dated> = ours
            .iter()
            .map(|file| {
                let info = info(file);
                Dated { time: info.time, complete: info.complete }
            })
            .collect();
        let old: Vec<_> = ours
            .iter()
            .zip(kept(&dated, keep, now))
            .filter(|(_, kept)| !kept)
            .map(|(file, _)| file.id)
            .collect();
        let gone: Vec<_> = old.iter().copied().chain(probes).collect();
        self.run(|| self.open.delete_snapshots(&gone))?;

        let mut options = PruneOptions::default();
        // Where our lock keeps every other Bastide out, nothing needs to wait.
        options.instant_delete = lock.is_some();
        let before = self.stored()?;
        self.run(|| {
            let repository = self.reopened()?;
            let plan = repository.prune_plan(&options)?;
            repository.prune(&options, plan)
        })?;
        Ok(Forgotten {
            snapshots: old.iter().map(|id| name(FileType::Snapshot, id).into()).collect(),
            left: (ours.len() - old.len()) as u64,
            freed: before.saturating_sub(self.stored()?),
            waiting: self.waiting()?,
        })
    }

    /// The bytes of all packs.
    fn stored(&self) -> Result<u64, VaultError> {
        let packs = self.objects.storage.list(FileType::Pack).map_err(|fault| self.fault(fault))?;
        Ok(packs.iter().map(|(_, size)| size).sum())
    }

    /// The bytes of packs that wait to be deleted.
    fn waiting(&self) -> Result<u64, VaultError> {
        self.run(|| {
            let mut bytes = 0;
            for index in self.open.stream_files::<IndexFile>()? {
                bytes += index?.1.packs_to_delete.iter().map(|pack| u64::from(pack.pack_size())).sum::<u64>();
            }
            Ok(bytes)
        })
    }
}
