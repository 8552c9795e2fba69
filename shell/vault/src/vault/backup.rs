//! One backup into one repository.

use super::{HOST, INCOMPLETE, Open, Vault, object, sentence};
use crate::{
    error::VaultError,
    objects::name,
    progress::{Meter, Progress},
    reading::{Noticed, Reading, lock},
    staged::Staged,
};
use city::{BackupId, Snapshot, Text};
use jiff::{Timestamp, tz::TimeZone};
use rustic_core::{
    BackupOptions, Excludes, FileType, LocalSource, LocalSourceFilterOptions, LocalSourceSaveOptions,
    ParentOptions, ReadSource, RusticResult, SnapshotGroupCriterion, repofile::SnapshotFile,
};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
};

/// What is read, and how its paths are written.
pub(super) struct Plan {
    roots: Vec<PathBuf>,
    exclude: Vec<String>,
    /// What is taken off every path.
    strip: Option<PathBuf>,
}

impl Plan {
    /// What lies in a folder, as if it lay at the top.
    pub(super) fn of_gathered(folder: &Path) -> Plan {
        Plan { roots: vec![folder.to_owned()], exclude: Vec::new(), strip: Some(folder.to_owned()) }
    }
}

impl Vault {
    /// Makes a backup: a snapshot of what is staged, at `time`.
    ///
    /// When this returns a snapshot, it has been read back from the repository, and everything that it names was seen
    /// there. An interrupted backup leaves nothing that is listed; what it had sent is used by the next.
    ///
    /// # Errors
    ///
    /// If the repository does not take it, or if files could not be read: a snapshot with the others is then there,
    /// marked as incomplete.
    pub fn backup(
        &self,
        backup: &BackupId,
        staged: &Staged,
        time: Timestamp,
        progress: &dyn Progress,
    ) -> Result<Snapshot, VaultError> {
        let plan = plan(staged)?;
        let _turn = self.turn();
        let _lock = self.lock(false)?;
        self.objects.begin();
        let all_there = self.resume()?;
        let parent = self.parent(backup, time)?;
        let expected = parent.as_ref().and_then(|parent| parent.summary.as_ref());
        self.meter.begin(expected.map_or(0, |summary| summary.total_bytes_processed));

        let noticed = Arc::new(Noticed::default());
        let archived = self.meter.watch(progress, || {
            self.archive(backup.as_str(), &plan, time, parent.as_ref(), &noticed, all_there)
        });
        let mut file = archived?;
        self.seen_whole()?;
        let mut made = Snapshot { sampled: noticed.looked_at.load(Ordering::Relaxed), ..Snapshot::default() };
        made.noise = noticed.noise.load(Ordering::Relaxed);
        self.compare(parent.as_ref(), &noticed, &mut made)?;

        let unread = lock(&noticed.unread).clone();
        if unread.count > 0 {
            file.tags.add(INCOMPLETE.to_owned());
            file.description = Some(format!("{} files could not be read", unread.count));
        }
        made.id = self.save(&file)?;
        if unread.count > 0 {
            let snapshot = made.id.to_string();
            return Err(VaultError::Unread { snapshot, count: unread.count, names: unread.names });
        }
        let summary = file.summary.unwrap_or_default();
        made.files = summary.total_files_processed;
        made.bytes = summary.total_bytes_processed;
        made.added = summary.data_added;
        made.stored = self.objects.sent();
        made.new_files = summary.files_new;
        made.changed_files = summary.files_changed;
        Ok(made)
    }

    /// The snapshot of this backup that was made last, by what it tells itself: unchanged files are taken over from it.
    /// A clock that was wrong cannot make a backup wrong by that, only slower: what is unchanged is told by size and
    /// times of each file. One from the future is only used if there is no other.
    fn parent(&self, backup: &BackupId, now: Timestamp) -> Result<Option<SnapshotFile>, VaultError> {
        let mut files = self.snapshot_files()?;
        files.retain(|file| file.hostname == HOST && file.label == backup.as_str());
        Ok(files.into_iter().max_by_key(|file| {
            let time = file.time.timestamp();
            (time <= now, time)
        }))
    }

    /// Sends everything but the snapshot itself.
    pub(super) fn archive(
        &self,
        label: &str,
        plan: &Plan,
        time: Timestamp,
        parent: Option<&SnapshotFile>,
        noticed: &Arc<Noticed>,
        all_there: bool,
    ) -> Result<SnapshotFile, VaultError> {
        let mut file = SnapshotFile {
            time: time.to_zoned(TimeZone::UTC),
            program_version: format!("bastide {}", env!("CARGO_PKG_VERSION")),
            label: label.to_owned(),
            hostname: HOST.to_owned(),
            ..SnapshotFile::default()
        };
        file.tags.add(label.to_owned());

        // The parent is named, so that nothing is to be looked for.
        let mut parents = ParentOptions::default().group_by(SnapshotGroupCriterion::new());
        match parent {
            Some(parent) => parents.parents = vec![name(FileType::Snapshot, &parent.id)],
            None => parents.force = true,
        }
        let mut options = BackupOptions::default().parent_opts(parents).no_scan(true);
        options.as_path = plan.strip.as_ref().map(|_| PathBuf::from("/"));
        let archiving = Archiving { place: self.place(), plan, options, file, all_there };
        self.objects.keep_back(true);
        let first = match parent {
            None => self.archive_first(&archiving, noticed),
            Some(_) => Ok(None),
        };
        let file = first.and_then(|file| match file {
            Some(file) => Ok(file),
            None => {
                let source = archiving.source(noticed.clone(), self.meter.clone())?;
                self.run(|| archiving.send(self.reopened()?, &archiving.options, &source))
            }
        });
        self.objects.keep_back(false);
        file
    }

