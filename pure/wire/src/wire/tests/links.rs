//! Links, tags, tunnels and fragments: the same datagram, however it is wrapped.

use super::*;
use crate::bytes::take_u16;
use crate::frame::{Carries, parse_frame};
use crate::rehearse::MACS;
use etherparse::{LaxSlicedPacket, NetSlice, PacketBuilder, SlicedPacket};

/// An IP packet of a datagram of the made-up protocol, from port 49152 to port 9999.
fn packet(version_6: bool) -> Vec<u8> {
    let mut packet = Vec::new();
    let builder = if version_6 {
        let octets = |text: &str| text.parse::<std::net::Ipv6Addr>().unwrap().octets();
        PacketBuilder::ipv6(octets("2001:db8::1"), octets("2001:db8::2"), 64)
    } else {
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64)
    };
    builder.udp(49152, 9999).write(&mut packet, &line("one")).unwrap();
    packet
}

fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    [&MACS.1.0[..], &MACS.0.0[..], &kind.to_be_bytes(), payload].concat()
}

/// Wraps bytes in UDP from port 40000 and IPv4.
fn in_udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = Vec::new();
    PacketBuilder::ipv4([203, 0, 113, 1], [203, 0, 113, 2], 64)
        .udp(40_000, port)
        .write(&mut packet, payload)
        .unwrap();
    packet
}

fn in_ip(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut header = etherparse::Ipv4Header::new(
        payload.len() as u16,
        64,
        protocol.into(),
        [203, 0, 113, 1],
        [203, 0, 113, 2],
    )
    .unwrap();
    header.header_checksum = header.calc_header_checksum();
    [&header.to_bytes()[..], payload].concat()
}

fn see(link: u16, bytes: &[u8]) -> Vec<Observation> {
    let mut wire = Wire::with_readers(config(), LINES);
    let mut out = Vec::new();
    wire.see(&Frame { time: START, link: LinkType(link), bytes, length: bytes.len() as u32 }, &mut out);
    wire.finish(&mut out);
    out
}

#[test]
fn every_way_of_wrapping_is_opened() {
    let v4 = packet(false);
    let v6 = packet(true);
    let plain = ethernet(0x0800, &v4);
    let snap = [&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0][..], &v4].concat();
    let cooked = [&[0, 0, 0, 1, 0, 6, 0, 0, 0x5e, 0, 0x53, 0x10, 0, 0, 8, 0][..], &v4].concat();
    let cooked_2 = [&[8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 0, 0, 0x5e, 0, 0x53, 0x10, 0, 0][..], &v4].concat();
    let tags: Vec<u8> =
        (0..40).flat_map(|_| [0x81, 0, 0, 7]).skip(2).chain([8, 0]).chain(v4.clone()).collect();
    let wireless = [&[8, 2, 0, 0][..], &[1; 6], &[2; 6], &[3; 6], &[0, 0], &snap].concat();
    let aggregate = [
        &[0x88, 2, 0, 0][..],
        &[1; 6],
        &[2; 6],
        &[3; 6],
        &[0, 0, 0x80, 0],
        &[1; 6],
        &[3; 6],
        &(snap.len() as u16).to_be_bytes(),
        &snap,
    ]
    .concat();
    let radiotap = [&[0, 0, 8, 0, 0, 0, 0, 0][..], &wireless].concat();
    let vxlan = [&[8, 0, 0, 0, 0, 0, 5, 0][..], &plain].concat();
    let geneve = [&[0x01, 0, 0x65, 0x58, 0, 0, 5, 0, 1, 2, 3, 4][..], &plain].concat();
    let user = [&[0x30, 0xff][..], &(v4.len() as u16).to_be_bytes(), &[0, 0, 0, 1], &v4].concat();
    let gre = [&[0x20, 0, 8, 0, 0, 0, 0, 9][..], &v4].concat();
    let erspan = [&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0][..], &plain].concat();
    let mpls = [&[0, 0x01, 0, 64, 0, 0x02, 1, 64][..], &v4].concat();
    let pppoe = [&[0x11, 0, 0, 1][..], &(v4.len() as u16 + 2).to_be_bytes(), &[0, 0x21], &v4].concat();
    let backbone = [&[0, 0, 0, 5][..], &plain].concat();
    for (name, link, bytes) in [
        ("ethernet", 1, plain.clone()),
        ("ethernet, IPv6", 1, ethernet(0x86dd, &v6)),
        ("ethernet with padding", 1, ethernet(0x0800, &[&v4[..], &[0; 20]].concat())),
        ("802.1Q", 1, ethernet(0x8100, &[&[0, 7, 8, 0][..], &v4].concat())),
        ("forty tags", 1, ethernet(0x8100, &tags)),
        ("802.3 and SNAP", 1, ethernet(snap.len() as u16, &snap)),
        ("MPLS", 1, ethernet(0x8847, &mpls)),
        ("PPP over Ethernet", 1, ethernet(0x8864, &pppoe)),
        ("MAC in MAC", 1, ethernet(0x88e7, &backbone)),
        ("loopback, little-endian", 0, [&[2, 0, 0, 0][..], &v4].concat()),
        ("loopback, big-endian", 0, [&[0, 0, 0, 2][..], &v4].concat()),
        ("loopback, IPv6", 108, [&[0, 0, 0, 30][..], &v6].concat()),
        ("raw", 101, v4.clone()),
        ("raw, IPv6", 12, v6.clone()),
        ("IPv4", 228, v4.clone()),
        ("IPv6", 229, v6.clone()),
        ("PPP", 9, [&[0xff, 3, 0, 0x21][..], &v4].concat()),
        ("PPP, short", 9, [&[0x21][..], &v4].concat()),
        ("Cisco HDLC", 104, [&[0xf, 0, 8, 0][..], &v4].concat()),
        ("cooked", 113, cooked),
        ("cooked, version 2", 276, cooked_2),
        ("802.11", 105, wireless),
        ("802.11, joined", 105, aggregate),
        ("802.11 and radiotap", 127, radiotap),
        ("VXLAN", 101, in_udp(4789, &vxlan)),
        ("Geneve", 101, in_udp(6081, &geneve)),
        ("GTP-U", 101, in_udp(2152, &user)),
        ("Teredo", 101, in_udp(3544, &v6)),
        ("GRE in UDP", 101, in_udp(4754, &gre)),
        ("GRE", 101, in_ip(47, &gre)),
        ("ERSPAN", 101, in_ip(47, &erspan)),
        ("IP in IP", 101, in_ip(4, &v4)),
        ("IPv6 in IP", 101, in_ip(41, &v6)),
        ("IP in IP in IP", 101, in_ip(4, &in_ip(4, &v4))),
    ] {
        let out = see(link, &bytes);
        assert_eq!(heard(&out), [">one", ">end"], "{name}: {out:#?}");
        assert_eq!(losses(&out), [], "{name}");
    }
}

