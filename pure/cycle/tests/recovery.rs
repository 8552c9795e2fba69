//! Backups, drills and what they say: each test is a story told in acts and in time.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use city::{
    BackupMade, Decision, Drill, DrillStep, Finding, Flow, Observation, Observed, PackIssued, Protocol,
    Reply, RepositoryTried, Request, Rule, Severity, Snapshot, Target, Text, Transport, Verb,
};
use cycle::{City, Effect, Event};
use jiff::{SignedDuration, Timestamp};
use plan::{Plan, SourceFile};
use recover::Verdict;
use std::sync::Arc;

const PLAN: &str = r#"
[city]
name = "Testwick"
time-zone = "Europe/London"
learning = "1d"
silence = "400d"

[[contact]]
id = "ada"
name = "Ada"
role = "Systems"
telephone = "+44 1632 960001"

[[service]]
id = "telecare"
name = "Telecare"
impact = "critical"
rto = "1h"
rpo = "24h"
mtpd = "2d"

[[service]]
id = "library"
name = "Library"
impact = "low"

[[zone]]
id = "servers"
name = "Servers"
networks = ["192.0.2.0/25"]
security-level = 2

[[zone]]
id = "office"
name = "Office"
networks = ["192.0.2.128/25"]
security-level = 1

[[zone]]
id = "world"
name = "Everywhere else"
outside = true

[[asset]]
id = "db"
name = "Telecare database"
zone = "servers"
addresses = ["192.0.2.10"]
services = ["telecare"]
role = "controller"

[[asset]]
id = "nas"
name = "Cellar storage"
zone = "servers"
addresses = ["192.0.2.11"]
role = "server"

[[asset]]
id = "desk"
name = "Desk"
zone = "office"
addresses = ["192.0.2.130"]
role = "workstation"

[[repository]]
id = "cellar"
name = "Cellar"
at = "rest:https://192.0.2.11:8000/city"
key = "file:/etc/bastide/keys/cellar"
asset = "nas"
append-only = true

[[repository]]
id = "cloud"
name = "Cloud"
at = "s3:https://198.51.100.9:9000/city/backups"
key = "file:/etc/bastide/keys/cloud"
locked = "30d"

[[repository]]
id = "safe"
name = "Safe"
at = "/media/safe"
key = "file:/etc/bastide/keys/safe"
offline = "14d"

[[backup]]
id = "telecare-database"
service = "telecare"
asset = "db"
postgresql = "postgresql://backup@192.0.2.10/telecare"
to = ["cellar", "cloud", "safe"]
every = "24h"

[[backup]]
id = "library-files"
service = "library"
folders = ["/srv/library"]
to = ["cellar"]
every = "24h"

[[check]]
id = "residents"
backup = "telecare-database"
query = "select * from residents"

[[procedure]]
id = "back"
name = "Telecare back"
services = ["telecare"]
owner = "ada"
reviewed = 2025-12-01
review-every = "60d"
file = "back.md"
"#;

const PROCEDURE: &str = "Do this.\n\n1. Restore the database. (30m)\n2. Call a resident.\n";

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

fn plan() -> Arc<Plan> {
    let files = [SourceFile::new("city.toml", PLAN), SourceFile::new("back.md", PROCEDURE)];
    let checked = plan::check(&files);
    let flaws: Vec<String> = checked.diagnostics.iter().map(|flaw| format!("{flaw:?}")).collect();
    assert!(checked.plan.is_some(), "the plan of the tests is good: {flaws:#?}");
    Arc::new(checked.plan.expect("it was looked at"))
}

/// A second after midnight on the first day of 2026.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

struct Story {
    city: City,
    effects: Vec<Effect>,
    events: Vec<Event>,
    snapshots: u64,
}

impl Story {
    fn new() -> Story {
        let mut story =
            Story { city: City::new(Some(plan())), effects: Vec::new(), events: Vec::new(), snapshots: 0 };
        story.happen(Event::Adopted { time: at(0), plan: "d1".into() });
        story.happen(Event::Tick(at(0)));
        story
    }

