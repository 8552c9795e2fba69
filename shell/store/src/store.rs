//! The state directory: one city's, opened by one process.

use crate::{
    checkpoint::{Checkpoint, CheckpointError, Checkpoints},
    database::{self, DatabaseError},
    durable::{self, FileError, failed},
    history::{History, HistoryError, Pruned, Retention},
    journal::{Journal, JournalError, Opening, Position},
    key::{self, KeyFileError},
    packets::{PacketLimits, Packets},
    people::People,
    runs,
    sealed::{Damage, LogError, SealedLog},
};
use cycle::City;
use integrity::Signer;
use jiff::Timestamp;
use sqlx::SqlitePool;
use std::{
    fs::{self, File, TryLockError},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

/// What a state directory is for. One kind is never opened as another, so a replay cannot touch a live city.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The demo city.
    Demo,
    /// A city watched live.
    Live,
    /// A replay of captures.
    Replay,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 3] = [Kind::Demo, Kind::Live, Kind::Replay];

    /// The word in the directory's `kind` file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Demo => "demo",
            Kind::Live => "live",
            Kind::Replay => "replay",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a state directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("the state directory `{}` is in use by process {process}; stop it, or ask it through its socket", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The number of the process, as far as it is known.
        process: String,
    },
    /// It is of another kind.
    #[error("the state directory `{}` is of kind `{found}`, not `{wanted}`; choose another with `--state`", path.display())]
    WrongKind {
        /// The directory.
        path: PathBuf,
        /// The word in its `kind` file.
        found: String,
        /// The kind asked for.
        wanted: Kind,
    },
    /// There is no state directory there.
    #[error("there is no state directory at `{}`; `bastide run` makes one", .0.display())]
    Missing(PathBuf),
    /// The directory holds other people's files.
    #[error("the directory `{}` is not empty and not a state directory; choose another with `--state`", .0.display())]
    Foreign(PathBuf),
    /// The state cannot be rebuilt: no checkpoint can be read, and the journal no longer reaches back to the start.
    #[error(
        "the state cannot be rebuilt: {why}, and the journal begins at event {from}; restore the directory \
         `checkpoints` from a backup"
    )]
    Unrecoverable {
        /// What is wrong with the checkpoints.
        why: String,
        /// Where the journal begins.
        from: Position,
    },
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// History failed.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A checkpoint failed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The sealed log failed.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A file could not be written or read.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The state directory, open for everything, locked against other processes.
///
/// Its parts are fields, so that the loop can hold the journal while pages hold the rest: all but the journal are
/// cheap handles to clone.
#[derive(Debug)]
pub struct Store {
    /// Every event, in order. Only the loop appends.
    pub journal: Journal,
    /// Checkpoints of the city's state.
    pub checkpoints: Checkpoints,
    /// Findings, decisions, people's acts.
    pub log: SealedLog,
    /// Conversations, requests, identities, weaknesses, by day.
    pub history: History,
    /// Raw frames around findings.
    pub packets: Packets,
    /// People, sessions, tokens, links.
    pub people: People,
    /// Named values, such as the digest of the adopted plan.
    pub settings: Settings,
    directory: PathBuf,
    kind: Kind,
    limits: Limits,
    pool: SqlitePool,
    lock: File,
}

/// What was found when the store was opened.
#[derive(Debug)]
pub struct Start {
    /// How the journal ended. If [`Opening::loss`] is something, show it, and append it as an observation.
    pub journal: Opening,
    /// The latest checkpoint that can be believed. Give its city the plan, then handle the journal's events from its
    /// position on. None: begin with an empty city and the journal's start.
    pub checkpoint: Option<Checkpoint>,
    /// Checkpoints that were passed over, each with why: to be shown.
    pub passed_over: Vec<String>,
    /// The first start of this directory.
    pub new: bool,
}

impl Start {
    /// From where the journal's events are to be handled again.
    #[must_use]
    pub fn position(&self) -> Position {
        self.checkpoint.as_ref().map_or(Position(0), |checkpoint| checkpoint.position)
    }
}

/// The folder within a state directory in which commands work on what they gather and try. Nothing in it is kept.
pub const SCRATCH: &str = "scratch";

const KIND: &str = "kind";
/// [`KIND`] while [`durable::write_whole`] writes it aside.
const KIND_UNFINISHED: &str = "kind.unfinished";
const LOCK: &str = "lock";
const JOURNAL: &str = "journal";
const CHECKPOINTS: &str = "checkpoints";
const HISTORY: &str = "history";
const PACKETS: &str = "packets";

/// How much is kept, and for how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Of history.
    pub history: Retention,
    /// Of packets.
    pub packets: PacketLimits,
}

