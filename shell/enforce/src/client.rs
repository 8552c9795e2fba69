//! Asking the enforcer.

use crate::words::{Answer, Asked, Digest, Done, Mode, Request, Shown, To};
use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::IpAddr,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long an answer may take: an apply that goes wrong runs nft several times.
const PATIENCE: Duration = Duration::from_secs(300);

/// The longest answer that is read, in bytes.
const ANSWER_MAX: u64 = 256 << 20;

/// Why there is no answer, or not the one hoped for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The enforcer broke off, or something else listens there.
    #[error("the enforcer did not answer: {0}")]
    Broken(String),
    /// It tried, and could not.
    #[error("the enforcer could not do it: {0}")]
    Failed(String),
    /// It did not try.
    #[error("the enforcer refused: {0}")]
    Refused(String),
    /// Nothing listens, or this user may not ask.
    #[error("cannot reach the enforcer at {}: {cause}", path.display())]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

/// A connection to the enforcer. It may ask several things, one after the other; one that asks nothing for a minute is
/// closed.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
    who: String,
}

impl Client {
    /// Connects, in the name of someone.
    ///
    /// # Errors
    ///
    /// If nothing listens, or this user may not ask.
    pub fn connect(socket: &Path, who: &str) -> Result<Client, ClientError> {
        let unreachable = |cause| ClientError::Unreachable { path: socket.to_path_buf(), cause };
        let stream = UnixStream::connect(socket).map_err(unreachable)?;
        let timeouts =
            stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
        timeouts.map_err(unreachable)?;
        Ok(Client { stream: BufReader::new(stream), who: who.to_owned() })
    }

    /// Makes a request and waits for the answer.
    ///
    /// # Errors
    ///
    /// If it was refused or failed, or no answer came.
    pub fn ask(&mut self, request: Request) -> Result<Done, ClientError> {
        let broken = |error: io::Error| ClientError::Broken(error.to_string());
        let mut line = serde_json::to_vec(&Asked { who: self.who.clone(), request })
            .map_err(|error| ClientError::Broken(error.to_string()))?;
        line.push(b'\n');
        // A request that is refused halfway has an answer to be read all the same.
        let sent = self.stream.get_mut().write_all(&line);
        let mut answer = Vec::new();
        self.stream.by_ref().take(ANSWER_MAX).read_until(b'\n', &mut answer).map_err(broken)?;
        if answer.is_empty() {
            sent.map_err(broken)?;
            return Err(ClientError::Broken("it closed the connection".into()));
        }
        match serde_json::from_slice(&answer) {
            Ok(Answer::Done(done)) => Ok(done),
            Ok(Answer::Failed(why)) => Err(ClientError::Failed(why)),
            Ok(Answer::Refused(why)) => Err(ClientError::Refused(why)),
            Err(error) => Err(ClientError::Broken(format!("not in its words: {error}"))),
        }
    }

    /// How things stand, with the texts if wanted.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub fn show(&mut self, texts: bool) -> Result<Shown, ClientError> {
        match self.ask(Request::Show { texts })? {
            Done::Shown(shown) => Ok(*shown),
            other => Err(ClientError::Broken(format!("instead of how things stand it said: {other}"))),
        }
    }

    /// Has rules checked and kept, and gives back the digest by which they are applied.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub fn stage(&mut self, text: &str, observing: Option<&str>) -> Result<Digest, ClientError> {
        match self.ask(Request::Stage { text: text.into(), observing: observing.map(Into::into) })? {
            Done::Staged(staged) => Ok(staged.digest),
            other => Err(ClientError::Broken(format!("instead of staging it said: {other}"))),
        }
    }

    /// Puts staged rules in force until they are confirmed, or so many seconds have passed.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub fn apply(&mut self, digest: Digest, seconds: u32, mode: Mode) -> Result<Done, ClientError> {
        self.ask(Request::Apply { digest, seconds, mode })
    }

    /// Keeps a change that was applied.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub fn confirm(&mut self, digest: Digest) -> Result<Done, ClientError> {
        self.ask(Request::Confirm { digest })
    }

    /// Returns to a confirmed state, or gives up a change that waits for its confirmation.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub fn revert(&mut self, to: To) -> Result<Done, ClientError> {
        self.ask(Request::Revert { to })
    }

    /// Puts an address into quarantine.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub fn contain(&mut self, address: IpAddr, reason: &str) -> Result<Done, ClientError> {
        self.ask(Request::Contain { address, reason: reason.to_owned() })
    }

    /// Lets an address out of quarantine.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub fn release(&mut self, address: IpAddr) -> Result<Done, ClientError> {
        self.ask(Request::Release { address })
    }
}
