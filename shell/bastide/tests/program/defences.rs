//! What becomes of a city's defences in another: taken back, replaced, handed on, and of every kind.

use super::{
    cities::{
        ATTACKER, COLLECTION, PUMP_A, PUMP_B, SERVER, SUPPLIER, World, api, block, defence, hide, slip, soon,
    },
    running::Running,
};
use adapt::defence::{Defence, Does, End, Withdrawal, sign, withdraw};
use city::{Protocol, Tlp, Verb};
use integrity::Signer;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Adds objects to the collection of a TAXII server that takes them, and prints the status of the answer.
const PUSH: &str = r#"
import base64, json, ssl, sys, urllib.error, urllib.request
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
media = "application/taxii+json;version=2.1"
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
def ask(path, body=None):
    login = base64.b64encode(sys.argv[2].encode()).decode()
    headers = {"Authorization": "Basic " + login, "Accept": media, "Content-Type": media}
    return opener.open(urllib.request.Request(sys.argv[1] + path, headers=headers, data=body), timeout=30)
try:
    own = [one["id"] for one in json.load(ask("/city/collections/"))["collections"] if one["can_write"]]
    print(ask("/city/collections/%s/objects/" % own[0], open(sys.argv[3], "rb").read()).status)
except urllib.error.HTTPError as refused:
    print(refused.code)
"#;

/// Asks a TAXII server for something, and prints the status of the answer and what came.
const ASK: &str = r#"
import base64, ssl, sys, urllib.error, urllib.request
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
for path in sys.argv[3:]:
    login = base64.b64encode(sys.argv[2].encode()).decode()
    headers = {"Authorization": "Basic " + login, "Accept": "application/taxii+json;version=2.1"}
    try:
        answer = opener.open(urllib.request.Request(sys.argv[1] + path, headers=headers), timeout=30)
        print(answer.status, answer.read().decode())
    except urllib.error.HTTPError as refused:
        print(refused.code)
"#;

/// The logins with which A and a relay write to B.
const OURS: &str = "averbourne:kestrel-weir-mill-race-7";
const RELAY: &str = "relay:curlew-sluice-gate-house-19";

/// Two cities: A lets B read, and B puts A's blocks in force by its plan.
struct Cities {
    world: World,
    a: PathBuf,
    b: PathBuf,
    /// With which A signs.
    key: Signer,
    watching: [Running; 2],
    enforcer: Running,
}

impl Cities {
    fn begin(test: &str) -> Option<Cities> {
        let world = World::build(test)?;
        let secret = "ellery:heron-lantern-quay-42";
        let admit = world.secret("admit", secret);
        let peer = format!("[[peer]]\nid = \"ellery\"\nname = \"Port Ellery\"\nadmit = \"{admit}\"\n");
        let plan = world.plan("plan-a", "Averbourne", "192.0.2.128/25", "192.0.2.130", &peer);
        let [certificate, key] = ["server.pem", "server.key"].map(|name| world.path(name));
        let [certificate, key] = [&certificate, &key].map(|path| path.to_str().unwrap());
        let tls = ["--exchange-certificate", certificate, "--exchange-key", key];
        let first = world.watch(0, &plan, &[&["--exchange", "203.0.113.1:8443"][..], &tls].concat());
        let public = world.says("a", &["share", "key"], 0).trim().to_owned();
        let login = world.secret("login", secret);
        let peer = format!(
            "[[peer]]\nid = \"averbourne\"\nname = \"Averbourne\"\ntaxii = \"https://203.0.113.1:8443/\"\nauthority = \
             \"{}\"\nevery = \"1s\"\nlogin = \"{login}\"\nkey = \"{public}\"\nadopt = [\"block\", \"detect\"]\nadmit = \
             \"{}\"\nmay-write = true\n\n[[peer]]\nid = \"relay\"\nname = \"The agency\"\nadmit = \"{}\"\nmay-write = true\n\n[[contact]]\nid = \"duty\"\nname = \"Duty engineer\"\nrole = \"Answers \
             for the pumps\"\ntelephone = \"+44 1632 960123\"\n",
            world.path("authority.pem").display(),
            world.secret("ours", OURS),
            world.secret("relay", RELAY),
        );
        let plan = world.plan("plan-b", "Port Ellery", "192.0.2.0/25", PUMP_B, &peer);
        let enforcer = world.enforce(&plan);
        let socket = world.path("enforcer.sock");
        let words = ["--enforcer", socket.to_str().unwrap(), "--exchange", "203.0.113.5:8443"];
        let second = world.watch(1, &plan, &[&words[..], &tls].concat());
        let (a, b) = (world.path("a"), world.path("b"));
        let key = fs::read_to_string(a.join("exchange.key")).unwrap();
        let key = Signer::from_text(key.trim()).unwrap();
        Some(Cities { world, a, b, key, watching: [first, second], enforcer })
    }

