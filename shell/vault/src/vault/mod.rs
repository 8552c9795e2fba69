//! A repository, opened: the one way to what was backed up.

mod backup;
mod compare;
mod first;
mod forget;
mod list;
mod prove;
mod restoration;
mod restore;
mod resume;
mod verify;

use crate::{
    error::VaultError,
    objects::{Objects, name},
    progress::{Bars, Meter},
    secret::Secret,
    storage::{self, Fault, Lock},
};
use city::{BackupId, Repository, RepositoryPlace, Text};
use jiff::Timestamp;
use rustic_core::{
    ConfigOptions, Credentials, FileType, KeyOptions, OpenStatus, RepositoryBackends, RepositoryOptions,
    RusticError, RusticResult, repofile::SnapshotFile,
};
use sha2::{Digest, Sha256};
use std::{
    error::Error,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

pub use forget::Forgotten;
pub use restore::{Restored, Target};
pub use verify::{ReadBack, Share};

/// The host that our snapshots name: whoever lists them with plain restic sees whose they are.
const HOST: &str = "bastide";
/// What marks a snapshot that was only written to see whether it can be destroyed.
const PROBE: &str = "bastide-probe";
/// What marks a snapshot from which files are missing because they could not be read.
const INCOMPLETE: &str = "incomplete";

/// How long a backup waits for old snapshots to be deleted.
const LOCK_WAIT: Duration = Duration::from_secs(60);

/// An opened repository.
pub struct Vault {
    declared: Repository,
    objects: Arc<Objects>,
    meter: Arc<Meter>,
    open: Open,
    /// Held by who works with it: one piece of work at a time.
    turn: Mutex<()>,
}

/// A repository that `rustic_core` opened.
type Open = rustic_core::Repository<OpenStatus>;

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without what is opened: it holds the key.
        f.debug_struct("Vault").field("declared", &self.declared).finish_non_exhaustive()
    }
}

/// A snapshot in a repository, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// Its id: 64 hexadecimal digits.
    pub id: Text,
    /// The backup that it is of, if Bastide made it: its label.
    pub backup: Option<BackupId>,
    /// The time that it tells: when it began.
    pub time: Timestamp,
    /// Its files; none if whoever made it did not write that down.
    pub files: Option<u64>,
    /// Their bytes.
    pub bytes: Option<u64>,
    /// Whether everything that it should hold is in it, as far as its maker says.
    pub complete: bool,
    /// The host that it names; `bastide` for ours.
    pub host: String,
}

impl Vault {
    /// Opens a repository.
    ///
    /// # Errors
    ///
    /// If it is not there, does not answer, is something else or damaged, or if the key is not its own.
    pub fn open(declared: &Repository) -> Result<Vault, VaultError> {
        let place = declared.at.to_string();
        let key = Secret::read(&declared.key)?;
        let objects = objects(declared)?;
        let meter = Arc::new(Meter::default());
        let config = list_config(&objects, &declared.at)?;
        if config.is_empty() {
            // A folder, server or bucket in which something else is lacks the keys too.
            let keys = objects.storage.list(FileType::Key).unwrap_or_default();
            return Err(if keys.is_empty() {
                VaultError::Missing { place }
            } else {
                VaultError::Damaged { place, what: vec!["config is missing".to_owned()] }
            });
        }
        let credentials = Credentials::Password(key.reveal().to_owned());
        let open = guarded(|| closed(&objects, &meter)?.open(&credentials));
        let open = open.map_err(|failure| why_closed(failure, &objects, declared))?;
        Ok(Vault { declared: declared.clone(), objects, meter, open, turn: Mutex::new(()) })
    }

    /// Makes a repository where there is none.
    ///
    /// # Errors
    ///
    /// If there is one already, or if the place refuses or does not answer.
    pub fn init(declared: &Repository) -> Result<Vault, VaultError> {
        let place = declared.at.to_string();
        let key = Secret::read(&declared.key)?;
        let objects = objects(declared)?;
        let meter = Arc::new(Meter::default());
        match list_config(&objects, &declared.at) {
            Ok(config) if config.is_empty() => {}
            Ok(_) => return Err(VaultError::Exists { place }),
            Err(VaultError::Missing { .. }) => {}
            Err(other) => return Err(other),
        }
        let keys = objects.storage.list(FileType::Key).unwrap_or_default();
        if !keys.is_empty() {
            return Err(VaultError::Damaged { place, what: vec!["config is missing".to_owned()] });
        }
        objects.storage.create().map_err(|fault| VaultError::of_storage(&place, fault))?;
        let mut key_options = KeyOptions::default();
        key_options.hostname = Some(HOST.to_owned());
        let credentials = Credentials::Password(key.reveal().to_owned());
        guarded(|| closed(&objects, &meter)?.init(&credentials, &key_options, &config_options()))
            .map_err(|failure| failure.words(&objects, &place))?;
        // What was written is read as anybody would read it.
        Vault::open(declared)
    }

