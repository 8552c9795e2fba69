//! The language in which a conduit says what it allows.
//!
//! ```text
//! allowance = protocol ":" verbs [target] ["on" ports] | ports | "ip" "/" number
//! ports     = ("tcp" | "udp" | "sctp") "/" numbers
//! verbs     = "any" | verb { "," verb }
//! target    = ["unit" number] [kind] [numbers] [name]
//! numbers   = number [".." number]
//! ```
//!
//! One word without numbers is a kind of thing where the protocol numbers its things by kind (Modbus, BACnet) and the
//! word is made of `a-z`, `0-9` and `-`; anywhere else it is a name. In names `*` stands for any text.

use crate::{diagnostic::Code, suggest::Suggestions, value::Fault};
use city::{Allowance, NumberRange, Ports, Protocol, TargetPattern, Transport, Verb, VerbSet};
use std::ops::Range;

/// Reads one allowance, with every mistake in it.
pub(crate) fn parse_allowance(text: &str) -> Result<Allowance, Vec<Fault>> {
    let mut faults = Vec::new();
    let allowance = match (text.find(':'), text.find('/')) {
        // A `/` behind the colon belongs to a name; before it, to ports.
        (Some(colon), slash) if slash.is_none_or(|slash| colon < slash) => {
            parse_requests(text, colon, &mut faults)
        }
        (_, Some(slash)) => parse_ports(text, 0, slash, &mut faults),
        _ => {
            faults.push(no_separator(text));
            None
        }
    };
    match allowance {
        Some(allowance) if faults.is_empty() => Ok(allowance),
        _ if faults.is_empty() => Err(vec![Fault::new(Code::BadAllowance, "this allows nothing")]),
        _ => Err(faults),
    }
}

/// Whether an allowance, shown as text, is read as itself again. A topic or a path may look like something else of the
/// language.
#[must_use]
pub fn can_be_written(allowance: &Allowance) -> bool {
    parse_allowance(&allowance.to_string()).as_ref() == Ok(allowance)
}

fn no_separator(text: &str) -> Fault {
    let word = text.trim();
    let first = word.split_whitespace().next().unwrap_or_default();
    let fault = Fault::new(Code::BadAllowance, "this says neither a protocol's verbs nor a port");
    match first.parse::<Protocol>() {
        Ok(protocol) => fault.help(format!("write `{protocol}: any`, or name verbs: {}", verbs_of(protocol))),
        Err(()) => {
            fault.help("write a protocol and verbs, such as `modbus: read`, or a port, such as `tcp/22`")
        }
    }
}

/// A word and where it stands in the text.
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    start: usize,
}

impl Word<'_> {
    fn range(self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

/// The words of the part of a text from `start` to `end`.
fn words(text: &str, start: usize, end: usize) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut at = start;
    for piece in text.get(start..end).unwrap_or_default().split(char::is_whitespace) {
        if !piece.is_empty() {
            words.push(Word { text: piece, start: at });
        }
        // The separator that ended the piece may be longer than a byte.
        at += piece.len();
        at += text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    }
    words
}

fn trimmed(text: &str, start: usize, end: usize) -> Word<'_> {
    let part = text.get(start..end).unwrap_or_default();
    let lead = part.len() - part.trim_start().len();
    Word { text: part.trim(), start: start + lead }
}

fn parse_requests(text: &str, colon: usize, faults: &mut Vec<Fault>) -> Option<Allowance> {
    let name = trimmed(text, 0, colon);
    let protocol = name.text.parse::<Protocol>().ok();
    if protocol.is_none() {
        let names = Protocol::ALL.iter().map(|p| p.as_str());
        let help = Suggestions::default().did_you_mean(name.text, names).unwrap_or_else(|| {
            let list: Vec<_> = Protocol::ALL.iter().map(|p| p.as_str()).collect();
            format!("the protocols are {}; for others write the port, such as `tcp/4059`", list.join(", "))
        });
        let fault = Fault::new(Code::UnknownWord, format!("Bastide reads no protocol `{}`", name.text));
        faults.push(fault.help(help).within(if name.text.is_empty() { 0..colon + 1 } else { name.range() }));
    }
    let (text, on) = parse_on(text, protocol, faults);
    let (verbs, rest) = parse_verbs(text, colon + 1, protocol, faults);
    let target = parse_target(rest, protocol, faults);
    Some(Allowance::Requests { protocol: protocol?, verbs: verbs?, target: target?, on: on? })
}

