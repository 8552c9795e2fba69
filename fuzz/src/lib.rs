//! What the targets share: bytes that nobody chose, put where an attacker would put them.

mod targets;

pub use targets::{TARGETS, Target};

use city::Observation;
use jiff::{SignedDuration, Timestamp};
use wire::{Config, Frame, Limits, LinkType, Wire};

/// Ethernet (`LINKTYPE_ETHERNET`).
const ETHERNET: LinkType = LinkType(1);

/// What carries a dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// TCP, without a hole.
    Tcp,
    /// UDP.
    Udp,
}

/// A wire that tells everything and has small bounds, so that they are reached.
#[must_use]
pub fn small_wire() -> Wire {
    let limits = Limits {
        conversations: 64,
        reorder_bytes: 1 << 20,
        message_bytes: 64 << 10,
        pending_bytes: 1 << 20,
        remembered_bytes: 1 << 20,
        unanswered_bytes: 1 << 20,
        fragmented: 32,
        fragment_bytes: 1 << 20,
    };
    let interim = Some(SignedDuration::from_secs(300));
    Wire::new(Config {
        sensor: "fuzz".into(),
        logs: true,
        events: city::Protocol::ALL,
        signs: false,
        seed: 1,
        limits,
        only_whole: false,
        interim,
    })
}

/// Takes a number of at most so many from the front of the input.
fn take(data: &mut &[u8], below: usize) -> usize {
    let Some((first, rest)) = data.split_first() else { return 0 };
    *data = rest;
    usize::from(*first) % below
}

/// Reads the input as frames: a link type and a time step, then each frame with its length before it.
pub fn frames(data: &[u8]) {
    frames_into(data, |_| ());
}

/// Reads the input as [`frames`] does, and hands on what was observed.
pub fn frames_into(mut data: &[u8], mut take_in: impl FnMut(&[Observation])) {
    /// Ethernet, raw IP, Linux cooked, loopback, and numbers that nobody gave out.
    const LINKS: [u16; 8] = [1, 101, 113, 276, 0, 108, 105, 65_535];
    let mut wire = small_wire();
    let mut out = Vec::new();
    let mut time = Timestamp::UNIX_EPOCH;
    let link = LinkType(LINKS.get(take(&mut data, LINKS.len())).copied().unwrap_or_default());
    while let [step, high, low, rest @ ..] = data {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (bytes, behind) = rest.split_at(length);
        // Time runs, and sometimes backwards.
        time = time.checked_add(SignedDuration::from_secs(i64::from(*step) - 8)).unwrap_or(time);
        wire.see(&Frame { time, link, bytes, length: length as u32 }, &mut out);
        take_in(&out);
        out.clear();
        data = behind;
    }
    wire.finish(&mut out);
    take_in(&out);
}

/// Reads the input as a dialogue between a client and the server at a port: each message with its side and length
/// before it.
pub fn dialogue(carrier: Carrier, port: u16, mut data: &[u8]) {
    let mut wire = small_wire();
    let mut out = Vec::new();
    let mut sequence = [1_u32, 1];
    let mut time = Timestamp::UNIX_EPOCH;
    let mut send = |side: usize, flags: u8, payload: &[u8], wire: &mut Wire| {
        let frame = frame(carrier, port, side, flags, sequence, payload);
        let advance = payload.len() as u32 + u32::from(flags & 3 != 0);
        if let Some(next) = sequence.get_mut(side) {
            *next = next.wrapping_add(advance);
        }
        time = time.checked_add(SignedDuration::from_millis(7)).unwrap_or(time);
        wire.see(&Frame { time, link: ETHERNET, bytes: &frame, length: frame.len() as u32 }, &mut out);
        out.clear();
    };
    if carrier == Carrier::Tcp {
        send(0, SYN, &[], &mut wire);
        send(1, SYN | ACK, &[], &mut wire);
    }
    while let [head, low, rest @ ..] = data {
        let length = (usize::from(*head & 7) << 8 | usize::from(*low)).min(rest.len());
        let (message, behind) = rest.split_at(length);
        send(usize::from(head >> 7), ACK, message, &mut wire);
        data = behind;
    }
    if carrier == Carrier::Tcp {
        send(0, ACK | FIN, &[], &mut wire);
        send(1, ACK | FIN, &[], &mut wire);
    }
    wire.finish(&mut out);
}

