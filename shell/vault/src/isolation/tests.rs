use super::*;
use crate::{
    check::{check_page, check_run},
    database::{Kind, Loaded},
    parts::{self, can_isolate, good, skipped},
    program::{Output, run},
};
use city::Text;
use std::{net::TcpListener, os::unix::net::UnixListener, process::Stdio};

const NEEDS: &str = "root or user namespaces, and iproute2";

fn bounds() -> Bounds {
    Bounds::within(Duration::from_secs(60), 1 << 20)
}

/// A folder with what was restored, and a place made of it.
fn restored() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("web")).unwrap();
    fs::write(folder.path().join("web/index.html"), "<p>Telecare answers</p>\n").unwrap();
    folder
}

fn shell(place: &Place, script: &str) -> Result<String, ProgramError> {
    let mut command = place.command(Path::new("/bin/bash")).unwrap();
    let ran = run("bash", command.args(["-c", script]), &Input::Nothing, Output::Memory, bounds())?;
    Ok(String::from_utf8(ran.printed).unwrap())
}

#[test]
fn a_place_has_no_way_out_and_no_way_to_others() {
    if !can_isolate() {
        return skipped("a_place_has_no_way_out_and_no_way_to_others", NEEDS);
    }
    let folder = restored();
    let outside = tempfile::tempdir().unwrap();
    let _socket = UnixListener::bind(outside.path().join("socket")).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap();
    let port_number = port.local_addr().unwrap().port();
    let place = Place::open(folder.path(), Isolation::Required).unwrap();
    assert!(place.is_isolated());
    // The network: a loopback, and nothing that listens outside.
    assert_eq!(shell(&place, "cat /proc/net/dev | tail -n +3 | cut -d: -f1 | xargs").unwrap(), "lo\n");
    assert!(shell(&place, &format!("exec 3<>/dev/tcp/127.0.0.1/{port_number}")).is_err());
    assert!(shell(&place, "exec 3<>/dev/udp/192.0.2.1/53 && echo >&3").is_err());
    // Files: only the place can be written; sockets of services are not there.
    assert_eq!(shell(&place, "cd web && touch made && cat index.html").unwrap(), "<p>Telecare answers</p>\n");
    assert!(folder.path().join("web/made").exists());
    let listed =
        shell(&place, "ls -A /tmp /var/tmp /dev/shm | sort -u | tr -d '\\n'; ls /run | xargs").unwrap();
    assert!(listed.ends_with(":mount place\n") && !listed.contains("socket"), "{listed}");
    let own = std::env::current_dir().unwrap().join("made-inside");
    for path in ["/etc/made", "/usr/made", "/made", own.to_str().unwrap()] {
        assert!(shell(&place, &format!("touch {path}")).is_err(), "{path}");
        assert!(!Path::new(path).exists());
    }
    // Processes: only its own, without rights.
    let seen = shell(&place, "cat /proc/[0-9]*/comm | sort -u | xargs").unwrap();
    assert!(!seen.contains("vault") && seen.contains("bash"), "{seen}");
    assert!(shell(&place, "mount -t tmpfs x /mnt 2>&1").is_err());
    let status = shell(&place, "grep -E '^(CapEff|NoNewPrivs)' /proc/self/status | cut -f2 | xargs").unwrap();
    assert_eq!(status, "0000000000000000 1\n");
    assert_eq!(shell(&place, "id -u").unwrap().trim() == "0", false);
    // Nothing of ours stands in its environment.
    assert!(!shell(&place, "env").unwrap().contains("CARGO"));
}

/// The processes whose command line holds a text.
fn running(text: &str) -> usize {
    let lines = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(text)).count()
}

#[test]
fn what_ran_in_a_place_is_gone_with_it_whatever_it_did() {
    if !can_isolate() {
        return skipped("what_ran_in_a_place_is_gone_with_it_whatever_it_did", NEEDS);
    }
    let folder = restored();
    let place = Place::open(folder.path(), Isolation::Required).unwrap();
    // A session of its own, and nobody who waits for it.
    shell(
        &place,
        "setsid -f sleep 765432 > /dev/null 2>&1; setsid -f sleep 765432 > /dev/null 2>&1; sleep 0.3",
    )
    .unwrap();
    parts::eventually("both run", || running("765432") == 2);
    drop(place);
    assert_eq!(running("765432"), 0);
    assert!(!fs::read_to_string("/proc/self/mounts").unwrap().contains("/run/place"));
}

