//! Others' servers, read by our client: `medallion`, and our own.

use crate::support::*;
use exchange::client::{Client, Limits, Poll, Remote, Resume, take_in};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    net::TcpStream,
    path::PathBuf,
    process::{Child, Stdio},
    time::{Duration, Instant},
};
use store::{
    Intelligence,
    intelligence::{Audience, Filing, Unmarked},
};
use tokio::runtime::Runtime;

/// A store of our own to read into.
struct Here {
    folder: tempfile::TempDir,
    runtime: Runtime,
    store: Intelligence,
}

impl Here {
    fn new() -> Here {
        let folder = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let store = runtime.block_on(Intelligence::open(folder.path())).unwrap();
        Here { folder, runtime, store }
    }

    fn poll(&self, client: &Client, collection: &Remote, from: &Resume) -> Poll {
        let filing = Filing {
            source: "peer".into(),
            collections: Vec::new(),
            audience: Audience::Everybody,
            unmarked: Unmarked::default(),
        };
        let take = take_in(&self.store, self.runtime.handle(), &filing);
        let poll = client.poll(collection, from, take).unwrap();
        self.runtime.block_on(self.store.put_mark(&collection.url(), &poll.resume.to_mark())).unwrap();
        poll
    }

    /// Where the last reading stopped.
    fn mark(&self, collection: &Remote) -> Resume {
        Resume::of_mark(self.runtime.block_on(self.store.mark(&collection.url())).unwrap().as_deref())
    }
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn intelligence() -> Option<PathBuf> {
    let data = std::env::var_os("BASTIDE_DATA").map(PathBuf::from);
    let data = data.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    Some(data.join("intel/taxii/default_data.json")).filter(|file| file.is_file())
}

#[test]
fn medallion_is_read_whole_and_then_only_what_is_new() {
    const NAME: &str = "medallion_is_read_whole_and_then_only_what_is_new";
    let Some(mut python) = python(NAME, "medallion") else { return };
    let Some(data) = intelligence() else { return skipped(&format!("{NAME} needs BASTIDE_DATA")) };
    let here = Here::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = fs::read_to_string(data).unwrap().replace("localhost:5000", &format!("127.0.0.1:{port}"));
    fs::write(here.folder.path().join("data.json"), &text).unwrap();
    let config = json!({
        "backend": {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend", "filename": here.folder.path().join("data.json")},
        "users": {"admin": "Password0"},
        "taxii": {"max_page_size": 2},
    });
    let path = here.folder.path().join("config.json");
    fs::write(&path, config.to_string()).unwrap();
    python
        .args(["-m", "medallion.scripts.run", "--host", "127.0.0.1", "--port", &port.to_string()])
        .arg(&path);
    let child = python.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let _running = Running(child);
    let begin = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begin.elapsed() < Duration::from_secs(60), "medallion does not answer");
        std::thread::sleep(Duration::from_millis(100));
    }
    let url = format!("http://127.0.0.1:{port}/taxii2/");
    let client = Client::new(&url, Some("admin:Password0"), None, Limits::default()).unwrap();
    let collections = client.collections().unwrap();
    let data: Value = serde_json::from_str(&text).unwrap();
    let mut read = 0;
    for remote in collections.iter().filter(|remote| remote.can_read) {
        let Some(theirs) = data["trustgroup1"]["collections"]
            .as_array()
            .unwrap()
            .iter()
            .find(|collection| collection["id"] == json!(remote.id))
        else {
            continue;
        };
        // Of each object the newest version in the newest STIX is what is asked for.
        let mut newest: BTreeMap<String, Value> = BTreeMap::new();
        for object in theirs["objects"].as_array().into_iter().flatten() {
            let mut object = object.clone();
            object.as_object_mut().unwrap().remove("__meta");
            let has = |object: &Value| (object.get("spec_version").is_some(), object["modified"].to_string());
            let entry =
                newest.entry(object["id"].as_str().unwrap().to_owned()).or_insert_with(|| object.clone());
            if has(entry) < has(&object) {
                *entry = object;
            }
        }
        let poll = here.poll(&client, remote, &Resume::default());
        assert_eq!(poll.stopped, None, "{poll:?}");
        for (id, object) in &newest {
            let kept = here.runtime.block_on(here.store.object(id)).unwrap();
            let same = kept.iter().any(|kept| serde_json::from_str::<Value>(&kept.body).unwrap() == *object);
            let refused = poll.why.iter().any(|(refused, _)| refused == id);
            assert!(same || refused, "{id}: {poll:?}");
            assert!(kept.iter().all(|kept| kept.source == "peer"));
        }
        assert_eq!(poll.new + poll.known + poll.refused, newest.len() as u64, "{poll:?}");
        read += poll.new;
        let again = here.poll(&client, remote, &here.mark(remote));
        assert_eq!((again.new, &again.stopped), (0, &None));
        assert!(again.known <= 1, "only what shares the last millisecond is asked for again: {again:?}");
    }
    assert_eq!(read, 5, "{collections:?}");
    let stranger = Client::new(&url, Some("admin:wrong"), None, Limits::default()).unwrap();
    assert!(matches!(stranger.collections(), Err(exchange::client::Fault::Refused { .. })));
}

#[test]
fn two_of_ours_read_one_another_over_tls_and_lose_nothing_that_is_added_meanwhile() {
    let served = Served::new(true);
    let here = Here::new();
    let some = |from: u32, to: u32| -> Vec<Value> {
        (from..to).map(|number| indicator(number, "2026-01-02T00:00:00.000Z", Some(GREEN), "a")).collect()
    };
    served.add(&some(0, 250), COLLECTION, Audience::Everybody);
    let limits = Limits { page_objects: 100, ..Limits::default() };
    let login = format!("neighbour:{SECRET}-neighbour");
    let client = Client::new(&served.url, Some(&login), Some(&served.authority()), limits).unwrap();
    let collections = client.collections().unwrap();
    let [remote] = collections.as_slice() else { panic!("{collections:?}") };
    let first = here.poll(&client, remote, &here.mark(remote));
    assert_eq!((first.new, first.pages, &first.doubts, &first.stopped), (250, 3, &Vec::new(), &None));
    served.add(&some(250, 300), COLLECTION, Audience::Everybody);
    let second = here.poll(&client, remote, &here.mark(remote));
    assert_eq!((second.new, second.pages), (50, 1));
    assert!(second.known <= 1);
    // A poll that was cut short goes on where it stopped.
    served.add(&some(300, 700), COLLECTION, Audience::Everybody);
    let short = Limits { pages: 2, ..limits };
    let hasty = Client::new(&remote.url(), Some(&login), Some(&served.authority()), short).unwrap();
    let cut = here.poll(&hasty, remote, &here.mark(remote));
    assert_eq!(cut.stopped, Some(exchange::client::Stop::Enough));
    let rest = here.poll(&hasty, &hasty.collections().unwrap()[0], &here.mark(remote));
    assert_eq!(cut.new + rest.new + here.poll(&hasty, remote, &rest.resume).new, 400);
    // Who vouches for the server is not the machine's business here.
    let trusting = Client::new(&served.url, Some(&login), None, limits).unwrap();
    assert!(trusting.collections().is_err());
}