    /// The declared repository.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.declared
    }

    /// Its snapshots, the oldest first: all of them, or those of one backup.
    ///
    /// # Errors
    ///
    /// If the repository does not answer, or a snapshot in it is damaged.
    pub fn snapshots(&self, of: Option<&BackupId>) -> Result<Vec<SnapshotInfo>, VaultError> {
        let _turn = self.turn();
        self.objects.begin();
        self.listed(of)
    }

    fn listed(&self, of: Option<&BackupId>) -> Result<Vec<SnapshotInfo>, VaultError> {
        let files = self.snapshot_files()?;
        let mut snapshots: Vec<SnapshotInfo> = files.iter().map(info).collect();
        snapshots.retain(|snapshot| of.is_none_or(|of| snapshot.backup.as_ref() == Some(of)));
        snapshots.sort_by(|a, b| a.time.cmp(&b.time).then_with(|| a.id.cmp(&b.id)));
        Ok(snapshots)
    }

    /// The place, as the plan writes it.
    fn place(&self) -> String {
        self.declared.at.to_string()
    }

    /// All snapshots but those that were written to try whether they can be destroyed.
    fn snapshot_files(&self) -> Result<Vec<SnapshotFile>, VaultError> {
        let mut files = self.all_snapshot_files()?;
        files.retain(|file| !file.tags.contains(PROBE));
        Ok(files)
    }

    fn all_snapshot_files(&self) -> Result<Vec<SnapshotFile>, VaultError> {
        self.run(|| self.open.get_all_snapshots()).map_err(|error| match error {
            VaultError::Other { .. } | VaultError::Damaged { .. } => {
                self.name_damage(error, FileType::Snapshot)
            }
            other => other,
        })
    }

    /// One snapshot, by its id or the beginning of it.
    fn snapshot_file(&self, id: &str) -> Result<SnapshotFile, VaultError> {
        let none = || VaultError::NoSnapshot { snapshot: id.to_owned(), place: self.place() };
        let mut found = self
            .all_snapshot_files()?
            .into_iter()
            .filter(|file| !id.is_empty() && file.id.to_hex().as_str().starts_with(id));
        match (found.next(), found.next()) {
            (Some(file), None) => Ok(file),
            _ => Err(none()),
        }
    }

    /// Does something with `rustic_core`, and says in the reader's words why it did not succeed.
    fn run<T>(&self, work: impl FnOnce() -> RusticResult<T>) -> Result<T, VaultError> {
        self.objects.forget_fault();
        guarded(work).map_err(|failure| failure.words(&self.objects, &self.place()))
    }

    /// The repository once more, for what uses it up.
    fn reopened(&self) -> RusticResult<Open> {
        closed(&self.objects, &self.meter)?.open(&Credentials::Masterkey(self.open.key()))
    }

    fn fault(&self, fault: Fault) -> VaultError {
        VaultError::of_storage(&self.place(), fault)
    }

    /// Waits until nobody else in this process works with it.
    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps others from deleting what nobody needs, or from everything. Who only wants the first waits a little.
    fn lock(&self, alone: bool) -> Result<Option<Lock>, VaultError> {
        let begin = Instant::now();
        loop {
            match self.objects.storage.lock(alone) {
                Ok(lock) => return Ok(lock),
                Err(Fault::Refused(why)) if alone || begin.elapsed() > LOCK_WAIT => {
                    return Err(VaultError::Busy { place: self.place(), why });
                }
                Err(Fault::Refused(_)) => std::thread::sleep(Duration::from_millis(100)),
                Err(Fault::Missing(_)) => return Err(VaultError::Missing { place: self.place() }),
                Err(other) => return Err(self.fault(other)),
            }
        }
    }

    /// Whatever failed while objects of a kind were read: if one of them is not what its name says, it is named.
    fn name_damage(&self, error: VaultError, kind: FileType) -> VaultError {
        match damaged_objects(&self.objects, kind) {
            Ok(what) if !what.is_empty() => VaultError::Damaged { place: self.place(), what },
            _ => error,
        }
    }
}

/// What did not succeed: with an error, or by a panic, which damaged or forged content can cause in `rustic_core`.
struct Failure(Option<Box<RusticError>>);

impl Failure {
    fn words(self, objects: &Objects, place: &str) -> VaultError {
        if let Some(fault) = objects.fault() {
            return VaultError::of_storage(place, fault);
        }
        let place = place.to_owned();
        match self.0 {
            Some(error) if is_undecipherable(&error) => {
                VaultError::Damaged { place, what: vec![sentence(&error)] }
            }
            Some(error) => VaultError::Other { place, why: sentence(&error) },
            None => VaultError::Damaged { place, what: vec!["what was read makes no sense".to_owned()] },
        }
    }
}

