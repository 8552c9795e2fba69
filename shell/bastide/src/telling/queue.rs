//! What waits to be told to one receiver: a file for each notice, in a folder of its own.

use records::notice::Notice;
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// The most that may wait for a receiver. Beyond it the oldest gives way: whoever was away for so long is better served by
/// what is new.
const WAITING_MAX: usize = 10_000;

/// A queue. Copies are of the same one.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    folder: PathBuf,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The numbers of what waits: the lower, the older.
    waiting: BTreeSet<u64>,
    next: u64,
    lost: u64,
}

impl Queue {
    /// Opens a queue, with what waits from before.
    pub(super) fn open(folder: &Path) -> io::Result<Queue> {
        fs::create_dir_all(folder)?;
        let mut waiting = BTreeSet::<u64>::new();
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            match name.strip_suffix(".json").map(str::parse) {
                Some(Ok(place)) => {
                    waiting.insert(place);
                }
                // What was being written when a kill came was not acknowledged to anybody.
                _ => fs::remove_file(folder.join(&*name))?,
            }
        }
        let next = waiting.last().map_or(1, |last| last.saturating_add(1));
        let inner = Arc::new(Mutex::new(Inner { waiting, next, lost: 0 }));
        Ok(Queue { folder: folder.to_owned(), inner })
    }

    /// Adds a notice behind all others. It outlives this process from then on.
    pub(super) fn put(&mut self, notice: &Notice) -> io::Result<()> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let place = inner.next;
        let beside = self.folder.join("new");
        fs::write(&beside, notice.json())?;
        fs::rename(&beside, self.file(place))?;
        inner.next += 1;
        inner.waiting.insert(place);
        if inner.waiting.len() > WAITING_MAX
            && let Some(oldest) = inner.waiting.pop_first()
        {
            inner.lost += 1;
            fs::remove_file(self.file(oldest))?;
        }
        Ok(())
    }

    /// The oldest of what waits, at most so many, each with its place.
    pub(super) fn oldest(&self, count: usize) -> Vec<(u64, Notice)> {
        let places: Vec<u64> = {
            let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            inner.waiting.iter().take(count).copied().collect()
        };
        let mut notices = Vec::with_capacity(places.len());
        for place in places {
            let read = fs::read(self.file(place)).ok().and_then(|text| serde_json::from_slice(&text).ok());
            match read {
                Some(notice) => notices.push((place, notice)),
                // Damaged, or given way meanwhile: it can never be told.
                None => {
                    if self.remove(place) {
                        self.inner.lock().unwrap_or_else(PoisonError::into_inner).lost += 1;
                    }
                }
            }
        }
        notices
    }

    /// Takes out what was told.
    pub(super) fn done(&self, place: u64) {
        self.remove(place);
    }

    fn remove(&self, place: u64) -> bool {
        let was = self.inner.lock().unwrap_or_else(PoisonError::into_inner).waiting.remove(&place);
        // What cannot be removed is told again after the next start, with the id by which it is known.
        let _ = fs::remove_file(self.file(place));
        was
    }

    /// Counts what could not even be queued.
    pub(super) fn lose(&self, count: u64) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).lost += count;
    }

    /// How many were lost since this was last asked.
    pub(super) fn lost(&self) -> u64 {
        std::mem::take(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner).lost)
    }

    fn file(&self, place: u64) -> PathBuf {
        self.folder.join(format!("{place:020}.json"))
    }
}
