//! Whole dialogues: paired, torn, pipelined, with holes.

use super::super::READER;
use super::*;
use crate::rehearse;
use city::{Observed, Reply, Request, Verb, WeaknessKind};
use proptest::prelude::*;

const SOURCE: Side = Side::Source;
const DESTINATION: Side = Side::Destination;

fn detail<'a>(request: &'a Request, key: &str) -> &'a str {
    request.details.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value)
}

/// What was told, without times.
fn told(facts: &[Observed]) -> Vec<String> {
    rehearse::requests(facts)
        .iter()
        .map(|r| {
            let details: Vec<_> = r.details.iter().filter(|(key, _)| key != "asked").collect();
            format!("{} {} {} {:?} {:?} {details:?}", r.verb, r.function, r.target, r.value, r.reply)
        })
        .chain(rehearse::weaknesses(facts).iter().map(|w| format!("{} {}", w.kind.as_str(), w.detail)))
        .collect()
}

#[test]
fn requests_are_paired_with_replies_though_pipelined() {
    let said: &[(Side, &[u8])] = &[
        (SOURCE, b"GET /a HTTP/1.1\r\nHost: pump.example\r\nUser-Agent: panel/2\r\n\r\nHEAD /b HTTP/1.1\r\n\r\nPUT /c HTTP/1.1\r\nContent-Length: 3\r\n\r\nxyz"),
        (DESTINATION, b"HTTP/1.1 200 OK\r\nServer: lighttpd/1.4\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        (DESTINATION, b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"),
    ];
    let facts = rehearse::stream(&READER, 8080, said);
    let requests = rehearse::requests(&facts);
    let short: Vec<_> = requests
        .iter()
        .map(|r| (r.verb, r.function.as_str(), r.target.name.as_str(), r.reply.clone()))
        .collect();
    assert_eq!(
        short,
        [
            (Verb::Read, "GET", "/a", Reply::Done),
            (Verb::Read, "HEAD", "/b", Reply::Done),
            (Verb::Write, "PUT", "/c", Reply::Refused("403 Forbidden".into())),
        ]
    );
    assert_eq!((detail(requests[0], "host"), detail(requests[0], "response-length")), ("pump.example", "3"));
    assert_eq!((detail(requests[2], "request-length"), detail(requests[2], "info-status")), ("3", "100"));
    for size in 1..60 {
        assert_eq!(told(&rehearse::stream_in_pieces(&READER, 8080, said, size)), told(&facts), "{size}");
    }
    let products =
        facts.iter().filter(|fact| matches!(fact, Observed::Identity(i) if i.about == Trait::Product));
    assert_eq!(products.count(), 2);
}

#[test]
fn indicators_know_a_request_by_its_host_and_its_client() {
    let long = format!("/{}", "a".repeat(300));
    let said = format!(
        "GET /a HTTP/1.1\r\nHost: pump.example\r\nAccept: x\r\nUser-Agent: panel/2\r\n\r\nGET {long} HTTP/1.1\r\n\r\n"
    );
    let reply =
        b"HTTP/1.1 204 No\r\nServer: lighttpd/1.4\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    let signs = rehearse::signs(&READER, 80, &[(SOURCE, said.as_bytes()), (DESTINATION, reply)]);
    let sign = |key: &str, value: &str| (Text::from(key), Text::from(value));
    let wanted =
        [vec![sign("host", "pump.example"), sign("user-agent", "panel/2")], vec![sign("uri", &long)]];
    assert_eq!(signs, wanted);
}

#[test]
fn a_password_reaches_no_record() {
    // guard:hunter2
    let said: &[(Side, &[u8])] = &[
        (SOURCE, b"POST /login?pwd=hunter2 HTTP/1.1\r\nReferer: http://x/?password=hunter2\r\nAuthorization: Basic Z3VhcmQ6aHVudGVyMg==\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 27\r\n\r\nuser=guard&password=hunter2"),
        (DESTINATION, b"HTTP/1.1 302 Found\r\nLocation: /in?token=hunter2\r\nContent-Length: 0\r\n\r\n"),
    ];
    let facts = rehearse::stream(&READER, 80, said);
    assert!(!format!("{facts:?}").contains("hunter2"), "{facts:?}");
    let [request] = rehearse::requests(&facts)[..] else { panic!("{facts:?}") };
    assert_eq!((request.verb, request.target.name.as_str()), (Verb::Authenticate, "/login?pwd=***"));
    let [weakness] = rehearse::weaknesses(&facts)[..] else { panic!("{facts:?}") };
    assert_eq!(weakness.kind, WeaknessKind::CleartextCredentials);
    assert_eq!(weakness.detail, "basic authorization, user name guard");
}

