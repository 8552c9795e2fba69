//! A scratch PostgreSQL.

use super::{Folders, STARTING, name};
use crate::{
    isolation::{Place, Server},
    program::{self, Bounds, Input, Output, ProgramError},
    source::postgresql::find,
};
use std::{path::Path, process::Command, time::Duration};

/// Its superuser. The roles of the server that was dumped do not exist here, and nothing is given to them.
const USER: &str = "bastide";
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
        restore.args(["--no-owner", "--no-privileges", "--exit-on-error"]).arg(place.inside(dump));
        quiet("pg_restore", &mut restore, bounds)
            .map_err(|error| format!("`{}` cannot be loaded: {error}", name(dump)))?;
        Ok(scratch)
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
