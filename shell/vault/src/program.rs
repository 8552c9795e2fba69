//! Programs of others, run within bounds of time and size, and never longer than we live.
//!
//! A program gets no shell, only those variables of the environment that it needs to find its way, and a process group
//! of its own, which is killed with it. `setpriv --pdeathsig` (util-linux), where it is installed, has the kernel kill it
//! when the thread that started it ends, however it ends; so whoever starts a program must wait for it in the same
//! thread.

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::{
    env,
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

/// Within which a program must stay.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// When it must have ended.
    pub deadline: Instant,
    /// The most bytes that it may give.
    pub bytes: u64,
}

impl Bounds {
    /// So much time from now, and so many bytes.
    #[must_use]
    pub fn within(time: Duration, bytes: u64) -> Bounds {
        let now = Instant::now();
        // A time that no clock reaches is a year.
        let deadline = now.checked_add(time).unwrap_or(now + Duration::from_secs(365 * 24 * 3600));
        Bounds { deadline, bytes }
    }

    /// The same bytes, and at most so much time.
    #[must_use]
    pub fn at_most(self, time: Duration) -> Bounds {
        Bounds { deadline: self.deadline.min(Bounds::within(time, 0).deadline), ..self }
    }

    /// How much time is left.
    #[must_use]
    pub fn left(self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// Why a program did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It is not installed.
    #[error("`{program}` is not installed; install {package}")]
    Missing {
        /// Its name.
        program: String,
        /// What has it, in words.
        package: &'static str,
    },
    /// It ended, and said that it did not succeed.
    #[error("`{program}` {}{}", ended(*.status), what_it_said(.said))]
    Failed {
        /// Its name.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines that it said on its standard error.
        said: String,
    },
    /// It did not end in time and was killed.
    #[error("`{program}` had not ended after {} s and was killed{}", .after.as_secs(), what_it_said(.said))]
    TooLong {
        /// Its name.
        program: String,
        /// For how long it ran.
        after: Duration,
        /// The last lines that it said on its standard error.
        said: String,
    },
    /// It gave more than it may and was killed.
    #[error("`{program}` gave more than {limit} bytes and was killed")]
    TooLarge {
        /// Its name.
        program: String,
        /// The most that it may give.
        limit: u64,
    },
    /// It could not be started, or what it gave could not be kept.
    #[error("could not {what}: {cause}")]
    Io {
        /// What could not be done.
        what: String,
        /// Why.
        cause: io::Error,
    },
}

fn ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with {code}"),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => "did not end well".to_owned(),
    }
}

fn what_it_said(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

/// What a program reads.
pub(crate) enum Input<'a> {
    Nothing,
    Bytes(&'a [u8]),
    File(&'a Path),
}

/// Where what a program prints goes.
#[derive(Clone, Copy)]
pub(crate) enum Output<'a> {
    /// Into a new file that only its owner may read, on the disk when the program has ended.
    File(&'a Path),
    /// Into memory.
    Memory,
    /// Only its lines are counted.
    Lines,
}

/// What a program that ended well gave.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    /// What it printed, if that went into memory.
    pub(crate) printed: Vec<u8>,
    /// How many bytes it printed.
    pub(crate) bytes: u64,
    /// How many lines, if those were counted.
    pub(crate) lines: u64,
}

/// The variables that a program needs to find its way, and that hold no secret of ours: passphrases of repositories may
/// stand in others.
const ENVIRONMENT: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "SSH_AUTH_SOCK",
    "LD_LIBRARY_PATH",
];

/// Where programs are besides the places in `PATH`: a service's `PATH` often lacks the places of the system's own.
const PLACES: &[&str] = &["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Where a program is: by its path, or by its name in the usual places.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|path| path.is_file());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(PLACES.iter().map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// Where a program is, or which package has it.
pub(crate) fn need(program: &str, package: &'static str) -> Result<PathBuf, ProgramError> {
    find(program).ok_or_else(|| ProgramError::Missing { program: program.to_owned(), package })
}

/// A program about to be run, with nothing of our environment but [`ENVIRONMENT`], killed when this thread ends.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = match find("setpriv") {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "KILL", "--"]).arg(program);
            command
        }
        None => Command::new(program),
    };
    command.env_clear().process_group(0);
    for name in ENVIRONMENT {
        if let Some(value) = env::var_os(name) {
            command.env(name, value);
        }
    }
    // What programs say is looked at, and shown beside our own words.
    command.env("LC_MESSAGES", "C");
    command
}

/// A running program, killed with its process group when this is dropped.
pub(crate) struct Running {
    name: String,
    begin: Instant,
    child: Child,
    ended: Option<ExitStatus>,
    said: Receiver<Said>,
    tail: Tail,
}

/// What comes from the threads that read what a program says.
enum Said {
    Lines(Vec<u8>),
    End,
}

