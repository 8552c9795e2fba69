//! A snapshot, or a part of it, brought back into a folder.
//!
//! What stands in a snapshot may be forged. Nothing is written outside the folder: names are single names, every
//! folder is one that was made here or is seen to be no link, files are created and never followed, and links are made
//! last. Device files, sockets and pipes are left out and told, and so is the right to run as somebody else.

use super::Vault;
use crate::{
    error::VaultError,
    progress::Progress,
    walk::{Step, Walk},
};
use jiff::Timestamp;
use rustic_core::{
    BlobId, DataId, Id, IndexedFullStatus,
    repofile::{BlobType, Metadata, Node, NodeType},
};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    fs::{self, DirBuilder, File, FileTimes, OpenOptions},
    io::{self, ErrorKind, Read},
    os::unix::fs::{
        DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown, lchown, symlink,
    },
    path::{Component, Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::SystemTime,
};

/// How much of a pack is read at once, and which gap between two pieces is read along.
const PART_MAX: u32 = 8 * 1024 * 1024;
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

/// What is written, in the order of the walk.
#[derive(Default)]
struct Plan {
    files: Vec<PlannedFile>,
    folders: Vec<(PathBuf, Metadata)>,
    links: Vec<(PathBuf, PathBuf, Metadata)>,
    pieces: Vec<Piece>,
    bytes: u64,
    left_out: Vec<String>,
}

struct PlannedFile {
    path: PathBuf,
    metadata: Metadata,
    content: Vec<(DataId, u32)>,
}

/// A piece of a file, and where it is in a pack.
#[derive(Clone, Copy)]
struct Piece {
    pack: Id,
    offset: u32,
    length: u32,
    blob: DataId,
    file: usize,
    position: u64,
}

