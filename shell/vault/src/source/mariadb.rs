//! A MariaDB or MySQL database, by `mariadb-dump`.

use super::{Context, SourceError};
use crate::program::{self, Input, Output, ProgramError};
use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

/// What a whole dump ends with.
const TRAILER: &str = "-- Dump completed";

/// Dumps the database as SQL, as it was at one moment.
pub(super) fn gather(uri: &str, into: &Path, context: &Context) -> Result<(), SourceError> {
    let declared = |why: &str| {
        let what = uri.split_once('@').map_or(uri, |(_, host)| host).to_owned();
        SourceError::Declared { what, why: why.to_owned() }
    };
    let at = At::parse(uri).map_err(declared)?;
    let dump = find(&["mariadb-dump", "mysqldump"])?;
    let mut command = program::command(&dump);
    // The program reads its options from its input, where nobody sees the password, and from no other file.
    command.arg("--defaults-file=/dev/stdin");
    command.args(["--single-transaction", "--quick", "--routines", "--events", "--triggers", "--hex-blob"]);
    // A dump with its date in it is never the same twice.
    command.args(["--skip-dump-date", "--default-character-set=utf8mb4"]);
    if let Some(host) = &at.host {
        command.arg("--protocol=TCP").arg(format!("--host={host}"));
    }
    if let Some(port) = at.port {
        command.arg(format!("--port={port}"));
    }
    if let Some(socket) = &at.socket {
        command.arg("--protocol=SOCKET").arg(format!("--socket={socket}"));
    }
    if let Some(user) = &at.user {
        command.arg(format!("--user={user}"));
    }
    command.arg("--").arg(&at.database);
    let options = options(context.login).map_err(declared)?;
    let input = Input::Bytes(options.as_bytes());
    program::run(&program::name_of(&dump), &mut command, &input, Output::File(into), context.bounds)?;
    if !ends_whole(into).map_err(super::not_kept(into))? {
        let why = format!("it does not end with `{TRAILER}`");
        return Err(SourceError::NotWhole { what: at.database, why });
    }
    Ok(())
}

/// The first of some programs that is there: MariaDB's have MySQL's names too, in older releases only those.
pub(crate) fn find(names: &[&str]) -> Result<PathBuf, ProgramError> {
    let found = names.iter().find_map(|name| program::find(name));
    let package = if names.iter().any(|name| name.ends_with('d') || name.contains("install")) {
        "mariadb-server"
    } else {
        "mariadb-client"
    };
    found.ok_or_else(|| ProgramError::Missing {
        program: names.first().copied().unwrap_or_default().to_owned(),
        package,
    })
}

/// The option file with the password; quoted, for `#` begins a comment and a backslash an escape.
fn options(password: Option<&str>) -> Result<String, &'static str> {
    let Some(password) = password else { return Ok("[client]\n".to_owned()) };
    if password.chars().any(char::is_control) {
        return Err("its password has a character in it that no option file can hold");
    }
    let quoted = password.replace('\\', "\\\\").replace('"', "\\\"");
    Ok(format!("[client]\npassword=\"{quoted}\"\n"))
}

fn ends_whole(dump: &Path) -> std::io::Result<bool> {
    let mut file = File::open(dump)?;
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(256)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    let end = String::from_utf8_lossy(&end);
    Ok(end.trim_end().lines().next_back().is_some_and(|line| line.starts_with(TRAILER)))
}

/// The database that a URI names.
pub(crate) fn database(uri: &str) -> Option<String> {
    At::parse(uri).ok().map(|at| at.database)
}

/// Where a database is.
#[derive(Debug, Default, PartialEq, Eq)]
struct At {
    user: Option<String>,
    host: Option<String>,
    port: Option<u16>,
    database: String,
    socket: Option<String>,
}

impl At {
    /// `mariadb://name@host:port/database`, `mariadb:///database?socket=/run/mysqld/mysqld.sock`.
    fn parse(uri: &str) -> Result<At, &'static str> {
        let rest = uri.strip_prefix("mariadb://").or_else(|| uri.strip_prefix("mysql://"));
        let rest = rest.ok_or("write it as `mariadb://name@host/database`")?;
        let (authority, path) = rest.split_once('/').ok_or("it names no database")?;
        let (database, query) = path.split_once('?').unwrap_or((path, ""));
        let (user, server) = authority.rsplit_once('@').map_or((None, authority), |(u, s)| (Some(u), s));
        if user.is_some_and(|user| user.contains(':')) {
            return Err("it has a password in it; take it out and say with `login` where it is kept");
        }
        let (host, port) = match server.rsplit_once(':') {
            // An IPv6 address stands in brackets, and has colons of its own.
            Some((host, port)) if !port.ends_with(']') => {
                (host, Some(port.parse().map_err(|_| "its port is not a number up to 65535")?))
            }
            _ => (server, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut at = At {
            user: user.map(decoded).transpose()?,
            host: (!host.is_empty()).then(|| host.to_owned()),
            port,
            database: decoded(database)?,
            socket: None,
        };
        for setting in query.split('&').filter(|setting| !setting.is_empty()) {
            match setting.split_once('=') {
                Some(("socket", socket)) => at.socket = Some(decoded(socket)?),
                _ => return Err("it has a setting other than `socket`"),
            }
        }
        if at.database.is_empty() {
            return Err("it names no database");
        }
        Ok(at)
    }
}

/// A part of a URI with its escapes (`%2F`) as what they stand for (RFC 3986, 2.1).
fn decoded(part: &str) -> Result<String, &'static str> {
    const WRONG: &str = "it has an escape in it that stands for nothing";
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
            let (high, low) = (digit().ok_or(WRONG)?, digit().ok_or(WRONG)?);
            bytes.push(u8::try_from(high * 16 + low).map_err(|_| WRONG)?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).map_err(|_| WRONG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_say_where_a_database_is() {
        let at = At::parse("mariadb://asha@db.example:3307/housing").unwrap();
        assert_eq!(
            (at.user.as_deref(), at.host.as_deref(), at.port),
            (Some("asha"), Some("db.example"), Some(3307))
        );
        assert_eq!(
            At::parse("mariadb://[2001:db8::7]/housing").unwrap().host.as_deref(),
            Some("2001:db8::7")
        );
        let at = At::parse("mariadb:///housing?socket=/run/mysqld/my%20sql.sock").unwrap();
        assert_eq!((at.host, at.socket.as_deref()), (None, Some("/run/mysqld/my sql.sock")));
        for uri in
            ["mariadb://asha:heron@db.example/housing", "mariadb://db.example", "mariadb://db.example/"]
        {
            assert!(At::parse(uri).is_err(), "{uri}");
        }
    }

    #[test]
    fn a_dump_that_was_cut_short_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dump.sql");
        std::fs::write(&file, "INSERT INTO a VALUES (1);\n-- Dump completed\n").unwrap();
        assert!(ends_whole(&file).unwrap());
        std::fs::write(&file, "INSERT INTO a VALUES ('-- Dump completed").unwrap();
        assert!(!ends_whole(&file).unwrap());
    }
}
