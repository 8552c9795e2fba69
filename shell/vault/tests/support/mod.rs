//! An invented city with data to back up, and the programs that tests need.
#![allow(dead_code, reason = "each test uses some of it")]

use city::{BackupId, Repository, RepositoryPlace, SecretReference};
use jiff::{SignedDuration, Timestamp};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};
use vault::Staged;

/// The passphrase of the repositories.
pub const KEY: &str = "seven blue herons";

/// A folder with data, a key, and places.
pub struct City {
    root: tempfile::TempDir,
}

impl City {
    pub fn new() -> City {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("key"), format!("{KEY}\n")).unwrap();
        fs::set_permissions(root.path().join("key"), fs::Permissions::from_mode(0o600)).unwrap();
        fs::create_dir(root.path().join("data")).unwrap();
        City { root }
    }

    pub fn place(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.place("data")
    }

    pub fn key_file(&self) -> PathBuf {
        self.place("key")
    }

    /// The repository in a folder.
    pub fn folder(&self) -> Repository {
        self.repository(RepositoryPlace::Folder(self.place("cellar").to_str().unwrap().into()))
    }

    pub fn repository(&self, at: RepositoryPlace) -> Repository {
        Repository {
            id: "cellar".parse().unwrap(),
            name: "Cellar of the town hall".into(),
            at,
            key: SecretReference::File(self.key_file().to_str().unwrap().into()),
            login: None,
            asset: None,
            site: None,
            append_only: false,
            locked: None,
            offline: None,
            bandwidth: None,
        }
    }

    /// Writes data, other for each seed.
    pub fn fill(&self, seed: u64) {
        let data = self.data();
        fs::create_dir_all(data.join("notes/deep")).unwrap();
        let rows: String =
            (0..20_000).map(|row| format!("{row},meter {},{}\n", row % 97, row * seed)).collect();
        fs::write(data.join("ledger.csv"), rows).unwrap();
        fs::write(data.join("empty"), "").unwrap();
        for number in 0..40 {
            let text = format!("note {number} of {seed}: the north pump was greased\n").repeat(number + 1);
            fs::write(data.join(format!("notes/{number}.txt")), text).unwrap();
        }
        fs::write(data.join("big.bin"), noise(seed, 3_000_000)).unwrap();
        let script = data.join("notes/deep/run.sh");
        fs::write(&script, "#!/bin/sh\necho pump\n").unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let _ = fs::remove_file(data.join("latest"));
        symlink("notes/1.txt", data.join("latest")).unwrap();
    }

    /// How many files the data has, links among them.
    pub fn files(&self) -> u64 {
        tree(&self.data()).iter().filter(|entry| entry.kind != "folder").count() as u64
    }

    pub fn staged(&self) -> Staged {
        Staged::InPlace { roots: vec![self.data()], exclude: Vec::new() }
    }

    /// Checks that what was restored below a folder is the data as it is now.
    pub fn assert_same(&self, into: &Path) {
        let below = into.join(self.data().strip_prefix("/").unwrap());
        assert_eq!(tree(&below), tree(&self.data()));
    }
}

/// An entry of a folder, as far as it must come back.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    path: PathBuf,
    pub kind: &'static str,
    content: Vec<u8>,
    mode: u32,
    owner: (u32, u32),
    modified: (i64, i64),
}

/// Everything below a folder, in order.
pub fn tree(folder: &Path) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(inner) = open.pop() {
        for entry in fs::read_dir(&inner).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let (kind, content) = if metadata.is_dir() {
                open.push(path.clone());
                ("folder", Vec::new())
            } else if metadata.is_symlink() {
                ("link", fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes())
            } else {
                ("file", fs::read(&path).unwrap())
            };
            let link = kind == "link";
            entries.push(Entry {
                path: path.strip_prefix(folder).unwrap().to_owned(),
                kind,
                content,
                mode: metadata.mode(),
                owner: (metadata.uid(), metadata.gid()),
                // A link's own time is not restored.
                modified: if link { (0, 0) } else { (metadata.mtime(), metadata.mtime_nsec()) },
            });
        }
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    entries
}

pub fn backup_id() -> BackupId {
    "telecare-files".parse().unwrap()
}

/// A night of an invented month.
pub fn at(night: i64) -> Timestamp {
    "2026-10-01T02:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * night)
}

/// Bytes as chance would have them, the same for the same seed (xorshift64*).
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    (0..length)
        .map(|_| {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 56) as u8
        })
        .collect()
}
