//! The kinds of hostile traffic, each as large as it is asked for, made frame by frame.

use flate2::{Compression, write::GzEncoder};
use std::{
    io::{self, Write},
    net::Ipv4Addr,
};

/// A kind of hostile traffic.
pub struct Kind {
    pub name: &'static str,
    /// What so many of are made, and how many of them are a thorough trial.
    pub about: &'static str,
    pub full: u64,
    /// How many of them fill every table that they can, in a short trial.
    pub short: u64,
    make: fn(u64, &mut Traffic<'_>) -> io::Result<()>,
}

/// Every kind.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "syn-flood",
        about: "forged sources, one SYN each",
        full: 10_000_000,
        short: 220_000,
        make: syn_flood,
    },
    Kind {
        name: "half-open",
        about: "streams that begin a message and go silent",
        full: 1_000_000,
        short: 55_000,
        make: half_open,
    },
    Kind {
        name: "gaps",
        about: "segments behind a gap that never closes",
        full: 2_000_000,
        short: 60_000,
        make: gaps,
    },
    Kind {
        name: "fragments",
        about: "fragments of datagrams that are never whole",
        full: 5_000_000,
        short: 40_000,
        make: fragments,
    },
    Kind { name: "bombs", about: "gzip bodies of 10 MB of zeros", full: 500, short: 100, make: bombs },
    Kind {
        name: "bacnet-lies",
        about: "BACnet datagrams and values that claim 65,535 bytes",
        full: 5_000_000,
        short: 30_000,
        make: bacnet_lies,
    },
    Kind {
        name: "deep-ber",
        about: "LDAP and SNMP messages nested 10,000 deep",
        full: 20_000,
        short: 60,
        make: deep_ber,
    },
    Kind {
        name: "mqtt-lies",
        about: "MQTT segments of messages that claim 256 MB",
        full: 2_000_000,
        short: 50_000,
        make: mqtt_lies,
    },
    Kind {
        name: "tunnels",
        about: "tunnels in tunnels, each with a conversation",
        full: 2_000_000,
        short: 60_000,
        make: tunnels,
    },
    Kind {
        name: "names",
        about: "DNS questions from forged sources for names that do not exist",
        full: 5_000_000,
        short: 60_000,
        make: names,
    },
    Kind {
        name: "questions",
        about: "DNS questions, a hundred in each conversation, that nobody answers",
        full: 10_000_000,
        short: 120_000,
        make: questions,
    },
    Kind {
        name: "neighbours",
        about: "ARP claims and questions by forged stations",
        full: 5_000_000,
        short: 50_000,
        make: neighbours,
    },
];

/// Writes so much of a kind as a capture.
pub fn write(kind: &Kind, count: u64, out: &mut dyn Write) -> io::Result<()> {
    // pcap with nanoseconds, Ethernet.
    for field in [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 262_144, 1] {
        out.write_all(&field.to_le_bytes())?;
    }
    (kind.make)(count, &mut Traffic { out, time: 1_767_225_600_000_000_000 })
}

/// The victim, and a server that answers.
const VICTIM: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 20);
const SYN: u8 = 2;
const PUSH: u8 = 0x18;

struct Traffic<'o> {
    out: &'o mut dyn Write,
    /// Nanoseconds since 1970.
    time: u64,
}

impl Traffic<'_> {
    /// A frame, so many nanoseconds behind the one before.
    fn frame(&mut self, kind: u16, payload: &[u8], after: u64) -> io::Result<()> {
        self.time += after;
        let length = 14 + payload.len() as u32;
        let (seconds, rest) = ((self.time / 1_000_000_000) as u32, (self.time % 1_000_000_000) as u32);
        for field in [seconds, rest, length, length] {
            self.out.write_all(&field.to_le_bytes())?;
        }
        self.out.write_all(&[0, 0, 0x5e, 0, 0x53, 1, 0, 0, 0x5e, 0, 0x53, 2])?;
        self.out.write_all(&kind.to_be_bytes())?;
        self.out.write_all(payload)
    }

    fn ip(&mut self, packet: &[u8], after: u64) -> io::Result<()> {
        self.frame(0x0800, packet, after)
    }
}