/// An error and what caused it, as far as `rustic_core` tells, the outermost first.
fn causes(error: &RusticError) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(Some(error as &(dyn Error + 'static)), |error| (*error).source())
}

/// Whether something could not be deciphered: with the right key that is damage.
fn is_undecipherable(error: &RusticError) -> bool {
    causes(error).any(|cause| {
        let boxed = cause.downcast_ref::<Box<RusticError>>().map(|error| &**error);
        boxed.or(cause.downcast_ref::<RusticError>()).is_some_and(|error| error.is_code("C001"))
    })
}

/// What an error says, on one line: what was done, and the cause that has no other.
fn sentence(error: &RusticError) -> String {
    let text = error.display_log();
    let text = text.strip_prefix("Error: ").unwrap_or(&text);
    let text = text.split_once(" (kind: ").map_or(text, |(text, _)| text);
    let cause =
        causes(error).last().filter(|cause| !cause.is::<RusticError>() && !cause.is::<Box<RusticError>>());
    let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
    format!("{text}{cause}").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn guarded<T>(work: impl FnOnce() -> RusticResult<T>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| Failure(Some(error))),
        Err(_) => Err(Failure(None)),
    }
}

/// What a repository is made of.
fn objects(declared: &Repository) -> Result<Arc<Objects>, VaultError> {
    let far = !matches!(declared.at, RepositoryPlace::Folder(_));
    Ok(Arc::new(Objects::new(storage::open(declared)?, declared.at.to_string(), far)))
}

/// A repository that is not opened yet.
fn closed(objects: &Arc<Objects>, meter: &Arc<Meter>) -> RusticResult<rustic_core::Repository<()>> {
    let backends = RepositoryBackends::new(objects.clone(), None);
    let options = RepositoryOptions::default().no_cache(true);
    rustic_core::Repository::new_with_progress(&options, &backends, Bars(meter.clone()))
}

/// The config object, if there is one. A folder that is not there has none.
fn list_config(objects: &Objects, at: &RepositoryPlace) -> Result<Vec<(String, u64)>, VaultError> {
    let place = at.to_string();
    match objects.storage.list(FileType::Config) {
        Err(Fault::Missing(_)) => Err(VaultError::Missing { place }),
        Err(Fault::Unreachable(why)) if matches!(at, RepositoryPlace::Folder(_)) => {
            Err(VaultError::NotARepository { place, why })
        }
        other => other.map_err(|fault| VaultError::of_storage(&place, fault)),
    }
}

/// How our repositories are made.
fn config_options() -> ConfigOptions {
    let mut options = ConfigOptions::default();
    options.set_version = Some(2);
    options
}

/// Why a repository could not be opened.
fn why_closed(failure: Failure, objects: &Objects, declared: &Repository) -> VaultError {
    let place = declared.at.to_string();
    if objects.fault().is_some() {
        return failure.words(objects, &place);
    }
    match damaged_objects(objects, FileType::Key) {
        Ok(what) if !what.is_empty() => return VaultError::Damaged { place, what },
        Err(fault) => return VaultError::of_storage(&place, fault),
        Ok(_) => {}
    }
    match &failure.0 {
        Some(error) if error.is_incorrect_password() => {
            VaultError::WrongKey { place, key: declared.key.to_string() }
        }
        // The key fits, so that it is the config that does not.
        Some(error) if is_undecipherable(error) => {
            VaultError::Damaged { place, what: vec!["config is not as it was written".to_owned()] }
        }
        _ => failure.words(objects, &place),
    }
}

/// The objects of a kind whose content is not what their name says: every name is the SHA-256 of the content.
fn damaged_objects(objects: &Objects, kind: FileType) -> Result<Vec<String>, Fault> {
    let mut damaged = Vec::new();
    for (name, _) in objects.storage.list(kind)? {
        let content = objects.storage.read(kind, &name, None)?;
        if storage::hexadecimal(&Sha256::digest(&content)) != name {
            damaged.push(format!("{} is not as it was written", object(kind, &name)));
        }
    }
    damaged.sort();
    Ok(damaged)
}

/// An object as it is named to people: `index/1f2e…`.
fn object(kind: FileType, name: &str) -> String {
    match kind {
        FileType::Config => "config".to_owned(),
        other => format!("{}/{name}", other.dirname()),
    }
}

fn info(file: &SnapshotFile) -> SnapshotInfo {
    let ours = file.hostname == HOST && !file.label.is_empty();
    let summary = file.summary.as_ref();
    SnapshotInfo {
        id: name(FileType::Snapshot, &file.id).into(),
        backup: ours.then(|| file.label.parse().ok()).flatten(),
        time: file.time.timestamp(),
        files: summary.map(|summary| summary.total_files_processed),
        bytes: summary.map(|summary| summary.total_bytes_processed),
        complete: !file.tags.contains(INCOMPLETE),
        host: file.hostname.clone(),
    }
}