    fn happen(&mut self, event: Event) {
        self.city.handle(&event, &mut self.effects);
        self.events.push(event);
    }

    fn tell(&mut self, second: i64, fact: Observed) {
        self.happen(Event::Observed(Observation { time: at(second), sensor: "test".into(), fact }));
    }

    /// Time passes, an hour at a time.
    fn pass(&mut self, from: i64, to: i64) {
        let mut second = from;
        while second < to {
            second += HOUR;
            self.happen(Event::Tick(at(second)));
        }
    }

    fn made(&mut self, second: i64, backup: &str, repository: &str, outcome: Result<Snapshot, Text>) {
        self.tell(
            second + 300,
            Observed::Backup(Box::new(BackupMade {
                backup: backup.parse().unwrap(),
                repository: repository.parse().unwrap(),
                start: at(second),
                duration: SignedDuration::from_mins(5),
                outcome,
            })),
        );
    }

    /// A backup as every night; returns the snapshot's id.
    fn night(&mut self, second: i64, backup: &str, repository: &str) -> Text {
        self.snapshots += 1;
        let id = Text::from(format!("{:08x}{:056x}", 0xa000_0000_u64 + self.snapshots, 0));
        let changed = 10 + self.snapshots % 5;
        let snapshot = Snapshot { id: id.clone(), changed_files: changed, ..figures(1_000) };
        self.made(second, backup, repository, Ok(snapshot));
        id
    }

    /// Every backup to every repository that is connected, at two in the night of a day.
    fn nightly(&mut self, day: i64) -> Text {
        let second = day * DAY + 2 * HOUR;
        let id = self.night(second, "telecare-database", "cellar");
        self.night(second, "telecare-database", "cloud");
        self.night(second, "library-files", "cellar");
        id
    }

    fn drill(&mut self, second: i64, duration: SignedDuration, recovered_to: i64, failure: Option<&str>) {
        let step = DrillStep {
            backup: "telecare-database".parse().unwrap(),
            from: Some(("cellar".parse().unwrap(), "00".into())),
            check: None,
            what: "restore the database".into(),
            duration: duration / 2,
            bytes: 1_000,
            failure: None,
        };
        let check = DrillStep {
            check: Some("residents".parse().unwrap()),
            what: "query returns rows".into(),
            failure: failure.map(Text::from),
            ..step.clone()
        };
        let drill = Drill {
            service: "telecare".parse().unwrap(),
            start: at(second),
            duration,
            recovered_to: Some(at(recovered_to)),
            steps: vec![step, check],
        };
        self.tell(second, Observed::Drill(Box::new(drill)));
    }

    /// Somebody at the desk writes to the database, which no conduit allows.
    fn intrude(&mut self, second: i64) {
        let flow = Flow {
            source: city::Address::Ip([192, 0, 2, 130].into()),
            source_port: 50_000,
            destination: city::Address::Ip([192, 0, 2, 10].into()),
            destination_port: 502,
            transport: Transport::Tcp,
            protocol: Some(Protocol::Modbus),
        };
        self.tell(second, Observed::Recognised(flow));
        let request = Request {
            back: false,
            flow,
            verb: Verb::Write,
            function: "write".into(),
            target: Target::numbered("holding-register", 1, 1),
            value: None,
            reply: Reply::Done,
            details: Vec::new(),
        };
        self.tell(second, Observed::Request(Box::new(request)));
    }

    fn of(&self, rule: Rule) -> Vec<&Finding> {
        self.city.findings().filter(|finding| finding.key.rule == rule).collect()
    }

    fn rules(&self) -> Vec<Rule> {
        self.city.findings().map(|finding| finding.key.rule).collect()
    }

    fn verdict(&self, backup: &str, repository: &str, id: &str) -> Verdict {
        let (backup, repository) = (backup.parse().unwrap(), repository.parse().unwrap());
        let history = self.city.recovery().history(&backup, &repository).unwrap();
        let taken = history.snapshots.iter().find(|taken| taken.snapshot.id == id).unwrap();
        self.city.recovery().verdict(&backup, taken)
    }

