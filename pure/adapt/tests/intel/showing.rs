//! What traffic shows besides addresses, and patterns that ask for more than one thing.

use super::*;
use adapt::intel::watch::OnlyHunted;
use city::{ConnectionState, Conversation, Details, Text};

fn request(protocol: Protocol, function: &str, target: &str, details: &[(&str, &str)]) -> Observed {
    let details: Details =
        details.iter().map(|(name, value)| (Text::from(*name), Text::from(*value))).collect();
    Observed::Request(Box::new(Request {
        flow: flow("192.0.2.7", "198.51.100.200", Some(protocol)),
        back: false,
        verb: Verb::Read,
        function: function.into(),
        target: Target::named(target),
        value: None,
        reply: Reply::Done,
        details,
    }))
}

fn fetched(host: &str, path: &str) -> Observed {
    request(Protocol::Http, "GET", path, &[("host", host), ("user-agent", "lamp-loader/1.0")])
}

fn hello(name: &str) -> Observed {
    let signs = [
        ("ja3-hash", "0123456789abcdef0123456789abcdef"),
        ("ja4", "t13d1516h2_8daaf6152771_e5627efa2ab1"),
        ("certificate-fingerprint", "aa11"),
        ("certificate-sha1", "bb22"),
    ];
    request(Protocol::Tls, "handshake", name, &signs)
}

fn ended(source: &str, destination: &str, start: Timestamp, bytes: u64) -> Observed {
    Observed::Conversation(Box::new(Conversation {
        flow: flow(source, destination, Some(Protocol::Modbus)),
        source_mac: None,
        destination_mac: None,
        vlan: None,
        start,
        duration: SignedDuration::from_secs(5),
        packets_out: 5,
        packets_in: 5,
        bytes_out: bytes,
        bytes_in: bytes,
        ip_bytes_out: bytes,
        ip_bytes_in: bytes,
        missed_bytes: 0,
        state: ConnectionState::Sf,
        history: Text::default(),
        ended: true,
        details: Details::new(),
    }))
}

fn only(pattern: &str) -> (Watchlist, Gathered) {
    gathered(&[indicator(1, pattern, &json!({ "confidence": 100 }))])
}

/// No sighting.
const NOTHING: [u8; 0] = [];

/// How far each sighting is believed that facts lead to, one after another, a second apart.
fn believed(pattern: &str, facts: impl IntoIterator<Item = Observed>) -> Vec<u8> {
    let (list, gathered) = only(pattern);
    assert_eq!((gathered.watched, gathered.told()), (1, Vec::new()), "{pattern}");
    let mut held = Held::default();
    let seen = (0..).zip(facts).flat_map(|(second, fact)| {
        seen_at(&list, &mut held, now() + SignedDuration::from_secs(second), fact)
    });
    seen.map(|sighting| sighting.confidence).collect()
}

#[test]
fn a_url_is_seen_where_its_path_is() {
    let page = "[url:value = 'https://Evil.example/gate.php?id=1']";
    assert_eq!(believed(page, [fetched("evil.example", "/gate.php?id=1")]), [80]);
    assert_eq!(believed(page, [fetched("EVIL.example:80", "/gate.php?id=1")]), [80]);
    assert_eq!(
        believed(page, [request(Protocol::Http, "GET", "http://evil.example/gate.php?id=1", &[])]),
        [80]
    );
    for other in
        [fetched("evil.example", "/"), fetched("evil.example:8080", "/gate.php?id=1"), hello("evil.example")]
    {
        assert_eq!(believed(page, [other]), NOTHING);
    }
    let long = "/x".repeat(200);
    let cut = [("host", "evil.example"), ("uri", long.as_str())];
    let whole = format!("[url:value = 'http://evil.example{long}']");
    assert_eq!(believed(&whole, [request(Protocol::Http, "GET", "/x/x…", &cut)]), [80]);
    // Of a URL that is only a host, its name is a sign too, of half the weight.
    let bare = "[url:value = 'https://evil.example']";
    assert_eq!(believed(bare, [hello("evil.example")]), [40]);
    assert_eq!(believed(bare, [fetched("evil.example", "/")]), [80, 40]);
    // Without `Host` it is the address’s.
    let at = "[url:value = 'http://198.51.100.200:502/a']";
    assert_eq!(believed(at, [request(Protocol::Http, "GET", "/a", &[])]), [80]);
    let name = "[domain-name:value = 'evil.example']";
    assert_eq!(
        believed(name, [fetched("evil.example", "/"), hello("evil.example"), asked("evil.example")]).len(),
        3
    );
    assert_eq!(believed(name, [request(Protocol::Http, "CONNECT", "evil.example:443", &[])]), [80]);
}

