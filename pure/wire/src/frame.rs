//! The link layer: from a frame to what it carries.
//!
//! Sliced by hand rather than by etherparse, which stops at three tags, knows no MPLS, PPP, 802.2 or tunnel, and
//! builds a packet description larger than the small packets it describes; the tests compare with it.

use crate::LinkType;
use crate::bytes::{at_most, skip, take_u8, take_u16, take_u32};
use city::Mac;

/// EtherTypes (IEEE 802 numbers, IANA).
pub(crate) mod ether_type {
    pub(crate) const IPV4: u16 = 0x0800;
    pub(crate) const ARP: u16 = 0x0806;
    pub(crate) const BRIDGED: u16 = 0x6558;
    pub(crate) const VLAN: u16 = 0x8100;
    pub(crate) const IPV6: u16 = 0x86dd;
    pub(crate) const MPLS: u16 = 0x8847;
    pub(crate) const MPLS_MULTICAST: u16 = 0x8848;
    pub(crate) const PPP: u16 = 0x880b;
    pub(crate) const PPPOE_SESSION: u16 = 0x8864;
    pub(crate) const ERSPAN_3: u16 = 0x22eb;
    pub(crate) const ERSPAN_2: u16 = 0x88be;
    pub(crate) const SERVICE_VLAN: u16 = 0x88a8;
    pub(crate) const PROVIDER_BACKBONE: u16 = 0x88e7;
    pub(crate) const OLD_SERVICE_VLAN: u16 = 0x9100;
    pub(crate) const OLDER_SERVICE_VLAN: u16 = 0x9200;
}