/// One end of a stream, as the packets of it need it.
#[derive(Clone, Copy)]
struct End {
    address: Ipv4Addr,
    port: u16,
}

/// The number of an address that could be anybody's, the same for the same number (Knuth's multiplicative hash).
fn forged(number: u64) -> Ipv4Addr {
    let bits = (number as u32).wrapping_mul(2_654_435_761);
    // Neither group nor loopback addresses: those are nobody's.
    Ipv4Addr::from_bits(0x0100_0000 + bits % 0x5e00_0000)
}

fn sum(bytes: &[u8], begin: u32) -> u16 {
    let words = bytes.chunks(2).map(|pair| match pair {
        [high, low] => u32::from(u16::from_be_bytes([*high, *low])),
        [high, ..] => u32::from(*high) << 8,
        [] => 0,
    });
    let mut sum = words.sum::<u32>() + begin;
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// An IPv4 packet (RFC 791): `fragment` is the field of flags and offset.
fn packet(from: Ipv4Addr, to: Ipv4Addr, protocol: u8, number: u16, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let length = (20 + payload.len()) as u16;
    let mut header = vec![0x45, 0];
    header.extend(length.to_be_bytes());
    header.extend(number.to_be_bytes());
    header.extend(fragment.to_be_bytes());
    header.extend([64, protocol, 0, 0]);
    header.extend(from.octets());
    header.extend(to.octets());
    let sum = sum(&header, 0).to_be_bytes();
    header.splice(10..12, sum);
    header.extend(payload);
    header
}

fn udp(from: End, to: End, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + payload.len());
    for field in [from.port, to.port, (8 + payload.len()) as u16, 0] {
        bytes.extend(field.to_be_bytes());
    }
    bytes.extend(payload);
    packet(from.address, to.address, 17, 0, 0, &bytes)
}

fn tcp(from: End, to: End, flags: u8, sequence: u32, acknowledged: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(20 + payload.len());
    bytes.extend(from.port.to_be_bytes());
    bytes.extend(to.port.to_be_bytes());
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(acknowledged.to_be_bytes());
    bytes.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    bytes.extend(payload);
    let mut pseudo = 6 + bytes.len() as u32;
    for [a, b, c, d] in [from.address.octets(), to.address.octets()] {
        pseudo += u32::from(u16::from_be_bytes([a, b])) + u32::from(u16::from_be_bytes([c, d]));
    }
    let sum = sum(&bytes, pseudo).to_be_bytes();
    bytes.splice(16..18, sum);
    packet(from.address, to.address, 6, 0, 0, &bytes)
}

/// A stream of which both ends are heard.
struct Stream {
    client: End,
    server: End,
    /// Bytes said by each.
    said: [u32; 2],
}

impl Stream {
    fn open(number: u64, port: u16, traffic: &mut Traffic<'_>, after: u64) -> io::Result<Stream> {
        let client = End { address: forged(number), port: 1_024 + (number % 60_000) as u16 };
        let server = End { address: VICTIM, port };
        traffic.ip(&tcp(client, server, SYN, 0, 0, b""), after)?;
        traffic.ip(&tcp(server, client, SYN | 0x10, 0, 1, b""), after)?;
        traffic.ip(&tcp(client, server, 0x10, 1, 1, b""), after)?;
        Ok(Stream { client, server, said: [0, 0] })
    }

    /// Says something, in segments.
    fn say(
        &mut self,
        by_client: bool,
        bytes: &[u8],
        traffic: &mut Traffic<'_>,
        after: u64,
    ) -> io::Result<()> {
        let [client, server] = self.said;
        let (from, to, mut said, heard) = if by_client {
            (self.client, self.server, client, server)
        } else {
            (self.server, self.client, server, client)
        };
        for piece in bytes.chunks(1_400) {
            traffic.ip(&tcp(from, to, PUSH, 1 + said, 1 + heard, piece), after)?;
            said = said.wrapping_add(piece.len() as u32);
        }
        self.said = if by_client { [said, heard] } else { [heard, said] };
        Ok(())
    }
}

fn syn_flood(count: u64, traffic: &mut Traffic<'_>) -> io::Result<()> {
    let victim = End { address: VICTIM, port: 443 };
    for number in 0..count {
        let source = End { address: forged(number), port: 1_024 + (number / 7 % 60_000) as u16 };
        traffic.ip(&tcp(source, victim, SYN, number as u32, 0, b""), 5_000)?;
    }
    Ok(())
}