impl Running {
    /// Starts a program. `name` is how it is called in errors. What it prints comes back as a stream if `printed` is
    /// set, and is thrown away otherwise; what it says on its standard error is kept as far as its last lines go.
    pub(crate) fn start(
        name: &str,
        command: &mut Command,
        input: &Input,
        printed: bool,
    ) -> Result<(Running, Option<Box<dyn Read + Send>>), ProgramError> {
        let failed = |what: &str, cause| ProgramError::Io { what: format!("{what} `{name}`"), cause };
        match input {
            Input::Nothing => command.stdin(Stdio::null()),
            Input::Bytes(_) => command.stdin(Stdio::piped()),
            Input::File(path) => {
                command.stdin(File::open(path).map_err(|cause| failed("open what is given to", cause))?)
            }
        };
        command.stdout(if printed { Stdio::piped() } else { Stdio::null() }).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|cause| failed("start", cause))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take();
        let stderr = child.stderr.take();
        let (send, said) = mpsc::channel();
        let running = Running {
            name: name.to_owned(),
            begin: Instant::now(),
            child,
            ended: None,
            said,
            tail: Tail::default(),
        };
        if let Some(mut stderr) = stderr {
            thread::spawn(move || {
                let mut buffer = vec![0; 8 << 10];
                while let Ok(count @ 1..) = stderr.read(&mut buffer) {
                    let lines = buffer.get(..count).unwrap_or_default().to_vec();
                    if send.send(Said::Lines(lines)).is_err() {
                        break;
                    }
                }
                let _ = send.send(Said::End);
            });
        }
        if let (Some(mut stdin), Input::Bytes(bytes)) = (stdin, input) {
            let bytes = bytes.to_vec();
            // A program that ends without reading it is not at fault for that.
            thread::spawn(move || stdin.write_all(&bytes));
        }
        Ok((running, stdout.map(|stdout| Box::new(stdout) as Box<dyn Read + Send>)))
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        while let Ok(Said::Lines(lines)) = self.said.try_recv() {
            self.tail.push(&lines);
        }
        if self.ended.is_none() && self.has_ended() {
            self.kill();
        }
        self.ended
    }

    /// Whether it has ended. It is not waited for yet, so that its number is still its own.
    fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        self.number().is_some_and(|number| matches!(waitid(WaitId::Pid(number), options), Ok(Some(_))))
    }

    fn number(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    /// The last lines that it said on its standard error. Waits a moment for what is on its way.
    pub(crate) fn said(&mut self) -> String {
        let until = Instant::now() + LAST_WORDS;
        while let Ok(Said::Lines(lines)) =
            self.said.recv_timeout(until.saturating_duration_since(Instant::now()))
        {
            self.tail.push(&lines);
        }
        self.tail.text()
    }

    /// Kills it and whatever it left behind in its process group, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        // Once it was waited for, its number may be that of another.
        if self.ended.is_none() {
            if let Some(group) = self.number() {
                let _ = kill_process_group(group, Signal::KILL);
            }
            let _ = self.child.kill();
            self.ended = self.child.wait().ok();
        }
    }

    /// Asks it to end, and its process group with it.
    pub(crate) fn ask_to_end(&mut self) {
        if self.ended.is_none()
            && let Some(group) = self.number()
        {
            let _ = kill_process_group(group, Signal::TERM);
        }
    }

    fn too_long(&mut self) -> ProgramError {
        self.kill();
        let (program, after) = (self.name.clone(), self.begin.elapsed());
        ProgramError::TooLong { program, after, said: self.said() }
    }

    fn failed(&mut self, status: ExitStatus) -> ProgramError {
        ProgramError::Failed { program: self.name.clone(), status, said: self.said() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How long we wait for the last words of a program that has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How often we look whether a program has ended.
const LOOK: Duration = Duration::from_millis(10);

/// Runs a program to its end. `name` is how it is called in errors.
pub(crate) fn run(
    name: &str,
    command: &mut Command,
    input: &Input,
    output: Output,
    bounds: Bounds,
) -> Result<Ran, ProgramError> {
    run_watched(name, command, input, output, bounds, || Ok(()))
}

/// Runs a program to its end, and calls `look` now and then while it runs. An error of `look` ends the program.
pub(crate) fn run_watched(
    name: &str,
    command: &mut Command,
    input: &Input,
    output: Output,
    bounds: Bounds,
    mut look: impl FnMut() -> Result<(), ProgramError>,
) -> Result<Ran, ProgramError> {
    let sink = Sink::open(name, output)?;
    let (mut running, printed) = Running::start(name, command, input, true)?;
    let (send, kept) = mpsc::channel();
    if let Some(printed) = printed {
        thread::spawn(move || send.send(sink.keep(printed, bounds.bytes)));
    }
    let kept = loop {
        match kept.recv_timeout(LOOK) {
            Ok(kept) => break kept,
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                break Err(Kept::Cause(io::ErrorKind::BrokenPipe.into()));
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
        look()?;
        if Instant::now() >= bounds.deadline {
            return Err(running.too_long());
        }
        // A child of it may hold its output open after it has failed.
        if let Some(status) = running.ended().filter(|status| !status.success()) {
            return Err(running.failed(status));
        }
    };
    let kept = match kept {
        Ok(ran) => ran,
        Err(Kept::TooLarge) => {
            running.kill();
            return Err(ProgramError::TooLarge { program: name.to_owned(), limit: bounds.bytes });
        }
        Err(Kept::Cause(cause)) => {
            running.kill();
            return Err(ProgramError::Io { what: format!("keep what `{name}` prints"), cause });
        }
    };
    loop {
        match running.ended() {
            Some(status) if status.success() => return Ok(kept),
            Some(status) => return Err(running.failed(status)),
            None if Instant::now() >= bounds.deadline => return Err(running.too_long()),
            None => thread::sleep(LOOK),
        }
        look()?;
    }
}

/// Where a program's output is kept while it runs.
enum Sink {
    File(File),
    Memory,
    Lines,
}

/// Why output was not kept.
enum Kept {
    TooLarge,
    Cause(io::Error),
}

impl Sink {
    fn open(name: &str, output: Output) -> Result<Sink, ProgramError> {
        Ok(match output {
            Output::File(path) => Sink::File(new_private_file(path).map_err(|cause| ProgramError::Io {
                what: format!("make a file for what `{name}` prints"),
                cause,
            })?),
            Output::Memory => Sink::Memory,
            Output::Lines => Sink::Lines,
        })
    }

    fn keep(self, mut printed: impl Read, limit: u64) -> Result<Ran, Kept> {
        let mut ran = Ran::default();
        let mut buffer = vec![0; 64 << 10];
        loop {
            let count = match printed.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Kept::Cause(error)),
            };
            let bytes = buffer.get(..count).unwrap_or_default();
            ran.bytes += count as u64;
            if ran.bytes > limit {
                return Err(Kept::TooLarge);
            }
            match &self {
                Sink::File(file) => (&*file).write_all(bytes).map_err(Kept::Cause)?,
                Sink::Memory => ran.printed.extend_from_slice(bytes),
                Sink::Lines => ran.lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64,
            }
        }
        if let Sink::File(file) = &self {
            file.sync_all().map_err(Kept::Cause)?;
        }
        Ok(ran)
    }
}

/// A new file that only its owner may read or write.
pub(crate) fn new_private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// The last lines of what was said, within bounds.
#[derive(Default)]
struct Tail(Vec<u8>);

impl Tail {
    const BYTES: usize = 4 << 10;
    const LINES: usize = 12;

    fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        let over = self.0.len().saturating_sub(Tail::BYTES);
        self.0.drain(..over);
    }

    fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.0);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let from = lines.len().saturating_sub(Tail::LINES);
        let last = lines.get(from..).unwrap_or_default().join("; ");
        // What moves a terminal's cursor has no place in an error.
        last.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    }
}