#[test]
fn a_default_login_counts_only_where_it_opens() {
    for (status, kinds) in [
        ("200 OK", &[WeaknessKind::CleartextCredentials, WeaknessKind::DefaultCredentials][..]),
        ("401 Unauthorized", &[WeaknessKind::CleartextCredentials]),
    ] {
        let reply = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        let request = b"GET / HTTP/1.1\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n\r\n";
        let facts = rehearse::stream(&READER, 80, &[(SOURCE, request), (DESTINATION, reply.as_bytes())]);
        let found: Vec<_> = rehearse::weaknesses(&facts).iter().map(|w| w.kind).collect();
        assert_eq!(found, kinds);
    }
}

#[test]
fn an_old_request_is_answered_by_a_body_alone() {
    let facts =
        rehearse::stream(&READER, 80, &[(SOURCE, b"GET /status\r\n"), (DESTINATION, b"<html>well</html>")]);
    let [request] = rehearse::requests(&facts)[..] else { panic!("{facts:?}") };
    assert_eq!((detail(request, "version"), detail(request, "response-length")), ("0.9", "17"));
    assert_eq!(request.reply, Reply::Done);
}

#[test]
fn what_is_behind_connect_is_another_protocol() {
    let hello = b"\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03................................\x00\x00\x02\x00\x2f\x01\x00";
    let facts = rehearse::stream(
        &READER,
        3128,
        &[
            (SOURCE, b"CONNECT pump.example:443 HTTP/1.1\r\n\r\n"),
            (DESTINATION, b"HTTP/1.1 200 Established\r\n\r\n"),
            (SOURCE, hello),
            (DESTINATION, b"\x15\x03\x03\x00\x02\x02\x28"),
        ],
    );
    let protocols: Vec<_> =
        rehearse::requests(&facts).iter().map(|r| (r.flow.protocol, r.function.to_string())).collect();
    assert_eq!(
        protocols,
        [(Some(Protocol::Http), "CONNECT".into()), (Some(Protocol::Tls), "handshake".into())]
    );
}

#[test]
fn a_gap_in_a_body_is_survived_and_one_in_a_head_too() {
    let mut rehearsal = rehearse::Rehearsal::new(&READER, city::Transport::Tcp, 80);
    rehearsal.say(SOURCE, b"GET /a HTTP/1.1\r\n\r\n");
    rehearsal.say(DESTINATION, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc");
    rehearsal.gap(DESTINATION, 997);
    rehearsal.say(SOURCE, b"GET /b HTTP/1.1\r\nX: ");
    rehearsal.gap(SOURCE, 40);
    rehearsal.say(SOURCE, b"lost\r\n");
    rehearsal.say(SOURCE, b"GET /c HTTP/1.1\r\n\r\n");
    rehearsal.say(DESTINATION, b"HTTP/1.1 204 No Content\r\n\r\n");
    assert!(!rehearsal.lost);
    let facts = rehearsal.end();
    let targets: Vec<_> = rehearse::requests(&facts).iter().map(|r| r.target.name.to_string()).collect();
    assert_eq!(targets, ["/a", "/c"]);
}

proptest! {
    #[test]
    fn nothing_that_arrives_makes_it_panic(
        pieces in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 1..120)), 0..8),
        head in any::<bool>(),
    ) {
        let mut rehearsal = rehearse::Rehearsal::new(&READER, city::Transport::Tcp, 80);
        if head {
            rehearsal.say(SOURCE, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
            rehearsal.say(DESTINATION, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        }
        for (side, bytes) in pieces {
            rehearsal.say(if side { SOURCE } else { DESTINATION }, &bytes);
        }
        rehearsal.end();
    }
}