#[test]
fn fingerprints_hashes_and_what_clients_call_themselves_are_seen() {
    let header = "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'";
    for pattern in [
        "[x509-certificate:hashes.'SHA-256' = 'AA11']",
        "[x509-certificate:hashes.'SHA-1' = 'bb22']",
        "[network-traffic:x_ja3 = '0123456789ABCDEF0123456789ABCDEF']",
        "[network-traffic:x_ja4 = 't13d1516h2_8daaf6152771_e5627efa2ab1' AND network-traffic:dst_port = 502]",
        "[network-traffic:x_ja3 LIKE '0123%' AND network-traffic:dst_ref.value = '198.51.100.200']",
    ] {
        assert_eq!(believed(pattern, [hello("a.example")]).len(), 1, "{pattern}");
        assert_eq!(believed(pattern, [fetched("a.example", "/")]), NOTHING, "{pattern}");
    }
    for pattern in [
        format!("[{header} = 'lamp-loader/1.0']"),
        format!("[{header}[*] = 'lamp-loader/1.0']"),
        format!(
            "[{header} = 'lamp-loader/1.0' AND network-traffic:dst_ref.value ISSUBSET '198.51.100.0/24']"
        ),
        format!(
            "[{header}[*] LIKE 'lamp-%' AND network-traffic:extensions.'http-request-ext'.request_value = '/b/gate.php']"
        ),
    ] {
        assert_eq!(believed(&pattern, [fetched("a.example", "/b/gate.php")]).len(), 1, "{pattern}");
        assert_eq!(
            believed(
                &pattern,
                [request(Protocol::Http, "GET", "/b/gate.php", &[("user-agent", "a browser")])]
            ),
            NOTHING
        );
    }
}

#[test]
fn what_more_a_pattern_asks_for_decides() {
    let open = |destination: &str| Observed::Opened(flow("192.0.2.7", destination, None));
    let back = || Observed::Opened(flow("203.0.113.9", "192.0.2.7", None));
    let port = "[network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = 502]";
    assert_eq!(believed(port, [open("203.0.113.9")]), [80]);
    assert_eq!(believed(port, [back()]), NOTHING);
    assert_eq!(believed(&port.replace("502", "443"), [open("203.0.113.9")]), NOTHING);
    let either = "[network-traffic:protocols[*] = 'tcp' AND (network-traffic:dst_ref.value IN ('203.0.113.9', \
                  '203.0.113.16/28') OR network-traffic:src_ref.value = '203.0.113.9')]";
    assert_eq!(
        believed(either, [open("203.0.113.9"), open("203.0.113.17"), open("203.0.113.33"), back()]).len(),
        3
    );
    // What a conversation comes to is known at its end.
    let much = "[network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:src_byte_count > 1000]";
    let facts = [open("203.0.113.9"), ended("192.0.2.7", "203.0.113.9", now(), 2_000)];
    assert_eq!(believed(much, facts).len(), 1);
    assert_eq!(believed(much, [ended("192.0.2.7", "203.0.113.9", now(), 500)]), NOTHING);
    let during =
        "[ipv4-addr:value = '203.0.113.9'] START t'2026-03-02T09:00:01Z' STOP t'2026-03-02T09:00:02Z'";
    assert_eq!(believed(during, [open("203.0.113.9"), open("203.0.113.9"), open("203.0.113.9")]).len(), 1);
    let on_link = "[mac-addr:value IN ('02-00-00-00-00-AB', '02:00:00:00:00:01')]";
    let Observed::Conversation(mut with_mac) = ended("192.0.2.7", "192.0.2.8", now(), 1) else { panic!() };
    with_mac.destination_mac = "02:00:00:00:00:ab".parse().ok();
    assert_eq!(believed(on_link, [Observed::Conversation(with_mac)]), [80]);
    // Of an `OR` what can be watched for is.
    let (list, gathered) = only("[ipv4-addr:value = '203.0.113.9' OR file:name = 'a'] OR [process:pid = 1]");
    assert_eq!((list.len(), gathered.watched, gathered.in_part, gathered.hunted_only), (1, 1, 1, 0));
    let told = gathered.not_watched.get(&OnlyHunted::NotOnTheWire).unwrap();
    assert_eq!((told.count, told.example.starts_with("`file:name` in `indicator--")), (2, true));
}

