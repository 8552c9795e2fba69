//! The parts of `cargo xtask bench watch`, each a process of its own, so that memory is counted apart:
//! `fill FOLDER COUNT` keeps so many indicators, `watch CAPTURE FOLDER|-` reads a capture on the way of the live path
//! (`wire`, the watchlist, `cycle`) with what is kept there, or with no watchlist at all. Each says what it measured as one
//! line of JSON.

use adapt::{
    intel::watch::{Gathered, Ground, Held, Origin, Recent, Watchlist},
    stix::Object,
};
use capture::CaptureFile;
use city::{Observation, Observed};
use cycle::{City, Event};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{error::Error, fs, path::Path, sync::RwLock, time::Instant};
use store::{
    Intelligence,
    intelligence::{Audience, Filing, Unmarked},
};
use tokio::runtime::Runtime;
use wire::{Config, Limits, Wire};

type Outcome = Result<Value, Box<dyn Error>>;

/// How many indicators are read or kept at a time.
const PAGE: usize = 10_000;

/// How many observations are taken at a time, as by the loop.
const BATCH: usize = 4_096;

/// How often the capture is read; the fastest counts.
const TIMES: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let said = match words.as_slice() {
        ["fill", folder, count] => fill(Path::new(folder), count.parse()?)?,
        ["watch", capture, "-"] => watch(Path::new(capture), None)?,
        ["watch", capture, folder] => watch(Path::new(capture), Some(Path::new(folder)))?,
        _ => return Err("see the top of watch_speed.rs".into()),
    };
    println!("{said}");
    Ok(())
}

/// An indicator such as feeds have: of ten six addresses, two names, a URL, and an address at one port.
fn indicator(number: u64) -> Value {
    let [_, _, _, _, _, a, b, c] = number.to_be_bytes();
    let pattern = match number % 10 {
        0..=2 => format!("[ipv4-addr:value = '198.{a}.{b}.{c}']"),
        3..=5 => format!("[ipv6-addr:value = '2001:db8::{:x}:{:x}']", number >> 16, number & 0xffff),
        6 | 7 => format!("[domain-name:value = 'n{number}.example']"),
        8 => format!("[url:value = 'http://n{number}.example/gate.php?id={number}']"),
        _ => {
            format!("[network-traffic:dst_ref.value = '198.{a}.{b}.{c}' AND network-traffic:dst_port = 443]")
        }
    };
    json!({
        "type": "indicator", "spec_version": "2.1", "id": format!("indicator--00000000-0000-4000-8000-{number:012x}"),
        "created": "2026-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z", "valid_from": "2026-01-01T00:00:00Z",
        "pattern": pattern, "pattern_type": "stix", "confidence": 70,
    })
}

fn filing() -> Filing {
    Filing {
        source: "feed".to_owned(),
        collections: Vec::new(),
        audience: Audience::Everybody,
        unmarked: Unmarked::default(),
    }
}

fn fill(folder: &Path, count: u64) -> Outcome {
    fs::create_dir_all(folder)?;
    let begin = Instant::now();
    Runtime::new()?.block_on(async {
        let store = Intelligence::open(folder).await?;
        let mut number = 0;
        while number < count {
            let until = count.min(number + PAGE as u64);
            let objects: Vec<Value> = (number..until).map(indicator).collect();
            store.add(&objects.iter().collect::<Vec<_>>(), &filing(), Timestamp::now()).await?;
            number = until;
        }
        store.close().await;
        Ok::<_, Box<dyn Error>>(())
    })?;
    Ok(json!({ "objects": count, "seconds": begin.elapsed().as_secs_f64() }))
}

/// The list of what is kept, and up to where it was read.
async fn load(store: &Intelligence) -> Result<(Watchlist, Option<Timestamp>), Box<dyn Error>> {
    let mut list = Watchlist::default();
    list.reserve(usize::try_from(store.count().await?)?);
    let (ground, mut gathered, mut read) = (Ground::of(None), Gathered::default(), None);
    loop {
        let page = store.since("indicator", read, PAGE).await?;
        let Some(last) = page.last() else { return Ok((list, read)) };
        read = Some(last.added);
        for kept in &page {
            let value = serde_json::from_str(&kept.body)?;
            let Some(object) = Object::of(&value) else { continue };
            let origin = Origin { source: &kept.source, trust: 80, tlp: kept.tlp };
            list.add(object, origin, &ground, Timestamp::now(), &mut gathered);
        }
    }
}

