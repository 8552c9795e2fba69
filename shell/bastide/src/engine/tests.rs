//! Orders outlast a kill, and what people decide is sealed in order and once.

use super::*;
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Mutex,
};
use tokio::runtime::Runtime;

const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 200));
const PUMP: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 130));

const BACKUP: &str = r#"
[[repository]]
id = "cellar"
name = "Cellar"
at = "/srv/backups"
key = "file:/etc/bastide/keys/cellar"

[[backup]]
id = "history"
asset = "pump-1"
folders = ["/srv/pumping"]
to = ["cellar"]
every = "24h"
"#;

/// An engine as it runs in one process, and what it was told to carry out.
struct Process {
    engine: Engine,
    orders: Arc<Mutex<Vec<(u64, ResponseState)>>>,
    runtime: Runtime,
}

impl Process {
    fn start(state: &Path) -> Process {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let town = include_str!("../../tests/program/town/city.toml");
        let town = town.replace("impact = \"critical\"", "impact = \"critical\"\nmust-run = true");
        let files = vec![plan::SourceFile::new("city.toml", town + BACKUP)];
        let opened =
            Engine::open(state, Kind::Live, Limits::default(), Some(files), runtime.handle().clone())
                .unwrap();
        let orders = Arc::new(Mutex::new(Vec::new()));
        let recorded = Arc::clone(&orders);
        let mut engine = opened.engine;
        engine.contain_with(Box::new(move |response: &Response| {
            recorded.lock().unwrap().push((response.number, response.state));
        }));
        Process { engine, orders, runtime }
    }

    fn decide(&mut self, decision: Decision, by: &str) -> Result<ResponseState, String> {
        self.engine.decide(decision, by).unwrap().map(|response| response.state)
    }

    /// What it was told to carry out since this was asked last.
    fn orders(&self) -> Vec<(u64, ResponseState)> {
        std::mem::take(&mut *self.orders.lock().unwrap())
    }

    /// Who brought responses further, and how, in the order of the log.
    fn sealed(&self) -> Vec<(Option<String>, String)> {
        let log = &self.engine.store.log;
        let mut records = self.runtime.block_on(log.latest(Some("response"), 100)).unwrap();
        records.reverse();
        let response = |record: &store::Sealed| match record.record() {
            Some(Record::Response(response)) => (response.by, response.step),
            other => panic!("{other:?} is no response"),
        };
        records.iter().map(response).collect()
    }

    /// Ends without putting anything in order.
    fn kill(self) {
        drop(self.engine);
        self.runtime.shutdown_timeout(Duration::from_secs(5));
    }
}

fn contain(target: IpAddr) -> Decision {
    Decision::Contain { target, reason: "it scans".into() }
}

#[test]
fn an_order_that_a_kill_interrupted_is_carried_out_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let mut process = Process::start(&state);
    assert_eq!(process.decide(contain(STRANGER), "Ada"), Ok(ResponseState::Ordered));
    assert_eq!(process.orders(), [(1, ResponseState::Ordered)]);
    process.kill();

    let mut process = Process::start(&state);
    assert_eq!(process.orders(), [(1, ResponseState::Ordered)], "nobody said yet that it was done");
    process.engine.answered(1, None).unwrap();
    process.kill();

    let mut process = Process::start(&state);
    assert_eq!(process.orders(), [], "it was done");
    let release = Decision::Release { target: STRANGER, reason: "it was the tester".into() };
    assert_eq!(process.decide(release, "Ben"), Ok(ResponseState::Releasing));
    assert_eq!(process.orders(), [(1, ResponseState::Releasing)]);
    process.kill();

    let mut process = Process::start(&state);
    assert_eq!(process.orders(), [(1, ResponseState::Releasing)]);
    process.engine.answered(1, None).unwrap();
    process.kill();

    let process = Process::start(&state);
    assert_eq!(process.orders(), []);
    let by = |name: &str| Some(name.to_owned());
    assert_eq!(
        process.sealed(),
        [
            (by("Ada"), "Contain: it scans".to_owned()),
            (None, "Cut off".to_owned()),
            (by("Ben"), "Release: it was the tester".to_owned()),
            (None, "Connected again".to_owned()),
        ]
    );
}

#[test]
fn a_service_that_must_run_is_cut_off_by_two_people_across_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let mut process = Process::start(&state);
    assert_eq!(process.decide(contain(PUMP), "Ada"), Ok(ResponseState::Agreed));
    assert_eq!(process.orders(), []);
    process.kill();

    let mut process = Process::start(&state);
    let agree = Decision::Agree { response: 1 };
    assert!(process.decide(agree.clone(), "Ada").unwrap_err().contains("second person"));
    assert_eq!(process.orders(), []);
    assert_eq!(process.decide(agree.clone(), "Ben"), Ok(ResponseState::Ordered));
    assert_eq!(process.orders(), [(1, ResponseState::Ordered)]);
    process.engine.answered(1, Some("the firewall does not answer".into())).unwrap();
    // Tried again, two must agree again.
    assert_eq!(process.decide(agree, "Ben"), Ok(ResponseState::Agreed));
    assert_eq!(process.orders(), []);
    let steps: Vec<String> = process.sealed().into_iter().map(|(_, step)| step).collect();
    assert_eq!(steps, ["Contain: it scans", "Agreed", "Not done: the firewall does not answer", "Agreed"]);
}

