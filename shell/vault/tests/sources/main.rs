//! Sources, gathered from real databases and servers.
#![cfg(test)]

#[path = "../parts/mod.rs"]
mod parts;

mod databases;
mod machines;
mod own;
mod pages;
mod programs;

use city::{Backup, SecretReference, Source, Text};
use jiff::SignedDuration;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use vault::{Bounds, Context, Scratch, SourceError, Staged, stage};

/// A backup of a source.
fn backup(id: &str, source: Source, login: Option<SecretReference>) -> Backup {
    Backup {
        id: id.parse().unwrap(),
        service: None,
        asset: None,
        source,
        login,
        to: Vec::new(),
        every: SignedDuration::from_hours(24),
        keep: Vec::new(),
    }
}

fn texts<const N: usize>(words: [&str; N]) -> Vec<Text> {
    words.map(Text::from).to_vec()
}

/// Where a test gathers.
struct Desk {
    _base: tempfile::TempDir,
    scratch: Scratch,
    known_hosts: Option<PathBuf>,
    bounds: Bounds,
}

impl Desk {
    fn new() -> Desk {
        let base = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(base.path()).unwrap();
        Desk {
            _base: base,
            scratch,
            known_hosts: None,
            bounds: Bounds::within(Duration::from_secs(60), 1 << 30),
        }
    }

    fn stage(&self, backup: &Backup, login: Option<&str>) -> Result<Staged, SourceError> {
        self.stage_of(backup, login, Path::new("/nonexistent"), Path::new("/nonexistent"))
    }

    fn stage_of(
        &self,
        backup: &Backup,
        login: Option<&str>,
        plan: &Path,
        state: &Path,
    ) -> Result<Staged, SourceError> {
        let known_hosts = self.known_hosts.as_deref();
        stage(
            backup,
            &Context { scratch: &self.scratch, login, plan, state, known_hosts, bounds: self.bounds },
        )
    }
}

/// The folder of what was gathered.
fn folder(staged: &Staged) -> &Path {
    match staged {
        Staged::Gathered(folder) => folder.path(),
        Staged::InPlace { .. } => panic!("not gathered"),
    }
}