/// The verbs, and the words behind them. Verbs are set apart by commas; the word behind the last verb begins the target.
fn parse_verbs<'a>(
    text: &'a str,
    start: usize,
    protocol: Option<Protocol>,
    faults: &mut Vec<Fault>,
) -> (Option<VerbSet>, Vec<Word<'a>>) {
    let mut verbs = VerbSet::EMPTY;
    let mut sound = true;
    let mut at = start;
    loop {
        let comma = text.get(at..).and_then(|rest| rest.find(',')).map(|offset| at + offset);
        let part = words(text, at, comma.unwrap_or(text.len()));
        let Some((first, rest)) = part.split_first() else {
            let place = at.min(text.len().saturating_sub(1))..comma.map_or(text.len(), |comma| comma + 1);
            faults.push(
                Fault::new(Code::BadAllowance, "a verb is missing here")
                    .help(help_verbs(protocol))
                    .within(place),
            );
            sound = false;
            match comma {
                Some(comma) => at = comma + 1,
                None => return (None, Vec::new()),
            }
            continue;
        };
        match verb(*first, protocol) {
            Ok(these) => verbs = verbs.union(these),
            Err(fault) => {
                faults.push(fault);
                sound = false;
            }
        }
        match comma {
            // A comma behind the target can only be part of a name.
            Some(_) if !rest.is_empty() => {
                let all = words(text, first.start + first.text.len(), text.len());
                return (sound.then_some(verbs), all);
            }
            Some(comma) => at = comma + 1,
            None => return (sound.then_some(verbs), rest.to_vec()),
        }
    }
}

fn verb(word: Word<'_>, protocol: Option<Protocol>) -> Result<VerbSet, Fault> {
    if word.text == "any" {
        return Ok(VerbSet::ALL);
    }
    let Ok(verb) = word.text.parse::<Verb>() else {
        let known = Verb::ALL.iter().copied().filter(|v| protocol.is_none_or(|p| p.verbs().contains(*v)));
        let near = Suggestions::default().did_you_mean(word.text, known.map(Verb::as_str).chain(["any"]));
        let fault = Fault::new(Code::UnknownWord, format!("`{}` is not a verb", word.text));
        return Err(fault.help(help_verbs(protocol)).maybe_help(near).within(word.range()));
    };
    match protocol {
        Some(protocol) if !protocol.verbs().contains(verb) => {
            let why = format!("{} has no verb `{verb}`", protocol.title());
            Err(Fault::new(Code::UnknownWord, why).help(help_verbs(Some(protocol))).within(word.range()))
        }
        _ => Ok(VerbSet::of(&[verb])),
    }
}

fn verbs_of(protocol: Protocol) -> String {
    let list: Vec<_> = protocol.verbs().iter().map(Verb::as_str).collect();
    list.join(", ")
}

fn help_verbs(protocol: Option<Protocol>) -> String {
    match protocol {
        Some(protocol) => {
            format!("the verbs of {} are {}; `any` stands for all", protocol.title(), verbs_of(protocol))
        }
        None => {
            let list: Vec<_> = Verb::ALL.into_iter().map(Verb::as_str).collect();
            format!("the verbs are {}; `any` stands for all that a protocol has", list.join(", "))
        }
    }
}

/// Whether the protocol numbers its things by kind, so that a plain word is a kind.
pub(crate) fn has_kinds(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Bacnet | Protocol::Dnp3 | Protocol::Iec104 | Protocol::Modbus)
}

