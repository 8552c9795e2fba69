//! `dns` in its third version, and `mdns`: each message, with all its records.

use super::event::{Event, Object, Value, detail, number, time};
use crate::figures;
use city::{Details, Request, Text};
use std::net::Ipv6Addr;

/// The events of a request, or of all requests of one message: one of the question, one of the reply.
pub(super) fn events(requests: &[Request]) -> Vec<Event> {
    let Some(first) = requests.first() else { return Vec::new() };
    let details = &first.details;
    let mut events = Vec::new();
    if let Some(asked) = time(details, "asked") {
        let mut body = head("request", details, "question-number", "question-flags");
        body.put("queries", queries(requests, Case::Upper));
        if let Some(extension) = extension(details, ["question-edns-ttl", "question-edns"], Case::Upper) {
            body.put("additionals", vec![extension]);
        }
        let mut event = Event::of("dns", first, body);
        event.time = Some(asked);
        events.push(event);
    }
    if detail(details, "rcode").is_some() {
        let mut body = head("response", details, "reply-number", "flags");
        body.put("queries", queries(requests, Case::Upper));
        for (field, section) in SECTIONS {
            let records = records(details, section);
            put_section(&mut body, field, &records, details, Case::Upper);
            if *field == "answers" && !records.is_empty() {
                body.put("grouped", grouped(&records));
            }
        }
        let mut event = Event::of("dns", first, body);
        event.flow = first.flow.reversed();
        events.push(event);
    }
    events
}

/// The event of a message of multicast DNS, which is always shown from who sent it.
pub(super) fn multicast_event(requests: &[Request]) -> Option<Event> {
    let first = requests.first()?;
    let details = &first.details;
    let is_reply = detail(details, "rcode").is_some();
    let mut body = Object::default();
    body.put("type", if is_reply { "response" } else { "request" });
    if let Some(id) = number(details, "id").filter(|id| *id > 0) {
        body.put("id", id);
    }
    let flags = flags(details, "flags");
    let named: Vec<_> = FLAGS.iter().filter(|(bit, _)| flags & bit != 0 && *bit != QR).collect();
    if !named.is_empty() {
        body.put("flags", named.into_iter().map(|(_, name)| Value::from(*name)).collect::<Vec<_>>());
    }
    let queries = queries(requests, Case::Lower);
    if !queries.is_empty() {
        body.put("queries", queries);
    }
    for (field, section) in SECTIONS {
        put_section(&mut body, field, &records(details, section), details, Case::Lower);
    }
    Some(Event::of("mdns", first, body))
}

/// The sections of a message, as Suricata and as the details name them.
const SECTIONS: &[(&str, &str)] =
    &[("answers", "answer"), ("authorities", "authority"), ("additionals", "additional")];

/// Puts the records of a section. The one that extends the header, wherever it stood, comes last.
fn put_section(
    body: &mut Object,
    field: &'static str,
    records: &[Record<'_>],
    details: &Details,
    case: Case,
) {
    let mut shown: Vec<_> = records.iter().map(|record| Value::Object(record.shown(case))).collect();
    if field == "additionals" {
        shown.extend(extension(details, ["edns-ttl", "edns"], case));
    }
    if !shown.is_empty() {
        body.put(field, shown);
    }
}

/// The record that extends the header (RFC 6891 clause 6.1.2), with its options.
fn extension(details: &Details, [ttl, data]: [&str; 2], case: Case) -> Option<Value> {
    /// The option by which a client shows that it asked before (RFC 7873).
    const COOKIE: u16 = 10;
    let data = detail(details, data)?;
    let mut shown = Object::default();
    shown.put("rrname", "");
    shown.put("rrtype", kind("OPT", case));
    shown.maybe("ttl", number(details, ttl));
    let bytes = super::event::bytes(data.rsplit(' ').next().unwrap_or_default());
    let mut rest = bytes.as_slice();
    let mut options = Vec::new();
    while let Some(([code_high, code_low, length_high, length_low], behind)) = rest.split_first_chunk::<4>()
        && let length = usize::from(u16::from_be_bytes([*length_high, *length_low]))
        && let Some((value, behind)) = behind.split_at_checked(length)
    {
        let code = u16::from_be_bytes([*code_high, *code_low]);
        let mut option = Object::default();
        option.put("code", u64::from(code));
        let digits = || value.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        option.put("data", if code == COOKIE { "(hidden)".to_owned() } else { digits() });
        options.push(Value::Object(option));
        rest = behind;
    }
    if !options.is_empty() {
        shown.put("opt", options);
    }
    Some(Value::Object(shown))
}

const QR: u64 = 0x8000;

/// The flags of a header (RFC 1035 clause 4.1.1).
const FLAGS: &[(u64, &str)] =
    &[(QR, "qr"), (0x0400, "aa"), (0x0200, "tc"), (0x0100, "rd"), (0x0080, "ra"), (0x0040, "z")];

/// How types are written, and whether data have a field named for their type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Lower,
    Upper,
}

