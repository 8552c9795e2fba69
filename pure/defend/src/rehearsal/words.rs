//! The answer in words, and the ids of its lines.

use super::{
    Answer, End, Line, Refusal, Stand,
    lines::{Gathered, Key, conduits_between, has_ports},
};
use city::{Allowance, Text, Transport};
use jiff::{SignedDuration, Timestamp};
use plan::Plan;

/// A line's id: made of what makes the line, so that it is the same in every rehearsal (FNV-1a, 40 bits).
pub(super) fn id(key: &Key, is_open: bool) -> Text {
    let words = format!(
        "{:?}|{}|{}|{}|{}|{}|{}",
        key.refusal,
        key.from.words(),
        key.to.words(),
        key.transport,
        key.port,
        key.protocol.map_or("", |protocol| protocol.as_str()),
        key.verb.map_or("", |verb| verb.as_str()),
    );
    let hash = words.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let letter = match (is_open, key.refusal) {
        (true, _) => 'n',
        (false, Refusal::Port) => 'r',
        (false, Refusal::Protocol | Refusal::Verb) => 'w',
    };
    format!("{letter}{:010x}", hash >> 24).into()
}

/// Why a line is refused, or would be a finding.
pub(super) fn why(plan: &Plan, key: &Key, line: &Gathered, from: &End, to: &End) -> Text {
    let conduits = conduits_between(plan, from, to);
    let names: Vec<String> = conduits.iter().map(|conduit| format!("`{}`", conduit.id)).collect();
    let names = names.join(", ");
    let nowhere = [from, to].into_iter().find(|end| end.zone.is_none());
    let allows = |protocol| {
        let mut allowances = conduits.iter().flat_map(|conduit| &conduit.allow);
        allowances
            .any(|allowance| matches!(allowance, Allowance::Requests { protocol: p, .. } if *p == protocol))
    };
    let text = match (key.refusal, key.protocol) {
        (Refusal::Port, _) => {
            let elsewhere = line.protocols.keys().find(|protocol| allows(**protocol));
            match (nowhere, elsewhere) {
                (Some(end), _) => format!("{} is in no zone, and no conduit can lead there", end.name),
                (None, Some(protocol)) => {
                    let ports: Vec<String> = protocol
                        .usual_ports()
                        .iter()
                        .map(|(transport, port)| format!("{transport}/{port}"))
                        .collect();
                    let known = match ports.as_slice() {
                        [] => "has no port by which a firewall could know it".to_owned(),
                        ports => format!("which a firewall knows by port {}", ports.join(", ")),
                    };
                    format!("{names} allows {}, {known}; this is {}", protocol.title(), carrier(key))
                }
                (None, None) if conduits.is_empty() => {
                    format!("no conduit leads from {} to {}", from.zone_name, to.zone_name)
                }
                (None, None) => format!("{names} does not open {}", carrier(key)),
            }
        }
        (Refusal::Protocol, Some(protocol)) => {
            format!("{} is open in {names}, but not for {}", carrier(key), protocol.title())
        }
        (Refusal::Protocol, None) => {
            format!("{} is open in {names}, but what was said there was not recognised", carrier(key))
        }
        (Refusal::Verb, _) => {
            let verb = key.verb.map_or("", |verb| verb.as_str());
            let protocol = key.protocol.map_or("", |protocol| protocol.title());
            format!("{names} allows {protocol}, but not to {verb} this")
        }
    };
    text.into()
}

/// Why a line is newly possible.
pub(super) fn opened(now: Option<Stand>) -> Text {
    Text::const_new(match now {
        Some(Stand::Refused) => "the plan of now does not open it",
        _ => "the plan of now does not allow it",
    })
}

fn carrier(key: &Key) -> String {
    match key.transport {
        transport if has_ports(transport) => format!("{transport}/{}", key.port),
        Transport::Ip(number) => format!("ip/{number}"),
        transport => transport.to_string(),
    }
}

/// The answer in a sentence that needs no knowledge of networks.
pub(super) fn headline(answer: &Answer) -> String {
    let Some(span) = answer.reach.first.zip(answer.reach.last) else {
        return "Nothing is recorded, so nothing can be said of what would stop.".to_owned();
    };
    let span = lasting(span);
    let count = |lines: &[Line], is_change| {
        lines.iter().filter(|line| line.ran && line.is_change() == is_change).count()
    };
    let (refused, found) = (count(&answer.refused, true), count(&answer.watched, true));
    let outside = count(&answer.refused, false);
    let never = match answer.unused().count() {
        0 => "every allowance was used".to_owned(),
        unused => format!("{} never used", were(unused, "allowance")),
    };
    let found = match found {
        0 => String::new(),
        1 => " 1 more thing that the new plan does not allow would be found, not stopped.".to_owned(),
        n => format!(" {n} more things that the new plan does not allow would be found, not stopped."),
    };
    let names: Vec<&str> =
        answer.services.iter().filter(|service| service.refused > 0).map(|s| s.name.as_str()).collect();
    let who = match names.as_slice() {
        [] => "No service would notice, but ".to_owned(),
        [name] => format!("1 service would notice: {name}. "),
        names => {
            let shown = names.get(..4).unwrap_or(names).join(", ");
            let more = names.len().saturating_sub(4);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{} services would notice: {shown}{more}. ", names.len())
        }
    };
    let ran = match (refused, outside) {
        (0, 0) => format!("Nothing that ran in the {span} on record would stop, and {never}."),
        (0, outside) => format!(
            "Nothing that the plan of now allows would stop. {} that ran outside it in the {span} on record would be \
             refused; {never}.",
            counted(outside, "path")
        ),
        (refused, 0) => {
            format!(
                "{who}{} that ran in the {span} on record would be refused; {never}.",
                counted(refused, "path")
            )
        }
        (refused, outside) => format!(
            "{who}{} that ran in the {span} on record would be refused, and {outside} that the plan of now does not \
             allow either; {never}.",
            counted(refused, "path")
        ),
    };
    // What was not judged may be what would stop.
    let unjudged = match answer.reach.left_out {
        0 => String::new(),
        records => format!(" {records} records were not judged."),
    };
    ran + &found + &unjudged
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn were(count: usize, what: &str) -> String {
    format!("{} {}", counted(count, what), if count == 1 { "was" } else { "were" })
}

/// How long it is from one time to another, in words.
fn lasting((first, last): (Timestamp, Timestamp)) -> String {
    let length: SignedDuration = last.duration_since(first);
    let counted = |count: i64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let rounded = |unit: i64| (length.as_secs() + unit / 2) / unit;
    match length.as_secs() {
        172_800.. => counted(rounded(86_400), "day"),
        7_200.. => counted(rounded(3_600), "hour"),
        120.. => counted(rounded(60), "minute"),
        seconds => counted(seconds, "second"),
    }
}
