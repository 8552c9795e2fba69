//! Isolated places: where programs run on what was restored, and can neither reach nor change anything else.
//!
//! A place is a set of namespaces of the kernel (`namespaces(7)`), made by `unshare` and entered by `nsenter` (util-linux):
//!
//! - **Network**: a loopback of its own, and no way out.
//! - **Files**: one folder, [`INSIDE`], can be written. All else is read-only, and empty where sockets of services and
//!   passing files lie: `/run`, `/tmp`, `/var/tmp`, `/dev/shm`.
//! - **Processes**: none but its own are seen. When its first process ends, the kernel kills all others, whatever they
//!   did to hide. The first process ends when its input does, and so when this process ends, however it ends: a drill
//!   that was killed leaves nothing running and nothing mounted.
//! - **User**: for root, programs run as `nobody`, without rights. For others the place lies in a user namespace and
//!   programs run as who they are.

use crate::program::{self, Bounds, Input, ProgramError, Running};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    marker::PhantomData,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// Where the folder of a place is for the programs in it.
pub const INSIDE: &str = "/run/place";

/// What is done where a machine cannot isolate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Nothing is started.
    #[default]
    Required,
    /// Programs are started all the same, in the folder, with the network that there is: somebody said so.
    Waived,
}

/// Why there is no isolated place.
#[derive(Debug, thiserror::Error)]
pub enum IsolationError {
    /// A program is missing.
    #[error("programs cannot be isolated here: {0}")]
    Missing(ProgramError),
    /// The kernel or its configuration refuses.
    #[error(
        "programs cannot be isolated here: {0}; run the drill as root or where user namespaces are allowed, or say \
         that programs may run without isolation"
    )]
    Refused(String),
}

/// The user `nobody` and the group `nogroup` or `nobody`, by their numbers in every distribution.
pub(crate) const NOBODY: u32 = 65534;

/// How long a place may take to be made.
const MAKING: Duration = Duration::from_secs(20);
/// How long a place may take to be gone.
const ENDING: Duration = Duration::from_secs(10);
/// How long a server may take to end by itself.
const STOPPING: Duration = Duration::from_secs(5);

/// A place where programs can run. What runs in it is gone when it is dropped.
///
/// It stays in the thread that made it: its first process is killed when that thread ends.
#[derive(Debug)]
pub struct Place {
    folder: PathBuf,
    /// None where isolation was waived.
    holder: Option<Holder>,
    _stays: PhantomData<*const ()>,
}

/// The process that holds the namespaces.
#[derive(Debug)]
struct Holder {
    child: Child,
    /// Its end is the end of the place.
    input: Option<ChildStdin>,
}

impl Place {
    /// Makes a place of a folder. For root, the folder and all in it are given to `nobody`.
    ///
    /// # Errors
    /// This machine cannot isolate, and that was not waived.
    pub fn open(folder: &Path, isolation: Isolation) -> Result<Place, IsolationError> {
        let refused = |error: std::io::Error| {
            IsolationError::Refused(format!("the folder `{}`: {error}", folder.display()))
        };
        let folder = folder.canonicalize().map_err(refused)?;
        if is_root() {
            give_to_nobody(&folder).map_err(refused)?;
        }
        let holder = match (Holder::start(&folder), isolation) {
            (Ok(holder), _) => Some(holder),
            (Err(_), Isolation::Waived) => None,
            (Err(error), Isolation::Required) => return Err(error),
        };
        Ok(Place { folder, holder, _stays: PhantomData })
    }

    /// Whether programs in it are kept apart, and not only started in its folder.
    #[must_use]
    pub fn is_isolated(&self) -> bool {
        self.holder.is_some()
    }

    /// The place's folder, or something in it, as the programs in it see it.
    pub(crate) fn inside(&self, path: &Path) -> PathBuf {
        let top = if self.is_isolated() { Path::new(INSIDE) } else { &self.folder };
        match path.strip_prefix(&self.folder) {
            // Joined with nothing, a path ends with a slash.
            Ok(within) if within != Path::new("") => top.join(within),
            _ => top.to_path_buf(),
        }
    }

