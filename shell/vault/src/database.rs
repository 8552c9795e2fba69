//! Databases that were restored: loaded into a scratch server of their own, and asked.
//!
//! A server runs in an isolated place, listens on a socket there and on nothing else, and does not take care to keep
//! anything: it is gone with the place.

mod loading;
mod mariadb;
mod postgresql;

pub(crate) use loading::commands;

use crate::{
    isolation::{NOBODY, Place, is_root},
    program::Bounds,
    sqlite,
};
use city::{Backup, Source};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a scratch server may take to be up.
const STARTING: Duration = Duration::from_secs(60);

/// A kind of database that a backup can be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Mariadb,
    Postgresql,
    Sqlite,
}

impl Kind {
    /// What kind of database a backup is of, if it is of one.
    pub(crate) fn of(backup: &Backup) -> Option<Kind> {
        match &backup.source {
            Source::Mariadb(_) => Some(Kind::Mariadb),
            Source::Postgresql(_) => Some(Kind::Postgresql),
            Source::Sqlite(_) => Some(Kind::Sqlite),
            _ => None,
        }
    }

    /// The name of its file among what was restored.
    pub(crate) fn file(self, backup: &Backup) -> String {
        let suffix = match self {
            Kind::Mariadb => "sql",
            Kind::Postgresql => "pgdump",
            Kind::Sqlite => "sqlite",
        };
        format!("{}.{suffix}", backup.id)
    }

    /// What is done to see that it can be read, in plain words.
    pub(crate) fn loading(self) -> &'static str {
        match self {
            Kind::Mariadb => "load the dump into a scratch MariaDB",
            Kind::Postgresql => "load the dump into a scratch PostgreSQL",
            Kind::Sqlite => "check every page and index of the database",
        }
    }
}

/// A restored database that can be asked.
pub(crate) enum Loaded<'p> {
    Mariadb(mariadb::Scratch<'p>),
    Postgresql(postgresql::Scratch<'p>),
    Sqlite(PathBuf),
}

impl<'p> Loaded<'p> {
    /// Loads a dump, or opens the file of a database. `work` is a folder within the place for what servers write.
    pub(crate) fn load(
        kind: Kind,
        place: &'p Place,
        dump: &Path,
        work: &Path,
        bounds: Bounds,
    ) -> Result<Loaded<'p>, String> {
        fs::metadata(dump).map_err(|cause| format!("`{}` was not restored: {cause}", name(dump)))?;
        Ok(match kind {
            Kind::Mariadb => Loaded::Mariadb(mariadb::Scratch::load(place, dump, work, bounds)?),
            Kind::Postgresql => Loaded::Postgresql(postgresql::Scratch::load(place, dump, work, bounds)?),
            Kind::Sqlite => {
                sqlite::check(dump, bounds).map_err(|error| error.to_string())?;
                Loaded::Sqlite(dump.to_path_buf())
            }
        })
    }

    /// How many rows a query gives.
    pub(crate) fn rows(&self, query: &str, enough: u64, bounds: Bounds) -> Result<u64, String> {
        // What ends a statement on the command line of each of them is no part of the query.
        let query = query.trim().trim_end_matches(';').trim_end();
        match self {
            Loaded::Mariadb(scratch) => scratch.rows(query, bounds),
            Loaded::Postgresql(scratch) => scratch.rows(query, bounds),
            Loaded::Sqlite(file) => {
                sqlite::rows(file, query, enough, bounds).map_err(|error| error.to_string())
            }
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The folders of a server, which are its own.
struct Folders {
    /// With everything that it writes.
    work: PathBuf,
    data: PathBuf,
    /// Where its socket lies. A socket's path has room for no more than 107 bytes: in an isolated place it is short
    /// anyway, elsewhere it is made so.
    sockets: PathBuf,
    _short: Option<tempfile::TempDir>,
}

impl Folders {
    /// `work` is within the place.
    fn make(place: &Place, work: &Path) -> Result<Folders, String> {
        let make = || -> io::Result<Folders> {
            let sockets = work.join("s");
            for folder in [work, &sockets] {
                fs::create_dir_all(folder)?;
                own(folder)?;
            }
            let short = if place.is_isolated() {
                None
            } else {
                let made = tempfile::Builder::new().prefix("bastide-").tempdir_in("/tmp")?;
                own(made.path())?;
                Some(made)
            };
            Ok(Folders {
                work: work.to_path_buf(),
                data: place.inside(&work.join("data")),
                sockets: short
                    .as_ref()
                    .map_or_else(|| place.inside(&sockets), |short| short.path().to_path_buf()),
                _short: short,
            })
        };
        make().map_err(|cause| format!("could not make the folders of a scratch server: {cause}"))
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        // What cannot be removed goes with the place's folder.
        let _ = fs::remove_dir_all(&self.work);
    }
}

/// Gives a folder to the one as whom servers run.
fn own(folder: &Path) -> io::Result<()> {
    if is_root() { std::os::unix::fs::chown(folder, Some(NOBODY), Some(NOBODY)) } else { Ok(()) }
}
