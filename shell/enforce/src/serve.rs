//! The process: a socket, a clock, and the acts of the machine carried out.

use crate::{
    disk::{Disk, DiskError},
    machine::{Act, Machine, Now, Outcome, State, Step},
    nft::Nft,
    rights, text,
    words::{Answer, Asked, Digest, LINE_MAX, Request, Texts},
};
use jiff::Timestamp;
use rustix::{
    fs::Mode,
    net::sockopt::socket_peercred,
    process::umask,
    time::{ClockId, clock_gettime},
};
use std::{
    convert::Infallible,
    fs::{self, DirBuilder},
    io::{self, Read as _, Write as _},
    os::unix::{
        fs::DirBuilderExt as _,
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// How many may be connected at a time.
const CONNECTIONS_MAX: usize = 16;

/// How many requests one connection may make.
const REQUESTS_MAX: usize = 1_000;

/// How long a line may take to arrive, and how long nothing may be asked.
const LINE_PATIENCE: Duration = Duration::from_secs(60);

/// How often deadlines are looked at.
const TICK: Duration = Duration::from_millis(100);

/// How the enforcer is run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The state directory. Nobody else may write there.
    pub state: PathBuf,
    /// The socket. Whoever may open it may change the firewall: its user and its group.
    pub socket: PathBuf,
    /// nft's absolute path; looked for in the usual places without one.
    pub nft: Option<PathBuf>,
    /// Where lines of the log go.
    pub tell: fn(&str),
}

/// Why the enforcer does not run.
#[derive(Debug, thiserror::Error)]
pub enum EnforceError {
    /// The state directory cannot be used.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// What is live cannot be read.
    #[error("what is live cannot be read: {0}")]
    Live(String),
    /// There is no nft.
    #[error("nft was not found; install the package nftables, or give its absolute path")]
    NoNft,
    /// It has not the rights that it needs, or could not give up others.
    #[error("rights: {0}")]
    Rights(io::Error),
    /// It cannot listen.
    #[error("cannot listen at {}: {cause}", path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The confirmed rules are not in force.
    #[error("{0}")]
    Unsettled(String),
}

/// Runs the enforcer: settles what was left, then answers requests and keeps deadlines, without end.
///
/// Every right but `CAP_NET_ADMIN` is given up first, so this belongs before other threads are started.
///
/// # Errors
///
/// If it cannot begin.
pub fn run(settings: &Settings) -> Result<Infallible, EnforceError> {
    let (core, _) = Core::start(settings)?;
    let failed = |cause| EnforceError::Socket { path: settings.socket.clone(), cause };
    let listener = listen(&settings.socket).map_err(failed)?;
    (settings.tell)(&format!("the enforcer listens at {}", settings.socket.display()));
    let core = Arc::new(Mutex::new(core));
    let clock = core.clone();
    thread::Builder::new().name("deadlines".into()).spawn(move || keep_deadlines(&clock)).map_err(failed)?;
    let connected = Arc::new(AtomicUsize::new(0));
    loop {
        let Ok((stream, _)) = listener.accept() else {
            // Too many files are open, perhaps: deadlines are kept meanwhile.
            thread::sleep(TICK);
            continue;
        };
        if connected.load(Ordering::SeqCst) >= CONNECTIONS_MAX {
            let _ = say(&stream, &Answer::Refused("too many are connected; try again".into()));
            continue;
        }
        connected.fetch_add(1, Ordering::SeqCst);
        let (core, connected_here) = (core.clone(), connected.clone());
        let begun = thread::Builder::new().name("connection".into()).spawn(move || {
            let _ = converse(&stream, &core);
            connected_here.fetch_sub(1, Ordering::SeqCst);
        });
        if begun.is_err() {
            connected.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Settles what an enforcer that is no more left behind, and ends: a pending change is reverted. Says what was done.
///
/// # Errors
///
/// If it cannot begin, or the confirmed rules could not be put back.
pub fn settle(settings: &Settings) -> Result<String, EnforceError> {
    match Core::start(settings)?.1 {
        None => Ok("nothing was left to settle".into()),
        Some(answer @ Answer::Done(_)) => Ok(answer.to_string()),
        Some(other) => Err(EnforceError::Unsettled(other.to_string())),
    }
}

/// What carries out acts.
struct Core {
    machine: Machine,
    disk: Disk,
    nft: Nft,
    tell: fn(&str),
}

impl Core {
    /// Opens everything and settles what was left; the answer says what that was.
    fn start(settings: &Settings) -> Result<(Core, Option<Answer>), EnforceError> {
        rights::keep_net_admin().map_err(EnforceError::Rights)?;
        let nft = Nft::find(settings.nft.as_deref()).ok_or(EnforceError::NoNft)?;
        let disk = Disk::open(&settings.state)?;
        let on_disk = disk.state()?;
        // Before the lock was had, an nft of a killed enforcer could still have changed it.
        let live = nft.live().map_err(EnforceError::Live)?;
        let (machine, step) = Machine::start(on_disk, &live, now());
        let mut core = Core { machine, disk, nft, tell: settings.tell };
        let answer = step.map(|step| core.go(step));
        if let Some(answer) = &answer {
            core.tell(&format!("at the start: {answer}"));
        }
        Ok((core, answer))
    }

    /// Carries acts out until there is an answer.
    fn go(&mut self, mut step: Step) -> Answer {
        loop {
            match step {
                Step::Say(answer) => return answer,
                Step::Do(act) => {
                    let outcome = self.carry_out(act);
                    step = self.machine.went(outcome, now());
                }
            }
        }
    }

    /// Reverts what was not confirmed in time.
    fn tick(&mut self) {
        if let Some(step) = self.machine.tick(now()) {
            let answer = self.go(step);
            self.tell(&format!("not confirmed in time: {answer}"));
        }
    }

    /// Logs one line: what nft says of a text must not begin another.
    fn tell(&self, what: &str) {
        (self.tell)(&what.replace(|letter: char| letter.is_control(), " "));
    }

    fn carry_out(&self, act: Act) -> Result<Outcome, String> {
        let state = self.machine.state();
        match act {
            Act::Check { text, sets } => {
                let all = text::replacement(&self.nft.families()?, &text, &sets, &state.contained());
                self.nft.check(&all).map(|()| Outcome::Done)
            }
            Act::Elements { add, remove } => {
                let all = text::additions(&add) + &text::removals(&remove);
                self.nft.load(&all).map(|()| Outcome::Done)
            }
            Act::Keep { state, texts, needs } => {
                needs.map(|digest| self.text(&digest)).transpose()?;
                self.disk.keep(&state, &texts).map(|()| Outcome::Done).map_err(|error| error.to_string())
            }
            Act::Load(held) => {
                let text = held.as_ref().map_or(Ok(String::new()), |held| self.text(&held.text))?;
                let sets = held.map(|held| held.sets).unwrap_or_default();
                let all = text::replacement(&self.nft.families()?, &text, &sets, &state.contained());
                self.nft.load(&all)?;
                self.nft.live().map(Outcome::Live)
            }
            Act::Look { texts } => {
                let live = self.nft.live()?;
                let should_be = state.settled.as_ref().map(|digest| self.text(digest)).transpose()?;
                let texts = texts.then(|| self.texts(state, &live.text)).transpose()?;
                Ok(Outcome::Looked { live, should_be, texts })
            }
        }
    }

    fn text(&self, digest: &Digest) -> Result<String, String> {
        self.disk.text(digest).map_err(|error| error.to_string())
    }

    fn texts(&self, state: &State, live: &str) -> Result<Texts, String> {
        let read = |digest: Option<&Digest>| digest.map(|digest| self.text(digest)).transpose();
        let staged = state.staged.as_ref();
        let observing = staged.and_then(|staged| staged.observing.as_ref());
        Ok(Texts {
            live: live.to_owned(),
            should_be: read(state.should_be().map(|held| &held.text))?,
            staged: read(staged.map(|staged| &staged.enforcing.text))?,
            staged_observing: read(observing.map(|observing| &observing.text))?,
        })
    }
}

/// A thread that panicked leaves the machine as it is on disk; the others go on.
fn lock(core: &Mutex<Core>) -> MutexGuard<'_, Core> {
    core.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> Now {
    let boot = clock_gettime(ClockId::Boottime);
    let boot = Duration::new(boot.tv_sec.unsigned_abs(), u32::try_from(boot.tv_nsec).unwrap_or_default());
    Now { boot, wall: Timestamp::now() }
}

fn keep_deadlines(core: &Mutex<Core>) -> ! {
    loop {
        lock(core).tick();
        thread::sleep(TICK);
    }
}

/// Makes the socket, for its user and group alone.
fn listen(path: &Path) -> io::Result<UnixListener> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o750).create(folder)?;
    }
    match UnixStream::connect(path) {
        Ok(_) => return Err(io::Error::other("another process listens there")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)?,
        Err(_) => {}
    }
    // Whatever is made from here on is not for others, from its first moment.
    umask(Mode::from_raw_mode(0o117));
    UnixListener::bind(path)
}

/// Answers what one connection asks.
fn converse(mut stream: &UnixStream, core: &Mutex<Core>) -> io::Result<()> {
    let peer = socket_peercred(stream)?;
    let peer = format!("user {}, process {}", peer.uid.as_raw(), peer.pid.as_raw_nonzero());
    stream.set_write_timeout(Some(LINE_PATIENCE))?;
    let mut behind = Vec::new();
    for _ in 0..REQUESTS_MAX {
        let line = match read_line(&mut stream, &mut behind)? {
            Line::End => return Ok(()),
            Line::TooLong => {
                let why = format!("a request has no more than {LINE_MAX} bytes");
                return say(stream, &Answer::Refused(why));
            }
            Line::Whole(line) => line,
        };
        let answer = match Asked::read(&line) {
            Err(why) => Answer::Refused(why),
            Ok(Asked { who, request }) => {
                let looks_only = matches!(request, Request::Show { .. });
                let what = request.to_string();
                let mut core = lock(core);
                // Whoever asks and asks must not keep a deadline waiting.
                core.tick();
                let step = core.machine.ask(request, who.clone(), now());
                let answer = core.go(step);
                if !looks_only {
                    core.tell(&format!("{who} ({peer}): {what}: {answer}"));
                }
                answer
            }
        };
        say(stream, &answer)?;
    }
    Ok(())
}

enum Line {
    End,
    TooLong,
    Whole(Vec<u8>),
}

/// Reads a line. What came behind it is kept for the next.
fn read_line(stream: &mut &UnixStream, behind: &mut Vec<u8>) -> io::Result<Line> {
    let begin = Instant::now();
    let mut line = std::mem::take(behind);
    let mut seen = 0;
    let mut chunk = vec![0; 64 << 10];
    loop {
        if let Some(end) = line.iter().skip(seen).position(|byte| *byte == b'\n') {
            *behind = line.split_off(seen + end + 1);
            return Ok(Line::Whole(line));
        }
        seen = line.len();
        if seen > LINE_MAX {
            return Ok(Line::TooLong);
        }
        let left = LINE_PATIENCE.saturating_sub(begin.elapsed());
        if left.is_zero() {
            return Ok(Line::End);
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut chunk)? {
            0 => return Ok(Line::End),
            length => line.extend_from_slice(chunk.get(..length).unwrap_or_default()),
        }
    }
}

fn say(mut stream: &UnixStream, answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    stream.write_all(&line)
}
