//! Restorations that people work through: a file each, `runs/ID.ndjson`, with a line that says what it is and a line for
//! each tick. Lines are only ever added, by whoever has the file: the console, the command line, or a copy of it on a
//! machine that is cut off, whose lines are added later. So a file is never repaired: a line that cannot be read is
//! passed over and counted, and the rest is as good as before.

use crate::durable::{FileError, failed, make_directory, private, sync_directory};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    marker::PhantomData,
    path::{Path, PathBuf},
};

/// The folder within a state directory.
pub const FOLDER: &str = "runs";

/// What a file's name ends with.
const ENDING: &str = ".ndjson";

/// The longest id.
const ID_MAX: usize = 64;

/// The longest line that is written or read, in bytes.
const LINE_MAX: usize = 1 << 20;

/// The largest file that is read: a run of 2,000 steps with every one ticked ten times is a hundredth of it.
const FILE_MAX: u64 = 64 << 20;

/// The most runs that are listed, the latest first.
const RUNS_MAX: usize = 1_000;

/// Why a run could not be begun, read or added to.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// An id that no run has: ids are of small letters, digits and hyphens.
    #[error("`{0}` is no run's name: it may have small letters, digits and hyphens")]
    BadId(String),
    /// A run of that name exists.
    #[error("there is a run `{0}` already")]
    Exists(String),
    /// There is no such run.
    #[error("there is no run `{0}`")]
    Unknown(String),
    /// The first line of a file does not say what it is.
    #[error("`{}` is no run's file: its first line cannot be read", .0.display())]
    NoHeader(PathBuf),
    /// A copy is of another run.
    #[error("`{}` is a copy of another run", .0.display())]
    OtherRun(PathBuf),
    /// A line is too long, or a file too large.
    #[error("`{}` would be larger than any run is", .0.display())]
    TooLarge(PathBuf),
    /// What was to be written has no written form.
    #[error("a line of the run could not be written down: {0}")]
    Form(#[from] serde_json::Error),
}

/// A run as its file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFile<Header, Tick> {
    /// What it is.
    pub header: Header,
    /// What was ticked, in the order of the file.
    pub ticks: Vec<Tick>,
    /// How many lines could not be read.
    pub damaged: usize,
}

/// The runs of a state directory: `Header` is what a run's first line says, `Tick` what each other line says.
#[derive(Debug)]
pub struct Runs<Header, Tick> {
    folder: PathBuf,
    kinds: PhantomData<fn() -> (Header, Tick)>,
}

impl<Header, Tick> Clone for Runs<Header, Tick> {
    fn clone(&self) -> Self {
        Runs { folder: self.folder.clone(), kinds: PhantomData }
    }
}