/// `None` if there was a mistake; `Some(None)` if there is no target.
#[expect(clippy::option_option, reason = "a mistake is not the same as nothing said")]
fn parse_target(
    words: Vec<Word<'_>>,
    protocol: Option<Protocol>,
    faults: &mut Vec<Fault>,
) -> Option<Option<TargetPattern>> {
    let mut pattern = TargetPattern::default();
    let mut rest = words.as_slice();
    if rest.is_empty() {
        return Some(None);
    }
    let before = faults.len();
    if let [word, tail @ ..] = rest
        && word.text == "unit"
    {
        rest = tail;
        match tail {
            [number, tail @ ..] if number.text.parse::<u32>().is_ok() => {
                pattern.unit = number.text.parse().ok();
                rest = tail;
            }
            _ => {
                let place = tail.first().map_or_else(|| word.range(), |next| next.range());
                let fault = Fault::new(Code::BadAllowance, "`unit` needs a number behind it");
                faults.push(fault.help("write `unit 1`, or leave `unit` out for all units").within(place));
            }
        }
    }
    if let [word, tail @ ..] = rest {
        let kind_follows = tail.first().is_some_and(|next| looks_like_numbers(next.text));
        let plain = word.text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let is_kind = kind_follows || tail.len() == 1 || (plain && protocol.is_none_or(has_kinds));
        if !looks_like_numbers(word.text) && is_kind {
            pattern.kind = Some(word.text.into());
            rest = tail;
        }
    }
    if let [word, tail @ ..] = rest
        && looks_like_numbers(word.text)
    {
        match parse_numbers(*word, u64::MAX) {
            Ok(numbers) => pattern.numbers = Some(numbers),
            Err(fault) => faults.push(fault),
        }
        rest = tail;
    }
    if let [word, tail @ ..] = rest {
        pattern.name = Some(word.text.into());
        rest = tail;
    }
    if let [first, .., last] | [first @ last] = rest {
        let fault = Fault::new(Code::BadAllowance, "this is one part too many");
        let help = "write unit, kind, numbers and name, in this order; a `*` stands for spaces in a name";
        faults.push(fault.help(help).within(first.start..last.range().end));
    }
    (faults.len() == before).then_some(Some(pattern))
}

/// Whether a word is meant as a number or a range: digits and dots, beginning with a digit.
fn looks_like_numbers(word: &str) -> bool {
    let ends = word.split_once("..").map_or([word, "0"], |(first, last)| [first, last]);
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    word.bytes().next().is_some_and(|b| b.is_ascii_digit()) && ends.into_iter().all(number)
}

fn parse_numbers(word: Word<'_>, most: u64) -> Result<NumberRange, Fault> {
    let (first, last) = word.text.split_once("..").unwrap_or((word.text, word.text));
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number <= most);
    let (Some(first_number), Some(last_number)) = (number(first), number(last)) else {
        let fault = if first.is_empty() || last.is_empty() {
            Fault::new(Code::BadAllowance, "a range needs both its ends").help("write it as `40..60`")
        } else if [first, last].iter().all(|text| text.bytes().all(|b| b.is_ascii_digit())) {
            Fault::new(Code::OutOfRange, format!("numbers here go from 0 to {most}"))
        } else {
            Fault::new(Code::BadAllowance, "this is neither a number nor a range")
                .help("write it as `40..60`")
        };
        return Err(fault.within(word.range()));
    };
    if first_number > last_number {
        let fault = Fault::new(Code::OutOfRange, "the range ends before it begins");
        return Err(fault.help(format!("write `{last}..{first}`")).within(word.range()));
    }
    Ok(NumberRange { first: first_number, last: last_number })
}

