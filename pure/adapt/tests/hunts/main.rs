//! Hunts: what comes with Bastide, and what a pattern makes of rows.
#![cfg(test)]

use adapt::{
    hunt::{self, Clause, Kept, Place, Sought, VOCABULARY},
    stix::{
        Pattern,
        pattern::{Budget, Step, takes_part},
    },
};
use city::{
    Address, ConnectionState, Conversation, Flow, Observation, Observed, Protocol, Reply, Request, Target,
    Transport, Verb, Weakness, WeaknessKind,
};
use jiff::SignedDuration;
use std::{collections::BTreeMap, path::Path};

#[expect(clippy::disallowed_methods, reason = "the test reads the knowledge that it compares with")]
fn techniques() -> Option<BTreeMap<String, String>> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("BASTIDE_DATA").map_or(own, Into::into);
    let text = std::fs::read_to_string(data.join("intel/attack-ics/ics-attack-18.1.json")).ok()?;
    let bundle: serde_json::Value = serde_json::from_str(&text).unwrap();
    let live = |object: &&serde_json::Value| {
        object["type"] == "attack-pattern"
            && object["revoked"] != true
            && object["x_mitre_deprecated"] != true
    };
    let pair = |object: &serde_json::Value| {
        let id = object["external_references"][0]["external_id"].as_str().unwrap().to_owned();
        (id, object["name"].as_str().unwrap().to_owned())
    };
    Some(bundle["objects"].as_array().unwrap().iter().filter(live).map(pair).collect())
}

#[test]
fn every_hunt_of_the_library_can_be_asked_and_names_a_technique_that_exists() {
    let hunts = hunt::built_in().unwrap();
    assert!(hunts.len() >= 12);
    for hunt in &hunts {
        let pattern = Pattern::parse(&hunt.pattern).unwrap();
        assert_eq!(pattern.notes(), [], "{}", hunt.name);
        let sought = Sought::new(&pattern, true);
        assert!(
            sought.unsupported.is_empty() && sought.single && sought.asks.len() == 1,
            "{}: {sought:?}",
            hunt.name
        );
        let named = |before| hunt.pattern.split(before).skip(1);
        for words in named("protocol IN (").chain(named("protocols[*] IN (")) {
            for word in words.split(')').next().unwrap().split(',') {
                let word = word.trim().trim_matches('\'');
                assert!(word.parse::<Protocol>().is_ok(), "{}: {word}", hunt.name);
            }
        }
    }
    match techniques() {
        Some(known) => {
            for hunt in &hunts {
                assert_eq!(known.get(&hunt.technique), Some(&hunt.technique_name), "{}", hunt.name);
            }
        }
        None => println!("skipped: ATT&CK for ICS is not here; set BASTIDE_DATA"),
    }
}

#[expect(clippy::disallowed_methods, reason = "the test reads the page that it tests")]
#[test]
fn the_manual_lists_every_path_that_history_answers_and_no_other() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/hunting.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, table) = page.split_once("| path | what it is | told by |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let listed: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|(path, _)| path)
        .collect();
    let known: Vec<String> = VOCABULARY
        .iter()
        .map(|(of, steps, ..)| format!("{of}:{}", steps.replace("http-request-ext", "'http-request-ext'")))
        .collect();
    assert_eq!(listed, known);
}

fn flow() -> Flow {
    Flow {
        source: "192.0.2.7".parse().unwrap(),
        source_port: 40_123,
        destination: "::ffff:198.51.100.3".parse().unwrap(),
        destination_port: 502,
        transport: Transport::Tcp,
        protocol: Some(Protocol::Modbus),
    }
}

fn row(fact: Observed) -> Observation {
    Observation { time: "2026-03-01T03:00:00Z".parse().unwrap(), sensor: "mirror-0".into(), fact }
}

fn rows() -> Vec<Observation> {
    let conversation = Conversation {
        flow: flow(),
        source_mac: "02:00:00:00:00:01".parse().ok(),
        destination_mac: None,
        vlan: Some(12),
        start: "2026-03-01T02:59:00Z".parse().unwrap(),
        duration: SignedDuration::from_secs(60),
        packets_out: 10,
        packets_in: 9,
        bytes_out: 120,
        bytes_in: 110,
        ip_bytes_out: 520,
        ip_bytes_in: 470,
        missed_bytes: 0,
        state: ConnectionState::Sf,
        history: "ShADadFf".into(),
        ended: true,
        details: Vec::new(),
    };
    let request = |protocol, verb, function: &str, target, reply| {
        Observed::Request(Box::new(Request {
            flow: Flow { protocol: Some(protocol), ..flow() },
            back: false,
            verb,
            function: function.into(),
            target,
            value: Some("1".into()),
            reply,
            details: Vec::new(),
        }))
    };
    let coils = Target { unit: Some(4), ..Target::numbered("coil", 7, 9) };
    vec![
        row(Observed::Conversation(Box::new(conversation))),
        row(request(
            Protocol::Modbus,
            Verb::Operate,
            "write-multiple-coils",
            coils,
            Reply::Refused("illegal-address".into()),
        )),
        row(request(
            Protocol::Dns,
            Verb::Read,
            "query",
            Target { kind: "a".into(), ..Target::named("pump.example") },
            Reply::Done,
        )),
        row(request(Protocol::Http, Verb::Read, "GET", Target::named("/level?x=1"), Reply::Done)),
        row(Observed::Weakness(Weakness {
            address: "198.51.100.3".parse().unwrap(),
            port: 23,
            protocol: Protocol::Telnet,
            kind: WeaknessKind::DefaultCredentials,
            detail: "user name operator".into(),
            peer: "192.0.2.7".parse().ok(),
        })),
    ]
}

