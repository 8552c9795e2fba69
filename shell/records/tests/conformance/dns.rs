//! DNS and multicast DNS, against Zeek's dns.log.
//!
//! What differs, and why:
//!
//! | case | difference | reason |
//! |---|---|---|
//! | zeek `multiple-txt-strings`, `spf` | we have what was asked | the checksum of the question is bad, as on the sender's own machine; Zeek drops such packets, we read them |

use crate::{
    cases,
    compare::Report,
    details::{all as details, detail},
    expected_log::Row,
    reading::{self, Reading},
};
use city::{Protocol, Request};

/// How many cases have a dns.log.
const LOGS: usize = 18;

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
