//! The plan and Bastide's own store, while Bastide writes to it.
//!
//! The store's parts promise something of one another (`store`): the journal reaches back to the checkpoints and to where
//! history ends; the table of the sealed log holds what the copy of its heads names. What is copied keeps that if its
//! parts are taken in this order:
//!
//! 1. The journal's segments are opened, so that they can still be read when they are removed meanwhile.
//! 2. Checkpoints: what they hold of log and journal is older than what is copied of those later.
//! 3. The copy of the signed heads, then the database with the log: the table is never behind its heads.
//! 4. History, again and again until nothing was merged or removed meanwhile.
//! 5. The rest, and the journal last: it holds everything that led to what was sealed. Its end may be torn, as after a
//!    kill, and the next start says so.

use super::{Context, SourceError, not_kept};
use crate::{program::Bounds, sqlite};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
    time::Instant,
};

const DATABASE: &str = "bastide.db";
const HEADS: &str = "heads.log";
const JOURNAL: &str = "journal";
const CHECKPOINTS: &str = "checkpoints";
const HISTORY: &str = "history";
/// The file in which history says how far it reaches.
const COMPACTED: &str = "compacted";
const LOCK: &str = "lock";
/// What is only being written: its name is given to it when it is whole.
const UNFINISHED: &str = "unfinished";
/// How often history is looked at again before we give up. Between two changes lie minutes.
const TRIES: usize = 8;

/// Copies the plan to `plan/` and the store to `state/`.
pub(super) fn gather(into: &Path, context: &Context) -> Result<(), SourceError> {
    let mut copy = Copy { bounds: context.bounds, bytes: 0, source: String::new() };
    let apart = [context.state, context.scratch.path()].map(|path| path.canonicalize().ok());
    let plan = context.plan.canonicalize().map_err(unreadable(context.plan))?;
    copy.source = format!("the plan in {}", plan.display());
    copy.folder(&plan, &into.join("plan"), &|path| {
        apart.iter().flatten().all(|apart| !path.starts_with(apart) || plan.starts_with(apart))
    })?;
    let state = context.state.canonicalize().map_err(unreadable(context.state))?;
    copy.source = format!("the store in {}", state.display());
    copy.state(&state, &into.join("state"), context.scratch.path())
}

/// Copies within bounds.
struct Copy {
    bounds: Bounds,
    /// How many bytes were copied.
    bytes: u64,
    source: String,
}

impl Copy {
    fn state(&mut self, from: &Path, into: &Path, scratch: &Path) -> Result<(), SourceError> {
        make(into)?;
        let journal = from.join(JOURNAL);
        let pinned = pin(&journal)?;
        let checkpoints = from.join(CHECKPOINTS);
        for attempt in 1.. {
            // The older of two may be removed while it is copied; then there is a newer one.
            match self.folder(&checkpoints, &into.join(CHECKPOINTS), &finished) {
                Err(error) if attempt == TRIES || !is_missing(&error) => return Err(error),
                Err(_) => {}
                Ok(()) => break,
            }
        }
        if from.join(HEADS).exists() {
            self.file(&from.join(HEADS), &into.join(HEADS))?;
        }
        if from.join(DATABASE).exists() {
            let copied = into.join(DATABASE);
            sqlite::copy(&from.join(DATABASE), &copied, self.bounds)
                .and_then(|()| sqlite::check(&copied, self.bounds))
                .map_err(|error| self.not_whole(error.to_string()))?;
            self.count(fs::metadata(&copied).map_err(not_kept(&copied))?.len())?;
        }
        self.history(&from.join(HISTORY), &into.join(HISTORY))?;
        let taken = [JOURNAL, CHECKPOINTS, HISTORY, HEADS, DATABASE, LOCK];
        let beside_database =
            |name: &str| name.strip_prefix(DATABASE).is_some_and(|rest| rest.starts_with('-'));
        for entry in fs::read_dir(from).map_err(unreadable(from))? {
            let entry = entry.map_err(unreadable(from))?;
            let (name, path) = (entry.file_name(), entry.path());
            let name = name.to_string_lossy();
            let is_apart = taken.contains(&&*name) || beside_database(&name) || scratch.starts_with(&path);
            if is_apart || !finished(&path) {
                continue;
            }
            let kind = entry.file_type().map_err(unreadable(&path))?;
            // Sockets are a process's, and not the city's.
            let copied = if kind.is_dir() {
                self.folder(&path, &into.join(entry.file_name()), &finished)
            } else if kind.is_file() {
                self.file(&path, &into.join(entry.file_name()))
            } else {
                Ok(())
            };
            // Packets are a ring: what was just removed is not missed.
            copied.or_else(|error| if is_missing(&error) { Ok(()) } else { Err(error) })?;
        }
        self.journal(pinned, &journal, &into.join(JOURNAL))
    }