#[test]
fn a_refused_habit_is_sealed_and_outlasts_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let mut process = Process::start(&state);
    let server = Address::Ip(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10)));
    let request = city::Request {
        back: false,
        flow: city::Flow {
            source: server,
            source_port: 50_000,
            destination: Address::Ip(PUMP),
            destination_port: 502,
            transport: city::Transport::Tcp,
            protocol: Some(city::Protocol::Modbus),
        },
        verb: city::Verb::Read,
        function: "read-coils".into(),
        target: city::Target::numbered("coil", 1, 1),
        value: None,
        reply: city::Reply::Done,
        details: Vec::new(),
    };
    let time = Timestamp::from_second(1_767_571_200).unwrap();
    let fact = Observed::Request(Box::new(request));
    let observations = vec![Observation { time, sensor: "test".into(), fact }];
    process.engine.take(Batch { observations, ..Batch::default() }).unwrap();
    let habit = Habit::Asked(server, city::Protocol::Modbus, city::Verb::Read);
    let refuse = |process: &mut Process| {
        let refusal = Refusal {
            by: "Ada".into(),
            device: Address::Ip(PUMP),
            habit,
            reason: "It shall not be asked".into(),
        };
        process.engine.refuse(&refusal).unwrap()
    };
    assert_eq!(refuse(&mut process), Ok(()));
    process.kill();

    let mut process = Process::start(&state);
    assert_eq!(refuse(&mut process), Err("that habit is refused already".to_owned()));
    let baseline = process.engine.city.read().unwrap().baseline(Address::Ip(PUMP)).unwrap();
    assert_eq!((baseline.refused[0].habit, baseline.refused[0].by.as_str()), (habit, "Ada"));
    let log = &process.engine.store.log;
    let records = process.runtime.block_on(log.latest(Some("act"), 100)).unwrap();
    let refused = records.iter().filter_map(|record| match record.record() {
        Some(Record::Act(act)) if act.act == store::Act::HabitRefused => act.detail,
        _ => None,
    });
    assert_eq!(refused.collect::<Vec<_>>(), ["asked 192.0.2.10 modbus read, for: It shall not be asked"]);
}

#[test]
fn what_came_of_a_backup_is_sealed_once_and_outlasts_a_kill() {
    let made = |number: i64, outcome| {
        let start = Timestamp::from_second(1_767_571_200 + number * 86_400).unwrap();
        let (backup, repository) = ("history".parse().unwrap(), "cellar".parse().unwrap());
        let duration = jiff::SignedDuration::from_secs(60);
        let made = city::BackupMade { backup, repository, start, duration, outcome };
        Observation {
            time: start + duration,
            sensor: "bastide".into(),
            fact: Observed::Backup(Box::new(made)),
        }
    };
    let snapshot = |id: &str| city::Snapshot { id: id.into(), files: 9, bytes: 9_000, ..Default::default() };
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let mut process = Process::start(&state);
    assert_eq!(process.engine.tell(made(0, Ok(snapshot("1a2b")))).unwrap(), Ok(()));
    let loss = Loss { kind: LossKind::Dropped, count: 1, detail: "made up".into() };
    let other = Observation { fact: Observed::Loss(loss), ..made(0, Err("".into())) };
    assert!(process.engine.tell(other).unwrap().unwrap_err().contains("only what came of backups"));
    process.kill();

    let mut process = Process::start(&state);
    assert_eq!(process.engine.tell(made(1, Err("connection refused".into()))).unwrap(), Ok(()));
    process.kill();

    let process = Process::start(&state);
    let log = &process.engine.store.log;
    let mut records = process.runtime.block_on(log.latest(Some("backup"), 100)).unwrap();
    records.reverse();
    let told = records.iter().map(|record| match record.record() {
        Some(Record::Backup(backup)) => {
            backup.snapshot.map_or(backup.failure, |snapshot| Some(snapshot.id)).unwrap()
        }
        other => panic!("{other:?} is no backup"),
    });
    assert_eq!(told.collect::<Vec<_>>(), ["1a2b", "connection refused"]);
    let city = process.engine.city.read().unwrap();
    let rules: Vec<_> = city.findings().map(|finding| finding.key.rule).collect();
    assert_eq!(rules, [city::Rule::BackupFailed]);
    assert_eq!(city.began(), None, "no traffic was seen");
    let history = city.recovery().history(&"history".parse().unwrap(), &"cellar".parse().unwrap()).unwrap();
    assert_eq!(
        (history.snapshots.len(), history.failure.as_ref().unwrap().1.as_str()),
        (1, "connection refused")
    );
}
