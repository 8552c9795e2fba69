//! A PostgreSQL database, by `pg_dump`.
//!
//! A dump holds one database as it was at one moment. Roles are the whole server's, and without them nothing in the
//! database has its owner again: they lie beside the dump, without their passwords, which only a superuser may read.

use super::{Context, SourceError};
use crate::program::{self, Input, Output, ProgramError};
use std::{
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
};

/// What every dump in PostgreSQL's own format begins with.
const MAGIC: &[u8; 5] = b"PGDMP";

/// What a whole dump of roles ends with.
const TRAILER: &str = "-- PostgreSQL database cluster dump complete";

/// Dumps the database in PostgreSQL's own format, uncompressed, for what compresses well is also found again well; and
/// the server's roles.
pub(super) fn gather(uri: &str, into: &Path, roles: &Path, context: &Context) -> Result<(), SourceError> {
    if let Some(why) = why_unusable(uri) {
        return Err(SourceError::Declared { what: without_password(uri), why: why.to_owned() });
    }
    dump("pg_dump", &["--format=custom", "--compress=0"], uri, into, context)?;
    let mut magic = [0; MAGIC.len()];
    let read = File::open(into).and_then(|mut file| file.read_exact(&mut magic));
    if read.is_err() || magic != *MAGIC {
        let why = "it does not begin as dumps do".to_owned();
        return Err(SourceError::NotWhole { what: uri.to_owned(), why });
    }
    // It takes the database to ask from nowhere else than this option, and a role may have no right to another.
    let database = database(uri).map(|name| format!("--database={name}"));
    let mut options = vec!["--roles-only", "--no-role-passwords"];
    options.extend(database.as_deref());
    dump("pg_dumpall", &options, uri, roles, context)?;
    let text = fs::read_to_string(roles).unwrap_or_default();
    if !text.lines().any(|line| line == TRAILER) {
        let why = format!("the roles have no line `{TRAILER}`");
        return Err(SourceError::NotWhole { what: uri.to_owned(), why });
    }
    Ok(())
}

fn dump(name: &str, options: &[&str], uri: &str, into: &Path, context: &Context) -> Result<(), ProgramError> {
    let mut command = program::command(&find(name)?);
    command.args(options).args(["--no-password", "--dbname"]).arg(uri);
    // libpq takes a password from nowhere else than here: not from its arguments, and not from the user's own files.
    command.env("PGPASSFILE", "/dev/null").env("PGCONNECT_TIMEOUT", "20");
    if let Some(password) = context.login {
        command.env("PGPASSWORD", password);
    }
    program::run(name, &mut command, &Input::Nothing, Output::File(into), context.bounds).map(drop)
}

/// The database that a URI names, unless it is written with escapes.
fn database(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    let (_, name) = rest.split_once('/')?;
    (!name.is_empty() && !name.contains('%')).then_some(name)
}

/// A program of PostgreSQL: of the newest release that is installed, for older ones do not read newer servers, and else
/// the one that is found by its name.
pub(crate) fn find(name: &str) -> Result<PathBuf, ProgramError> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|release| {
            let number = release.file_name().to_str()?.parse().ok()?;
            Some((number, release.path().join("bin").join(name)))
        })
        .filter(|(_, path)| path.is_file())
        .collect();
    found.sort_unstable();
    let package = if name.starts_with("pg_") || name == "psql" {
        "postgresql-client, of the server's release or a newer one"
    } else {
        "postgresql, of the server's release or a newer one"
    };
    found.pop().map_or_else(|| program::need(name, package), |(_, path)| Ok(path))
}

/// Why a URI is not used; everyone on this machine sees a program's arguments.
fn why_unusable(uri: &str) -> Option<&'static str> {
    if !uri.starts_with("postgresql://") && !uri.starts_with("postgres://") {
        return Some("write it as `postgresql://name@host/database`");
    }
    let has_password = without_password(uri) != uri || uri.contains("password=");
    has_password.then_some("it has a password in it; take it out and say with `login` where it is kept")
}

/// A URI without the password that should not be in it.
fn without_password(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else { return uri.to_owned() };
    let (authority, path) =
        rest.find(['/', '?']).and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""));
    let Some((user, host)) = authority.rsplit_once('@') else { return uri.to_owned() };
    let user = user.split_once(':').map_or(user, |(name, _)| name);
    format!("{scheme}://{user}@{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_the_uri_is_refused_and_not_repeated() {
        for uri in ["postgresql://asha:heron@db.example/city", "postgresql://db.example/city?password=heron"]
        {
            assert!(why_unusable(uri).is_some_and(|why| why.contains("login")), "{uri}");
        }
        assert_eq!(
            without_password("postgresql://asha:heron@db.example/city"),
            "postgresql://asha@db.example/city"
        );
        for uri in ["postgresql://asha@db.example:5432/city", "postgresql:///city?host=/run/postgresql"] {
            assert_eq!(why_unusable(uri), None, "{uri}");
            assert_eq!(database(uri), uri.contains("/city").then_some("city"), "{uri}");
        }
    }
}