    /// The segments that were opened at the beginning and those begun since, as far as they are written now.
    fn journal(
        &mut self,
        mut segments: BTreeMap<OsString, File>,
        from: &Path,
        into: &Path,
    ) -> Result<(), SourceError> {
        segments.extend(
            pin(from)?.into_iter().filter(|(name, _)| !segments.contains_key(name)).collect::<Vec<_>>(),
        );
        make(into)?;
        for (name, segment) in segments {
            self.open_file(&segment, &from.join(&name), &into.join(&name))?;
        }
        Ok(())
    }

    /// History as it is at one moment: its mark says how far its files reach, and files are merged into others.
    fn history(&mut self, from: &Path, into: &Path) -> Result<(), SourceError> {
        if !from.exists() {
            return Ok(());
        }
        for _ in 0..TRIES {
            let mark = fs::read(from.join(COMPACTED)).ok();
            match self.folder(from, into, &finished) {
                Err(error) if is_missing(&error) => {}
                Err(error) => return Err(error),
                Ok(()) if fs::read(from.join(COMPACTED)).ok() == mark => return Ok(()),
                Ok(()) => {}
            }
            // What a try left may be of another moment.
            fs::remove_dir_all(into).map_err(not_kept(into))?;
        }
        Err(self.not_whole("its history did not stand still long enough to be copied; try again".to_owned()))
    }

    /// A folder and all that is in it and wanted. Other things than folders, files and symbolic links are left out.
    fn folder(
        &mut self,
        from: &Path,
        into: &Path,
        wanted: &dyn Fn(&Path) -> bool,
    ) -> Result<(), SourceError> {
        if !from.exists() {
            return Ok(());
        }
        let mut folders = vec![(from.to_path_buf(), into.to_path_buf())];
        while let Some((from, into)) = folders.pop() {
            make(&into)?;
            for entry in fs::read_dir(&from).map_err(unreadable(&from))? {
                let entry = entry.map_err(unreadable(&from))?;
                let (path, place) = (entry.path(), into.join(entry.file_name()));
                if !wanted(&path) {
                    continue;
                }
                let kind = entry.file_type().map_err(unreadable(&path))?;
                if kind.is_dir() {
                    folders.push((path, place));
                } else if kind.is_symlink() {
                    let target = fs::read_link(&path).map_err(unreadable(&path))?;
                    std::os::unix::fs::symlink(target, &place).map_err(not_kept(&place))?;
                } else if kind.is_file() {
                    self.file(&path, &place)?;
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, from: &Path, into: &Path) -> Result<(), SourceError> {
        let file = File::open(from).map_err(unreadable(from))?;
        self.open_file(&file, from, into)
    }

    /// A file as long as it is now, with its time and its rights.
    fn open_file(&mut self, file: &File, from: &Path, into: &Path) -> Result<(), SourceError> {
        let metadata = file.metadata().map_err(unreadable(from))?;
        self.count(metadata.len())?;
        let keep = || -> io::Result<()> {
            let _ = fs::remove_file(into);
            let mut copied = crate::program::new_private_file(into)?;
            io::copy(&mut file.take(metadata.len()), &mut copied)?;
            copied.set_permissions(metadata.permissions())?;
            copied.set_modified(metadata.modified()?)
        };
        keep().map_err(not_kept(into))
    }

    fn count(&mut self, bytes: u64) -> Result<(), SourceError> {
        self.bytes += bytes;
        if self.bytes > self.bounds.bytes {
            return Err(self.not_whole(format!("it has more than {} bytes", self.bounds.bytes)));
        }
        if Instant::now() >= self.bounds.deadline {
            return Err(self.not_whole("there was not enough time to copy it".to_owned()));
        }
        Ok(())
    }

    fn not_whole(&self, why: String) -> SourceError {
        SourceError::NotWhole { what: self.source.clone(), why }
    }
}

/// Opens every file of a folder; none if there is no folder.
fn pin(folder: &Path) -> Result<BTreeMap<OsString, File>, SourceError> {
    let mut files = BTreeMap::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let entry = entry.map_err(unreadable(folder))?;
        let path = entry.path();
        if !finished(&path) {
            continue;
        }
        match File::open(&path) {
            Ok(file) => drop(files.insert(entry.file_name(), file)),
            // Removed between the two; then nothing needs it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(unreadable(&path)(cause)),
        }
    }
    Ok(files)
}

fn finished(path: &Path) -> bool {
    path.extension().is_none_or(|extension| extension != UNFINISHED)
}

fn make(folder: &Path) -> Result<(), SourceError> {
    fs::create_dir_all(folder).map_err(not_kept(folder))
}

fn is_missing(error: &SourceError) -> bool {
    matches!(error, SourceError::Unreadable { cause, .. } if cause.kind() == io::ErrorKind::NotFound)
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> SourceError {
    let path = path.to_path_buf();
    move |cause| SourceError::Unreadable { path, cause }
}
