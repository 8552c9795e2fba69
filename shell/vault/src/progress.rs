//! How far a long piece of work is.

use rustic_core::{Progress as Bar, ProgressBars, ProgressType, RusticProgress};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// How often progress is told, at most.
const EVERY: Duration = Duration::from_millis(200);

/// How far a piece of work is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SoFar {
    /// Files that were seen or written.
    pub files: u64,
    /// Bytes that were read or written.
    pub bytes: u64,
    /// How many bytes it will be, if that is known: for a backup it is what the one before had.
    pub of: Option<u64>,
}

/// Whoever wants to know how far a piece of work is.
pub trait Progress: Sync {
    /// Told now and then, and once at the end.
    fn tell(&self, so_far: SoFar);
}

/// Nobody wants to know.
impl Progress for () {
    fn tell(&self, _: SoFar) {}
}

/// What is counted while work goes on, by several threads.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    pub(crate) files: AtomicU64,
    pub(crate) bytes: AtomicU64,
    of: AtomicU64,
}

impl Meter {
    pub(crate) fn begin(&self, of: u64) {
        self.files.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
        self.of.store(of, Ordering::Relaxed);
    }

    /// So many bytes are counted once more later.
    pub(crate) fn take_back(&self, bytes: u64) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn so_far(&self) -> SoFar {
        let of = self.of.load(Ordering::Relaxed);
        SoFar {
            files: self.files.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            of: (of > 0).then_some(of),
        }
    }

    /// Does some work, and tells meanwhile how far it is.
    pub(crate) fn watch<T>(&self, progress: &dyn Progress, work: impl FnOnce() -> T) -> T {
        let done = AtomicBool::new(false);
        let result = thread::scope(|scope| {
            let teller = scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    thread::park_timeout(EVERY);
                    progress.tell(self.so_far());
                }
            });
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            done.store(true, Ordering::Relaxed);
            teller.thread().unpark();
            result
        });
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Bars that count the bytes that `rustic_core` reads.
#[derive(Debug)]
pub(crate) struct Bars(pub(crate) Arc<Meter>);

#[derive(Debug)]
struct BytesBar(Arc<Meter>);

impl ProgressBars for Bars {
    fn progress(&self, kind: ProgressType, _prefix: &str) -> Bar {
        match kind {
            ProgressType::Bytes => Bar::new(BytesBar(self.0.clone())),
            ProgressType::Spinner | ProgressType::Counter => Bar::hidden(),
        }
    }
}

impl RusticProgress for BytesBar {
    fn is_hidden(&self) -> bool {
        false
    }
    fn set_length(&self, _length: u64) {}
    fn set_title(&self, _title: &str) {}
    fn inc(&self, bytes: u64) {
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
    fn finish(&self) {}
}