/// A frame, opened down to the network layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opened<'a> {
    /// The sender's and the receiver's MAC address, where the link has them.
    pub(crate) macs: (Option<Mac>, Option<Mac>),
    /// The innermost VLAN identifier.
    pub(crate) vlan: Option<u16>,
    /// What it carries.
    pub(crate) carries: Carries<'a>,
}

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carries<'a> {
    /// Several frames joined into one, to be opened one after another with [`parse_aggregated`].
    Aggregate(&'a [u8]),
    /// An ARP packet.
    Arp(&'a [u8]),
    /// An Ethernet frame within the frame. Opening it is left to the caller, who bounds the depth.
    Ethernet(&'a [u8]),
    /// An IP packet; the version is in its first half byte.
    Ip(&'a [u8]),
    /// Something that an organisation numbered: whose number (SNAP), and which.
    Organised([u8; 3], u16, &'a [u8]),
    /// Something else, by EtherType; for 802.2 frames, by the number of their service access point.
    Other(u16, &'a [u8]),
}

/// Opens a frame. `None` if it is cut off before it says what it carries, or if the link type is not known.
pub(crate) fn parse_frame(link: LinkType, bytes: &[u8]) -> Option<Opened<'_>> {
    let mut opened = Opened { macs: (None, None), vlan: None, carries: Carries::Other(0, bytes) };
    match link.0 {
        // NULL and LOOP: an address family of the machine that captured.
        0 | 108 => {
            let (family, rest) = take_u32(bytes)?;
            let family = if family > 0xffff { family.swap_bytes() } else { family };
            opened.carries = match family {
                2 | 10 | 24 | 28 | 30 => Carries::Ip(rest),
                _ => Carries::Other(0, rest),
            };
        }
        1 => parse_ethernet(bytes, &mut opened)?,
        9 | 50 => parse_ppp(bytes, &mut opened)?,
        12 | 14 | 101 | 228 | 229 => opened.carries = Carries::Ip(bytes),
        // PPP over Ethernet, without the Ethernet.
        51 => parse_typed(ether_type::PPPOE_SESSION, bytes, &mut opened)?,
        // Cisco HDLC: address, control, EtherType.
        104 => {
            let (kind, rest) = take_u16(skip(bytes, 2)?)?;
            parse_typed(kind, rest, &mut opened)?;
        }
        105 => parse_wireless(bytes, &mut opened)?,
        113 => parse_cooked(bytes, &mut opened)?,
        // 802.11 behind a radiotap header, whose length is little-endian.
        127 => {
            let (length, _) = take_u16(skip(bytes, 2)?)?;
            parse_wireless(skip(bytes, usize::from(length.swap_bytes()))?, &mut opened)?;
        }
        276 => parse_cooked_2(bytes, &mut opened)?,
        _ => return None,
    }
    Some(opened)
}

/// Ethernet: destination, source, and a type or a length.
pub(crate) fn parse_ethernet<'a>(bytes: &'a [u8], opened: &mut Opened<'a>) -> Option<()> {
    let (destination, rest) = bytes.split_first_chunk::<6>()?;
    let (source, rest) = rest.split_first_chunk::<6>()?;
    let (kind, rest) = take_u16(rest)?;
    opened.macs = (Some(Mac(*source)), Some(Mac(*destination)));
    parse_typed(kind, rest, opened)
}

/// What stands behind an EtherType, or behind a length below 1536.
pub(crate) fn parse_typed<'a>(mut kind: u16, mut bytes: &'a [u8], opened: &mut Opened<'a>) -> Option<()> {
    // Every turn takes a tag off the front, so it ends.
    while matches!(
        kind,
        ether_type::VLAN
            | ether_type::SERVICE_VLAN
            | ether_type::OLD_SERVICE_VLAN
            | ether_type::OLDER_SERVICE_VLAN
    ) {
        let (tag, rest) = take_u16(bytes)?;
        // Identifier 0 only carries a priority (IEEE 802.1Q clause 9.6).
        if tag & 0xfff != 0 {
            opened.vlan = Some(tag & 0xfff);
        }
        (kind, bytes) = take_u16(rest)?;
    }
    match kind {
        ether_type::IPV4 | ether_type::IPV6 => opened.carries = Carries::Ip(bytes),
        ether_type::ARP => opened.carries = Carries::Arp(bytes),
        ether_type::MPLS | ether_type::MPLS_MULTICAST => return parse_mpls(bytes, opened),
        ether_type::PPP => return parse_ppp(bytes, opened),
        ether_type::PPPOE_SESSION => {
            let (length, rest) = take_u16(skip(bytes, 4)?)?;
            return parse_ppp(at_most(rest, usize::from(length)), opened);
        }
        ether_type::BRIDGED => opened.carries = Carries::Ethernet(bytes),
        ether_type::PROVIDER_BACKBONE => opened.carries = Carries::Ethernet(skip(bytes, 4)?),
        0 => return parse_802_2(bytes, opened),
        1..=1500 => return parse_802_2(at_most(bytes, usize::from(kind)), opened),
        other => opened.carries = Carries::Other(other, bytes),
    }
    Some(())
}

/// Logical link control (IEEE 802.2), with the SNAP extension that names an EtherType.
fn parse_802_2<'a>(bytes: &'a [u8], opened: &mut Opened<'a>) -> Option<()> {
    match bytes {
        [0xaa, 0xaa, 0x03, organisation @ .., _, _] if organisation.len() >= 3 => {
            let rest = skip(bytes, 6)?;
            let (kind, inner) = take_u16(rest)?;
            match organisation {
                // Only these two organisations' numbers are EtherTypes (RFC 1042, IEEE 802.1H).
                [0, 0, 0 | 0xf8, ..] => {
                    opened.carries = match kind {
                        ether_type::IPV4 | ether_type::IPV6 => Carries::Ip(inner),
                        ether_type::ARP => Carries::Arp(inner),
                        other => Carries::Other(other, inner),
                    }
                }
                [a, b, c, ..] => opened.carries = Carries::Organised([*a, *b, *c], kind, inner),
                _ => return None,
            }
        }
        [0x06, 0x06, 0x03, rest @ ..] => opened.carries = Carries::Ip(rest),
        [point, _, _, rest @ ..] => opened.carries = Carries::Other(u16::from(*point), rest),
        _ => return None,
    }
    Some(())
}

/// A stack of MPLS labels (RFC 3032); what is behind it is not named, so its first half byte is looked at.
fn parse_mpls<'a>(bytes: &'a [u8], opened: &mut Opened<'a>) -> Option<()> {
    let mut bytes = bytes;
    loop {
        let (label, rest) = take_u32(bytes)?;
        bytes = rest;
        if label & 0x100 != 0 {
            break;
        }
    }
    match bytes.first().map(|first| first >> 4) {
        Some(4 | 6) => opened.carries = Carries::Ip(bytes),
        // A control word (RFC 4385) and then, most often, Ethernet.
        Some(0) => opened.carries = Carries::Ethernet(skip(bytes, 4)?),
        _ => opened.carries = Carries::Other(ether_type::MPLS, bytes),
    }
    Some(())
}

