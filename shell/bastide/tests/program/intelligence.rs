//! `bastide intel`: what others know, taken in from files, looked at, and withdrawn, with and without a running city.

use super::{
    cable::{Cable, ENDS, SCADA},
    responses::watch as watch_town,
    running::bastide,
};
use exchange::{Collection, Login, Requester, Sharing};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    env,
    fs::{self, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use store::{
    Intelligence, Kind, Limits, Store,
    intelligence::{Audience, Filing, Unmarked},
};
use tokio::sync::watch;

/// The exit code of a command, and what it printed on standard output and on standard error.
fn say(state: &Path, words: &[&str]) -> (i32, String, String) {
    let output = bastide().arg("intel").args(words).arg("--state").arg(state).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// What a command prints as JSON, after an exit code.
fn answer(state: &Path, words: &[&str], code: i32) -> Value {
    let (ended, out, errors) = say(state, &[words, &["--format", "json"]].concat());
    assert_eq!(ended, code, "{words:?}: {errors}");
    serde_json::from_str(&out).unwrap()
}

/// A state directory in which nothing happened.
fn fresh(folder: &Path) -> PathBuf {
    let state = folder.join("state");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (store, _) = Store::open(&state, Kind::Live, "test", Limits::default()).await.unwrap();
        store.close().await.unwrap();
    });
    state
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

const LAMP: &str = "indicator--0e1f5d0a-0000-4000-8000-000000000001";

/// An event of MISP, written down at a time; the attribute may be gone.
fn event(timestamp: &str, deleted: bool) -> String {
    json!({ "Event": {
        "info": "Lamps that call out", "date": "2026-02-01", "uuid": "0e1f5d0a-0000-4000-8000-000000000000",
        "Attribute": [{ "type": "ip-dst", "value": "203.0.113.7", "to_ids": true, "timestamp": timestamp,
            "uuid": LAMP.strip_prefix("indicator--").unwrap(), "deleted": deleted }],
    } })
    .to_string()
}

fn standings(state: &Path, words: &[&str]) -> Vec<(String, String)> {
    let rows = answer(state, &[&["list"], words].concat(), 0);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| (text(&row["object"]["pattern"]), text(&row["standing"]));
    rows.as_array().unwrap().iter().map(row).collect()
}

fn source(state: &Path, name: &str) -> Value {
    let rows = answer(state, &["sources"], 0);
    rows.as_array().unwrap().iter().find(|row| row["source"] == name).unwrap().clone()
}

#[test]
fn files_are_taken_in_each_by_itself_and_what_is_withdrawn_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let state = fresh(folder);
    let misp = file(folder, "event.json", &event("1772186400", false));
    let broken = file(folder, "broken.json", "{\"type\": ");
    let list = file(
        folder,
        "list.txt",
        "203.0.113.8\n8.8.8.8\n9.9.9.9\nevil.example\nhttp://evil.example/a\n10.0.0.1\n",
    );

    // One that cannot be read keeps none of the others out.
    let (code, out, errors) = say(&state, &["import", &misp, &broken, &list, "--format", "json"]);
    assert_eq!(code, 2, "{errors}");
    assert!(errors.contains("broken.json") && errors.contains("1 of 3 files"), "{errors}");
    let rows: Value = serde_json::from_str(&out).unwrap();
    let [event_row, list_row, broken_row] = rows.as_array().unwrap().as_slice() else { panic!("{rows}") };
    assert_eq!(
        (&event_row["form"], &event_row["new"], &event_row["watched"]),
        (&json!("MISP"), &json!(1), &json!(1))
    );
    assert_eq!((&list_row["new"], &list_row["watched"]), (&json!(6), &json!(3)));
    assert!(broken_row["error"].as_str().unwrap().contains("broken.json"));
    let not_acted_on = list_row["not_acted_on"].to_string();
    for value in ["8.8.8.8", "9.9.9.9", "10.0.0.1"] {
        assert!(not_acted_on.contains(value), "{not_acted_on}");
    }
    let (code, out, _) = say(&state, &["import", &list]);
    assert_eq!(code, 0);
    assert!(out.contains("well-known (2):\n    8.8.8.8 in") && out.contains("\n    9.9.9.9 in"), "{out}");

    let of_list = source(&state, "list.txt");
    let counts = ["objects", "watched", "hunted_only", "over", "doubted", "trust"]
        .map(|name| of_list[name].as_u64().unwrap());
    assert_eq!(counts, [6, 3, 0, 0, 3, 80]);
    assert_eq!((&of_list["kind"], &of_list["withdrawn"]), (&json!("list"), &Value::Null));
    assert_eq!(
        standings(&state, &["--source", "event.json"]),
        [("[ipv4-addr:value = '203.0.113.7']".into(), "watched".into())]
    );
    let doubted = standings(&state, &["--only", "doubted", "--containing", "8.8"]);
    assert_eq!(doubted, [("[ipv4-addr:value = '8.8.8.8']".into(), "doubted".into())]);

    // What is no sign of a source is kept for it, until something else is said. A page is more than its host.
    let allow = file(folder, "ours.txt", "# ours\nevil.example\n203.0.113.0/28\n");
    answer(&state, &["import", &list, "--allow", &allow], 0);
    assert_eq!(answer(&state, &["import", &list, "--dry-run"], 0)[0]["watched"], 1);
    assert_eq!(source(&state, "list.txt")["watched"], 1);
    let of_list = standings(&state, &["--source", "list.txt", "--containing", "203.0.113.8"]);
    assert_eq!(of_list[0].1, "doubted");
    assert_eq!(answer(&state, &["import", &list, "--allow", "/dev/null"], 0)[0]["watched"], 3);

    // A source is withdrawn, whoever tells it again, until that is undone.
    let withdraw = |what: &str, more: &[&str], code: i32| {
        let (ended, out, errors) =
            say(&state, &[&["withdraw", what, "--reason", "It lists our suppliers"], more].concat());
        assert_eq!(ended, code, "{out}{errors}");
        out + &errors
    };
    withdraw("list.txt", &[], 0);
    assert!(withdraw("list.txt", &[], 1).contains("already"));
    assert!(withdraw("nobody", &[], 2).contains("bastide intel sources"));
    let of_list = source(&state, "list.txt");
    assert_eq!((&of_list["watched"], &of_list["objects"]), (&json!(0), &json!(6)));
    assert_eq!(of_list["withdrawn"]["reason"], "It lists our suppliers");
    assert_eq!(standings(&state, &["--only", "withdrawn"]).len(), 6);
    let (_, out, _) = say(&state, &["import", &list]);
    assert!(out.contains("Withdrawn by local") && out.contains("It lists our suppliers"), "{out}");
    let id =
        answer(&state, &["list", "--containing", "203.0.113.8"], 0)[0]["id"].as_str().unwrap().to_owned();
    let (code, shown, _) = say(&state, &["show", &id]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((code, &shown["standing"], &shown["withdrawn"]), (0, &json!("withdrawn"), &Value::Null));
    assert_eq!(shown["source_withdrawn"]["by"], "local");
    withdraw("list.txt", &["--undo"], 0);
    assert_eq!(source(&state, "list.txt")["watched"], 3);
    // So is an object.
    withdraw(LAMP, &[], 0);
    assert_eq!(source(&state, "event.json")["watched"], 0);
    let (_, shown, _) = say(&state, &["show", LAMP]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["withdrawn"]["by"], &shown["source_withdrawn"]), (&json!("local"), &Value::Null));
    withdraw(LAMP, &["--undo"], 0);
    assert_eq!(source(&state, "event.json")["watched"], 1);
    // It is sealed who did it and why.
    let log = bastide().args(["log", "show", "--format", "json", "--state"]).arg(&state).output().unwrap();
    let log = String::from_utf8(log.stdout).unwrap();
    let acts = |act: &str| log.matches(&format!("\"act\": \"intelligence-{act}\"")).count();
    assert_eq!((acts("withdrawn"), acts("restored")), (2, 2), "{log}");

    // What its maker deleted is over here too.
    let deleted = file(folder, "event.json", &event("1772272800", true));
    let outcome = answer(&state, &["import", &deleted], 0);
    assert_eq!((&outcome[0]["new"], &outcome[0]["over"]), (&json!(1), &json!(1)));
    assert_eq!(standings(&state, &["--source", "event.json"])[0].1, "over");
}