    fn last_clean(&self, backup: &str, repository: &str) -> Option<Text> {
        let (backup, repository) = (backup.parse().unwrap(), repository.parse().unwrap());
        let taken = self.city.recovery().last_clean(&backup, &repository)?;
        Some(taken.snapshot.id.clone())
    }
}

fn figures(files: u64) -> Snapshot {
    Snapshot {
        files,
        bytes: files << 19,
        added: 5 << 19,
        sampled: 5 << 19,
        noise: 1 << 18,
        ..Snapshot::default()
    }
}

/// Most files are noise under the same names.
fn encrypted() -> Snapshot {
    let noisy = (0..16).map(|n| Text::from(format!("care/plan-{n}.txt"))).collect();
    Snapshot {
        id: format!("{:064x}", 0xbad).into(),
        changed_files: 950,
        added: 950 << 19,
        sampled: 950 << 19,
        noise: 940 << 19,
        noisy,
        ..figures(1_000)
    }
}

fn tried(repository: &str) -> RepositoryTried {
    RepositoryTried {
        repository: repository.parse().unwrap(),
        unreachable: None,
        refuses_delete: None,
        refuses_change: None,
        locked_until: None,
        newest: None,
        snapshots: 3,
        damage: Vec::new(),
        read_back: 0,
    }
}

#[test]
fn a_fortnight_as_planned_raises_nothing_and_is_evidence() {
    let mut story = Story::new();
    story.tell(HOUR, Observed::Pack(PackIssued { time: at(HOUR), plan: "d1".into() }));
    for day in 0..14 {
        story.pass(day * DAY, day * DAY + 2 * HOUR);
        story.nightly(day);
        story.pass(day * DAY + 2 * HOUR, (day + 1) * DAY);
        story.tell(
            day * DAY + 3 * HOUR,
            Observed::Repository(Box::new(RepositoryTried {
                refuses_delete: Some(true),
                refuses_change: Some(true),
                ..tried("cellar")
            })),
        );
    }
    story.night(13 * DAY, "telecare-database", "safe");
    story.drill(13 * DAY + 4 * HOUR, SignedDuration::from_mins(47), 13 * DAY + 2 * HOUR, None);
    assert_eq!(story.rules(), []);
    let said = |about: &str| {
        let measured = story.effects.iter().filter_map(|effect| match effect {
            Effect::Measured(evidence) if evidence.statement.contains(about) => {
                Some(evidence.outcome.0.as_str())
            }
            _ => None,
        });
        measured.collect::<Vec<_>>()
    };
    assert_eq!(said("All 2 declared backups were made in time.").len(), 2 * 14);
    assert_eq!(said("Cellar refused to have backups deleted or changed").len(), 2 * 4, "twice a week");
    assert!(said("Telecare was restored to an isolated place and checked in 47 minutes (allowed: 60 minutes); at most the last 2 hours would have been lost (allowed: 24 hours).").contains(&"csf:RC.RP-03"));
    let drills = story.effects.iter().filter(|effect| matches!(effect, Effect::Drilled(_))).count();
    let backups = story.effects.iter().filter(|effect| matches!(effect, Effect::BackedUp(_))).count();
    assert_eq!((drills, backups), (1, 3 * 14 + 1));
    let proof =
        story.city.recovery().proof(story.city.plan().unwrap(), &"telecare".parse().unwrap()).unwrap();
    assert_eq!(proof.rto, Some(SignedDuration::from_mins(47)));
    assert_eq!(proof.rpo, Some(SignedDuration::from_hours(2)));
    assert_eq!(proof.expires, Some(at(43 * DAY + 4 * HOUR)));
    assert_eq!(story.city.recovery().measured().newest.len(), 4);
}

#[test]
fn an_act_of_recovery_has_a_time_of_its_own() {
    let mut story = Story::new();
    let before = (story.city.now(), story.city.began());
    story.nightly(400);
    assert_eq!((story.city.now(), story.city.began()), before, "a replay of last year stays there");
    let mut city = City::new(Some(plan()));
    city.handle(story.events.last().unwrap(), &mut Vec::new());
    assert_eq!(city.began(), None, "and what was backed up says nothing of when watching began");
}

