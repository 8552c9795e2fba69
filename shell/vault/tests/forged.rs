//! What comes from a repository may have been written by an attacker who has its key. A restoration writes nothing
//! outside its folder, whatever stands in the snapshot.
#![cfg(test)]

mod support;

use jiff::{Timestamp, tz::TimeZone};
use plain_folder::Plain;
use rustic_core::{
    BackupOptions, Credentials, ReadSource, ReadSourceEntry, RepositoryBackends, RepositoryOptions,
    RusticResult,
    repofile::{Metadata, Node, NodeType, SnapshotFile},
};
use std::{
    fs,
    io::Cursor,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};
use support::{City, KEY, tree};
use vault::{Target, Vault, VaultError};

mod plain_folder;

/// Entries with whatever names.
#[derive(Clone)]
struct Forgery(Vec<(PathBuf, Node)>);

impl ReadSource for Forgery {
    type Open = Cursor<Vec<u8>>;
    type Iter = std::vec::IntoIter<RusticResult<ReadSourceEntry<Cursor<Vec<u8>>>>>;

    fn size(&self) -> RusticResult<Option<u64>> {
        Ok(None)
    }

    fn entries(&self) -> Self::Iter {
        let entries = self.0.iter().map(|(path, node)| {
            let open = node.is_file().then(|| Cursor::new(b"planted\n".to_vec()));
            Ok(ReadSourceEntry { path: path.clone(), node: node.clone(), open })
        });
        entries.collect::<Vec<_>>().into_iter()
    }
}

fn node(name: &str, node_type: NodeType, mode: u32) -> Node {
    let meta = Metadata { mode: Some(mode), size: 8, ..Metadata::default() };
    Node { name: name.to_owned(), node_type, meta, content: None, subtree: None }
}

fn file(name: &str) -> Node {
    node(name, NodeType::File, 0o644)
}

fn link(name: &str, to: &str) -> Node {
    let to = NodeType::Symlink { linktarget: to.to_owned(), linktarget_raw: None };
    node(name, to, 0o777)
}

/// Writes a snapshot with these entries, each in a folder (a folder by its own path), and restores it; given back is also where it was restored.
fn restore(city: &City, entries: Vec<(&str, Node)>) -> (Result<vault::Restored, VaultError>, PathBuf) {
    let backends = RepositoryBackends::new(Arc::new(Plain(city.place("cellar"))), None);
    let options = RepositoryOptions::default().no_cache(true);
    let repository = rustic_core::Repository::new(&options, &backends).unwrap();
    let repository = repository.open(&Credentials::Password(KEY.to_owned())).unwrap();
    let repository = repository.to_indexed_ids().unwrap();
    let snapshot =
        SnapshotFile { time: Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC), ..SnapshotFile::default() };
    // What is no folder is told with a path of its own, the last name of which does not matter.
    let whole = |(folder, node): (&str, Node)| {
        let path = Path::new(folder);
        (if node.is_dir() { path.to_owned() } else { path.join("-") }, node)
    };
    let source = Forgery(entries.into_iter().map(whole).collect());
    let made = repository
        .archive(&BackupOptions::default().no_scan(true), &source, snapshot, &["/a".into()])
        .unwrap();
    let into = city.place("restored");
    let _ = fs::remove_dir_all(&into);
    let vault = Vault::open(&city.folder()).unwrap();
    let target = Target { into: &into, only: None, replace: false };
    (vault.restore(made.id.to_hex().as_str(), target, &()), into)
}

fn prepared() -> City {
    let city = City::new();
    Vault::init(&city.folder()).unwrap();
    fs::create_dir(city.place("outside")).unwrap();
    fs::write(city.place("outside/keys"), "as it was\n").unwrap();
    city
}

