//! Packets within packets: what a tunnel carries.

use crate::bytes::{skip, take_u16};
use crate::frame::ether_type;
use city::{Flow, Message, Text};

/// What a tunnel carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside<'a> {
    /// An Ethernet frame.
    Ethernet(&'a [u8]),
    /// An IP packet.
    Ip(&'a [u8]),
    /// A wireless frame.
    Wireless(&'a [u8]),
    /// Something named by an EtherType.
    Typed(u16, &'a [u8]),
}

/// What sort of tunnel it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ayiya,
    Geneve,
    Gre,
    Gtp,
    /// IP directly in IP.
    Ip,
    Teredo,
    Vxlan,
}

impl Kind {
    /// The name that Zeek has for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::Ayiya => "Tunnel::AYIYA",
            Kind::Geneve => "Tunnel::GENEVE",
            Kind::Gre => "Tunnel::GRE",
            Kind::Gtp => "Tunnel::GTPv1",
            Kind::Ip => "Tunnel::IP",
            Kind::Teredo => "Tunnel::TEREDO",
            Kind::Vxlan => "Tunnel::VXLAN",
        }
    }
}

/// Generic routing encapsulation (RFC 2784, RFC 2890; version 1 is PPTP's, RFC 2637).
pub(crate) fn parse_gre(bytes: &[u8]) -> Option<Inside<'_>> {
    let (flags, rest) = take_u16(bytes)?;
    let (kind, rest) = take_u16(rest)?;
    let (checksum, routing, key, sequence) =
        (flags & 0x8000 != 0, flags & 0x4000 != 0, flags & 0x2000 != 0, flags & 0x1000 != 0);
    let version = flags & 7;
    let acknowledgement = version == 1 && flags & 0x0080 != 0;
    if routing || version > 1 {
        return None;
    }
    let words = [checksum, key, sequence, acknowledgement].into_iter().filter(|it| *it).count();
    let rest = skip(rest, words * 4)?;
    match kind {
        ether_type::IPV4 | ether_type::IPV6 => Some(Inside::Ip(rest)),
        ether_type::BRIDGED => Some(Inside::Ethernet(rest)),
        // ERSPAN: type I has no header of its own and no sequence number, type II has eight bytes.
        ether_type::ERSPAN_2 => Some(Inside::Ethernet(if sequence { skip(rest, 8)? } else { rest })),
        ether_type::ERSPAN_3 => {
            let (flags, _) = take_u16(skip(rest, 10)?)?;
            Some(Inside::Ethernet(skip(rest, if flags & 1 == 1 { 20 } else { 12 })?))
        }
        // Aruba's access points send what they hear to their controller.
        0x8200..=0x82ff | 0x9000 => Some(Inside::Wireless(rest)),
        other => Some(Inside::Typed(other, rest)),
    }
}

