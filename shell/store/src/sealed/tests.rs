use super::*;
use crate::{Kind, Limits, Reader, Start, Store, StoreError};
use sqlx::Row as _;
use std::{fs, path::Path};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_322_000 + second).unwrap()
}

fn act(n: u64) -> Record {
    Record::Act(ActRecord {
        person: Some("ada".into()),
        act: Act::SignIn,
        subject: None,
        from: Some("127.0.0.1".into()),
        detail: Some(format!("{n}")),
    })
}

async fn open(directory: &Path) -> (Store, Start) {
    Store::open(directory, Kind::Live, "mirror-0", Limits::default()).await.unwrap()
}

/// A closed store with records in batches of different sizes.
async fn filled(directory: &Path) -> Head {
    let (store, _) = open(directory).await;
    let mut n = 0;
    for batch in [1, 3, 1, 7, 2] {
        let records = (n + 1..=n + batch).map(act).collect();
        n += batch;
        store.log.seal(at(n as i64), records).await.unwrap();
    }
    let head = store.log.head();
    store.close().await.unwrap();
    head
}

async fn change(directory: &Path, statement: &'static str) {
    let pool = crate::database::open(directory, &crate::database::MAIN).await.unwrap();
    sqlx::query(statement).execute(&pool).await.unwrap();
    pool.close().await;
}

async fn verified(directory: &Path) -> Verified {
    Reader::open(directory).await.unwrap().log.verify().await.unwrap()
}

#[tokio::test]
async fn what_is_acknowledged_is_there_in_order_under_a_signed_head() {
    let directory = tempfile::tempdir().unwrap();
    let (store, start) = open(directory.path()).await;
    assert!(start.new);
    let first = store.log.seal(at(0), vec![act(1), act(2)]).await.unwrap();
    let second = store.log.seal(at(1), vec![act(3)]).await.unwrap();
    assert_eq!((first.first, first.last, second.first, second.last), (1, 2, 3, 3));
    assert_eq!(store.log.head(), second.head);
    let nothing = store.log.seal(at(2), Vec::new()).await.unwrap();
    assert_eq!((nothing.first, nothing.last, nothing.head), (4, 3, second.head.clone()));
    let records = store.log.records(2, 10).await.unwrap();
    assert_eq!(records.iter().map(|record| record.sequence).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(records[1].record(), Some(act(3)));
    assert_eq!(store.log.latest(Some("act"), 1).await.unwrap(), records[1..]);
    assert!(store.log.latest(Some("plan"), 1).await.unwrap().is_empty());
    let report = store.log.verify().await.unwrap();
    assert!(report.is_whole() && report.records == 3 && report.heads == 2, "{report:?}");
    let key = store.log.public_key().to_string();
    store.close().await.unwrap();
    // The next start goes on with the same key and the same log.
    let (store, start) = open(directory.path()).await;
    assert!(!start.new);
    assert_eq!(store.log.public_key().to_string(), key);
    assert_eq!(store.log.seal(at(3), vec![act(4)]).await.unwrap().first, 4);
    assert!(store.log.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn many_at_once_are_sealed_together_and_each_gets_its_own_places() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _) = open(directory.path()).await;
    let tasks: Vec<_> = (0..200)
        .map(|n| {
            let log = store.log.clone();
            tokio::spawn(async move { (n, log.seal(at(0), vec![act(n), act(n)]).await.unwrap()) })
        })
        .collect();
    for task in tasks {
        let (n, receipt) = task.await.unwrap();
        assert_eq!(receipt.last, receipt.first + 1);
        assert!(receipt.head.size >= receipt.last);
        let records = store.log.records(receipt.first, 2).await.unwrap();
        assert!(records.iter().all(|record| record.record() == Some(act(n))));
    }
    let report = store.log.verify().await.unwrap();
    assert!(report.is_whole() && report.records == 400);
    assert!(report.heads < 200, "{} heads: nothing was sealed together", report.heads);
}

#[tokio::test]
async fn whoever_stops_waiting_harms_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _) = open(directory.path()).await;
    for n in 0..20 {
        let log = store.log.clone();
        let task = tokio::spawn(async move { log.seal(at(0), vec![act(n)]).await });
        tokio::task::yield_now().await;
        task.abort();
        store.log.seal(at(0), vec![act(100 + n)]).await.unwrap();
    }
    assert!(store.log.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn the_secret_key_is_the_owner_s_alone_and_is_never_made_anew_for_an_old_log() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    let key = directory.path().join("log.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let opened = Store::open(directory.path(), Kind::Live, "x", Limits::default()).await;
    assert!(matches!(opened, Err(StoreError::Log(LogError::Key(KeyFileError::Missing(_))))));
    // Checking needs the public key only.
    assert!(verified(directory.path()).await.is_whole());
    fs::write(&key, text.replace('A', "B")).unwrap();
    let opened = Store::open(directory.path(), Kind::Live, "x", Limits::default()).await;
    assert!(matches!(opened, Err(StoreError::Log(LogError::Key(KeyFileError::Damaged { .. })))));
}

#[tokio::test]
async fn each_kind_of_meddling_is_found_where_it_was_done() {
    type Check = fn(&[Damage]) -> bool;
    let cases: [(&str, Check); 10] = [
        ("UPDATE sealed SET body = replace(body, 'ada', 'eve') WHERE sequence = 6", |d| {
            d == [Damage::Record { sequence: 6 }]
        }),
        ("UPDATE sealed SET time = '2026-01-02T02:46:99Z' WHERE sequence = 1", |d| {
            d == [Damage::Record { sequence: 1 }]
        }),
        ("UPDATE sealed SET kind = 'start' WHERE sequence = 14", |d| d == [Damage::Record { sequence: 14 }]),
        ("UPDATE sealed SET schema = 2 WHERE sequence = 5", |d| d == [Damage::Record { sequence: 5 }]),
        ("UPDATE sealed SET leaf = zeroblob(32) WHERE sequence = 5", |d| {
            d == [Damage::Record { sequence: 5 }]
        }),
        ("DELETE FROM sealed WHERE sequence BETWEEN 7 AND 8", |d| d == [Damage::Missing { from: 7, to: 8 }]),
        ("DELETE FROM sealed WHERE sequence > 12", |d| {
            d.contains(&Damage::CutShort { records: 12, signed: 14 })
        }),
        ("UPDATE heads SET note = replace(note, '12', '11') WHERE size = 12", |d| {
            matches!(d, [Damage::Signature { size: Some(12), .. }])
        }),
        ("UPDATE heads SET size = 13 WHERE size = 12", |d| {
            matches!(d, [Damage::Signature { size: Some(13), .. }])
        }),
        (
            "INSERT INTO sealed SELECT 15, time, kind, schema, body, leaf, number FROM sealed WHERE sequence = 14",
            |d| d == [Damage::Record { sequence: 15 }, Damage::Unsigned { from: 15, to: 15 }],
        ),
    ];
    for (statement, check) in cases {
        let directory = tempfile::tempdir().unwrap();
        filled(directory.path()).await;
        assert!(verified(directory.path()).await.is_whole());
        change(directory.path(), statement).await;
        let report = verified(directory.path()).await;
        assert!(check(&report.damage), "{statement}: {:?}", report.damage);
        assert!(report.damage.iter().all(|damage| !damage.to_string().is_empty()));
    }
}

#[tokio::test]
async fn swapped_records_are_found() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    change(directory.path(), "UPDATE sealed SET sequence = -1 WHERE sequence = 6").await;
    change(directory.path(), "UPDATE sealed SET sequence = 6 WHERE sequence = 7").await;
    change(directory.path(), "UPDATE sealed SET sequence = 7 WHERE sequence = -1").await;
    let report = verified(directory.path()).await;
    assert_eq!(report.damage[..2], [Damage::Record { sequence: 6 }, Damage::Record { sequence: 7 }]);
}

