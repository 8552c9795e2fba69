//! When each peer was read last and what came, for whoever looks.
//!
//! A small file for each peer, beside the store of intelligence and not in it: a peer may be read every second, and the
//! watchlist looks into that whenever something is written there.

use crate::durable::{FileError, UNFINISHED, failed, make_directory, private};
use city::PeerId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// The folder of the state directory that holds the files.
const FOLDER: &str = "peers";

/// How reading a peer went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PeerReading {
    /// When it was asked last.
    pub asked: Option<Timestamp>,
    /// When it last answered.
    pub read: Option<Timestamp>,
    /// Why it could not be read, if it could not.
    pub fault: Option<String>,
    /// Objects that were new, over all time.
    pub objects: u64,
    /// Defences that were believed and rehearsed, over all time.
    pub defences: u64,
    /// What was wrong with what it told, over all time.
    pub doubts: u64,
}

impl PeerReading {
    /// How reading a peer went; as of one that was never asked where nothing is known.
    #[must_use]
    pub fn of(state: &Path, peer: &PeerId) -> PeerReading {
        let kept = fs::read(path(state, peer)).ok();
        kept.and_then(|kept| serde_json::from_slice(&kept).ok()).unwrap_or_default()
    }

    /// Keeps it. A kill leaves the one before. It is not waited for until it is on the disk: it is written often, and says
    /// nothing that the next reading does not say.
    ///
    /// # Errors
    /// The file could not be written.
    pub fn keep(&self, state: &Path, peer: &PeerId) -> Result<(), FileError> {
        let path = path(state, peer);
        make_directory(&state.join(FOLDER))?;
        let text = serde_json::to_vec(self).map_err(io::Error::from).map_err(failed("write", &path))?;
        let aside = path.with_extension(UNFINISHED);
        let file = private().write(true).create(true).truncate(true).open(&aside);
        file.and_then(|mut file| file.write_all(&text)).map_err(failed("write", &aside))?;
        fs::rename(&aside, &path).map_err(failed("rename into place", &path))
    }
}

fn path(state: &Path, peer: &PeerId) -> PathBuf {
    state.join(FOLDER).join(format!("{}.json", peer.as_str()))
}