/// Nothing outside the folder was written, read through, or changed.
fn assert_untouched(city: &City) {
    let outside = tree(&city.place("outside"));
    assert_eq!(outside.len(), 1);
    assert_eq!(fs::read_to_string(city.place("outside/keys")).unwrap(), "as it was\n");
    assert!(!city.place("planted").exists() && !Path::new("/planted").exists());
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let city = prepared();
    for name in ["../planted", "/planted", "x/../../planted", "..", ".", "", "outside/../../planted"] {
        let (refused, _) = restore(&city, vec![("/a", file("good")), ("/a", file(name))]);
        assert!(matches!(refused, Err(VaultError::Forged { .. })), "{name:?}: {refused:?}");
        assert_untouched(&city);
    }
    // Escapes are resolved before the name is judged.
    let (refused, _) = restore(&city, vec![("/a", file("\\x2e\\x2e\\x2fplanted"))]);
    assert!(matches!(refused, Err(VaultError::Forged { .. })), "{refused:?}");
    assert_untouched(&city);
}

#[test]
fn a_link_is_not_written_through() {
    let city = prepared();
    let outside = city.place("outside");
    let outside = outside.to_str().unwrap();
    // A link and a folder of the same name; a link and a file of the same name.
    let (refused, _) = restore(
        &city,
        vec![("/a", link("b", outside)), ("/a/b", node("b", NodeType::Dir, 0o755)), ("/a/b", file("keys"))],
    );
    assert!(matches!(refused, Err(VaultError::Forged { .. })), "{refused:?}");
    assert_untouched(&city);
    let keys = format!("{outside}/keys");
    let (refused, _) = restore(&city, vec![("/a", link("keys", &keys)), ("/a", file("keys"))]);
    assert!(matches!(refused, Err(VaultError::Forged { .. })), "{refused:?}");
    assert_untouched(&city);
    // A link that leads elsewhere is only a link.
    let (restored, into) = restore(&city, vec![("/a", link("away", outside)), ("/a", file("good"))]);
    assert_eq!(restored.unwrap().links, 1);
    assert_eq!(fs::read_link(into.join("a/away")).unwrap(), Path::new(outside));
    assert_untouched(&city);
}

#[test]
fn a_link_that_is_already_there_is_not_followed_when_files_are_replaced() {
    let city = prepared();
    let (first, into) = restore(&city, vec![("/a", file("keys"))]);
    let id = first.unwrap().snapshot;
    let vault = Vault::open(&city.folder()).unwrap();
    let target = Target { into: &into, only: None, replace: true };
    fs::remove_file(into.join("a/keys")).unwrap();
    std::os::unix::fs::symlink(city.place("outside/keys"), into.join("a/keys")).unwrap();
    vault.restore(&id, target, &()).unwrap();
    assert_untouched(&city);
    assert_eq!(fs::read_to_string(into.join("a/keys")).unwrap(), "planted\n");
    fs::remove_dir_all(into.join("a")).unwrap();
    std::os::unix::fs::symlink(city.place("outside"), into.join("a")).unwrap();
    let refused = vault.restore(&id, target, &());
    assert!(matches!(refused, Err(VaultError::Local { .. })), "{refused:?}");
    assert_untouched(&city);
}

#[test]
fn devices_are_left_out_and_nobody_gets_the_rights_of_another() {
    let city = prepared();
    let entries = vec![
        ("/a", node("disk", NodeType::Dev { device: 0x0801 }, 0o666)),
        ("/a", node("memory", NodeType::Chardev { device: 0x0101 }, 0o666)),
        ("/a", node("pipe", NodeType::Fifo, 0o666)),
        ("/a", node("rootshell", NodeType::File, 0o6755)),
        ("/a", node("socket", NodeType::Socket, 0o666)),
    ];
    let (restored, into) = restore(&city, entries);
    let restored = restored.unwrap();
    assert_eq!((restored.files, restored.left_out.len()), (1, 4), "{restored:?}");
    assert!(restored.left_out.iter().any(|what| what.contains("/a/disk")), "{restored:?}");
    let names: Vec<_> =
        fs::read_dir(into.join("a")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["rootshell"]);
    let mode = fs::metadata(into.join("a/rootshell")).unwrap().mode();
    assert_eq!(mode & 0o7777, 0o755, "{mode:o}");
}