#[test]
fn several_observations_are_bound_together() {
    let open = |destination: &str, port: u16| {
        Observed::Opened(Flow { source_port: port, ..flow("192.0.2.7", destination, None) })
    };
    let nine = || open("203.0.113.9", 1);
    let then = "([ipv4-addr:value = '203.0.113.9'] FOLLOWEDBY [domain-name:value = 'evil.example']) WITHIN 3 SECONDS";
    assert_eq!(believed(then, [nine(), open("203.0.113.10", 2), asked("evil.example")]), [80]);
    assert_eq!(believed(then, [asked("evil.example"), nine()]), NOTHING);
    assert_eq!(
        believed(
            then,
            [
                nine(),
                open("203.0.113.1", 3),
                open("203.0.113.2", 4),
                open("203.0.113.3", 5),
                asked("evil.example")
            ]
        ),
        NOTHING
    );
    // What was taken is not taken again, and a conversation that ends is the one that began.
    let thrice = "[ipv4-addr:value = '203.0.113.9'] REPEATS 3 TIMES";
    let opened = |count: u16| (1..=count).map(|port| open("203.0.113.9", port));
    assert_eq!([2, 3, 5, 6].map(|count| believed(thrice, opened(count)).len()), [0, 1, 1, 2]);
    let end_of = |port: u16| {
        let start = now() + SignedDuration::from_secs(i64::from(port) - 1);
        let Observed::Conversation(mut it) = ended("192.0.2.7", "203.0.113.9", start, 10) else { panic!() };
        it.flow.source_port = port;
        Observed::Conversation(it)
    };
    assert_eq!(believed(thrice, [nine(), end_of(1), end_of(1), end_of(1)]), NOTHING);
    assert_eq!(believed(thrice, opened(3).chain((1..=3).map(end_of))).len(), 1);
    let (list, _) = only("[ipv4-addr:value = '203.0.113.9'] REPEATS 256 TIMES");
    let mut held = Held::default();
    for round in 0..3_u16 {
        let seen: usize = (0..256)
            .map(|port| seen_at(&list, &mut held, now(), open("203.0.113.9", 256 * round + port)).len())
            .sum();
        assert_eq!(seen, 1, "{round}");
    }
}

