//! What a CDP announcement is.

use crate::cursor::Cursor;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The number of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind(pub(crate) u16);

impl Kind {
    pub(crate) const DEVICE: Kind = Kind(1);
    pub(crate) const ADDRESSES: Kind = Kind(2);
    pub(crate) const PORT: Kind = Kind(3);
    pub(crate) const CAPABILITIES: Kind = Kind(4);
    pub(crate) const SOFTWARE: Kind = Kind(5);
    pub(crate) const PLATFORM: Kind = Kind(6);
    pub(crate) const VTP_DOMAIN: Kind = Kind(9);
    pub(crate) const NATIVE_VLAN: Kind = Kind(0x0a);
    pub(crate) const DUPLEX: Kind = Kind(0x0b);
    pub(crate) const VOICE_VLAN: Kind = Kind(0x0e);
    pub(crate) const POWER: Kind = Kind(0x10);
    pub(crate) const MTU: Kind = Kind(0x11);
    pub(crate) const SYSTEM_NAME: Kind = Kind(0x14);
    pub(crate) const SYSTEM_OBJECT: Kind = Kind(0x15);
    pub(crate) const MANAGEMENT_ADDRESSES: Kind = Kind(0x16);
}

/// A part of an announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) kind: Kind,
    pub(crate) value: &'a [u8],
}

/// An announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) version: u8,
    /// For how long it holds, in seconds; 0 if the device takes its leave.
    pub(crate) seconds: u8,
    pub(crate) parts: Vec<Part<'a>>,
}

impl<'a> Message<'a> {
    /// What the first part of a kind holds.
    pub(crate) fn first(&self, kind: Kind) -> Option<&'a [u8]> {
        self.parts.iter().find(|part| part.kind == kind).map(|part| part.value)
    }

    /// The IP addresses in the parts of a kind.
    pub(crate) fn addresses(&self, kind: Kind) -> impl Iterator<Item = IpAddr> + use<'_, 'a> {
        let parts = self.parts.iter().filter(move |part| part.kind == kind);
        parts.flat_map(|part| {
            let mut cursor = Cursor::new(part.value);
            // The count is not needed: the part ends where they end.
            let _count = cursor.u32();
            std::iter::from_fn(move || address(&mut cursor)).flatten()
        })
    }

    /// A number, however long.
    pub(crate) fn number(&self, kind: Kind) -> Option<u64> {
        let value = self.first(kind)?;
        Cursor::new(value).unsigned(value.len())
    }
}

/// The next address; nothing within if it is not IP.
#[expect(clippy::option_option, reason = "the end of the list, and an address of a kind that is not read")]
fn address(cursor: &mut Cursor<'_>) -> Option<Option<IpAddr>> {
    let _kind = cursor.u8()?;
    let length = cursor.u8()?;
    let protocol = cursor.take(usize::from(length))?;
    let length = cursor.u16()?;
    let bytes = cursor.take(usize::from(length))?;
    Some(match protocol {
        // By the number of the network layer's protocol (ISO/IEC TR 9577).
        [0xcc] => <[u8; 4]>::try_from(bytes).ok().map(|octets| Ipv4Addr::from(octets).into()),
        // By 802.2 with SNAP.
        [0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd] => {
            <[u8; 16]>::try_from(bytes).ok().map(|octets| Ipv6Addr::from(octets).into())
        }
        _ => None,
    })
}

/// What devices do, from the lowest bit.
const CAPABILITIES: [&str; 11] = [
    "router",
    "transparent bridge",
    "source-route bridge",
    "switch",
    "host",
    "IGMP filter",
    "repeater",
    "telephone",
    "remotely managed",
    "CVTA",
    "two-port relay",
];

/// The names of the capabilities whose bits are set.
pub(crate) fn capabilities(bits: u64) -> impl Iterator<Item = &'static str> {
    let named = CAPABILITIES.into_iter().enumerate();
    named.filter(move |(bit, _)| bits >> bit & 1 == 1).map(|(_, name)| name)
}