fn flags(details: &Details, key: &str) -> u64 {
    detail(details, key).and_then(|flags| u64::from_str_radix(flags, 16).ok()).unwrap_or(0)
}

fn head(kind: &'static str, details: &Details, number_key: &str, flags_key: &str) -> Object {
    let mut body = Object::default();
    body.put("version", 3_u64);
    body.put("type", kind);
    body.number("tx_id", details, number_key);
    body.number("id", details, "id");
    let flags = flags(details, flags_key);
    body.put("flags", format!("{flags:x}"));
    for (bit, name) in FLAGS {
        if flags & bit != 0 {
            body.put(*name, true);
        }
    }
    body.put("opcode", flags >> 11 & 0xf);
    // What a question has in this place says nothing, but is written like a reply's.
    let rcode = if kind == "response" { detail(details, "rcode-name").map(unregistered) } else { None };
    body.put("rcode", rcode.unwrap_or_else(|| "NOERROR".into()));
    body
}

fn queries(requests: &[Request], case: Case) -> Vec<Value> {
    let asked = requests.iter().filter_map(|request| {
        let mut query = Object::default();
        query.put("rrname", name(detail(&request.details, "query")?));
        query.put("rrtype", kind(detail(&request.details, "qtype-name")?, case));
        Some(Value::Object(query))
    });
    asked.collect()
}

/// A name without the dot of the root and without marks within labels, with `\xNN` for a byte that is no character.
fn name(name: &str) -> Text {
    if name == "." {
        return Text::default();
    }
    let mut text = Text::default();
    let mut parts = name.split('\\');
    text.push_str(parts.next().unwrap_or_default());
    while let Some(part) = parts.next() {
        let code = part.get(..3).and_then(|digits| digits.parse::<u8>().ok());
        match (code, part) {
            (Some(code), _) => {
                text.push_str(&format!("\\x{code:02x}"));
                text.push_str(part.get(3..).unwrap_or_default());
            }
            // A backslash was marked by another.
            (None, "") => {
                text.push('\\');
                text.push_str(parts.next().unwrap_or_default());
            }
            (None, part) => text.push_str(part),
        }
    }
    text
}

/// The name of a type; the number of one without.
fn kind(kind: &str, case: Case) -> Text {
    let mut text = unregistered(kind);
    if case == Case::Lower {
        text.make_ascii_lowercase();
    }
    text
}

/// Of a code without a name its number alone.
fn unregistered(code: &str) -> Text {
    let number = code.strip_prefix("TYPE").or_else(|| code.strip_prefix("RCODE"));
    number.filter(|number| number.parse::<u16>().is_ok()).unwrap_or(code).into()
}

/// One record. Each string of a text is a record of its own.
struct Record<'d> {
    name: &'d str,
    kind: &'d str,
    ttl: &'d str,
    data: Text,
}

fn records<'d>(details: &'d Details, section: &str) -> Vec<Record<'d>> {
    let column = |suffix: &str| {
        let key = format!("{section}{suffix}");
        details.iter().filter(move |(known, _)| *known == key).map(|(_, value)| value.as_str())
    };
    let all = column("-name").zip(column("-type")).zip(column("-ttl")).zip(column(""));
    let mut records = Vec::new();
    for (((name, kind), ttl), data) in all {
        let mut push = |data: Text| records.push(Record { name, kind, ttl, data });
        match kind {
            "TXT" | "SPF" => strings(data).into_iter().for_each(|text| push(text.into())),
            _ => push(data.into()),
        }
    }
    records
}

