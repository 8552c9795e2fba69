//! The parts of `cargo xtask bench exchange`, each a process of its own, so that memory is counted apart:
//! `fill FOLDER COUNT`, `serve FOLDER`, `theirs FOLDER PORT COUNT`, `read URL`, `post URL COUNT SECONDS`,
//! `latency URL COUNT`. Each says what it measured as one line of JSON.

use adapt::stix::{Document, Tlp};
use exchange::{
    Collection, Login, MEDIA_TYPE, Requester, Sharing,
    client::{Client, Limits, Resume, Taken},
    server,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    convert::Infallible,
    error::Error,
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use store::{
    Intelligence,
    intelligence::{Audience, Filing, Unmarked},
};
use tokio::{runtime::Runtime, sync::watch};

type Outcome = Result<Value, Box<dyn Error>>;

const COLLECTION: &str = "91a7b528-80eb-42ed-a74d-c6fbd5a26116";
const LOGIN: &str = "bench:a-secret-of-the-bench";
const GREEN: &str = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb";
const BEGIN: &str = "2026-01-01T00:00:00Z";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let said = match words.as_slice() {
        ["fill", folder, count] => fill(Path::new(folder), count.parse()?)?,
        ["serve", folder] => return serve(Path::new(folder)),
        ["theirs", folder, port, count] => theirs(Path::new(folder), port, count.parse()?)?,
        ["read", url] => read(url)?,
        ["post", url, count, seconds] => post(url, count.parse()?, seconds.parse()?)?,
        ["latency", url, count] => latency(url, count.parse()?)?,
        _ => return Err("see the top of exchange_speed.rs".into()),
    };
    println!("{said}");
    Ok(())
}

/// An object such as feeds have; nine of ten are indicators.
fn object(number: u64) -> Value {
    let kind = if number % 10 == 9 { "malware" } else { "indicator" };
    let mut object = json!({
        "type": kind, "spec_version": "2.1", "id": format!("{kind}--00000000-0000-4000-8000-{number:012x}"),
        "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
        "name": format!("number {number}"), "labels": ["malicious-activity"], "confidence": 70,
        "object_marking_refs": [GREEN],
    });
    let more = if kind == "indicator" {
        let [_, a, b, c] = (number as u32).to_be_bytes();
        json!({
            "pattern": format!("[ipv4-addr:value = '198.{a}.{b}.{c}']"), "pattern_type": "stix",
            "valid_from": "2026-01-01T00:00:00Z", "indicator_types": ["malicious-activity"],
        })
    } else {
        json!({ "is_family": false })
    };
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}

/// Fills a store: of every ten objects the reader may see nine.
fn fill(folder: &Path, count: u64) -> Outcome {
    fs::create_dir_all(folder)?;
    Runtime::new()?.block_on(async {
        let store = Intelligence::open(folder).await?;
        let filing = |audience| Filing {
            source: "bench".to_owned(),
            collections: vec![COLLECTION.to_owned()],
            audience,
            unmarked: Unmarked::default(),
        };
        let others = Audience::Groups(["others".to_owned()].into());
        let (for_all, for_others) = (filing(Audience::Everybody), filing(others));
        let (mut spent, mut number) = (Duration::ZERO, 0);
        let begin: Timestamp = BEGIN.parse()?;
        while number < count {
            let objects: Vec<Value> = (number..count.min(number + 9_000)).map(object).collect();
            let hidden: Vec<Value> =
                (number..count.min(number + 1_000)).map(|n| object(n + (1 << 40))).collect();
            let now = begin + SignedDuration::from_secs(i64::try_from(number / 10)?);
            let started = Instant::now();
            store.add(&objects.iter().collect::<Vec<_>>(), &for_all, now).await?;
            store.add(&hidden.iter().collect::<Vec<_>>(), &for_others, now).await?;
            spent += started.elapsed();
            number += 9_000;
        }
        let kept = store.count().await?;
        store.close().await;
        Ok(json!({"objects": kept, "seconds": spent.as_secs_f64()}))
    })
}

fn serve(folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    Runtime::new()?.block_on(async {
        let store = Intelligence::open(folder).await?;
        let (_keep, sharing) = watch::channel(Arc::new(Sharing {
            title: "bench".to_owned(),
            collections: vec![Collection {
                id: COLLECTION.to_owned(),
                title: "bench".to_owned(),
                description: String::new(),
                readers: Audience::Everybody,
                takes: true,
                audience: Audience::Everybody,
            }],
            requesters: vec![Requester {
                id: "bench".to_owned(),
                login: Login::parse(LOGIN)?,
                ceiling: Tlp::Green,
                groups: BTreeSet::new(),
                may_write: true,
            }],
            ..Sharing::default()
        }));
        let listening = listen::open(&["127.0.0.1:0".parse()?], None, None).await?;
        println!("{}/city/", listening.url().unwrap_or_default());
        listening.run(server::router(store, sharing, None), std::future::pending()).await;
        Ok(())
    })
}