#[test]
fn tunnels_end_at_some_depth() {
    let mut bytes = packet(false);
    for _ in 0..200 {
        bytes = in_ip(4, &bytes);
    }
    let out = see(101, &bytes);
    assert_eq!(heard(&out).len(), 0);
    assert_eq!(only(&out).flow.transport, Transport::Ip(4));
}

#[test]
fn what_is_not_understood_is_counted() {
    let spanning_tree = ethernet(38, &[&[0x42, 0x42, 3][..], &[0; 35]].concat());
    let out = see(1, &spanning_tree);
    assert_eq!(only(&out).flow.transport, Transport::Ethernet(0x42));
    assert_eq!(
        unread(&out).iter().map(|it| (it.transport, it.count)).collect::<Vec<_>>(),
        [(Transport::Ethernet(0x42), 1)]
    );
    assert_eq!(unread(&see(250, &spanning_tree)).len(), 1);
    let cut = see(1, &ethernet(0x0800, &packet(false)[..30]));
    assert_eq!(losses(&cut), [(LossKind::Truncated, 1)]);
    assert_eq!(see(1, &[1, 2, 3]).len(), 1);
}

/// Cuts an IP packet of either version into fragments of at most `size` bytes, a multiple of eight.
fn fragments(packet: &[u8], size: usize) -> Vec<Vec<u8>> {
    let version_6 = packet[0] >> 4 == 6;
    let header = if version_6 { 40 } else { 20 };
    let payload = &packet[header..];
    let mut parts = Vec::new();
    for (number, part) in payload.chunks(size).enumerate() {
        let more = (number + 1) * size < payload.len();
        let mut bytes = packet[..header].to_vec();
        let offset = (number * size) as u16;
        if version_6 {
            bytes[6] = 44;
            bytes[4..6].copy_from_slice(&(part.len() as u16 + 8).to_be_bytes());
            bytes.extend([17, 0]);
            bytes.extend((offset | u16::from(more)).to_be_bytes());
            bytes.extend([0, 0, 0, 5]);
        } else {
            bytes[2..4].copy_from_slice(&(20 + part.len() as u16).to_be_bytes());
            bytes[4..6].copy_from_slice(&[0, 5]);
            bytes[6..8].copy_from_slice(&((offset / 8) | if more { 0x2000 } else { 0 }).to_be_bytes());
            bytes[10..12].fill(0);
            let sum = etherparse::Ipv4Header::from_slice(&bytes).unwrap().0.calc_header_checksum();
            bytes[10..12].copy_from_slice(&sum.to_be_bytes());
        }
        bytes.extend(part);
        parts.push(bytes);
    }
    parts
}

