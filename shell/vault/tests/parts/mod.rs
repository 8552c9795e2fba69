//! Real parts for tests: databases and servers from Debian's packages, each with its own files, sockets and ports, and
//! gone with the test. A test whose parts are not installed says so and is counted as skipped.

#![allow(dead_code, unreachable_pub, reason = "each test takes the parts that it needs")]

use std::{
    env, fs,
    io::{self, Write as _},
    net::TcpListener,
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Says that a test was skipped, past the test runner's capture and where skipped cases are counted.
pub fn skipped(test: &str, wants: &str) {
    let line = format!("1 test skipped: {test} needs {wants}\n");
    let _ = io::stderr().write_all(line.as_bytes());
    if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
    }
}

/// The user as whom servers run that refuse to run as root.
const NOBODY: u32 = 65534;

fn is_root() -> bool {
    fs::read_to_string("/proc/self/status").unwrap().contains("\nUid:\t0\t")
}

/// Whether programs can be isolated on this machine.
pub fn can_isolate() -> bool {
    let mut unshare = Command::new("unshare");
    if !is_root() {
        unshare.args(["--user", "--map-current-user", "--keep-caps"]);
    }
    unshare.args(["--net", "--mount", "--pid", "--fork", "ip", "link", "set", "lo", "up"]);
    unshare.output().is_ok_and(|output| output.status.success())
}

/// A program by its name, or nothing.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/bin".into()])
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// A program of the newest PostgreSQL.
pub fn postgresql(name: &str) -> Option<PathBuf> {
    let releases = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = releases
        .flatten()
        .map(|release| release.path().join("bin").join(name))
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found.pop()
}

/// A port of the loopback that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until something is so, at most ten seconds.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < until, "never so: {what}");
        thread::sleep(Duration::from_millis(30));
    }
}

