//! Restorations that people work through: a file each, `runs/ID.ndjson`, with a line that says what was lost and a line for
//! each tick. Lines are only ever added, by whoever has the file: the console, the command line, or a copy of it on a
//! machine that is cut off, whose lines are added later. So a file is never repaired: a line that cannot be read is
//! passed over and told, and the rest is as good as before.

use crate::durable::{FileError, failed, make_directory, private, sync_directory};
use recover::{Run, RunError, RunRead, Tick};
use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

/// The folder within a state directory.
pub(crate) const FOLDER: &str = "runs";

/// What a file's name ends with.
const ENDING: &str = ".ndjson";

/// The longest id.
const ID_MAX: usize = 64;

/// The largest file that is read: every step of a large city's restoration ticked ten times is a hundredth of it.
const FILE_MAX: u64 = 64 << 20;

/// The most runs that are listed, the latest first.
const RUNS_MAX: usize = 1_000;

/// Why a run could not be begun, read or added to.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// An id that no run has.
    #[error("`{0}` is no run's name: it may have small letters, digits and hyphens")]
    BadId(String),
    /// A run of that name exists.
    #[error("there is a run `{0}` already")]
    Exists(String),
    /// There is no such run.
    #[error("there is no run `{0}`")]
    Unknown(String),
    /// What is in a file is no run, or another one.
    #[error("`{}`: {cause}", path.display())]
    NotARun {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: RunError,
    },
    /// A file is too large, or would be.
    #[error("`{}` would be larger than any run is", .0.display())]
    TooLarge(PathBuf),
}

/// The runs of a state directory. A cheap handle.
#[derive(Clone, Debug)]
pub struct Runs {
    folder: PathBuf,
}

impl Runs {
    /// The runs of a state directory. Nothing is made before the first is begun.
    #[must_use]
    pub fn of(state: &Path) -> Runs {
        Runs { folder: state.join(FOLDER) }
    }

    /// The names of the runs, the one that was written to last first.
    ///
    /// # Errors
    ///
    /// The folder is there and could not be read.
    pub fn list(&self) -> Result<Vec<String>, RunsError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed("read the folder", &self.folder))?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed("read the folder", &self.folder))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(id) = name.strip_suffix(ENDING).filter(|id| is_id(id)) else { continue };
            let changed = entry.metadata().and_then(|data| data.modified()).ok();
            found.push((changed, id.to_owned()));
        }
        found.sort_by(|a, b| b.cmp(a));
        found.truncate(RUNS_MAX);
        Ok(found.into_iter().map(|(_, id)| id).collect())
    }

    /// Begins a run: its file is on disk when this returns.
    ///
    /// # Errors
    ///
    /// There is a run of that name, or the file could not be written.
    pub fn begin(&self, id: &str, run: &Run) -> Result<(), RunsError> {
        let path = self.path(id)?;
        make_directory(&self.folder)?;
        // The lines come into being with the file: whoever lists the folder meanwhile never sees it empty.
        let aside = self.folder.join(format!("{id}.{}.unfinished", std::process::id()));
        let written = (|| {
            let mut file = private().write(true).create(true).truncate(true).open(&aside)?;
            file.write_all(run.to_lines().as_bytes())?;
            file.sync_all()?;
            // Unlike a rename, a link does not take the place of a run that is there.
            fs::hard_link(&aside, &path)
        })();
        let _ = fs::remove_file(&aside);
        match written {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                Err(RunsError::Exists(id.to_owned()))
            }
            Err(cause) => Err(failed("write", &path)(cause).into()),
            Ok(()) => Ok(sync_directory(&self.folder)?),
        }
    }

    /// Reads a run.
    ///
    /// # Errors
    ///
    /// There is none of that name, or its file could not be read.
    pub fn read(&self, id: &str) -> Result<RunRead, RunsError> {
        read(&self.path(id)?).map_err(unknown(id))
    }

    /// Adds a tick to a run: it is on disk when this returns. Several may do so at once.
    ///
    /// # Errors
    ///
    /// There is no run of that name, or its file could not be written.
    pub fn tick(&self, id: &str, tick: &Tick) -> Result<(), RunsError> {
        append(&self.path(id)?, &Run::tick_line(tick)).map_err(unknown(id))
    }

    /// Adds from a copy of a run what the run does not have: someone worked with it where nobody could be reached. If
    /// there is no run of that name, the copy becomes it. Returns how many ticks were new.
    ///
    /// # Errors
    ///
    /// The copy is of another run, or a file could not be read or written.
    pub fn merge(&self, id: &str, copy: &Path) -> Result<usize, RunsError> {
        let theirs = read(copy)?.run;
        let ours = match self.read(id) {
            Err(RunsError::Unknown(_)) => {
                self.begin(id, &theirs)?;
                return Ok(theirs.ticks.len());
            }
            ours => ours?.run,
        };
        let new = |tick: &&Tick| ours.ticks.binary_search(tick).is_err();
        let lines: Vec<String> = theirs.ticks.iter().filter(new).map(Run::tick_line).collect();
        let mut merged = ours.clone();
        let apart = |cause| RunsError::NotARun { path: copy.to_path_buf(), cause };
        merged.merge(&theirs).map_err(apart)?;
        if !lines.is_empty() {
            append(&self.path(id)?, &lines.concat())?;
        }
        Ok(lines.len())
    }

    /// Where a run's file is, for copying it.
    ///
    /// # Errors
    ///
    /// The id is none.
    pub fn path(&self, id: &str) -> Result<PathBuf, RunsError> {
        if !is_id(id) {
            return Err(RunsError::BadId(id.to_owned()));
        }
        Ok(self.folder.join(format!("{id}{ENDING}")))
    }
}

fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !id.is_empty() && id.len() <= ID_MAX && !id.starts_with('-') && id.bytes().all(plain)
}

/// A file that is not there is a run that is not.
fn unknown(id: &str) -> impl FnOnce(RunsError) -> RunsError {
    let id = id.to_owned();
    move |error| match error {
        RunsError::File(error) if error.is_missing() => RunsError::Unknown(id),
        error => error,
    }
}

/// Adds whole lines to a file with one write: at its end, wherever that is by then (`O_APPEND`, open(2)).
fn append(path: &Path, text: &str) -> Result<(), RunsError> {
    let mut file = File::options().append(true).read(true).open(path).map_err(failed("write to", path))?;
    let length = file.metadata().map_err(failed("write to", path))?.len();
    if length.saturating_add(text.len() as u64) > FILE_MAX {
        return Err(RunsError::TooLarge(path.to_path_buf()));
    }
    // A last line that was cut short keeps to itself. Should two see it at once, there is an empty line, and no harm.
    let whole = ends_whole(&mut file, length).map_err(failed("read", path))?;
    let text = if whole { text.to_owned() } else { format!("\n{text}") };
    file.write_all(text.as_bytes()).map_err(failed("write to", path))?;
    Ok(file.sync_data().map_err(failed("put on disk", path))?)
}

fn ends_whole(file: &mut File, length: u64) -> io::Result<bool> {
    let Some(last) = length.checked_sub(1) else { return Ok(true) };
    file.seek(SeekFrom::Start(last))?;
    let mut byte = [0];
    file.read_exact(&mut byte)?;
    Ok(byte == *b"\n")
}

fn read(path: &Path) -> Result<RunRead, RunsError> {
    let file = File::open(path).map_err(failed("read", path))?;
    let mut bytes = Vec::new();
    file.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(failed("read", path))?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(RunsError::TooLarge(path.to_path_buf()));
    }
    Run::parse(&String::from_utf8_lossy(&bytes))
        .map_err(|cause| RunsError::NotARun { path: path.to_path_buf(), cause })
}

#[cfg(test)]
mod tests {
    use super::*;
    use recover::TickState;

    fn run(lost: &str) -> Run {
        let started = "2026-11-23T06:50:00Z".parse().unwrap();
        Run { lost: vec![lost.into()], started, ticks: Vec::new() }
    }

    fn tick(second: i64, by: &str) -> Tick {
        Tick {
            time: jiff::Timestamp::from_second(1_795_400_000 + second).unwrap(),
            by: by.into(),
            step: "restore:telecare".into(),
            state: TickState::Done,
            note: Some("new\nline".into()),
        }
    }

