//! What others know, offer and ask of the past: on pages, over the API, and for whom.

use crate::served::Served;
use ::city::{Address, Decision, DefenceKind, Observed, Offered, Received, Rehearsed, Sighting, Tlp};
use adapt::{
    intel::watch::{Gathered, Ground, Origin, Watchlist},
    stix::Object,
};
use console::Watching;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, RwLock},
};
use store::{
    Role,
    intelligence::{Added, Audience, Filing, SetAside, Unmarked, Which},
};

const RED: &str = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";
const GREEN: &str = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb";

fn id(number: u32) -> String {
    format!("indicator--00000000-0000-4000-8000-{number:012}")
}

fn indicator(number: u32, name: &str, pattern: &str, marking: &str) -> Value {
    json!({
        "type": "indicator", "spec_version": "2.1", "id": id(number), "name": name,
        "created": "2026-11-20T00:00:00.000Z", "modified": "2026-11-20T00:00:00.000Z", "confidence": 90,
        "pattern_type": "stix", "pattern": pattern, "valid_from": "2026-11-20T00:00:00Z",
        "object_marking_refs": [marking],
    })
}

/// Keeps what an agency told, and watches for it as the process would.
async fn told(served: &Served, source: &str, objects: &[Value]) {
    let filing = Filing {
        source: source.to_owned(),
        collections: Vec::new(),
        audience: Audience::Everybody,
        unmarked: Unmarked::default(),
    };
    let all: Vec<&Value> = objects.iter().collect();
    let added = served.intelligence.add(&all, &filing, served.now).await.unwrap();
    assert!(added.iter().all(|added| matches!(added, Added::New { .. })), "{added:?}");
    let mut watching = Watching::clone(&served.watching.borrow());
    let mut list = Watchlist::clone(&watching.list());
    let ground = served.look(|city| Ground::of(city.plan().map(AsRef::as_ref)));
    list.stand_on(&ground);
    let mut gathered = Gathered::default();
    for object in objects {
        let tlp = if object["object_marking_refs"][0] == RED { Tlp::Red } else { Tlp::Green };
        let origin = Origin { source, trust: 80, tlp };
        list.add(Object::of(object).unwrap(), origin, &ground, served.now, &mut gathered);
    }
    let doubts = gathered.told();
    watching.sources.insert(source.to_owned(), gathered);
    served.watching.send_replace(Arc::new(Watching { list: Arc::new(RwLock::new(list)), ..watching }));
    let new = objects.len() as u64;
    let received = Received { source: source.into(), new, known: 0, watched: 0, withdrawn: 0, doubts };
    served.see(Observed::Received(Box::new(received)));
}

fn sighting(number: u32, name: &str, subject: [u8; 4], value: &str, tlp: Tlp) -> Observed {
    Observed::Sighting(Box::new(Sighting {
        indicator: id(number).into(),
        name: name.into(),
        source: "agency".into(),
        confidence: 70,
        tlp,
        subject: Address::Ip(IpAddr::from(subject)),
        peer: Some(Address::Ip("203.0.113.9".parse().unwrap())),
        value: value.into(),
        flow: None,
        techniques: vec!["T0846".into()],
        looking_back: false,
    }))
}

/// Something of everything that others can tell, and the id of an indicator among it.
pub async fn something(served: &Served) -> String {
    let own = indicator(4, "Our own", "[ipv4-addr:value = '192.0.2.2']", GREEN);
    told(served, "agency", &[indicator(1, "A relay", "[ipv4-addr:value = '203.0.113.9']", GREEN), own]).await;
    served.see(sighting(1, "A relay", [192, 0, 2, 94], "203.0.113.9", Tlp::Green));
    served.see(Observed::Offered(Box::new(offered(served.now, 1, "203.0.113.9", 0))));
    id(1)
}