#[test]
fn what_is_not_watched_for_is_told_with_why() {
    for (pattern, reason) in [
        ("[file:hashes.'SHA-256' = 'aa']", OnlyHunted::NotOnTheWire),
        (
            "[ipv4-addr:value = '203.0.113.9' AND ipv4-addr:resolves_to_refs[*].value = 'a']",
            OnlyHunted::NotOnTheWire,
        ),
        (
            "[network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:x_dst_zone = 'a']",
            OnlyHunted::NotOnTheWire,
        ),
        ("[network-traffic:dst_port = 4444]", OnlyHunted::NothingToLookFor),
        ("[domain-name:value LIKE '%.example']", OnlyHunted::NothingToLookFor),
        ("[ipv4-addr:value != '203.0.113.9']", OnlyHunted::NothingToLookFor),
        (
            "[ipv4-addr:value = '203.0.113.9'] FOLLOWEDBY [network-traffic:dst_port = 1]",
            OnlyHunted::NothingToLookFor,
        ),
        ("[ipv4-addr:value = '203.0.113.9' AND domain-name:value = 'a.example']", OnlyHunted::NeverHolds),
        ("[ipv4-addr:value = 'a lamp']", OnlyHunted::NeverHolds),
        ("[url:value = 'ftp://evil.example/a']", OnlyHunted::NeverHolds),
        ("[ipv4-addr:value = '203.0.113.9'] REPEATS 257 TIMES", OnlyHunted::TooMuch),
    ] {
        let (list, gathered) = only(pattern);
        let reasons: Vec<OnlyHunted> = gathered.not_watched.keys().copied().collect();
        assert_eq!((list.is_empty(), gathered.hunted_only, reasons), (true, 1, vec![reason]), "{pattern}");
    }
    let (_, gathered) = gathered(&[indicator(1, "alert tcp any", &json!({ "pattern_type": "snort" }))]);
    assert!(gathered.not_watched.contains_key(&OnlyHunted::OtherLanguage));
}

#[test]
fn a_pattern_that_is_asked_too_often_is_passed_over_and_told() {
    let (list, _) = only("[network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = 1]");
    let mut held = Held::default();
    for _ in 0..10_050 {
        assert_eq!(
            seen_at(&list, &mut held, now(), Observed::Opened(flow("192.0.2.7", "203.0.113.9", None))),
            []
        );
    }
    let over = held.passed_over();
    assert_eq!(
        over.iter().map(|(source, over)| (source.as_str(), over.count)).collect::<Vec<_>>(),
        [("port-ellery", 50)]
    );
    assert!(held.passed_over().is_empty());
}

#[test]
fn what_people_allow_of_a_source_is_not_acted_on() {
    let mut ground = Ground::of(None);
    ground.allow_of("feed", ["203.0.113.0/28", "Good.example.", "https://good.example/Page", "AA11"]);
    let objects = [
        "[ipv4-addr:value = '203.0.113.9']",
        "[domain-name:value = 'good.example']",
        "[url:value = 'http://good.example/Page']",
        "[x509-certificate:hashes.'SHA-1' = 'aa11']",
        "[network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = 1]",
    ];
    let objects: Vec<Value> =
        (1..).zip(objects).map(|(number, pattern)| indicator(number, pattern, &json!({}))).collect();
    for (source, watched, doubted) in [("feed", 0, 5), ("another", 5, 0)] {
        let (mut list, mut gathered) = (Watchlist::default(), Gathered::default());
        for object in &objects {
            let origin = Origin { source, trust: 80, tlp: Tlp::Amber };
            list.add(Object::of(object).unwrap(), origin, &ground, now(), &mut gathered);
        }
        let doubts = gathered.doubts.get(&DoubtKind::WellKnown).map_or(0, |doubt| doubt.count);
        assert_eq!((gathered.watched, doubts), (watched, doubted), "{source}");
    }
}

#[test]
fn a_request_is_told_of_the_end_that_is_the_citys() {
    let plan = check(&[SourceFile::new("city.toml", CITY)]).plan.unwrap();
    let (mut list, _) = only("[url:value = 'http://evil.example/gate.php']");
    let subject = |list: &Watchlist, source: &str, destination: &str| {
        let Observed::Request(mut request) = fetched("evil.example", "/gate.php") else { panic!() };
        request.flow = flow(source, destination, Some(Protocol::Http));
        let [sighting] = &seen(list, Observed::Request(request))[..] else { panic!() };
        sighting.subject.to_string()
    };
    assert_eq!(subject(&list, "203.0.113.9", "192.0.2.7"), "203.0.113.9");
    list.stand_on(&Ground::of(Some(&plan)));
    assert_eq!(subject(&list, "203.0.113.9", "192.0.2.7"), "192.0.2.7");
    assert_eq!(subject(&list, "192.0.2.7", "203.0.113.9"), "192.0.2.7");
}