/// How a program and its arguments are called in errors: by the program's own name.
pub(crate) fn name_of(program: impl AsRef<OsStr>) -> String {
    let path = Path::new(program.as_ref());
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, output: Output, bounds: Bounds) -> Result<Ran, ProgramError> {
        let mut command = command(Path::new("/bin/sh"));
        run("sh", command.args(["-c", script]), &Input::Nothing, output, bounds)
    }

    fn second() -> Bounds {
        Bounds::within(Duration::from_secs(5), 1 << 20)
    }

    #[test]
    fn what_a_program_prints_is_kept_and_what_it_says_is_told_when_it_fails() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out");
        let ran = shell("echo one; echo two >&2", Output::File(&file), second()).unwrap();
        assert_eq!((ran.bytes, fs::read_to_string(&file).unwrap().as_str()), (4, "one\n"));
        assert_eq!(shell("printf 'a\\nb\\n'", Output::Lines, second()).unwrap().lines, 2);
        let error = shell("echo no such table >&2; exit 3", Output::Memory, second()).unwrap_err();
        assert_eq!(error.to_string(), "`sh` ended with 3: no such table");
    }

    #[test]
    fn a_program_stays_within_its_time_and_its_bytes() {
        let begin = Instant::now();
        let short = Bounds::within(Duration::from_millis(300), 1 << 20);
        let error = shell("sleep 30", Output::Memory, short).unwrap_err();
        assert!(matches!(error, ProgramError::TooLong { .. }), "{error}");
        let small = Bounds { bytes: 1000, ..second() };
        let error = shell("exec yes", Output::Memory, small).unwrap_err();
        assert!(matches!(error, ProgramError::TooLarge { limit: 1000, .. }), "{error}");
        assert!(begin.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn the_environment_is_not_handed_on() {
        // Cargo sets it for every test.
        assert!(env::var_os("CARGO_MANIFEST_DIR").is_some());
        let ran = shell("env", Output::Memory, second()).unwrap();
        let printed = String::from_utf8(ran.printed).unwrap();
        assert!(printed.contains("PATH=") && !printed.contains("CARGO"), "{printed}");
    }
}