#[test]
fn a_backup_that_is_never_made_is_overdue_once_a_day_and_not_at_once() {
    let mut story = Story::new();
    story.pass(0, 30 * HOUR);
    assert_eq!(story.of(Rule::BackupOverdue).len(), 0, "a quarter of its time is patience");
    story.pass(30 * HOUR, 32 * HOUR);
    let found = story.of(Rule::BackupOverdue);
    let titles: Vec<&str> = found.iter().map(|finding| finding.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "Backup telecare-database (Telecare) to Cellar is overdue",
            "Backup telecare-database (Telecare) to Cloud is overdue",
            "Backup library-files (Library) to Cellar is overdue",
        ]
    );
    assert_eq!(
        found.iter().map(|finding| finding.severity).collect::<Vec<_>>(),
        [Severity::High, Severity::High, Severity::Medium]
    );
    assert_eq!(
        found[0].reasons[0].text,
        "None ever succeeded; the plan wants one every 24 hours, and 30 hours have passed."
    );
    assert_eq!(
        (found[0].asset.as_ref().unwrap().as_str(), found[0].zone.as_ref().unwrap().as_str()),
        ("db", "servers")
    );
    assert_eq!(found[0].services, ["telecare".parse().unwrap()]);
    assert_eq!((found[2].asset.as_ref(), found[2].zone.as_ref()), (None, None), "no address, no zone");
    assert_eq!(found[2].services, ["library".parse().unwrap()]);
    story.pass(32 * HOUR, 80 * HOUR);
    assert_eq!(story.of(Rule::BackupOverdue)[0].count, 3, "told again every day");
    story.nightly(4);
    story.pass(100 * HOUR, 120 * HOUR);
    assert_eq!(story.of(Rule::BackupOverdue)[0].count, 3, "and no longer once it was made");
}

#[test]
fn one_repository_that_gets_nothing_weighs_less_than_none_that_gets_anything() {
    let mut story = Story::new();
    for day in 0..3 {
        story.night(day * DAY + HOUR, "telecare-database", "cellar");
        story.made(day * DAY + HOUR, "telecare-database", "cloud", Err("403: access denied".into()));
        story.night(day * DAY + HOUR, "library-files", "cellar");
        story.pass(day * DAY + HOUR, (day + 1) * DAY);
    }
    let overdue = story.of(Rule::BackupOverdue);
    assert_eq!(overdue.len(), 1);
    assert_eq!(overdue[0].severity, Severity::Medium, "low, and the service is critical");
    assert!(overdue[0].reasons[0].text.contains("403: access denied"), "{}", overdue[0].reasons[0].text);
    assert!(overdue[0].reasons[0].text.ends_with("In another repository there is a newer one."));
    let failed = story.of(Rule::BackupFailed);
    assert_eq!((failed.len(), failed[0].count), (1, 3));
    assert_eq!(failed[0].title, "Backup telecare-database (Telecare) to Cloud failed");
}

#[test]
fn a_clock_that_was_wrong_once_hides_nothing() {
    let mut story = Story::new();
    story.nightly(0);
    story.nightly(30_000);
    story.pass(0, 3 * DAY);
    let counts: Vec<u64> = story.of(Rule::BackupOverdue).iter().map(|finding| finding.count).collect();
    // Two were told of at the wrong time too.
    assert_eq!(counts, [3, 3, 2]);
}