impl Vault {
    /// Restores a snapshot. Afterwards every file is read and compared with what the repository says of it.
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
        self.objects.begin();
        let file = self.snapshot_file(snapshot)?;
        let into = prepare(&target)?;
        let repository = self.run(|| self.reopened()?.to_indexed())?;
        let only = target.only.map(|only| only.iter().map(|path| absolute(path)).collect::<Vec<_>>());
        let mut plan = Plan::default();
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
            plan.finish_folders(&into)
        })?;
        Ok(Restored {
            snapshot: crate::objects::name(rustic_core::FileType::Snapshot, &file.id),
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
        plan: &mut Plan,
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
                    let blob = BlobId::from(piece.blob);
                    let content = self.run(|| repository.get_blob_cached(&blob, BlobType::Data))?;
                    latest = Some((piece.blob, content.clone()));
                    content
                }
            };
            let Some(file) = files.get(piece.file) else { return Ok(()) };
            let write = OpenOptions::new()
                .write(true)
                .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
                .open(&file.path)
                .and_then(|file| file.write_all_at(&content, piece.position));
            self.meter.bytes.fetch_add(content.len() as u64, Ordering::Relaxed);
            write.map_err(VaultError::local(&file.path))
        });
        self.objects.release(first.pack, first.offset);
        filled
    }

    /// Reads every file back, compares it, and gives it its owner, rights and times.
    fn finish(&self, plan: &Plan) -> Result<(), VaultError> {
        let next = AtomicUsize::new(0);
        in_threads(|stop| {
            while let Some(file) = plan.files.get(next.fetch_add(1, Ordering::Relaxed)) {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let failed = VaultError::local(&file.path);
                let whole = finish_file(file).map_err(failed)?;
                if !whole {
                    return Err(VaultError::Damaged {
                        place: self.place(),
                        what: vec![format!(
                            "what was restored as {} is not what was backed up",
                            file.path.display()
                        )],
                    });
                }
                self.meter.files.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        })
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

/// A path in a snapshot, with a slash at its beginning and without `.` and `..`.
fn absolute(path: &Path) -> PathBuf {
    let names = path.components().filter(|part| matches!(part, Component::Normal(_)));
    std::iter::once(Component::RootDir).chain(names).collect()
}

fn plan_all(
    repository: &rustic_core::Repository<IndexedFullStatus>,
    tree: rustic_core::TreeId,
    only: Option<&[PathBuf]>,
    into: &Path,
    plan: &mut Plan,
) -> rustic_core::RusticResult<Result<(), VaultError>> {
    let mut walk = Walk::new(repository, tree)?;
    // A snapshot with the same name twice in a folder could have its own link written through.
    let mut seen = BTreeSet::new();
    while let Some(step) = walk.step()? {
        let (path, node) = match step {
            Step::Entry(path, node) => (path, node),
            Step::Forged(what) => return Ok(Err(VaultError::Forged { what })),
        };
        if let Some(only) = only {
            let below = only.iter().any(|only| path.starts_with(only));
            let above = node.is_dir() && only.iter().any(|only| only.starts_with(&path));
            if !below && !above {
                continue;
            }
        }
        if !seen.insert(path.clone()) {
            return Ok(Err(VaultError::Forged { what: format!("{} is in it twice", path.display()) }));
        }
        let Ok(relative) = path.strip_prefix("/") else { continue };
        if let Err(error) = plan.add(repository, into.join(relative), *node)? {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

impl Plan {
    fn add(
        &mut self,
        repository: &rustic_core::Repository<IndexedFullStatus>,
        path: PathBuf,
        node: Node,
    ) -> rustic_core::RusticResult<Result<(), VaultError>> {
        match &node.node_type {
            NodeType::Dir => self.folders.push((path, node.meta)),
            NodeType::Symlink { .. } => {
                let to = node.node_type.to_link().to_owned();
                self.links.push((path, to, node.meta));
            }
            NodeType::File => {
                let mut content = Vec::new();
                let mut position = 0;
                for id in node.content.iter().flatten() {
                    let entry = repository.get_index_entry(id)?;
                    let at = entry.location;
                    // 32 bytes are the cipher's own: a forged index may tell less.
                    if at.length < 32 {
                        let what = format!("a part of {} is {} bytes long", path.display(), at.length);
                        return Ok(Err(VaultError::Forged { what }));
                    }
                    self.pieces.push(Piece {
                        pack: *entry.pack,
                        offset: at.offset,
                        length: at.length,
                        blob: *id,
                        file: self.files.len(),
                        position,
                    });
                    content.push((*id, at.data_length()));
                    position += u64::from(at.data_length());
                }
                self.bytes = self.bytes.saturating_add(position);
                self.files.push(PlannedFile { path, metadata: node.meta, content });
            }
            NodeType::Dev { .. } | NodeType::Chardev { .. } | NodeType::Fifo | NodeType::Socket => {
                self.leave_out(format!("{}: it is no file ({})", path.display(), node.node_type));
            }
        }
        Ok(Ok(()))
    }

    fn leave_out(&mut self, what: String) {
        if self.left_out.len() < city::Snapshot::NAMES_MAX {
            self.left_out.push(what);
        }
    }

    /// Whether something was planned for a path of the snapshot.
    fn holds(&self, into: &Path, path: &Path) -> bool {
        let Ok(relative) = path.strip_prefix("/") else { return false };
        let wanted = into.join(relative);
        self.files.iter().any(|file| file.path.starts_with(&wanted))
            || self.folders.iter().any(|(folder, _)| folder.starts_with(&wanted))
            || self.links.iter().any(|(link, ..)| link.starts_with(&wanted))
    }

    fn make_folders(&self, replace: bool) -> Result<(), VaultError> {
        for (path, _) in &self.folders {
            match DirBuilder::new().mode(0o700).create(path) {
                // `symlink_metadata`, so that a link to a folder is none.
                Err(error)
                    if error.kind() == ErrorKind::AlreadyExists
                        && replace
                        && fs::symlink_metadata(path).is_ok_and(|there| there.is_dir()) => {}
                made => made.map_err(VaultError::local(path))?,
            }
        }
        Ok(())
    }

    /// Makes every file, empty: what has the name already is not written into, but replaced.
    fn make_files(&self, replace: bool) -> Result<(), VaultError> {
        for file in &self.files {
            clear(&file.path, replace)?;
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&file.path)
                .map_err(VaultError::local(&file.path))?;
        }
        Ok(())
    }

    fn make_links(&self, replace: bool) -> Result<(), VaultError> {
        for (path, to, metadata) in &self.links {
            clear(path, replace)?;
            symlink(to, path).map_err(VaultError::local(path))?;
            if is_root() {
                lchown(path, metadata.uid, metadata.gid).map_err(VaultError::local(path))?;
            }
        }
        Ok(())
    }

    /// Gives every folder its owner, rights and times, the innermost first, and brings all to the disk.
    fn finish_folders(&self, into: &Path) -> Result<(), VaultError> {
        for (path, metadata) in self.folders.iter().rev() {
            let folder = File::open(path).map_err(VaultError::local(path))?;
            set_metadata(&folder, metadata).map_err(VaultError::local(path))?;
        }
        let folder = File::open(into).map_err(VaultError::local(into))?;
        rustix::fs::syncfs(&folder).map_err(|error| VaultError::local(into)(error.into()))
    }
}

/// Removes a file or link that stands where something is to be restored, if that is allowed.
fn clear(path: &Path, replace: bool) -> Result<(), VaultError> {
    if !replace {
        return Ok(());
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other.map_err(VaultError::local(path)),
    }
}

/// Whether a file holds what it should; if so it gets its owner, rights and times.
fn finish_file(planned: &PlannedFile) -> io::Result<bool> {
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(&planned.path)?;
    let mut content = Vec::new();
    for (id, length) in &planned.content {
        content.clear();
        Read::by_ref(&mut file).take(u64::from(*length)).read_to_end(&mut content)?;
        if DataId::from(BlobId::from(Id::new(Sha256::digest(&content).into()))) != *id {
            return Ok(false);
        }
    }
    let whole = file.read(&mut [0])? == 0;
    set_metadata(&file, &planned.metadata)?;
    Ok(whole)
}

fn set_metadata(file: &File, metadata: &Metadata) -> io::Result<()> {
    if is_root() {
        fchown(file, metadata.uid, metadata.gid)?;
    }
    if let Some(mode) = metadata.mode {
        // Without the bits that let a program run as its owner or group: a forged snapshot could hold one of root's.
        file.set_permissions(fs::Permissions::from_mode(mode & 0o1777))?;
    }
    let time = |time: Option<Timestamp>| time.and_then(|time| SystemTime::try_from(time).ok());
    if let Some(modified) = time(metadata.mtime) {
        let accessed = time(metadata.atime).unwrap_or(modified);
        file.set_times(FileTimes::new().set_modified(modified).set_accessed(accessed))?;
    }
    Ok(())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
