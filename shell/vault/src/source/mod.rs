//! What a backup is made of, gathered so that it can go into a snapshot.
//!
//! Every kind of source has a file here. Folders stay where they are; everything else is gathered in a folder of its
//! own, under names that restoring knows: `<backup>.pgdump` and `<backup>.roles.sql`, `<backup>.sql`, `<backup>.sqlite`,
//! `<backup>.out`. What is only half there is an error, never a smaller backup.

mod bastide;
mod command;
mod http;
pub(crate) mod mariadb;
pub(crate) mod postgresql;
mod sqlite;
mod ssh;

use crate::{
    program::{Bounds, ProgramError},
    scratch::{Scratch, ScratchError},
    staged::Staged,
};
use city::{Backup, Source};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What gathering needs to know besides the backup.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Where to work. It must have room for what is gathered.
    pub scratch: &'a Scratch,
    /// The value of the backup's login, if it has one.
    pub login: Option<&'a str>,
    /// The plan's folder.
    pub plan: &'a Path,
    /// Bastide's state directory.
    pub state: &'a Path,
    /// The hosts whose keys are known, if not those of this machine's user (`ssh(1)`, `UserKnownHostsFile`).
    pub known_hosts: Option<&'a Path>,
    /// Until when, and how many bytes at most.
    pub bounds: Bounds,
}

/// Why a source could not be gathered.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A folder or file is not there, or cannot be looked into.
    #[error("`{}` cannot be read: {cause}; nothing was backed up, for a backup without it would pass for whole", path.display())]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// A program did not do what it should.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// What the plan says of the source is not what this kind of source wants.
    #[error("the source `{what}` cannot be used: {why}")]
    Declared {
        /// As the plan has it.
        what: String,
        /// What is wrong, and what to do.
        why: String,
    },
    /// The login is not what this kind of source wants.
    #[error("the login of `{backup}` cannot be used: {why}")]
    Login {
        /// The backup.
        backup: String,
        /// What is wrong, and what to do.
        why: String,
    },
    /// The host did not show a key that is known.
    #[error(
        "`{host}` has a key that is not known here; compare its fingerprint with one from the host itself, and add the \
         key: `ssh-keyscan -p {port} {name} >> ~/.ssh/known_hosts`"
    )]
    HostKeyUnknown {
        /// As the plan has it.
        host: String,
        /// Its name or address.
        name: String,
        /// Its port.
        port: u16,
    },
    /// The host showed another key than before.
    #[error(
        "`{host}` has another key than it had: somebody may stand in between. Nothing was sent. If its key was changed \
         by those who run it, remove the old one (`ssh-keygen -R {known_as}`) and add the new one"
    )]
    HostKeyChanged {
        /// As the plan has it.
        host: String,
        /// Under which name its key is known.
        known_as: String,
    },
    /// What was gathered is not whole.
    #[error("what was gathered from `{what}` is not whole: {why}")]
    NotWhole {
        /// As the plan has it.
        what: String,
        /// How that is known.
        why: String,
    },
    /// A server did not give the page.
    #[error("`{url}` was not fetched: {why}")]
    Fetch {
        /// The page.
        url: String,
        /// Why not, and what to do.
        why: String,
    },
    /// There is no folder to work in.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// What was gathered could not be kept.
    #[error("could not keep what was gathered in `{}`: {cause}", path.display())]
    Keep {
        /// Where.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
}

impl SourceError {
    /// The error without a secret that a program may have said.
    fn without(self, secret: Option<&str>) -> SourceError {
        let Some(secret) = secret.filter(|secret| !secret.is_empty()) else { return self };
        // Of `name:password`, the password alone may be said too.
        let parts = [Some(secret), secret.split_once(':').map(|(_, password)| password)];
        let hide = |text: String| {
            parts
                .iter()
                .flatten()
                .filter(|part| !part.is_empty())
                .fold(text, |text, part| text.replace(part, "…"))
        };
        match self {
            SourceError::Program(ProgramError::Failed { program, status, said }) => {
                ProgramError::Failed { program, status, said: hide(said) }.into()
            }
            SourceError::Program(ProgramError::TooLong { program, after, said }) => {
                ProgramError::TooLong { program, after, said: hide(said) }.into()
            }
            SourceError::NotWhole { what, why } => SourceError::NotWhole { what, why: hide(why) },
            SourceError::Fetch { url, why } => SourceError::Fetch { url, why: hide(why) },
            other => other,
        }
    }
}

/// Gathers what a backup is made of.
///
/// # Errors
/// It is not there as a whole.
pub fn stage(backup: &Backup, context: &Context) -> Result<Staged, SourceError> {
    if let Source::Folders { folders, exclude } = &backup.source {
        return in_place(folders, exclude);
    }
    let folder = context.scratch.folder("source-")?;
    let into = |suffix: &str| folder.path().join(format!("{}.{suffix}", backup.id));
    let gathered = match &backup.source {
        Source::Folders { .. } => Ok(()),
        Source::Command { command } => command::gather(command, &into("out"), context),
        Source::Postgresql(uri) => postgresql::gather(uri, &into("pgdump"), &into("roles.sql"), context),
        Source::Mariadb(uri) => mariadb::gather(uri, &into("sql"), context),
        Source::Sqlite(file) => sqlite::gather(Path::new(file.as_str()), &into("sqlite"), context.bounds),
        Source::Ssh { host, files, command } => {
            let asked = ssh::Asked { host, files, command: command.as_deref() };
            ssh::gather(backup, &asked, folder.path(), context)
        }
        Source::Http(url) => http::gather(url, &into("out"), context),
        Source::Bastide => bastide::gather(folder.path(), context),
    };
    match gathered {
        Ok(()) => Ok(Staged::Gathered(folder)),
        Err(error) => Err(error.without(context.login)),
    }
}

/// Folders that stay where they are. One that is missing is an error: an unmounted disk is no empty folder.
fn in_place(folders: &[city::Text], exclude: &[city::Text]) -> Result<Staged, SourceError> {
    let mut roots = Vec::new();
    for folder in folders {
        let path = PathBuf::from(folder.as_str());
        let unreadable = |cause| SourceError::Unreadable { path: path.clone(), cause };
        let metadata = fs::metadata(&path).map_err(unreadable)?;
        if metadata.is_dir() {
            fs::read_dir(&path).map_err(unreadable)?;
        } else {
            fs::File::open(&path).map_err(unreadable)?;
        }
        roots.push(path);
    }
    let exclude = exclude.iter().map(ToString::to_string).collect();
    Ok(Staged::InPlace { roots, exclude })
}

/// What could not be kept, as an error.
fn not_kept(path: &Path) -> impl FnOnce(io::Error) -> SourceError {
    let path = path.to_path_buf();
    move |cause| SourceError::Keep { path, cause }
}
