//! What the tables of recovery say is what the plan then holds.
#![cfg(test)]

use city::{FileForm, Purpose, RepositoryPlace, SecretReference, Source, Test};
use jiff::SignedDuration;
use plan::{Colours, Plan, SourceFile, check};

const CITY: &str = r#"
[city]
name = "Wexcombe"
time-zone = "Europe/London"

[[service]]
id = "telecare"
name = "Telecare"
impact = "high"

[[service]]
id = "lighting"
name = "Street lighting"
impact = "low"

[[zone]]
id = "servers"
name = "Servers"
networks = ["192.0.2.0/28"]
security-level = 1
site = "town-hall"

[[asset]]
id = "alarm-server"
zone = "servers"
addresses = ["192.0.2.5"]
services = ["telecare", "lighting"]

[[asset]]
id = "store"
zone = "servers"
addresses = ["192.0.2.6"]
services = ["telecare"]
site = "library"
replace = "4h"
crew = "servers"

[[contact]]
id = "careline"
name = "Careline"
role = "Owner of telecare"
telephone = "+44 1632 960002"

[[site]]
id = "town-hall"
name = "Town hall"
address = "Market Street"

[[site]]
id = "library"
name = "Library"

[[crew]]
id = "servers"
name = "Server team"
people = 3
contact = "careline"

[[repository]]
id = "cellar"
name = "Cellar"
at = "/srv/backups/"
key = "file:/etc/bastide/keys/cellar"
asset = "store"

[[repository]]
id = "far"
name = "Far away"
at = "s3:https://store.example:9000/bucket/a/b"
key = "env:FAR_KEY"
login = "env:FAR_LOGIN"
append-only = true
locked = "30d"
offline = "8d"
bandwidth = "500KiB/s"
"#;

const BACKUPS: &[(&str, &str)] = &[
    ("folders", "folders = [\"/srv/a/\", \"/etc\"]\nexclude = [\"*.tmp\"]"),
    ("command", "command = [\"tool\", \"--export\"]"),
    ("postgresql", "postgresql = \"postgres://reader@192.0.2.5/calls\"\nlogin = \"env:CALLS\""),
    ("mariadb", "mariadb = \"mariadb:///lamps?socket=/run/mysqld/mysqld.sock\""),
    ("sqlite", "sqlite = \"/srv/lamps.db\""),
    ("ssh-files", "ssh = \"backup@192.0.2.5:2222\"\nfiles = [\"/etc\", \"startup-config\"]"),
    ("ssh-command", "ssh = \"backup@192.0.2.5\"\nremote-command = \"show running-config\""),
    ("http", "http = \"https://192.0.2.5/export\""),
    ("bastide", "bastide = true"),
];

fn plan() -> Plan {
    let mut text = CITY.to_owned();
    for (id, source) in BACKUPS {
        let of = if *id == "sqlite" {
            "asset = \"alarm-server\""
        } else {
            "service = \"telecare\"\nasset = \"store\""
        };
        text += &format!(
            "[[backup]]\nid = \"{id}\"\n{of}\n{source}\nto = [\"far\", \"cellar\"]\nevery = \"12h\"\nkeep = [\"14 daily\", \"2 last\"]\n"
        );
    }
    let tests = [
        ("query", "backup = \"sqlite\"\nquery = \"select 1\"\nrows = 7"),
        ("query-1", "backup = \"sqlite\"\nquery = \"select 1\""),
        (
            "file",
            &format!(
                "backup = \"folders\"\nfile = \"srv/a/b.csv\"\nparses = \"csv\"\ncontains = \"x\"\nsha256 = \"{}\"",
                "AB".repeat(32)
            ),
        ),
        ("run", "backup = \"folders\"\nrun = [\"tool\", \"{place}\"]"),
        (
            "page",
            "backup = \"folders\"\nstart = [\"serve\", \"{place}\"]\npage = \"http://127.0.0.1:8080/\"\ncontains = \"ok\"",
        ),
    ];
    for (id, test) in tests {
        text += &format!("[[check]]\nid = \"{id}\"\n{test}\n");
    }
    text += "[[procedure]]\nid = \"a\"\nname = \"A\"\nassets = [\"store\"]\nowner = \"careline\"\nreviewed = 2026-09-01\nfile = \"a.md\"\n\
             [[procedure]]\nid = \"b\"\nname = \"B\"\npurpose = \"fallback\"\nservices = [\"telecare\"]\ncrew = \"servers\"\nowner = \"careline\"\n\
             reviewed = \"2026-02-28\"\nreview-every = \"90d\"\nfile = \"more/b.md\"\n";
    let files = [
        SourceFile::new("city.toml", text),
        SourceFile::new("a.md", "Read this.\n\n1. Do it (30m, servers)\n"),
        SourceFile::new("more/b.md", "1. Do it\n\n   ```run\n   true\n   ```\n2. Wait (1h)\n"),
        SourceFile::new("README.md", "No steps, and no mistake."),
    ];
    let checked = check(&files);
    let said: String = checked.diagnostics.iter().map(|d| d.render(Colours::Off)).collect();
    assert_eq!(said, "");
    checked.plan.unwrap()
}

