//! A repository in a folder.
//!
//! An object is written to a file without a name, brought to the disk, and only then given its name. So it is there
//! whole or not at all, whenever the power goes; nothing half-written is ever left behind; and it works in folders in
//! which nothing can be renamed or deleted (`chattr +a`), which restic's own way does not. Where the file system knows
//! no files without names, a file with another name is renamed.

use super::{Destruction, Fault, Limit, Lock, Storage, is_name, path};
use bytes::Bytes;
use rustic_core::{ALL_FILE_TYPES, FileType};
use rustix::fs::{AtFlags, Mode, OFlags};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Write},
    ops::Range,
    os::{
        fd::AsRawFd,
        unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Restic refreshes a lock every five minutes and takes one for forgotten after half an hour.
const RESTIC_LOCK_AGE_MAX: Duration = Duration::from_secs(30 * 60);
/// Our own lock. Restic looks into the folders that it knows and passes over this file.
const LOCK: &str = "bastide.lock";

/// A repository in a folder.
pub(super) struct Folder {
    root: PathBuf,
    limit: Limit,
}

impl Folder {
    pub(super) fn new(root: impl Into<PathBuf>, limit: Limit) -> Folder {
        Folder { root: root.into(), limit }
    }

    fn path(&self, kind: FileType, name: &str) -> PathBuf {
        self.root.join(path(kind, name))
    }

    fn list_folder(&self, folder: &Path, into: &mut Vec<(String, u64)>) -> Result<(), Fault> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return Err(fault(folder, &error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| fault(folder, &error))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if !is_name(&name) {
                continue;
            }
            match entry.metadata() {
                Ok(metadata) if metadata.is_file() => into.push((name, metadata.len())),
                Ok(_) => {}
                // It was deleted since.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(fault(&entry.path(), &error)),
            }
        }
        Ok(())
    }

    /// Writes a file as a whole and gives it its name last.
    fn write_file(&self, path: &Path, content: &[Bytes]) -> io::Result<()> {
        let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
        let nameless = || rustix::fs::open(folder, OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, MODE);
        let nameless = match nameless() {
            Err(rustix::io::Errno::NOENT) => {
                make_folder(folder)?;
                nameless()
            }
            other => other,
        };
        match nameless {
            Ok(file) => {
                let mut file = File::from(file);
                self.fill(&mut file, content)?;
                let handle = format!("/proc/self/fd/{}", file.as_raw_fd());
                let linked = rustix::fs::linkat(
                    rustix::fs::CWD,
                    handle.as_str(),
                    rustix::fs::CWD,
                    path,
                    AtFlags::SYMLINK_FOLLOW,
                );
                match linked {
                    // An object's name tells its content: whoever wrote it wrote the same.
                    Err(rustix::io::Errno::EXIST) if same_length(path, content) => {}
                    other => other?,
                }
            }
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::ISDIR | rustix::io::Errno::INVAL) => {
                self.write_and_rename(path, folder, content)?;
            }
            Err(error) => return Err(error.into()),
        }
        // The name itself is brought to the disk too.
        File::open(folder)?.sync_all()
    }

    fn write_and_rename(&self, path: &Path, folder: &Path, content: &[Bytes]) -> io::Result<()> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!("-tmp-{}", std::process::id()));
        let temporary = folder.join(name);
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        let written = self.fill(&mut file, content).and_then(|()| fs::rename(&temporary, path));
        if written.is_err() {
            // What is left behind is passed over, and tried again under the same name.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    fn fill(&self, file: &mut File, content: &[Bytes]) -> io::Result<()> {
        io::copy(&mut self.limit.reader(content), file)?;
        file.flush()?;
        file.sync_all()
    }
}

/// Whose files they are may read and write them.
const MODE: Mode = Mode::RUSR.union(Mode::WUSR);

