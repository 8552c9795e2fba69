//! DNS and multicast DNS, against Suricata's dns events; dns.log is compared in [`crate::logs`].
//!
//! What differs, and why:
//!
//! | case | difference | reason |
//! |---|---|---|
//! | suricata `dns-truncated-rname` | no event | a name of more than 255 bytes is none (RFC 1035 clause 2.3.4) |

use crate::{
    cases,
    compare::{Report, Tally},
    details::detail,
    expected_log::Row,
    reading::{self, Reading},
};
use city::{Protocol, Request};
use std::net::Ipv6Addr;

/// How many cases have filters over dns events.
const FILTERED: usize = 25;

fn requests(reading: &Reading) -> impl Iterator<Item = &Request> {
    reading.requests().filter(|r| matches!(r.flow.protocol, Some(Protocol::Dns | Protocol::Mdns)))
}

/// The strings of quoted text.
fn strings(data: &str) -> Vec<String> {
    let mut strings = Vec::new();
    let mut rest = data.chars();
    while rest.by_ref().any(|character| character == '"') {
        let mut text = String::new();
        while let Some(character) = rest.next().filter(|character| *character != '"') {
            text.push(if character == '\\' { rest.next().unwrap() } else { character });
        }
        strings.push(text);
    }
    strings
}

/// A request as Suricata's events: one for the question, one for the reply.
fn events(request: &Request) -> Vec<Row> {
    let flow = &request.flow;
    let mut event = Row::new();
    let put = |row: &mut Row, field: &str, value: &str| drop(row.insert(field.to_owned(), value.to_owned()));
    put(&mut event, "event_type", request.flow.protocol.map_or("", Protocol::as_str));
    put(&mut event, "proto", &flow.transport.to_string().to_uppercase());
    put(&mut event, "src_ip", &flow.source.to_string());
    put(&mut event, "dest_ip", &flow.destination.to_string());
    put(&mut event, "src_port", &flow.source_port.to_string());
    put(&mut event, "dest_port", &flow.destination_port.to_string());
    put(&mut event, "dns.id", detail(request, "id").unwrap_or_default());
    put(&mut event, "dns.version", "3");
    for (field, key) in [("dns.queries[0].rrname", "query"), ("dns.queries[0].rrtype", "qtype-name")] {
        if let Some(value) = detail(request, key) {
            put(&mut event, field, if value == "." { "" } else { value });
        }
    }
    let mut events = Vec::new();
    if detail(request, "asked").is_some() {
        let mut question = event.clone();
        put(&mut question, "dns.type", "request");
        events.push(question);
    }
    if detail(request, "rcode").is_some() {
        let mut reply = event;
        put(&mut reply, "dns.type", "response");
        put(&mut reply, "src_ip", &flow.destination.to_string());
        put(&mut reply, "dest_ip", &flow.source.to_string());
        put(&mut reply, "src_port", &flow.destination_port.to_string());
        put(&mut reply, "dest_port", &flow.source_port.to_string());
        put(&mut reply, "dns.qr", "true");
        put(&mut reply, "dns.flags", detail(request, "flags").unwrap_or_default().trim_start_matches('0'));
        put(&mut reply, "dns.rcode", detail(request, "rcode-name").unwrap_or_default());
        for flag in ["aa", "rd", "ra"] {
            put(&mut reply, &format!("dns.{flag}"), detail(request, flag).unwrap_or_default());
        }
        for (field, section) in
            [("answers", "answer"), ("authorities", "authority"), ("additionals", "additional")]
        {
            put_records(request, field, section, &mut reply);
        }
        events.push(reply);
    }
    events
}

