//! Two cities: one is attacked and tells the other, which is protected before anybody comes for it.
//!
//! Five namespaces: each city's router with Bastide on it, each city's pumps, and everybody else between them, where the
//! attacker stands, and a terminator of TLS that writes down what passes in the clear. That needs root, `ip`, `nft`,
//! `openssl` and `python3`; without them the test is skipped and counted.

use super::running::{Running, bastide};
use adapt::defence::{Defence, Does, sign};
use city::Tlp;
use integrity::Signer;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::{
    env,
    fs::{self, Permissions},
    io::{Read as _, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::{Path, PathBuf},
    process::{self, Command},
    thread,
    time::{Duration, Instant},
};
use store::{
    Intelligence,
    intelligence::{Audience, Filing, Unmarked, VersionMatch},
};

const ATTACKER: &str = "198.51.100.66";
const SUPPLIER: &str = "198.51.100.67";
const PUMP_A: &str = "192.0.2.130";
const PUMP_B: &str = "192.0.2.10";

/// What this city shares; the same in every city.
const COLLECTION: &str = "0d3a1f0c-6f2b-4c55-8a7e-2b9d5e7c41f6";

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
const SERVER: &str = r#"
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

/// Ends TLS, writes down what passes both ways, and goes on over TLS.
const TERMINATOR: &str = r#"
import select, signal, socket, ssl, sys, threading
signal.alarm(600)
listen, to, certificate, key, record = sys.argv[1:]
inward = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
inward.load_cert_chain(certificate, key)
outward = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
outward.check_hostname = False
outward.verify_mode = ssl.CERT_NONE
written = open(record, "ab", buffering=0)
def serve(link):
    try:
        link = inward.wrap_socket(link, server_side=True)
        onward = outward.wrap_socket(socket.create_connection((to, 8443)))
        other = {link: onward, onward: link}
        # One thread for both ways: OpenSSL's connections are not for two at a time.
        while True:
            for one in [end for end in other if end.pending()] or select.select(list(other), [], [])[0]:
                one.settimeout(0)
                try:
                    part = one.recv(65536)
                except ssl.SSLWantReadError:
                    continue
                if not part:
                    return
                written.write(part)
                other[one].settimeout(30)
                other[one].sendall(part)
    except OSError:
        pass
    finally:
        link.close()
        if "onward" in locals():
            onward.close()
server = socket.create_server((listen, 8443))
print("there", flush=True)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"#;

/// Asks with a password that nobody has, and prints the status of the answer.
const STRANGER: &str = r#"
import base64, ssl, sys, urllib.error, urllib.request
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
login = base64.b64encode(b"ellery:sixteen-guesses-and-more").decode()
request = urllib.request.Request(
    sys.argv[1], headers={"Authorization": "Basic " + login, "Accept": "application/taxii+json;version=2.1"}
)
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
try:
    print(opener.open(request, timeout=10).status)
except urllib.error.HTTPError as refused:
    print(refused.code)
"#;

/// The two cities and what lies between.
struct World {
    routers: [String; 2],
    pumps: [String; 2],
    between: String,
    folder: tempfile::TempDir,
}

impl World {
    /// Nothing, said and counted, if there can be none here.
    fn build(test: &str) -> Option<World> {
        let name = |part: &str| format!("bastide-{}-{part}", process::id());
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

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn at(&self, namespace: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", namespace, program]);
        command
    }

    fn secret(&self, name: &str, value: &str) -> String {
        let path = self.path(name);
        fs::write(&path, value).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        format!("file:{}", path.display())
    }

    /// A city's plan: pumps that a supplier may read from outside.
    fn plan(&self, name: &str, city: &str, network: &str, pump: &str, peer: &str) -> String {
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
    fn ask(&self, pump: &str, from: &str, what: &str) -> bool {
        let output =
            self.at(&self.between, "python3").args(["-c", CLIENT, pump, from, what]).output().unwrap();
        match output.status.code() {
            Some(0) => true,
            Some(3) => false,
            _ => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        }
    }

    /// Watches a city from its router.
    fn watch(&self, which: usize, plan: &str, words: &[&str]) -> Running {
        let name = ["a", "b"][which];
        let mut command = self.at(&self.routers[which], env!("CARGO_BIN_EXE_bastide"));
        command.args(["run", "--city", plan, "--interface", "pumps0", "--user", "root", "--threads", "1"]);
        command.args(["--listen", "127.0.0.1:0", "--state"]).arg(self.path(name)).args(words);
        let errors = fs::File::create(self.path(&format!("{name}.errors"))).unwrap();
        let mut watching = Running::start_with_errors_to(&mut command, errors);
        watching.wait_for_line(|line| line.starts_with("Watching "));
        watching
    }

    fn says(&self, city: &str, words: &[&str], code: i32) -> String {
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

    fn blocked(&self) -> String {
        let mut nft = self.at(&self.routers[1], "nft");
        let output = nft.args(["list", "set", "inet", "bastide", "quarantine4"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn errors(&self, city: &str) -> String {
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
fn api(state: &Path, what: &str) -> Value {
    let mut socket = UnixStream::connect(state.join("socket")).unwrap();
    let question = format!("GET /api/v1/{what} HTTP/1.0\r\nHost: localhost\r\n\r\n");
    socket.write_all(question.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
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

/// Files an object among what a city shares, past all that it checks.
fn slip(state: &Path, object: &Value) {
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
fn hide(state: &Path, id: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Intelligence::open(state).await.unwrap();
        assert_eq!(store.withdraw(COLLECTION, id, &[VersionMatch::All], None).await.unwrap(), 1);
        store.close().await;
    });
}

/// A block as a city would tell it.
fn block(id: &str, version: Timestamp, address: &str, key: &Signer) -> Value {
    let version = Timestamp::from_millisecond(version.as_millisecond()).unwrap();
    let defence = Defence {
        id: id.into(),
        version,
        until: version + SignedDuration::from_hours(240),
        title: format!("Block {address}").into(),
        reason: "It attacks".to_owned(),
        tlp: Tlp::Green,
        does: Does::Block { addresses: vec![address.parse().unwrap()] },
    };
    sign(&defence, "identity--5a1f7f0e-6b1c-4d5e-8f2a-0c9b8a7d6e5f", version, key).unwrap()
}

#[test]
fn what_one_city_learns_protects_the_other_and_nothing_else_leaves_it() {
    let Some(world) = World::build("what_one_city_learns_protects_the_other_and_nothing_else_leaves_it")
    else {
        return;
    };
    let (a, b) = (world.path("a"), world.path("b"));
    let serve = |end: &str, pump: &str| {
        let mut server = Running::start(world.at(end, "python3").args(["-c", SERVER, pump]));
        server.wait_for_line(|line| line == "there");
        server
    };
    let _pumps = [serve(&world.pumps[0], PUMP_A), serve(&world.pumps[1], PUMP_B)];

    // A watches, and lets B read what is green.
    let admit = world.secret("admit", "ellery:heron-lantern-quay-42");
    let peer = format!("[[peer]]\nid = \"ellery\"\nname = \"Port Ellery\"\nadmit = \"{admit}\"\n");
    let plan = world.plan("plan-a", "Averbourne", "192.0.2.128/25", PUMP_A, &peer);
    let (certificate, key) = (world.path("server.pem"), world.path("server.key"));
    let [certificate, key] = [&certificate, &key].map(|path| path.to_str().unwrap());
    let tls = ["--exchange-certificate", certificate, "--exchange-key", key];
    let mut watching_a = world.watch(0, &plan, &[&["--exchange", "203.0.113.1:8443"][..], &tls].concat());
    let public = world.says("a", &["share", "key"], 0).trim().to_owned();

    // Between them everything is written down in the clear.
    let record = world.path("record");
    let mut terminator = world.at(&world.between, "python3");
    terminator.args(["-c", TERMINATOR, "203.0.113.6", "203.0.113.1", certificate, key]).arg(&record);
    let mut terminator = Running::start(&mut terminator);
    terminator.wait_for_line(|line| line == "there");

    // B watches, enforces, reads A every two seconds, and blocks by A's word alone.
    let mut enforcer = world.at(&world.routers[1], env!("CARGO_BIN_EXE_bastide"));
    enforcer.arg("enforcer").arg("--state").arg(world.path("enforcer"));
    let mut enforcer = Running::start(enforcer.arg("--socket").arg(world.path("enforcer.sock")));
    let login = world.secret("login", "ellery:heron-lantern-quay-42");
    let peer = format!(
        "[[peer]]\nid = \"averbourne\"\nname = \"Averbourne\"\ntaxii = \"https://203.0.113.6:8443/\"\nauthority = \
         \"{}\"\nevery = \"2s\"\nlogin = \"{login}\"\nkey = \"{public}\"\nadopt = [\"block\"]\n",
        world.path("authority.pem").display()
    );
    let plan = world.plan("plan-b", "Port Ellery", "192.0.2.0/25", PUMP_B, &peer);
    let status =
        || bastide().args(["defend", "status"]).env("BASTIDE_ENFORCER", world.path("enforcer.sock")).output();
    assert!(soon(30, || status().unwrap().status.success()));
    world.says("b", &["defend", "stage", "--city", &plan], 0);
    world.says("b", &["defend", "apply", "--confirm-within", "60s"], 0);
    world.says("b", &["defend", "confirm"], 0);
    let socket = world.path("enforcer.sock");
    let mut watching_b = world.watch(1, &plan, &["--enforcer", socket.to_str().unwrap()]);
    let peers = || -> Vec<Value> {
        serde_json::from_str(&world.says("b", &["intel", "peers", "--format", "json"], 0)).unwrap()
    };
    assert!(soon(20, || peers()[0]["read"].is_string()), "{:?} {}", peers(), world.errors("b"));
    assert!(world.ask(PUMP_B, SUPPLIER, "read"), "whoever is outside reaches B's pump");
    // Reading a peer that has nothing new writes nothing where indicators are kept: else all of them were read again.
    thread::sleep(Duration::from_secs(1));
    let written = || {
        let files = ["intelligence.db", "intelligence.db-wal"].into_iter();
        files.filter_map(|name| fs::metadata(b.join(name)).ok()?.modified().ok()).max()
    };
    let (before, asked) = (written(), peers()[0]["asked"].clone());
    assert!(soon(20, || peers()[0]["asked"] != asked), "{}", world.errors("b"));
    assert_eq!(written(), before);

    // What is red at A, and what is amber, lies beside what will be shared.
    for (number, marking) in [(1, Tlp::Red), (2, Tlp::Amber)] {
        slip(
            &a,
            &json!({
                "type": "indicator", "spec_version": "2.1", "id": format!("indicator--7f000000-0000-4000-8000-{number:012}"),
                "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
                "name": "Sealed lips", "pattern": "[ipv4-addr:value = '198.51.100.99']", "pattern_type": "stix",
                "valid_from": "2026-01-01T00:00:00Z", "object_marking_refs": [adapt::stix::marking_id(marking)],
            }),
        );
    }

    // A is attacked.
    assert!(world.ask(PUMP_A, ATTACKER, "write"));
    let attacked = Instant::now();
    let mut incident = 0;
    assert!(
        soon(10, || {
            let list = api(&a, "incidents");
            incident = list["incidents"][0]["number"].as_u64().unwrap_or_default();
            incident > 0
        }),
        "{}",
        world.errors("a")
    );
    let detected = Instant::now();

    // A person looks at what would leave, and shares it.
    let number = incident.to_string();
    let shown = world.says("a", &["share", &number, "--tlp", "green", "--dry-run"], 0);
    assert!(shown.contains("Port Ellery") && shown.contains(ATTACKER), "{shown}");
    assert!(shown.contains("Replaced: ") && shown.contains("Nothing was filed."), "{shown}");
    assert!(!world.says("a", &["share", "list"], 0).contains("course-of-action"));
    let told: Value = serde_json::from_str(&world.says(
        "a",
        &["share", &number, "--tlp", "green", "--yes", "--format", "json"],
        0,
    ))
    .unwrap();
    assert_eq!((&told["filed"], &told["shown_to"][0]["id"]), (&json!(true), &json!("ellery")));

    // B is protected.
    let protected = soon(60, || world.blocked().contains(ATTACKER));
    let (since_detected, since_attacked) = (detected.elapsed(), attacked.elapsed());
    assert!(protected, "{:?} {} {}", peers(), api(&b, "responses"), world.errors("b"));
    println!(
        "protected {:.2} s after A knew, {:.2} s after the attack",
        since_detected.as_secs_f64(),
        since_attacked.as_secs_f64()
    );
    // The aim is ten seconds; a machine that has other things to do may take longer.
    assert!(since_detected < Duration::from_secs(60));
    assert!(!world.ask(PUMP_B, ATTACKER, "read"), "nothing passes from the attacker");
    assert!(world.ask(PUMP_B, SUPPLIER, "read"), "everybody else goes on");

    // Enemies with A's server in their hands, and some with A's key.
    let doubted = || -> Vec<String> {
        let list = api(&b, "findings?limit=1000");
        let findings = list["findings"].as_array().unwrap();
        let doubted = findings.iter().filter(|finding| finding["rule"] == "intelligence-doubted");
        doubted.map(|finding| finding["number"].to_string()).collect()
    };
    assert!(doubted().is_empty());
    let signer = Signer::from_text(fs::read_to_string(a.join("exchange.key")).unwrap().trim()).unwrap();
    let forger = Signer::from_seed("bastide.exchange", [7; 32]).unwrap();
    let id = |number: u32| format!("course-of-action--6e000000-0000-4000-8000-{number:012}");
    let now = Timestamp::now();
    let real = told["objects"].as_array().unwrap().iter().find(|object| object["type"] == "course-of-action");
    let real = real.unwrap()["id"].as_str().unwrap();
    hide(&a, real);
    slip(&a, &block(real, now - SignedDuration::from_hours(1), "198.51.100.70", &signer));
    slip(&a, &block(&id(1), now, "198.51.100.71", &forger));
    slip(&a, &block(&id(2), now + SignedDuration::from_hours(48), "198.51.100.72", &signer));
    slip(&a, &block(&id(3), now, PUMP_B, &signer));
    slip(&a, &block(&id(4), now, "10.20.30.40", &signer));
    // The supplier's conversations are what B's plan allows.
    slip(&a, &block(&id(5), now, SUPPLIER, &signer));
    let offered = || {
        let list = api(&b, "findings?limit=1000");
        list["findings"].as_array().unwrap().iter().any(|finding| finding["rule"] == "defence-offered")
    };
    assert!(
        soon(20, || doubted().len() >= 5 && offered()),
        "{} {} {}",
        api(&b, "findings?limit=1000"),
        api(&b, "responses"),
        world.errors("b")
    );
    thread::sleep(Duration::from_secs(3));
    let blocked = world.blocked();
    for address in ["198.51.100.70", "198.51.100.71", "198.51.100.72", PUMP_B, "10.20.30.40", SUPPLIER] {
        assert!(!blocked.contains(&format!("{address} ")), "{address}: {blocked}");
    }
    assert!(blocked.contains(ATTACKER) && world.ask(PUMP_B, SUPPLIER, "read"));

    // What is taken back is told of as revoked, and is no lie.
    let doubts = doubted();
    world.says("a", &["share", "withdraw", &id(5)], 0);
    let listed: Vec<Value> =
        serde_json::from_str(&world.says("a", &["share", "list", "--format", "json"], 0)).unwrap();
    let taken_back = listed.iter().find(|one| one["id"] == id(5)).unwrap();
    assert_eq!((&taken_back["revoked"], &taken_back["tlp"]), (&json!(true), &json!("green")));
    thread::sleep(Duration::from_secs(4));
    assert_eq!(doubted(), doubts, "{}", api(&b, "findings?limit=1000"));

    // A stranger at A's door.
    let mut stranger = world.at(&world.between, "python3");
    let said = stranger.args(["-c", STRANGER, "https://203.0.113.1:8443/taxii2/"]).output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&said.stdout).trim(),
        "401",
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
    let denied = || api(&a, "findings?limit=1000").to_string().contains("intelligence-denied");
    assert!(soon(10, denied), "{}", world.errors("a"));

    // Nothing of A's went through, and what should have did.
    terminator.kill();
    let passed = String::from_utf8_lossy(&fs::read(&record).unwrap()).to_lowercase();
    assert!(passed.contains(ATTACKER) && passed.contains("course-of-action"));
    for inside in ["192.0.2.1", "wet-well", "wet well", "mill lane", "mill-lane", "pumping station", "pumps0"]
    {
        // B's own pump was told by an enemy, and is none of A's.
        let passed = passed.replace(PUMP_B, "");
        assert!(!passed.contains(inside), "{inside} left A");
    }
    assert!(!passed.contains("sealed lips") && !passed.contains("198.51.100.99"));

    // Undone as anything is.
    world.says("b", &["release", ATTACKER], 0);
    assert!(soon(10, || world.ask(PUMP_B, ATTACKER, "read")));
    assert!(watching_b.stop(Duration::from_secs(10)).is_some_and(|status| status.success()));
    assert!(watching_a.stop(Duration::from_secs(10)).is_some_and(|status| status.success()));
    enforcer.kill();
    let sealed = world.says("a", &["log", "show"], 0);
    assert!(
        sealed.contains(&format!("Shared incident {incident}: TLP:GREEN"))
            || sealed.contains("incident-shared")
    );
}
