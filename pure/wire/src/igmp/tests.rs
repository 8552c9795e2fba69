//! Messages as they come, and as they should not.

use super::parse::parse_message;
use crate::rehearse::{facts_of_frames, hex, identities};
use city::{Observed, Request};
use jiff::SignedDuration;

/// A message with its checksum.
fn message(text: &str) -> Vec<u8> {
    let mut bytes = hex(text);
    let sum: u32 = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
    let sum = !((sum >> 16) + (sum & 0xffff)) as u16;
    bytes[2..4].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// A frame with a message over IPv4 to all, without a header's checksum.
fn frame(said: &[u8]) -> Vec<u8> {
    let length = said.len() + 20;
    let mut bytes = hex(&format!(
        "01005e000001 00005e005310 0800 4500 {length:04x} 0000 0000 0102 0000 c000020a e0000001"
    ));
    bytes.extend(said);
    bytes
}

fn lines(said: &[&str]) -> (Vec<String>, Vec<Observed>) {
    let frames: Vec<Vec<u8>> = said.iter().map(|text| frame(&message(text))).collect();
    let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    let facts = facts_of_frames(&frames, SignedDuration::from_secs(1));
    let line = |fact: &Observed| match fact {
        Observed::Request(request) => {
            let Request { verb, function, target, .. } = request.as_ref();
            Some(format!("{verb} {function} [{target}]"))
        }
        _ => None,
    };
    (facts.iter().filter_map(line).collect(), facts)
}

#[test]
fn who_joins_what_is_told_once() {
    let (told, _) = lines(&[
        "1200 0000 effffffa",
        "1600 0000 effffffa",
        "1700 0000 effffffa",
        "1600 0000 effffffa",
        "2200 0000 0000 0002 04000000 e000170c 03000000 effffffa",
    ]);
    assert_eq!(
        told,
        [
            "subscribe join [group 239.255.255.250]",
            "subscribe leave [group 239.255.255.250]",
            "subscribe join [group 239.255.255.250]",
            "subscribe join [group 224.0.23.12]",
            "subscribe leave [group 239.255.255.250]",
        ]
    );
}

#[test]
fn who_asks_is_a_querier() {
    let (told, facts) = lines(&["1164 0000 00000000", "1164 0000 00000000", "1114 0000 e000170c 02 7d 0000"]);
    assert_eq!(told, ["discover query []", "discover query [group 224.0.23.12]"]);
    assert_eq!(identities(&facts)[0], "192.0.2.10 role multicast querier (IGMP query)");
}

#[test]
fn what_contradicts_itself_is_none() {
    let mut wrong = message("1600 0000 effffffa");
    wrong[3] ^= 1;
    assert_eq!(parse_message(&wrong), None);
    for odd in ["", "1600 0000", "1600 0000 c0000201", "9900 0000 effffffa"] {
        let bytes = if odd.is_empty() { Vec::new() } else { message(odd) };
        assert_eq!(parse_message(&bytes), None, "{odd}");
    }
}
