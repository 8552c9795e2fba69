//! A server of ours, and others' programmes.

use adapt::stix::Tlp;
use exchange::{Collection, Login, Requester, Sharing, server};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Arc,
};
use store::{
    Intelligence,
    intelligence::{Added, Audience, Filing, Unmarked},
};
use tokio::sync::{mpsc, watch};

pub const COLLECTION: &str = "91a7b528-80eb-42ed-a74d-c6fbd5a26116";
pub const OTHER: &str = "52892447-4d7e-4f70-b94d-d7f22742ff63";
pub const SECRET: &str = "otter-lantern-quay-71";
pub const CLEAR: &str = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487";
pub const GREEN: &str = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb";
pub const STRICT: &str = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003";
pub const RED: &str = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";

/// Says that a test was skipped, past the test runner's capture and where skipped cases are counted.
pub fn skipped(why: &str) {
    let line = format!("1 test skipped: {why}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(path) = std::env::var_os("BASTIDE_SKIPPED") {
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
    }
}

/// Python with the packages that tests use; none, and said so, if one is missing.
pub fn python(test: &str, modules: &str) -> Option<Command> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = std::env::var_os("PYTHONPATH").unwrap_or_else(|| root.join("target/python").into_os_string());
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", &path).env("PYTHONWARNINGS", "ignore");
    // What the environment trusts would go before what a test says (requests, `trust_env`).
    python
        .env_remove("REQUESTS_CA_BUNDLE")
        .env_remove("CURL_CA_BUNDLE")
        .env("NO_PROXY", "localhost,127.0.0.1");
    let found =
        Command::new("python3").env("PYTHONPATH", &path).args(["-c", &format!("import {modules}")]).output();
    if found.is_ok_and(|found| found.status.success()) {
        return Some(python);
    }
    skipped(&format!("{test} needs python3 with {modules} from PyPI"));
    None
}

pub fn group(name: &str) -> BTreeSet<String> {
    [name.to_owned()].into()
}

fn requester(id: &str, ceiling: Tlp, groups: BTreeSet<String>, may_write: bool) -> Requester {
    let login = Login::parse(&format!("{id}:{SECRET}-{id}")).unwrap();
    Requester { id: id.to_owned(), login, ceiling, groups, may_write }
}

fn collection(id: &str, title: &str, readers: Audience) -> Collection {
    Collection {
        id: id.to_owned(),
        title: title.to_owned(),
        description: String::new(),
        readers,
        takes: true,
        audience: Audience::Everybody,
    }
}

pub fn indicator(number: u32, modified: &str, marking: Option<&str>, name: &str) -> Value {
    let mut value = json!({
        "type": "indicator", "spec_version": "2.1", "id": format!("indicator--00000000-0000-4000-8000-{number:012}"),
        "created": "2026-01-01T00:00:00.000Z", "modified": modified, "name": name, "pattern_type": "stix",
        "pattern": "[ipv4-addr:value = '203.0.113.7']", "valid_from": "2026-01-01T00:00:00Z",
    });
    if let Some(marking) = marking {
        value["object_marking_refs"] = json!([marking]);
    }
    value
}

/// A server of ours that runs until it is dropped.
pub struct Served {
    pub url: String,
    pub store: Intelligence,
    pub given: mpsc::Receiver<server::Given>,
    runtime: Option<tokio::runtime::Runtime>,
    folder: tempfile::TempDir,
    _sharing: watch::Sender<Arc<Sharing>>,
}

/// An authority and a certificate of its for `localhost`, made by OpenSSL in a folder.
fn certificates(folder: &Path) {
    let make = |arguments: &str| {
        let key = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
        let arguments = format!("{key} {arguments}");
        let made = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    make("-subj /CN=authority -keyout authority.key -out authority.pem -addext keyUsage=keyCertSign");
    make(
        "-subj /CN=localhost -keyout server.key -out server.pem -CA authority.pem -CAkey authority.key \
-addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE",
    );
}

impl Served {
    pub fn new(tls: bool) -> Served {
        let folder = tempfile::tempdir().unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (store, url, given, sharing) = runtime.block_on(async {
            let store = Intelligence::open(folder.path()).await.unwrap();
            let (keep, sharing) = watch::channel(Arc::new(Sharing {
                title: "A city".into(),
                collections: vec![
                    collection(COLLECTION, "for peers", Audience::Everybody),
                    collection(OTHER, "for waterworks", Audience::Groups(group("water"))),
                ],
                requesters: vec![
                    requester("writer", Tlp::Amber, BTreeSet::new(), true),
                    requester("neighbour", Tlp::Green, BTreeSet::new(), false),
                    requester("water", Tlp::AmberStrict, group("water"), false),
                ],
                ..Sharing::default()
            }));
            let (tell, given) = mpsc::channel(16);
            let router = server::router(store.clone(), sharing, Some(tell));
            if tls {
                certificates(folder.path());
            }
            let file = |name: &str| folder.path().join(name);
            let files = listen::Tls { certificate: file("server.pem"), key: file("server.key") };
            let address = "127.0.0.1:0".parse().unwrap();
            let listening = listen::open(&[address], tls.then_some(&files), None).await.unwrap();
            let port = listening.addresses()[0].port();
            let url =
                if tls { format!("https://localhost:{port}") } else { format!("http://127.0.0.1:{port}") };
            tokio::spawn(listening.run(router, std::future::pending()));
            (store, url, given, keep)
        });
        Served { url, store, given, runtime: Some(runtime), folder, _sharing: sharing }
    }

    /// The authority that vouches for it.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.as_ref().unwrap().block_on(work)
    }

    pub fn add(&self, objects: &[Value], collection: &str, audience: Audience) -> Vec<Added> {
        let filing = Filing {
            source: "here".into(),
            collections: vec![collection.into()],
            audience,
            unmarked: Unmarked::default(),
        };
        let objects: Vec<&Value> = objects.iter().collect();
        self.wait(self.store.add(&objects, &filing, jiff::Timestamp::now())).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Runs a script with what it is told on its standard input, and returns what it says as JSON.
pub fn script(mut python: Command, name: &str, told: &Value) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/taxii").join(name);
    let mut child = python
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(told.to_string().as_bytes()).unwrap();
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    assert!(status.success(), "{name}: {}", String::from_utf8_lossy(&stderr));
    serde_json::from_slice(&stdout).unwrap()
}
