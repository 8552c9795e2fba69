//! Files on their way into a snapshot. What could not be read is remembered, which `rustic_core` would pass over with a
//! line in a log; and what is read is looked at in passing.

use crate::{
    noise::{BLOCK, Nature, judge},
    progress::Meter,
};
use city::Snapshot;
use rustic_core::{LocalSource, ReadSource, ReadSourceEntry, ReadSourceOpen, RusticError, RusticResult};
use std::{
    collections::BTreeMap,
    fs::File,
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// How many bytes are looked at in whole blocks. After that only the beginning of every file is looked at, so that a
/// first backup of many terabytes is not held up.
const FULL_LOOKS: u64 = 4 * 1024 * 1024 * 1024;
const SHORT_LOOK: usize = 4 * 1024;
/// How many files that look packed or like noise are compared with what they were before.
const SUSPECTS_MAX: usize = 20_000;

/// What was noticed while files were read.
#[derive(Debug, Default)]
pub(crate) struct Noticed {
    /// A number for the path of every file, in any order.
    pub(crate) paths: Mutex<Vec<u64>>,
    pub(crate) unread: Mutex<Unread>,
    /// Bytes that were looked at in files of which it is clear what they are, and how many of them are noise.
    pub(crate) looked_at: AtomicU64,
    pub(crate) noise: AtomicU64,
    /// Files that look packed or like noise, by path.
    pub(crate) suspects: Mutex<BTreeMap<PathBuf, Suspect>>,
}

/// A file that looks packed or like noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Suspect {
    pub(crate) nature: Nature,
    pub(crate) looked_at: u64,
    pub(crate) noise: u64,
}

/// What could not be read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unread {
    pub(crate) count: u64,
    pub(crate) names: Vec<String>,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Noticed {
    fn unread(&self, what: String) {
        let mut unread = lock(&self.unread);
        unread.count += 1;
        if unread.names.len() < Snapshot::NAMES_MAX {
            unread.names.push(what);
        }
    }

    fn looked(&self, path: &Path, blocks: &[&[u8]]) {
        let seen = judge(blocks);
        let suspect = Suspect { nature: seen.nature, looked_at: seen.looked_at, noise: seen.noise };
        if matches!(seen.nature, Nature::SaysPacked | Nature::Noise) {
            let mut suspects = lock(&self.suspects);
            if suspects.len() < SUSPECTS_MAX {
                suspects.insert(path.to_owned(), suspect);
                return;
            }
        }
        self.looked_at.fetch_add(seen.looked_at, Ordering::Relaxed);
        if matches!(seen.nature, Nature::Plain | Nature::Noise) {
            self.noise.fetch_add(seen.noise, Ordering::Relaxed);
        }
    }
}

/// A number for a path.
pub(crate) fn path_number(path: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

/// Whether something was there when a folder was listed and is gone now, as happens where people work.
fn is_gone(error: &RusticError) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return true;
        }
        cause = error.source();
    }
    // The walker's own errors do not tell their cause but in words.
    error.display_log().contains("(os error 2)")
}

/// Files and folders of this machine.
pub(crate) struct Reading {
    source: LocalSource,
    /// What is taken off every path: the folder in which files were gathered.
    strip: Option<PathBuf>,
    noticed: Arc<Noticed>,
    meter: Arc<Meter>,
}

impl Reading {
    pub(crate) fn new(
        source: LocalSource,
        strip: Option<PathBuf>,
        noticed: Arc<Noticed>,
        meter: Arc<Meter>,
    ) -> Reading {
        Reading { source, strip, noticed, meter }
    }
}

impl ReadSource for Reading {
    type Open = Opening;
    type Iter = Entries;

    fn size(&self) -> RusticResult<Option<u64>> {
        Ok(None)
    }

    fn entries(&self) -> Entries {
        Entries {
            entries: self.source.entries(),
            strip: self.strip.clone(),
            noticed: self.noticed.clone(),
            meter: self.meter.clone(),
        }
    }
}