    /// Whether the storage has everything that was sent to it, as it says itself.
    fn seen_whole(&self) -> Result<(), VaultError> {
        for (kind, sent) in self.objects.sent_objects() {
            let there: BTreeMap<String, u64> =
                self.objects.storage.list(kind).map_err(|fault| self.fault(fault))?.into_iter().collect();
            let lost: Vec<String> = sent
                .iter()
                .filter(|(name, size)| there.get(name) != Some(size))
                .map(|(name, _)| format!("{} was written and is not there", object(kind, name)))
                .collect();
            if !lost.is_empty() {
                return Err(VaultError::Damaged { place: self.place(), what: lost });
            }
        }
        Ok(())
    }

    /// Writes a snapshot and reads it back.
    pub(super) fn save(&self, file: &SnapshotFile) -> Result<Text, VaultError> {
        self.run(|| self.open.save_snapshots(vec![file.clone()]))?;
        let lost = |name: &str| VaultError::Damaged {
            place: self.place(),
            what: vec![format!("snapshots/{name} was written and cannot be read")],
        };
        let name = self.objects.written_snapshot().ok_or_else(|| lost("…"))?;
        let read = self.objects.storage.read(FileType::Snapshot, &name, None).map_err(|_| lost(&name))?;
        if crate::storage::hexadecimal(&Sha256::digest(&read)) != name {
            return Err(lost(&name));
        }
        let id = name.parse().map_err(|_| lost(&name))?;
        let read: SnapshotFile = self.run(|| self.open.get_file(&id))?;
        if read.tree != file.tree {
            return Err(lost(&name));
        }
        Ok(name.into())
    }
}

/// What is sent, and how.
pub(super) struct Archiving<'a> {
    place: String,
    plan: &'a Plan,
    pub(super) options: BackupOptions,
    file: SnapshotFile,
    /// Whether every pack is there that an index names.
    all_there: bool,
}

impl Archiving<'_> {
    /// All the files.
    pub(super) fn source(&self, noticed: Arc<Noticed>, meter: Arc<Meter>) -> Result<Reading, VaultError> {
        let source = LocalSource::new(
            LocalSourceSaveOptions::default(),
            &Excludes::default().globs(self.plan.exclude.clone()),
            &LocalSourceFilterOptions::default(),
            &self.plan.roots,
        );
        let source =
            source.map_err(|error| VaultError::Other { place: self.place.clone(), why: sentence(&error) })?;
        Ok(Reading::new(source, self.plan.strip.clone(), noticed, meter))
    }

    /// Sends what a source gives.
    pub(super) fn send<R>(
        &self,
        repository: Open,
        options: &BackupOptions,
        source: &R,
    ) -> RusticResult<SnapshotFile>
    where
        R: ReadSource<Open: Send, Iter: Send> + 'static,
    {
        // What an index names and is not there is not relied on.
        let repository = if self.all_there {
            repository.to_indexed_ids()?
        } else {
            repository.to_indexed_ids_checked()?
        };
        repository.archive(options, source, self.file.clone(), &self.plan.roots)
    }
}

fn plan(staged: &Staged) -> Result<Plan, VaultError> {
    match staged {
        Staged::InPlace { roots, exclude } => {
            let missing = roots.iter().find(|root| std::fs::symlink_metadata(root).is_err());
            if let Some(missing) = missing {
                return Err(VaultError::Nothing { what: format!("{} is not there", missing.display()) });
            }
            if roots.is_empty() {
                return Err(VaultError::Nothing { what: "no folders are named".to_owned() });
            }
            if let Some(pattern) = exclude.iter().find(|pattern| pattern.starts_with('!')) {
                return Err(VaultError::Nothing {
                    what: format!(
                        "`{pattern}` would take in again what another pattern leaves out, which is not done"
                    ),
                });
            }
            let roots = without_nested(roots);
            // An override that begins with `!` leaves out.
            let exclude = exclude.iter().map(|pattern| format!("!{pattern}")).collect();
            Ok(Plan { roots, exclude, strip: None })
        }
        Staged::Gathered(folder) => Ok(Plan::of_gathered(folder.path())),
    }
}

/// The folders, sorted, without those that lie in another of them.
fn without_nested(roots: &[PathBuf]) -> Vec<PathBuf> {
    let mut sorted: Vec<&Path> = roots.iter().map(PathBuf::as_path).collect();
    sorted.sort();
    let mut kept: Vec<PathBuf> = Vec::new();
    for root in sorted {
        if !kept.iter().any(|outer| root.starts_with(outer)) {
            kept.push(root.to_owned());
        }
    }
    kept
}
