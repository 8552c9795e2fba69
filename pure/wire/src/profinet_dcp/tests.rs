//! Frames as they go on the link, and as they should not.

use super::parse_dcp;
use crate::rehearse::{START, config, hex, weaknesses};
use crate::{Frame, LinkType, Wire};
use city::{Observed, Reply, Request};
use jiff::SignedDuration;

const CONTROLLER: &str = "00005e005310";
const STATION: &str = "00005e005320";
const OTHER: &str = "00005e005330";
const ALL: &str = "010ecf000000";

/// A frame: to whom, from whom, frame identifier, service and direction, transaction, blocks.
fn frame(to: &str, from: &str, head: &str, transaction: u32, blocks: &str) -> Vec<u8> {
    let blocks = hex(blocks);
    let mut bytes = hex(&format!("{to}{from}8892{head}{transaction:08x}0001{:04x}", blocks.len()));
    bytes.extend(blocks);
    // Short frames are filled up.
    bytes.resize(bytes.len().max(60), 0);
    bytes
}

/// What is told of frames, a second apart, and at the end.
fn told(frames: &[Vec<u8>]) -> Vec<Observed> {
    let mut wire = Wire::new(config());
    let mut out = Vec::new();
    for (number, bytes) in frames.iter().enumerate() {
        let time = START + SignedDuration::from_secs(number as i64);
        wire.see(&Frame { time, link: LinkType(1), bytes, length: bytes.len() as u32 }, &mut out);
    }
    wire.finish(&mut out);
    out.into_iter().map(|observation| observation.fact).collect()
}

fn lines(facts: &[Observed]) -> Vec<String> {
    let line = |request: &Request| {
        let why = if let Reply::Refused(why) = &request.reply { why.as_str() } else { "" };
        let Request { flow, verb, function, target, value, reply, .. } = request;
        let value = value.as_deref().unwrap_or("-");
        format!(
            "{}>{} {verb} {function} [{target}] {value} {} {why}",
            flow.source,
            flow.destination,
            reply.as_str()
        )
        .trim_end()
        .replace("00:00:5e:00:53:", "")
        .replace("01:0e:cf:00:00:00", "all")
    };
    facts
        .iter()
        .filter_map(|fact| match fact {
            Observed::Request(request) => Some(line(request)),
            _ => None,
        })
        .collect()
}

fn identities(facts: &[Observed]) -> Vec<String> {
    facts
        .iter()
        .filter_map(|fact| match fact {
            Observed::Identity(identity) => {
                let about = identity.about.as_str();
                Some(format!("{} {about} {} ({})", identity.address, identity.value, identity.witness.field))
            }
            Observed::Binding(binding) => Some(format!("{} is {}", binding.address, binding.mac)),
            _ => None,
        })
        .collect()
}

/// Who answers an identify: type, name, maker and device, role, address.
const SELF: &str = "0201 0009 0000 5065726d6165 20 00 0202 0008 0000 70756d702d37 0203 0006 0000 002a 010e \
    0204 0004 0000 0100 0102 000e 0001 c0000220 ffffff00 c0000201";

#[test]
fn stations_that_are_looked_for_say_who_they_are() {
    let facts = told(&[
        frame(ALL, CONTROLLER, "fefe0500", 1, "ffff 0000"),
        frame(CONTROLLER, STATION, "feff0501", 1, SELF),
        frame(
            CONTROLLER,
            OTHER,
            "feff0501",
            1,
            "0202 0005 0000 667572 00 0102 000e 0000 00000000 00000000 00000000",
        ),
        frame(ALL, CONTROLLER, "fefe0500", 2, "ffff 0000"),
        frame(CONTROLLER, STATION, "feff0501", 2, SELF),
        frame(ALL, CONTROLLER, "fefe0500", 3, "0202 0006 70756d702d38"),
    ]);
    assert_eq!(
        lines(&facts),
        ["10>all discover identify [all] - done", "10>all discover identify [station pump-8] - missing"]
    );
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.32 product Permae (type-of-station)",
            "192.0.2.32 name pump-7 (name-of-station)",
            "192.0.2.32 vendor Siemens (vendor-id)",
            "192.0.2.32 product PROFINET device 0x010e (device)",
            "192.0.2.32 role IO device (device-role)",
            "192.0.2.32 is 00:00:5e:00:53:20",
            "00:00:5e:00:53:30 name fur (name-of-station)",
        ]
    );
    assert!(weaknesses(&facts).is_empty());
}