/// Beginnings of messages, each of which asks to be held until it is whole.
fn beginnings() -> Vec<(u16, Vec<u8>)> {
    let filled = |start: &[u8], length: usize| {
        let mut bytes = start.to_vec();
        bytes.resize(length, b'x');
        bytes
    };
    vec![
        (80, filled(b"POST /a HTTP/1.1\r\nHost: a.example\r\nCookie: ", 1_300)),
        // TLS: a record of 16,384 bytes with a ClientHello.
        (443, filled(&[0x16, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc, 3, 3], 1_300)),
        // MQTT: CONNECT.
        (
            1_883,
            filled(
                &[0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0x04, 0],
                1_300,
            ),
        ),
        // LDAP: a bind whose length takes four bytes.
        (389, filled(&[0x30, 0x84, 0, 0, 0xff, 0xff, 2, 1, 1, 0x60, 0x84, 0, 0, 0xff, 0xf0, 2, 1, 3], 1_300)),
        // Modbus: a write of many registers, cut short.
        (502, filled(&[0, 1, 0, 0, 0, 0xfd, 1, 16, 0, 0, 0, 0x7b, 0xf6], 200)),
        // DNP3: a frame of 255, cut short.
        (20_000, vec![0x05, 0x64, 0xff, 0xc4, 1, 0, 2, 0]),
    ]
}

fn half_open(count: u64, traffic: &mut Traffic<'_>) -> io::Result<()> {
    let beginnings = beginnings();
    for (number, (port, bytes)) in (0..count).zip(beginnings.iter().cycle()) {
        Stream::open(number, *port, traffic, 5_000)?.say(true, bytes, traffic, 5_000)?;
    }
    Ok(())
}

fn gaps(count: u64, traffic: &mut Traffic<'_>) -> io::Result<()> {
    let piece = [0x5a; 1_400];
    let mut streams = Vec::new();
    for number in 0..count {
        let at = (number % 5_000) as usize;
        if at == streams.len() {
            streams.push(Stream::open(number, 502, traffic, 5_000)?);
        }
        let Some(stream) = streams.get_mut(at) else { continue };
        // The first byte never comes; nor does every other segment.
        let behind = 2 + 2_800 * (number / 5_000) as u32;
        traffic.ip(&tcp(stream.client, stream.server, PUSH, behind, 1, &piece), 5_000)?;
        stream.said = [behind, 0];
    }
    Ok(())
}

fn fragments(count: u64, traffic: &mut Traffic<'_>) -> io::Result<()> {
    let piece = [0x5a; 1_480];
    const MORE: u16 = 0x2000;
    for number in 0..count {
        // In turn: a large first part, a small one, and parts of one datagram that never ends.
        let (source, size, offset) = match number % 4 {
            0 => (forged(number), 1_480, 0),
            1 => (forged(number), 8, 0),
            2 => (forged(number), 8, (number / 4 % 8_000) as u16),
            _ => (forged(7), 8, (number / 4 * 2 % 8_000) as u16),
        };
        let payload = piece.get(..size).unwrap_or_default();
        let id = if number % 4 == 3 { 7 } else { number as u16 };
        traffic.ip(&packet(source, VICTIM, 17, id, MORE | offset, payload), 5_000)?;
    }
    Ok(())
}

fn bombs(count: u64, traffic: &mut Traffic<'_>) -> io::Result<()> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = [0; 65_536];
    for _ in 0..160 {
        packed.write_all(&zeros)?;
    }
    let packed = packed.finish()?;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        packed.len()
    );
    let mut stream = None;
    for number in 0..count {
        // A hundred in one stream, then another.
        if number % 100 == 0 {
            stream = None;
        }
        let stream = match &mut stream {
            Some(stream) => stream,
            none => none.insert(Stream::open(number, 80, traffic, 5_000)?),
        };
        let ask = b"GET /big HTTP/1.1\r\nHost: a.example\r\nAccept-Encoding: gzip\r\n\r\n";
        stream.say(true, ask, traffic, 5_000)?;
        stream.say(false, head.as_bytes(), traffic, 5_000)?;
        stream.say(false, &packed, traffic, 5_000)?;
    }
    Ok(())
}

