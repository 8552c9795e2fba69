//! Drills.

use super::*;
use crate::parts::{Mariadb, Postgresql, can_isolate, good, program, skipped};

const CHECKS: &str = r#"
[[check]]
id = "homes-are-listed"
backup = "telecare-web"
file = "TOWN/web/homes.csv"
parses = "csv"
contains = "Mill Lane"

[[check]]
id = "page-answers"
backup = "telecare-web"
start = ["/usr/bin/python3", "-m", "http.server", "8080", "--directory", "{place}TOWN/web"]
page = "http://127.0.0.1:8080/index.html"
contains = "Telecare answers"

[[check]]
id = "web-is-whole"
backup = "telecare-web"
run = ["test", "-d", "{place}TOWN/web/static"]
"#;

const NEEDS: &str = "postgresql, mariadb-server, sqlite3, python3, iproute2, and root or user namespaces";

#[test]
fn a_service_comes_back_with_what_it_needs_and_every_check_is_made() {
    let test = "a_service_comes_back_with_what_it_needs_and_every_check_is_made";
    let (Some(telecare), Some(housing)) = (Postgresql::start(PASSWORD), Mariadb::start(PASSWORD)) else {
        return skipped(test, NEEDS);
    };
    if !can_isolate() || program("sqlite3").is_none() || !Path::new("/usr/bin/python3").exists() {
        return skipped(test, NEEDS);
    }
    good(&telecare.psql("telecare", "CREATE TABLE calls (id int PRIMARY KEY, street text)"));
    good(
        &telecare.psql("telecare", "INSERT INTO calls SELECT n, 'Mill Lane' FROM generate_series(1, 1204) n"),
    );
    good(&telecare.psql("telecare", "CREATE ROLE clerks"));
    good(&telecare.psql("telecare", "GRANT clerks TO telecare"));
    good(&telecare.psql("telecare", "ALTER TABLE calls OWNER TO clerks"));
    good(&housing.mariadb("CREATE TABLE housing.homes (id int PRIMARY KEY, street text)"));
    good(&housing.mariadb("USE housing; INSERT INTO homes VALUES (1, 'Mill Lane'), (2, 'Weir')"));
    let databases = format!(
        r#"
[[backup]]
id = "telecare-db"
service = "telecare"
postgresql = "{}"
login = "env:TELECARE_PASSWORD"
to = ["cellar"]
every = "1d"

[[backup]]
id = "directory-db"
service = "directory"
mariadb = "{}"
login = "env:HOUSING_PASSWORD"
to = ["cellar"]
every = "1d"

[[backup]]
id = "sensors"
service = "telecare"
sqlite = "TOWN/sensors.db"
to = ["cellar"]
every = "1d"

[[check]]
id = "calls-are-there"
backup = "telecare-db"
query = "select * from calls"
rows = 1204

[[check]]
id = "calls-have-their-owner"
backup = "telecare-db"
query = "select 1 from pg_tables where tablename = 'calls' and tableowner = 'clerks'"

[[check]]
id = "homes-are-there"
backup = "directory-db"
query = "select * from homes"
rows = 2

[[check]]
id = "sensors-are-there"
backup = "sensors"
query = "select * from reading"
"#,
        telecare.uri(),
        housing.uri()
    );
    let town = Town::new(&format!("{databases}{CHECKS}"));
    let make = "CREATE TABLE reading (x); INSERT INTO reading VALUES (1), (2), (3)";
    good(&Command::new("sqlite3").arg(town.at("sensors.db")).arg(make).output().unwrap());
    town.back_up(time(0));
    let drill = town.drill("telecare");
    let done: Vec<String> =
        drill.steps.iter().map(|step| format!("{}: {}", step.backup, step.what)).collect();
    let web = format!("file {}/homes.csv", town.at("web").display());
    assert_eq!(
        done,
        [
            "directory-db: restore 1 file",
            "directory-db: load the dump into a scratch MariaDB",
            "directory-db: query returns 2 rows",
            "telecare-web: restore 2 files",
            &format!("telecare-web: {web}"),
            "telecare-web: page http://127.0.0.1:8080/index.html",
            "telecare-web: run test",
            "telecare-db: restore 2 files",
            "telecare-db: load the dump into a scratch PostgreSQL",
            "telecare-db: query returns 1,204 rows",
            "telecare-db: query returns a row",
            "sensors: restore 1 file",
            "sensors: check every page and index of the database",
            "sensors: query returns a row",
        ],
        "{:#?}",
        failures(&drill)
    );
    assert_eq!(failures(&drill), []);
    assert!(drill.passed() && drill.recovered_to == Some(time(0)));
    let total: jiff::SignedDuration =
        drill.steps.iter().fold(jiff::SignedDuration::ZERO, |sum, step| sum + step.duration);
    assert!(total <= drill.duration && drill.steps.iter().all(|step| step.from.is_some()));
    for step in &drill.steps {
        println!("{:>8.3} s  {}: {}", step.duration.as_secs_f64(), step.backup, step.what);
    }
}

