//! Destinations that are full, slow, refuse or lie, wrong keys, and clocks that jump.
#![cfg(test)]

mod support;

use city::{Period, Repository, RepositoryPlace, Retention};
use jiff::SignedDuration;
use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use support::{
    City, at, backup_id, noise,
    programs::{have, restic_must},
    skipped,
};
use vault::{Progress, Share, SoFar, Staged, Target, Vault, VaultError};

fn restore(vault: &Vault, city: &City, id: &str) {
    let into = city.place("restored");
    vault.restore(id, Target { into: &into, only: None, replace: false }, &()).unwrap();
    city.assert_same(&into);
    fs::remove_dir_all(&into).unwrap();
}

/// Every object of a repository in a folder, by its path in it.
fn objects(cellar: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![cellar.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().unwrap() != "bastide.lock" {
                files.push(path.strip_prefix(cellar).unwrap().to_owned());
            }
        }
    }
    files.sort();
    files
}

/// What is damaged, by name, however it is found: by opening, checking, or reading back.
fn found(declared: &Repository) -> Vec<String> {
    match Vault::open(declared) {
        Err(VaultError::Damaged { what, .. }) => what,
        Err(other) => panic!("{other}"),
        Ok(vault) => {
            let mut damage = vault.check().unwrap();
            damage.extend(vault.read_back(Share { part: 0, of: 1 }, 1).unwrap().damage);
            damage
        }
    }
}

#[test]
fn one_bit_that_is_not_as_it_was_is_found_and_named_in_any_object() {
    let city = City::new();
    let declared = city.folder();
    let vault = Vault::init(&declared).unwrap();
    for night in 1..=2 {
        city.fill(night as u64);
        vault.backup(&backup_id(), &city.staged(), at(night), &()).unwrap();
    }
    assert_eq!(found(&declared), Vec::<String>::new());
    let cellar = city.place("cellar");
    let all = objects(&cellar);
    for kind in ["config", "keys", "snapshots", "index", "data"] {
        assert!(all.iter().any(|path| path.starts_with(kind)), "{kind}");
    }
    for (number, object) in all.iter().enumerate() {
        let path = cellar.join(object);
        let content = fs::read(&path).unwrap();
        let mut flipped = content.clone();
        let bit = usize::from(u16::from_le_bytes(noise(number as u64, 2).try_into().unwrap())) * 8191;
        let bit = bit % (content.len() * 8);
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &flipped).unwrap();
        let name = object.file_name().unwrap().to_str().unwrap();
        let damage = found(&declared);
        assert!(damage.iter().any(|what| what.contains(name)), "{}: {damage:?}", object.display());

        // Gone altogether, and cut short: noticed too.
        fs::remove_file(&path).unwrap();
        let opened = Vault::open(&declared);
        match object.components().next().unwrap().as_os_str().to_str().unwrap() {
            "config" => assert!(matches!(opened, Err(VaultError::Damaged { .. }))),
            // A snapshot that is not there cannot be missed by who has not counted.
            "snapshots" => assert_eq!(opened.unwrap().snapshots(None).unwrap().len(), 1),
            "keys" => assert!(opened.is_err()),
            "index" => assert!(!opened.unwrap().check().unwrap().is_empty()),
            _ => {
                let damage = opened.unwrap().check().unwrap();
                assert!(damage.iter().any(|what| what.contains(name)), "{damage:?}");
            }
        }
        fs::write(&path, &content).unwrap();
    }
    assert_eq!(found(&declared), Vec::<String>::new());
}

#[test]
fn a_damaged_pack_is_an_error_of_the_restoration_and_named() {
    let city = City::new();
    let vault = Vault::init(&city.folder()).unwrap();
    city.fill(1);
    let made = vault.backup(&backup_id(), &city.staged(), at(1), &()).unwrap();
    let cellar = city.place("cellar");
    let packs = objects(&cellar).into_iter().filter(|path| path.starts_with("data"));
    let largest = packs.max_by_key(|path| fs::metadata(cellar.join(path)).unwrap().len()).unwrap();
    let mut content = fs::read(cellar.join(&largest)).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 4;
    fs::write(cellar.join(&largest), content).unwrap();
    let into = city.place("restored");
    let refused = vault.restore(&made.id, Target { into: &into, only: None, replace: false }, &());
    let refused = refused.unwrap_err();
    assert!(matches!(refused, VaultError::Damaged { .. }), "{refused:?}");
    let name = largest.file_name().unwrap().to_str().unwrap();
    assert!(refused.to_string().contains(name), "{refused}");
}

