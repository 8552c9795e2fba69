//! The first backup of many files.
//!
//! `rustic_core` works out the tables of its chunker anew for every file that it reads, a tenth of a millisecond each,
//! even where a file is so small that it is one piece whatever cuts it. Where there are many such files and no earlier
//! snapshot to take them from, the larger ones go first, cut by their content; then everything goes with a chunker that
//! needs no tables, which finds the larger ones unchanged in what went first. What is in the repository afterwards is the
//! same, but for a few folders of the first pass, which the next pruning takes away.

use super::{Vault, backup::Archiving};
use crate::{
    error::VaultError,
    objects::name,
    progress::Meter,
    reading::{Noticed, Opening},
};
use rustic_core::{
    ConfigOptions, FileType, ReadSource, ReadSourceEntry, RusticResult,
    repofile::{Chunker, SnapshotFile, SnapshotSummary},
};
use std::{
    mem,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    vec,
};

/// From how many small files on this is worth a second walk.
const SMALL_MIN: usize = 1_000;
/// How many larger files are held in memory; with more, the tables no longer count.
const LARGE_MAX: usize = 20_000;

type Entry = ReadSourceEntry<Opening>;

/// Files that were found already, given once.
struct Found(Mutex<Vec<Entry>>);

impl ReadSource for Found {
    type Open = Opening;
    type Iter = std::iter::Map<vec::IntoIter<Entry>, fn(Entry) -> RusticResult<Entry>>;

    fn size(&self) -> RusticResult<Option<u64>> {
        Ok(None)
    }

    fn entries(&self) -> Self::Iter {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut *entries).into_iter().map(Ok)
    }
}

impl Vault {
    /// Sends everything but the snapshot itself, where there is none to take anything from. Gives nothing where this is
    /// no better than to send it as it comes.
    pub(super) fn archive_first(
        &self,
        archiving: &Archiving,
        noticed: &Arc<Noticed>,
    ) -> Result<Option<SnapshotFile>, VaultError> {
        let config = self.open.config();
        if config.chunker() != Chunker::Rabin || config.append_only == Some(true) {
            return Ok(None);
        }
        let smallest = config.chunk_min_size() as u64;
        let scouted = Arc::new(Noticed::default());
        let Some(large) = self.large(archiving, &scouted, smallest)? else { return Ok(None) };

        let mut options = archiving.options.clone();
        let mut first = SnapshotSummary::default();
        if !large.is_empty() {
            let found = Found(Mutex::new(large));
            let sent = self.run(|| {
                let repository = self.reopened()?;
                archiving.send(repository, &archiving.options, &found)
            })?;
            noticed.take_over(&scouted);
            options.parent_opts.force = false;
            options.parent_opts.parents = vec![name(FileType::Snapshot, &sent.id)];
            first = sent.summary.unwrap_or_default();
            // They are passed once more.
            self.meter.take_back(first.total_bytes_processed);
        }

        let mut whole = ConfigOptions::default();
        whole.set_chunker = Some(Chunker::FixedSize);
        // Its type is not exported, and reads a number as bytes. Without it, pieces are larger, and as sound.
        whole.set_chunk_size = smallest.to_string().parse().ok();
        let source = archiving.source(noticed.clone(), self.meter.clone())?;
        let mut file = self.run(|| {
            let mut repository = self.reopened()?;
            // The config itself is kept back like the snapshot.
            repository.apply_config(&whole)?;
            archiving.send(repository, &options, &source)
        })?;
        file.parent = None;
        file.parents.clear();
        if let Some(summary) = &mut file.summary {
            add(summary, &first);
        }
        Ok(Some(file))
    }

    /// The files that are cut into pieces; nothing if there are few others, or too many of them.
    fn large(
        &self,
        archiving: &Archiving,
        scouted: &Arc<Noticed>,
        smallest: u64,
    ) -> Result<Option<Vec<Entry>>, VaultError> {
        let mut small = 0_usize;
        let mut large = Vec::new();
        // What cannot be read is told by the walk that counts.
        for entry in archiving.source(scouted.clone(), Arc::new(Meter::default()))?.entries().flatten() {
            if !entry.node.is_file() {
                continue;
            }
            if entry.node.meta.size < smallest {
                small += 1;
            } else if large.len() < LARGE_MAX {
                large.push(entry);
            } else {
                return Ok(None);
            }
        }
        Ok((small >= SMALL_MIN).then_some(large))
    }
}

/// Adds what went first, which counts as unchanged in what went then.
fn add(summary: &mut SnapshotSummary, first: &SnapshotSummary) {
    summary.files_new += summary.files_unmodified;
    summary.files_unmodified = 0;
    summary.dirs_new += summary.dirs_changed + summary.dirs_unmodified;
    summary.dirs_changed = 0;
    summary.dirs_unmodified = 0;
    summary.data_blobs += first.data_blobs;
    summary.tree_blobs += first.tree_blobs;
    summary.data_added += first.data_added;
    summary.data_added_packed += first.data_added_packed;
    summary.data_added_files += first.data_added_files;
    summary.data_added_files_packed += first.data_added_files_packed;
    summary.data_added_trees += first.data_added_trees;
    summary.data_added_trees_packed += first.data_added_trees_packed;
}

impl Noticed {
    /// Takes over what was seen in files that are not read again.
    fn take_over(&self, other: &Noticed) {
        self.looked_at.fetch_add(other.looked_at.load(Ordering::Relaxed), Ordering::Relaxed);
        self.noise.fetch_add(other.noise.load(Ordering::Relaxed), Ordering::Relaxed);
        let seen = mem::take(&mut *crate::reading::lock(&other.suspects));
        crate::reading::lock(&self.suspects).extend(seen);
    }
}
