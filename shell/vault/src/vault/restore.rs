//! A snapshot, or a part of it, brought back into a folder.
//!
//! What stands in a snapshot may be forged. Nothing is written outside the folder: names are single names, every
//! folder is one that was made here or is seen to be no link, files are created and never followed, and links are made
//! last. Device files, sockets and pipes are left out and told, and so is the right to run as somebody else.

use super::{
    Vault, object,
    restoration::{Piece, PlannedFile, Restoration, absolute, finish_file, plan_all},
};
use crate::{error::VaultError, objects::name, progress::Progress};
use jiff::Timestamp;
use rustic_core::{BlobId, DataId, FileType, Id, IndexedFullStatus, repofile::BlobType};
use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

/// How much of a pack is read at once, and which gap between two pieces is read along.
const PART_MAX: u32 = 2 * 1024 * 1024;
const GAP_MAX: u32 = 64 * 1024;
/// How many threads read: where a server answers, most of the time is waiting.
const READERS: usize = 4;

/// Where to restore to, and what.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The folder; it is made if it is not there.
    pub into: &'a Path,
    /// Only these files and folders, by their paths in the snapshot (`/srv/telecare`); none for everything.
    pub only: Option<&'a [PathBuf]>,
    /// Whether the folder may hold something already. What has the same name is then replaced, and nothing else is.
    pub replace: bool,
}

/// What came of a restoration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// The snapshot: 64 hexadecimal digits.
    pub snapshot: String,
    /// The time that it tells.
    pub time: Timestamp,
    /// Files that were written.
    pub files: u64,
    /// Links.
    pub links: u64,
    /// Folders.
    pub folders: u64,
    /// The bytes of the files, each of which was read back and compared.
    pub bytes: u64,
    /// What was left out, with the reason: at most [`city::Snapshot::NAMES_MAX`].
    pub left_out: Vec<String>,
}

impl Vault {
    /// Restores a snapshot. Afterwards every file is read and compared with what the repository says of it. The system
    /// brings it to the disk in its own time.
    ///
    /// # Errors
    ///
    /// If the folder is not empty and that was not allowed, if the snapshot is damaged or forged, if the repository does
    /// not answer, or if there is no room. What was written until then stays, to be looked at.
    pub fn restore(
        &self,
        snapshot: &str,
        target: Target<'_>,
        progress: &dyn Progress,
    ) -> Result<Restored, VaultError> {
        let _turn = self.turn();
        let _lock = self.lock(false)?;
        self.objects.begin();
        let file = self.snapshot_file(snapshot)?;
        let into = prepare(&target)?;
        let repository = self.indexed()?;
        let only = target.only.map(|only| only.iter().map(|path| absolute(path)).collect::<Vec<_>>());
        let mut plan = Restoration::default();
        self.run_to(|| plan_all(&repository, file.tree, only.as_deref(), &into, &mut plan))?;
        if let Some(missing) = only.iter().flatten().find(|only| !plan.holds(&into, only)) {
            return Err(VaultError::Nothing {
                what: format!("{} is not in snapshot {}", missing.display(), file.id),
            });
        }
        room(&into, plan.bytes)?;
        self.meter.begin(plan.bytes);
        self.meter.watch(progress, || {
            plan.make_folders(target.replace)?;
            plan.make_files(target.replace)?;
            self.fill(&repository, &mut plan)?;
            self.finish(&plan)?;
            plan.make_links(target.replace)?;
            plan.finish_folders()
        })?;
        Ok(Restored {
            snapshot: name(FileType::Snapshot, &file.id),
            time: file.time.timestamp(),
            files: plan.files.len() as u64,
            links: plan.links.len() as u64,
            folders: plan.folders.len() as u64,
            bytes: plan.bytes,
            left_out: plan.left_out,
        })
    }

    /// As [`Vault::run`], for work that has errors of its own.
    fn run_to<T>(
        &self,
        work: impl FnOnce() -> rustic_core::RusticResult<Result<T, VaultError>>,
    ) -> Result<T, VaultError> {
        self.run(work)?
    }

