//! A scratch PostgreSQL.

use super::{Folders, STARTING, name};
use crate::{
    isolation::{Place, Server},
    program::{self, Bounds, Input, Output, ProgramError},
    source::postgresql::find,
};
use std::{fs, io::ErrorKind, path::Path, process::Command, time::Duration};

/// Its superuser, by a name that no role of the server that was dumped has.
const USER: &str = "bastide_drill";
const DATABASE: &str = "restored";

/// What makes it quick and forgetful, and keeps it off every network.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_connections=12",
    "autovacuum=off",
    "shared_buffers=64MB",
    "logging_collector=off",
];

pub(crate) struct Scratch<'p> {
    place: &'p Place,
    /// Ends before its folders are removed.
    _server: Server,
    folders: Folders,
}

impl<'p> Scratch<'p> {
    pub(super) fn load(
        place: &'p Place,
        dump: &Path,
        work: &Path,
        bounds: Bounds,
    ) -> Result<Scratch<'p>, String> {
        let words = |error: ProgramError| error.to_string();
        let folders = Folders::make(place, work)?;
        let mut initdb = place.command(&find("initdb").map_err(words)?).map_err(words)?;
        initdb.arg("--pgdata").arg(&folders.data).arg(format!("--username={USER}"));
        initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        quiet("initdb", &mut initdb, bounds).map_err(words)?;
        let mut postgres = place.command(&find("postgres").map_err(words)?).map_err(words)?;
        postgres.arg("-D").arg(&folders.data).arg("-k").arg(&folders.sockets);
        for setting in SETTINGS {
            postgres.args(["-c", setting]);
        }
        let mut server = Server::start("postgres", &mut postgres).map_err(words)?;
        let up = bounds.at_most(STARTING);
        let answers = |said: Bounds| {
            let mut ask = client(place, &folders, "psql", "postgres")?;
            quiet("psql", ask.args(["-X", "-q", "-c", "SELECT 1"]), said)
        };
        server
            .wait(up, || Ok(answers(up.at_most(Duration::from_secs(5))).ok()))
            .map_err(|why| format!("the scratch PostgreSQL: {why}"))?;
        let scratch = Scratch { place, _server: server, folders };
        let mut create = scratch.client("psql", "postgres").map_err(words)?;
        create.args(["-X", "-q", "-c", &format!("CREATE DATABASE {DATABASE} TEMPLATE template0")]);
        quiet("psql", &mut create, bounds).map_err(words)?;
        let mut restore = scratch.client("pg_restore", DATABASE).map_err(words)?;
        restore.args(["--no-tablespaces", "--exit-on-error"]);
        if !scratch.make_roles(&dump.with_extension("roles.sql"), bounds)? {
            restore.args(["--no-owner", "--no-privileges"]);
        }
        restore.arg(place.inside(dump));
        quiet("pg_restore", &mut restore, bounds)
            .map_err(|error| format!("`{}` cannot be loaded: {error}", name(dump)))?;
        Ok(scratch)
    }

    /// Makes the roles that lie beside a dump. Gives whether there are any: older backups have none. A role that cannot
    /// be made here is missed by what it owns.
    fn make_roles(&self, roles: &Path, bounds: Bounds) -> Result<bool, String> {
        let text = match fs::read_to_string(roles) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            text => text.map_err(|cause| format!("`{}` cannot be read: {cause}", name(roles)))?,
        };
        let statements = statements(&text).map_err(|why| format!("`{}` {why}", name(roles)))?;
        let make = || -> Result<(), ProgramError> {
            let mut psql = self.client("psql", "postgres")?;
            psql.args(["-X", "-q"]);
            let input = Input::Bytes(statements.as_bytes());
            program::run("psql", &mut psql, &input, Output::Lines, bounds).map(drop)
        };
        make().map_err(|error| format!("`{}` cannot be loaded: {error}", name(roles))).map(|()| true)
    }

    fn client(&self, program: &str, database: &str) -> Result<Command, ProgramError> {
        client(self.place, &self.folders, program, database)
    }

    /// `COPY` gives every row a line of its own, whatever is in it.
    pub(super) fn rows(&self, query: &str, bounds: Bounds) -> Result<u64, String> {
        let ask = || -> Result<u64, ProgramError> {
            let mut psql = self.client("psql", DATABASE)?;
            psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", &format!("COPY ({query}\n) TO STDOUT")]);
            Ok(program::run("psql", &mut psql, &Input::Nothing, Output::Lines, bounds)?.lines)
        };
        ask().map_err(|error| error.to_string())
    }
}

/// What a dump of roles says to the server. `psql` obeys a backslash wherever it stands, and runs any program for it.
fn statements(text: &str) -> Result<String, &'static str> {
    let mut statements = String::with_capacity(text.len());
    for line in text.lines() {
        if line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ") {
            continue;
        }
        if line.contains('\\') {
            return Err("has a backslash in it, which could be an order to run a program");
        }
        statements.push_str(line);
        statements.push('\n');
    }
    Ok(statements)
}

fn client(place: &Place, folders: &Folders, program: &str, database: &str) -> Result<Command, ProgramError> {
    let mut command = place.command(&find(program)?)?;
    command.arg("--no-password").arg(format!("--username={USER}")).arg(format!("--dbname={database}"));
    command.arg(format!("--host={}", folders.sockets.display()));
    Ok(command)
}

fn quiet(name: &str, command: &mut Command, bounds: Bounds) -> Result<(), ProgramError> {
    program::run(name, command, &Input::Nothing, Output::Lines, Bounds { bytes: u64::MAX, ..bounds })
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::statements;

    #[test]
    fn roles_that_would_run_a_program_are_not_loaded() {
        let whole = "\\restrict a1\nCREATE ROLE clerk;\n\\unrestrict a1\n";
        assert_eq!(statements(whole).unwrap(), "CREATE ROLE clerk;\n");
        assert!(statements("CREATE ROLE clerk; \\! touch /tmp/x\n").is_err());
    }
}
