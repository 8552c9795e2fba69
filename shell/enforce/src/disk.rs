//! The state directory: `state.json`, the texts it names in `rules/`, and a lock.

use crate::{machine::State, words::Digest};
use rustix::io::{FdFlags, fcntl_setfd};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// The form of the state; a later one is refused rather than misread.
const FORM: u32 = 1;

/// For how long the lock is waited for: as long as an nft of a process that was killed may still run.
const LOCK_PATIENCE: Duration = Duration::from_secs(20);

/// What is written aside before it is renamed.
const ASIDE: &str = "unfinished";

/// A file operation that failed, and where.
#[derive(Debug, thiserror::Error)]
#[error("cannot {act} `{}`: {cause}", path.display())]
pub struct DiskError {
    act: &'static str,
    path: PathBuf,
    cause: io::Error,
}

fn failed(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DiskError {
    let path = path.to_path_buf();
    move |cause| DiskError { act, path, cause }
}

#[derive(Serialize, Deserialize)]
struct Form<S> {
    form: u32,
    state: S,
}

/// The state directory, which no other enforcer has.
#[derive(Debug)]
pub(crate) struct Disk {
    folder: PathBuf,
    /// Held as long as this process lives, and as long as any nft that it started: those inherit it.
    _lock: File,
}

impl Disk {
    /// Opens the directory, and makes it if it is not there.
    ///
    /// A killed enforcer may leave an nft behind that is about to load rules. What this process then loads must come
    /// after that, so nothing begins before that nft has ended and its lock is gone.
    pub(crate) fn open(folder: &Path) -> Result<Disk, DiskError> {
        make_folder(&folder.join("rules"))?;
        let path = folder.join("lock");
        let lock = private().create(true).append(true).open(&path).map_err(failed("open", &path))?;
        let begin = Instant::now();
        while lock.try_lock().is_err() {
            if begin.elapsed() > LOCK_PATIENCE {
                let cause = io::Error::other("another enforcer, or an nft that it started, has it");
                return Err(failed("lock", &path)(cause));
            }
            thread::sleep(Duration::from_millis(10));
        }
        fcntl_setfd(&lock, FdFlags::empty()).map_err(|error| failed("share", &path)(error.into()))?;
        Ok(Disk { folder: folder.to_path_buf(), _lock: lock })
    }

    /// The state; nothing if there never was one.
    pub(crate) fn state(&self) -> Result<Option<State>, DiskError> {
        let path = self.folder.join("state.json");
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(failed("read", &path))?,
        };
        let not_ours = |why: String| failed("understand", &path)(io::Error::other(why));
        let Form { form, state } = serde_json::from_slice::<Form<serde_json::Value>>(&bytes)
            .map_err(|error| not_ours(error.to_string()))?;
        if form != FORM {
            return Err(not_ours(format!("it has form {form}, and this release writes {FORM}")));
        }
        serde_json::from_value(state).map(Some).map_err(|error| not_ours(error.to_string()))
    }

    /// Writes texts, and then the state that names them: when this returns, both outlast a loss of power.
    pub(crate) fn keep(&self, state: &State, texts: &[Arc<str>]) -> Result<(), DiskError> {
        for text in texts {
            let path = self.text_path(&Digest::of(&[text]));
            if !path.exists() {
                write_whole(&path, text.as_bytes())?;
            }
        }
        let bytes = serde_json::to_vec(&Form { form: FORM, state }).map_err(io::Error::from);
        let path = self.folder.join("state.json");
        write_whole(&path, &bytes.map_err(failed("put into words", &path))?)?;
        self.sweep(state);
        Ok(())
    }

    /// A text, as it was when its digest was taken.
    pub(crate) fn text(&self, digest: &Digest) -> Result<String, DiskError> {
        let path = self.text_path(digest);
        let text = fs::read_to_string(&path).map_err(failed("read", &path))?;
        if Digest::of(&[&text]) == *digest {
            Ok(text)
        } else {
            Err(failed("trust", &path)(io::Error::other("it was altered since it was written")))
        }
    }

    fn text_path(&self, digest: &Digest) -> PathBuf {
        self.folder.join("rules").join(digest.as_str()).with_extension("nft")
    }

    /// Removes texts that nothing names any more. One that stays behind is harmless.
    fn sweep(&self, state: &State) {
        let needed = state.texts();
        for entry in fs::read_dir(self.folder.join("rules")).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let digest = name.to_str().and_then(|name| name.strip_suffix(".nft"));
            if !needed.iter().any(|needed| Some(needed.as_str()) == digest) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

fn make_folder(path: &Path) -> Result<(), DiskError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed("make the folder", path))
}

/// Writes a whole file or nothing: aside, onto the disk, renamed into place, the rename onto the disk.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    let aside = path.with_extension(ASIDE);
    let mut file = private().create(true).truncate(true).open(&aside).map_err(failed("make", &aside))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed("write", &aside))?;
    fs::rename(&aside, path).map_err(failed("rename into place", path))?;
    let folder = path.parent().unwrap_or(path);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("put on disk the folder", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_what_is_not_needed_goes() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        assert_eq!(disk.state().unwrap(), None);
        let text: Arc<str> = "table inet bastide {\n}\n".into();
        let digest = Digest::of(&[&text]);
        let state = State { settled: Some(digest.clone()), ..State::default() };
        disk.keep(&state, std::slice::from_ref(&text)).unwrap();
        assert_eq!(disk.state().unwrap(), Some(state));
        assert_eq!(disk.text(&digest).unwrap(), *text);
        fs::write(disk.text_path(&digest), "table inet bastide { chain c { } }").unwrap();
        assert!(disk.text(&digest).unwrap_err().to_string().contains("altered"));
        disk.keep(&State::default(), &[]).unwrap();
        assert!(!disk.text_path(&digest).exists());
    }

    #[test]
    fn a_state_that_is_not_understood_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        for (text, why) in
            [("{", "EOF"), (r#"{"form":2,"state":{}}"#, "form 2"), (r#"{"form":1,"state":{}}"#, "missing")]
        {
            fs::write(folder.path().join("state.json"), text).unwrap();
            let said = disk.state().unwrap_err().to_string();
            assert!(said.contains(why), "{said}");
        }
    }
}