/// What [`Store::tend`] removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tended {
    /// Of history.
    pub history: Pruned,
    /// Bytes of the journal whose events a checkpoint and history both hold.
    pub journal_bytes: u64,
    /// Bytes of packets.
    pub packet_bytes: u64,
}

impl Store {
    /// Opens a state directory, making it if there is none. `sensor` says who writes the journal.
    ///
    /// # Errors
    /// It is in use, of another kind, of a newer release, damaged where that cannot be passed over, or a file could
    /// not be read or written.
    pub async fn open(
        directory: &Path,
        kind: Kind,
        sensor: &str,
        limits: Limits,
    ) -> Result<(Store, Start), StoreError> {
        durable::make_directory(directory)?;
        let new = !directory.join(KIND).exists();
        // A first start that was killed leaves the lock, and perhaps the half-written word of what it was for. A
        // restoration may begin, and a backup be gathered, before any city is watched.
        let may_be_there = [LOCK, KIND_UNFINISHED, runs::FOLDER, SCRATCH];
        if new && durable::names(directory)?.iter().any(|name| !may_be_there.contains(&name.as_str())) {
            return Err(StoreError::Foreign(directory.to_path_buf()));
        }
        let lock = lock(directory)?;
        if new {
            durable::write_whole(&directory.join(KIND), format!("{kind}\n").as_bytes())?;
        } else {
            check_kind(directory, Some(kind))?;
        }
        let pool = database::open(directory, &database::MAIN).await?;
        let log = SealedLog::open(directory, pool.clone()).await?;
        let checkpoints = Checkpoints::open(directory.join(CHECKPOINTS))?;
        let restored = checkpoints.read()?;
        let known = restored.checkpoint.as_ref().map_or(Position(0), |checkpoint| checkpoint.position);
        if let Some(checkpoint) = &restored.checkpoint {
            let records = log.head().size;
            if records < checkpoint.sealed {
                let damage = Damage::CutShort { records, signed: checkpoint.sealed };
                return Err(LogError::Changed(damage).into());
            }
        }
        let journal_folder = directory.join(JOURNAL);
        let history = History::open(directory.join(HISTORY), journal_folder.clone())?;
        let known = known.max(history.compacted()?);
        let (journal, opening) = Journal::open(&journal_folder, sensor, known)?;
        if restored.checkpoint.is_none()
            && let Some(first) = crate::journal::segments(journal.directory())?.first().map(|s| s.first)
            && first > Position(0)
        {
            let why = if restored.passed_over.is_empty() {
                "there is no checkpoint".to_owned()
            } else {
                restored.passed_over.join("; ")
            };
            return Err(StoreError::Unrecoverable { why, from: first });
        }
        let store = Store {
            journal,
            checkpoints,
            log,
            history,
            packets: Packets::open(directory.join(PACKETS), limits.packets)?,
            people: People::new(pool.clone()),
            settings: Settings { pool: pool.clone() },
            directory: directory.to_path_buf(),
            kind,
            limits,
            pool,
            lock,
        };
        let start = Start {
            journal: opening,
            checkpoint: restored.checkpoint,
            passed_over: restored.passed_over,
            new,
        };
        Ok((store, start))
    }

    /// The key with which defences are signed for other cities; it is made when it is asked for first.
    ///
    /// # Errors
    /// It is damaged, or cannot be made or read.
    pub fn exchange_key(&self) -> Result<Signer, KeyFileError> {
        key::EXCHANGE.open_or_make(&self.directory, true)
    }

    /// The state directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Puts the journal on the disk and then writes a checkpoint of the city, which has handled every event appended
    /// so far.
    ///
    /// # Errors
    /// A file could not be written; what was there before is as it was.
    pub fn checkpoint(&mut self, city: &City) -> Result<Position, StoreError> {
        let position = self.journal.sync()?;
        self.checkpoints.write(city, position, self.log.head().size)?;
        Ok(position)
    }

    /// Files in history what the journal holds on the disk. Quick when called every few minutes or every 100,000
    /// events; a loop that must not wait clones [`Store::history`] and calls [`History::compact`] with
    /// [`Journal::synced`] elsewhere.
    ///
    /// # Errors
    /// A file could not be read or written.
    pub fn compact(&mut self) -> Result<crate::Compacted, StoreError> {
        let end = self.journal.sync()?;
        Ok(self.history.compact(end)?)
    }

    /// Removes what is too old or too much by the city's time, and the journal's segments that a checkpoint and
    /// history both hold. To be called now and then; without checkpoints nothing is removed but packets.
    ///
    /// # Errors
    /// A file could not be removed.
    pub fn tend(&mut self, now: Timestamp) -> Result<Tended, StoreError> {
        let safe = self.checkpoints.safe()?;
        Ok(Tended {
            history: self.history.prune(now, self.limits.history, safe)?,
            journal_bytes: self.journal.prune(safe.min(self.history.compacted()?))?,
            packet_bytes: self.packets.prune(now)?,
        })
    }