/// The files of others, if they are here.
fn others(folder: &str, fits: impl Fn(&str) -> bool) -> Vec<String> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = env::var_os("BASTIDE_DATA").map_or_else(beside, PathBuf::from);
    let (mut waiting, mut found) = (vec![data.join("intel").join(folder)], Vec::new());
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.is_file() && fits(&path.to_string_lossy()) {
            found.push(path.to_str().unwrap().to_owned());
        }
    }
    found.sort();
    found
}

#[test]
fn the_files_of_others_are_taken_in_and_each_object_is_found_again() {
    let kev = others("kev", |path| path.ends_with("vulnerabilities.json"));
    let misp = others("eset-ioc", |path| path.contains("misp") && path.ends_with(".json"));
    let hashes = others("eset-ioc", |path| path.ends_with(".sha256"));
    let stix = others("attack-ics", |path| path.ends_with(".json"));
    let warnings = others("misp-warninglists", |path| path.ends_with("public-dns-v6.json"));
    if [&kev, &misp, &hashes, &stix, &warnings].iter().any(|files| files.is_empty()) {
        let line =
            "4 cases skipped in taking in the files of others: no data in BASTIDE_DATA or ../shared/data\n";
        let _ = std::io::stderr().write_all(line.as_bytes());
        if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
            let file = fs::OpenOptions::new().create(true).append(true).open(path);
            file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let state = fresh(folder.path());
    let all: Vec<&str> = [&kev, &misp, &hashes, &stix].into_iter().flatten().map(String::as_str).collect();
    let (code, out, errors) = say(&state, &[&["import"], &all[..], &["--format", "json"]].concat());
    // Some attributes are of types that are not read.
    assert!(code <= 1, "{errors}");
    let rows: Value = serde_json::from_str(&out).unwrap();
    let (mut objects, mut signs) = (0, 0);
    for row in rows.as_array().unwrap() {
        let [told, new, known] = ["objects", "new", "known"].map(|name| row[name].as_u64().unwrap());
        assert_eq!((told, row["refused"].as_array().unwrap().len()), (new + known, 0), "{}", row["source"]);
        objects += new;
        signs += row["watched"].as_u64().unwrap() + row["hunted_only"].as_u64().unwrap();
    }
    let sources = answer(&state, &["sources"], 0);
    let sum =
        |name: &str| sources.as_array().unwrap().iter().map(|row| row[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("objects"), sum("watched") + sum("hunted_only")), (objects, signs));
    assert!(objects > 2_000 && signs > 100, "{objects} {signs}");
    let vulnerabilities = answer(&state, &["list", "--type", "vulnerability"], 0);
    assert_eq!(vulnerabilities.as_array().unwrap().len(), 1_000, "the first thousand");
    let one = &vulnerabilities[0];
    let (code, shown, _) = say(&state, &["show", one["id"].as_str().unwrap()]);
    assert_eq!((code, &serde_json::from_str::<Value>(&shown).unwrap()["object"]), (0, &one["object"]));
    // What a warning list holds is named, and not acted on.
    let resolvers: Value = serde_json::from_str(&fs::read_to_string(&warnings[0]).unwrap()).unwrap();
    let resolver = resolvers["list"][0].as_str().unwrap();
    let list = file(folder.path(), "resolvers.txt", &format!("{resolver}\n"));
    let outcome = answer(&state, &["import", &list, "--allow", &warnings[0], "--dry-run"], 0);
    assert_eq!(
        (&outcome[0]["watched"], outcome[0]["not_acted_on"].as_array().unwrap().len()),
        (&json!(0), 1)
    );
}

/// A server on loopback with an indicator for whoever has the password, and a collection that is another's.
fn served(folder: &Path) -> (String, tokio::runtime::Runtime, watch::Sender<Arc<Sharing>>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let collection = |id: &str, title: &str, readers: Audience| Collection {
        id: id.to_owned(),
        title: title.to_owned(),
        description: String::new(),
        readers,
        takes: false,
        audience: Audience::Everybody,
    };
    let sharing = Sharing {
        title: "The \"Ellery\" exchange".into(),
        collections: vec![
            collection("91a7b528-80eb-42ed-a74d-c6fbd5a26116", "For neighbours", Audience::Everybody),
            collection(
                "52892447-4d7e-4f70-b94d-d7f22742ff63",
                "For waterworks",
                Audience::Groups(["water".to_owned()].into()),
            ),
        ],
        requesters: vec![Requester {
            id: "testwick".into(),
            login: Login::parse("testwick:sixteen-letters-and-more").unwrap(),
            ceiling: city::Tlp::Green,
            groups: BTreeSet::new(),
            may_write: false,
        }],
        ..Sharing::default()
    };
    let (keep, sharing) = watch::channel(Arc::new(sharing));
    let url = runtime.block_on(async {
        let store = Intelligence::open(folder).await.unwrap();
        let filing = Filing {
            source: "here".into(),
            collections: vec!["91a7b528-80eb-42ed-a74d-c6fbd5a26116".into()],
            audience: Audience::Everybody,
            unmarked: Unmarked(city::Tlp::Green),
        };
        let object = json!({
            "type": "indicator", "spec_version": "2.1", "id": LAMP, "created": "2026-03-01T00:00:00.000Z",
            "modified": "2026-03-01T00:00:00.000Z", "pattern": "[ipv4-addr:value = '203.0.113.7']",
            "pattern_type": "stix", "valid_from": "2026-03-01T00:00:00Z",
        });
        store.add(&[&object], &filing, jiff::Timestamp::now()).await.unwrap();
        let listening = listen::open(&["127.0.0.1:0".parse().unwrap()], None, None).await.unwrap();
        let port = listening.addresses()[0].port();
        tokio::spawn(listening.run(exchange::server::router(store, sharing, None), std::future::pending()));
        format!("http://127.0.0.1:{port}/taxii2/")
    });
    (url, runtime, keep)
}

#[test]
fn a_server_becomes_a_peer_of_the_plan_or_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let state = fresh(folder);
    fs::create_dir(folder.join("theirs")).unwrap();
    let (url, _runtime, _sharing) = served(&folder.join("theirs"));
    let login = file(folder, "login", "testwick:sixteen-letters-and-more\n");
    fs::set_permissions(&login, Permissions::from_mode(0o600)).unwrap();
    let login = format!("file:{login}");
    let town = folder.join("town");
    fs::create_dir(&town).unwrap();
    for entry in fs::read_dir("tests/program/town").unwrap().map(|entry| entry.unwrap()) {
        fs::copy(entry.path(), town.join(entry.file_name())).unwrap();
    }
    let town = town.to_str().unwrap();
    let ask = ["subscribe", &url, "--login", &login];

    let offered = answer(&state, &[&ask[..], &["--id", "ellery", "--city", town]].concat(), 0);
    assert_eq!((&offered["title"], &offered["peer"]), (&json!("The \"Ellery\" exchange"), &json!("ellery")));
    let [collection] = offered["api_roots"][0]["collections"].as_array().unwrap().as_slice() else {
        panic!("{offered}")
    };
    let rights = (&collection["title"], &collection["can_read"], &collection["can_write"]);
    assert_eq!(rights, (&json!("For neighbours"), &json!(true), &json!(false)));
    assert!(offered["patch"].as_str().unwrap().starts_with("--- /dev/null\n+++ b/peers.toml\n"), "{offered}");
    let (code, out, _) = say(&state, &[&ask[..], &["--city", town, "--format", "patch"]].concat());
    assert!(
        code == 0
            && out.contains("+id = \"127-0-0-1-")
            && out.contains("+name = \"The \\\"Ellery\\\" exchange\""),
        "{out}"
    );
    let (code, out, _) = say(&state, &ask);
    assert!(code == 0 && out.contains("For neighbours") && out.contains("[[peer]]\nid = "), "{out}");
    // What is proposed is a plan, and not proposed twice.
    fs::write(Path::new(town).join("peers.toml"), offered["block"].as_str().unwrap()).unwrap();
    let checked = bastide().args(["plan", "check", town]).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    let (code, _, errors) = say(&state, &[&ask[..], &["--city", town]].concat());
    assert!(code == 2 && errors.contains("already, as the peer `ellery`"), "{errors}");

    let read = answer(&state, &[&ask[..], &["--id", "ellery", "--once"]].concat(), 0);
    assert_eq!((&read["read"][0]["new"], &read["source"]), (&json!(1), &json!("ellery")));
    let of_ellery = source(&state, "ellery");
    assert_eq!((&of_ellery["kind"], &of_ellery["watched"]), (&json!("TAXII"), &json!(1)));
    let (code, _, errors) = say(&state, &["subscribe", &url]);
    assert!(code == 2 && errors.contains("refuses us"), "{errors}");
}

