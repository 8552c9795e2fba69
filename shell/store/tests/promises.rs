//! What the parts of the store promise one another.

#![cfg(test)]

mod sample;

use cycle::City;
use jiff::SignedDuration;
use std::{fs, path::Path};
use store::{Journal, Kind, Limits, Position, Question, Retention, Store, StoreError, Table};

fn limits() -> Limits {
    let history = Retention { age: Some(SignedDuration::ZERO), bytes: Some(0) };
    Limits { history, ..Limits::default() }
}

async fn open(directory: &Path) -> (Store, City) {
    let (store, start) = Store::open(directory, Kind::Replay, "mirror-0", limits()).await.unwrap();
    let later = Journal::read(store.journal.directory(), start.position()).unwrap();
    let mut city = start.checkpoint.map_or_else(|| City::new(None), |checkpoint| checkpoint.city);
    later.for_each(|item| city.handle(&item.unwrap().1, &mut Vec::new()));
    (store, city)
}

fn feed(store: &mut Store, city: &mut City, range: std::ops::Range<u64>) {
    for n in range {
        store.journal.append(&sample::event(n)).unwrap();
        city.handle(&sample::event(n), &mut Vec::new());
    }
}

fn bytes(city: &City) -> Vec<u8> {
    postcard::to_stdvec(city).unwrap()
}

fn checkpoints(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(directory.join("checkpoints")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test]
async fn nothing_is_forgotten_before_two_checkpoints_hold_what_it_taught() {
    let directory = tempfile::tempdir().unwrap();
    let (mut store, mut city) = open(directory.path()).await;
    let far = sample::time(10_000_000);
    let requests =
        |store: &Store| store.history.ask(&Question::new(Table::Requests, 10_000)).unwrap().rows.len();
    feed(&mut store, &mut city, 0..100);
    store.compact().unwrap();
    store.journal.rotate().unwrap();
    let all = requests(&store);
    // Limits of nothing at all, and still nothing goes.
    let tended = store.tend(far).unwrap();
    assert_eq!((tended.history.files, tended.journal_bytes, requests(&store)), (0, 0, all));
    assert!(tended.history.held > 0);
    store.checkpoint(&city).unwrap();
    assert_eq!(store.tend(far).unwrap().history.files, 0, "the only checkpoint may turn out damaged");
    feed(&mut store, &mut city, 100..150);
    store.checkpoint(&city).unwrap();
    let tended = store.tend(far).unwrap();
    assert!(tended.history.files > 0 && tended.journal_bytes > 0);
    assert!(requests(&store) < all);
    // The journal still holds what follows the earlier checkpoint.
    store.close().await.unwrap();
    let latest = checkpoints(directory.path()).pop().unwrap();
    fs::write(&latest, "damaged").unwrap();
    let (store, start) = Store::open(directory.path(), Kind::Replay, "x", limits()).await.unwrap();
    assert_eq!((start.position(), start.passed_over.len()), (Position(100), 1));
    drop((store, start));
}

#[tokio::test]
async fn a_damaged_checkpoint_costs_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (mut store, mut city) = open(directory.path()).await;
    for round in 0..4 {
        feed(&mut store, &mut city, round * 50..(round + 1) * 50);
        store.checkpoint(&city).unwrap();
        store.compact().unwrap();
        store.journal.rotate().unwrap();
        store.tend(sample::time(round * 50)).unwrap();
    }
    feed(&mut store, &mut city, 200..230);
    store.close().await.unwrap();
    let (store, rebuilt) = open(directory.path()).await;
    assert!(bytes(&rebuilt) == bytes(&city));
    store.close().await.unwrap();
    let files = checkpoints(directory.path());
    assert_eq!(files.len(), 2);
    fs::write(&files[1], "damaged").unwrap();
    let (store, rebuilt) = open(directory.path()).await;
    assert!(bytes(&rebuilt) == bytes(&city), "the state rebuilt from the earlier checkpoint is another");
    store.close().await.unwrap();
    // With both gone the state cannot be rebuilt, and nothing is made up.
    fs::write(&files[0], "damaged").unwrap();
    let opened = Store::open(directory.path(), Kind::Replay, "x", limits()).await;
    assert!(matches!(opened, Err(StoreError::Unrecoverable { .. })));
}

#[tokio::test]
async fn without_any_checkpoint_a_whole_journal_is_enough() {
    let directory = tempfile::tempdir().unwrap();
    let (mut store, mut city) = open(directory.path()).await;
    feed(&mut store, &mut city, 0..120);
    store.checkpoint(&city).unwrap();
    feed(&mut store, &mut city, 120..130);
    store.close().await.unwrap();
    fs::remove_dir_all(directory.path().join("checkpoints")).unwrap();
    let (_store, rebuilt) = open(directory.path()).await;
    assert!(bytes(&rebuilt) == bytes(&city));
}

#[tokio::test]
async fn everything_in_the_directory_is_its_owner_s_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let (mut store, mut city) = open(&state).await;
    feed(&mut store, &mut city, 0..50);
    store.checkpoint(&city).unwrap();
    store.compact().unwrap();
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
    // Nor is it left to the folder alone, which an operator may have made for it.
    let mut folders = vec![state];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let about = fs::metadata(&path).unwrap();
            let expected = if about.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(about.permissions().mode() & 0o777, expected, "{}", path.display());
            files += 1;
            if about.is_dir() {
                folders.push(path);
            }
        }
    }
    assert!(files > 12);
}
