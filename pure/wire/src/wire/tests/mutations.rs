//! Ten thousand captures with errors in them: none may make the reader panic, or hold more than its bounds.

use super::*;
use crate::rehearse::{MACS, hex};
use etherparse::PacketBuilder;

/// Numbers that look random, the same each time (xorshift64*, Vigna 2016).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// A TLS client's greeting, cut after its random number.
const TLS: &[u8] = &[
    0x16, 3, 1, 0, 0x2f, 1, 0, 0, 0x2b, 3, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
    19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 0, 0, 4, 0x13, 1, 0x13, 2, 1, 0,
];
/// What is said over TCP: to which port, by whom.
const STREAMS: &[(u16, Side, &[u8])] = &[
    (502, Source, &[0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 2]),
    (502, Destination, &[0, 1, 0, 0, 0, 7, 1, 3, 4, 0, 1, 0, 2]),
    (1883, Source, &[0x10, 16, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 4, b'p', b'u', b'm', b'p']),
    (1883, Source, &[0x30, 6, 0, 2, b'a', b'/', b'4', b'2']),
    (80, Source, b"GET /status HTTP/1.1\r\nHost: pump.example\r\nAuthorization: Basic dTpw\r\n\r\n"),
    (80, Destination, b"HTTP/1.1 200 OK\r\nServer: made-up/1.0\r\nContent-Length: 2\r\n\r\nok"),
    (443, Source, TLS),
    (
        53,
        Source,
        &[
            0, 29, 0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, b'p', b'u', b'm', b'p', 7, b'e', b'x', b'a', b'm',
            b'p', b'l', b'e', 0, 0, 1, 0, 1,
        ],
    ),
];
/// What is said over UDP.
const DATAGRAMS: &[(u16, &[u8])] = &[
    (
        53,
        &[
            0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, b'p', b'u', b'm', b'p', 7, b'e', b'x', b'a', b'm', b'p',
            b'l', b'e', 0, 0, 1, 0, 1,
        ],
    ),
    (
        5353,
        &[
            0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, b'a', 5, b'l', b'o', b'c', b'a', b'l', 0, 0, 1, 0x80,
            1, 0, 0, 0, 120, 0, 4, 192, 0, 2, 1,
        ],
    ),
    (47808, &[0x81, 0x0b, 0, 12, 1, 0x20, 0xff, 0xff, 0, 0xff, 0x10, 8]),
    (47808, &[0x81, 0x0a, 0, 17, 1, 4, 0, 5, 1, 12, 12, 0, 0x80, 0, 1, 0x19, 0x55]),
    (4789, &[8, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0x5e, 0, 0x53, 1, 0, 0, 0x5e, 0, 0x53, 2, 8, 0, 0x45, 0, 0, 20]),
    (67, &[1, 1, 6, 0, 1, 2, 3, 4]),
    (
        547,
        &[
            3, 1, 2, 3, 0, 1, 0, 10, 0, 3, 0, 1, 0, 0, 0x5e, 0, 0x53, 1, 0, 3, 0, 40, 0, 0, 0, 1, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 5, 0, 24, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 9, 0,
            0, 0, 9,
        ],
    ),
    (1985, &[0, 0, 16, 3, 10, 100, 1, 0, b'c', b'i', b's', b'c', b'o', 0, 0, 0, 192, 0, 2, 1]),
];
/// What goes directly on the link or over IP without ports: LLDP, CDP, trees (rapid, multiple), a login, a group that is
/// joined, a virtual router.
const LINKED: &[&str] = &[
    "0180c200000e00005e005301 88cc 0207 04 00005e005321 0406 05 706f727431 0602 0078 0a06 70756d702d37 0e04 0014 0004 \
     100c 05 01 c0000220 02 00000003 00 fe06 0012bb08 5339 fe0a 0080c203 0064 03 706c63 0000",
    "01000ccccccc00005e005301 003f aaaa03 00000c 2000 02b40000 0001 000a 70756d702d37 0006 000d 636973636f20583230 \
     0002 0011 00000001 01 01 cc 0004 c0000220 0004 0008 00000028",
    "0180c200000000005e005301 0027 424203 0000 0202 3c 800100005e005301 00000004 800100005e005302 800c 0000 1400 0200 \
     0f00 00",
    "0180c200000000005e005301 0079 424203 0000 0302 3c 800100005e005301 00000004 800100005e005302 800c 0000 1400 0200 \
     0f00 00 0050 00 746f776e00000000000000000000000000000000000000000000000000000000 0007 \
     abababababababababababababababab 00030d40 800000005e005302 14 7c 600100005e005303 00000000 808014",
    "0180c200000300005e005301 888e 02 00 0008 02 01 0008 01 616e6e",
    "01005e00001600005e005301 0800 45000020 00000000 01020000 c000020a e0000016 2200 ea03 0000 0001 04000000 effffffa",
    "01005e00001200005e005301 0800 45000024 00000000 ff700000 c000020a e0000012 31 07 64 02 0064 0000 c0000201 c0000202",
];

