//! nft, the only programme that the enforcer runs.

use crate::{listing::Live, text::Family};
use rustix::fs::{MemfdFlags, memfd_create};
use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Where nft is looked for.
const PLACES: &[&str] = &["/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft", "/bin/nft", "/usr/local/sbin/nft"];

/// How long one run may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The most that is read of what it prints, in bytes.
const PRINTED_MAX: u64 = 64 << 20;

/// The most that is told of an error, in characters.
const ERROR_MAX: usize = 2_000;

/// nft, at a path.
#[derive(Debug)]
pub(crate) struct Nft {
    path: PathBuf,
    patience: Duration,
}

impl Nft {
    /// The one at a path, or where it usually is.
    pub(crate) fn find(path: Option<&Path>) -> Option<Nft> {
        let places = path.into_iter().chain(PLACES.iter().map(Path::new).filter(|_| path.is_none()));
        let path = places.into_iter().find(|path| path.is_absolute() && path.is_file())?;
        Some(Nft { path: path.to_path_buf(), patience: PATIENCE })
    }

    /// Says whether it would take a text.
    pub(crate) fn check(&self, text: &str) -> Result<(), String> {
        self.run(&["-c", "-f", "-"], text).map(drop)
    }

    /// Carries a text out, wholly or not at all.
    pub(crate) fn load(&self, text: &str) -> Result<(), String> {
        self.run(&["-f", "-"], text).map(drop)
    }

    /// Which of the two tables are there.
    pub(crate) fn families(&self) -> Result<BTreeSet<Family>, String> {
        let tables = self.run(&["list", "tables"], "")?;
        let ours = tables.lines().filter_map(|line| line.strip_prefix("table ")?.strip_suffix(" bastide"));
        Ok(ours.filter_map(Family::named).collect())
    }

    /// What is live of them.
    pub(crate) fn live(&self) -> Result<Live, String> {
        let families = self.families()?;
        let mut text = String::new();
        for family in Family::ALL.iter().filter(|family| families.contains(family)) {
            text += &self.run(&["-s", "list", "table", &family.to_string(), "bastide"], "")?;
        }
        Ok(Live::read(text))
    }

    /// Runs it with arguments and a text on its standard input, and gives back what it printed.
    fn run(&self, arguments: &[&str], text: &str) -> Result<String, String> {
        self.try_run(arguments, text)
            .unwrap_or_else(|error| Err(format!("nft ({}) could not be run: {error}", self.path.display())))
    }

    fn try_run(&self, arguments: &[&str], text: &str) -> io::Result<Result<String, String>> {
        // A file in memory rather than a pipe: if this process dies, nft has the whole text or was not started. With the
        // beginning of one it would remove the old rules and load none.
        let [mut input, mut output, mut errors] = [memory()?, memory()?, memory()?];
        input.write_all(text.as_bytes())?;
        input.rewind()?;
        let mut child = Command::new(&self.path)
            .args(arguments)
            .env_clear()
            .current_dir("/")
            .stdin(input)
            .stdout(Stdio::from(output.try_clone()?))
            .stderr(Stdio::from(errors.try_clone()?))
            .spawn()?;
        let begin = Instant::now();
        let mut pause = Duration::from_micros(200);
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if begin.elapsed() > self.patience {
                child.kill()?;
                child.wait()?;
                return Ok(Err(format!("nft took longer than {} s", self.patience.as_secs())));
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(5));
        };
        if status.success() {
            return printed(&mut output).map(Ok);
        }
        let said = printed(&mut errors)?;
        let said = said
            .trim()
            .chars()
            .map(|letter| if letter.is_control() && letter != '\n' { ' ' } else { letter });
        let said: String = said.take(ERROR_MAX).collect();
        Ok(Err(if said.is_empty() { format!("nft ended with {status}") } else { said }))
    }
}

fn memory() -> io::Result<File> {
    Ok(File::from(memfd_create(c"nft", MemfdFlags::CLOEXEC)?))
}

fn printed(file: &mut File) -> io::Result<String> {
    let length = file.metadata()?.len();
    if length > PRINTED_MAX {
        return Err(io::Error::other(format!(
            "it printed {length} bytes; no more than {PRINTED_MAX} are read"
        )));
    }
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell() -> Nft {
        Nft { path: PathBuf::from("/bin/sh"), patience: Duration::from_millis(200) }
    }

    #[test]
    fn a_programme_gets_the_text_and_no_environment() {
        let nft = shell();
        assert_eq!(
            nft.run(&["-c", "cat; printf \" $BASTIDE $HOME\"; pwd"], "a text\n"),
            Ok("a text\n  /\n".into())
        );
        assert_eq!(nft.run(&["-c", "echo no >&2; exit 1"], ""), Err("no".into()));
        assert!(nft.run(&["-c", "exit 3"], "").unwrap_err().contains("exit status: 3"));
    }

    #[test]
    fn a_run_without_end_is_ended() {
        assert!(shell().run(&["-c", "exec sleep 60"], "").unwrap_err().contains("took longer"));
    }

    #[test]
    fn only_an_absolute_path_is_taken() {
        assert!(Nft::find(Some(Path::new("sh"))).is_none());
        assert!(Nft::find(Some(Path::new("/nonexistent/nft"))).is_none());
        assert!(Nft::find(Some(Path::new("/bin/sh"))).is_some());
    }
}