#[test]
fn ransomware_in_a_backup_names_the_last_clean_snapshot() {
    let mut story = Story::new();
    let mut clean = Text::default();
    for day in 0..6 {
        clean = story.nightly(day);
    }
    story.made(6 * DAY + 2 * HOUR, "telecare-database", "cellar", Ok(encrypted()));
    let found = story.of(Rule::BackupNoise);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Severity::Critical);
    assert_eq!(
        found[0].title,
        "Ransomware in backup telecare-database (Telecare): files that could be read are noise"
    );
    assert!(found[0].techniques.contains(&"T1486".into()));
    let short = clean.get(..8).unwrap();
    assert!(
        found[0].remedy.contains(&format!(
            "restore telecare-database from snapshot {short} of 2026-01-06 02:00 UTC in Cellar"
        )),
        "{}",
        found[0].remedy
    );
    assert_eq!(story.last_clean("telecare-database", "cellar"), Some(clean.clone()));
    // The night after nothing changes, and the copy elsewhere shows it too: one finding, and the same snapshot.
    story.made(6 * DAY + 3 * HOUR, "telecare-database", "cloud", Ok(encrypted()));
    let after = story.night(7 * DAY + 2 * HOUR, "telecare-database", "cellar");
    assert_eq!(story.of(Rule::BackupNoise).len(), 1);
    assert_eq!(story.last_clean("telecare-database", "cellar"), Some(clean));
    let Verdict::Suspect(why) = story.verdict("telecare-database", "cellar", &after) else {
        panic!("it is clean")
    };
    assert!(why[0].contains("which is in doubt, and nothing has set that right since"), "{why:?}");
    assert!(story.last_clean("library-files", "cellar").is_some(), "another machine is another story");
    // It is restored: most files change once more, and can be read.
    let mut back = Snapshot { changed_files: 940, added: 0, ..figures(1_000) };
    back.id = format!("{:064x}", 0x600d).into();
    story.made(8 * DAY, "telecare-database", "cellar", Ok(back.clone()));
    story.made(8 * DAY, "telecare-database", "cloud", Ok(back.clone()));
    assert_eq!(story.last_clean("telecare-database", "cellar"), Some(back.id));
}

#[test]
fn a_snapshot_made_after_somebody_got_in_is_in_doubt_until_a_person_says_otherwise() {
    let mut story = Story::new();
    let mut before = Text::default();
    for day in 0..4 {
        before = story.nightly(day);
    }
    story.intrude(4 * DAY);
    let number = story
        .of(Rule::VerbNotAllowed)
        .into_iter()
        .chain(story.of(Rule::OutsideConduit))
        .next()
        .unwrap()
        .number;
    let after = story.nightly(4);
    let last = story.nightly(5);
    let Verdict::Suspect(why) = story.verdict("telecare-database", "cellar", &after) else {
        panic!("it is clean")
    };
    assert!(why[0].starts_with("made after 2026-01-05 00:00 UTC: finding "), "{why:?}");
    assert_eq!(story.last_clean("telecare-database", "cellar"), Some(before.clone()));
    assert_ne!(story.last_clean("library-files", "cellar"), None);
    let newest = story.city.recovery().measured().newest;
    assert_eq!(
        newest[&("telecare-database".parse().unwrap(), "cellar".parse().unwrap())],
        at(3 * DAY + 2 * HOUR)
    );
    // Ransomware shows up then; what is named is from before the break-in, not from the night before.
    story.made(6 * DAY + 2 * HOUR, "telecare-database", "cellar", Ok(encrypted()));
    assert!(story.of(Rule::BackupNoise)[0].remedy.contains(before.get(..8).unwrap()));
    let response =
        story.city.responses().find(|response| response.findings.contains(&number)).unwrap().number;
    let decision = Decision::Dismiss { response, reason: "it was the supplier".into() };
    story.happen(Event::Decided { time: at(7 * DAY), by: "Ada".into(), decision });
    assert_eq!(story.last_clean("telecare-database", "cellar"), Some(last));
}

#[test]
fn a_device_that_was_cut_off_and_connected_again_is_clean_from_then_on() {
    let mut story = Story::new();
    let before = story.nightly(0);
    let target = [192, 0, 2, 10].into();
    let decide = |second, decision| Event::Decided { time: at(second), by: "Ada".into(), decision };
    story.happen(decide(DAY, Decision::Contain { target, reason: "it mines".into() }));
    let number = story.city.responses().next().unwrap().number;
    story.happen(Event::Answered { time: at(DAY + 60), response: number, failure: None });
    story.nightly(1);
    assert_eq!(story.last_clean("telecare-database", "cellar"), Some(before));
    story.happen(decide(2 * DAY, Decision::Release { target, reason: "it was set up anew".into() }));
    story.happen(Event::Answered { time: at(2 * DAY + 60), response: number, failure: None });
    let after = story.nightly(2);
    assert_eq!(story.last_clean("telecare-database", "cellar"), Some(after));
}