    #[test]
    fn a_run_is_begun_once_and_every_tick_is_kept() {
        let state = tempfile::tempdir().unwrap();
        let runs = Runs::of(state.path());
        assert_eq!(runs.list().unwrap(), [""; 0]);
        runs.begin("flood", &run("site:cellar")).unwrap();
        assert!(matches!(runs.begin("flood", &run("other")), Err(RunsError::Exists(_))));
        runs.tick("flood", &tick(1, "ada")).unwrap();
        runs.tick("flood", &tick(2, "ben")).unwrap();
        let read = runs.read("flood").unwrap();
        assert_eq!(
            (read.run.lost, read.run.ticks.len(), read.unread.len()),
            (vec!["site:cellar".into()], 2, 0)
        );
        assert_eq!(runs.list().unwrap(), ["flood"]);
        assert!(matches!(runs.read("fire"), Err(RunsError::Unknown(_))));
        assert!(matches!(runs.tick("fire", &tick(1, "ada")), Err(RunsError::Unknown(_))));
        for bad in ["", "../flood", "Flood", "-x", "a/b", &"a".repeat(65)] {
            assert!(matches!(runs.read(bad), Err(RunsError::BadId(_))), "{bad}");
        }
    }

    #[test]
    fn many_write_at_once_and_no_line_is_lost_or_mixed() {
        let state = tempfile::tempdir().unwrap();
        let runs = Runs::of(state.path());
        runs.begin("storm", &run("everything")).unwrap();
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let runs = runs.clone();
                scope.spawn(move || {
                    for count in 0..25 {
                        runs.tick("storm", &tick(count, &format!("writer {writer}"))).unwrap();
                    }
                });
            }
        });
        let read = runs.read("storm").unwrap();
        assert_eq!((read.run.ticks.len(), read.unread.len()), (200, 0));
    }

    #[test]
    fn a_torn_last_line_costs_itself_and_nothing_else() {
        let state = tempfile::tempdir().unwrap();
        let runs = Runs::of(state.path());
        runs.begin("torn", &run("x")).unwrap();
        let path = runs.path("torn").unwrap();
        let header = fs::read(&path).unwrap().len();
        runs.tick("torn", &tick(1, "ada")).unwrap();
        let whole = fs::read(&path).unwrap();
        for cut in header..whole.len() {
            fs::write(&path, whole.get(..cut).unwrap()).unwrap();
            runs.tick("torn", &tick(2, "ben")).unwrap();
            let read = runs.read("torn").unwrap();
            assert_eq!(read.run.ticks.last(), Some(&tick(2, "ben")), "cut after {cut}");
            // The line feed alone can be missing: then the line is whole.
            let lines = read.run.ticks.len() + read.unread.len();
            assert_eq!(lines, if cut == header { 1 } else { 2 }, "cut after {cut}");
        }
        fs::write(&path, "").unwrap();
        assert!(matches!(runs.read("torn"), Err(RunsError::NotARun { .. })));
    }

    #[test]
    fn what_was_ticked_on_a_copy_is_added_once() {
        let (here, away) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (runs, theirs) = (Runs::of(here.path()), Runs::of(away.path()));
        runs.begin("flood", &run("x")).unwrap();
        runs.tick("flood", &tick(1, "ada")).unwrap();
        assert_eq!(theirs.merge("flood", &runs.path("flood").unwrap()).unwrap(), 1);
        theirs.tick("flood", &tick(2, "ben")).unwrap();
        runs.tick("flood", &tick(3, "ada")).unwrap();
        let copy = theirs.path("flood").unwrap();
        assert_eq!(runs.merge("flood", &copy).unwrap(), 1);
        assert_eq!(runs.merge("flood", &copy).unwrap(), 0);
        assert_eq!(runs.read("flood").unwrap().run.ticks, [tick(1, "ada"), tick(2, "ben"), tick(3, "ada")]);
        theirs.begin("other", &run("y")).unwrap();
        let other = theirs.path("other").unwrap();
        assert!(matches!(runs.merge("flood", &other), Err(RunsError::NotARun { .. })));
        assert_eq!(runs.read("flood").unwrap().run.ticks.len(), 3);
    }
}