/// Reads the input as frames of one EtherType between two stations and a group: each with who speaks to whom and its
/// length before it.
pub fn linked(ether_type: u16, mut data: &[u8]) {
    const STATIONS: [[u8; 6]; 3] = [[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2], [1, 0x0e, 0xcf, 0, 0, 0]];
    let mut wire = small_wire();
    let mut out = Vec::new();
    let mut time = Timestamp::UNIX_EPOCH;
    while let [head, low, rest @ ..] = data {
        let length = (usize::from(*head & 7) << 8 | usize::from(*low)).min(rest.len());
        let (payload, behind) = rest.split_at(length);
        let (from, to) = (usize::from(head >> 7), usize::from(head >> 5 & 3) % STATIONS.len());
        let kind = ether_type.to_be_bytes();
        let bytes = [&STATIONS[to][..], &STATIONS[from][..], &kind[..], payload].concat();
        time =
            time.checked_add(SignedDuration::from_millis(i64::from(head >> 3 & 3) * 4_000)).unwrap_or(time);
        wire.see(&Frame { time, link: ETHERNET, bytes: &bytes, length: bytes.len() as u32 }, &mut out);
        out.clear();
        data = behind;
    }
    wire.finish(&mut out);
}

/// Reads the input as TCP segments between two ends, wherever in the stream and with whatever flags: each with its side,
/// flags, place and length before it.
pub fn streams(mut data: &[u8]) {
    /// Ports of protocols with messages of every kind, and one of none.
    const PORTS: [u16; 6] = [502, 1883, 80, 443, 53, 9_999];
    let mut wire = small_wire();
    let mut out = Vec::new();
    let mut time = Timestamp::UNIX_EPOCH;
    let port = PORTS.get(take(&mut data, PORTS.len())).copied().unwrap_or_default();
    while let [head, flags, place, acknowledged, length, rest @ ..] = data {
        let (payload, behind) = rest.split_at(usize::from(*length).min(rest.len()));
        // Places lie close together, across the end of the sequence numbers.
        let near = |place: u8| u32::MAX.wrapping_sub(300).wrapping_add(u32::from(place) * 3);
        let side = usize::from(head >> 7);
        let (mine, other) = (near(*place), near(*acknowledged));
        let sequence = if side == 0 { [mine, other] } else { [other, mine] };
        let frame = frame(Carrier::Tcp, port, side, flags & 0x1f, sequence, payload);
        time = time.checked_add(SignedDuration::from_millis(i64::from(head & 0x7f) * 50)).unwrap_or(time);
        // Some are cut short.
        let cut = if flags & 0x80 == 0 { 0 } else { usize::from(flags >> 5) * 3 };
        let captured = &frame[..frame.len() - cut.min(payload.len())];
        wire.see(&Frame { time, link: ETHERNET, bytes: captured, length: frame.len() as u32 }, &mut out);
        out.clear();
        data = behind;
    }
    wire.finish(&mut out);
}

const FIN: u8 = 1;
const SYN: u8 = 2;
const ACK: u8 = 16;

/// A frame from one side, without checksums: a wrong sum is noted and the packet still read.
fn frame(carrier: Carrier, port: u16, side: usize, flags: u8, sequence: [u32; 2], payload: &[u8]) -> Vec<u8> {
    let (mine, other) = if side == 0 { (10_u8, 20_u8) } else { (20, 10) };
    let (source, destination) = if side == 0 { (50_000, port) } else { (port, 50_000) };
    let [ours, theirs] = if side == 0 { sequence } else { [sequence[1], sequence[0]] };
    let mut segment = [u16::to_be_bytes(source), u16::to_be_bytes(destination)].concat();
    match carrier {
        Carrier::Tcp => {
            segment.extend([ours.to_be_bytes(), theirs.to_be_bytes()].concat());
            segment.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        }
        Carrier::Udp => {
            segment.extend((payload.len() as u16 + 8).to_be_bytes());
            segment.extend([0, 0]);
        }
    }
    segment.extend(payload);
    let mut frame = vec![0x02, 0, 0x5e, 0, 0x53, other, 0x02, 0, 0x5e, 0, 0x53, mine, 8, 0, 0x45, 0];
    frame.extend((segment.len() as u16 + 20).to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, if carrier == Carrier::Tcp { 6 } else { 17 }, 0, 0]);
    frame.extend([192, 0, 2, mine, 192, 0, 2, other]);
    frame.extend(segment);
    frame
}