#[test]
fn a_drill_whose_checks_pass_speaks_for_a_snapshot_in_doubt() {
    let mut story = Story::new();
    for day in 0..5 {
        story.nightly(day);
    }
    let small = Snapshot { id: "00".into(), ..figures(300) };
    story.made(5 * DAY, "telecare-database", "cellar", Ok(small));
    let shrank = story.of(Rule::BackupShrank);
    assert_eq!((shrank.len(), shrank[0].severity), (1, Severity::High));
    assert!(
        shrank[0].reasons[0].text.contains("it has 300 files and 150.0 MiB; usual are 1000 and 500.0 MiB")
    );
    assert_ne!(story.last_clean("telecare-database", "cellar"), Some("00".into()));
    story.drill(5 * DAY + HOUR, SignedDuration::from_mins(20), 5 * DAY, None);
    assert_eq!(story.last_clean("telecare-database", "cellar"), Some("00".into()));
}

#[test]
fn files_that_are_gone_are_found() {
    let mut story = Story::new();
    for day in 0..5 {
        story.nightly(day);
    }
    let lost = Snapshot { gone_files: 800, gone: vec!["a.txt".into()], id: "1".into(), ..figures(200) };
    story.made(5 * DAY, "library-files", "cellar", Ok(lost));
    assert_eq!(story.rules().iter().filter(|rule| **rule == Rule::BackupLostFiles).count(), 1);
    assert_eq!(story.of(Rule::BackupShrank).len(), 0, "one event is one finding");
}

#[test]
fn a_repository_that_lets_backups_be_destroyed_is_found() {
    let mut story = Story::new();
    let open = RepositoryTried { refuses_delete: Some(false), refuses_change: Some(true), ..tried("cellar") };
    story.tell(60, Observed::Repository(Box::new(open)));
    let found = story.of(Rule::RepositoryUnguarded);
    assert_eq!((found.len(), found[0].severity), (1, Severity::Critical));
    assert_eq!(found[0].title, "Backups in Cellar can be destroyed: deleting is let through");
    assert_eq!(found[0].asset, Some("nas".parse().unwrap()));
    assert_eq!(found[0].services, ["library".parse().unwrap()], "which could come back from nowhere else");
    let short =
        RepositoryTried { refuses_delete: Some(true), locked_until: Some(at(7 * DAY)), ..tried("cloud") };
    story.tell(120, Observed::Repository(Box::new(short)));
    assert_eq!(
        story.of(Rule::RepositoryUnguarded)[1].title,
        "Backups in Cloud can be destroyed: the lock ends too early"
    );
    // The plan promises nothing of the safe.
    story.tell(
        180,
        Observed::Repository(Box::new(RepositoryTried { refuses_delete: Some(false), ..tried("safe") })),
    );
    assert_eq!(story.of(Rule::RepositoryUnguarded).len(), 2);
    let good =
        RepositoryTried { refuses_delete: Some(true), locked_until: Some(at(30 * DAY)), ..tried("cloud") };
    story.tell(240, Observed::Repository(Box::new(good)));
    assert_eq!(story.of(Rule::RepositoryUnguarded)[1].count, 1);
    assert_eq!(story.city.recovery().repository(&"cloud".parse().unwrap()).unwrap().guarded(), Some(true));
}

