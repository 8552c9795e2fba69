//! Zeek's dns.log, of DNS and of multicast DNS.

use super::{
    log::{Head, Log},
    row::{Row, detail, details, flag, number},
};
use city::Request;
use jiff::Timestamp;

pub(super) const LOGS: &[Log] = &[Log {
    path: "dns",
    head: Head::Ends,
    columns: &[
        ("proto", "enum"),
        ("trans_id", "count"),
        ("rtt", "interval"),
        ("query", "string"),
        ("qclass", "count"),
        ("qclass_name", "string"),
        ("qtype", "count"),
        ("qtype_name", "string"),
        ("rcode", "count"),
        ("rcode_name", "string"),
        ("AA", "bool"),
        ("TC", "bool"),
        ("RD", "bool"),
        ("RA", "bool"),
        ("Z", "count"),
        ("answers", "vector[string]"),
        ("TTLs", "vector[interval]"),
        ("rejected", "bool"),
        ("opcode", "count"),
        ("opcode_name", "string"),
        ("auth", "set[string]"),
        ("addl", "set[string]"),
    ],
}];

/// The row of a question with its reply; `time` is when it was answered or given up. Of a message with several
/// questions Zeek keeps the last.
pub(super) fn row(request: &Request, time: Timestamp) -> Option<Row> {
    let (part, parts) = (number(request, "part").unwrap_or(1_u32), number(request, "parts").unwrap_or(1));
    if part < parts {
        return None;
    }
    let mut row = Row::from_asker(request, "dns");
    let asked = detail(request, "asked").and_then(timestamp);
    row.time = asked;
    row.maybe("trans_id", detail(request, "id"));
    // Zeek takes these from the question, or from the first answer if that was not seen.
    let question = detail(request, "question-flags").and_then(|flags| u16::from_str_radix(flags, 16).ok());
    let answers = Section::of(request, ["answer-name", "answer-type", "answer-ttl", "answer"]);
    let name = detail(request, "query").filter(|_| question.is_some() || !answers.0.is_empty());
    let name = name.or(answers.0.first().map(|record| record.name));
    row.maybe("query", name.map(|name| unquoted(&name.to_lowercase())));
    if let Some(flags) = question {
        let class: u16 = number(request, "qclass").unwrap_or_default();
        let kind: u16 = number(request, "qtype").unwrap_or_default();
        row.show("qclass", class);
        row.put("qclass_name", class_name(class));
        row.show("qtype", kind);
        row.put("qtype_name", type_name(kind));
        row.flag("RD", flags & 0x0100 != 0);
        row.show("Z", flags >> 4 & 7);
    } else {
        row.flag("RD", false);
        row.put("Z", "0");
    }
    let flags =
        detail(request, "flags").and_then(|flags| u16::from_str_radix(flags, 16).ok()).unwrap_or_default();
    let replied = detail(request, "rcode").is_some();
    if replied {
        row.show("rcode", flags & 15);
        row.put("rcode_name", code_name(flags & 15));
    }
    // And these from the reply, if it holds an answer.
    for (column, key) in [("AA", "aa"), ("TC", "tc"), ("RA", "ra")] {
        row.flag(column, flag(request, key) && !answers.0.is_empty());
    }
    if let Some(asked) = asked.filter(|asked| !answers.0.is_empty() && *asked < time) {
        let micros = time.duration_since(asked).as_micros();
        row.show("rtt", format_args!("{}.{:06}", micros / 1_000_000, micros % 1_000_000));
    }
    for record in &answers.0 {
        if let Some(answer) = record.shown() {
            row.put("answers", answer);
            row.put("TTLs", format!("{}.000000", record.ttl));
        }
    }
    // A reply that has nothing but the question.
    let count = |key| number::<u32>(request, key).unwrap_or_default();
    let records = count("answer-count") + count("authority-count") + count("additional-count");
    let is_refused = flags & 15 != 0 && replied && count("question-count") == 0;
    row.flag("rejected", replied && count("question-count") > 0 && records == 0 || is_refused);
    let opcode = flags >> 11 & 15;
    row.show("opcode", opcode);
    row.put("opcode_name", opcode_name(opcode));
    let others = [
        ("auth", ["authority-name", "authority-type", "authority-ttl", "authority"]),
        ("addl", ["additional-name", "additional-type", "additional-ttl", "additional"]),
    ];
    for (column, keys) in others {
        for record in Section::of(request, keys).0 {
            row.maybe(column, record.shown());
        }
    }
    Some(row)
}

/// A time that a detail has in seconds since 1970.
pub(super) fn timestamp(seconds: &str) -> Option<Timestamp> {
    let (seconds, micros) = seconds.split_once('.')?;
    Timestamp::new(seconds.parse().ok()?, micros.parse::<i32>().ok()?.checked_mul(1_000)?).ok()
}

