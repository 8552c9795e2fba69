//! Databases, dumped while they run.

use super::*;
use crate::parts::{Mariadb, Postgresql, good, program, skipped};
use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

/// With everything in it that an option file, a shell or a URI could take for something else.
const PASSWORD: &str = r#"blue "heron\s #7' %41"#;

/// Looks at what everybody on this machine can see while something is done: nobody's arguments hold the password.
fn unseen<T>(secret: &str, work: impl FnOnce() -> T) -> T {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut looks = 0_u64;
            while !done.load(Ordering::Relaxed) {
                for process in fs::read_dir("/proc").unwrap().flatten() {
                    let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
                    assert!(!String::from_utf8_lossy(&line).contains(secret), "seen in {process:?}");
                }
                looks += 1;
            }
            looks
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        assert!(watch.join().unwrap() > 0);
        result
    })
}

#[test]
fn postgresql_is_dumped_whole_and_its_password_is_seen_by_nobody() {
    let password = PASSWORD.replace('\'', "");
    let Some(server) = Postgresql::start(&password) else {
        return skipped("postgresql_is_dumped_whole_and_its_password_is_seen_by_nobody", "postgresql");
    };
    good(&server.psql("telecare", "CREATE TABLE calls (id int PRIMARY KEY, street text)"));
    good(&server.psql("telecare", "INSERT INTO calls SELECT n, 'Mill Lane' FROM generate_series(1, 5000) n"));
    good(&server.psql("telecare", "GRANT ALL ON calls TO telecare"));
    let desk = Desk::new();
    let backup = backup("telecare-db", Source::Postgresql(server.uri().into()), None);
    let staged = unseen(&password, || desk.stage(&backup, Some(&password))).unwrap();
    let dump = folder(&staged).join("telecare-db.pgdump");
    let mut list = Command::new(parts::postgresql("pg_restore").unwrap());
    let sql = good(&list.arg("--file=-").arg(&dump).output().unwrap());
    assert_eq!(sql.lines().filter(|line| line.ends_with("\tMill Lane")).count(), 5000);
    // Whoever owns something in it, without what only a superuser may see.
    let roles = fs::read_to_string(folder(&staged).join("telecare-db.roles.sql")).unwrap();
    assert!(roles.contains("CREATE ROLE telecare;") && !roles.contains(" PASSWORD "), "{roles}");
    let error = desk.stage(&backup, Some("wrong heron")).unwrap_err().to_string();
    assert!(error.contains("authentication failed") && !error.contains("heron"), "{error}");
    let error = desk.stage(&backup, None).unwrap_err().to_string();
    assert!(error.contains("no password supplied"), "{error}");
}

#[test]
fn mariadb_is_dumped_whole_and_its_password_is_seen_by_nobody() {
    let Some(server) = Mariadb::start(PASSWORD) else {
        return skipped("mariadb_is_dumped_whole_and_its_password_is_seen_by_nobody", "mariadb-server");
    };
    good(&server.mariadb("CREATE TABLE housing.homes (id int PRIMARY KEY, street text, seal blob)"));
    good(
        &server
            .mariadb("USE housing; INSERT INTO homes SELECT seq, 'Mill Lane', x'00ff27' FROM seq_1_to_5000"),
    );
    good(&server.mariadb(
        "CREATE DEFINER=housing@localhost PROCEDURE housing.count_homes() SELECT count(*) FROM homes",
    ));
    let desk = Desk::new();
    let backup = backup("housing-db", Source::Mariadb(server.uri().into()), None);
    let staged = unseen(PASSWORD, || desk.stage(&backup, Some(PASSWORD))).unwrap();
    let sql = fs::read_to_string(folder(&staged).join("housing-db.sql")).unwrap();
    assert_eq!(sql.matches("'Mill Lane',0x00FF27").count(), 5000);
    assert!(sql.contains("count_homes") && sql.trim_end().ends_with("-- Dump completed"));
    // The same twice, so that a second backup stores nothing.
    let again = desk.stage(&backup, Some(PASSWORD)).unwrap();
    assert_eq!(fs::read_to_string(folder(&again).join("housing-db.sql")).unwrap(), sql);
    let error = desk.stage(&backup, Some("wrong heron")).unwrap_err().to_string();
    assert!(error.contains("Access denied") && !error.contains("heron"), "{error}");
}