#[test]
fn what_is_missing_and_what_is_wrong_fails_and_says_why() {
    let town = Town::new(&format!(
        "{CHECKS}{}",
        r#"
[[backup]]
id = "never-made"
service = "telecare"
folders = ["TOWN/web"]
to = ["cellar", "shelf"]
every = "1d"

[[check]]
id = "wrong-hash"
backup = "telecare-web"
file = "TOWN/web/index.html"
sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"#
    ));
    let scratch = Scratch::new(&town.at("scratch")).unwrap();
    let context = Context {
        scratch: &scratch,
        login: None,
        plan: town.folder.path(),
        state: town.folder.path(),
        known_hosts: None,
        bounds: Bounds::within(Duration::from_secs(60), 1 << 30),
    };
    let web = town.plan.backup(&"telecare-web".parse().unwrap()).unwrap();
    town.vault("cellar").backup(&web.id, &stage(web, &context).unwrap(), time(0), &()).unwrap();
    let drill = town.drill("telecare");
    assert!(!drill.passed() && drill.recovered_to.is_none());
    let failures = failures(&drill);
    let has = |what: &str, why: &str| {
        failures.iter().any(|(step, failure)| step.contains(what) && failure.contains(why))
    };
    assert!(
        has("never-made: choose a snapshot", "cellar: it has no snapshot of `never-made`"),
        "{failures:#?}"
    );
    assert!(
        has("never-made: choose a snapshot", "shelf: it has no snapshot of `never-made`"),
        "{failures:#?}"
    );
    assert!(has("telecare-web: file", "has the SHA-256"), "{failures:#?}");
    // A service without any backup does not pass for one that came back.
    let drill = town.drill("directory");
    assert!(!drill.passed());
    assert!(drill.steps[0].failure.as_ref().unwrap().contains("declares no backup"));
}

#[test]
fn spoilt_snapshots_are_passed_over_and_repositories_that_do_not_answer_too() {
    let town = Town::new("");
    town.back_up(time(0));
    fs::write(town.at("web/index.html"), [0x17; 9000]).unwrap();
    town.back_up(time(3600));
    let newest = town.drill("telecare");
    assert_eq!((newest.recovered_to, newest.steps.len()), (Some(time(3600)), 1), "{:#?}", failures(&newest));
    let spoilt = |_: &RepositoryId, snapshot: &SnapshotInfo| {
        (snapshot.time > time(1000)).then(|| "its files are noise".to_owned())
    };
    let drill = town.drill_with("telecare", &spoilt);
    assert_eq!(drill.recovered_to, Some(time(0)));
    let from = |drill: &Drill| drill.steps[0].from.clone().unwrap().0.to_string();
    assert_eq!(from(&drill), "cellar");
    fs::rename(town.at("cellar"), town.at("cellar-away")).unwrap();
    let drill = town.drill("telecare");
    assert_eq!((from(&drill).as_str(), drill.passed()), ("shelf", true));
    let all = |_: &RepositoryId, _: &SnapshotInfo| Some("its files are noise".to_owned());
    let drill = town.drill_with("telecare", &all);
    let failure = drill.steps[0].failure.clone().unwrap();
    assert!(failure.contains("only snapshots are spoilt (its files are noise)"), "{failure}");
}
