//! What an LLDP announcement is (IEEE 802.1AB clauses 8 and 9).

use crate::show::{VALUE_BYTES_MAX, hexadecimal, readable};
use city::{Mac, Text};
use compact_str::ToCompactString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Types of parts (TLVs), clause 8.4.
pub(crate) mod kind {
    pub(crate) const END: u8 = 0;
    pub(crate) const CHASSIS: u8 = 1;
    pub(crate) const PORT: u8 = 2;
    pub(crate) const TIME_TO_LIVE: u8 = 3;
    pub(crate) const PORT_DESCRIPTION: u8 = 4;
    pub(crate) const SYSTEM_NAME: u8 = 5;
    pub(crate) const SYSTEM_DESCRIPTION: u8 = 6;
    pub(crate) const CAPABILITIES: u8 = 7;
    pub(crate) const MANAGEMENT_ADDRESS: u8 = 8;
    pub(crate) const ORGANISATION: u8 = 127;
}

/// Who defined parts of their own.
pub(crate) mod organisation {
    /// IEEE 802.1 (802.1Q annex D).
    pub(crate) const BRIDGING: [u8; 3] = [0, 0x80, 0xc2];
    /// IEEE 802.3 (802.3 clause 79).
    pub(crate) const ETHERNET: [u8; 3] = [0, 0x12, 0x0f];
    /// LLDP-MED (ANSI/TIA-1057).
    pub(crate) const MED: [u8; 3] = [0, 0x12, 0xbb];
    /// PROFINET (IEC 61158-6-10).
    pub(crate) const PROFINET: [u8; 3] = [0, 0x0e, 0xcf];
    /// IANA.
    pub(crate) const IANA: [u8; 3] = [0, 0, 0x5e];
}

/// What names a chassis or a port (clauses 8.5.2 and 8.5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identifier<'a> {
    /// What it is, in words.
    pub(crate) kind: &'static str,
    pub(crate) value: &'a [u8],
}

impl Identifier<'_> {
    /// The MAC address, if it is one.
    pub(crate) fn mac(&self) -> Option<Mac> {
        self.value.try_into().ok().map(Mac).filter(|_| self.kind == "mac")
    }

    /// The network address, if it is one.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        let (family, bytes) = self.value.split_first()?;
        network_address(*family, bytes).filter(|_| self.kind == "address")
    }

    pub(crate) fn text(&self) -> Text {
        if let Some(mac) = self.mac() {
            return mac.to_compact_string();
        }
        if let Some(address) = self.address() {
            return address.to_compact_string();
        }
        let is_text = self.value.iter().all(|byte| !byte.is_ascii_control());
        // Numbers are sent as bytes by some who count their ports.
        if is_text { readable(self.value, VALUE_BYTES_MAX) } else { hexadecimal(self.value, VALUE_BYTES_MAX) }
    }
}

/// An address of a family (IANA address family numbers) that is IP.
pub(crate) fn network_address(family: u8, bytes: &[u8]) -> Option<IpAddr> {
    match family {
        1 => <[u8; 4]>::try_from(bytes).ok().map(|octets| Ipv4Addr::from(octets).into()),
        2 => <[u8; 16]>::try_from(bytes).ok().map(|octets| Ipv6Addr::from(octets).into()),
        _ => None,
    }
}

/// A part of an announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) kind: u8,
    pub(crate) value: &'a [u8],
}

impl<'a> Part<'a> {
    /// An organisation's own part: whose, its number there, and what it holds.
    pub(crate) fn organised(&self) -> Option<([u8; 3], u8, &'a [u8])> {
        let (organisation, rest) = self.value.split_first_chunk::<3>()?;
        let (number, value) = rest.split_first()?;
        (self.kind == kind::ORGANISATION).then_some((*organisation, *number, value))
    }
}

/// An announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) chassis: Identifier<'a>,
    pub(crate) port: Identifier<'a>,
    /// For how long it holds, in seconds; 0 if the device takes its leave.
    pub(crate) seconds: u16,
    /// What follows, in order.
    pub(crate) parts: Vec<Part<'a>>,
}

impl<'a> Message<'a> {
    /// What the first part of a kind holds.
    pub(crate) fn first(&self, kind: u8) -> Option<&'a [u8]> {
        self.parts.iter().find(|part| part.kind == kind).map(|part| part.value)
    }

    /// What the first of an organisation's parts of a number holds.
    pub(crate) fn organised(&self, organisation: [u8; 3], number: u8) -> Option<&'a [u8]> {
        let found = |part: &Part<'a>| {
            part.organised()
                .filter(|(whose, its, _)| (*whose, *its) == (organisation, number))
                .map(|(.., value)| value)
        };
        self.parts.iter().find_map(found)
    }

    /// What the device can do and what it does, a bit each (clause 8.5.8).
    pub(crate) fn capabilities(&self) -> Option<(u16, u16)> {
        let [a, b, c, d] = self.first(kind::CAPABILITIES)?.first_chunk::<4>()?;
        Some((u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])))
    }

    /// Where it can be managed (clause 8.5.9), with the number of the interface if one is given.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (IpAddr, Option<u32>)> + use<'_, 'a> {
        self.parts.iter().filter(|part| part.kind == kind::MANAGEMENT_ADDRESS).filter_map(|part| {
            let (length, rest) = part.value.split_first()?;
            let (address, rest) = rest.split_at_checked(usize::from(*length))?;
            let (family, address) = address.split_first()?;
            let interface = match rest {
                // 2 counts interfaces, 3 ports of the system.
                [2 | 3, a, b, c, d, ..] => Some(u32::from_be_bytes([*a, *b, *c, *d])),
                _ => None,
            };
            Some((network_address(*family, address)?, interface))
        })
    }
}