/// Sends a datagram from one address to each of others, whatever the routes are, and each time in a conversation of its own.
const CALL: &str = r#"
import random, socket, struct, sys
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((sys.argv[1], 0))
for to in sys.argv[3:]:
    datagram = struct.pack(">HHHH", random.randrange(20000, 60000), 4444, 12, 0) + b"lamp"
    ends = socket.inet_aton(sys.argv[2]) + socket.inet_aton(to)
    head = bytearray(struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(datagram), 1, 0, 64, 17, 0) + ends)
    total = sum(struct.unpack(">10H", head))
    total = (total & 0xffff) + (total >> 16)
    struct.pack_into(">H", head, 10, ~(total + (total >> 16)) & 0xffff)
    out.send(bytes.fromhex("00005e0053fe00005e0053fd0800") + head + datagram)
"#;

#[test]
fn a_running_city_looks_no_longer_for_what_is_withdrawn() {
    let Some(cable) = Cable::lay("withdraw") else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let state = &folder.path().join("state");
    let mut watching = watch_town(&cable, state);
    let call = |to: &[&str]| {
        let mut command = cable.office("python3");
        assert!(command.args(["-c", CALL, ENDS[0], SCADA]).args(to).status().unwrap().success());
    };
    let seen = |value: &str| {
        let output = bastide().args(["findings", "--format", "json", "--state"]).arg(state).output().unwrap();
        let list: Value = serde_json::from_slice(&output.stdout).unwrap();
        let is =
            |finding: &&Value| finding["rule"] == "indicator-seen" && finding.to_string().contains(value);
        list.as_array().unwrap().iter().any(|finding| is(&finding))
    };
    let see = |value: &str, with: &[&str]| {
        let began = Instant::now();
        while !seen(value) {
            assert!(began.elapsed() < Duration::from_secs(60), "{value} is not seen");
            call(&[&[value], with].concat());
            thread::sleep(Duration::from_millis(500));
        }
    };
    let feed = file(folder.path(), "feed.txt", "203.0.113.7\n203.0.113.8\n");
    let later = file(folder.path(), "later.txt", "203.0.113.9\n");
    assert_eq!(answer(state, &["import", &feed], 0)[0]["watched"], 2);
    let listed = answer(state, &["list", "--containing", "203.0.113.7"], 0);
    let id = listed[0]["id"].as_str().unwrap();
    let (code, _, errors) = say(state, &["withdraw", id, "--reason", "It is our new supplier"]);
    assert_eq!(code, 0, "{errors}");
    answer(state, &["import", &later], 0);
    // Once this is seen, the list is younger than the withdrawal.
    see("203.0.113.9", &[]);
    see("203.0.113.8", &["203.0.113.7"]);
    assert!(!seen("203.0.113.7"));
    let (code, _, errors) = say(state, &["withdraw", id, "--undo", "--reason", "They left"]);
    assert_eq!(code, 0, "{errors}");
    see("203.0.113.7", &[]);
    assert!(watching.stop(Duration::from_secs(10)).unwrap().success());
}
