//! Two cities: one is attacked and tells the other, which is protected before anybody comes for it.
//!
//! Between them stands the attacker, and a terminator of TLS that writes down what passes in the clear.

use super::{
    cities::{ATTACKER, PUMP_A, PUMP_B, SERVER, SUPPLIER, World, api, block, hide, slip, soon},
    running::Running,
};
use city::Tlp;
use integrity::Signer;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::{
    fs, thread,
    time::{Duration, Instant},
};

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
    let login = world.secret("login", "ellery:heron-lantern-quay-42");
    let peer = format!(
        "[[peer]]\nid = \"averbourne\"\nname = \"Averbourne\"\ntaxii = \"https://203.0.113.6:8443/\"\nauthority = \
         \"{}\"\nevery = \"2s\"\nlogin = \"{login}\"\nkey = \"{public}\"\nadopt = [\"block\"]\n",
        world.path("authority.pem").display()
    );
    let plan = world.plan("plan-b", "Port Ellery", "192.0.2.0/25", PUMP_B, &peer);
    let mut enforcer = world.enforce(&plan);
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