/// A process that is killed with the test.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program that is run as nobody if the test is root's, and that dies with the thread of the test.
pub fn as_nobody(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if is_root() {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    command.args(["--pdeathsig", "KILL", "--"]).arg(program).env("HOME", "/nonexistent");
    command
}

fn folder_of_nobody() -> TempDir {
    let folder = tempfile::Builder::new().prefix("parts-").tempdir_in("/tmp").unwrap();
    if is_root() {
        chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    folder
}

pub fn good(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// A PostgreSQL on a socket, with the role `telecare`, its password, and a database of that name.
pub struct Postgresql {
    pub folder: TempDir,
    server: Process,
}

impl Postgresql {
    pub fn start(password: &str) -> Option<Postgresql> {
        let (initdb, postgres) = (postgresql("initdb")?, postgresql("postgres")?);
        let folder = folder_of_nobody();
        let data = folder.path().join("data");
        let mut init = as_nobody(&initdb);
        init.arg("-D").arg(&data).args([
            "-U",
            "admin",
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        let file = folder.path().join("password");
        fs::write(&file, "admin's own\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        good(&init.arg("--pwfile").arg(&file).output().unwrap());
        let mut server = as_nobody(&postgres);
        server.arg("-D").arg(&data).arg("-k").arg(folder.path());
        server.args(["-c", "listen_addresses=", "-c", "fsync=off"]);
        let server = Process(server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let postgresql = Postgresql { folder, server };
        eventually("PostgreSQL answers", || postgresql.psql("postgres", "SELECT 1").status.success());
        good(&postgresql.psql("postgres", &format!("CREATE ROLE telecare LOGIN PASSWORD '{password}'")));
        good(&postgresql.psql("postgres", "CREATE DATABASE telecare OWNER telecare"));
        Some(postgresql)
    }

    pub fn psql(&self, database: &str, statement: &str) -> Output {
        let mut psql = Command::new(postgresql("psql").unwrap());
        psql.args([
            "-X",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "admin",
            "-d",
            database,
            "-c",
            statement,
        ]);
        psql.arg("-h").arg(self.folder.path()).env("PGPASSWORD", "admin's own").output().unwrap()
    }

    pub fn uri(&self) -> String {
        format!("postgresql://telecare@/telecare?host={}", self.folder.path().display())
    }
}

/// A MariaDB on a socket, with the user `housing`, its password, and a database of that name.
pub struct Mariadb {
    pub folder: TempDir,
    server: Process,
}

impl Mariadb {
    pub fn start(password: &str) -> Option<Mariadb> {
        let (install, mariadbd) = (program("mariadb-install-db")?, program("mariadbd")?);
        let folder = folder_of_nobody();
        let data = format!("--datadir={}", folder.path().join("data").display());
        let mut init = as_nobody(&install);
        init.args(["--no-defaults", &data, "--auth-root-authentication-method=normal", "--skip-test-db"]);
        good(&init.output().unwrap());
        let mut server = as_nobody(&mariadbd);
        server.args(["--no-defaults", &data, "--skip-networking"]);
        server.arg(format!("--socket={}", folder.path().join("s").display()));
        server.arg(format!("--pid-file={}", folder.path().join("pid").display()));
        let server = Process(server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let mariadb = Mariadb { folder, server };
        eventually("MariaDB answers", || mariadb.mariadb("SELECT 1").status.success());
        good(&mariadb.mariadb("CREATE DATABASE housing CHARACTER SET utf8mb4"));
        let quoted = password.replace('\\', "\\\\").replace('\'', "''");
        good(&mariadb.mariadb(&format!("CREATE USER housing@localhost IDENTIFIED BY '{quoted}'")));
        good(&mariadb.mariadb("GRANT ALL ON housing.* TO housing@localhost"));
        Some(mariadb)
    }

    pub fn mariadb(&self, statement: &str) -> Output {
        let mut mariadb = Command::new(program("mariadb").unwrap());
        mariadb.args(["--no-defaults", "-u", "root", "-N", "-B", "-e", statement]);
        mariadb.arg("-S").arg(self.folder.path().join("s")).output().unwrap()
    }

    pub fn uri(&self) -> String {
        format!("mariadb://housing@/housing?socket={}", self.folder.path().join("s").display())
    }
}

/// An SSH server on the loopback, with a key of its own, that knows the key in `client`.
pub struct Sshd {
    pub folder: TempDir,
    pub port: u16,
    server: Process,
}

impl Sshd {
    pub fn start() -> Option<Sshd> {
        let (sshd, keygen) = (program("sshd")?, program("ssh-keygen")?);
        if !is_root() {
            return None;
        }
        let folder = tempfile::Builder::new().prefix("parts-").tempdir_in("/tmp").unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["host", "client", "other"] {
            let mut make = Command::new(&keygen);
            good(
                &make
                    .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
                    .arg(at(name))
                    .output()
                    .unwrap(),
            );
        }
        fs::copy(at("client.pub"), at("authorized")).unwrap();
        // Where it goes to be without rights; the package makes it when the service starts.
        fs::create_dir_all("/run/sshd").unwrap();
        let port = free_port();
        let public = fs::read_to_string(at("host.pub")).unwrap();
        let other = fs::read_to_string(at("other.pub")).unwrap();
        fs::write(at("known"), format!("[127.0.0.1]:{port} {public}")).unwrap();
        fs::write(at("changed"), format!("[127.0.0.1]:{port} {other}")).unwrap();
        fs::write(at("empty"), "").unwrap();
        let settings = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\n\
             StrictModes no\nPasswordAuthentication no\nSubsystem sftp internal-sftp\nPermitRootLogin yes\n",
            at("host").display(),
            at("authorized").display()
        );
        fs::write(at("settings"), settings).unwrap();
        let mut server = Command::new(sshd);
        server.args(["-D", "-e", "-f"]).arg(at("settings")).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Process(server.spawn().unwrap());
        eventually("the SSH server listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some(Sshd { port, server, folder })
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