#[test]
fn a_repository_that_is_away_or_damaged_is_found_but_not_one_in_a_safe() {
    let mut story = Story::new();
    let away =
        |repository| RepositoryTried { unreachable: Some("connection refused".into()), ..tried(repository) };
    story.tell(60, Observed::Repository(Box::new(away("safe"))));
    story.made(60, "telecare-database", "safe", Err("no such folder".into()));
    assert_eq!(story.rules(), []);
    story.tell(90, Observed::Repository(Box::new(away("cloud"))));
    story.tell(
        120,
        Observed::Repository(Box::new(RepositoryTried {
            damage: vec!["data/1a/1a2b".into()],
            ..tried("cellar")
        })),
    );
    assert_eq!(story.rules(), [Rule::RepositoryUnreachable, Rule::RepositoryDamaged]);
    assert!(story.of(Rule::RepositoryDamaged)[0].reasons[0].text.ends_with(": data/1a/1a2b"));
}

#[test]
fn an_offline_copy_grows_too_old() {
    let mut story = Story::new();
    story.night(HOUR, "telecare-database", "safe");
    story.pass(HOUR, 14 * DAY);
    assert_eq!(story.of(Rule::CopyTooOld).len(), 0);
    story.pass(14 * DAY, 15 * DAY);
    // Somebody copies to it by hand; Bastide sees that once, and then it lies in the safe again.
    let seen = RepositoryTried { newest: Some(at(15 * DAY)), ..tried("safe") };
    story.tell(15 * DAY + HOUR, Observed::Repository(Box::new(seen)));
    let away = RepositoryTried { unreachable: Some("no such folder".into()), ..tried("safe") };
    story.tell(15 * DAY + 2 * HOUR, Observed::Repository(Box::new(away)));
    story.pass(15 * DAY + 2 * HOUR, 29 * DAY);
    let found = story.of(Rule::CopyTooOld);
    assert_eq!(found[0].count, 1);
    assert_eq!(
        found[0].reasons[0].text,
        "Its newest snapshot is of 2026-01-01 01:00 UTC; the plan allows 14 days."
    );
}

#[test]
fn drills_fail_are_slow_and_expire() {
    let mut story = Story::new();
    story.drill(HOUR, SignedDuration::from_mins(20), 0, Some("0 rows"));
    let failed = story.of(Rule::DrillFailed);
    assert_eq!(failed[0].reasons[0].text, "query returns rows (telecare-database): 0 rows.");
    assert_eq!((failed[0].severity, failed[0].services.len()), (Severity::Critical, 1));
    assert_eq!(failed[0].asset, Some("db".parse().unwrap()), "its only backup is of that asset");
    story.drill(30 * HOUR, SignedDuration::from_mins(90), 0, None);
    let slow = story.of(Rule::DrillTooSlow);
    assert_eq!(
        slow.iter().map(|finding| finding.title.as_str()).collect::<Vec<_>>(),
        ["Telecare comes back too late", "Telecare would lose more than it may"]
    );
    assert_eq!(
        slow[0].reasons[0].text,
        "Restoring and checking its backups took 90 minutes; the plan allows 60 minutes for everything. Slowest: query \
         returns rows (telecare-database), 45 minutes."
    );
    let measured = story.city.recovery().measured();
    assert_eq!(
        measured.drills.values().collect::<Vec<_>>(),
        [&[SignedDuration::from_mins(90)]],
        "what failed tells no time"
    );
    story.pass(30 * HOUR, 31 * DAY);
    assert_eq!(story.of(Rule::DrillOverdue).len(), 0);
    story.pass(31 * DAY, 32 * DAY);
    assert_eq!(story.of(Rule::DrillOverdue)[0].title, "Whether Telecare can be restored is not known");
    story.pass(32 * DAY, 91 * DAY);
    assert_eq!(story.of(Rule::DrillOverdue)[1].title, "Whether Library can be restored is not known");
}