fn bacnet_lies(count: u64, traffic: &mut Traffic<'_>) -> io::Result<()> {
    for number in 0..count {
        let low = number as u8;
        // BVLC original unicast (ASHRAE 135 annex J), NPDU, and an APDU that lies in one of several ways.
        let apdu: Vec<u8> = match number % 5 {
            // A ReadProperty acknowledgement whose value is text of 65,535 bytes.
            0 => vec![0x30, low, 12, 0x0c, 0, 0, 0, 1, 0x19, 77, 0x3e, 0x75, 0xfe, 0xff, 0xff, 0, b'a'],
            // The same, of 4 GB.
            1 => vec![0x30, low, 12, 0x0c, 0, 0, 0, 1, 0x19, 77, 0x3e, 0x75, 0xff, 0xff, 0xff, 0xff, 0xff, 0],
            // A segment, of a message of which the others never come.
            2 => vec![0x3c, low, (number >> 8) as u8, 16, 14, 0x0c, 0, 0, 0, 1, 0x1e, 0x29, 77, 0x4e],
            // Openings within openings.
            3 => [&[0x30, low, 14][..], &[0x1e; 1_200]].concat(),
            // A request with an object list of 65,535 entries.
            _ => vec![0, 5, low, 14, 0x0c, 2, 0xff, 0xff, 0xff, 0x1e, 0x09, 76, 0x1d, 0xfe, 0xff, 0xff],
        };
        let bytes = [&[0x81, 0x0a, 0xff, 0xff, 1, if number % 5 == 4 { 4 } else { 0 }][..], &apdu].concat();
        let from = End { address: forged(number / 50), port: 47_808 };
        traffic.ip(&udp(from, End { address: VICTIM, port: 47_808 }, &bytes), 5_000)?;
    }
    Ok(())
}

fn deep_ber(count: u64, traffic: &mut Traffic<'_>) -> io::Result<()> {
    // From the inside out, each with the right length, as long as a datagram can be.
    let mut nested: Vec<u8> = Vec::new();
    let mut lengths = 0_usize;
    while lengths < 60_000 {
        let head = match lengths {
            0..0x80 => vec![lengths as u8, 0x30],
            0x80..0x100 => vec![lengths as u8, 0x81, 0x30],
            _ => vec![lengths as u8, (lengths >> 8) as u8, 0x82, 0x30],
        };
        lengths += head.len();
        nested.extend(head);
    }
    nested.reverse();
    // LDAP (RFC 4511): a search, and the nest where its filter belongs.
    let body = [
        &[0x02, 1, 1, 0x63, 0x83, 0, 0xea, 0x80, 4, 0, 10, 1, 2, 10, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0][..],
        &nested,
    ]
    .concat();
    let ldap = [&[0x30, 0x83][..], &(body.len() as u32).to_be_bytes()[1..], &body].concat();
    let and = ldap.iter().map(|byte| if *byte == 0x30 { 0xa0 } else { *byte }).skip(1);
    let filters: Vec<u8> = std::iter::once(0x30).chain(and).collect();
    for number in 0..count {
        match number % 3 {
            0 => Stream::open(number, 389, traffic, 5_000)?.say(true, &ldap, traffic, 5_000)?,
            1 => Stream::open(number, 389, traffic, 5_000)?.say(true, &filters, traffic, 5_000)?,
            _ => {
                // SNMP in fragments of one datagram.
                let from = End { address: forged(number), port: 50_000 };
                let to = End { address: VICTIM, port: 161 };
                let whole = udp(from, to, &nested);
                let datagram = whole.get(20..).unwrap_or_default();
                let last = datagram.len().div_ceil(1_480) - 1;
                for (at, piece) in datagram.chunks(1_480).enumerate() {
                    let more = if at == last { 0 } else { 0x2000 };
                    let field = more | (at * 185) as u16;
                    let part = packet(from.address, to.address, 17, number as u16, field, piece);
                    traffic.ip(&part, 5_000)?;
                }
            }
        }
    }
    Ok(())
}