impl Record<'_> {
    fn shown(&self, case: Case) -> Object {
        let mut shown = Object::default();
        shown.put("rrname", name(self.name));
        shown.put("rrtype", kind(self.kind, case));
        shown.maybe("ttl", self.ttl.parse::<u64>().ok());
        let own = self.kind.to_ascii_lowercase();
        match self.data() {
            // What Suricata does not take apart has no data.
            None => {}
            Some(Value::Object(parts)) => shown.put(own, Value::Object(parts)),
            Some(data) if case == Case::Lower => shown.put(own, data),
            Some(data) => shown.put("rdata", data),
        }
        shown
    }

    /// The data, for those types that Suricata takes apart.
    fn data(&self) -> Option<Value> {
        let data = self.data.as_str();
        let mut words = data.split(' ');
        let mut parts = Object::default();
        let mut put = |names: &[&'static str]| {
            for (part, word) in names.iter().zip(words.by_ref()) {
                match word.parse::<u64>() {
                    Ok(number) => parts.put(*part, number),
                    Err(_) => parts.put(*part, name(word)),
                }
            }
        };
        match self.kind {
            "A" | "NULL" | "TXT" => return Some(data.into()),
            "AAAA" => {
                return Some(data.parse::<Ipv6Addr>().map_or_else(|_| data.into(), unabridged));
            }
            "CNAME" | "NS" | "PTR" => return Some(name(data).into()),
            // The preference is left out.
            "MX" => return Some(name(words.nth(1).unwrap_or(data)).into()),
            "SOA" => put(&["mname", "rname", "serial", "refresh", "retry", "expire", "minimum"]),
            "SRV" => put(&["priority", "weight", "port", "name"]),
            "SSHFP" => {
                put(&["algo", "type"]);
                parts.put("fingerprint", super::event::with_colons(words.next().unwrap_or_default()));
                // The two before it stand behind it.
                return Some(Value::Object(parts));
            }
            _ => return None,
        }
        Some(Value::Object(parts))
    }
}

/// All eight groups of an IPv6 address, each with four digits.
fn unabridged(ip: Ipv6Addr) -> Value {
    let mut text = Vec::with_capacity(39);
    figures::unabridged(&mut text, ip);
    String::from_utf8(text).unwrap_or_default().into()
}

/// Data by the type of their records, in the order in which the types come.
fn grouped(records: &[Record<'_>]) -> Object {
    let mut kinds: Vec<&str> = Vec::new();
    for record in records {
        if !kinds.contains(&record.kind) {
            kinds.push(record.kind);
        }
    }
    let mut grouped = Object::default();
    for kind in kinds {
        let data = records.iter().filter(|record| record.kind == kind).filter_map(Record::data);
        let data: Vec<_> = data.collect();
        if !data.is_empty() {
            grouped.put(kind, data);
        }
    }
    grouped
}

/// The strings of quoted text.
fn strings(data: &str) -> Vec<String> {
    let mut strings = Vec::new();
    let mut rest = data.chars();
    while rest.by_ref().any(|character| character == '"') {
        let mut text = String::new();
        while let Some(character) = rest.next().filter(|character| *character != '"') {
            text.push(if character == '\\' { rest.next().unwrap_or('\\') } else { character });
        }
        strings.push(text);
    }
    strings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_taken_apart_where_they_are_quoted() {
        assert_eq!(strings(r#""a b" "c\"d\\""#), ["a b", r#"c"d\"#]);
        assert_eq!(unregistered("TYPE65"), "65");
        assert_eq!(unregistered("TYPES"), "TYPES");
        for (written, shown) in [(".", ""), ("a\\.b.example", "a.b.example"), ("a\\\\b\\255c", "a\\b\\xffc")]
        {
            assert_eq!(name(written), shown);
        }
    }

    #[test]
    fn the_data_of_a_record_are_taken_apart() {
        let record = |kind, data: &str| Record { name: "example", kind, ttl: "60", data: data.into() };
        for (record, json) in [
            (record("A", "192.0.2.7"), r#""rdata":"192.0.2.7""#),
            (record("AAAA", "2001:db8::1"), r#""rdata":"2001:0db8:0000:0000:0000:0000:0000:0001""#),
            (record("MX", "10 mail.example"), r#""rdata":"mail.example""#),
            (
                record("SRV", "0 5 502 plc.example"),
                r#""srv":{"priority":0,"weight":5,"port":502,"name":"plc.example"}"#,
            ),
            (record("SSHFP", "1 2 0aff"), r#""sshfp":{"algo":1,"type":2,"fingerprint":"0a:ff"}"#),
        ] {
            let shown = super::super::event::rendered(&record.shown(Case::Upper));
            assert!(shown.ends_with(&format!(r#""ttl":60,{json}}}"#)), "{shown}");
        }
        let details = vec![
            ("edns-ttl".into(), "32768".into()),
            ("edns".into(), "\\# 15 000c000100000a0006aabbccddeeff".into()),
        ];
        let extension = extension(&details, ["edns-ttl", "edns"], Case::Upper).unwrap();
        assert_eq!(
            super::super::event::rendered(&extension),
            r#"{"rrname":"","rrtype":"OPT","ttl":32768,"opt":[{"code":12,"data":"00"},{"code":10,"data":"(hidden)"}]}"#
        );
        let loc = super::super::event::rendered(&record("LOC", "1 2 3").shown(Case::Upper));
        assert_eq!(loc, r#"{"rrname":"example","rrtype":"LOC","ttl":60}"#);
    }
}