/// The records of a section, and those of the answer by their type.
fn put_records(request: &Request, field: &str, section: &str, reply: &mut Row) {
    let column = |suffix: &str| -> Vec<&str> {
        let key = format!("{section}{suffix}");
        let wanted = request.details.iter().filter(|(name, _)| *name == key);
        wanted.map(|(_, value)| value.as_str()).collect()
    };
    let (names, kinds, ttls, data) = (column("-name"), column("-type"), column("-ttl"), column(""));
    let mut index = 0;
    for (((name, kind), ttl), data) in names.iter().zip(kinds).zip(ttls).zip(data) {
        // Each string of a text is an answer of its own.
        let texts = if kind == "TXT" { strings(data) } else { vec![eve_data(kind, data)] };
        for text in texts {
            let record = format!("dns.{field}[{index}]");
            index += 1;
            let name = if *name == "." { "" } else { name };
            for (part, value) in [("rrname", name), ("rrtype", kind), ("ttl", ttl)] {
                reply.insert(format!("{record}.{part}"), value.to_owned());
            }
            let parts = eve_parts(kind);
            let words = if parts.len() == 1 { vec![text.as_str()] } else { text.split(' ').collect() };
            for (part, word) in parts.iter().zip(words) {
                reply.insert(format!("{record}.{part}"), word.to_owned());
            }
            let grouped = format!("dns.grouped.{kind}");
            let at = reply.keys().filter(|key| key.starts_with(&format!("{grouped}["))).count();
            if section == "answer" {
                reply.insert(format!("{grouped}[{at}]"), text);
            }
        }
    }
}

/// The fields into which Suricata takes the data of a record apart.
fn eve_parts(kind: &str) -> &'static [&'static str] {
    match kind {
        "SOA" => {
            &["soa.mname", "soa.rname", "soa.serial", "soa.refresh", "soa.retry", "soa.expire", "soa.minimum"]
        }
        "SRV" => &["srv.priority", "srv.weight", "srv.port", "srv.name"],
        "SSHFP" => &["sshfp.algo", "sshfp.type", "sshfp.fingerprint"],
        _ => &["rdata"],
    }
}

/// Data as Suricata shows it: addresses unabridged, fingerprints with colons.
fn eve_data(kind: &str, data: &str) -> String {
    match (kind, data.parse::<Ipv6Addr>()) {
        ("AAAA", Ok(address)) => address.segments().map(|part| format!("{part:04x}")).join(":"),
        ("SSHFP", _) => {
            let (head, digits) = data.rsplit_once(' ').unwrap();
            let pairs: Vec<_> = digits.as_bytes().chunks(2).map(String::from_utf8_lossy).collect();
            format!("{head} {}", pairs.join(":"))
        }
        _ => data.to_owned(),
    }
}

#[test]
fn dns_is_that_of_suricata() {
    let Some(cases) = cases::all() else { return cases::skipped(FILTERED, "dns_is_that_of_suricata") };
    let mut report = Report::default();
    let mut compared = 0;
    for case in &cases {
        let filters = case.filters();
        // A filter that no event may match is about what was switched off.
        let mut filters = filters
            .iter()
            .filter(|filter| matches!(filter.event(), "dns" | "mdns") && filter.count > 0)
            .peekable();
        if filters.peek().is_none() {
            continue;
        }
        compared += 1;
        let reading = reading::read(&case.capture);
        let events: Vec<_> = requests(&reading).flat_map(events).collect();
        let mut tally = Tally::default();
        for filter in filters {
            let apart = ["pcap_cnt", "dns.tx_id"];
            let found = events.iter().filter(|event| filter.accepts(event, &apart)).count();
            tally.expected += 1;
            tally.ours += 1;
            if found == filter.count {
                tally.both += 1;
            } else if std::env::var_os("BASTIDE_DIFFERENCES").is_some() {
                println!(
                    "{}: {found} of {}: {:?}",
                    case.name,
                    filter.count,
                    filter.difference(&events, &apart)
                );
            }
        }
        report.add(&format!("suricata dns: {}", case.name), tally);
        report.add("suricata dns", tally);
    }
    println!("{compared} cases compared");
    assert_eq!(compared, FILTERED);
    report.hold("suricata dns", 99.5, 99.5);
}