fn watch(capture: &Path, folder: Option<&Path>) -> Outcome {
    let runtime = Runtime::new()?;
    let store = folder.map(|folder| runtime.block_on(Intelligence::open(folder))).transpose()?;
    let begin = Instant::now();
    let loaded = store.as_ref().map(|store| runtime.block_on(load(store))).transpose()?;
    let load_seconds = begin.elapsed().as_secs_f64();
    let (list, read) = loaded.map_or((None, None), |(list, read)| (Some(RwLock::new(list)), read));
    let loaded_kb = memory("VmRSS:");
    let mut best = f64::MAX;
    let mut counts = (0, 0);
    for _ in 0..TIMES {
        let (seconds, observations, sightings) = once(capture, list.as_ref())?;
        best = best.min(seconds);
        counts = (observations, sightings);
    }
    let mut change = Value::Null;
    if let (Some(store), Some(list)) = (&store, &list) {
        change = changed(&runtime, store, list, read)?;
    }
    let values = list.as_ref().and_then(|list| Some(list.read().ok()?.len())).unwrap_or_default();
    Ok(json!({
        "values": values, "load": load_seconds, "seconds": best, "observations": counts.0, "sightings": counts.1,
        "loaded_kb": loaded_kb, "peak_kb": memory("VmHWM:"), "change": change,
    }))
}

/// Reads a capture once, as the loop would.
fn once(capture: &Path, list: Option<&RwLock<Watchlist>>) -> Result<(f64, u64, u64), Box<dyn Error>> {
    let mut file = CaptureFile::open(capture)?;
    let mut wire = Wire::new(Config {
        sensor: "measure".into(),
        logs: false,
        events: &[],
        signs: list.is_some(),
        seed: 1,
        limits: Limits::default(),
        only_whole: false,
        interim: None,
    });
    let mut city = City::new(None);
    let (mut held, mut recent) = (Held::default(), Recent::default());
    let (mut effects, mut sightings) = (Vec::new(), Vec::new());
    let (mut seen, mut told) = (0, 0);
    let mut take = |observations: &mut Vec<Observation>| {
        let list = list.and_then(|list| list.read().ok());
        for observation in observations.drain(..) {
            if let Some(list) = &list {
                list.see(&observation, &mut held, &mut sightings);
            }
            let time = observation.time;
            seen += 1;
            city.handle(&Event::Observed(observation), &mut effects);
            for sighting in sightings.drain(..).filter(|sighting| recent.is_new(sighting, time)) {
                told += 1;
                let fact = Observed::Sighting(Box::new(sighting));
                let observation = Observation { time, sensor: "measure".into(), fact };
                city.handle(&Event::Observed(observation), &mut effects);
            }
            effects.clear();
        }
    };
    let begin = Instant::now();
    let mut observations = Vec::with_capacity(2 * BATCH);
    while let Some(frame) = file.next()? {
        wire.see(&frame, &mut observations);
        if observations.len() >= BATCH {
            take(&mut observations);
        }
    }
    wire.finish(&mut observations);
    take(&mut observations);
    Ok((begin.elapsed().as_secs_f64(), seen, told))
}

/// How long one more indicator takes, from the store to the list, and for how long the loop waits for it.
fn changed(
    runtime: &Runtime,
    store: &Intelligence,
    list: &RwLock<Watchlist>,
    read: Option<Timestamp>,
) -> Outcome {
    let new = indicator(1 << 40);
    runtime.block_on(store.add(&[&new], &filing(), Timestamp::now()))?;
    let begin = Instant::now();
    let page = runtime.block_on(store.since("indicator", read, PAGE))?;
    let (ground, mut gathered) = (Ground::of(None), Gathered::default());
    let held = Instant::now();
    for kept in &page {
        let value = serde_json::from_str(&kept.body)?;
        let object = Object::of(&value).ok_or("no object")?;
        let origin = Origin { source: &kept.source, trust: 80, tlp: kept.tlp };
        let mut list = list.write().map_err(|_| "the list is poisoned")?;
        list.set(&kept.id, [(object, origin)], &ground, Timestamp::now(), &mut gathered);
    }
    let held = held.elapsed().as_secs_f64();
    let all = begin.elapsed().as_secs_f64();
    let pass = Instant::now();
    list.write().map_err(|_| "the list is poisoned")?.pass(Timestamp::now());
    Ok(json!({ "changes": page.len(), "seconds": all, "held": held, "pass": pass.elapsed().as_secs_f64() }))
}

/// A line of what the kernel says of this process's memory, in kilobytes.
fn memory(line: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|status| status.strip_prefix(line));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