#[test]
fn what_is_set_is_told_with_its_outcome() {
    let ip = "0102 000e 0001 c0000220 ffffff00 c0000201";
    let name = "0202 0008 0001 70756d702d37";
    let facts = told(&[
        frame(STATION, CONTROLLER, "fefd0400", 7, &format!("0501 0002 0000 {name} {ip} 0502 0002 0000")),
        frame(CONTROLLER, STATION, "fefd0401", 7, "0504 0003 0202 00 00 0504 0003 0102 05 00"),
        frame(STATION, CONTROLLER, "fefd0400", 8, "0503 0004 0000 0100"),
        frame(CONTROLLER, STATION, "fefd0401", 8, "0504 0003 0503 00 00"),
        frame(STATION, CONTROLLER, "fefd0400", 9, "0506 0002 0004"),
        frame(CONTROLLER, STATION, "fefd0405", 9, ""),
        frame(STATION, CONTROLLER, "fefd0300", 10, "0202 0102"),
        frame(CONTROLLER, STATION, "fefd0301", 10, "0202 0008 0000 70756d702d37"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "10>20 configure set [name-of-station] pump-7 done",
            "10>20 configure set [ip-parameter] 192.0.2.32 mask 255.255.255.0 gateway 192.0.2.1 refused \
             not-possible-by-local-reasons",
            "10>20 operate signal [] - done",
            "10>20 restart reset-to-factory [] - refused not-supported",
            "10>20 discover get [name-of-station,ip-parameter] - done",
        ]
    );
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses.len(), 1);
    assert_eq!(weaknesses[0].address.to_string(), "00:00:5e:00:53:20");
    assert_eq!(weaknesses[0].detail, "set obeyed; PROFINET DCP cannot prove who asks");
}

#[test]
fn a_station_that_greets_is_heard_and_cyclic_data_are_not() {
    let hello =
        frame("010ecf000001", STATION, "fefc0600", 1, "0202 0008 0000 70756d702d37 0601 0004 0000 0001");
    let cyclic = hex(&format!("{STATION}{CONTROLLER}88928000{}000135 00", "80".repeat(40)));
    let facts = told(&[hello.clone(), hello, cyclic]);
    assert_eq!(lines(&facts), ["20>01:0e:cf:00:00:01 publish hello [] - not-expected"]);
    assert_eq!(identities(&facts), ["00:00:5e:00:53:20 name pump-7 (name-of-station)"]);
    assert!(facts.iter().any(|fact| matches!(fact, Observed::Conversation(_))));
}

#[test]
fn what_is_cut_or_odd_is_no_message() {
    let whole = &frame(STATION, CONTROLLER, "fefd0400", 7, "0202 0008 0001 70756d702d37")[14..];
    assert!(parse_dcp(whole).is_some());
    for length in 0..24 {
        assert!(parse_dcp(&whole[..length]).is_none(), "{length}");
    }
    for head in ["fefd0500", "fefe0300", "fefc0500", "fefd0402", "80000400", "feff0500"] {
        assert!(parse_dcp(&frame(STATION, CONTROLLER, head, 7, "")[14..]).is_none(), "{head}");
    }
    // A block longer than there is.
    let odd = frame(STATION, CONTROLLER, "fefd0400", 7, "0202 0020 0001");
    assert!(parse_dcp(&odd[14..]).is_some_and(|message| message.blocks().next().is_none()));
}

#[test]
fn a_flood_takes_bounded_room() {
    let mut stations = super::Stations::default();
    let (config, mut out) = (config(), Vec::new());
    for number in 0..10_000_u32 {
        let [_, _, a, b] = number.to_be_bytes();
        let source = city::Mac([2, 0, 0, 0, a, b]);
        let destination = city::Mac([0, 0, 0x5e, 0, 0x53, 0x20]);
        let seen = super::Seen { config: &config, time: START, source, destination };
        let said = [
            frame(STATION, CONTROLLER, "fefd0400", number, "0202 0008 0001 70756d702d37"),
            frame(CONTROLLER, STATION, "feff0501", number, SELF),
        ];
        for bytes in &said {
            stations.see(&parse_dcp(&bytes[14..]).unwrap(), &seen, &mut out);
        }
        out.clear();
    }
    assert!(stations.remembered() < 30_000);
}
