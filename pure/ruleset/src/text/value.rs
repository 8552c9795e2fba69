//! What is compared: words to numbers, by the kind of field that they are compared with.

use super::names;
use crate::Range;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The kind of a field's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    EtherType,
    /// The family whose hook a packet is at, told as an EtherType.
    HookFamily,
    IcmpCode,
    IcmpType,
    Icmpv6Code,
    Icmpv6Type,
    /// Interfaces, which have names only.
    Interface,
    Ipv4,
    Ipv6,
    Mac,
    Port,
    Protocol,
    /// The connection's state: bits in the text, numbers in the ruleset.
    State,
    TcpFlags,
    Vlan,
}

/// The bits that the kernel has for the states of [`crate::State::ALL`].
pub(super) const STATE_BITS: [u128; 5] = [1, 8, 2, 4, 64];

impl Kind {
    /// How many bits a value has in a packet.
    pub(super) const fn bits(self) -> u32 {
        match self {
            Kind::IcmpCode
            | Kind::IcmpType
            | Kind::Icmpv6Code
            | Kind::Icmpv6Type
            | Kind::Protocol
            | Kind::State
            | Kind::TcpFlags => 8,
            Kind::Vlan => 12,
            Kind::EtherType | Kind::HookFamily | Kind::Interface | Kind::Port => 16,
            Kind::Ipv4 => 32,
            Kind::Mac => 48,
            Kind::Ipv6 => 128,
        }
    }

    /// The highest value.
    pub(super) const fn last(self) -> u128 {
        u128::MAX >> (128 - self.bits())
    }

    /// Whether values are sets of bits, of which a rule may ask for any.
    pub(super) const fn is_bits(self) -> bool {
        matches!(self, Kind::State | Kind::TcpFlags)
    }

    /// The kind of a set's type.
    pub(super) fn of_type(name: &str) -> Option<Kind> {
        Some(match name {
            "ct_state" => Kind::State,
            "ether_addr" => Kind::Mac,
            "ether_type" => Kind::EtherType,
            "icmp_code" => Kind::IcmpCode,
            "icmp_type" => Kind::IcmpType,
            "icmpv6_code" => Kind::Icmpv6Code,
            "icmpv6_type" => Kind::Icmpv6Type,
            "iface_index" | "ifname" => Kind::Interface,
            "nf_proto" => Kind::HookFamily,
            "inet_proto" => Kind::Protocol,
            "inet_service" => Kind::Port,
            "ipv4_addr" => Kind::Ipv4,
            "ipv6_addr" => Kind::Ipv6,
            "tcp_flag" => Kind::TcpFlags,
            _ => return None,
        })
    }

    /// One value. Interfaces have none here.
    pub(super) fn value(self, word: &str) -> Option<u128> {
        if let Some(number) = number(word).filter(|_| {
            !matches!(self, Kind::HookFamily | Kind::Interface | Kind::Ipv4 | Kind::Ipv6 | Kind::Mac)
        }) {
            // No name is a number.
            return Some(number).filter(|value| *value <= self.last());
        }
        match self {
            Kind::EtherType => names::ether_type(word),
            // The kernel's NFPROTO_IPV4 and NFPROTO_IPV6.
            Kind::HookFamily => match word {
                "ipv4" | "2" => Some(0x0800),
                "ipv6" | "10" => Some(0x86dd),
                _ => None,
            },
            Kind::IcmpCode => names::icmp_code(word),
            Kind::IcmpType => names::icmp_type(word),
            Kind::Icmpv6Code => names::icmpv6_code(word),
            Kind::Icmpv6Type => names::icmpv6_type(word),
            Kind::Interface => None,
            Kind::Ipv4 => word.parse::<Ipv4Addr>().ok().map(|address| address.to_bits().into()),
            Kind::Ipv6 => word.parse::<Ipv6Addr>().ok().map(Ipv6Addr::to_bits),
            Kind::Mac => mac(word),
            Kind::Port => names::service(word),
            Kind::Protocol => names::protocol(word),
            Kind::State => names::state(word),
            Kind::TcpFlags => names::tcp_flag(word),
            Kind::Vlan => None,
        }
    }

    /// A value, a prefix or a range.
    pub(super) fn range(self, word: &str) -> Option<Range> {
        if let Some(value) = self.value(word) {
            return Some(Range::one(value));
        }
        if let Some((address, length)) = word.split_once('/') {
            return self.prefix(self.value(address)?, length.parse().ok()?);
        }
        // Names have hyphens too.
        word.match_indices('-').find_map(|(at, _)| {
            let (first, last) = (word.get(..at)?, word.get(at + 1..)?);
            let (first, last) = (self.value(first)?, self.value(last)?);
            (first <= last).then_some(Range { first, last })
        })
    }

    /// The values whose first bits are those of an address.
    pub(super) fn prefix(self, value: u128, length: u32) -> Option<Range> {
        let free = self.bits().checked_sub(length)?;
        let low = u128::MAX.checked_shr(128 - free).unwrap_or(0);
        Some(Range { first: value & !low, last: value | low })
    }

    /// What the values of a kind are called.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Kind::EtherType => "an EtherType",
            Kind::HookFamily => "`ipv4` or `ipv6`",
            Kind::IcmpCode => "a code of ICMP",
            Kind::IcmpType => "a type of ICMP",
            Kind::Icmpv6Code => "a code of ICMPv6",
            Kind::Icmpv6Type => "a type of ICMPv6",
            Kind::Interface => "an interface",
            Kind::Ipv4 => "an IPv4 address",
            Kind::Ipv6 => "an IPv6 address",
            Kind::Mac => "a MAC address",
            Kind::Port => "a port",
            Kind::Protocol => "a protocol",
            Kind::State => "a connection's state",
            Kind::TcpFlags => "a flag of TCP",
            Kind::Vlan => "a VLAN",
        }
    }
}