#[test]
fn places_and_people() {
    let plan = plan();
    let asset = |id: &str| plan.asset(&id.parse().unwrap()).unwrap();
    assert_eq!(plan.site_of(asset("alarm-server")).unwrap().id.as_str(), "town-hall");
    assert_eq!(plan.site_of(asset("store")).unwrap().id.as_str(), "library");
    assert_eq!(asset("store").replace, Some(SignedDuration::from_hours(4)));
    assert_eq!(asset("store").crew.as_ref().unwrap().as_str(), "servers");
    let crew = plan.crews().next().unwrap();
    assert_eq!((crew.people, crew.contact.as_ref().unwrap().as_str()), (3, "careline"));
    assert_eq!(plan.sites().next().unwrap().address.as_deref(), Some("Market Street"));
}

#[test]
fn repositories() {
    let plan = plan();
    let [cellar, far] = plan.repositories().collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(cellar.at, RepositoryPlace::Folder("/srv/backups".into()));
    assert_eq!(cellar.key, SecretReference::File("/etc/bastide/keys/cellar".into()));
    assert_eq!((cellar.append_only, cellar.locked, cellar.bandwidth), (false, None, None));
    let place = RepositoryPlace::S3 {
        endpoint: "https://store.example:9000".into(),
        bucket: "bucket".into(),
        prefix: "a/b".into(),
    };
    assert_eq!((&far.at, far.append_only, far.bandwidth), (&place, true, Some(500 << 10)));
    assert_eq!((far.locked, far.offline), (Some(days(30)), Some(days(8))));
    assert_eq!(far.login, Some(SecretReference::Variable("FAR_LOGIN".into())));
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

#[test]
fn every_source_is_read_as_it_was_meant() {
    let plan = plan();
    let ssh = |host: &str, files: &[&str], command: Option<&str>| Source::Ssh {
        host: host.into(),
        files: files.iter().copied().map(Into::into).collect(),
        command: command.map(Into::into),
    };
    let expected = [
        Source::Folders { folders: vec!["/srv/a".into(), "/etc".into()], exclude: vec!["*.tmp".into()] },
        Source::Command { command: vec!["tool".into(), "--export".into()] },
        Source::Postgresql("postgresql://reader@192.0.2.5/calls".into()),
        Source::Mariadb("mariadb:///lamps?socket=/run/mysqld/mysqld.sock".into()),
        Source::Sqlite("/srv/lamps.db".into()),
        ssh("backup@192.0.2.5:2222", &["/etc", "startup-config"], None),
        ssh("backup@192.0.2.5", &[], Some("show running-config")),
        Source::Http("https://192.0.2.5/export".into()),
        Source::Bastide,
    ];
    let sources: Vec<_> = plan.backups().map(|backup| backup.source.clone()).collect();
    assert_eq!(sources, expected);
    let backup = plan.backups().next().unwrap();
    let kept: Vec<_> = backup.keep.iter().map(ToString::to_string).collect();
    assert_eq!(
        (kept, backup.every),
        (vec!["14 daily".to_owned(), "2 last".to_owned()], SignedDuration::from_hours(12))
    );
    assert_eq!(backup.to.iter().map(|to| to.as_str()).collect::<Vec<_>>(), ["far", "cellar"]);
    // An asset's backup is needed by each of its services; a service's by none but it.
    let of = |service: &str| plan.backups_of(&service.parse().unwrap()).count();
    assert_eq!((of("telecare"), of("lighting")), (BACKUPS.len(), 1));
}

#[test]
fn every_check_is_read_as_it_was_meant() {
    let plan = plan();
    let tests: Vec<_> = plan.checks().map(|check| check.test.clone()).collect();
    let expected = [
        Test::Query { query: "select 1".into(), rows: 7 },
        Test::Query { query: "select 1".into(), rows: 1 },
        Test::File {
            path: "srv/a/b.csv".into(),
            parses: Some(FileForm::Csv),
            contains: Some("x".into()),
            sha256: Some("ab".repeat(32).into()),
        },
        Test::Run { command: vec!["tool".into(), "{place}".into()] },
        Test::Page {
            start: vec!["serve".into(), "{place}".into()],
            page: "http://127.0.0.1:8080/".into(),
            contains: Some("ok".into()),
        },
    ];
    assert_eq!(tests, expected);
    assert_eq!(plan.checks_of(&"folders".parse().unwrap()).count(), 3);
}

#[test]
fn procedures_come_with_their_steps() {
    let plan = plan();
    let [a, b] = plan.procedures().collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((a.purpose, a.review_every, a.file.as_str()), (Purpose::Restore, days(365), "a.md"));
    assert_eq!((a.introduction.as_str(), a.steps.len()), ("Read this.", 1));
    assert_eq!((a.steps[0].takes.unwrap().as_mins(), a.steps[0].line), (30, 3));
    assert_eq!((b.purpose, b.review_every, b.file.as_str()), (Purpose::Fallback, days(90), "more/b.md"));
    assert_eq!((a.reviewed.to_string(), b.reviewed.to_string()), ("2026-09-01".into(), "2026-02-28".into()));
    assert_eq!((b.steps[0].run.as_deref(), b.steps[1].takes.unwrap().as_mins()), (Some("true"), 60));
}