fn mqtt_lies(count: u64, traffic: &mut Traffic<'_>) -> io::Result<()> {
    let connect = [0x10, 16, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 4, b'p', b'u', b'm', b'p'];
    // PUBLISH with the longest remaining length there is, and its topic.
    let publish = [&[0x30, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff][..], &[b't'; 1_393]].concat();
    let more = [0x5a; 1_400];
    let mut streams: Vec<Stream> = Vec::new();
    for number in 0..count {
        let at = (number % 1_000) as usize;
        if at == streams.len() {
            let mut stream = Stream::open(number, 1_883, traffic, 5_000)?;
            stream.say(true, &connect, traffic, 5_000)?;
            stream.say(false, &[0x20, 2, 0, 0], traffic, 5_000)?;
            stream.say(true, &publish, traffic, 5_000)?;
            streams.push(stream);
        }
        if let Some(stream) = streams.get_mut(at) {
            stream.say(true, &more, traffic, 5_000)?;
        }
    }
    Ok(())
}

fn tunnels(count: u64, traffic: &mut Traffic<'_>) -> io::Result<()> {
    for number in 0..count {
        let (outer, inner) = (forged(number), forged(number + 1));
        let talk = udp(
            End { address: inner, port: 40_000 },
            End { address: VICTIM, port: 9_999 },
            &number.to_be_bytes(),
        );
        let framed = [&[0, 0, 0x5e, 0, 0x53, 1, 0, 0, 0x5e, 0, 0x53, 2, 8, 0][..], &talk].concat();
        let ends = |port| (End { address: outer, port: 50_000 }, End { address: VICTIM, port });
        let whole = match number % 4 {
            // IP in IP, twice (RFC 2003).
            0 => packet(outer, VICTIM, 4, 0, 0, &packet(inner, VICTIM, 4, 0, 0, &talk)),
            // GRE (RFC 2784).
            1 => packet(outer, VICTIM, 47, 0, 0, &[&[0, 0, 8, 0][..], &talk].concat()),
            // VXLAN (RFC 7348).
            2 => {
                let (from, to) = ends(4_789);
                udp(from, to, &[&[8, 0, 0, 0, 0, 0, number as u8, 0][..], &framed].concat())
            }
            // GTP-U (3GPP TS 29.281).
            _ => {
                let (from, to) = ends(2_152);
                let [high, low] = (talk.len() as u16).to_be_bytes();
                udp(from, to, &[&[0x30, 0xff, high, low, 0, 0, 0, number as u8][..], &talk].concat())
            }
        };
        traffic.ip(&whole, 5_000)?;
    }
    Ok(())
}

fn names(count: u64, traffic: &mut Traffic<'_>) -> io::Result<()> {
    ask(count, 1, traffic)
}

fn questions(count: u64, traffic: &mut Traffic<'_>) -> io::Result<()> {
    ask(count, 100, traffic)
}

/// Questions, so many from each source.
fn ask(count: u64, each: u64, traffic: &mut Traffic<'_>) -> io::Result<()> {
    for number in 0..count {
        let label = format!("{number:060x}");
        let mut bytes = vec![(number >> 8) as u8, number as u8, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in [label.as_str(), label.as_str(), label.as_str(), "example"] {
            bytes.push(label.len() as u8);
            bytes.extend(label.as_bytes());
        }
        bytes.extend([0, 0, 16, 0, 1]);
        let source = number / each;
        let from = End { address: forged(source), port: 1_024 + (source % 60_000) as u16 };
        traffic.ip(&udp(from, End { address: VICTIM, port: 53 }, &bytes), 5_000)?;
    }
    Ok(())
}

fn neighbours(count: u64, traffic: &mut Traffic<'_>) -> io::Result<()> {
    for number in 0..count {
        let [.., a, b, c, d] = number.to_be_bytes();
        let sender = [0x02, 0, a, b, c, d];
        let operation = if number % 2 == 0 { 1 } else { 2 };
        let mut bytes = vec![0, 1, 8, 0, 6, 4, 0, operation];
        bytes.extend(sender);
        bytes.extend(forged(number).octets());
        bytes.extend([0; 6]);
        bytes.extend(forged(number * 3).octets());
        traffic.frame(0x0806, &bytes, 5_000)?;
    }
    Ok(())
}