    /// What B found by a rule.
    fn found(&self, rule: &str) -> Vec<Value> {
        found(&self.b, rule)
    }

    /// Sends objects to B as somebody who may write there.
    fn push(&self, login: &str, objects: &[Value]) {
        let path = self.world.path("envelope.json");
        fs::write(&path, json!({ "objects": objects }).to_string()).unwrap();
        let mut push = self.world.at(&self.world.between, "python3");
        let said = push.args(["-c", PUSH, "https://203.0.113.5:8443", login]).arg(&path).output().unwrap();
        let status = String::from_utf8_lossy(&said.stdout);
        assert_eq!(status.trim(), "202", "{}", String::from_utf8_lossy(&said.stderr));
    }

    /// How many doubts A cast at B.
    fn doubts(&self) -> u64 {
        let peers = self.world.says("b", &["intel", "peers", "--format", "json"], 0);
        serde_json::from_str::<Value>(&peers).unwrap()[0]["doubts"].as_u64().unwrap()
    }

    fn blocks(&self, address: &str) -> bool {
        // In the list each stands before a comma, a space or a brace.
        let blocked = self.world.blocked();
        blocked.split([' ', ',', '{', '}', '\n']).any(|one| one == address)
    }

    /// What went wrong, for whoever reads why a test failed.
    fn story(&self) -> String {
        let (findings, responses) = (api(&self.b, "findings?limit=1000"), api(&self.b, "responses"));
        format!("{findings} {responses} {} {}", self.world.errors("a"), self.world.errors("b"))
    }

    fn end(mut self) {
        for watching in &mut self.watching {
            assert!(watching.stop(Duration::from_secs(10)).is_some_and(|status| status.success()));
        }
        self.enforcer.kill();
    }
}