#[test]
fn a_place_ends_with_the_process_that_made_it_however_that_ends() {
    const CHILD: &str = "BASTIDE_PLACE_CHILD";
    if !can_isolate() {
        return skipped("a_place_ends_with_the_process_that_made_it_however_that_ends", NEEDS);
    }
    if let Ok(folder) = std::env::var(CHILD) {
        let place = Place::open(Path::new(&folder), Isolation::Required).unwrap();
        let _ = shell(&place, "setsid -f sleep 876543 > /dev/null 2>&1; sleep 876543");
        return;
    }
    for after in [0, 20, 50, 120, 400] {
        let folder = restored();
        let mut child = Command::new(std::env::current_exe().unwrap());
        let test = "isolation::tests::a_place_ends_with_the_process_that_made_it_however_that_ends";
        child.args(["--exact", test, "--nocapture"]).env(CHILD, folder.path());
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        if after == 400 {
            parts::eventually("both run", || running("876543") >= 2);
        }
        thread::sleep(Duration::from_millis(after));
        child.kill().unwrap();
        child.wait().unwrap();
        let path = folder.path().to_str().unwrap();
        parts::eventually("nothing is left", || running("876543") == 0 && running(path) == 0);
    }
}

#[test]
fn a_page_is_asked_for_inside_and_its_program_ends() {
    let Some(_) = parts::program("python3") else {
        return skipped("a_page_is_asked_for_inside_and_its_program_ends", "python3");
    };
    if !can_isolate() {
        return skipped("a_page_is_asked_for_inside_and_its_program_ends", NEEDS);
    }
    let folder = restored();
    let text = |words: &[&str]| words.iter().map(|word| Text::from(*word)).collect::<Vec<_>>();
    let start = text(&["/usr/bin/python3", "-m", "http.server", "8080", "--directory", "{place}/web"]);
    let ask = |start: &[Text], page: &str, contains: Option<&str>, seconds: u64| {
        let place = Place::open(folder.path(), Isolation::Required).unwrap();
        let bounds = Bounds::within(Duration::from_secs(seconds), 1 << 20);
        check_page(&place, folder.path(), start, page, contains, bounds)
    };
    let page = "http://127.0.0.1:8080/";
    assert_eq!(ask(&start, page, Some("Telecare answers"), 60), Ok(24));
    let error = ask(&start, page, Some("Housing"), 60).unwrap_err();
    assert!(error.contains("does not contain `Housing`"), "{error}");
    let error = ask(&start, "http://127.0.0.1:8080/none", None, 4).unwrap_err();
    assert!(error.contains("not up in time") && error.contains("it answered 404"), "{error}");
    let error = ask(&text(&["false"]), page, None, 20).unwrap_err();
    assert!(error.contains("ended before it was up"), "{error}");
    assert_eq!(running("8080"), 0);
    let place = Place::open(folder.path(), Isolation::Required).unwrap();
    let good = text(&["grep", "-q", "Telecare", "{place}/web/index.html"]);
    check_run(&place, folder.path(), &good, bounds()).unwrap();
    let bad = text(&["ls", "{place}/web/none"]);
    let error = check_run(&place, folder.path(), &bad, bounds()).unwrap_err();
    assert!(error.contains("`ls` ended with 2") && error.contains("/run/place/web/none"), "{error}");
    let error = check_run(&place, folder.path(), &text(&["{place}/none"]), bounds()).unwrap_err();
    assert!(error.contains("none"), "{error}");
}