/// The same objects in the form that medallion reads, and its configuration.
fn theirs(folder: &Path, port: &str, count: u64) -> Outcome {
    fs::create_dir_all(folder)?;
    let root = format!("http://127.0.0.1:{port}/api/");
    let objects: Vec<Value> = (0..count).map(object).collect();
    let begin: Timestamp = BEGIN.parse()?;
    let manifest: Vec<Value> = (0..)
        .zip(&objects)
        .map(|(number, object)| {
            let added = begin + SignedDuration::from_millis(number);
            json!({"id": object["id"], "version": object["modified"], "date_added": format!("{added:.6}"),
            "media_type": "application/stix+json;version=2.1"})
        })
        .collect();
    let data = json!({
        "/discovery": {"title": "bench", "default": root, "api_roots": [root]},
        "api": {
            "information": {"title": "bench", "versions": [MEDIA_TYPE], "max_content_length": 104_857_600},
            "status": [],
            "collections": [{"id": COLLECTION, "title": "bench", "can_read": true, "can_write": true,
                "media_types": ["application/stix+json;version=2.1"], "objects": objects, "manifest": manifest}],
        },
    });
    fs::write(folder.join("data.json"), data.to_string())?;
    let (name, secret) = LOGIN.split_once(':').unwrap_or_default();
    let config = json!({
        "backend": {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend",
            "filename": folder.join("data.json")},
        "users": {name: secret},
        "taxii": {"max_page_size": 1_000},
    });
    fs::write(folder.join("config.json"), config.to_string())?;
    Ok(json!({"objects": count}))
}

/// Reads all there is, in pages of a thousand, and keeps nothing.
fn read(url: &str) -> Outcome {
    // medallion looks at every pair of its objects for each page.
    let limits = Limits { page_time: Duration::from_secs(300), ..Limits::default() };
    let client = Client::new(url, Some(LOGIN), None, limits)?;
    let collections = client.collections()?;
    let collection = collections.first().ok_or("no collection")?;
    let started = Instant::now();
    let poll = client.poll(collection, &Resume::default(), |documents: &[Document]| {
        Ok::<_, Infallible>(Taken { new: documents.len() as u64, ..Taken::default() })
    })?;
    let seconds = started.elapsed().as_secs_f64();
    if let Some(stopped) = poll.stopped {
        return Err(format!("{stopped:?}").into());
    }
    Ok(json!({"objects": poll.new, "pages": poll.pages, "seconds": seconds}))
}

fn request(url: &str) -> ureq::http::request::Builder {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    ureq::http::Request::builder()
        .uri(url)
        .header("authorization", format!("Basic {}", STANDARD.encode(LOGIN)))
        .header("accept", MEDIA_TYPE)
}

/// Adds new objects in envelopes of 500, until there are so many or so many seconds are over.
fn post(url: &str, count: u64, seconds: u64) -> Outcome {
    let url = format!("{url}collections/{COLLECTION}/objects/");
    let agent = ureq::Agent::new_with_defaults();
    let (mut number, mut spent) = (1 << 36, Duration::ZERO);
    let end = number + count;
    while number < end && spent < Duration::from_secs(seconds) {
        let objects: Vec<Value> = (number..number + 500).map(object).collect();
        let body = json!({"objects": objects}).to_string();
        let request = request(&url).method("POST").header("content-type", MEDIA_TYPE).body(body)?;
        let started = Instant::now();
        let status: Value = serde_json::from_str(&agent.run(request)?.into_body().read_to_string()?)?;
        spent += started.elapsed();
        if status.get("success_count") != Some(&json!(500)) {
            return Err(format!("not taken: {status}").into());
        }
        number += 500;
    }
    Ok(json!({"objects": number - (1 << 36), "seconds": spent.as_secs_f64()}))
}

/// How long a page takes, from the request to its last byte, from all over the collection.
fn latency(url: &str, count: u64) -> Outcome {
    let agent = ureq::Agent::new_with_defaults();
    let objects = format!("{url}collections/{COLLECTION}/objects/");
    let begin: Timestamp = BEGIN.parse()?;
    let mut said = serde_json::Map::new();
    for (name, tries, parameters) in [
        ("a page of 100", 2_000, "limit=100"),
        ("a page of 1,000", 1_000, "limit=1000"),
        ("100 of a type that one in ten is of", 1_000, "limit=100&match[type]=malware"),
        ("100 in every version", 1_000, "limit=100&match[version]=all"),
        ("one object by its id", 2_000, "match[id]=indicator--00000000-0000-4000-8000-"),
    ] {
        let mut times = Vec::with_capacity(tries);
        let mut seen = 0;
        // A walk all over, the same each time.
        let mut place = 1_u64;
        for _ in 0..tries {
            place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = (place >> 20) % (count * 8 / 10);
            let number = number - number % 10;
            let after = begin + SignedDuration::from_secs(i64::try_from(number / 10)?);
            let query = if name.starts_with("one") {
                format!("{parameters}{number:012x}")
            } else {
                format!("{parameters}&added_after={after:.6}")
            };
            let request = request(&format!("{objects}?{query}")).body(())?;
            let started = Instant::now();
            let body = agent.run(request)?.into_body().read_to_vec()?;
            times.push(started.elapsed().as_secs_f64() * 1e3);
            seen += body.windows(8).filter(|bytes| bytes == b"\"created").count();
        }
        times.sort_by(f64::total_cmp);
        let at = |share: f64| {
            times.get(((tries as f64 * share) as usize).min(tries - 1)).copied().unwrap_or_default()
        };
        said.insert(
            name.to_owned(),
            json!({"p50": at(0.5), "p99": at(0.99), "max": at(1.0), "objects": seen / tries}),
        );
    }
    Ok(Value::Object(said))
}