/// What a city found by a rule, with the reasons.
fn found(city: &Path, rule: &str) -> Vec<Value> {
    let list = api(city, "findings?limit=1000");
    let all = list["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == rule);
    all.map(|finding| api(city, &format!("findings/{}", finding["number"]))).collect()
}

/// A pump that answers whoever asks.
fn serve(world: &World, end: &str, pump: &str) -> Running {
    let mut server = Running::start(world.at(end, "python3").args(["-c", SERVER, pump]));
    server.wait_for_line(|line| line == "there");
    server
}

fn id(number: u32) -> String {
    format!("course-of-action--6e000000-0000-4000-8000-{number:012}")
}

#[test]
fn what_its_author_takes_back_is_undone_and_nobody_else_can_take_it_back() {
    let test = "what_its_author_takes_back_is_undone_and_nobody_else_can_take_it_back";
    let Some(cities) = Cities::begin(test) else { return };
    let Cities { world, a, key, .. } = &cities;
    let _pump = serve(world, &world.pumps[1], PUMP_B);
    let began = Timestamp::now();
    slip(a, &block(&id(1), began, ATTACKER, key));
    slip(a, &block(&id(2), began, "198.51.100.70", key));
    assert!(soon(60, || cities.blocks(ATTACKER) && cities.blocks("198.51.100.70")), "{}", cities.story());
    assert!(!world.ask(PUMP_B, ATTACKER, "read"));

    // Somebody else says that it is taken back; then nobody signs that it is.
    let later = Timestamp::from_millisecond(began.as_millisecond()).unwrap() + SignedDuration::from_secs(1);
    let forger = Signer::from_seed("bastide.exchange", [7; 32]).unwrap();
    let withdrawal = Withdrawal {
        id: id(1).into(),
        version: later,
        until: later + SignedDuration::from_hours(240),
        title: format!("Block {ATTACKER}").into(),
        reason: "Let me in".to_owned(),
    };
    let forged = withdraw(&block(&id(1), began, ATTACKER, key), &withdrawal, &forger).unwrap();
    let mut unsigned = block(&id(2), later, "198.51.100.70", key);
    unsigned["revoked"] = json!(true);
    unsigned.as_object_mut().unwrap().remove("extensions");
    slip(a, &forged);
    slip(a, &unsigned);
    assert!(soon(20, || cities.doubts() >= 2), "{}", cities.story());
    assert!(soon(10, || !cities.found("intelligence-doubted").is_empty()), "{}", cities.story());
    let [doubted] = &cities.found("intelligence-doubted")[..] else { panic!("{}", cities.story()) };
    assert_eq!(doubted["severity"], "high", "{doubted}");
    assert!(cities.blocks(ATTACKER) && cities.blocks("198.51.100.70"));
    assert!(cities.found("defence-withdrawn").is_empty());

    // Its author replaces one by another: what the new one does not name is released.
    slip(a, &block(&id(2), later + SignedDuration::from_secs(1), "198.51.100.71", key));
    assert!(
        soon(20, || cities.blocks("198.51.100.71") && !cities.blocks("198.51.100.70")),
        "{}",
        cities.story()
    );

    // Its author takes one back; of the city's own nothing leaves with the reason.
    let refused = world.says("a", &["share", "withdraw", &id(1), "--reason", "Pump at Mill Lane is well"], 1);
    assert!(refused.contains("Would leak: the device Pump at Mill Lane at reason"), "{refused}");
    assert!(refused.contains("Nothing was taken back"), "{refused}");
    world.says("a", &["share", "withdraw", &id(1), "--reason", "It was the agency's scanner"], 0);
    assert!(soon(20, || !cities.blocks(ATTACKER)), "{}", cities.story());
    assert!(soon(10, || world.ask(PUMP_B, ATTACKER, "read")), "{}", cities.story());
    let why = "its author withdrew it: It was the agency's scanner";
    let told = cities.found("defence-withdrawn");
    assert!(told.len() == 2 && json!(told).to_string().contains(why), "{told:?}");
    // What it said before does not come back.
    hide(a, &id(1));
    slip(a, &block(&id(1), began + SignedDuration::from_secs(1), ATTACKER, key));
    assert!(soon(20, || cities.doubts() >= 3), "{}", cities.story());
    assert!(!cities.blocks(ATTACKER) && cities.blocks("198.51.100.71"));
    let sealed = world.says("b", &["log", "show", "--format", "json"], 0);
    assert!(sealed.contains(&format!("Release: Block {ATTACKER}, {why}")), "{sealed}");
    cities.end();
}

#[test]
fn a_defence_is_its_authors_word_whoever_hands_it_over() {
    let Some(cities) = Cities::begin("a_defence_is_its_authors_word_whoever_hands_it_over") else { return };
    let Cities { b, key, .. } = &cities;
    let now = Timestamp::now();
    // A sends one itself, and the agency hands one of A's on.
    cities.push(OURS, &[block(&id(1), now, "198.51.100.71", key)]);
    cities.push(RELAY, &[block(&id(2), now, "198.51.100.72", key)]);
    assert!(
        soon(60, || cities.blocks("198.51.100.71") && cities.blocks("198.51.100.72")),
        "{}",
        cities.story()
    );
    let steps = |address: &str| {
        let list = api(b, "responses");
        let all = list["responses"].as_array().unwrap();
        let one = all.iter().find(|one| one["target"]["address"] == address).unwrap();
        api(b, &format!("responses/{}", one["number"]))["steps"].to_string()
    };
    assert!(steps("198.51.100.72").contains("handed on by relay"), "{}", steps("198.51.100.72"));
    assert!(!steps("198.51.100.71").contains("handed on by"), "{}", steps("198.51.100.71"));
    assert!(cities.found("intelligence-doubted").is_empty(), "{}", cities.story());

    // What A marked for fewer is not for the agency to hand on, and what nobody signed whom the plan names is nobody's.
    let forger = Signer::from_seed("bastide.exchange", [7; 32]).unwrap();
    cities.push(
        RELAY,
        &[block(&id(3), now, "198.51.100.73", &forger), amber(&id(4), now, "198.51.100.74", key)],
    );
    assert!(soon(30, || cities.found("intelligence-doubted").len() == 2), "{}", cities.story());
    let doubted = json!(cities.found("intelligence-doubted")).to_string();
    assert!(doubted.contains("nobody whose key the plan has signed it"), "{doubted}");
    assert!(doubted.contains("relay hands on what averbourne marked TLP:AMBER"), "{doubted}");
    assert!(!cities.blocks("198.51.100.73") && !cities.blocks("198.51.100.74"));

    // The agency may be behind; that A takes its own back is A's word too.
    let later = now + SignedDuration::from_secs(2);
    let withdrawal = Withdrawal {
        id: id(2).into(),
        version: Timestamp::from_millisecond(later.as_millisecond()).unwrap(),
        until: later + SignedDuration::from_hours(240),
        title: "Block 198.51.100.72".into(),
        reason: String::new(),
    };
    let taken_back = withdraw(&block(&id(2), now, "198.51.100.72", key), &withdrawal, key).unwrap();
    cities.push(RELAY, &[taken_back]);
    assert!(soon(30, || !cities.blocks("198.51.100.72")), "{}", cities.story());
    cities.push(RELAY, &[block(&id(2), now + SignedDuration::from_secs(1), "198.51.100.72", key)]);
    std::thread::sleep(Duration::from_secs(2));
    assert!(!cities.blocks("198.51.100.72") && cities.blocks("198.51.100.71"));
    assert_eq!(cities.found("intelligence-doubted").len(), 2, "{}", cities.story());
    cities.end();
}

/// A block that its author marked `TLP:AMBER`.
fn amber(id: &str, version: Timestamp, address: &str, key: &Signer) -> Value {
    let version = Timestamp::from_millisecond(version.as_millisecond()).unwrap();
    let defence = Defence {
        id: id.into(),
        version,
        until: version + SignedDuration::from_hours(240),
        title: format!("Block {address}").into(),
        reason: "It attacks".to_owned(),
        tlp: Tlp::Amber,
        does: Does::Block { addresses: vec![address.parse().unwrap()] },
    };
    sign(&defence, "identity--5a1f7f0e-6b1c-4d5e-8f2a-0c9b8a7d6e5f", version, key).unwrap()
}

#[test]
fn what_is_no_block_is_tried_and_waits_for_a_person() {
    let Some(cities) = Cities::begin("what_is_no_block_is_tried_and_waits_for_a_person") else { return };
    let Cities { world, a, key, .. } = &cities;
    let _pump = serve(world, &world.pumps[1], PUMP_B);
    // The supplier reads, as the plan allows; so does somebody who also writes, which it does not.
    assert!(world.ask(PUMP_B, SUPPLIER, "read"));
    assert!(world.ask(PUMP_B, ATTACKER, "read") && world.ask(PUMP_B, ATTACKER, "write"));
    assert!(soon(20, || !cities.found("verb-not-allowed").is_empty()), "{}", cities.story());

    let now = Timestamp::now();
    let verbs = vec![Verb::Read, Verb::Write];
    let narrow = Does::Narrow { protocol: Protocol::Modbus, verbs, from: End::Outside };
    let pattern = "[x-bastide-request:verb = 'write' AND x-bastide-request:protocol = 'modbus']";
    let steps = "# Pumps by hand\n\n1. Send somebody to each pump. (30m)\n2. Restore the plans.\n\n   ```run\n   \
                 bastide restore pumping --to /\n   ```\n";
    slip(a, &defence(&id(1), now, "Nobody outside asks a pump", narrow, key));
    slip(a, &defence(&id(2), now, "Somebody writes", Does::Detect { pattern: pattern.to_owned() }, key));
    slip(a, &defence(&id(3), now, "Pumps by hand", Does::Procedure { markdown: steps.to_owned() }, key));
    // The plan lets A's detections in, and this is one that can be watched for.
    let pattern = format!("[ipv4-addr:value = '{SUPPLIER}']");
    slip(a, &defence(&id(4), now, "The supplier's laptop was stolen", Does::Detect { pattern }, key));
    assert!(soon(60, || cities.found("defence-offered").len() == 4), "{}", cities.story());
    let offered = json!(cities.found("defence-offered")).to_string();
    for said in [
        "it would have caught 1 that were found bad here, and cut 1 others. The plan would no longer allow: internet to \
         wet-wells: modbus read.",
        "it matched 1 times",
        "It is for people to do",
        "It is watched for from now on, as the plan says",
    ] {
        assert!(offered.contains(said), "{said}: {offered}");
    }
    assert!(!cities.found("hunt-found").is_empty());

    // A person sees what each would be here; nothing is changed by it.
    let plan = world.path("plan-b");
    let tried = |number, format| {
        let words = ["share", "try", &id(number), "--city", plan.to_str().unwrap(), "--format", format];
        world.says("b", &words, 0)
    };
    let list = world.says("b", &["share", "offers"], 0);
    assert!(["narrow", "detect", "procedure"].iter().all(|kind| list.contains(kind)), "{list}");
    let patch = tried(1, "patch");
    assert!(patch.contains("-[[conduit]]") && patch.contains("-allow = [\"modbus: read\"]"), "{patch}");
    let shown = tried(1, "table");
    assert!(
        shown.contains("cut 1 others") && shown.contains("These services would notice: pumping"),
        "{shown}"
    );
    let sign: Value = serde_json::from_str(&tried(2, "stix")).unwrap();
    assert_eq!(sign["objects"][0]["type"], "indicator");
    let patch = tried(3, "patch");
    assert!(
        patch.contains("+[[procedure]]") && patch.contains("+1. Send somebody to each pump. (30m)"),
        "{patch}"
    );
    assert!(!patch.contains("```run"), "another city's commands are nobody's here: {patch}");
    // The patch is good, and what it adds is asked about until somebody has read it through.
    fs::write(world.path("procedure.patch"), &patch).unwrap();
    let mut git = std::process::Command::new("git");
    let applied = git.args(["apply", "../procedure.patch"]).current_dir(&plan).output().unwrap();
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    world.says("b", &["plan", "check", plan.to_str().unwrap()], 0);

    // What was let in is seen, until its author takes it back.
    let seen = || {
        world.ask(PUMP_B, SUPPLIER, "read");
        !cities.found("indicator-seen").is_empty()
    };
    assert!(soon(60, seen), "{}", cities.story());
    world.says("a", &["share", "withdraw", &id(4), "--reason", "It was found again"], 0);
    assert!(soon(20, || cities.found("defence-withdrawn").len() == 1), "{}", cities.story());
    let told = json!(cities.found("defence-withdrawn")).to_string();
    assert!(told.contains("It was found again"), "{told}");
    let words = ["share", "try", &id(4), "--city", plan.to_str().unwrap()];
    assert!(world.says("b", &words, 1).contains("It was taken back"));
    cities.end();
}

#[test]
fn who_would_misuse_sharing_gets_nothing_and_is_found() {
    let Some(cities) = Cities::begin("who_would_misuse_sharing_gets_nothing_and_is_found") else { return };
    let Cities { world, a, key, .. } = &cities;
    let _pump = serve(world, &world.pumps[0], PUMP_A);
    let now = Timestamp::now();

    // Who would have B cut off the resolvers that everybody asks.
    slip(a, &block(&id(1), now, "9.9.9.9", key));
    assert!(soon(60, || !cities.found("intelligence-doubted").is_empty()), "{}", cities.story());
    let doubted = json!(cities.found("intelligence-doubted")).to_string();
    assert!(
        doubted.contains("names what everybody uses") && doubted.contains("a public resolver"),
        "{doubted}"
    );
    assert!(!cities.blocks("9.9.9.9"));

    // B, which A shows what is green, asks for what is amber: by its id, by a filter, and in what another told.
    let amber = amber(&id(2), now, "198.51.100.99", key);
    slip(a, &amber);
    let of = format!("/city/collections/{COLLECTION}/objects/");
    let paths =
        [format!("{of}{}/", id(2)), format!("{of}?match%5Bid%5D={}", id(2)), format!("{of}{}/", id(9))];
    let mut ask = world.at(&world.between, "python3");
    let ask = ask.args(["-c", ASK, "https://203.0.113.1:8443", "ellery:heron-lantern-quay-42"]).args(&paths);
    let said = ask.output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&said.stdout).trim(),
        "404\n200 {}\n404",
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
    assert!(soon(20, || !found(a, "intelligence-denied").is_empty()), "{}", world.errors("a"));
    std::thread::sleep(Duration::from_secs(1));
    let denied = found(a, "intelligence-denied");
    assert!(denied.len() == 1 && denied[0]["count"] == 1, "{denied:?}");
    let words = denied[0].to_string();
    assert!(words.contains(&format!("ellery asked for `{}`, which it may not have", id(2))), "{words}");

    // What an agency told A alone is seen at A, and an incident tells of it.
    let red = json!({ "type": "bundle", "id": "bundle--7f000000-0000-4000-8000-000000000001", "objects": [{
        "type": "indicator", "spec_version": "2.1", "id": "indicator--7f000000-0000-4000-8000-000000000001",
        "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": "Sealed lips",
        "pattern": format!("[ipv4-addr:value = '{ATTACKER}']"), "pattern_type": "stix",
        "valid_from": "2026-01-01T00:00:00Z", "object_marking_refs": [adapt::stix::marking_id(Tlp::Red)],
    }]});
    let path = world.path("agency.json");
    fs::write(&path, red.to_string()).unwrap();
    world.says("a", &["intel", "import", path.to_str().unwrap()], 0);
    let seen = || {
        world.ask(PUMP_A, ATTACKER, "write");
        !found(a, "indicator-seen").is_empty()
    };
    assert!(soon(60, seen), "{}", world.errors("a"));
    let incident = api(a, "incidents")["incidents"][0]["number"].to_string();
    // In its name stands an address of A's, so that nobody who only reads would see it.
    world.says("a", &["incidents", "rename", &incident, "See MTkyLjAuMi4xMzA= for more"], 0);
    let refused = world.says("a", &["share", &incident, "--tlp", "green", "--yes"], 1);
    for said in [
        "Would leak: the address 192.0.2.130 at name",
        "Would leak: the indicator marked for fewer indicator--7f000000-0000-4000-8000-000000000001",
        "Nothing was filed",
    ] {
        assert!(refused.contains(said), "{said}: {refused}");
    }
    let red = world.says("a", &["share", &incident, "--tlp", "red", "--yes"], 1);
    assert!(red.contains("What is marked TLP:RED stays here"), "{red}");
    let listed = world.says("a", &["share", "list", "--format", "json"], 0);
    assert!(!listed.contains("indicator--"), "{listed}");
    cities.end();
}