#[test]
fn a_postgresql_dump_is_loaded_and_asked_in_a_place() {
    let test = "a_postgresql_dump_is_loaded_and_asked_in_a_place";
    let Some(server) = parts::Postgresql::start("heron") else { return skipped(test, "postgresql") };
    if !can_isolate() {
        return skipped(test, NEEDS);
    }
    good(&server.psql("telecare", "CREATE TABLE calls (id int PRIMARY KEY, street text)"));
    good(
        &server.psql("telecare", "INSERT INTO calls SELECT n, E'Mill\\nLane' FROM generate_series(1, 500) n"),
    );
    let folder = restored();
    let dump = folder.path().join("telecare-db.pgdump");
    let mut pg_dump = Command::new(parts::postgresql("pg_dump").unwrap());
    pg_dump.args(["-Fc", "-U", "admin", "-d", "telecare", "-h"]).arg(server.folder.path());
    fs::write(&dump, pg_dump.env("PGPASSWORD", "admin's own").output().unwrap().stdout).unwrap();
    let work = folder.path().join("work");
    let place = Place::open(folder.path(), Isolation::Required).unwrap();
    let begin = Instant::now();
    let loaded = Loaded::load(Kind::Postgresql, &place, &dump, &work, bounds()).unwrap();
    println!("loaded in {:?}", begin.elapsed());
    assert_eq!(loaded.rows("SELECT * FROM calls WHERE id > 100 -- since", 1, bounds()), Ok(400));
    let error = loaded.rows("SELECT * FROM homes;", 1, bounds()).unwrap_err();
    assert!(error.contains("relation \"homes\" does not exist"), "{error}");
    drop(loaded);
    assert!(!work.exists());
    let whole = fs::read(&dump).unwrap();
    fs::write(&dump, whole.get(..whole.len() / 2).unwrap()).unwrap();
    let error = Loaded::load(Kind::Postgresql, &place, &dump, &work, bounds()).map(drop).unwrap_err();
    assert!(error.contains("cannot be loaded"), "{error}");
    drop(place);
    assert_eq!(running("/run/place/work"), 0);
}

#[test]
fn a_mariadb_dump_is_loaded_and_asked_in_a_place() {
    let test = "a_mariadb_dump_is_loaded_and_asked_in_a_place";
    if parts::program("mariadbd").is_none() {
        return skipped(test, "mariadb-server");
    }
    if !can_isolate() {
        return skipped(test, NEEDS);
    }
    let folder = restored();
    let dump = folder.path().join("housing-db.sql");
    let sql =
        "CREATE TABLE homes (id int, street text);\nINSERT INTO homes VALUES (1,'Mill\\nLane'),(2,'Weir');\n";
    fs::write(&dump, sql).unwrap();
    let work = folder.path().join("work");
    let place = Place::open(folder.path(), Isolation::Required).unwrap();
    let begin = Instant::now();
    let loaded = Loaded::load(Kind::Mariadb, &place, &dump, &work, bounds()).unwrap();
    println!("loaded in {:?}", begin.elapsed());
    assert_eq!(loaded.rows("SELECT * FROM homes;", 1, bounds()), Ok(2));
    assert!(loaded.rows("SELECT * FROM calls", 1, bounds()).unwrap_err().contains("doesn't exist"));
    drop(loaded);
    fs::write(&dump, "CREATE TABLE homes (id int; \n").unwrap();
    let error = Loaded::load(Kind::Mariadb, &place, &dump, &work, bounds()).map(drop).unwrap_err();
    assert!(error.contains("cannot be loaded"), "{error}");
    drop(place);
    assert_eq!(running("/run/place/work"), 0);
}

#[test]
fn an_sqlite_file_is_checked_and_asked() {
    let folder = restored();
    let file = folder.path().join("sensors.sqlite");
    if parts::program("sqlite3").is_none() {
        return skipped("an_sqlite_file_is_checked_and_asked", "sqlite3");
    }
    let make = "CREATE TABLE a (x); INSERT INTO a VALUES (1), (2), (3)";
    good(&Command::new("sqlite3").arg(&file).arg(make).output().unwrap());
    let place = Place { folder: folder.path().to_path_buf(), holder: None, _stays: PhantomData };
    let loaded = Loaded::load(Kind::Sqlite, &place, &file, folder.path(), bounds()).unwrap();
    assert_eq!(loaded.rows("SELECT * FROM a", 10, bounds()), Ok(3));
    assert_eq!(loaded.rows("SELECT * FROM a", 2, bounds()), Ok(2), "no further than enough");
    let endless =
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n WHERE x < 0";
    let error = loaded.rows(endless, 1, Bounds::within(Duration::from_millis(300), 0)).unwrap_err();
    assert!(error.contains("interrupted"), "{error}");
    assert!(loaded.rows("DELETE FROM a", 1, bounds()).is_err());
}