/// The zone of the sources is `office`; everything else is outside.
fn place(address: Address) -> Place {
    let office = address == "192.0.2.7".parse().unwrap();
    Place {
        zone: office.then(|| "office".to_owned()),
        outside: !office,
        services: if office { Vec::new() } else { vec!["water".to_owned()] },
    }
}

/// Which rows take part in a pattern.
fn hits(pattern: &str) -> Vec<usize> {
    let pattern = Pattern::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    assert_eq!(Sought::new(&pattern, true).unsupported, Vec::<String>::new());
    let hit = |(number, row): (usize, Observation)| {
        let seen = hunt::observed(format!("#{number}"), &row, Some(&place)).unwrap();
        takes_part(&pattern, &seen, Budget::default()).unwrap().then_some(number)
    };
    rows().into_iter().enumerate().filter_map(hit).collect()
}

#[test]
fn rows_are_seen_as_the_documentation_says() {
    for (pattern, expected) in [
        ("[network-traffic:dst_port = 502 AND network-traffic:protocols[*] = 'modbus']", &[0][..]),
        (
            "[network-traffic:src_ref.value ISSUBSET '192.0.2.0/28' AND network-traffic:dst_packets < 10]",
            &[0],
        ),
        ("[network-traffic:end = t'2026-03-01T03:00:00Z' AND network-traffic:is_active = false]", &[0]),
        (
            "[network-traffic:x_vlan = 12 AND network-traffic:x_utc_hour = 2 AND network-traffic:x_utc_weekday = 7]",
            &[0],
        ),
        ("[network-traffic:x_src_zone = 'office' AND network-traffic:x_dst_services[*] = 'water']", &[0]),
        ("[mac-addr:value = '02:00:00:00:00:01']", &[0]),
        // An IPv4 address mapped into IPv6 is that address.
        ("[x-bastide-request:dst_ref.value = '198.51.100.3']", &[1, 2, 3]),
        (
            "[x-bastide-request:verb = 'operate' AND x-bastide-request:target_first <= 8 AND x-bastide-request:target_last >= 8]",
            &[1],
        ),
        ("[x-bastide-request:refusal LIKE 'illegal%' AND x-bastide-request:target = '4/coil 7..9']", &[1]),
        (
            "[x-bastide-request:crosses_zones = true AND x-bastide-request:src_outside = false AND x-bastide-request:utc_hour = 3]",
            &[1, 2, 3],
        ),
        ("[domain-name:value MATCHES '(^|\\\\.)pump\\\\.example$']", &[2]),
        ("[network-traffic:extensions.'http-request-ext'.request_value LIKE '/level%']", &[3]),
        (
            "[x-bastide-weakness:kind = 'default-credentials' AND x-bastide-weakness:peer_ref.value = '192.0.2.7']",
            &[4],
        ),
        ("[domain-name:value = 'pump.example'] FOLLOWEDBY [x-bastide-request:function = 'GET']", &[2, 3]),
        (
            "[domain-name:value = 'pump.example'] START t'2026-04-01T00:00:00Z' STOP t'2026-05-01T00:00:00Z'",
            &[],
        ),
    ] {
        assert_eq!(hits(pattern), expected, "{pattern}");
    }
}

#[test]
fn what_history_does_not_keep_is_named_and_what_it_keeps_is_asked_for_all_the_same() {
    let sought = |text: &str, plan| Sought::new(&Pattern::parse(text).unwrap(), plan);
    let mixed = sought("[file:hashes.MD5 = 'x' OR ipv4-addr:value = '192.0.2.1']", true);
    assert_eq!(mixed.unsupported, ["`file:hashes.MD5` is not kept in history"]);
    assert!(matches!(&mixed.asks[..], [(Kept::Conversations, Clause::Test(..))]));
    // A request of HTTP tells of its traffic, too; a conversation of no request.
    let ext = "network-traffic:extensions.'http-request-ext'.request_value = '/x'";
    let http = sought(&format!("[network-traffic:dst_port = 80 AND {ext}]"), true);
    assert!(matches!(&http.asks[..], [(Kept::Requests, Clause::All(all))] if all.len() == 2), "{http:?}");
    let neither = sought(&format!("[network-traffic:x_state = 'SF' AND {ext}]"), true);
    assert!(neither.asks.is_empty() && neither.unsupported.is_empty());
    let hopeless = sought("[network-traffic:dst_port = 502 AND network-traffic:ipfix.x = 1]", true);
    assert!(hopeless.asks.is_empty() && hopeless.unsupported.len() == 1);
    let zones = "[network-traffic:x_src_zone = 'office']";
    assert!(sought(zones, true).unsupported.is_empty());
    assert_eq!(
        sought(zones, false).unsupported,
        ["`network-traffic:x_src_zone` needs an adopted plan, and there is none"]
    );
    assert!(!sought("[domain-name:value = 'a'] AND [ipv4-addr:value = '192.0.2.1']", true).single);
    // Every path of the vocabulary is one that a pattern can name.
    for (of, steps, ..) in VOCABULARY {
        let steps = steps.replace("http-request-ext", "'http-request-ext'");
        let pattern = Pattern::parse(&format!("[{of}:{steps} = 1]")).unwrap();
        assert!(sought(&pattern.to_string(), true).unsupported.is_empty(), "{pattern}");
        assert!(
            matches!(pattern.root(), adapt::stix::pattern::Observation::One(adapt::stix::pattern::Comparison::Test(test)) if matches!(test.path.steps[0], Step::Key(_)))
        );
    }
}