#[tokio::test]
async fn one_who_also_changes_the_hash_is_found_by_the_signed_head() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    let pool = crate::database::open(directory.path(), &crate::database::MAIN).await.unwrap();
    let row = sqlx::query("SELECT sequence, time, kind, schema, body FROM sealed WHERE sequence = 6")
        .fetch_one(&pool)
        .await
        .unwrap();
    let mut forged = read::sealed(&row).unwrap();
    forged.body = forged.body.replace("ada", "eve");
    sqlx::query("UPDATE sealed SET body = $1, leaf = $2 WHERE sequence = 6")
        .bind(&forged.body)
        .bind(write::leaf_of(&forged).0.as_slice())
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    // The head before covers 5 records and still fits, the next covers 12 and does not.
    assert_eq!(verified(directory.path()).await.damage, [Damage::Head { after: 5, size: 12 }]);
    let opened = Store::open(directory.path(), Kind::Live, "x", Limits::default()).await;
    assert!(matches!(opened, Err(StoreError::Log(LogError::Changed(Damage::Head { .. })))));
}

#[tokio::test]
async fn a_table_and_its_heads_cut_short_together_do_not_pass_for_a_shorter_log() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    change(directory.path(), "DELETE FROM sealed WHERE sequence > 12").await;
    change(directory.path(), "DELETE FROM heads WHERE size > 12").await;
    let damage = [Damage::CutShort { records: 12, signed: 14 }];
    assert_eq!(verified(directory.path()).await.damage, damage);
    // Nothing more is sealed on top of it.
    let opened = Store::open(directory.path(), Kind::Live, "x", Limits::default()).await;
    let Err(StoreError::Log(LogError::Changed(found))) = opened else { panic!("it was opened") };
    assert_eq!([found], damage);
}