impl<Header, Tick> Runs<Header, Tick>
where
    Header: Serialize + DeserializeOwned + PartialEq,
    Tick: Serialize + DeserializeOwned + PartialEq,
{
    /// The runs of a state directory. Nothing is made before the first is begun.
    #[must_use]
    pub fn of(state: &Path) -> Runs<Header, Tick> {
        Runs { folder: state.join(FOLDER), kinds: PhantomData }
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

    /// Begins a run: its file, with its first line, is on disk when this returns.
    ///
    /// # Errors
    ///
    /// There is a run of that name, or the file could not be written.
    pub fn begin(&self, id: &str, header: &Header) -> Result<(), RunsError> {
        let path = self.path(id)?;
        make_directory(&self.folder)?;
        // The first line comes into being with the file: whoever lists the folder meanwhile never sees it empty.
        let aside = self.folder.join(format!("{id}.{}.unfinished", std::process::id()));
        let text = line(header, &path)?;
        let written = (|| {
            let mut file = private().write(true).create(true).truncate(true).open(&aside)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            // Unlike a rename, a link does not take the place of a run that is there.
            fs::hard_link(&aside, &path)
        })();
        let _ = fs::remove_file(&aside);
        match written {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Err(RunsError::Exists(id.to_owned())),
            Err(cause) => Err(failed("write", &path)(cause).into()),
            Ok(()) => Ok(sync_directory(&self.folder)?),
        }
    }

    /// Reads a run.
    ///
    /// # Errors
    ///
    /// There is none of that name, or its file could not be read.
    pub fn read(&self, id: &str) -> Result<RunFile<Header, Tick>, RunsError> {
        let path = self.path(id)?;
        match read(&path) {
            Err(RunsError::File(error)) if error.is_missing() => Err(RunsError::Unknown(id.to_owned())),
            read => read,
        }
    }

    /// Adds a tick to a run: it is on disk when this returns. Several may do so at once.
    ///
    /// # Errors
    ///
    /// There is no run of that name, or its file could not be written.
    pub fn tick(&self, id: &str, tick: &Tick) -> Result<(), RunsError> {
        let path = self.path(id)?;
        append(&path, &line(tick, &path)?).map_err(|error| match error {
            RunsError::File(error) if error.is_missing() => RunsError::Unknown(id.to_owned()),
            error => error,
        })
    }

    /// Adds from a copy of a run what the run does not have: someone worked with it where nobody could be reached. If
    /// there is no run of that name, the copy becomes it. Returns how many ticks were new.
    ///
    /// # Errors
    ///
    /// The copy is of another run, or a file could not be read or written.
    pub fn merge(&self, id: &str, copy: &Path) -> Result<usize, RunsError> {
        let theirs: RunFile<Header, Tick> = read(copy)?;
        let ours = match self.read(id) {
            Err(RunsError::Unknown(_)) => {
                self.begin(id, &theirs.header)?;
                RunFile { header: theirs.header, ticks: Vec::new(), damaged: 0 }
            }
            Ok(ours) if ours.header == theirs.header => ours,
            Ok(_) => return Err(RunsError::OtherRun(copy.to_path_buf())),
            Err(error) => return Err(error),
        };
        let path = self.path(id)?;
        let (mut text, mut new) = (String::new(), 0);
        for tick in theirs.ticks.iter().filter(|tick| !ours.ticks.contains(tick)) {
            text.push_str(&line(tick, &path)?);
            new += 1;
        }
        if new > 0 {
            append(&path, &text)?;
        }
        Ok(new)
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

fn line(value: &impl Serialize, path: &Path) -> Result<String, RunsError> {
    let mut text = serde_json::to_string(value)?;
    text.push('\n');
    if text.len() > LINE_MAX { Err(RunsError::TooLarge(path.to_path_buf())) } else { Ok(text) }
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

fn read<Header: DeserializeOwned, Tick: DeserializeOwned>(path: &Path) -> Result<RunFile<Header, Tick>, RunsError> {
    let file = File::open(path).map_err(failed("read", path))?;
    let mut bytes = Vec::new();
    file.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(failed("read", path))?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(RunsError::TooLarge(path.to_path_buf()));
    }
    let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let header = lines.next().and_then(|line| serde_json::from_slice(line).ok());
    let header = header.ok_or_else(|| RunsError::NoHeader(path.to_path_buf()))?;
    let (mut ticks, mut damaged) = (Vec::new(), 0);
    for line in lines {
        match serde_json::from_slice(line) {
            Ok(tick) => ticks.push(tick),
            Err(_) => damaged += 1,
        }
    }
    Ok(RunFile { header, ticks, damaged })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run as in a test: what is lost, and who did what.
    type Plain = Runs<String, (u32, String)>;

    #[test]
    fn a_run_is_begun_once_and_every_tick_is_kept() {
        let state = tempfile::tempdir().unwrap();
        let runs = Plain::of(state.path());
        assert_eq!(runs.list().unwrap(), [""; 0]);
        runs.begin("flood", &"site:cellar".to_owned()).unwrap();
        assert!(matches!(runs.begin("flood", &"other".to_owned()), Err(RunsError::Exists(_))));
        runs.tick("flood", &(1, "ada".into())).unwrap();
        runs.tick("flood", &(2, "new\nline".into())).unwrap();
        let read = runs.read("flood").unwrap();
        assert_eq!((read.header.as_str(), read.ticks.len(), read.damaged), ("site:cellar", 2, 0));
        assert_eq!(runs.list().unwrap(), ["flood"]);
        assert!(matches!(runs.read("fire"), Err(RunsError::Unknown(_))));
        assert!(matches!(runs.tick("fire", &(1, "ada".into())), Err(RunsError::Unknown(_))));
        for bad in ["", "../flood", "Flood", "-x", "a/b", &"a".repeat(65)] {
            assert!(matches!(runs.read(bad), Err(RunsError::BadId(_))), "{bad}");
        }
    }

    #[test]
    fn many_write_at_once_and_no_line_is_lost_or_mixed() {
        let state = tempfile::tempdir().unwrap();
        let runs = Plain::of(state.path());
        runs.begin("storm", &"everything".to_owned()).unwrap();
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let runs = runs.clone();
                scope.spawn(move || {
                    for _ in 0..25 {
                        runs.tick("storm", &(writer, "x".repeat(500))).unwrap();
                    }
                });
            }
        });
        let read = runs.read("storm").unwrap();
        assert_eq!((read.ticks.len(), read.damaged), (200, 0));
        assert!((0..8).all(|writer| read.ticks.iter().filter(|tick| tick.0 == writer).count() == 25));
    }

    #[test]
    fn a_torn_last_line_costs_itself_and_nothing_else() {
        let state = tempfile::tempdir().unwrap();
        let runs = Plain::of(state.path());
        runs.begin("torn", &"x".to_owned()).unwrap();
        runs.tick("torn", &(1, "ada".into())).unwrap();
        let path = runs.path("torn").unwrap();
        let whole = fs::read(&path).unwrap();
        for cut in 4..whole.len() {
            fs::write(&path, whole.get(..cut).unwrap()).unwrap();
            runs.tick("torn", &(2, "ben".into())).unwrap();
            let read = runs.read("torn").unwrap();
            assert_eq!(read.ticks.last(), Some(&(2, "ben".to_owned())), "cut after {cut}");
            // The line feed alone can be missing: then the line is whole.
            assert_eq!(read.ticks.len() + read.damaged, if cut == 4 { 1 } else { 2 }, "cut after {cut}");
        }
        fs::write(&path, "").unwrap();
        assert!(matches!(runs.read("torn"), Err(RunsError::NoHeader(_))));
    }

    #[test]
    fn what_was_ticked_on_a_copy_is_added_once() {
        let (here, away) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (runs, theirs) = (Plain::of(here.path()), Plain::of(away.path()));
        runs.begin("flood", &"x".to_owned()).unwrap();
        runs.tick("flood", &(1, "ada".into())).unwrap();
        assert_eq!(theirs.merge("flood", &runs.path("flood").unwrap()).unwrap(), 1);
        theirs.tick("flood", &(2, "ben".into())).unwrap();
        runs.tick("flood", &(3, "ada".into())).unwrap();
        let copy = theirs.path("flood").unwrap();
        assert_eq!(runs.merge("flood", &copy).unwrap(), 1);
        assert_eq!(runs.merge("flood", &copy).unwrap(), 0);
        let mut ticks: Vec<u32> = runs.read("flood").unwrap().ticks.iter().map(|tick| tick.0).collect();
        ticks.sort_unstable();
        assert_eq!(ticks, [1, 2, 3]);
        theirs.begin("other", &"y".to_owned()).unwrap();
        assert!(matches!(runs.merge("flood", &theirs.path("other").unwrap()), Err(RunsError::OtherRun(_))));
    }
}
