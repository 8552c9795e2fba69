//! When a peer was read last and what came, for `bastide intel peers`.
//!
//! A small file for each peer, beside the store of intelligence and not in it: a peer may be read every second, and the
//! watchlist looks into that whenever something is written there.

use anyhow::Context;
use city::PeerId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The folder of the state directory that holds the files.
const FOLDER: &str = "peers";

/// How reading a peer went.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    /// When it was asked last.
    pub(crate) asked: Option<Timestamp>,
    /// When it last answered.
    pub(crate) read: Option<Timestamp>,
    /// Why it could not be read, if it could not.
    pub(crate) fault: Option<String>,
    /// Objects that were new, over all time.
    pub(crate) objects: u64,
    /// Defences that were believed and rehearsed, over all time.
    pub(crate) defences: u64,
    /// What was wrong with what it told, over all time.
    pub(crate) doubts: u64,
}

impl Status {
    /// How reading a peer went; as of one that was never asked where nothing is known.
    pub(crate) fn of(directory: &Path, peer: &PeerId) -> Status {
        let kept = fs::read(path(directory, peer)).ok();
        kept.and_then(|kept| serde_json::from_slice(&kept).ok()).unwrap_or_default()
    }

    /// Keeps it. A kill leaves the one before.
    pub(super) fn keep(&self, directory: &Path, peer: &PeerId) -> anyhow::Result<()> {
        let path = path(directory, peer);
        let new = path.with_extension("new");
        let kept = || {
            fs::create_dir_all(directory.join(FOLDER))?;
            fs::write(&new, serde_json::to_vec(self)?)?;
            fs::rename(&new, &path)
        };
        kept().with_context(|| format!("cannot write `{}`", path.display()))
    }
}

fn path(directory: &Path, peer: &PeerId) -> PathBuf {
    directory.join(FOLDER).join(format!("{}.json", peer.as_str()))
}
