//! The stores of every release, as they were written, open with this one.
//!
//! `tests/fixtures/schema-1` was written by this test: `BASTIDE_FIXTURE=write cargo test -p store --test fixtures`.
//! Once a release has shipped, its fixture is never written again. If a test here fails because the form of an event
//! or of the city's state has changed, raise the schema number of the journal or of checkpoints, keep a reader for the
//! old form, and add a fixture of the new one. Before the first release, write the fixture again.

#![cfg(test)]

mod sample;

use cycle::City;
use jiff::{SignedDuration, Timestamp};
use std::{
    fs,
    path::{Path, PathBuf},
};
use store::{
    Act, ActRecord, Journal, Kind, Limits, Link, NewPerson, Position, Question, Reader, Record, Role,
    StartRecord, Store, Table,
};

const EVENTS: u64 = 90;
const CHECKPOINT: u64 = 60;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema-1")
}

/// The log's key is known to everyone, so it is no secret and need not lie in the repository.
fn put_key(directory: &Path) {
    let key = integrity::Signer::from_seed("bastide.log", [1; 32]).unwrap();
    fs::write(directory.join("log.key"), key.to_text()).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn records() -> Vec<Record> {
    let act = ActRecord {
        person: Some("ada".into()),
        act: Act::SignIn,
        subject: None,
        from: Some("127.0.0.1".into()),
        detail: None,
    };
    vec![Record::Start(StartRecord { version: "0.1.0".into(), lost: None }), Record::Act(act)]
}

fn ada() -> NewPerson {
    NewPerson { name: "ada".into(), role: Role::Approver, opens_packets: true, wall_screen: false }
}

fn frames() -> Vec<wire::Frame<'static>> {
    vec![wire::Frame { time: sample::time(5), link: wire::LinkType(1), bytes: &[0xff; 60], length: 64 }]
}

async fn write() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    fs::create_dir(&state).unwrap();
    // A directory is taken for ours once its kind is written.
    fs::write(state.join("kind"), "live\n").unwrap();
    put_key(&state);
    let (mut store, _) = Store::open(&state, Kind::Live, "mirror-0", Limits::default()).await.unwrap();
    let mut city = City::new(None);
    for n in 0..EVENTS {
        store.journal.append(&sample::event(n)).unwrap();
        city.handle(&sample::event(n), &mut Vec::new());
        if n + 1 == CHECKPOINT {
            store.log.seal(sample::time(n), records()).await.unwrap();
            store.checkpoint(&city).unwrap();
            store.compact().unwrap();
        }
    }
    store.packets.keep(1, sample::time(EVENTS), frames()).unwrap();
    store.settings.set("plan", "none").await.unwrap();
    let person = store.people.create(&ada(), sample::time(0)).await.unwrap();
    store.people.set_passphrase(person.id, "$argon2id$example").await.unwrap();
    store.people.open_session(person.id, sample::time(0), sample::time(9)).await.unwrap();
    store.people.create_token("meter", person.id, Role::Viewer, sample::time(0)).await.unwrap();
    let link = Link { purpose: "first-sign-in".into(), person: Some(person.id) };
    store.people.create_link(&link, sample::time(9)).await.unwrap();
    store.close().await.unwrap();
    fs::remove_file(state.join("log.key")).unwrap();
    fs::remove_file(state.join("lock")).unwrap();
    let _ = fs::remove_dir_all(folder());
    copy(&state, &folder());
}

#[tokio::test]
async fn a_store_of_schema_1_opens_whole() {
    if std::env::var_os("BASTIDE_FIXTURE").is_some_and(|word| word == "write") {
        write().await;
    }
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    copy(&folder(), &state);

    // For reading only, as it is.
    let reader = Reader::open(&state).await.unwrap();
    assert!(reader.log.verify().await.unwrap().is_whole());
    drop(reader);

    put_key(&state);
    let (store, start) = Store::open(&state, Kind::Live, "mirror-0", Limits::default()).await.unwrap();
    assert!(!start.new && start.journal.loss().is_none());
    // Journal.
    let events: Vec<_> =
        Journal::read(store.journal.directory(), Position(0)).unwrap().map(Result::unwrap).collect();
    let expected: Vec<_> = (0..EVENTS).map(|n| (Position(n), sample::event(n))).collect();
    assert!(events == expected, "the form of an event has changed: see the head of this file");
    // State.
    let why = "the form of the city's state has changed: see the head of this file";
    assert!(start.passed_over.is_empty(), "{why}");
    let checkpoint = start.checkpoint.expect(why);
    assert_eq!((checkpoint.position, checkpoint.sealed), (Position(CHECKPOINT), 2));
    let mut whole = City::new(None);
    (0..CHECKPOINT).for_each(|n| whole.handle(&sample::event(n), &mut Vec::new()));
    let bytes = |city: &City| postcard::to_stdvec(city).unwrap();
    assert!(bytes(&checkpoint.city) == bytes(&whole), "{why}");
    // Sealed log.
    let sealed = store.log.records(1, 10).await.unwrap();
    assert_eq!(sealed.iter().filter_map(store::Sealed::record).collect::<Vec<_>>(), records());
    assert_eq!(store.log.seal(sample::time(EVENTS), records()).await.unwrap().first, 3);
    assert!(store.log.verify().await.unwrap().is_whole());
    // History: what was compacted and what was not.
    for table in Table::ALL {
        let rows = store.history.ask(&Question::new(table, usize::MAX)).unwrap().rows;
        assert!(rows.len() > 5, "{table:?}");
    }
    assert_eq!(store.history.compacted().unwrap(), Position(CHECKPOINT));
    // Packets, people, settings.
    assert!(store.packets.packets(1).unwrap().is_some_and(|capture| capture.len() == 24 + 16 + 60));
    assert_eq!(store.settings.value("plan").await.unwrap().as_deref(), Some("none"));
    let person = store.people.by_name("ada").await.unwrap().unwrap();
    assert!(person.opens_packets && person.has_passphrase && person.role == Role::Approver);
    assert_eq!(person.created, sample::time(0));
    assert_eq!(store.people.tokens().await.unwrap().len(), 1);
    let nobody = store.people.session("guess", Timestamp::UNIX_EPOCH, SignedDuration::MAX).await.unwrap();
    assert!(nobody.is_none());
    store.close().await.unwrap();
}
