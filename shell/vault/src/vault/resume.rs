//! Taking up what an interrupted backup had sent.
//!
//! `rustic_core` writes an index of the packs that it sent every five minutes and at the end. A backup that is killed
//! leaves packs that no index tells of: the next one would send them again, and `restic prune` would delete them. They
//! are whole, since an object is written whole or not at all, so that an index of them is all that they lack.

use super::Vault;
use crate::error::VaultError;
use rustic_core::{FileType, Id, RepairIndexOptions, repofile::IndexFile};
use std::collections::BTreeSet;

impl Vault {
    /// Writes an index for packs that have none. Given back is whether every pack is there that an index names.
    pub(super) fn resume(&self) -> Result<bool, VaultError> {
        let packs = self.objects.storage.list(FileType::Pack).map_err(|fault| self.fault(fault))?;
        let packs: BTreeSet<Id> = packs.iter().filter_map(|(name, _)| name.parse().ok()).collect();
        let indexed = self.indexed_packs()?;
        let unindexed: Vec<Id> = packs.difference(&indexed).copied().collect();
        if !indexed.is_subset(&packs) {
            // Packs are missing. Repairing the index would forget them for good, which may be wrong: a disk may only
            // not be mounted. What is there and indexed is used, what is missing is sent again, and a check tells.
            self.objects.hide(unindexed);
            return Ok(false);
        }
        if !unindexed.is_empty() {
            self.run(|| self.open.repair_index(&RepairIndexOptions::default(), false))?;
        }
        Ok(true)
    }

    /// Every pack that an index names, also those that wait to be deleted.
    pub(super) fn indexed_packs(&self) -> Result<BTreeSet<Id>, VaultError> {
        self.run(|| {
            let mut packs = BTreeSet::new();
            for index in self.open.stream_files::<IndexFile>()? {
                let (_, index) = index?;
                packs.extend(index.packs.iter().chain(&index.packs_to_delete).map(|pack| *pack.id));
            }
            Ok(packs)
        })
        .map_err(|error| self.name_damage(error, FileType::Index))
    }
}