#[tokio::test]
async fn a_checkpoint_remembers_how_long_the_log_was() {
    let directory = tempfile::tempdir().unwrap();
    let (mut store, _) = open(directory.path()).await;
    store.log.seal(at(0), vec![act(1)]).await.unwrap();
    store.checkpoint(&cycle::City::new(None)).unwrap();
    store.close().await.unwrap();
    // Even one who removes the copy of the heads as well.
    change(directory.path(), "DELETE FROM sealed").await;
    change(directory.path(), "DELETE FROM heads").await;
    fs::write(directory.path().join(heads::FILE), "").unwrap();
    let opened = Store::open(directory.path(), Kind::Live, "x", Limits::default()).await;
    assert!(matches!(
        opened,
        Err(StoreError::Log(LogError::Changed(Damage::CutShort { records: 0, signed: 1 })))
    ));
}

#[tokio::test]
async fn a_head_that_a_kill_kept_from_being_copied_is_copied_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    let path = directory.path().join(heads::FILE);
    let whole = fs::read(&path).unwrap();
    // Torn in the last entry, and the one before it gone as well.
    for cut in [whole.len() - 1, whole.len() - 40, whole.len() / 2] {
        fs::write(&path, &whole[..cut]).unwrap();
        let report = verified(directory.path()).await;
        assert!(report.is_whole() && report.not_copied > 0, "{report:?}");
        let (store, _) = open(directory.path()).await;
        store.close().await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}

/// What the log says, read without any checking.
async fn content(directory: &Path) -> Option<Vec<String>> {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(directory.join(crate::database::MAIN.file))
        .immutable(true)
        .read_only(true);
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect_with(options).await.ok()?;
    let mut said = Vec::new();
    for question in [
        "SELECT quote(sequence) || quote(time) || quote(kind) || quote(schema) || quote(body) || quote(leaf)
         FROM sealed ORDER BY sequence",
        "SELECT quote(size) || quote(note) FROM heads ORDER BY size",
    ] {
        for row in sqlx::query(question).fetch_all(&pool).await.ok()? {
            said.push(row.try_get::<Vec<u8>, _>(0).map(|text| format!("{text:?}")).ok()?);
        }
    }
    Some(said)
}

/// Flips bits all over the database file, most of them where the log's records and heads are. A flip that changes
/// what the log says must be found; a flip in a record's own bytes must be found at that record or under its head.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_flipped_bit_in_the_database_goes_unseen() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    let path = directory.path().join(crate::database::MAIN.file);
    let good = fs::read(&path).unwrap();
    let before = content(directory.path()).await.unwrap();
    let bodies: Vec<(u64, usize)> = (1..=14_u64)
        .filter_map(|n| {
            let needle = format!("\"detail\":\"{n}\"}}");
            let at = good.windows(needle.len()).position(|window| window == needle.as_bytes())?;
            Some((n, at + 10))
        })
        .collect();
    assert!(bodies.len() == 14);
    for (sequence, at) in bodies {
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << bit;
            fs::write(&path, &bytes).unwrap();
            let report = verified(directory.path()).await;
            assert_eq!(report.damage, [Damage::Record { sequence }], "bit {bit} at {at}");
        }
    }
    // SplitMix64, so that a failure comes again.
    let mut state = 2026_u64;
    let mut chance = move |below: usize| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as usize % below
    };
    let (mut seen, mut refused, mut elsewhere) = (0, 0, 0);
    for _ in 0..1_500 {
        // Pages of zeroes are passed over: nothing is there.
        let at = loop {
            let at = chance(good.len());
            if good[at.saturating_sub(8)..(at + 8).min(good.len())].iter().any(|byte| *byte != 0) {
                break at;
            }
        };
        let mut bytes = good.clone();
        bytes[at] ^= 1 << chance(8);
        fs::write(&path, &bytes).unwrap();
        let whole = match Reader::open(directory.path()).await {
            // The file is no database any more, or has no settings: told of, too.
            Err(_) => {
                refused += 1;
                continue;
            }
            Ok(reader) => reader.log.verify().await.unwrap().is_whole(),
        };
        if !whole {
            seen += 1;
        } else {
            let after = content(directory.path()).await.unwrap_or_default();
            let first = before.iter().zip(&after).position(|(before, after)| before != after);
            assert!(after == before, "a flip at {at} went unseen: {} rows, first {first:?}", after.len());
            elsewhere += 1;
        }
    }
    assert!(seen > 100, "{seen} seen, {refused} refused, {elsewhere} elsewhere");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_flipped_bit_in_the_copy_of_the_heads_goes_unseen() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    let path = directory.path().join(heads::FILE);
    let good = fs::read(&path).unwrap();
    let reader = Reader::open(directory.path()).await.unwrap();
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&path, &bytes).unwrap();
        let report = reader.log.verify().await.unwrap();
        assert!(!report.is_whole() || report.not_copied > 0, "byte {at}");
    }
}