#[test]
fn a_procedure_and_a_pack_grow_old() {
    let mut story = Story::new();
    story.pass(0, 25 * HOUR);
    assert_eq!(story.of(Rule::PackStale)[0].reasons[0].text, "None was ever issued.");
    story.tell(26 * HOUR, Observed::Pack(PackIssued { time: at(26 * HOUR), plan: "d1".into() }));
    story.pass(26 * HOUR, 29 * DAY - HOUR);
    assert_eq!((story.of(Rule::PackStale)[0].count, story.of(Rule::ProcedureUnreviewed).len()), (1, 0));
    story.pass(29 * DAY, 30 * DAY);
    let found = story.of(Rule::ProcedureUnreviewed);
    assert_eq!(found[0].title, "The procedure “Telecare back” was not reviewed in time");
    assert!(found[0].remedy.starts_with("Ada reads back.md through"), "{}", found[0].remedy);
    story.happen(Event::Adopted { time: at(30 * DAY), plan: "d2".into() });
    story.pass(30 * DAY, 32 * DAY);
    let reasons = &story.of(Rule::PackStale)[0].reasons;
    assert_eq!(
        reasons[1].text,
        "It was issued at 2026-01-02 02:00 UTC, from another plan than the one in force."
    );
}

#[test]
fn without_the_time_being_told_nothing_is_overdue() {
    let mut story = Story::new();
    for day in 0..40 {
        story.intrude(day * DAY);
    }
    let timely = [
        Rule::BackupOverdue,
        Rule::DrillOverdue,
        Rule::CopyTooOld,
        Rule::PackStale,
        Rule::ProcedureUnreviewed,
    ];
    assert!(
        !story.rules().iter().any(|rule| timely.contains(rule)),
        "a replay tells of traffic, not of today"
    );
}

#[test]
fn the_same_events_lead_to_the_same_state_across_a_checkpoint() {
    let mut story = Story::new();
    for day in 0..40 {
        story.nightly(day);
        if day % 9 == 4 {
            story.intrude(day * DAY + 5 * HOUR);
        }
        if day == 20 {
            story.made(day * DAY + 3 * HOUR, "telecare-database", "cellar", Ok(encrypted()));
        }
        story.drill(day * DAY + 6 * HOUR, SignedDuration::from_mins(day), day * DAY, None);
        story.tell(day * DAY + 7 * HOUR, Observed::Repository(Box::new(tried("cellar"))));
        story.pass(day * DAY + 8 * HOUR, (day + 1) * DAY);
    }
    let whole = postcard::to_stdvec(&story.city).unwrap();
    for cut in [0, 1, 57, story.events.len() / 2, story.events.len()] {
        let (mut city, mut effects) = (City::new(Some(plan())), Vec::new());
        for event in &story.events[..cut] {
            city.handle(event, &mut effects);
        }
        let checkpoint = postcard::to_stdvec(&city).unwrap();
        let mut city: City = postcard::from_bytes(&checkpoint).expect("a checkpoint can be read");
        city.adopt(Some(plan()));
        for event in &story.events[cut..] {
            city.handle(event, &mut effects);
        }
        assert!(postcard::to_stdvec(&city).unwrap() == whole, "cut at {cut}");
        assert!(effects == story.effects, "cut at {cut}");
    }
    assert!(whole.len() < 200_000, "{} bytes", whole.len());
}

#[test]
fn things_without_an_address_are_told_apart_however_many_they_are() {
    let mut text = PLAN.to_owned();
    for number in 0..40 {
        text += &format!(
            "\n[[service]]\nid = \"s{number}\"\nname = \"Service {number}\"\nimpact = \"low\"\n\n[[backup]]\nid = \"b{number}\"\n\
             service = \"s{number}\"\nfolders = [\"/srv/s{number}\"]\nto = [\"cellar\"]\nevery = \"24h\"\n"
        );
    }
    let files = [SourceFile::new("city.toml", text), SourceFile::new("back.md", PROCEDURE)];
    let mut city = City::new(Some(Arc::new(plan::check(&files).plan.unwrap())));
    for day in 0..100 {
        city.handle(&Event::Tick(at(day * DAY)), &mut Vec::new());
    }
    let of = |rule| city.findings().filter(|finding| finding.key.rule == rule).count();
    assert_eq!((of(Rule::BackupOverdue), of(Rule::DrillOverdue)), (43, 42));
    assert!(city.findings().all(|finding| finding.key.distinction != "and more"));
}