#[test]
fn fragments_are_put_together_in_any_order() {
    for version_6 in [false, true] {
        let mut whole = Vec::new();
        let text = line(&"x".repeat(100));
        let builder = if version_6 {
            PacketBuilder::ipv6([0x20; 16], [0x21; 16], 64)
        } else {
            PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64)
        };
        builder.udp(49152, 9999).write(&mut whole, &text).unwrap();
        let parts = fragments(&whole, 24);
        assert_eq!(parts.len(), 5);
        for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]] {
            let mut wire = Wire::with_readers(config(), LINES);
            let mut out = Vec::new();
            for at in order {
                // Each comes twice.
                for _ in 0..2 {
                    let bytes = &parts[at];
                    wire.see(
                        &Frame { time: START, link: LinkType(101), bytes, length: bytes.len() as u32 },
                        &mut out,
                    );
                }
            }
            wire.finish(&mut out);
            assert_eq!(heard(&out).len(), 2, "{order:?}: {out:#?}");
            let told = only(&out);
            assert_eq!((told.bytes_out, told.ip_bytes_out), (102, whole.len() as u64));
            assert!(!losses(&out).iter().any(|(kind, _)| *kind == LossKind::BadChecksum), "{out:#?}");
        }
    }
}

#[test]
fn fragments_that_wait_are_bounded_and_given_up() {
    let limits = Limits { fragmented: 10, ..Limits::default() };
    let mut wire = Wire::with_readers(Config { limits, ..config() }, LINES);
    let mut out = Vec::new();
    let mut whole = Vec::new();
    PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(1, 2).write(&mut whole, &[0; 64]).unwrap();
    let first = fragments(&whole, 24).remove(0);
    for number in 0..100 {
        let mut bytes = first.clone();
        bytes[4..6].copy_from_slice(&(number as u16).to_be_bytes());
        wire.see(
            &Frame { time: START, link: LinkType(101), bytes: &bytes, length: bytes.len() as u32 },
            &mut out,
        );
    }
    // Nor may many small parts cost more than they say.
    assert!(wire.fragments.held() <= 10 * (24 + 64));
    wire.tick(START + SignedDuration::from_secs(61), &mut out);
    assert_eq!(wire.fragments.held(), 0);
    let given_up: Vec<_> = unread(&out).iter().map(|it| (it.transport, it.count)).collect();
    assert_eq!(given_up, [(Transport::Ip(17), 100)]);
}

proptest::proptest! {
    /// A second pair of eyes: etherparse finds the same network packet in any bytes that it can open.
    #[test]
    fn frames_are_opened_as_etherparse_opens_them(
        tags in proptest::collection::vec(proptest::prelude::any::<u16>(), 0..3),
        version_6: bool,
        noise in proptest::collection::vec(proptest::prelude::any::<(u8, u8)>(), 0..4),
    ) {
        let mut bytes = MACS.1.0.to_vec();
        bytes.extend(MACS.0.0);
        for tag in &tags {
            bytes.extend([0x81, 0]);
            bytes.extend(tag.to_be_bytes());
        }
        bytes.extend(if version_6 { [0x86, 0xdd] } else { [8, 0] });
        bytes.extend(packet(version_6));
        let headers = 14 + 4 * tags.len();
        // Noise in the IP header and behind it.
        for (at, value) in noise {
            let at = headers + 1 + usize::from(at) % (bytes.len() - headers - 1);
            bytes[at] = value;
        }
        let opened = parse_frame(LinkType(1), &bytes).unwrap();
        let Carries::Ip(ip) = opened.carries else { panic!("{opened:?}") };
        let theirs = LaxSlicedPacket::from_ethernet(&bytes).unwrap();
        let vlan = tags.iter().map(|tag| tag & 0xfff).rfind(|id| *id != 0);
        proptest::prop_assert_eq!(opened.vlan, vlan);
        if let Ok(SlicedPacket { net: Some(NetSlice::Ipv4(theirs)), .. }) = SlicedPacket::from_ethernet(&bytes) {
            let ours = crate::packet::parse_ip(ip).unwrap();
            proptest::prop_assert_eq!(ours.payload, theirs.payload().payload);
            proptest::prop_assert_eq!(ours.protocol, theirs.payload().ip_number.0);
            proptest::prop_assert_eq!(ours.fragment.is_some(), theirs.payload().fragmented);
            proptest::prop_assert_eq!(ours.source, std::net::IpAddr::V4(theirs.header().source_addr()));
        } else if let Some(etherparse::TransportSlice::Udp(theirs)) = theirs.transport
            && let Some(ours) = crate::packet::parse_ip(ip)
        {
            proptest::prop_assert_eq!(ours.protocol, 17);
            proptest::prop_assert_eq!(take_u16(ours.payload).unwrap().0, theirs.source_port());
        }
    }
}