    /// Stops in good order: the next start has nothing to report.
    ///
    /// # Errors
    /// A file could not be written.
    pub async fn close(self) -> Result<(), StoreError> {
        let Store { journal, log, people, settings, pool, lock, .. } = self;
        journal.close()?;
        drop((log, people, settings));
        pool.close().await;
        drop(lock);
        Ok(())
    }
}

/// Takes the lock, which the system gives back when this process ends, however it ends.
fn lock(directory: &Path) -> Result<File, StoreError> {
    let path = directory.join(LOCK);
    let mut file = durable::private()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(failed("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut process = String::new();
            let known = file.read_to_string(&mut process).is_ok() && !process.trim().is_empty();
            let process = if known { process.trim().to_owned() } else { "unknown".to_owned() };
            return Err(StoreError::InUse { path: directory.to_path_buf(), process });
        }
        Err(TryLockError::Error(cause)) => return Err(failed("lock", &path)(cause).into()),
    }
    // For whoever is turned away; that it cannot be written harms nobody.
    let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(file)
}

/// The kind of a state directory, which must be the one wanted if there is one wanted.
fn check_kind(directory: &Path, wanted: Option<Kind>) -> Result<Kind, StoreError> {
    let path = directory.join(KIND);
    let text = match fs::read_to_string(&path).map_err(failed("read", &path)) {
        Ok(text) => text,
        Err(error) if error.is_missing() => return Err(StoreError::Missing(directory.to_path_buf())),
        Err(error) => return Err(error.into()),
    };
    let found = Kind::ALL.into_iter().find(|kind| kind.as_str() == text.trim());
    match (found, wanted) {
        (Some(found), None) => Ok(found),
        (Some(found), Some(wanted)) if found == wanted => Ok(found),
        _ => Err(StoreError::WrongKind {
            path: directory.to_path_buf(),
            found: text.trim().to_owned(),
            wanted: wanted.unwrap_or(Kind::Live),
        }),
    }
}

/// Named values that outlive a process. A cheap handle: clone it.
#[derive(Clone, Debug)]
pub struct Settings {
    pool: SqlitePool,
}

impl Settings {
    /// The value of a setting.
    ///
    /// # Errors
    /// The database failed.
    pub async fn value(&self, name: &str) -> Result<Option<String>, DatabaseError> {
        database::setting(&self.pool, name).await
    }

    /// Sets the value of a setting. The setting `schema` is the store's own and is left as it is.
    ///
    /// # Errors
    /// The database failed.
    pub async fn set(&self, name: &str, value: &str) -> Result<(), DatabaseError> {
        if name == "schema" { Ok(()) } else { database::put_setting(&self.pool, name, value).await }
    }
}

/// The state directory as others may see it: without the lock, beside a running process, for reading only.
#[derive(Debug)]
pub struct Reader {
    /// Findings, decisions, people's acts.
    pub log: SealedLog,
    /// Conversations, requests, identities, weaknesses, by day.
    pub history: History,
    /// Raw frames around findings.
    pub packets: Packets,
    /// People; changing them fails.
    pub people: People,
    /// Named values; changing them fails.
    pub settings: Settings,
    directory: PathBuf,
    kind: Kind,
}

impl Reader {
    /// Opens a state directory of any kind for reading only.
    ///
    /// # Errors
    /// There is none, it is of a newer release, or it could not be read.
    pub async fn open(directory: &Path) -> Result<Reader, StoreError> {
        let kind = check_kind(directory, None)?;
        let pool = database::open_read_only(directory, &database::MAIN).await?;
        Ok(Reader {
            log: SealedLog::open_read_only(directory, pool.clone()).await?,
            history: History::read_only(directory.join(HISTORY), directory.join(JOURNAL)),
            packets: Packets::read_only(directory.join(PACKETS)),
            people: People::new(pool.clone()),
            settings: Settings { pool },
            directory: directory.to_path_buf(),
            kind,
        })
    }

    /// The state directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The latest checkpoint that can be believed; the events after it are in [`Reader::events`].
    ///
    /// # Errors
    /// It is of a newer release, or could not be read.
    pub fn checkpoint(&self) -> Result<crate::Restored, StoreError> {
        Ok(Checkpoints::read_only(self.directory.join(CHECKPOINTS)).read()?)
    }

    /// The events on disk from a place on.
    ///
    /// # Errors
    /// The journal is of a newer release, or could not be read.
    pub fn events(&self, from: Position) -> Result<crate::Events, StoreError> {
        Ok(Journal::read(&self.directory.join(JOURNAL), from)?)
    }
}
