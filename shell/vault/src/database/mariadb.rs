//! A scratch MariaDB.

use super::{Folders, STARTING, name};
use crate::{
    isolation::{Place, Server},
    program::{self, Bounds, Input, Output, ProgramError},
    source::mariadb::find,
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

const DATABASE: &str = "restored";
const SOCKET: &str = "mariadb.sock";

/// What makes it quick and forgetful, and keeps it off every network.
const SETTINGS: &[&str] = &[
    "--skip-networking",
    "--skip-log-bin",
    "--skip-slow-query-log",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--sync-binlog=0",
    "--max-allowed-packet=1G",
    "--event-scheduler=OFF",
];

pub(crate) struct Scratch<'p> {
    place: &'p Place,
    socket: PathBuf,
    /// Ends before its folders are removed.
    _server: Server,
    _folders: Folders,
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
        let data = folders.data.clone();
        let install = find(&["mariadb-install-db", "mysql_install_db"]).map_err(words)?;
        let mut install = place.command(&install).map_err(words)?;
        install.arg("--no-defaults").arg(format!("--datadir={}", data.display()));
        install.args(["--auth-root-authentication-method=normal", "--skip-test-db"]);
        quiet("mariadb-install-db", &mut install, &Input::Nothing, bounds).map_err(words)?;
        let socket = folders.sockets.join(SOCKET);
        let mut mariadbd = place.command(&find(&["mariadbd", "mysqld"]).map_err(words)?).map_err(words)?;
        mariadbd.arg("--no-defaults").arg(format!("--datadir={}", data.display()));
        mariadbd.arg(format!("--socket={}", socket.display()));
        mariadbd.arg(format!("--pid-file={}", data.join("pid").display())).args(SETTINGS);
        let mut server = Server::start("mariadbd", &mut mariadbd).map_err(words)?;
        let up = bounds.at_most(STARTING);
        let answers = |said: Bounds| {
            let mut ask = client(place, &socket)?;
            quiet("mariadb", ask.args(["-e", "SELECT 1"]), &Input::Nothing, said)
        };
        server
            .wait(up, || Ok(answers(up.at_most(Duration::from_secs(5))).ok()))
            .map_err(|why| format!("the scratch MariaDB: {why}"))?;
        let scratch = Scratch { place, socket, _server: server, _folders: folders };
        let mut create = client(place, &scratch.socket).map_err(words)?;
        create.args(["-e", &format!("CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4")]);
        quiet("mariadb", &mut create, &Input::Nothing, bounds).map_err(words)?;
        let mut load = client(place, &scratch.socket).map_err(words)?;
        load.args(["--binary-mode", "--max-allowed-packet=1G", "--default-character-set=utf8mb4", DATABASE]);
        quiet("mariadb", &mut load, &Input::File(dump), bounds)
            .map_err(|error| format!("`{}` cannot be loaded: {error}", name(dump)))?;
        Ok(scratch)
    }

    /// In a batch every row has a line of its own, whatever is in it.
    pub(super) fn rows(&self, query: &str, bounds: Bounds) -> Result<u64, String> {
        let ask = || -> Result<u64, ProgramError> {
            let mut mariadb = client(self.place, &self.socket)?;
            mariadb.args(["--batch", "--skip-column-names", "--quick"]);
            mariadb.args(["--default-character-set=utf8mb4", DATABASE, "-e", query]);
            Ok(program::run("mariadb", &mut mariadb, &Input::Nothing, Output::Lines, bounds)?.lines)
        };
        ask().map_err(|error| error.to_string())
    }
}

fn client(place: &Place, socket: &Path) -> Result<Command, ProgramError> {
    let mut command = place.command(&find(&["mariadb", "mysql"])?)?;
    command.args(["--no-defaults", "--user=root"]).arg(format!("--socket={}", socket.display()));
    Ok(command)
}

fn quiet(name: &str, command: &mut Command, input: &Input, bounds: Bounds) -> Result<(), ProgramError> {
    program::run(name, command, input, Output::Lines, Bounds { bytes: u64::MAX, ..bounds }).map(drop)
}
