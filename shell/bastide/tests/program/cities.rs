//! Two cities in namespaces of their own, for tests of what they tell one another.
//!
//! Five namespaces: each city's router with Bastide on it, each city's pumps, and everybody else between them. That needs
//! root, `ip`, `nft`, `openssl` and `python3`; without them the test is skipped and counted.

use super::running::{Running, bastide};
use adapt::defence::{Defence, Does, sign};
use city::Tlp;
use integrity::Signer;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::{
    env,
    fs::{self, Permissions},
    io::{Read as _, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::{Path, PathBuf},
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};
use store::{
    Intelligence,
    intelligence::{Audience, Filing, Unmarked, VersionMatch},
};

pub(super) const ATTACKER: &str = "198.51.100.66";
pub(super) const SUPPLIER: &str = "198.51.100.67";
pub(super) const PUMP_A: &str = "192.0.2.130";
pub(super) const PUMP_B: &str = "192.0.2.10";

/// What this city shares; the same in every city.
pub(super) const COLLECTION: &str = "0d3a1f0c-6f2b-4c55-8a7e-2b9d5e7c41f6";

/// Reads a register or writes one, from an address; exit code 3 if nobody answers within a second.
const CLIENT: &str = r#"
import signal, socket, struct, sys, time
signal.alarm(60)
try:
    link = socket.create_connection((sys.argv[1], 502), timeout=1, source_address=(sys.argv[2], 0))
    def ask(number, function, address, value):
        link.sendall(struct.pack(">HHHBBHH", number, 0, 6, 1, function, address, value))
        _, _, length = struct.unpack(">HHH", link.recv(6, socket.MSG_WAITALL))
        return link.recv(length, socket.MSG_WAITALL)[1:]
    if sys.argv[3] == "read":
        assert ask(1, 3, 10, 4)[0] == 3
    else:
        assert ask(1, 6, 10, 8)[0] == 6
except (TimeoutError, OSError):
    sys.exit(3)
"#;

/// Registers of a device, for whoever asks; holding registers read and a single one written.
pub(super) const SERVER: &str = r#"
import signal, socket, struct, sys, threading
signal.alarm(600)
server = socket.create_server((sys.argv[1], 502))
print("there", flush=True)
def serve(link):
    while True:
        head = link.recv(7, socket.MSG_WAITALL)
        if len(head) < 7:
            return
        number, _, length, unit = struct.unpack(">HHHB", head)
        asked = link.recv(length - 1, socket.MSG_WAITALL)
        function, _, count = struct.unpack(">BHH", asked)
        answer = bytes([3, 2 * count]) + b"\0\7" * count if function == 3 else asked
        link.sendall(struct.pack(">HHHB", number, 0, len(answer) + 1, unit) + answer)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"#;

/// The two cities and what lies between.
pub(super) struct World {
    pub(super) routers: [String; 2],
    pub(super) pumps: [String; 2],
    pub(super) between: String,
    folder: tempfile::TempDir,
}

impl World {
    /// Nothing, said and counted, if there can be none here.
    pub(super) fn build(test: &str) -> Option<World> {
        // Several of them may stand at a time.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = |part: &str| format!("bastide-{}-{number}{part}", process::id());
        let world = World {
            routers: [name("ra"), name("rb")],
            pumps: [name("pa"), name("pb")],
            between: name("x"),
            folder: tempfile::tempdir().unwrap(),
        };
        if world.built() {
            return Some(world);
        }
        let line = format!(
            "1 live test skipped: {test} needs root, ip (iproute2), nft (nftables), openssl and python3\n"
        );
        let _ = std::io::stderr().write_all(line.as_bytes());
        if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
            let file = fs::OpenOptions::new().create(true).append(true).open(path);
            file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
        }
        None
    }

    fn built(&self) -> bool {
        let quiet = ["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"];
        let forward = ["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"];
        let inside = |end: &str, words: &[&str]| ip(&[&["netns", "exec", end][..], words].concat());
        let cable = |one: &str, name: &str, other: &str, at: &str| {
            ip(&["link", "add", name, "netns", one, "type", "veth", "peer", "name", at, "netns", other])
                && ip(&["-n", one, "link", "set", name, "up"])
                && ip(&["-n", other, "link", "set", at, "up"])
        };
        let address =
            |end: &str, address: &str, name: &str| ip(&["-n", end, "address", "add", address, "dev", name]);
        let route = |end: &str, to: &str, via: &str| ip(&["-n", end, "route", "add", to, "via", via]);
        let [ra, rb] = &self.routers;
        let [pa, pb] = &self.pumps;
        let x = &self.between;
        [ra, rb, pa, pb, x].iter().all(|end| {
            ip(&["netns", "add", end])
                && ip(&["-n", end, "link", "set", "lo", "up"])
                && inside(end, &quiet)
                && inside(end, &forward)
        }) && cable(ra, "pumps0", pa, "eth0")
            && cable(rb, "pumps0", pb, "eth0")
            && cable(ra, "out0", x, "a0")
            && cable(rb, "out0", x, "b0")
            && address(ra, "192.0.2.129/25", "pumps0")
            && address(pa, "192.0.2.130/25", "eth0")
            && address(rb, "192.0.2.1/25", "pumps0")
            && address(pb, "192.0.2.10/25", "eth0")
            && address(ra, "203.0.113.1/30", "out0")
            && address(x, "203.0.113.2/30", "a0")
            && address(rb, "203.0.113.5/30", "out0")
            && address(x, "203.0.113.6/30", "b0")
            && address(x, "198.51.100.66/32", "lo")
            && address(x, "198.51.100.67/32", "lo")
            && route(pa, "default", "192.0.2.129")
            && route(pb, "default", "192.0.2.1")
            && route(ra, "default", "203.0.113.2")
            && route(rb, "default", "203.0.113.6")
            && route(x, "192.0.2.128/25", "203.0.113.1")
            && route(x, "192.0.2.0/25", "203.0.113.5")
            && inside(rb, &["nft", "list", "ruleset"])
            && inside(x, &["python3", "-c", "import ssl"])
            && self.certificates()
    }

    /// An authority, and a certificate of its for A's server and for the terminator before it.
    fn certificates(&self) -> bool {
        let make = |arguments: &str| {
            let key = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
            let arguments = format!("{key} {arguments}");
            let mut made = Command::new("openssl");
            made.args(arguments.split(' ')).current_dir(self.folder.path());
            made.output().is_ok_and(|made| made.status.success())
        };
        make("-subj /CN=authority -keyout authority.key -out authority.pem -addext keyUsage=keyCertSign")
            && make(
                "-subj /CN=exchange -keyout server.key -out server.pem -CA authority.pem -CAkey authority.key \
-addext subjectAltName=IP:203.0.113.1,IP:203.0.113.6 -addext basicConstraints=critical,CA:FALSE",
            )
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn at(&self, namespace: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", namespace, program]);
        command
    }

    pub(super) fn secret(&self, name: &str, value: &str) -> String {
        let path = self.path(name);
        fs::write(&path, value).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        format!("file:{}", path.display())
    }

    /// A city's plan: pumps that a supplier may read from outside.
    pub(super) fn plan(&self, name: &str, city: &str, network: &str, pump: &str, peer: &str) -> String {
        let folder = self.path(name);
        fs::create_dir_all(&folder).unwrap();
        let text = format!(
            r#"[city]
name = "{city}"
time-zone = "Europe/London"
learning = "1d"

[[service]]
id = "pumping"
name = "{city} pumping stations"
impact = "high"
rto = "4h"
rpo = "24h"
mtpd = "2d"

[[zone]]
id = "wet-wells"
name = "Wet wells of {city}"
networks = ["{network}"]
interfaces = ["pumps0"]
security-level = 2

[[zone]]
id = "internet"
name = "Everybody else"
outside = true
interfaces = ["out0"]
security-level = 0

[[conduit]]
from = "internet"
to = "wet-wells"
reason = "The pumps' maker reads them"
allow = ["modbus: read"]

[[asset]]
id = "mill-lane-pump"
name = "Pump at Mill Lane"
zone = "wet-wells"
addresses = ["{pump}"]
services = ["pumping"]

{peer}"#
        );
        fs::write(folder.join("city.toml"), text).unwrap();
        folder.to_str().unwrap().to_owned()
    }

    /// Whether a pump answers somebody outside.
    pub(super) fn ask(&self, pump: &str, from: &str, what: &str) -> bool {
        let output =
            self.at(&self.between, "python3").args(["-c", CLIENT, pump, from, what]).output().unwrap();
        match output.status.code() {
            Some(0) => true,
            Some(3) => false,
            _ => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        }
    }

    /// Watches a city from its router.
    pub(super) fn watch(&self, which: usize, plan: &str, words: &[&str]) -> Running {
        let name = ["a", "b"][which];
        let mut command = self.at(&self.routers[which], env!("CARGO_BIN_EXE_bastide"));
        command.args(["run", "--city", plan, "--interface", "pumps0", "--user", "root", "--threads", "1"]);
        command.args(["--listen", "127.0.0.1:0", "--state"]).arg(self.path(name)).args(words);
        let errors = fs::File::create(self.path(&format!("{name}.errors"))).unwrap();
        let mut watching = Running::start_with_errors_to(&mut command, errors);
        watching.wait_for_line(|line| line.starts_with("Watching "));
        watching
    }

    pub(super) fn says(&self, city: &str, words: &[&str], code: i32) -> String {
        let output = bastide()
            .args(words)
            .env("BASTIDE_STATE", self.path(city))
            .env("BASTIDE_ENFORCER", self.path("enforcer.sock"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}{errors}");
        said
    }

    /// An enforcer at B's router, which holds a plan.
    pub(super) fn enforce(&self, plan: &str) -> Running {
        let mut enforcer = self.at(&self.routers[1], env!("CARGO_BIN_EXE_bastide"));
        enforcer.arg("enforcer").arg("--state").arg(self.path("enforcer"));
        let enforcer = Running::start(enforcer.arg("--socket").arg(self.path("enforcer.sock")));
        let status = || {
            let socket = self.path("enforcer.sock");
            bastide().args(["defend", "status"]).env("BASTIDE_ENFORCER", socket).output().unwrap().status
        };
        assert!(soon(30, || status().success()));
        self.says("b", &["defend", "stage", "--city", plan], 0);
        self.says("b", &["defend", "apply", "--confirm-within", "60s"], 0);
        self.says("b", &["defend", "confirm"], 0);
        enforcer
    }

    pub(super) fn blocked(&self) -> String {
        let mut nft = self.at(&self.routers[1], "nft");
        let output = nft.args(["list", "set", "inet", "bastide", "quarantine4"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub(super) fn errors(&self, city: &str) -> String {
        fs::read_to_string(self.path(&format!("{city}.errors"))).unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for end in self.routers.iter().chain(&self.pumps).chain([&self.between]) {
            ip(&["netns", "del", end]);
        }
    }
}

fn ip(arguments: &[&str]) -> bool {
    Command::new("ip").args(arguments).output().is_ok_and(|output| output.status.success())
}

/// What a watching process answers.
pub(super) fn api(state: &Path, what: &str) -> Value {
    let mut socket = UnixStream::connect(state.join("socket")).unwrap();
    let question = format!("GET /api/v1/{what} HTTP/1.0\r\nHost: localhost\r\n\r\n");
    socket.write_all(question.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// Waits until something holds, and says whether it came to.
pub(super) fn soon(patience: u64, mut holds: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(patience) {
        if holds() {
            return true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}

/// Files an object among what a city shares, past all that it checks.
pub(super) fn slip(state: &Path, object: &Value) {
    let filing = Filing {
        source: "here".to_owned(),
        collections: vec![COLLECTION.to_owned()],
        audience: Audience::Everybody,
        unmarked: Unmarked(Tlp::Red),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Intelligence::open(state).await.unwrap();
        store.add(&[object], &filing, Timestamp::now()).await.unwrap();
        store.close().await;
    });
}

/// Takes an object out of what a city shares, as if it had never been.
pub(super) fn hide(state: &Path, id: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Intelligence::open(state).await.unwrap();
        assert_eq!(store.withdraw(COLLECTION, id, &[VersionMatch::All], None).await.unwrap(), 1);
        store.close().await;
    });
}

/// A block as a city would tell it.
pub(super) fn block(id: &str, version: Timestamp, address: &str, key: &Signer) -> Value {
    let does = Does::Block { addresses: vec![address.parse().unwrap()] };
    defence(id, version, &format!("Block {address}"), does, key)
}

/// A defence as a city would tell it.
pub(super) fn defence(id: &str, version: Timestamp, title: &str, does: Does, key: &Signer) -> Value {
    let version = Timestamp::from_millisecond(version.as_millisecond()).unwrap();
    let defence = Defence {
        id: id.into(),
        version,
        until: version + SignedDuration::from_hours(240),
        title: title.into(),
        reason: "It attacks".to_owned(),
        tlp: Tlp::Green,
        does,
    };
    sign(&defence, "identity--5a1f7f0e-6b1c-4d5e-8f2a-0c9b8a7d6e5f", version, key).unwrap()
}
