//! The list follows what is kept, and what is in doubt is told.

use super::*;
use crate::engine::Engine;
use city::DoubtKind;
use serde_json::{Value, json};
use std::sync::mpsc::{Receiver, sync_channel};
use store::{
    Kind, Limits,
    intelligence::{Audience, Filing, SetAside, Unmarked, Which},
};

fn indicator(number: u8, address: &str, day: u8, revoked: bool) -> Value {
    json!({
        "type": "indicator", "spec_version": "2.1", "id": id(number), "created": "2026-03-01T00:00:00Z",
        "modified": format!("2026-03-{day:02}T00:00:00Z"), "valid_from": "2026-03-01T00:00:00Z",
        "pattern": format!("[ipv4-addr:value = '{address}']"), "pattern_type": "stix", "revoked": revoked,
    })
}

fn id(number: u8) -> String {
    format!("indicator--00000000-0000-4000-8000-{number:012x}")
}

/// A store, the list that follows it, and what the loop is told.
struct Scene {
    runtime: tokio::runtime::Runtime,
    kept: Intelligence,
    list: Arc<RwLock<Watchlist>>,
    messages: Receiver<Message>,
    _engine: Engine,
}

impl Scene {
    fn begin(directory: &Path, first: &Value) -> Scene {
        let runtime = crate::live::runtime().unwrap();
        let opened =
            Engine::open(directory, Kind::Live, Limits::default(), None, runtime.handle().clone()).unwrap();
        let kept = runtime.block_on(Intelligence::open(directory)).unwrap();
        add(&runtime, &kept, first);
        let (sender, messages) = sync_channel(64);
        let history = opened.engine.store().history.clone();
        let (shown, _) = watch::channel(Arc::default());
        begin(directory, opened.engine.city(), history, runtime.handle().clone(), sender, shown).unwrap();
        let Message::Watch(list) = messages.recv_timeout(Duration::from_secs(30)).unwrap() else { panic!() };
        Scene { runtime, kept, list, messages, _engine: opened.engine }
    }

    fn add(&self, object: &Value) {
        add(&self.runtime, &self.kept, object);
    }

    fn wait_until(&self, what: impl Fn(&Watchlist) -> bool) {
        let begin = Instant::now();
        while !what(&self.list.read().unwrap()) {
            assert!(begin.elapsed() < Duration::from_secs(60), "the list does not follow");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn add(runtime: &tokio::runtime::Runtime, kept: &Intelligence, object: &Value) {
    let filing = Filing {
        source: "agency".to_owned(),
        collections: Vec::new(),
        audience: Audience::Everybody,
        unmarked: Unmarked::default(),
    };
    runtime.block_on(kept.add(&[object], &filing, Timestamp::now())).unwrap();
}

#[test]
fn the_list_follows_what_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let scene = Scene::begin(folder.path(), &indicator(1, "203.0.113.9", 1, false));
    scene.wait_until(|list| list.len() == 1);
    scene.add(&indicator(2, "203.0.113.10", 1, false));
    scene.wait_until(|list| list.len() == 2);
    // Replaced by a newer version, and revoked by one.
    scene.add(&indicator(1, "203.0.113.11", 2, false));
    let holds = |list: &Watchlist, address: &str| list.holds(address.parse().unwrap());
    scene.wait_until(|list| holds(list, "203.0.113.11") && !holds(list, "203.0.113.9"));
    scene.add(&indicator(2, "203.0.113.10", 2, true));
    scene.wait_until(|list| list.len() == 1 && !list.knows(&id(2)));
    // Set aside, by itself and with all of its source, and acted on again.
    let aside = |which, is_aside: bool| {
        let why = SetAside { at: Timestamp::now(), by: "Ada".to_owned(), reason: "ours".to_owned() };
        let done = scene.runtime.block_on(scene.kept.set_aside(which, is_aside.then_some(&why)));
        assert!(done.unwrap());
    };
    let first = id(1);
    for which in [Which::Object(&first), Which::Source("agency")] {
        aside(which, true);
        scene.wait_until(Watchlist::is_empty);
        aside(which, false);
        scene.wait_until(|list| list.len() == 1);
    }
    // Said to be no sign, and then a sign again.
    let allow = |values: &[String]| {
        let done = scene.kept.put_allowed("agency", values, Timestamp::now());
        scene.runtime.block_on(done).unwrap();
    };
    allow(&["203.0.113.11".to_owned()]);
    scene.wait_until(Watchlist::is_empty);
    allow(&[]);
    scene.wait_until(|list| list.len() == 1);
    scene.add(&indicator(3, "8.8.8.8", 1, false));
    // What was allowed was told as well, and that it is no longer.
    let begin = Instant::now();
    loop {
        assert!(begin.elapsed() < Duration::from_secs(60), "no doubt is told");
        let told = scene.messages.recv_timeout(Duration::from_secs(60)).unwrap();
        let Message::Told(observation, _) = told else { panic!() };
        let Observed::Received(received) = observation.fact else { panic!() };
        if let [doubt] = &received.doubts[..]
            && doubt.example.starts_with("8.8.8.8 in ")
        {
            assert_eq!((received.source.as_str(), received.watched), ("agency", 1));
            assert_eq!((doubt.kind, doubt.count), (DoubtKind::WellKnown, 1));
            return;
        }
    }
}
