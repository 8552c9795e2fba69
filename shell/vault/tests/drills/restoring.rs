//! The real thing.

use super::*;
use crate::parts::{Postgresql, good, postgresql, skipped};
use city::Backup;
use vault::{RestoreError, Restoring, plan_restore, restore};

fn backups(plan: &Plan) -> Vec<&Backup> {
    plan.backups_of(&"telecare".parse().unwrap()).collect()
}

#[test]
fn a_service_is_restored_as_it_was_at_a_time_and_nothing_is_overwritten_untold() {
    let town = Town::new("");
    town.back_up(time(0));
    fs::write(town.at("web/index.html"), "<p>Changed</p>\n").unwrap();
    fs::write(town.at("web/new.html"), "<p>New</p>\n").unwrap();
    town.back_up(time(3600));
    let place = town.at("place");
    let restoring = Restoring { to: &place, at: Some(time(3599)), overwrite: false, spoilt: &all_clean };
    let web = place.join("telecare-web").join(town.at("web").strip_prefix("/").unwrap());

    let looked = plan_restore(&town.plan, &backups(&town.plan), &restoring).unwrap();
    assert!(!place.exists(), "a dry run writes nothing");
    assert_eq!((looked[0].snapshot.time, looked[0].files, looked[0].occupied), (time(0), 2, false));
    assert_eq!(looked[0].bytes, (24 + 31) as u64);
    assert_eq!(looked[0].into, place.join("telecare-web"));

    let done = restore(&town.plan, &backups(&town.plan), &restoring, &()).unwrap();
    assert_eq!((done[0].1.files, done[0].1.bytes), (2, 55));
    assert_eq!(fs::read_to_string(web.join("index.html")).unwrap(), "<p>Telecare answers</p>\n");

    let restoring = Restoring { at: None, ..restoring };
    fs::write(web.join("kept.txt"), "somebody's own").unwrap();
    let looked = plan_restore(&town.plan, &backups(&town.plan), &restoring).unwrap();
    assert_eq!((looked[0].occupied, looked[0].overwrites, looked[0].files), (true, 2, 3));
    assert!(looked[0].overwritten.iter().any(|path| path.ends_with("web/index.html")), "{looked:?}");
    let error = restore(&town.plan, &backups(&town.plan), &restoring, &()).unwrap_err();
    assert!(matches!(error, RestoreError::Occupied { overwrites: 2, .. }), "{error}");
    assert_eq!(fs::read_to_string(web.join("index.html")).unwrap(), "<p>Telecare answers</p>\n");

    let restoring = Restoring { overwrite: true, ..restoring };
    restore(&town.plan, &backups(&town.plan), &restoring, &()).unwrap();
    assert_eq!(fs::read_to_string(web.join("index.html")).unwrap(), "<p>Changed</p>\n");
    assert_eq!(fs::read_to_string(web.join("kept.txt")).unwrap(), "somebody's own");
}

#[test]
fn without_a_snapshot_it_says_which_repository_lacks_what() {
    let town = Town::new("");
    town.back_up(time(3600));
    let place = town.at("place");
    let restoring = Restoring { to: &place, at: Some(time(0)), overwrite: false, spoilt: &all_clean };
    let error = restore(&town.plan, &backups(&town.plan), &restoring, &()).unwrap_err().to_string();
    assert!(
        error.contains("cellar: all its snapshots are newer; shelf: all its snapshots are newer"),
        "{error}"
    );
    assert!(!place.exists());
}

#[test]
fn a_database_is_loaded_with_its_owners_by_the_commands_that_are_told() {
    let test = "a_database_is_loaded_with_its_owners_by_the_commands_that_are_told";
    let (Some(server), Some(other)) = (Postgresql::start(PASSWORD), Postgresql::start("another heron"))
    else {
        return skipped(test, "postgresql");
    };
    good(&server.psql("telecare", "CREATE ROLE \"night clerks\""));
    good(&server.psql("telecare", "GRANT \"night clerks\" TO telecare"));
    good(&server.psql("telecare", "CREATE TABLE calls AS SELECT generate_series(1, 1204) AS id"));
    good(&server.psql("telecare", "ALTER TABLE calls OWNER TO \"night clerks\""));
    let town = Town::new(&format!(
        r#"
[[backup]]
id = "telecare-db"
service = "telecare"
postgresql = "{}"
login = "env:TELECARE_PASSWORD"
to = ["cellar"]
every = "1d"
"#,
        server.uri()
    ));
    town.back_up(time(0));
    drop(server);
    // A new server knows nothing of it.
    good(&other.psql("postgres", "DROP DATABASE telecare"));
    good(&other.psql("postgres", "DROP ROLE telecare"));
    let place = town.at("Asha's place");
    let restoring = Restoring { to: &place, at: None, overwrite: false, spoilt: &all_clean };
    let done = restore(&town.plan, &backups(&town.plan), &restoring, &()).unwrap();
    let to_load = |id: &str| &done.iter().find(|(one, _)| one.backup.as_str() == id).unwrap().0.to_load;
    assert_eq!(to_load("telecare-web"), &Vec::<String>::new());
    let programs = postgresql("psql").unwrap();
    for line in to_load("telecare-db") {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", line]).env("PGHOST", other.folder.path()).env("PGUSER", "admin");
        shell.env("PGPASSWORD", "admin's own").env("PATH", programs.parent().unwrap());
        good(&shell.output().unwrap());
    }
    let owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'telecare'";
    assert_eq!(good(&other.psql("postgres", owner)).trim(), "telecare");
    let owner =
        "SELECT tableowner || ' ' || (SELECT count(*) FROM calls) FROM pg_tables WHERE tablename = 'calls'";
    assert_eq!(good(&other.psql("telecare", owner)).trim(), "night clerks 1204");
    let member = "SELECT pg_has_role('telecare', 'night clerks', 'member')";
    assert_eq!(good(&other.psql("telecare", member)).trim(), "t");
}