#[test]
fn a_lost_pack_is_sent_again_by_the_next_backup() {
    let city = City::new();
    let vault = Vault::init(&city.folder()).unwrap();
    city.fill(1);
    vault.backup(&backup_id(), &city.staged(), at(1), &()).unwrap();
    let cellar = city.place("cellar");
    for pack in objects(&cellar).into_iter().filter(|path| path.starts_with("data")) {
        fs::remove_file(cellar.join(pack)).unwrap();
    }
    let made = vault.backup(&backup_id(), &city.staged(), at(2), &()).unwrap();
    restore(&vault, &city, &made.id);
    assert!(!vault.check().unwrap().is_empty(), "that something was lost is told");
}

#[test]
fn a_wrong_key_is_told_by_its_place_and_never_by_itself() {
    let city = City::new();
    Vault::init(&city.folder()).unwrap();
    fs::write(city.key_file(), "eight green frogs\n").unwrap();
    let refused = Vault::open(&city.folder()).unwrap_err();
    assert!(matches!(refused, VaultError::WrongKey { .. }), "{refused:?}");
    let words = format!("{refused} {refused:?}");
    assert!(words.contains("/key") && !words.contains("frogs"), "{words}");
    let tried = Vault::tried(&city.folder(), at(1));
    assert!(tried.unreachable.unwrap().contains("does not open"));
    assert_eq!(tried.refuses_delete, None);
}

/// A small file system of its own, which only root can make.
struct Small(PathBuf);

impl Small {
    fn new(at: &Path, megabytes: u32) -> Option<Small> {
        fs::create_dir_all(at).unwrap();
        let size = format!("size={megabytes}m");
        let made = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        made.is_ok_and(|output| output.status.success()).then(|| Small(at.to_owned()))
    }