/// A process that writes to an SQLite database in pairs: at any moment both tables have as many rows.
fn writer(database: &Path, mode: &str) -> parts::Process {
    let mut writer = Command::new(program("sqlite3").unwrap());
    let mut writer = writer
        .arg(database)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = writer.stdin.take().unwrap();
    let mode = mode.to_owned();
    thread::spawn(move || {
        let _ = writeln!(input, "PRAGMA journal_mode={mode}; PRAGMA busy_timeout=20000;");
        for _ in 0..1_000_000 {
            let pair = "BEGIN IMMEDIATE; INSERT INTO a VALUES (randomblob(300)); INSERT INTO b VALUES (randomblob(300)); COMMIT;";
            if writeln!(input, "{pair}").is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(3));
        }
    });
    parts::Process(writer)
}

fn sqlite(database: &Path, statement: &str) -> String {
    let mut sqlite = Command::new(program("sqlite3").unwrap());
    sqlite.args(["-cmd", ".timeout 20000"]).arg(database).arg(statement);
    good(&sqlite.output().unwrap()).trim().to_owned()
}

#[test]
fn sqlite_is_copied_as_it_was_at_one_moment_while_another_writes() {
    if program("sqlite3").is_none() {
        return skipped("sqlite_is_copied_as_it_was_at_one_moment_while_another_writes", "sqlite3");
    }
    for mode in ["wal", "delete"] {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("it's a sensor.db");
        sqlite(&file, "CREATE TABLE a (x); CREATE TABLE b (x); CREATE TABLE c (x)");
        // Row numbers with gaps, which others may refer to, stay as they are.
        sqlite(&file, "INSERT INTO c (rowid, x) VALUES (5, 1), (900, 2); DELETE FROM c WHERE rowid = 5");
        let writing = writer(&file, mode);
        parts::eventually("the writer writes", || sqlite(&file, "SELECT count(*) > 50 FROM a") == "1");
        let desk = Desk::new();
        let backup = backup("sensors", Source::Sqlite(file.to_str().unwrap().into()), None);
        let mut last = 0_u64;
        for _ in 0..10 {
            let begin = std::time::Instant::now();
            let staged = desk.stage(&backup, None).unwrap();
            println!("{mode}: {:?}", begin.elapsed());
            let copy = folder(&staged).join("sensors.sqlite");
            let counts = sqlite(&copy, "SELECT (SELECT count(*) FROM a) || ' ' || (SELECT count(*) FROM b)");
            let (a, b) = counts.split_once(' ').unwrap();
            assert_eq!(a, b, "{mode}");
            let now: u64 = a.parse().unwrap();
            assert!(now >= last, "{mode}");
            last = now;
            assert_eq!(sqlite(&copy, "SELECT rowid FROM c"), "900");
        }
        drop(writing);
        let later: u64 = sqlite(&file, "SELECT count(*) FROM a").parse().unwrap();
        assert!(later >= last, "{mode}: the writer went on");
    }
}

#[test]
fn a_damaged_sqlite_database_is_no_backup() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("sensors.db");
    fs::write(&file, [0x42; 8192]).unwrap();
    let desk = Desk::new();
    let backup = backup("sensors", Source::Sqlite(file.to_str().unwrap().into()), None);
    let error = desk.stage(&backup, None).unwrap_err().to_string();
    assert!(error.contains("not a database"), "{error}");
    fs::remove_file(&file).unwrap();
    assert!(matches!(desk.stage(&backup, None), Err(SourceError::Unreadable { .. })));
}