/// A number, decimal or hexadecimal.
pub(super) fn number(word: &str) -> Option<u128> {
    match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(digits) => u128::from_str_radix(digits, 16).ok(),
        None if word.starts_with(|letter: char| letter.is_ascii_digit()) => word.parse().ok(),
        None => None,
    }
}

/// A MAC address.
pub(super) fn mac(word: &str) -> Option<u128> {
    let mut parts = 0;
    let mut value = 0;
    for part in word.split(':') {
        if parts == 6 || part.is_empty() || part.len() > 2 || part.starts_with('+') {
            return None;
        }
        value = value << 8 | u128::from(u8::from_str_radix(part, 16).ok()?);
        parts += 1;
    }
    (parts == 6).then_some(value)
}

/// The values that a predicate holds for, among those of a kind of bits, as ranges of the field's own numbers.
pub(super) fn ranges_where(kind: Kind, holds: impl Fn(u128) -> bool) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    let mut see = |number: u128, bits: u128| {
        if !holds(bits) {
            return;
        }
        match ranges.last_mut() {
            Some(range) if range.last + 1 == number => range.last = number,
            _ => ranges.push(Range::one(number)),
        }
    };
    match kind {
        Kind::State => {
            for (bits, number) in STATE_BITS.into_iter().zip(0..) {
                see(number, bits);
            }
        }
        _ => (0..=kind.last().min(0xff)).for_each(|bits| see(bits, bits)),
    }
    ranges
}

/// The values of so many bits that are `value` under a mask, as ranges; `None` where they are more than so many.
pub(super) fn masked(bits: u32, mask: u128, value: u128, most: u32) -> Option<Vec<Range>> {
    let all = u128::MAX.checked_shr(128 - bits).unwrap_or(0);
    let mask = mask & all;
    if value & !mask != 0 {
        // No value under the mask has such bits.
        return Some(Vec::new());
    }
    // Free bits below the lowest fixed one make a range; each other doubles the number of ranges.
    let low = mask.trailing_zeros().min(bits);
    let run = u128::MAX.checked_shr(128 - low).unwrap_or(0);
    let free = all & !mask & !run;
    let count = 1_u32.checked_shl(free.count_ones()).filter(|count| *count <= most)?;
    let mut high = 0;
    let mut ranges = Vec::with_capacity(count as usize);
    for _ in 0..count {
        ranges.push(Range { first: value | high, last: value | high | run });
        // The next number that has only free bits.
        high = (high | !free).wrapping_add(1) & free;
    }
    Some(ranges)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_values_prefixes_and_ranges() {
        let of = |kind: Kind, word| kind.range(word).map(|range| (range.first, range.last));
        assert_eq!(of(Kind::Port, "22"), Some((22, 22)));
        assert_eq!(of(Kind::Port, "ssh"), Some((22, 22)));
        assert_eq!(of(Kind::Port, "0x16"), Some((22, 22)));
        assert_eq!(of(Kind::Port, "1-1024"), Some((1, 1024)));
        assert_eq!(of(Kind::Port, "ftp-data-ssh"), Some((20, 22)));
        assert_eq!(of(Kind::Port, "9-1"), None);
        assert_eq!(of(Kind::Port, "65536"), None);
        assert_eq!(of(Kind::Ipv4, "192.0.2.77/24"), Some((0xc000_0200, 0xc000_02ff)));
        assert_eq!(of(Kind::Ipv4, "192.0.2.1-192.0.2.9"), Some((0xc000_0201, 0xc000_0209)));
        assert_eq!(of(Kind::Ipv4, "0.0.0.0/0"), Some((0, 0xffff_ffff)));
        assert_eq!(of(Kind::Ipv4, "192.0.2.0/33"), None);
        assert_eq!(of(Kind::Ipv6, "::/0"), Some((0, u128::MAX)));
        assert_eq!(of(Kind::Ipv6, "2001:db8::/32").map(|range| range.0), Some(0x2001_0db8 << 96));
        assert_eq!(of(Kind::Mac, "02:00:5e:00:53:01"), Some((0x0200_5e00_5301, 0x0200_5e00_5301)));
        assert_eq!(of(Kind::Icmpv6Type, "nd-neighbor-solicit"), Some((135, 135)));
        assert_eq!(of(Kind::Vlan, "4096"), None);
    }

    #[test]
    fn masks_are_ranges() {
        let ranges = |mask, value| {
            masked(8, mask, value, 16)
                .map(|ranges| ranges.iter().map(|range| (range.first, range.last)).collect::<Vec<_>>())
        };
        assert_eq!(ranges(0xf0, 0x20), Some(vec![(0x20, 0x2f)]));
        assert_eq!(ranges(0xff, 7), Some(vec![(7, 7)]));
        assert_eq!(ranges(0, 0), Some(vec![(0, 255)]));
        assert_eq!(ranges(0x3f, 0x41), Some(vec![]));
        assert_eq!(ranges(0x3f, 1), Some(vec![(1, 1), (0x41, 0x41), (0x81, 0x81), (0xc1, 0xc1)]));
        assert_eq!(ranges(0x01, 1), None);
        assert_eq!(masked(128, u128::MAX << 64, 5 << 64, 1).unwrap().len(), 1);
    }

    #[test]
    fn bits_are_told_by_the_fields_own_numbers() {
        let new_or_established = ranges_where(Kind::State, |bits| bits & 0xa != 0);
        assert_eq!(new_or_established, [Range { first: 1, last: 2 }]);
        let syn = ranges_where(Kind::TcpFlags, |bits| bits & 0x17 == 2);
        assert_eq!(syn.len(), 16);
    }
}
