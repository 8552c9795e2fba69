//! DNS and multicast DNS, against Zeek's dns.log and Suricata's dns events.
//!
//! What differs, and why:
//!
//! | case | difference | reason |
//! |---|---|---|
//! | zeek `multiple-txt-strings`, `spf` | we have what was asked | the checksum of the question is bad, as on the sender's own machine; Zeek drops such packets, we read them |
//! | suricata `dns-truncated-rname` | no event | a name of more than 255 bytes is none (RFC 1035 clause 2.3.4) |

use crate::{
    cases,
    compare::{Report, Tally},
    details::{all as details, detail},
    expected_log::Row,
    reading::{self, Reading},
};
use city::{Protocol, Request};
use std::net::Ipv6Addr;

/// How many cases have a dns.log.
const LOGS: usize = 18;

/// How many cases have filters over dns events.
const FILTERED: usize = 25;

/// The columns that a listener can know. `rtt` and times are not compared, as they are masked.
const COLUMNS: &[&str] = &[
    "id.orig_h",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "proto",
    "trans_id",
    "query",
    "qclass",
    "qtype",
    "rcode",
    "rcode_name",
    "AA",
    "TC",
    "RD",
    "RA",
    "Z",
    "answers",
    "TTLs",
    "opcode",
    "opcode_name",
];

fn requests(reading: &Reading) -> impl Iterator<Item = &Request> {
    reading.requests().filter(|r| matches!(r.flow.protocol, Some(Protocol::Dns | Protocol::Mdns)))
}

/// A request as a row of Zeek's dns.log.
fn zeek_row(request: &Request) -> Row {
    let mut row = Row::new();
    let mut put = |column: &str, value: String| drop(row.insert(column.to_owned(), value));
    let flow = &request.flow;
    put("id.orig_h", flow.source.to_string());
    put("id.orig_p", flow.source_port.to_string());
    put("id.resp_h", flow.destination.to_string());
    put("id.resp_p", flow.destination_port.to_string());
    put("proto", flow.transport.to_string());
    for (column, key) in [("trans_id", "id"), ("rcode", "rcode"), ("rcode_name", "rcode-name")] {
        if let Some(value) = detail(request, key) {
            put(column, value.to_owned());
        }
    }
    // Zeek takes these from the question, or from the first answer if that was not seen.
    let asked = detail(request, "question-flags").map(|flags| u16::from_str_radix(flags, 16).unwrap());
    let answers: Vec<_> = details(request, "answer-type").zip(details(request, "answer")).collect();
    let query = if asked.is_some() || !answers.is_empty() { detail(request, "query") } else { None };
    if let Some(query) = query.or_else(|| detail(request, "answer-name")) {
        put("query", query.replace("\\.", ".").to_lowercase());
    }
    for column in ["qclass", "qtype"].into_iter().filter(|_| asked.is_some()) {
        if let Some(value) = detail(request, column) {
            put(column, value.to_owned());
        }
    }
    let truth = |is_true: bool| if is_true { "T".to_owned() } else { "F".to_owned() };
    put("Z", (asked.unwrap_or_default() >> 4 & 7).to_string());
    put("RD", truth(asked.unwrap_or_default() & 0x0100 != 0));
    // And these from the reply, if it holds an answer.
    for (column, key) in [("AA", "aa"), ("TC", "tc"), ("RA", "ra")] {
        put(column, truth(detail(request, key) == Some("true") && !answers.is_empty()));
    }
    // It has no words for some types.
    let shown = details(request, "answer-ttl").zip(&answers).filter(|(_, (kind, _))| *kind != "WKS");
    let (seconds, shown): (Vec<_>, Vec<_>) =
        shown.map(|(ttl, answer)| (format!("{ttl}.000000"), zeek_answer(*answer))).unzip();
    if !shown.is_empty() {
        put("answers", shown.join(","));
        put("TTLs", seconds.join(","));
    }
    let opcode = detail(request, "opcode").unwrap_or_default();
    put(
        "opcode",
        ["QUERY", "IQUERY", "STATUS", "", "NOTIFY", "UPDATE"]
            .iter()
            .position(|o| *o == opcode)
            .unwrap()
            .to_string(),
    );
    put("opcode_name", opcode.to_lowercase());
    row
}

/// An answer in the short forms of Zeek.
fn zeek_answer((kind, data): (&str, &str)) -> String {
    let word = |index: usize| data.split(' ').nth(index).unwrap_or_default();
    match kind {
        // Zeek shows the three sizes as they are on the wire: a digit and a power of ten of centimetres.
        "LOC" => {
            let size = |index: usize| {
                let centimetres = word(index).trim_end_matches('m').parse::<f64>().unwrap() * 100.0;
                let power = centimetres.log10().floor();
                (centimetres / 10_f64.powf(power)).round() as u8 * 16 + power as u8
            };
            format!("LOC:  {} {} {}", size(9), size(10), size(11))
        }
        "MX" => word(1).to_owned(),
        "SRV" => word(3).to_owned(),
        "SOA" => word(0).to_owned(),
        "DNSKEY" => format!("DNSKEY {}", word(2)),
        "DS" => format!("DS {} {}", word(1), word(2)),
        "NSEC3" | "NSEC3PARAM" => kind.to_owned(),
        "SSHFP" => format!("SSHFP: {}", word(2)),
        "RRSIG" => format!("RRSIG {} {}", number(word(0)), word(7)),
        "SPF" | "TXT" => {
            let strings: Vec<_> =
                strings(data).iter().map(|text| format!("{kind} {} {text}", text.len())).collect();
            strings.join(" ")
        }
        _ => data.to_owned(),
    }
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

/// The number of a type, for those that signatures in the cases cover.
fn number(kind: &str) -> u16 {
    let known = [
        ("A", 1),
        ("NS", 2),
        ("CNAME", 5),
        ("SOA", 6),
        ("LOC", 29),
        ("DS", 43),
        ("SSHFP", 44),
        ("NSEC", 47),
        ("DNSKEY", 48),
        ("NSEC3", 50),
        ("NSEC3PARAM", 51),
    ];
    known.iter().find(|(name, _)| *name == kind).unwrap_or_else(|| panic!("{kind}")).1
}

#[test]
fn dns_is_that_of_zeek() {
    let Some(cases) = cases::all() else { return cases::skipped(LOGS, "dns_is_that_of_zeek") };
    let mut report = Report::default();
    let mut compared = 0;
    for case in &cases {
        let Some(log) = case.log("dns") else { continue };
        compared += 1;
        let reading = reading::read(&case.capture);
        let ours: Vec<_> = requests(&reading).map(zeek_row).collect();
        let columns: Vec<_> =
            COLUMNS.iter().copied().filter(|column| log.columns.iter().any(|c| c == column)).collect();
        let tally = report.compare(&format!("zeek dns: {}", case.name), &columns, &log.rows, &ours);
        report.add("zeek dns", tally);
    }
    println!("{compared} cases compared");
    assert_eq!(compared, LOGS);
    report.hold("zeek dns", 93.1, 93.1);
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