/// A capture without errors: one or two talks, sometimes in fragments, in tunnels or with tags.
fn capture(chance: &mut Chance) -> Frames {
    let mut frames = Frames::new();
    for _ in 0..=chance.below(2) {
        let (port, _, _) = STREAMS[chance.below(STREAMS.len())];
        let mut talk = Talk::between("192.0.2.10:49152", &format!("192.0.2.20:{port}")).open();
        for (_, side, words) in STREAMS.iter().filter(|(of, _, _)| *of == port) {
            talk = talk.say(*side, words);
        }
        frames.extend(talk.close().frames);
        let (port, words) = DATAGRAMS[chance.below(DATAGRAMS.len())];
        let ends = if chance.below(2) == 0 {
            ("192.0.2.10:49153".to_owned(), format!("192.0.2.20:{port}"))
        } else {
            ("[2001:db8::10]:49153".to_owned(), format!("[2001:db8::20]:{port}"))
        };
        frames.extend(
            Talk::between(&ends.0, &ends.1).datagram(Source, words).datagram(Destination, words).frames,
        );
    }
    let mut other = Vec::new();
    let builder = PacketBuilder::ethernet2(MACS.0.0, MACS.1.0);
    match chance.below(3) {
        0 => builder
            .single_vlan(etherparse::VlanId::try_new(7).unwrap())
            .ipv4([192, 0, 2, 1], [192, 0, 2, 2], 9)
            .icmpv4_echo_request(1, 2)
            .write(&mut other, b"echo")
            .unwrap(),
        1 => builder
            .ipv6([0x20; 16], [0x21; 16], 255)
            .icmpv6_echo_request(1, 2)
            .write(&mut other, b"echo")
            .unwrap(),
        _ => {
            other.extend([
                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0x5e, 0, 0x53, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1,
            ]);
            other.extend([0, 0, 0x5e, 0, 0x53, 1, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 2]);
        }
    }
    frames.push((START, other));
    frames.push((START, hex(LINKED[chance.below(LINKED.len())])));
    frames
}

/// Makes some errors.
fn mutate(frames: &mut Frames, chance: &mut Chance) {
    for _ in 0..=chance.below(12) {
        let at = chance.below(frames.len());
        let (time, bytes) = &mut frames[at];
        // Most errors go where headers end and words begin.
        let place = chance.below(bytes.len().min(90));
        match chance.below(9) {
            0 => bytes.truncate(place),
            1 => drop(bytes.splice(place..place, [0; 7])),
            2 => drop(bytes.drain(place..(place + 3).min(bytes.len()))),
            3 => *time -= SignedDuration::from_secs(chance.below(100) as i64),
            4 => {
                let other = frames[chance.below(frames.len())].clone();
                frames.push(other);
            }
            5 => drop(frames.remove(at)),
            6 => bytes.extend([0xff; 300]),
            _ => {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = [0, 1, 0x7f, 0x80, 0xff, chance.next() as u8][chance.below(6)];
                }
            }
        }
        if frames.is_empty() {
            return;
        }
    }
}

#[test]
fn ten_thousand_captures_with_errors_are_read_to_their_end() {
    let limits = Limits {
        conversations: 8,
        reorder_bytes: 4_000,
        message_bytes: 1_000,
        pending_bytes: 4_000,
        unanswered_bytes: 4_000,
        remembered_bytes: 4_000,
        fragmented: 4,
        fragment_bytes: 4_000,
    };
    let links = [1, 1, 1, 1, 0, 9, 101, 104, 105, 113, 127, 276];
    let mut chance = Chance(0x5eed);
    let mut told = 0;
    for _ in 0..10_000 {
        let mut frames = capture(&mut chance);
        mutate(&mut frames, &mut chance);
        let link = LinkType(links[chance.below(links.len())]);
        let mut wire = Wire::new(Config { limits, ..config() });
        let mut out = Vec::new();
        for (time, bytes) in &frames {
            let length = bytes.len() as u32 + (chance.below(20) / 19) as u32;
            wire.see(&Frame { time: *time, link, bytes, length }, &mut out);
            assert!(wire.conversations() <= limits.conversations);
            assert!(wire.reorder.used <= limits.reorder_bytes);
            assert!(wire.fragments.held() <= limits.fragment_bytes);
            assert!(wire.pending.used <= limits.pending_bytes + 2_000);
            assert!(wire.unanswered.used() <= limits.unanswered_bytes);
        }
        wire.finish(&mut out);
        assert_eq!((wire.reorder.used, wire.pending.used, wire.conversations()), (0, 0, 0));
        assert_eq!(wire.unanswered.used(), 0);
        told += out.len();
    }
    assert!(told > 50_000, "{told}");
}