    /// Reads what is needed from the packs, each part once, and writes it to where it belongs.
    fn fill(
        &self,
        repository: &rustic_core::Repository<IndexedFullStatus>,
        plan: &mut Restoration,
    ) -> Result<(), VaultError> {
        let mut pieces = std::mem::take(&mut plan.pieces);
        pieces.sort_by_key(|piece| (piece.pack, piece.offset));
        let groups: Vec<&[Piece]> = pieces
            .chunk_by(|a, b| {
                a.pack == b.pack && b.offset.saturating_sub(a.offset.saturating_add(a.length)) <= GAP_MAX
            })
            .flat_map(split)
            .collect();
        let next = AtomicUsize::new(0);
        in_threads(|stop| {
            while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                self.fill_from(repository, group, &plan.files)?;
            }
            Ok(())
        })
    }

    fn fill_from(
        &self,
        repository: &rustic_core::Repository<IndexedFullStatus>,
        group: &[Piece],
        files: &[PlannedFile],
    ) -> Result<(), VaultError> {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { return Ok(()) };
        let length = last.offset.saturating_add(last.length).saturating_sub(first.offset);
        self.objects.hold(first.pack, first.offset, length).map_err(|fault| self.fault(fault))?;
        let mut latest: Option<(DataId, bytes::Bytes)> = None;
        let filled = group.iter().try_for_each(|piece| {
            let content = match &latest {
                Some((blob, content)) if *blob == piece.blob => content.clone(),
                _ => {
                    // Without the cache of `rustic_core`: what is wanted twice lies side by side here.
                    let blob = BlobId::from(piece.blob).to_hex();
                    let content = self.run(|| repository.cat_blob(BlobType::Data, blob.as_str()));
                    let content = content.map_err(|error| self.damaged_pack(error, &piece.pack))?;
                    latest = Some((piece.blob, content.clone()));
                    content
                }
            };
            let Some(file) = files.get(piece.file) else { return Ok(()) };
            self.meter.bytes.fetch_add(content.len() as u64, Ordering::Relaxed);
            if file.content.len() == 1 {
                // Most files have one piece, and are done with at once.
                let opened = file.create().map_err(VaultError::local(&file.path))?;
                opened.write_all_at(&content, 0).map_err(VaultError::local(&file.path))?;
                return self.finish_one(file, opened);
            }
            let opened = file.open(true);
            let written = opened.and_then(|opened| opened.write_all_at(&content, piece.position));
            written.map_err(VaultError::local(&file.path))
        });
        self.objects.release(first.pack, first.offset);
        filled
    }

    /// What keeps a piece from being read, with the pack that it is in.
    fn damaged_pack(&self, error: VaultError, pack: &Id) -> VaultError {
        match error {
            VaultError::Damaged { place, .. } | VaultError::Other { place, .. } => {
                let pack = object(FileType::Pack, &name(FileType::Pack, pack));
                VaultError::Damaged { place, what: vec![format!("{pack} is not as it was written")] }
            }
            other => other,
        }
    }

    /// Reads back, compares and finishes the files that were not made in one step.
    fn finish(&self, plan: &Restoration) -> Result<(), VaultError> {
        let files: Vec<&PlannedFile> = plan.files.iter().filter(|file| file.content.len() != 1).collect();
        let next = AtomicUsize::new(0);
        in_threads(|stop| {
            while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let opened = file.open(false).map_err(VaultError::local(&file.path))?;
                self.finish_one(file, opened)?;
            }
            Ok(())
        })
    }

    /// Reads a file back, compares it, and gives it its owner, rights and times.
    fn finish_one(&self, file: &PlannedFile, opened: File) -> Result<(), VaultError> {
        if !finish_file(file, opened).map_err(VaultError::local(&file.path))? {
            let what = format!("what was restored as {} is not what was backed up", file.path.display());
            return Err(VaultError::Damaged { place: self.place(), what: vec![what] });
        }
        self.meter.files.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Runs the same work in several threads; the first error ends all.
fn in_threads(work: impl Fn(&AtomicBool) -> Result<(), VaultError> + Sync) -> Result<(), VaultError> {
    let stop = AtomicBool::new(false);
    let failed = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| {
                if let Err(error) = work(&stop) {
                    stop.store(true, Ordering::Relaxed);
                    failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            });
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// Pieces that lie behind each other, in groups that are not too long to be read at once.
fn split(pieces: &[Piece]) -> impl Iterator<Item = &[Piece]> {
    let mut rest = pieces;
    std::iter::from_fn(move || {
        let first = rest.first()?;
        let fits = |piece: &Piece| {
            piece.offset.saturating_add(piece.length).saturating_sub(first.offset) <= PART_MAX
        };
        let count = rest.iter().take_while(|piece| fits(piece)).count().max(1);
        let (group, left) = rest.split_at_checked(count)?;
        rest = left;
        Some(group)
    })
}

/// The folder to restore into, there and empty if it must be.
fn prepare(target: &Target<'_>) -> Result<PathBuf, VaultError> {
    let failed = VaultError::local(target.into);
    fs::create_dir_all(target.into).map_err(failed)?;
    let into = fs::canonicalize(target.into).map_err(VaultError::local(target.into))?;
    let mut there = fs::read_dir(&into).map_err(VaultError::local(&into))?;
    if !target.replace && there.next().is_some() {
        return Err(VaultError::NotEmpty(target.into.to_owned()));
    }
    Ok(into)
}

/// Whether there is room for so many bytes.
fn room(into: &Path, bytes: u64) -> Result<(), VaultError> {
    let Ok(system) = rustix::fs::statvfs(into) else { return Ok(()) };
    let free = system.f_bavail.saturating_mul(system.f_frsize);
    if free < bytes {
        return Err(VaultError::Full {
            place: into.display().to_string(),
            why: format!("{bytes} bytes are to be restored, and {free} are free"),
        });
    }
    Ok(())
}
