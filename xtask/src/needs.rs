//! What the tests need of the machine, by name, and how it is installed.

use crate::{
    house,
    run::{Counts, End, bounded},
    test::BROWSER_TEST,
};
use anyhow::Result;
use std::{
    fs,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

/// A Debian package, the programme it is there for, and what the tests do with it.
struct Package {
    name: &'static str,
    programme: &'static str,
    purpose: &'static str,
}

const PACKAGES: &[Package] = &[
    Package { name: "iproute2", programme: "ip", purpose: "live capture between network namespaces" },
    Package { name: "nftables", programme: "nft", purpose: "a firewall in a network namespace" },
    Package {
        name: "conntrack",
        programme: "conntrack",
        purpose: "a firewall that forgets between two tests",
    },
    // PostgreSQL's own programmes lie in a folder for each release; this one is always found.
    Package { name: "postgresql", programme: "pg_ctlcluster", purpose: "databases backed up and restored" },
    Package { name: "mariadb-server", programme: "mariadbd", purpose: "databases backed up and restored" },
    Package { name: "sqlite3", programme: "sqlite3", purpose: "a database that others write to" },
    Package { name: "openssh-server", programme: "sshd", purpose: "machines whose files are backed up" },
    Package { name: "openssh-client", programme: "sftp", purpose: "machines whose files are backed up" },
    Package { name: "nginx-light", programme: "nginx", purpose: "servers behind a firewall" },
    Package { name: "mosquitto", programme: "mosquitto", purpose: "servers behind a firewall" },
    Package { name: "mosquitto-clients", programme: "mosquitto_pub", purpose: "clients before a firewall" },
    Package { name: "python3", programme: "python3", purpose: "live capture between network namespaces" },
    Package { name: "python3-pip", programme: "pip3", purpose: "real programmes from PyPI to talk to" },
    Package { name: "restic", programme: "restic", purpose: "repositories that others read" },
    Package { name: "rclone", programme: "rclone", purpose: "a server for restic's REST protocol" },
    Package { name: "openssl", programme: "openssl", purpose: "certificates for servers that tests read" },
    Package { name: "e2fsprogs", programme: "chattr", purpose: "folders that only grow" },
    Package { name: "rsyslog", programme: "rsyslogd", purpose: "a syslog server that is told" },
    // Its driver for TLS; it has no programme of its own, and comes along because the other is missing too.
    Package { name: "rsyslog-gnutls", programme: "rsyslogd", purpose: "a syslog server that is told by TLS" },
    Package { name: "openssl", programme: "openssl", purpose: "certificates of servers that are told" },
    Package { name: "g++", programme: "c++", purpose: "libFuzzer" },
    Package { name: "nodejs", programme: "node", purpose: "the browser test" },
    Package { name: "npm", programme: "npm", purpose: "the browser test" },
    Package { name: "chromium", programme: "chromium", purpose: "the browser test" },
];

/// Installs what is missing if that is allowed, and says what is still missing. Nothing missing is a failure: the
/// tests that need it are skipped and counted.
pub(crate) fn meet(limit: Duration) -> Result<(Counts, String)> {
    let begin = Instant::now();
    let left = || limit.saturating_sub(begin.elapsed());
    let names: Vec<&str> = missing_packages().map(|package| package.name).collect();
    if !names.is_empty() && is_root() && house::has("apt-get") {
        apt(&["update", "--quiet=2"], left())?;
        let install = ["install", "--yes", "--quiet=2", "--no-install-recommends"];
        apt(&[&install[..], &names].concat(), left())?;
    }
    install_python(left())?;
    let folder = house::root().join(BROWSER_TEST);
    if folder.join("package.json").is_file() && house::has("npm") {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]);
        bounded(npm.current_dir(&folder), left(), |line| println!("{line}"))?;
    }
    let still: Vec<_> = missing_packages().collect();
    for package in &still {
        let Package { name, purpose, .. } = package;
        println!("missing: Debian package {name}, for {purpose}; as root: apt-get install {name}");
    }
    let note: Vec<&str> = still.iter().map(|package| package.name).collect();
    let note = if note.is_empty() { String::new() } else { format!("missing: {}", note.join(", ")) };
    Ok((Counts::default(), note))
}

/// Python packages of others that tests run: real programmes to talk to. They go into a folder of their own.
const PYTHON: &[&str] = &[
    "pymodbus==3.16.1",
    "bacpypes3==0.0.102",
    "moto[server]==5.2.1",
    "boto3==1.43.11",
    "stix2-patterns==2.1.2",
    "stix2-matcher==3.0.0",
    "stix2==3.0.2",
    // 3.3.1 lacks its schemas.
    "stix2-validator==3.3.2",
    "duckdb==2.0.1",
    "taxii2-client==2.3.0",
    "medallion==3.0.0",
    "aiosmtpd==1.4.6",
    "pycef==1.11",
    "ocsf-json-schema==1.2.0",
    "jsonschema==4.26.0",
];

/// The folder that each of them brings.
const PYTHON_FOLDERS: [&str; 15] = [
    "pymodbus",
    "bacpypes3",
    "moto",
    "boto3",
    "stix2patterns",
    "stix2matcher",
    "stix2",
    "stix2validator",
    "duckdb",
    "taxii2client",
    "medallion",
    "aiosmtpd",
    "pycef",
    "ocsf_json_schema",
    "jsonschema",
];

/// Where they are; for `PYTHONPATH`.
pub(crate) fn python_packages() -> PathBuf {
    house::root().join("target/python")
}

/// Installs the Python packages. Without them the tests that would use them say so, and speak for themselves.
fn install_python(limit: Duration) -> Result<()> {
    let folder = python_packages();
    let there = PYTHON_FOLDERS.iter().all(|package| folder.join(package).is_dir());
    if there || !house::has("python3") {
        return Ok(());
    }
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"])
        .arg(&folder)
        .args(PYTHON);
    if bounded(&mut pip, limit, |line| println!("{line}"))? != End::Done {
        println!("missing: from PyPI {}; install python3-pip, or the packages themselves", PYTHON.join(", "));
    }
    Ok(())
}

fn apt(arguments: &[&str], limit: Duration) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    // What is installed for the tests is started by the tests, and by nobody else (invoke-rc.d(8)).
    command.env("RUNLEVEL", "1");
    if bounded(&mut command, limit, |line| println!("{line}"))? != End::Done {
        println!("apt-get {} did not succeed; going on without", arguments.join(" "));
    }
    Ok(())
}

fn missing_packages() -> impl Iterator<Item = &'static Package> {
    PACKAGES.iter().filter(|package| !house::has(package.programme))
}

/// What the browser test lacks, in words; `None` if it can run.
pub(crate) fn missing_for_browser() -> Option<String> {
    let mut missing: Vec<&str> =
        missing_packages().filter(|p| p.purpose == "the browser test").map(|p| p.name).collect();
    let folder = house::root().join(BROWSER_TEST);
    if folder.join("package.json").is_file() && !folder.join("node_modules").is_dir() {
        missing.push("npm packages of the browser test");
    }
    if missing.is_empty() { None } else { Some(missing.join(", ")) }
}

/// Whether this runs as root, and so may install packages.
fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let uid = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    uid.and_then(|ids| ids.split_whitespace().nth(1)) == Some("0")
}