    /// A program that will run in the place, with the folder as its working directory.
    pub(crate) fn command(&self, program: &Path) -> Result<Command, ProgramError> {
        let mut command = match &self.holder {
            Some(holder) => {
                let namespace = |name: &str| format!("/proc/{}/ns/{name}", holder.child.id());
                let mut command = program::command(&program::need("nsenter", UTIL_LINUX)?);
                if !is_root() {
                    command.arg(format!("--user={}", namespace("user"))).arg("--preserve-credentials");
                }
                for (option, name) in [
                    ("mount", "mnt"),
                    ("net", "net"),
                    ("ipc", "ipc"),
                    ("uts", "uts"),
                    ("pid", "pid_for_children"),
                ] {
                    command.arg(format!("--{option}={}", namespace(name)));
                }
                // The working directory of before is not of this place.
                command.args(["--", "/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", INSIDE]);
                command.arg(program::need("setpriv", UTIL_LINUX)?);
                command
            }
            None => {
                let mut command = program::command(&program::need("setpriv", UTIL_LINUX)?);
                command.current_dir(&self.folder);
                // A change of user takes back that the kernel kills it with us; it is asked for again.
                command.args(["--pdeathsig", "KILL"]);
                command
            }
        };
        command.args(["--no-new-privs", "--inh-caps=-all"]);
        if is_root() {
            command.arg(format!("--reuid={NOBODY}")).arg(format!("--regid={NOBODY}"));
            command.args(["--clear-groups", "--bounding-set=-all"]);
        }
        command.arg("--").arg(program);
        for name in ["USER", "LOGNAME", "SSH_AUTH_SOCK"] {
            command.env_remove(name);
        }
        command.env("HOME", self.inside(&self.folder)).env("TMPDIR", "/tmp");
        Ok(command)
    }
}

const UTIL_LINUX: &str = "util-linux";

impl Holder {
    fn start(folder: &Path) -> Result<Holder, IsolationError> {
        const SCRIPT: &str = include_str!("isolation/inside.sh");
        let need = |name: &str, package| program::need(name, package).map_err(IsolationError::Missing);
        for (name, package) in
            [("nsenter", UTIL_LINUX), ("setpriv", UTIL_LINUX), ("mount", "mount"), ("ip", "iproute2")]
        {
            need(name, package)?;
        }
        let mut command = program::command(&need("unshare", UTIL_LINUX)?);
        if !is_root() {
            command.args(["--user", "--map-current-user", "--keep-caps"]);
        }
        command.args(["--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child", "--"]);
        command.args(["/bin/sh", "-c", SCRIPT, "sh"]).arg(folder);
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let refused = |error: std::io::Error| IsolationError::Refused(format!("unshare: {error}"));
        let mut child = command.spawn().map_err(refused)?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let holder = Holder { input: child.stdin.take(), child };
        let (send, ready) = mpsc::channel();
        if let Some(output) = output {
            thread::spawn(move || {
                let mut line = String::new();
                let read = BufReader::new(output).read_line(&mut line);
                let _ = send.send(read.is_ok() && line.trim() == "ready");
            });
        }
        if ready.recv_timeout(MAKING) == Ok(true) {
            return Ok(holder);
        }
        // It has ended or will now; then what it said ends too.
        drop(holder);
        let said = errors.and_then(|errors| std::io::read_to_string(errors).ok()).unwrap_or_default();
        let said = said.lines().next_back().unwrap_or("it did not become ready").trim().to_owned();
        Err(IsolationError::Refused(said))
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.input.take());
        let until = Instant::now() + ENDING;
        while Instant::now() < until {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        // Its first process is killed with it (`--kill-child`).
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that serves something in a place until this is dropped.
pub(crate) struct Server {
    running: Running,
}

impl Server {
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Server, ProgramError> {
        let (running, _) = Running::start(name, command, &Input::Nothing, false)?;
        Ok(Server { running })
    }

    /// Waits until `is_up` says so. A server that ends meanwhile has failed, and so has one that is never up.
    pub(crate) fn wait<T>(
        &mut self,
        bounds: Bounds,
        mut is_up: impl FnMut() -> Result<Option<T>, String>,
    ) -> Result<T, String> {
        loop {
            if let Some(status) = self.running.ended() {
                let said = self.running.said();
                return Err(format!("it ended before it was up ({status}): {said}"));
            }
            if let Some(found) = is_up()? {
                return Ok(found);
            }
            if bounds.left().is_zero() {
                self.running.kill();
                let said = self.running.said();
                return Err(format!(
                    "it was not up in time{}",
                    if said.is_empty() { said } else { format!(": {said}") }
                ));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    /// Gives it a moment to end by itself: without an isolated place nobody else clears away what it shares with its own.
    fn drop(&mut self) {
        self.running.ask_to_end();
        let until = Instant::now() + STOPPING;
        while self.running.ended().is_none() && Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Whether this process is root's.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Gives a folder and all in it to `nobody`, so that programs may read and change it as those who owned it could.
fn give_to_nobody(folder: &Path) -> std::io::Result<()> {
    let mut paths = vec![folder.to_path_buf()];
    while let Some(path) = paths.pop() {
        let metadata = fs::symlink_metadata(&path)?;
        if metadata.uid() != NOBODY || metadata.gid() != NOBODY {
            std::os::unix::fs::lchown(&path, Some(NOBODY), Some(NOBODY))?;
        }
        if metadata.is_dir() {
            for entry in fs::read_dir(&path)? {
                paths.push(entry?.path());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