fn offered(now: Timestamp, number: u32, address: &str, cut: u64) -> Offered {
    Offered {
        peer: "port-ellery".parse().unwrap(),
        defence: format!("course-of-action--00000000-0000-4000-8000-{number:012}").into(),
        version: now,
        title: format!("Block relay {number}").into(),
        blocks: vec![address.parse().unwrap()],
        rehearsed: Rehearsed { conversations: 9_000, caught: 4, cut, ..Rehearsed::default() },
        standing: false,
        relay: None,
        kind: DefenceKind::Block,
        note: "".into(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_know_is_told_to_those_whom_it_is_for() {
    let served = Served::new().await;
    let viewer = served.person("Vic", Role::Viewer, false).await;
    let operator = served.person("Oli", Role::Operator, false).await;
    let page = async |cookie: &str, path: &str| {
        let answer = served.get(path, cookie).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    };
    assert!(page(&viewer, "/intelligence").await.contains("Nobody has told us yet what to watch for."));
    told(
        &served,
        "agency",
        &[
            indicator(1, "A <b>relay</b>", "[ipv4-addr:value = '203.0.113.9']", GREEN),
            indicator(2, "Only for Oli", "[domain-name:value = 'red.example']", RED),
            indicator(3, "A file", "[file:name = 'lamps.bin' AND file:size > 1]", GREEN),
            indicator(4, "Our own", "[ipv4-addr:value = '192.0.2.2']", GREEN),
        ],
    )
    .await;
    served.see(sighting(1, "A <b>relay</b>", [192, 0, 2, 94], "203.0.113.9", Tlp::Green));
    served.see(sighting(2, "Only for Oli", [192, 0, 2, 94], "red.example", Tlp::Red));

    let seen = page(&viewer, "/intelligence").await;
    for part in [
        "We watch for two addresses and names that agency warned of; one was seen here this week.",
        "A &#60;b&#62;relay&#60;/b&#62;",
        &format!("/intelligence/known/{}", id(1)),
        "TLP:GREEN",
        "70 of 100",
        "taken in by hand",
        "It names this city’s own addresses as an attacker’s",
        "192.0.2.2 <a",
    ] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
    assert!(!seen.contains("Only for Oli") && !seen.contains("<b>relay"), "{seen}");
    let seen = page(&operator, "/intelligence").await;
    assert!(seen.contains("Only for Oli") && seen.contains("two were seen here this week"), "{seen}");

    // What is red does not exist for a viewer: in no list, under no id, by no question.
    let red = format!("/intelligence/known/{}", id(2));
    assert_eq!(served.get(&red, &viewer).await.status, 404);
    assert!(page(&operator, &red).await.contains("for those it was sent to, and nobody else"));
    let asked = |value: &str| format!("/intelligence?value={value}");
    assert!(page(&viewer, &asked("red.example")).await.contains("is not watched for"));
    assert!(page(&operator, &asked("red.example")).await.contains("is watched for"));
    assert!(page(&viewer, &asked("203.0.113[.]9")).await.contains("is watched for"));
    let listed = page(&viewer, "/intelligence/known").await;
    assert!(!listed.contains("Only for Oli") && listed.contains("to hunt with only"), "{listed}");
    assert!(listed.contains("not acted on") && listed.contains("watched for"), "{listed}");

    let one = page(&viewer, &format!("/intelligence/known/{}", id(1))).await;
    for part in [
        "agency says that <code>203.0.113.9</code> is a sign of an attack. It is watched for. It was seen here at",
        "The address <code>203.0.113.9</code>",
        "bastide hunt &#34;[ipv4-addr:value = &#39;203.0.113.9&#39;]&#34;",
        "Its author says 90 of 100; agency is believed by 80 of 100.",
        "href=\"/findings/",
        "href=\"/incidents/",
    ] {
        assert!(one.contains(part), "{part}: {one}");
    }

    // What people here took out is told as that, and not as what comes in a moment.
    let aside = SetAside { at: served.now, by: "Oli".into(), reason: "it is the lift".into() };
    let first = id(1);
    assert!(served.intelligence.set_aside(Which::Object(&first), Some(&aside)).await.unwrap());
    let one = page(&viewer, &format!("/intelligence/known/{first}")).await;
    assert!(one.contains("withdrawn here") && one.contains("It is kept and not acted on"), "{one}");

    let finding = served.get_locally("/api/v1/findings?rule=indicator-seen").await.json();
    let number = finding["findings"][0]["number"].as_u64().unwrap();
    let found = page(&viewer, &format!("/findings/{number}")).await;
    assert!(found.contains("href=\"/intelligence/known/indicator--"), "{found}");

    let sightings = served.get_locally("/api/v1/sightings").await.json();
    assert_eq!(sightings["total"], 2);
    assert!(sightings["sightings"][0]["incident"].is_u64(), "{sightings}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_told_is_given_in_parts_that_make_up_the_whole() {
    let served = Served::new().await;
    let objects: Vec<Value> = (0..125)
        .map(|number| {
            indicator(number, "", &format!("[ipv4-addr:value = '203.0.113.{}']", 100 + number % 100), GREEN)
        })
        .collect();
    told(&served, "agency", &objects).await;
    told(&served, "other", &[indicator(900, "", "[domain-name:value = 'x.example']", GREEN)]).await;
    let mut seen = BTreeMap::new();
    let mut before = String::new();
    for part in 0.. {
        let path = format!("/api/v1/intelligence/known?source=agency&limit=50{before}");
        let list = served.get_locally(&path).await.json();
        let rows = list["objects"].as_array().unwrap();
        for row in rows {
            assert_eq!(row["source"], "agency");
            seen.insert(row["id"].as_str().unwrap().to_owned(), part);
        }
        let Some(next) = list["before"].as_str() else { break };
        before = format!("&before={next}");
    }
    assert_eq!((seen.len(), seen[&id(124)], seen[&id(0)]), (125, 0, 2));
    let newest = served.get_locally("/api/v1/intelligence/known?limit=1").await.json();
    assert_eq!(newest["objects"][0]["id"], id(900));
    let none = served.get_locally("/api/v1/intelligence/known?type=malware").await.json();
    assert_eq!((none["objects"].as_array().unwrap().len(), &none["before"]), (0, &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_defence_is_followed_from_its_offer_to_what_became_of_it() {
    let served = Served::new().await;
    let viewer = served.person("Vic", Role::Viewer, false).await;
    let page = async || served.get("/exchange", &viewer).await.text();
    let empty = page().await;
    assert!(
        empty.contains("Nobody has offered us a defence yet.")
            && empty.contains("Nothing left this city yet.")
    );
    served.see(Observed::Offered(Box::new(offered(served.now, 1, "203.0.113.9", 0))));
    served.see(Observed::Offered(Box::new(offered(served.now, 2, "203.0.113.10", 7))));
    let seen = page().await;
    for part in [
        "Two defences were offered to us; two wait for people to decide.",
        "Rehearsed on 9,000 recorded conversations, it would have caught 4 conversations that the plan does not allow, and \
         cut none that it allows.",
        "but cut 7 conversations that it allows.",
        "Waits for a decision",
        "nothing is done by itself",
        "Signed by port-ellery",
    ] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
    let state = async |number: usize| {
        let list = served.get_locally("/api/v1/exchange").await.json();
        let title = format!("Block relay {number}");
        let offers = list["offers"].as_array().unwrap();
        let offer = offers.iter().find(|offer| offer["title"] == title.as_str()).unwrap();
        (offer["state"].clone(), offer["responses"][0]["number"].as_u64())
    };
    let (proposed, response) = state(1).await;
    assert_eq!(proposed, "proposed");
    let response = response.unwrap();
    assert_eq!(state(2).await, ("waits".into(), None));
    served.decide(&Decision::Agree { response });
    served.answer(response, None);
    assert_eq!(state(1).await, ("in-force".into(), Some(response)));
    assert!(page().await.contains("one is in force here, one waits for people to decide."));

    // What is no block is told by what was tried of it.
    let of_kind = |number, kind, note: &str| Offered {
        kind,
        blocks: Vec::new(),
        note: note.into(),
        ..offered(served.now, number, "203.0.113.9", 7)
    };
    let narrow = of_kind(3, DefenceKind::Narrow, "It takes modbus write out of `office to pumps`.");
    let detect = Offered { standing: true, ..of_kind(4, DefenceKind::Detect, "") };
    for offer in [narrow, detect, of_kind(5, DefenceKind::Procedure, "")] {
        served.see(Observed::Offered(Box::new(offer)));
    }
    let seen = page().await;
    for part in [
        "would have caught 4 that were found bad here, and cut 7 others. It takes modbus write out of",
        "Hunted through 9000 records, it matched 4 times.",
        "It is for people to do, and there is nothing to rehearse.",
    ] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
    assert_eq!((state(3).await.0, state(4).await.0), ("waits".into(), "in-force".into()));

    // Its author takes the other back.
    let revoked = json!({
        "type": "course-of-action", "spec_version": "2.1", "name": "Block relay 2", "revoked": true,
        "id": "course-of-action--00000000-0000-4000-8000-000000000002",
        "created": "2026-11-20T00:00:00.000Z", "modified": "2026-11-21T00:00:00.000Z",
    });
    told(&served, "port-ellery", &[revoked]).await;
    assert_eq!(state(2).await.0, "withdrawn");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hunt_is_made_by_who_may_and_its_answer_stands_on_the_page() {
    let served = Served::new().await;
    let viewer = served.person("Vic", Role::Viewer, false).await;
    let operator = served.person("Oli", Role::Operator, false).await;
    let page = async |cookie: &str| served.get("/hunts", cookie).await.text();
    let seen = page(&viewer).await;
    for part in ["hunts stand ready; none was made", "bastide hunt run s7-stop", "T0858", "takes an operator"]
    {
        assert!(seen.contains(part), "{part}: {seen}");
    }
    let send = async |cookie: &str, fields: &str| {
        let csrf = served.csrf(cookie).await;
        let head = format!("{}{cookie}", served.same_origin());
        served.post("/hunts", &head, &format!("csrf={csrf}&{fields}")).await
    };
    let pattern = "pattern=%5Bnetwork-traffic%3Adst_port+%3D+502%5D";
    assert_eq!(send(&viewer, pattern).await.status, 403);
    for (fields, why) in [
        ("pattern=+", "Say what to look for"),
        ("pattern=port+502", "That is not a pattern"),
        ("name=nothing", "no hunt `nothing`"),
        (&*format!("{pattern}&days=soon"), "not a number of days"),
    ] {
        let answer = send(&operator, fields).await;
        assert!(answer.status == 422 && answer.text().contains(why), "{fields}: {}", answer.text());
    }
    assert_eq!(send(&operator, &format!("{pattern}&days=7")).await.header("location"), Some("/hunts#answer"));
    let found = async || {
        for _ in 0..100 {
            let latest = served.get_locally("/api/v1/hunts/latest").await.json();
            if latest["running"].is_null() && !latest["last"].is_null() {
                return latest["last"].clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the hunt did not end");
    };
    let last = found().await;
    assert_eq!((&last["by"], &last["found"], &last["days"]), (&"Oli".into(), &3.into(), &7.into()));
    let seen = page(&viewer).await;
    for part in [
        "3 of 12,000 records match.",
        "write-single-register",
        "&#60;b&#62;7",
        "found three records",
        "One hunt was made in the last 30 days, and it found something.",
        "Hunts of our own",
    ] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
    let list = served.get_locally("/api/v1/hunts").await.json();
    assert_eq!(list["others"][0]["last"]["by"], "Oli");
    assert!(list["others"][0]["last"]["finding"].is_u64(), "{list}");
    let body = json!({ "name": "s7-stop" }).to_string();
    assert_eq!(served.send_locally("POST", "/api/v1/hunts", &body).await.status, 200);
    assert_eq!(found().await["name"], "s7-stop");
    let one = served.get("/hunts/s7-stop", &viewer).await;
    assert!(one.status == 200 && one.text().contains("If it finds something"), "{}", one.text());
    assert_eq!(served.get("/hunts/nothing", &viewer).await.status, 404);
}