/// Takes `on tcp/8088` off the end. `None` if it is wrong; `Some(None)` if nothing was said.
#[expect(clippy::option_option, reason = "a mistake is not the same as nothing said")]
fn parse_on<'a>(
    text: &'a str,
    protocol: Option<Protocol>,
    faults: &mut Vec<Fault>,
) -> (&'a str, Option<Option<Ports>>) {
    let Some(at) = text.rfind(" on ") else { return (text, Some(None)) };
    let (before, after) = text.split_at(at);
    let start = at + " on ".len();
    let carriers = ["tcp", "udp", "sctp"];
    let Some(slash) = after.find('/').filter(|slash| {
        let name = after.get(" on ".len()..*slash).unwrap_or_default();
        carriers.contains(&name.trim())
    }) else {
        // Any other word behind it is part of a name, or a mistake that the target's reader tells of.
        return (text, Some(None));
    };
    if protocol.is_some_and(|protocol| matches!(protocol, Protocol::Arp | Protocol::Icmp)) {
        let fault = Fault::new(Code::BadAllowance, "this protocol has no ports");
        faults.push(fault.help("leave `on …` out").within(at + 1..text.len()));
        return (before, None);
    }
    let Some(Allowance::Ports(ports)) = parse_ports(text, start, at + slash, faults) else {
        return (before, None);
    };
    (before, Some(Some(ports)))
}

/// What the part of a text from `start` on says of ports.
fn parse_ports(text: &str, start: usize, slash: usize, faults: &mut Vec<Fault>) -> Option<Allowance> {
    let name = trimmed(text, start, slash);
    let numbers = trimmed(text, slash + 1, text.len());
    let transport = match name.text {
        "tcp" => Some(Transport::Tcp),
        "udp" => Some(Transport::Udp),
        "sctp" => Some(Transport::Sctp),
        "ip" => None,
        other => {
            let fault = Fault::new(Code::UnknownWord, format!("`{other}` has no ports"));
            let help =
                Suggestions::default().did_you_mean(other, ["tcp", "udp", "sctp"]).unwrap_or_else(|| {
                    "write tcp, udp or sctp before the port, or `ip/` and a protocol's number".into()
                });
            faults.push(fault.help(help).within(if other.is_empty() {
                start..slash + 1
            } else {
                name.range()
            }));
            return None;
        }
    };
    if numbers.text.is_empty() {
        let fault = Fault::new(Code::BadAllowance, "a number is missing behind the `/`");
        faults.push(fault.help("write `tcp/22`, or `tcp/5000..5010`").within(start..text.len()));
        return None;
    }
    let most = if transport.is_some() { u64::from(u16::MAX) } else { u64::from(u8::MAX) };
    let range = match parse_numbers(numbers, most) {
        Ok(range) => range,
        Err(fault) => {
            faults.push(fault);
            return None;
        }
    };
    let Some(transport) = transport else { return parse_packets(range, numbers, faults) };
    Some(Allowance::Ports(Ports { transport, numbers: range }))
}