/// The records of one section.
struct Section<'r>(Vec<Record<'r>>);

struct Record<'r> {
    name: &'r str,
    kind: &'r str,
    ttl: &'r str,
    data: &'r str,
}

impl<'r> Section<'r> {
    fn of(request: &'r Request, [name, kind, ttl, data]: [&str; 4]) -> Section<'r> {
        let names = details(request, name).zip(details(request, kind));
        let rest = details(request, ttl).zip(details(request, data));
        let records = names.zip(rest).map(|((name, kind), (ttl, data))| Record { name, kind, ttl, data });
        Section(records.collect())
    }
}

impl Record<'_> {
    /// The record in Zeek's short form; it has none for some types.
    fn shown(&self) -> Option<String> {
        let word = |index: usize| self.data.split(' ').nth(index).unwrap_or_default();
        let name = |index: usize| unquoted(&word(index).to_lowercase());
        Some(match self.kind {
            "A" | "AAAA" | "A6" => self.data.to_owned(),
            "CNAME" | "DNAME" | "NS" | "PTR" => unquoted(&self.data.to_lowercase()),
            "MX" => name(1),
            "SRV" => name(3),
            "SOA" => name(0),
            "LOC" => format!("LOC:  {} {} {}", size(word(9)), size(word(10)), size(word(11))),
            "DNSKEY" => format!("DNSKEY {}", word(2)),
            "DS" => format!("DS {} {}", word(1), word(2)),
            "NSEC" => format!("NSEC {} {}", unquoted(&self.name.to_lowercase()), name(0)),
            "NSEC3" | "NSEC3PARAM" => self.kind.to_owned(),
            "SSHFP" => format!("SSHFP: {}", word(2)),
            "RRSIG" => format!("RRSIG {} {}", type_number(word(0)), name(7)),
            "SPF" | "TXT" => {
                let texts = strings(self.data);
                let texts = texts.iter().map(|(text, bytes)| format!("{} {bytes} {text}", self.kind));
                texts.collect::<Vec<_>>().join(" ")
            }
            "CAA" | "HINFO" | "HTTPS" | "NAPTR" | "NULL" | "SVCB" | "TKEY" | "TSIG" | "WKS" => return None,
            other => format!("<unknown type={}>", type_number(other)),
        })
    }
}

/// A size of a LOC record (RFC 1876 clause 2) as it is on the wire: a digit and a power of ten, of centimetres.
fn size(metres: &str) -> u8 {
    let centimetres = metres.trim_end_matches('m').parse::<f64>().unwrap_or_default() * 100.0;
    if centimetres < 1.0 {
        return 0;
    }
    let power = centimetres.log10().floor();
    (centimetres / 10_f64.powf(power)).round() as u8 * 16 + power as u8
}

/// A name or a text without the quoting of master files (RFC 1035 clause 5.1), as a record has it: `\.` and `\032`.
fn unquoted(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        plain.push_str(before);
        let number = behind.get(..3).and_then(|digits| digits.parse::<u8>().ok());
        match (number, behind.chars().next()) {
            (Some(byte), _) => {
                plain.push_str(&format!("\\x{byte:02x}"));
                rest = behind.get(3..).unwrap_or_default();
            }
            (None, Some(quoted)) => {
                plain.push_str(if quoted == '\\' {
                    "\\\\"
                } else {
                    behind.get(..quoted.len_utf8()).unwrap_or_default()
                });
                rest = behind.get(quoted.len_utf8()..).unwrap_or_default();
            }
            (None, None) => rest = behind,
        }
    }
    plain.push_str(rest);
    plain
}

/// The strings of quoted text, each with the number of its bytes.
fn strings(data: &str) -> Vec<(String, usize)> {
    let mut strings = Vec::new();
    let mut rest = data.chars();
    while rest.by_ref().any(|character| character == '"') {
        let (mut text, mut bytes) = (String::new(), 0);
        while let Some(character) = rest.next().filter(|character| *character != '"') {
            if character != '\\' {
                text.push(character);
                bytes += character.len_utf8();
                continue;
            }
            bytes += 1;
            let mut ahead = rest.clone();
            let digits: String = ahead.by_ref().take(3).collect();
            match digits.parse::<u8>() {
                Ok(byte) if digits.len() == 3 => {
                    text.push_str(&format!("\\x{byte:02x}"));
                    rest = ahead;
                }
                _ => match rest.next() {
                    Some('\\') => text.push_str("\\\\"),
                    Some(quoted) => text.push(quoted),
                    None => {}
                },
            }
        }
        strings.push((text, bytes));
    }
    strings
}

fn class_name(class: u16) -> String {
    let name = match class {
        1 => "C_INTERNET",
        2 => "C_CSNET",
        3 => "C_CHAOS",
        4 => "C_HESOD",
        254 => "C_NONE",
        255 => "C_ANY",
        other => return format!("qclass-{other}"),
    };
    name.to_owned()
}