    fn grow(&self, megabytes: u32) {
        let size = format!("remount,size={megabytes}m");
        assert!(Command::new("mount").args(["-o", &size]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_full_destination_is_told_and_loses_nothing() {
    let city = City::new();
    let Some(small) = Small::new(&city.place("cellar"), 8) else {
        return skipped("a_full_destination_is_told_and_loses_nothing needs root and mount");
    };
    let vault = Vault::init(&city.folder()).unwrap();
    city.fill(1);
    let first = vault.backup(&backup_id(), &city.staged(), at(1), &()).unwrap();
    restore(&vault, &city, &first.id);
    let before = city.place("before");
    fs::rename(city.data(), &before).unwrap();
    fs::create_dir(city.data()).unwrap();
    city.fill(2);
    fs::write(city.data().join("records.bin"), noise(3, 12_000_000)).unwrap();
    let refused = vault.backup(&backup_id(), &city.staged(), at(2), &()).unwrap_err();
    assert!(matches!(refused, VaultError::Full { .. }), "{refused:?}");
    assert_eq!(vault.snapshots(None).unwrap().len(), 1);
    assert_eq!(vault.check().unwrap(), Vec::<String>::new());
    small.grow(64);
    let second = vault.backup(&backup_id(), &city.staged(), at(3), &()).unwrap();
    restore(&vault, &city, &second.id);
    if have(&["restic"], "restic check after a full disk") {
        restic_must(&city, city.place("cellar").to_str().unwrap(), &["check", "--read-data"]);
    }
    fs::remove_dir_all(city.data()).unwrap();
    fs::rename(before, city.data()).unwrap();
    restore(&vault, &city, &first.id);

    // The place to restore to may be full as well.
    let Some(_tiny) = Small::new(&city.place("tiny"), 2) else { return };
    let into = city.place("tiny/restored");
    let refused = vault.restore(&first.id, Target { into: &into, only: None, replace: false }, &());
    assert!(matches!(refused, Err(VaultError::Full { .. })), "{refused:?}");
}

struct Heard(Mutex<Vec<SoFar>>);

impl Progress for Heard {
    fn tell(&self, so_far: SoFar) {
        self.0.lock().unwrap().push(so_far);
    }
}

#[test]
fn no_more_is_sent_than_is_allowed_and_meanwhile_it_is_told_how_far_it_is() {
    let city = City::new();
    let declared = Repository { bandwidth: Some(2_000_000), ..city.folder() };
    let vault = Vault::init(&declared).unwrap();
    city.fill(1);
    let heard = Heard(Mutex::new(Vec::new()));
    let begin = Instant::now();
    let made = vault.backup(&backup_id(), &city.staged(), at(1), &heard).unwrap();
    let least = Duration::from_secs_f64(made.stored as f64 / 2_000_000.0);
    assert!(
        begin.elapsed() + Duration::from_millis(50) >= least,
        "{:?} for {}",
        begin.elapsed(),
        made.stored
    );
    let heard = heard.0.into_inner().unwrap();
    let last = heard.last().unwrap();
    assert!(heard.len() > 3, "{heard:?}");
    assert_eq!((last.files, last.bytes, last.of), (made.files - 1, made.bytes, None), "without the link");
    let heard = Heard(Mutex::new(Vec::new()));
    vault.backup(&backup_id(), &city.staged(), at(2), &heard).unwrap();
    assert_eq!(heard.0.into_inner().unwrap().last().unwrap().of, Some(made.bytes));
}

#[test]
fn a_folder_that_only_grows_is_seen_to_be_so_and_still_takes_backups() {
    let city = City::new();
    // On a disk: file systems in memory know no such attribute.
    let place = tempfile::tempdir().unwrap();
    let cellar = place.path().join("cellar");
    let mut declared = city.repository(RepositoryPlace::Folder(cellar.to_str().unwrap().into()));
    let vault = Vault::init(&declared).unwrap();
    let tried = vault.prove(at(1));
    assert_eq!((tried.refuses_delete, tried.refuses_change), (Some(false), Some(false)));
    city.fill(1);
    vault.backup(&backup_id(), &city.staged(), at(1), &()).unwrap();
    let chattr = |how: &str| {
        let mut command = Command::new("chattr");
        command.args(["-R", "-f", how]).arg(&cellar);
        command.output().is_ok_and(|output| output.status.success())
    };
    // Folders alone: files then can be added and not removed, and what is in them changed.
    let mut only_folders = Command::new("find");
    only_folders.arg(&cellar).args(["-type", "d", "-exec", "chattr", "+a", "{}", "+"]);
    if !only_folders.output().is_ok_and(|output| output.status.success()) {
        return skipped("a_folder_that_only_grows needs root, chattr, and a file system that knows +a");
    }
    declared.append_only = true;
    let vault = Vault::open(&declared).unwrap();
    city.fill(2);
    let made = vault.backup(&backup_id(), &city.staged(), at(2), &()).unwrap();
    let tried = vault.prove(at(3));
    assert_eq!((tried.refuses_delete, tried.refuses_change), (Some(true), Some(false)), "{tried:?}");
    assert!(matches!(vault.forget(&backup_id(), &[], at(4)), Err(VaultError::AppendOnly { .. })));
    // Everything that is there already cannot be changed either.
    assert!(chattr("+i"));
    let tried = vault.prove(at(4));
    assert_eq!((tried.refuses_delete, tried.refuses_change), (Some(true), Some(true)), "{tried:?}");
    let refused = vault.backup(&backup_id(), &city.staged(), at(5), &());
    assert!(chattr("-i") && chattr("-a"));
    assert!(matches!(refused, Err(VaultError::Refused { .. })), "{refused:?}");
    restore(&vault, &city, &made.id);
    assert_eq!(vault.check().unwrap(), Vec::<String>::new());
}

/// A server that gives the same answer to everything; given back is how often it was asked.
fn answering(answer: &'static str) -> (u16, &'static AtomicUsize) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked: &AtomicUsize = Box::leak(Box::new(AtomicUsize::new(0)));
    std::thread::spawn(move || {
        for stream in listener.incoming().take(1_000) {
            let _ = answer_once(&mut stream.unwrap(), answer, asked);
        }
    });
    (port, asked)
}

fn answer_once(stream: &mut TcpStream, answer: &str, asked: &AtomicUsize) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = stream.read(&mut part)?;
        if count == 0 {
            return Ok(());
        }
        request.extend_from_slice(&part[..count]);
    }
    // Before the answer: who has it looks at the count at once.
    asked.fetch_add(1, Ordering::SeqCst);
    stream.write_all(answer.as_bytes())
}

#[test]
fn a_server_that_refuses_or_fails_is_told_in_its_own_words() {
    let city = City::new();
    let told = |answer| {
        let (port, asked) = answering(answer);
        let at = RepositoryPlace::Rest(format!("http://127.0.0.1:{port}/city").into());
        (Vault::open(&city.repository(at)).unwrap_err(), asked.load(Ordering::SeqCst))
    };
    let (error, asked) = told("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert!(matches!(error, VaultError::Refused { .. }), "{error:?}");
    assert_eq!(asked, 1, "what is refused is not asked for again");
    let (error, asked) =
        told("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert!(matches!(error, VaultError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("500"), "{error}");
    assert_eq!(asked, 4, "what fails is asked for a few times");
    let (error, _) = told("HTTP/1.1 507 Full\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert!(matches!(error, VaultError::Full { .. }), "{error:?}");
    let (error, _) = told("that is no HTTP\r\n\r\n");
    assert!(matches!(error, VaultError::Unreachable { .. }), "{error:?}");
}

#[test]
fn a_clock_that_jumps_back_costs_no_snapshot_and_no_backup() {
    let city = City::new();
    let vault = Vault::init(&city.folder()).unwrap();
    city.fill(1);
    let future = at(1) + SignedDuration::from_hours(24 * 2_000);
    let mut made = Vec::new();
    for (round, time) in [at(1), future, at(2), at(3)].into_iter().enumerate() {
        fs::write(city.data().join("ledger.csv"), format!("round {round}\n")).unwrap();
        let snapshot = vault.backup(&backup_id(), &city.staged(), time, &()).unwrap();
        let expected = if round == 0 { city.files() } else { 1 };
        assert_eq!(snapshot.new_files + snapshot.changed_files, expected, "round {round}");
        made.push(snapshot.id);
    }
    restore(&vault, &city, &made[3]);
    let keep = [Retention { count: 1, period: Period::Last }];
    let forgotten = vault.forget(&backup_id(), &keep, at(3)).unwrap();
    assert_eq!(forgotten.snapshots.len(), 2);
    let left: Vec<_> = vault.snapshots(None).unwrap().into_iter().map(|snapshot| snapshot.id).collect();
    assert_eq!(left, [made[3].clone(), made[1].clone()], "the newest, and the one that is yet to come");
    restore(&vault, &city, &made[3]);
}

#[test]
fn what_nobody_keeps_is_deleted_and_what_others_need_stays() {
    let city = City::new();
    let vault = Vault::init(&city.folder()).unwrap();
    let mut last = None;
    for night in 1..=4 {
        city.fill(night as u64);
        last = Some(vault.backup(&backup_id(), &city.staged(), at(night), &()).unwrap());
    }
    let other = "minutes".parse().unwrap();
    vault.backup(&other, &city.staged(), at(1), &()).unwrap();
    let keep = [Retention { count: 2, period: Period::Daily }];
    assert_eq!(vault.forget(&backup_id(), &[], at(5)).unwrap().snapshots.len(), 0);
    let forgotten = vault.forget(&backup_id(), &keep, at(5)).unwrap();
    assert_eq!((forgotten.snapshots.len(), forgotten.left), (2, 2));
    assert!(forgotten.freed > 5_000_000, "{forgotten:?}");
    assert_eq!(vault.snapshots(Some(&other)).unwrap().len(), 1);
    restore(&vault, &city, &last.unwrap().id);
    assert_eq!(vault.check().unwrap(), Vec::<String>::new());
    if have(&["restic"], "restic check after old snapshots were deleted") {
        restic_must(&city, city.place("cellar").to_str().unwrap(), &["check", "--read-data"]);
    }
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_there_and_marked() {
    let city = City::new();
    city.fill(1);
    let vault = Vault::init(&city.folder()).unwrap();
    // Nobody reads what a process has nothing at.
    let unreadable = PathBuf::from(format!("/proc/{}/mem", std::process::id()));
    let staged = Staged::InPlace { roots: vec![city.data(), unreadable.clone()], exclude: Vec::new() };
    let refused = vault.backup(&backup_id(), &staged, at(1), &()).unwrap_err();
    let VaultError::Unread { snapshot, count, names } = refused else { panic!("{refused:?}") };
    assert_eq!(count, 1);
    assert!(names[0].contains(unreadable.to_str().unwrap()), "{names:?}");
    let listed = vault.snapshots(None).unwrap();
    assert_eq!((listed.len(), listed[0].complete), (1, false));
    let into = city.place("restored");
    let only = [city.data()];
    let target = Target { into: &into, only: Some(&only), replace: false };
    vault.restore(&snapshot, target, &()).unwrap();
    city.assert_same(&into);
    let nothing = Staged::InPlace { roots: vec![city.place("nowhere")], exclude: Vec::new() };
    let refused = vault.backup(&backup_id(), &nothing, at(2), &());
    assert!(matches!(refused, Err(VaultError::Nothing { .. })), "{refused:?}");
}
