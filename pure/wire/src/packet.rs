//! The network layer: from an IP packet to what it carries.

use crate::bytes::{at_most, skip, take_u16, take_u32};
use crate::checksum;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IP protocol numbers (IANA).
pub(crate) mod ip_number {
    pub(crate) const HOP_BY_HOP: u8 = 0;
    pub(crate) const ICMP: u8 = 1;
    pub(crate) const IGMP: u8 = 2;
    pub(crate) const IPV4: u8 = 4;
    pub(crate) const TCP: u8 = 6;
    pub(crate) const UDP: u8 = 17;
    pub(crate) const IPV6: u8 = 41;
    pub(crate) const ROUTING: u8 = 43;
    pub(crate) const FRAGMENT: u8 = 44;
    pub(crate) const GRE: u8 = 47;
    pub(crate) const AUTHENTICATION: u8 = 51;
    pub(crate) const ICMPV6: u8 = 58;
    pub(crate) const DESTINATION_OPTIONS: u8 = 60;
    pub(crate) const VRRP: u8 = 112;
    pub(crate) const SCTP: u8 = 132;
    pub(crate) const MOBILITY: u8 = 135;
    pub(crate) const HOST_IDENTITY: u8 = 139;
    pub(crate) const SHIM6: u8 = 140;
}

/// An IP packet, opened down to the transport layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packet<'a> {
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    /// What is carried, by IANA's number.
    pub(crate) protocol: u8,
    /// How long the packet says it is, headers included.
    pub(crate) length: u32,
    /// What is carried, as far as it was captured; without the padding of the link.
    pub(crate) payload: &'a [u8],
    /// How long the packet says it is.
    pub(crate) payload_length: u32,
    /// Where the payload belongs, if the packet is only part of one.
    pub(crate) fragment: Option<Fragment>,
    /// Whether the header agrees with its checksum.
    pub(crate) header_is_whole: bool,
}

impl Packet<'_> {
    /// Whether the whole payload was captured.
    pub(crate) fn is_complete(&self) -> bool {
        self.payload.len() as u64 >= u64::from(self.payload_length)
    }
}

/// Which part of a datagram a packet holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fragment {
    /// The number that all parts share.
    pub(crate) identification: u32,
    /// Where this part begins, in bytes.
    pub(crate) offset: u32,
    /// Whether more follow.
    pub(crate) more: bool,
}

/// Opens an IP packet of either version. `None` if its header is cut off or contradicts itself.
pub(crate) fn parse_ip(bytes: &[u8]) -> Option<Packet<'_>> {
    match bytes.first()? >> 4 {
        4 => parse_ipv4(bytes),
        6 => parse_ipv6(bytes),
        _ => None,
    }
}

/// RFC 791 section 3.1.
fn parse_ipv4(bytes: &[u8]) -> Option<Packet<'_>> {
    let header = bytes.first_chunk::<20>()?;
    let [first, _, l0, l1, i0, i1, f0, f1, _, protocol, _, _, source @ .., d0, d1, d2, d3] = header;
    let header_length = usize::from(first & 0xf) * 4;
    let whole_header = bytes.get(..header_length).filter(|_| header_length >= 20)?;
    let payload = skip(bytes, header_length)?;
    let said = usize::from(u16::from_be_bytes([*l0, *l1]));
    // A card that cuts large packets itself (TSO) leaves the length 0.
    let length = if said == 0 { bytes.len() } else { said };
    let payload_length = length.checked_sub(header_length)?;
    let flags = u16::from_be_bytes([*f0, *f1]);
    let (offset, more) = (u32::from(flags & 0x1fff) * 8, flags & 0x2000 != 0);
    let fragment = (more || offset > 0).then(|| Fragment {
        identification: u32::from(u16::from_be_bytes([*i0, *i1])),
        offset,
        more,
    });
    Some(Packet {
        source: IpAddr::V4(Ipv4Addr::from(*source)),
        destination: IpAddr::V4(Ipv4Addr::new(*d0, *d1, *d2, *d3)),
        protocol: *protocol,
        length: length as u32,
        payload: at_most(payload, payload_length),
        payload_length: payload_length as u32,
        fragment,
        header_is_whole: checksum::header_is_whole(whole_header),
    })
}

/// RFC 8200 sections 3 and 4.
fn parse_ipv6(bytes: &[u8]) -> Option<Packet<'_>> {
    let (start, rest) = take_u32(bytes)?;
    let (said, rest) = take_u16(rest)?;
    let (&[mut protocol, _], rest) = rest.split_first_chunk::<2>()?;
    let (source, rest) = rest.split_first_chunk::<16>()?;
    let (destination, rest) = rest.split_first_chunk::<16>()?;
    debug_assert_eq!(start >> 28, 6);
    // A jumbogram (RFC 2675) or a card that cuts large packets itself leaves the length 0.
    let after_header = if said == 0 { rest.len() } else { usize::from(said) };
    let mut payload = at_most(rest, after_header);
    let mut missing = after_header - payload.len();
    let mut fragment = None;
    // Every turn takes a header of at least eight bytes off the front, so it ends.
    while fragment.is_none() {
        let length = match protocol {
            ip_number::HOP_BY_HOP
            | ip_number::ROUTING
            | ip_number::DESTINATION_OPTIONS
            | ip_number::MOBILITY
            | ip_number::HOST_IDENTITY
            | ip_number::SHIM6 => payload.get(1).map(|eights| usize::from(*eights) * 8 + 8),
            ip_number::AUTHENTICATION => payload.get(1).map(|fours| usize::from(*fours) * 4 + 8),
            ip_number::FRAGMENT => {
                let ([_, _, o0, o1, identification @ ..], _) = payload.split_first_chunk::<8>()?;
                let offset = u16::from_be_bytes([*o0, *o1]);
                fragment = Some(Fragment {
                    identification: u32::from_be_bytes(*identification),
                    offset: u32::from(offset & 0xfff8),
                    more: offset & 1 == 1,
                });
                Some(8)
            }
            _ => break,
        }?;
        protocol = *payload.first()?;
        payload = skip(payload, length)?;
    }
    // A datagram of one fragment is whole (RFC 6946).
    if fragment.is_some_and(|fragment| fragment.offset == 0 && !fragment.more) {
        fragment = None;
    }
    if said == 0 {
        missing = 0;
    }
    Some(Packet {
        source: IpAddr::V6(Ipv6Addr::from(*source)),
        destination: IpAddr::V6(Ipv6Addr::from(*destination)),
        protocol,
        length: (40 + after_header) as u32,
        payload,
        payload_length: (payload.len() + missing) as u32,
        fragment,
        header_is_whole: true,
    })
}