fn same_length(path: &Path, content: &[Bytes]) -> bool {
    let length: u64 = content.iter().map(|part| part.len() as u64).sum();
    fs::symlink_metadata(path).is_ok_and(|there| there.is_file() && there.len() == length)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// What a failure of the file system means.
fn fault(path: &Path, error: &io::Error) -> Fault {
    let why = format!("{}: {error}", path.display());
    match error.kind() {
        ErrorKind::NotFound => Fault::Missing(path.display().to_string()),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Fault::Refused(why),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Fault::Full(why),
        _ => Fault::Unreachable(why),
    }
}

impl Storage for Folder {
    fn create(&self) -> Result<(), Fault> {
        fs::create_dir_all(&self.root).map_err(|error| fault(&self.root, &error))?;
        let kinds = ALL_FILE_TYPES.iter().map(|kind| kind.dirname().to_owned());
        let packs = (0..=u8::MAX).map(|start| format!("data/{start:02x}"));
        for folder in kinds.chain(["locks".to_owned()]).chain(packs) {
            let folder = self.root.join(folder);
            make_folder(&folder).map_err(|error| fault(&folder, &error))?;
        }
        Ok(())
    }

    fn list(&self, kind: FileType) -> Result<Vec<(String, u64)>, Fault> {
        let mut objects = Vec::new();
        match kind {
            FileType::Config => {
                // A folder that is not there is not the same as one without a repository.
                fs::metadata(&self.root).map_err(|error| fault(&self.root, &error))?;
                let config = self.root.join("config");
                match fs::metadata(&config) {
                    Ok(metadata) => objects.push(("config".to_owned(), metadata.len())),
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(fault(&config, &error)),
                }
            }
            FileType::Pack => {
                let data = self.root.join("data");
                for entry in fs::read_dir(&data).map_err(|error| fault(&data, &error))? {
                    let entry = entry.map_err(|error| fault(&data, &error))?;
                    if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                        self.list_folder(&entry.path(), &mut objects)?;
                    }
                }
            }
            other => self.list_folder(&self.root.join(other.dirname()), &mut objects)?,
        }
        Ok(objects)
    }

    fn read(&self, kind: FileType, name: &str, range: Option<Range<u64>>) -> Result<Bytes, Fault> {
        let path = self.path(kind, name);
        let failed = |error: io::Error| fault(&path, &error);
        let Some(range) = range else { return fs::read(&path).map(Bytes::from).map_err(failed) };
        let length = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        let file = File::open(&path).map_err(failed)?;
        // A forged index may name any length.
        if file.metadata().map_err(failed)?.len() < range.end {
            return Err(Fault::Missing(format!("the end of {}", path.display())));
        }
        let mut content = vec![0; length];
        file.read_exact_at(&mut content, range.start).map_err(failed)?;
        Ok(content.into())
    }

    fn write(&self, kind: FileType, name: &str, content: &[Bytes]) -> Result<(), Fault> {
        let path = self.path(kind, name);
        self.write_file(&path, content).map_err(|error| fault(&path, &error))
    }

    fn remove(&self, kind: FileType, name: &str) -> Result<(), Fault> {
        let path = self.path(kind, name);
        fs::remove_file(&path).map_err(|error| fault(&path, &error))
    }

    fn destroy(&self, kind: FileType, name: &str, content: &[u8]) -> Result<Destruction, Fault> {
        let path = self.path(kind, name);
        let refused = |done: io::Result<()>| match done {
            Ok(()) => Ok(false),
            Err(error) => match fault(&path, &error) {
                Fault::Refused(_) => Ok(true),
                other => Err(other),
            },
        };
        // The same bytes: what this tries is whether they could be others.
        let change =
            OpenOptions::new().write(true).open(&path).and_then(|file| file.write_all_at(content, 0));
        let refuses_change = refused(change)?;
        let refuses_delete = refused(fs::remove_file(&path))?;
        Ok(Destruction { refuses_delete, refuses_change, locked_until: None })
    }

    fn restic_at_work(&self) -> Result<bool, Fault> {
        let mut locks = Vec::new();
        let folder = self.root.join(LOCKS);
        match self.list_folder(&folder, &mut locks) {
            Ok(()) | Err(Fault::Missing(_)) => {}
            Err(other) => return Err(other),
        }
        let now = SystemTime::now();
        Ok(locks.iter().any(|(name, _)| {
            let written = fs::metadata(folder.join(name)).and_then(|metadata| metadata.modified());
            // One that is gone by now was given up; one from the future is taken for fresh.
            written.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age < RESTIC_LOCK_AGE_MAX))
        }))
    }

    fn lock(&self, alone: bool) -> Result<Option<Lock>, Fault> {
        let path = self.root.join(LOCK);
        let file = match OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&path) {
            Ok(file) => file,
            // Where nothing may be created, nothing is pruned either.
            Err(error) if !alone && matches!(fault(&path, &error), Fault::Refused(_)) => return Ok(None),
            Err(error) => return Err(fault(&path, &error)),
        };
        let locked = if alone { file.try_lock() } else { file.try_lock_shared() };
        match locked {
            Ok(()) => Ok(Some(Lock(file))),
            Err(TryLockError::WouldBlock) => {
                let who = if alone { "a backup or a restoration" } else { "old snapshots are being deleted" };
                Err(Fault::Refused(format!("{}: {who}", path.display())))
            }
            // File systems without locks exist; deleting takes two steps, a day apart, for their sake.
            Err(TryLockError::Error(_)) if !alone => Ok(None),
            Err(TryLockError::Error(error)) => Err(fault(&path, &error)),
        }
    }
}

/// Where restic's own locks are.
const LOCKS: &str = "locks";
