//! From a malicious packet to a device cut off: a routed town with a firewall, watched and enforced.
//!
//! Three namespaces: the office, the pumps, and a router between them with the enforcer and Bastide on it. That needs
//! root, `ip`, `nft` and `python3`; without them the test is skipped and counted.

use super::{
    cable::Modbus,
    running::{Running, bastide},
};
use serde_json::Value;
use std::{
    env, fs,
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{self, Command, Output},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

const SCADA: &str = "192.0.2.10";
const LAPTOP: &str = "192.0.2.66";
const PUMP: &str = "192.0.2.130";

/// Reads a register ten times, or writes one, from an address; exit code 3 if nobody answers within a second.
const CLIENT: &str = r#"
import signal, socket, struct, sys, time
signal.alarm(60)
try:
    link = socket.create_connection((sys.argv[1], 502), timeout=1, source_address=(sys.argv[2], 0))
    def ask(number, function, address, value):
        link.sendall(struct.pack(">HHHBBHH", number, 0, 6, 1, function, address, value))
        _, _, length = struct.unpack(">HHH", link.recv(6, socket.MSG_WAITALL))
        return link.recv(length, socket.MSG_WAITALL)[1:]
    print(time.time(), flush=True)
    if sys.argv[3] == "read":
        assert ask(1, 3, 10, 4)[0] == 3
    else:
        assert ask(1, 6, 10, 8)[0] == 6
except (TimeoutError, OSError):
    sys.exit(3)
"#;

struct Town {
    office: String,
    router: String,
    pumps: String,
    folder: tempfile::TempDir,
}

impl Town {
    /// Nothing, said and counted, if there can be none here.
    fn build(test: &str) -> Option<Town> {
        let name = |part: &str| format!("bastide-{}-{part}", process::id());
        let folder = tempfile::tempdir().unwrap();
        let town = Town { office: name("o"), router: name("r"), pumps: name("p"), folder };
        if town.built() {
            return Some(town);
        }
        let line =
            format!("1 live test skipped: {test} needs root, ip (iproute2), nft (nftables) and python3\n");
        let _ = std::io::stderr().write_all(line.as_bytes());
        if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
            let file = fs::OpenOptions::new().create(true).append(true).open(path);
            file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
        }
        None
    }

    fn built(&self) -> bool {
        let Town { office, router, pumps, .. } = self;
        let quiet = ["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"];
        let cable = |end: &str, name: &str| {
            ip(&["link", "add", name, "netns", router, "type", "veth", "peer", "name", name, "netns", end])
                && ip(&["-n", router, "link", "set", name, "up"])
                && ip(&["-n", end, "link", "set", name, "up"])
        };
        let address =
            |end: &str, address: &str, name: &str| ip(&["-n", end, "address", "add", address, "dev", name]);
        [office, router, pumps].iter().all(|end| {
            ip(&["netns", "add", end])
                && ip(&["-n", end, "link", "set", "lo", "up"])
                && ip(&[&["netns", "exec", end][..], &quiet].concat())
        }) && cable(office, "office0")
            && cable(pumps, "pumps0")
            && address(router, "192.0.2.1/25", "office0")
            && address(router, "192.0.2.129/25", "pumps0")
            && address(office, "192.0.2.10/25", "office0")
            && address(office, "192.0.2.66/25", "office0")
            && address(pumps, "192.0.2.130/25", "pumps0")
            && ip(&["-n", office, "route", "add", "default", "via", "192.0.2.1"])
            && ip(&["-n", pumps, "route", "add", "default", "via", "192.0.2.129"])
            && ip(&["netns", "exec", router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])
            && ip(&["netns", "exec", router, "nft", "list", "ruleset"])
            && ip(&["netns", "exec", office, "python3", "-c", "import socket"])
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The town's plan, where each zone lies, and that whoever commands a pump unasked is contained.
    fn plan(&self) -> PathBuf {
        let folder = self.path("plan");
        fs::create_dir_all(&folder).unwrap();
        let text = fs::read_to_string("tests/program/town/city.toml").unwrap();
        let text = text
            .replace("id = \"office\"\n", "id = \"office\"\ninterfaces = [\"office0\"]\n")
            .replace("id = \"pumps\"\n", "id = \"pumps\"\ninterfaces = [\"pumps0\"]\n");
        let response = "\n[[response]]\nid = \"no-strangers\"\nrules = [\"verb-not-allowed\"]\nzones = [\"pumps\"]\n\
                        reason = \"A pump obeys the telemetry server alone\"\n";
        fs::write(folder.join("city.toml"), text + response).unwrap();
        folder
    }

    fn at(&self, namespace: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", namespace, program]);
        command
    }

    /// The time before the request, in seconds since 1970; none if nobody answered.
    fn ask(&self, from: &str, what: &str) -> Option<f64> {
        let output =
            self.at(&self.office, "python3").args(["-c", CLIENT, PUMP, from, what]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.code() {
            Some(0) => Some(said.trim().parse().unwrap()),
            Some(3) => None,
            _ => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        }
    }

    fn bastide(&self, words: &[&str]) -> Output {
        bastide().args(words).env("BASTIDE_ENFORCER", self.path("enforcer.sock")).output().unwrap()
    }

    fn says(&self, words: &[&str], code: i32) -> String {
        let output = self.bastide(words);
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        said
    }

    fn nft(&self, words: &[&str]) -> String {
        let output = self.at(&self.router, "nft").args(words).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What the watching process answers.
    fn api(&self, what: &str) -> Value {
        let mut socket = UnixStream::connect(self.path("state/socket")).unwrap();
        let question = format!("GET /api/v1/{what} HTTP/1.0\r\nHost: localhost\r\n\r\n");
        socket.write_all(question.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    fn rules(&self) -> Vec<String> {
        let list = self.api("findings?limit=1000");
        let findings = list["findings"].as_array().unwrap();
        findings.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        for end in [&self.office, &self.router, &self.pumps] {
            ip(&["netns", "del", end]);
        }
    }
}

fn ip(arguments: &[&str]) -> bool {
    Command::new("ip").args(arguments).output().is_ok_and(|output| output.status.success())
}

fn since_1970() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// Waits until something holds, and says whether it came to.
fn soon(patience: u64, mut holds: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(patience) {
        if holds() {
            return true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}

#[test]
fn whoever_commands_a_pump_is_cut_off_within_two_seconds() {
    let Some(town) = Town::build("whoever_commands_a_pump_is_cut_off_within_two_seconds") else { return };
    let modbus = Modbus::found();
    let _server = modbus.serve_at(town.at(&town.pumps, "python3"), town.at(&town.pumps, "python3"));
    let mut enforcer = town.at(&town.router, env!("CARGO_BIN_EXE_bastide"));
    enforcer.arg("enforcer").arg("--state").arg(town.path("enforcer"));
    let mut enforcer = Running::start(enforcer.arg("--socket").arg(town.path("enforcer.sock")));
    assert!(soon(30, || town.bastide(&["defend", "status"]).status.code() == Some(0)));

    // Staged, applied, confirmed, and proven.
    let plan = town.plan();
    let city = plan.to_str().unwrap();
    town.says(&["defend", "stage", "--city", city], 0);
    town.says(&["defend", "apply", "--confirm-within", "60s"], 0);
    town.says(&["defend", "confirm"], 0);
    assert!(
        town.says(&["defend", "prove", "--city", city], 0)
            .starts_with("The rules let pass what the plan allows")
    );

    let mut watching = town.at(&town.router, env!("CARGO_BIN_EXE_bastide"));
    watching
        .args([
            "run",
            "--city",
            city,
            "--interface",
            "pumps0",
            "--user",
            "root",
            "--listen",
            "127.0.0.1:0",
            "--state",
        ])
        .arg(town.path("state"))
        .arg("--enforcer")
        .arg(town.path("enforcer.sock"));
    let errors = fs::File::create(town.path("errors")).unwrap();
    let mut watching = Running::start_with_errors_to(&mut watching, errors);
    watching.wait_for_line(|line| line.starts_with("Watching "));

    assert!(
        town.ask(SCADA, "read").is_some() && town.ask(LAPTOP, "read").is_some(),
        "the conduit allows reading"
    );
    thread::sleep(Duration::from_secs(1));
    assert!(!town.rules().contains(&"verb-not-allowed".to_owned()));
    let written = town.ask(LAPTOP, "write").expect("the firewall cannot see a verb");
    let contained =
        soon(10, || town.nft(&["list", "set", "inet", "bastide", "quarantine4"]).contains(LAPTOP));
    let after = since_1970() - written;
    assert!(contained, "the laptop is not cut off: {}", fs::read_to_string(town.path("errors")).unwrap());
    println!("cut off {after:.2} s after the request");
    assert!(after < 2.0, "cut off {after:.2} s after the request");
    assert_eq!(town.ask(LAPTOP, "read"), None, "nothing passes from the laptop");
    assert!(town.ask(SCADA, "read").is_some(), "everybody else goes on");

    // The firewall is looked at: what somebody adds by hand is told of, with a packet that it lets through.
    town.nft(&["insert", "rule", "inet", "bastide", "path/office/pumps", "tcp", "dport", "22", "accept"]);
    assert!(soon(10, || {
        let rules = town.rules();
        ["firewall-drift", "not-enforced"].iter().all(|rule| rules.iter().any(|found| found == rule))
    }));
    let shown = town.says(&["defend", "prove", "--city", city], 1);
    assert!(shown.contains("Office to Pumping: passes, and the plan refuses it"), "{shown}");
    assert!(
        shown.contains("tcp dport 22 accept") && shown.contains("conduit office-to-pumps (city.toml:"),
        "{shown}"
    );

    // Released at the firewall itself: the response knows it.
    town.says(&["release", LAPTOP], 0);
    assert!(soon(10, || town.ask(LAPTOP, "read").is_some()));
    assert!(watching.stop(Duration::from_secs(10)).is_some_and(|status| status.success()));
    enforcer.kill();
    let log =
        town.says(&["log", "show", "--state", town.path("state").to_str().unwrap(), "--format", "json"], 0);
    let records: Value = serde_json::from_str(&log).unwrap();
    let told: Vec<String> = records
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| record["kind"] == "response")
        .map(|record| record["body"]["state"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert!(told.contains(&"ordered".to_owned()) && told.contains(&"contained".to_owned()), "{told:?}");
}