/// PPP (RFC 1661), with or without address and control, with a protocol of one byte or two.
fn parse_ppp<'a>(bytes: &'a [u8], opened: &mut Opened<'a>) -> Option<()> {
    let bytes = bytes.strip_prefix(&[0xff, 0x03]).unwrap_or(bytes);
    let (first, rest) = take_u8(bytes)?;
    let (protocol, rest) = if first & 1 == 1 { (u16::from(first), rest) } else { take_u16(bytes)? };
    opened.carries = match protocol {
        0x0021 | 0x0057 => Carries::Ip(rest),
        0x0281 => return parse_mpls(rest, opened),
        _ => Carries::Other(ether_type::PPP, rest),
    };
    Some(())
}

/// Linux cooked capture: kind of packet, kind of device, address with its length, EtherType.
fn parse_cooked<'a>(bytes: &'a [u8], opened: &mut Opened<'a>) -> Option<()> {
    let (length, rest) = take_u16(skip(bytes, 4)?)?;
    let (address, rest) = rest.split_first_chunk::<8>()?;
    let (kind, rest) = take_u16(rest)?;
    opened.macs.0 = cooked_mac(usize::from(length), address);
    parse_typed(kind, rest, opened)
}

/// Linux cooked capture, version 2.
fn parse_cooked_2<'a>(bytes: &'a [u8], opened: &mut Opened<'a>) -> Option<()> {
    let (kind, rest) = take_u16(bytes)?;
    let (length, rest) = take_u8(skip(rest, 9)?)?;
    let (address, rest) = rest.split_first_chunk::<8>()?;
    opened.macs.0 = cooked_mac(usize::from(length), address);
    parse_typed(kind, rest, opened)
}

fn cooked_mac(length: usize, address: &[u8; 8]) -> Option<Mac> {
    let mac = address.first_chunk::<6>().filter(|_| length == 6).map(|mac| Mac(*mac))?;
    (mac != Mac([0; 6])).then_some(mac)
}

/// Wireless: only data frames that are not encrypted carry anything to read (IEEE 802.11 clause 9.3.2).
pub(crate) fn parse_wireless<'a>(bytes: &'a [u8], opened: &mut Opened<'a>) -> Option<()> {
    let (control, _) = take_u16(bytes)?;
    let [kind, flags] = control.to_be_bytes();
    let (to_station, from_station) = (flags & 1 == 1, flags & 2 == 2);
    let address = |at: usize| skip(bytes, at)?.first_chunk::<6>().map(|mac| Mac(*mac));
    opened.carries = Carries::Other(0, bytes);
    if kind & 0x0c != 0x08 || kind & 0x40 != 0 || flags & 0x40 != 0 {
        return Some(());
    }
    let mut header = 24;
    opened.macs = match (to_station, from_station) {
        (false, false) => (address(10), address(4)),
        (false, true) => (address(16), address(4)),
        (true, false) => (address(10), address(16)),
        (true, true) => {
            header += 6;
            (address(24), address(16))
        }
    };
    // Quality of service adds two bytes, and may say that several frames were joined into one.
    if kind & 0x80 != 0 {
        let (quality, _) = take_u16(skip(bytes, header)?)?;
        // With it, the last flag says that control of high throughput follows (clause 9.2.4.1.10).
        header += if flags & 0x80 == 0 { 2 } else { 6 };
        if quality & 0x8000 != 0 {
            opened.carries = Carries::Aggregate(skip(bytes, header)?);
            return Some(());
        }
    }
    parse_802_2(skip(bytes, header)?, opened)
}

/// The first of several frames that were joined into one, and the rest (IEEE 802.11 clause 9.3.2.2).
pub(crate) fn parse_aggregated<'a>(bytes: &'a [u8], opened: &mut Opened<'a>) -> Option<&'a [u8]> {
    let (destination, rest) = bytes.split_first_chunk::<6>()?;
    let (source, rest) = rest.split_first_chunk::<6>()?;
    let (length, rest) = take_u16(rest)?;
    let length = usize::from(length);
    opened.macs = (Some(Mac(*source)), Some(Mac(*destination)));
    parse_802_2(at_most(rest, length), opened)?;
    // Each begins at a multiple of four bytes from the one before.
    Some(skip(rest, length + (14 + length).wrapping_neg() % 4).unwrap_or_default())
}