#[tokio::test]
async fn a_directory_of_another_kind_or_in_use_or_newer_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _) = open(directory.path()).await;
    let again = Store::open(directory.path(), Kind::Live, "x", Limits::default()).await;
    let process = std::process::id().to_string();
    assert!(matches!(again, Err(StoreError::InUse { process: named, .. }) if named == process));
    // Reading beside it is possible.
    assert_eq!(Reader::open(directory.path()).await.unwrap().kind(), Kind::Live);
    store.close().await.unwrap();
    let replay = Store::open(directory.path(), Kind::Replay, "x", Limits::default()).await;
    assert!(matches!(replay, Err(StoreError::WrongKind { wanted: Kind::Replay, .. })));
    change(directory.path(), "UPDATE settings SET value = '3' WHERE name = 'schema'").await;
    let newer = Store::open(directory.path(), Kind::Live, "x", Limits::default()).await;
    assert!(matches!(newer, Err(StoreError::Database(DatabaseError::Newer { found: 3, .. }))));
    assert!(matches!(
        Reader::open(directory.path()).await,
        Err(StoreError::Database(DatabaseError::Newer { found: 3, .. }))
    ));
    let foreign = tempfile::tempdir().unwrap();
    fs::write(foreign.path().join("holiday.jpg"), "x").unwrap();
    let opened = Store::open(foreign.path(), Kind::Live, "x", Limits::default()).await;
    assert!(matches!(opened, Err(StoreError::Foreign(_))));
    // A restoration that began before any city was watched is no other people's.
    let begun = tempfile::tempdir().unwrap();
    fs::create_dir_all(begun.path().join("runs")).unwrap();
    fs::create_dir_all(begun.path().join("scratch")).unwrap();
    let (store, _) = Store::open(begun.path(), Kind::Live, "x", Limits::default()).await.unwrap();
    store.close().await.unwrap();
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(Reader::open(empty.path()).await, Err(StoreError::Missing(_))));
}

/// A record of an incident in a state.
fn incident(number: u64, state: &str) -> Record {
    let body = format!(
        r#"{{"number":{number},"title":"t","severity":"high","state":"{state}","reason":null,"until":null,"into":null,
        "owner":null,"findings":[],"more":0,"addresses":[],"assets":[],"services":[],"techniques":[],"responses":[],
        "began":"2026-01-02T00:00:00Z","detected":"2026-01-02T00:00:00Z","last":"2026-01-02T00:00:00Z",
        "contained":null,"recovered":null,"reviewed":null,"steps":[]}}"#
    );
    Record::Incident(Box::new(serde_json::from_str(&body).unwrap()))
}

#[tokio::test]
async fn records_are_found_by_kind_and_number_without_reading_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _) = open(directory.path()).await;
    for n in 1..=9 {
        store.log.seal(at(n), vec![act(1), incident(n as u64, "triage"), act(2)]).await.unwrap();
    }
    store.log.seal(at(10), vec![incident(4, "contained"), act(3)]).await.unwrap();
    let log = &store.log;
    let places = |records: Vec<Sealed>| records.into_iter().map(|record| record.sequence).collect::<Vec<_>>();
    assert_eq!(places(log.latest(Some("incident"), 2).await.unwrap()), [28, 26]);
    assert_eq!(places(log.latest_before(Some("incident"), 26, 2).await.unwrap()), [23, 20]);
    assert_eq!(places(log.latest_before(None, 26, 2).await.unwrap()), [25, 24]);
    // The latest of each, so that the fourth is told from the end of the log.
    assert_eq!(places(log.last_of_each("incident", 6, 3).await.unwrap()), [14, 28, 8]);
    // How they are found, as the database says: by an index, in its order, however long the log.
    for question in [read::LATEST_OF_KIND, read::LAST_OF_EACH] {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {question}"));
        let rows =
            sqlx::query(explain).bind(9).bind(9).bind("incident").fetch_all(&store.log.pool).await.unwrap();
        let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        assert!(steps.iter().any(|step| step.contains("INDEX sealed_by_")), "{question}: {steps:?}");
        assert!(!steps.iter().any(|step| step.starts_with("SCAN")), "{question}: {steps:?}");
    }
    store.close().await.unwrap();
}