pub(crate) struct Entries {
    entries: <LocalSource as ReadSource>::Iter,
    strip: Option<PathBuf>,
    noticed: Arc<Noticed>,
    meter: Arc<Meter>,
}

impl Iterator for Entries {
    type Item = RusticResult<ReadSourceEntry<Opening>>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = match self.entries.next()? {
            Ok(entry) => entry,
            Err(error) => {
                if !is_gone(&error) {
                    self.noticed.unread(one_line(&error));
                }
                return Some(Err(error));
            }
        };
        let mut path = entry.path.clone();
        if let Some(rest) = self.strip.as_ref().and_then(|strip| path.strip_prefix(strip).ok()) {
            path = Path::new("/").join(rest);
        }
        if entry.node.is_file() {
            self.meter.files.fetch_add(1, Ordering::Relaxed);
            lock(&self.noticed.paths).push(path_number(&path));
        }
        let open = entry.open.map(|open| Opening {
            open,
            path,
            size: entry.node.meta.size,
            noticed: self.noticed.clone(),
        });
        Some(Ok(ReadSourceEntry { path: entry.path, node: entry.node, open }))
    }
}

fn one_line(error: &RusticError) -> String {
    const LENGTH_MAX: usize = 300;
    error.display_log().split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LENGTH_MAX).collect()
}

/// A file that may be opened: it is only if it is new or changed.
pub(crate) struct Opening {
    open: <LocalSource as ReadSource>::Open,
    path: PathBuf,
    size: u64,
    noticed: Arc<Noticed>,
}

impl ReadSourceOpen for Opening {
    type Reader = Looking;

    fn open(self) -> RusticResult<Looking> {
        match self.open.open() {
            Ok(file) => Ok(Looking::new(file, self.path, self.size, self.noticed)),
            Err(error) => {
                if !is_gone(&error) {
                    let why =
                        std::error::Error::source(&*error).map_or_else(String::new, ToString::to_string);
                    self.noticed.unread(format!("{}: {why}", self.path.display()));
                }
                Err(error)
            }
        }
    }
}

/// A file that is looked at while it is read: at its beginning, in its middle and at its end.
pub(crate) struct Looking {
    file: File,
    path: PathBuf,
    position: u64,
    /// Where blocks begin, and what was read of them.
    blocks: Vec<(u64, Vec<u8>)>,
    block: usize,
    noticed: Arc<Noticed>,
}

impl Looking {
    fn new(file: File, path: PathBuf, size: u64, noticed: Arc<Noticed>) -> Looking {
        let long = BLOCK as u64;
        let (block, starts) = if noticed.looked_at.load(Ordering::Relaxed) > FULL_LOOKS {
            (SHORT_LOOK, vec![0])
        } else if size <= 3 * long {
            (BLOCK, (0..size.div_ceil(long)).map(|number| number * long).collect())
        } else {
            (BLOCK, vec![0, (size - long) / 2, size - long])
        };
        let blocks = starts.into_iter().map(|start| (start, Vec::new())).collect();
        Looking { file, path, position: 0, blocks, block, noticed }
    }

    fn look(&mut self, read: &[u8]) {
        let end = self.position + read.len() as u64;
        for (start, block) in &mut self.blocks {
            let wanted = *start + block.len() as u64;
            if block.len() < self.block && wanted >= self.position && wanted < end {
                let from = usize::try_from(wanted - self.position).unwrap_or(usize::MAX);
                let part = read.get(from..).unwrap_or_default();
                block.extend_from_slice(part.get(..self.block - block.len()).unwrap_or(part));
            }
        }
        self.position = end;
    }
}

impl Read for Looking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.file.read(buffer) {
            Ok(count) => {
                self.look(buffer.get(..count).unwrap_or_default());
                Ok(count)
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    self.noticed.unread(format!("{}: {error}", self.path.display()));
                }
                Err(error)
            }
        }
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        let blocks: Vec<&[u8]> =
            self.blocks.iter().map(|(_, block)| &**block).filter(|block| !block.is_empty()).collect();
        if !blocks.is_empty() {
            self.noticed.looked(&self.path, &blocks);
        }
    }
}