fn opcode_name(opcode: u16) -> String {
    let name = match opcode {
        0 => "query",
        1 => "iquery",
        2 => "server-status",
        4 => "notify",
        5 => "dynamic-update",
        6 => "dso",
        other => return format!("opcode-{other}"),
    };
    name.to_owned()
}

fn code_name(code: u16) -> &'static str {
    const NAMES: [&str; 16] = [
        "NOERROR",
        "FORMERR",
        "SERVFAIL",
        "NXDOMAIN",
        "NOTIMP",
        "REFUSED",
        "YXDOMAIN",
        "YXRRSET",
        "NXRRSET",
        "NOTAUTH",
        "NOTZONE",
        "unassigned-11",
        "unassigned-12",
        "unassigned-13",
        "unassigned-14",
        "unassigned-15",
    ];
    NAMES.get(usize::from(code)).copied().unwrap_or("NOERROR")
}

/// A type as Zeek names it.
fn type_name(kind: u16) -> String {
    let place = TYPES.binary_search_by_key(&kind, |(number, _)| *number);
    match place.ok().and_then(|place| TYPES.get(place)) {
        Some((_, name)) => (*name).to_owned(),
        None => format!("query-{kind}"),
    }
}

/// The number of a type by its registered name, or of `TYPE4711`.
fn type_number(name: &str) -> u16 {
    let known = TYPES.iter().find(|(_, known)| *known == name).map(|(number, _)| *number);
    known.or_else(|| name.strip_prefix("TYPE")?.parse().ok()).unwrap_or_default()
}

const TYPES: &[(u16, &str)] = &[
    (1, "A"),
    (2, "NS"),
    (3, "MD"),
    (4, "MF"),
    (5, "CNAME"),
    (6, "SOA"),
    (7, "MB"),
    (8, "MG"),
    (9, "MR"),
    (10, "NULL"),
    (11, "WKS"),
    (12, "PTR"),
    (13, "HINFO"),
    (14, "MINFO"),
    (15, "MX"),
    (16, "TXT"),
    (17, "RP"),
    (18, "AFSDB"),
    (19, "X25"),
    (20, "ISDN"),
    (21, "RT"),
    (22, "NSAP"),
    (23, "NSAP-PTR"),
    (24, "SIG"),
    (25, "KEY"),
    (26, "PX"),
    (27, "GPOS"),
    (28, "AAAA"),
    (29, "LOC"),
    (30, "NXT"),
    (31, "EID"),
    (32, "NB"),
    (33, "SRV"),
    (34, "ATMA"),
    (35, "NAPTR"),
    (36, "KX"),
    (37, "CERT"),
    (38, "A6"),
    (39, "DNAME"),
    (40, "SINK"),
    (41, "EDNS"),
    (42, "APL"),
    (43, "DS"),
    (44, "SSHFP"),
    (45, "IPSECKEY"),
    (46, "RRSIG"),
    (47, "NSEC"),
    (48, "DNSKEY"),
    (49, "DHCID"),
    (50, "NSEC3"),
    (51, "NSEC3PARAM"),
    (52, "TLSA"),
    (53, "SMIMEA"),
    (55, "HIP"),
    (56, "NINFO"),
    (57, "RKEY"),
    (58, "TALINK"),
    (59, "CDS"),
    (60, "CDNSKEY"),
    (61, "OPENPGPKEY"),
    (62, "CSYNC"),
    (63, "ZONEMD"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (99, "SPF"),
    (100, "UINFO"),
    (101, "UID"),
    (102, "GID"),
    (103, "UNSPEC"),
    (104, "NID"),
    (105, "L32"),
    (106, "L64"),
    (107, "LP"),
    (108, "EUI48"),
    (109, "EUI64"),
    (249, "TKEY"),
    (250, "TSIG"),
    (251, "IXFR"),
    (252, "AXFR"),
    (253, "MAILB"),
    (254, "MAILA"),
    (255, "*"),
    (256, "URI"),
    (257, "CAA"),
    (32768, "TA"),
    (32769, "DLV"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_is_taken_off() {
        assert_eq!(unquoted("a\\.b.\\\\c\\001"), "a.b.\\\\c\\x01");
        assert_eq!(strings("\"a b\" \"\\\"\\001\""), [("a b".to_owned(), 3), ("\"\\x01".to_owned(), 2)]);
        assert!(TYPES.is_sorted_by_key(|(number, _)| *number));
        assert_eq!((type_name(255).as_str(), type_name(4711).as_str()), ("*", "query-4711"));
        assert_eq!((type_number("TYPE4711"), type_number("DNSKEY")), (4711, 48));
        assert_eq!(size("200m"), 0x24);
    }
}
