//! The way back, by the program itself: backups, ransomware in them, a drill, and what was lost restored.

use super::running::bastide;
use serde_json::Value;
use std::{
    env, fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

/// Encrypts every file below a folder in place, as ransomware does: a key stream of SHA-256 in counter mode.
const RANSOMWARE: &str = r#"
import hashlib, os, sys
key = os.urandom(32)
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        path = os.path.join(folder, name)
        plain = open(path, "rb").read()
        stream = b"".join(hashlib.sha256(key + path.encode() + n.to_bytes(8, "big")).digest() for n in range(len(plain) // 32 + 1))
        open(path, "wb").write(bytes(a ^ b for a, b in zip(plain, stream)))
"#;

/// The telecare service itself: a server that shows its records to whoever may see them.
struct Service {
    child: Child,
    port: u16,
}

impl Service {
    /// Starts it on the records in a folder.
    fn start(records: &Path) -> Service {
        let mut child = Command::new("/usr/bin/python3")
            .args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory"])
            .arg(records)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let port = said.split_whitespace().find_map(|word| word.parse().ok());
        Service { child, port: port.unwrap_or_else(|| panic!("no port in {said:?}")) }
    }

    /// Whether the records of a day can be read through it.
    fn shows(&self, day: &str) -> bool {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "GET /{day} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).contains("pendant answered")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A telecare service whose records are files, and one repository.
struct Town {
    folder: tempfile::TempDir,
}

impl Town {
    fn new() -> Town {
        let town = Town { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(town.path("city")).unwrap();
        fs::create_dir_all(town.path("records")).unwrap();
        let key = town.path("key");
        fs::write(&key, "invented and long enough\n").unwrap();
        fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let plan =
            fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/program/recovery.toml")).unwrap();
        fs::write(town.path("city/city.toml"), plan.replace("FOLDER", town.folder.path().to_str().unwrap()))
            .unwrap();
        for number in 0..40 {
            town.write(number, 200);
        }
        fs::write(town.path("records/index.html"), "<h1>Telecare records</h1>").unwrap();
        town
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file of records that people can read.
    fn write(&self, number: usize, lines: usize) {
        let line = |line: usize| format!("{number};{line};resident {};pendant answered\n", line * 7 % 97);
        let text: String = (0..lines).map(line).collect();
        fs::write(self.path(&format!("records/day-{number:02}.csv")), text).unwrap();
    }

    fn bastide(&self, arguments: &[&str]) -> Output {
        bastide()
            .args(arguments)
            .args(if ["findings", "log"].contains(&arguments[0]) {
                vec![]
            } else {
                vec!["--city".into(), self.path("city")]
            })
            .env("BASTIDE_STATE", self.path("state"))
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    /// The answer in JSON, and the exit code that must come with it.
    fn json(&self, arguments: &[&str], code: i32) -> Value {
        let output = self.bastide(&[arguments, &["--format", "json"]].concat());
        let said = [output.stderr.as_slice(), output.stdout.as_slice()].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|cause| panic!("{arguments:?}: {cause}: {said}"))
    }

    /// The id of the one snapshot that a backup makes.
    fn back_up(&self) -> String {
        let made = self.json(&["backup"], 0);
        assert_eq!(made.as_array().map(Vec::len), Some(1), "{made}");
        made[0]["snapshot"]["id"].as_str().unwrap().to_owned()
    }
}

/// Every file below a folder by its path in it.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect();
    found.sort();
    found
}

#[test]
fn ransomware_is_seen_in_the_backup_and_the_last_clean_snapshot_brings_the_service_back() {
    let python = Command::new("/usr/bin/python3").arg("--version").output();
    if !python.is_ok_and(|output| output.status.success()) {
        skipped("ransomware in a backup needs /usr/bin/python3");
        return;
    }
    let town = Town::new();
    let service = Service::start(&town.path("records"));
    assert!(service.shows("day-03.csv"));
    town.json(&["backup", "init"], 0);
    // Ordinary days: some files grow, one is new.
    for day in 0..4 {
        town.back_up();
        town.write(day, 210 + day);
        town.write(40 + day, 200);
    }
    let clean = town.back_up();
    let before = files(&town.path("records"));
    town.write(3, 400); // Written after the last backup: this is what the recovery point may lose.
    let encrypted =
        Command::new("/usr/bin/python3").args(["-c", RANSOMWARE]).arg(town.path("records")).status();
    assert!(encrypted.unwrap().success());
    assert!(!service.shows("day-03.csv"), "what was encrypted can be read");

    let spoilt = town.back_up();
    assert_ne!(clean, spoilt);
    let findings = town.json(&["findings"], 0);
    let found = findings.as_array().unwrap().iter().find(|finding| finding["rule"] == "backup-noise");
    let found = found.unwrap_or_else(|| panic!("no ransomware was found: {findings}"));
    assert_eq!(found["severity"], "critical", "{found}");
    // What to do about it is sealed with it.
    let sealed = town.json(&["log", "show"], 0).to_string();
    assert!(sealed.contains(clean.get(..8).unwrap()), "the last clean snapshot is not named: {sealed}");

    let drills = town.json(&["drill", "telecare"], 0);
    assert_eq!(drills[0]["passed"], true, "{drills}");
    let restored_from = |steps: &Value| steps[0]["from"][1].as_str().map(str::to_owned);
    assert_eq!(restored_from(&drills[0]["steps"]), Some(clean.clone()));

    let place = town.path("back");
    let looked = town.json(&["restore", "telecare", "--to", place.to_str().unwrap(), "--dry-run"], 0);
    assert_eq!(looked[0]["snapshot"], Value::from(clean.as_str()));
    assert!(!place.join("telecare-records").exists(), "a dry run wrote something");
    town.json(&["restore", "telecare", "--to", place.to_str().unwrap()], 0);
    let records = town.path("records");
    let back = place.join("telecare-records").join(records.strip_prefix("/").unwrap());
    assert!(files(&back) == before, "what came back is not what was backed up");
    // The service runs again, on what came back.
    drop(service);
    assert!(Service::start(&back).shows("day-03.csv"));
    // By the asset it is the same.
    let elsewhere = town.path("elsewhere");
    town.json(&["restore", "careline", "--to", elsewhere.to_str().unwrap()], 0);
    assert!(elsewhere.join("telecare-records").is_dir());
    // Nothing is written over what is there, unless told.
    let again = town.bastide(&["restore", "telecare", "--to", place.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("is not empty"));
}

#[test]
fn what_cannot_be_backed_up_is_told_and_makes_the_answer_no() {
    let town = Town::new();
    let before = town.json(&["backup"], 1);
    assert!(before[0]["failure"].as_str().unwrap().contains("bastide backup init"), "{before}");
    town.json(&["backup", "init"], 0);
    fs::remove_dir_all(town.path("records")).unwrap();
    let gone = town.json(&["backup", "telecare"], 1);
    assert!(gone[0]["failure"].as_str().unwrap().contains("records"), "{gone}");
    assert_eq!(town.json(&["backup", "list"], 0), Value::Array(Vec::new()));
    for (arguments, why) in [
        (["backup", "nothing"], "no service, asset or backup `nothing`"),
        (["drill", "nothing"], "no service `nothing`"),
        (["backup", "--into=attic"], "no repository `attic`"),
        (["backup", "network"], "backs up nothing of the service `network`"),
    ] {
        let output = town.bastide(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(why), "{arguments:?}");
    }
}

/// Every file below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_wrong_key_and_a_repository_that_lies_are_told_and_lose_nothing() {
    let town = Town::new();
    town.json(&["backup", "init"], 0);
    let snapshot = town.back_up();
    let key = fs::read(town.path("key")).unwrap();
    fs::write(town.path("key"), "another, and as long as that\n").unwrap();
    let wrong = town.bastide(&["restore", "telecare", "--to", town.path("never").to_str().unwrap()]);
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert_eq!(wrong.status.code(), Some(2), "{said}");
    assert!(said.contains("key") && said.contains("cellar") && !said.contains("another"), "{said}");
    assert!(!town.path("never").join("telecare-records").exists());
    fs::write(town.path("key"), &key).unwrap();

    // One bit of the greatest pack is other than it was written.
    let packs = below(&town.path("repository/data"));
    let pack = packs.iter().max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap();
    let mut bytes = fs::read(pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::set_permissions(pack, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    fs::write(pack, &bytes).unwrap();
    let checked = town.json(&["backup", "check", "--read", "100"], 1).to_string();
    let name = pack.file_name().unwrap().to_str().unwrap();
    assert!(checked.contains(name.get(..8).unwrap()), "{name} is not named: {checked}");
    let findings = town.json(&["findings"], 0).to_string();
    assert!(findings.contains("repository-damaged"), "{findings}");
    let spoilt = town.bastide(&["restore", "telecare", "--to", town.path("spoilt").to_str().unwrap()]);
    assert_eq!(spoilt.status.code(), Some(2), "{}", String::from_utf8_lossy(&spoilt.stdout));

    // What is whole again is read again: nothing else was lost.
    bytes[middle] ^= 1;
    fs::write(pack, &bytes).unwrap();
    town.json(&["backup", "check", "--read", "100"], 0);
    let place = town.path("whole");
    let restored = town.json(&["restore", "telecare", "--to", place.to_str().unwrap()], 0);
    assert_eq!(restored[0]["snapshot"], Value::from(snapshot.as_str()));
}

#[test]
fn only_what_is_due_is_made_by_a_timer() {
    let town = Town::new();
    town.json(&["backup", "init"], 0);
    assert_eq!(town.json(&["backup", "--due"], 0).as_array().map(Vec::len), Some(1));
    assert_eq!(town.json(&["backup", "--due"], 0).as_array().map(Vec::len), Some(0));
}

#[test]
fn a_way_back_is_planned_and_walked_from_the_command_line() {
    let town = Town::new();
    let planned = town.json(&["recover", "plan", "--lost", "data-centre"], 0);
    let steps = planned["restoration"]["steps"].as_array().unwrap();
    let ids: Vec<&str> = steps.iter().filter_map(|step| step["id"].as_str()).collect();
    let place =
        |id: &str| ids.iter().position(|other| *other == id).unwrap_or_else(|| panic!("{id} in {ids:?}"));
    assert!(place("replace:careline") < place("restore:telecare-records"));
    assert!(place("restore:telecare-records") < place("runs:telecare"));

    town.json(&["recover", "run", "--lost", "data-centre"], 0);
    let begun = town.json(&["recover", "run", "--begin", "replace:careline", "--by", "Ada Lovell"], 0);
    assert_eq!(begun["progress"]["done"], 0);
    let done = town.json(&["recover", "run", "--done", "replace:careline", "--by", "Ada Lovell"], 0);
    assert_eq!(done["progress"]["done"], 1);
    // Telecare's data waits for the network that telecare needs.
    assert!(!done["progress"]["next"].to_string().contains("restore:telecare-records"));
    let network = ["recover", "run", "--done", "replace:switch", "check:network", "runs:network"];
    let next = town.json(&network, 0)["progress"]["next"].to_string();
    assert!(next.contains("restore:telecare-records"), "{next}");
    let misspelt = town.bastide(&["recover", "run", "--done", "replace:carline"]);
    assert_eq!(misspelt.status.code(), Some(2));
    let nowhere = town.bastide(&["recover", "plan", "--lost", "data-center"]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("did you mean `data-centre`"));
}

#[test]
fn no_key_is_in_anything_that_is_printed_or_kept() {
    let town = Town::new();
    let secret = "invented and long enough";
    let mut printed = String::new();
    for arguments in [
        vec!["backup", "init"],
        vec!["backup"],
        vec!["backup", "check"],
        vec!["backup", "list"],
        vec!["drill", "telecare"],
        vec!["recover", "plan", "--lost", "everything"],
        vec!["pack", "--into", "pack"],
    ] {
        let output = town.bastide(&arguments);
        assert_ne!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        printed += &String::from_utf8_lossy(&output.stdout);
        printed += &String::from_utf8_lossy(&output.stderr);
    }
    let pack = fs::read_to_string(town.path("pack/pack.html")).unwrap();
    assert!(pack.contains("file:"), "the pack does not say where the keys are");
    assert!(!printed.contains(secret) && !pack.contains(secret));
    let kept = Command::new("grep").args(["-r", "-l", secret]).arg(town.path("state")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&kept.stdout), "");
}

fn skipped(why: &str) {
    let line = format!("1 recovery test skipped: {why}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
    }
}