/// `ip/47`: a number that TCP, UDP, SCTP and ICMP do not have, for they have words of their own.
fn parse_packets(range: NumberRange, word: Word<'_>, faults: &mut Vec<Fault>) -> Option<Allowance> {
    let help = match (range.first, range.last) {
        (6, 6) => "write `tcp/` and the port",
        (17, 17) => "write `udp/` and the port",
        (132, 132) => "write `sctp/` and the port",
        (1 | 58, 1 | 58) => "write `icmp: any`",
        (first, last) if first == last => {
            return Some(Allowance::Packets { number: u8::try_from(first).ok()? });
        }
        _ => "write one number, such as `ip/47` for GRE",
    };
    faults.push(
        Fault::new(Code::BadAllowance, "this is not said by its number").help(help).within(word.range()),
    );
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_as_meant() {
        for (text, canonical) in [
            ("modbus: read", "modbus: read"),
            ("modbus:read,write", "modbus: read, write"),
            (
                "modbus: write, operate holding-register 40..60",
                "modbus: operate, write holding-register 40..60",
            ),
            ("modbus: write unit 3 coil 1", "modbus: write unit 3 coil 1"),
            ("modbus: read unit 3", "modbus: read unit 3"),
            ("modbus: read 40..60", "modbus: read 40..60"),
            (
                "bacnet: write analog-output 40..60 present-value",
                "bacnet: write analog-output 40..60 present-value",
            ),
            ("bacnet: write analog-output present-value", "bacnet: write analog-output present-value"),
            ("mqtt: publish wexcombe/signals/*", "mqtt: publish wexcombe/signals/*"),
            ("mqtt: publish alarms", "mqtt: publish alarms"),
            ("http: read /a,b", "http: read /a,b"),
            ("http: read on tcp/8088", "http: read on tcp/8088"),
            ("modbus: read coil 1..4  on tcp / 1502..1503", "modbus: read coil 1..4 on tcp/1502..1503"),
            ("mqtt: publish on/off", "mqtt: publish on/off"),
            ("dns: any", "dns: any"),
            ("dns: read 2.0.192.in-addr.arpa", "dns: read 2.0.192.in-addr.arpa"),
            ("tcp/22", "tcp/22"),
            (" udp / 5000..5010 ", "udp/5000..5010"),
            ("tcp/7..7", "tcp/7"),
            ("ip/47", "ip/47"),
        ] {
            let allowance = parse_allowance(text).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
            assert_eq!(allowance.to_string(), canonical, "{text}");
            assert_eq!(parse_allowance(canonical), Ok(allowance), "{canonical}");
        }
        let Ok(Allowance::Requests { target: Some(alarms), .. }) = parse_allowance("mqtt: publish alarms")
        else {
            panic!("a plain word is a name where things have no kind");
        };
        assert_eq!((alarms.kind, alarms.name.as_deref()), (None, Some("alarms")));
    }

    #[test]
    fn every_mistake_has_its_place() {
        for (text, expected) in [
            ("modbus: wirte", &[("`wirte` is not a verb", "wirte")][..]),
            ("dns: program", &[("DNS has no verb `program`", "program")]),
            (
                "modbsu: reed",
                &[("Bastide reads no protocol `modbsu`", "modbsu"), ("`reed` is not a verb", "reed")],
            ),
            ("modbus: read coil 60..40", &[("the range ends before it begins", "60..40")]),
            ("modbus: read unit x", &[("`unit` needs a number behind it", "x")]),
            ("modbus: read coil 1.. x", &[("a range needs both its ends", "1..")]),
            ("modbus: read coil 1 a b c", &[("this is one part too many", "b c")]),
            ("modbus:", &[("a verb is missing here", ":")]),
            ("tcp/70000", &[("numbers here go from 0 to 65535", "70000")]),
            ("tpc/22", &[("`tpc` has no ports", "tpc")]),
            ("http: read on tcp/99999", &[("numbers here go from 0 to 65535", "99999")]),
            ("icmp: any on udp/5", &[("this protocol has no ports", "on udp/5")]),
            ("ip/6", &[("this is not said by its number", "6")]),
            (": read", &[("Bastide reads no protocol ``", ":")]),
        ] {
            let faults = parse_allowance(text).unwrap_err();
            let found: Vec<_> = faults
                .iter()
                .map(|fault| {
                    (fault.message.as_str(), fault.within.clone().map_or(Some(text), |range| text.get(range)))
                })
                .collect();
            let expected: Vec<_> = expected.iter().map(|(message, part)| (*message, Some(*part))).collect();
            assert_eq!(found, expected, "{text}");
        }
        for text in [
            "",
            ",",
            "/",
            ":",
            "modbus",
            "é:é",
            "tcp/é..ü",
            "modbus: ,,",
            "a:b/c",
            "mqtt: publish\u{3000}x y z",
        ] {
            assert!(parse_allowance(text).is_err(), "{text}");
        }
    }
}