/// What a UDP datagram carries, if it goes to a tunnel's port and has a tunnel's shape; for tunnels with a client and a
/// server, also if it comes from such a port.
pub(crate) fn parse_udp_tunnel(
    source_port: u16,
    destination_port: u16,
    bytes: &[u8],
) -> Option<(Kind, Inside<'_>)> {
    let port = match source_port {
        2152 | 3544 | 5072 => source_port,
        _ => destination_port,
    };
    match port {
        // GTP-U (3GPP TS 29.281 clause 5.1): version 1, a packet of a user.
        2152 => {
            let ([flags, kind, ..], rest) = bytes.split_first_chunk::<8>()?;
            if flags >> 5 != 1 || flags & 0x10 == 0 || *kind != 0xff {
                return None;
            }
            let mut rest = rest;
            if flags & 7 != 0 {
                let (&[.., mut next], behind) = rest.split_first_chunk::<4>()?;
                rest = behind;
                while next != 0 {
                    let length = usize::from(*rest.first()?) * 4;
                    next = *rest.get(length.checked_sub(1)?)?;
                    rest = skip(rest, length)?;
                }
            }
            looks_like_ip(rest).then_some((Kind::Gtp, Inside::Ip(rest)))
        }
        // Teredo (RFC 4380 section 5.1.1): perhaps authentication, perhaps the origin, then IPv6.
        3544 => {
            let mut rest = bytes;
            if let [0, 1, client, authentication, ..] = rest {
                rest = skip(rest, 13 + usize::from(*client) + usize::from(*authentication))?;
            }
            if let [0, 0, ..] = rest {
                rest = skip(rest, 8)?;
            }
            (looks_like_ip(rest) && rest.first()? >> 4 == 6).then_some((Kind::Teredo, Inside::Ip(rest)))
        }
        // AYIYA (draft-massar-v6ops-ayiya): lengths of identity and signature, an operation, what follows.
        5072 => {
            let ([identity, signature, operation, next, ..], rest) = bytes.split_first_chunk::<8>()?;
            let (identity, signature) = (1 << (identity >> 4), usize::from(signature >> 4) * 4);
            let rest = skip(rest, identity + signature)?;
            (operation & 0xf == 1 && matches!(next, 4 | 41) && looks_like_ip(rest))
                .then_some((Kind::Ayiya, Inside::Ip(rest)))
        }
        // VXLAN (RFC 7348 section 5); 8472 is Linux's own older port.
        4789 | 8472 => {
            let ([flags, _, _, next, ..], rest) = bytes.split_first_chunk::<8>()?;
            let inside = match (flags, next) {
                (0x08, _) => Inside::Ethernet(rest),
                // The generic extension says what follows (draft-ietf-nvo3-vxlan-gpe).
                (0x0c, 1 | 2) => Inside::Ip(rest),
                (0x0c, 3) => Inside::Ethernet(rest),
                _ => return None,
            };
            Some((Kind::Vxlan, inside))
        }
        // GRE in UDP (RFC 8086).
        4754 => Some((Kind::Gre, parse_gre(bytes)?)),
        // Geneve (RFC 8926 section 3.4).
        6081 => {
            let ([first, _, kind @ .., _, _, _, _], rest) = bytes.split_first_chunk::<8>()?;
            if first >> 6 != 0 {
                return None;
            }
            let rest = skip(rest, usize::from(first & 0x3f) * 4)?;
            let inside = match u16::from_be_bytes(*kind) {
                ether_type::BRIDGED => Inside::Ethernet(rest),
                ether_type::IPV4 | ether_type::IPV6 => Inside::Ip(rest),
                other => Inside::Typed(other, rest),
            };
            Some((Kind::Geneve, inside))
        }
        // Teredo between its clients uses any port; its prefix (RFC 4380 section 2.6) gives it away.
        _ => {
            let ([0x60..=0x6f, _, _, _, l0, l1, _, _, ends @ ..], rest) = bytes.split_first_chunk::<40>()?
            else {
                return None;
            };
            let whole = rest.len() == usize::from(u16::from_be_bytes([*l0, *l1]));
            let (source, destination) = ends.split_at(16);
            let teredo = |end: &[u8]| end.starts_with(&[0x20, 0x01, 0, 0]);
            (whole && (teredo(source) || teredo(destination))).then_some((Kind::Teredo, Inside::Ip(bytes)))
        }
    }
}

fn looks_like_ip(bytes: &[u8]) -> bool {
    matches!(bytes.first().map(|first| first >> 4), Some(4) if bytes.len() >= 20)
        || matches!(bytes.first().map(|first| first >> 4), Some(6) if bytes.len() >= 40)
}

/// The row of a tunnel that was found.
pub(crate) fn discovered(flow: Flow, kind: Kind) -> Message {
    let fields = vec![
        (Text::const_new("tunnel_type"), Text::const_new(kind.as_str())),
        (Text::const_new("action"), Text::const_new("Tunnel::DISCOVER")),
    ];
    Message { flow, back: false, log: Text::const_new("tunnel"), fields }
}

/// Whether a packet in a Teredo tunnel is a bubble (RFC 4380 section 2.8): nothing in it, but for a way through a
/// translator of addresses.
pub(crate) fn is_bubble(inside: Inside<'_>) -> bool {
    matches!(inside, Inside::Ip([0x60..=0x6f, _, _, _, 0, 0, 59, ..]))
}

/// Whether a packet in a Teredo tunnel says that there is nothing in it, and has something behind its header.
pub(crate) fn is_full_bubble(inside: Inside<'_>) -> bool {
    const HEADER: usize = 40;
    matches!(inside, Inside::Ip(bytes @ [0x60..=0x6f, _, _, _, _, _, 59, ..]) if bytes.len() > HEADER)
}
