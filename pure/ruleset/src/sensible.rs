//! The packets that exist: a function may say anything of others, and no comparison should show it.

use crate::diagram::{Diagram, Result, Space};
use crate::meaning::Way;
use crate::{Field, Range, State};

const IP: Range = Range::one(0x0800);
const IP6: Range = Range::one(0x86dd);
const NONE: Range = Range::one(0);

const TCP: u128 = 6;
/// The other protocols with ports, by IANA's numbers: UDP, DCCP, SCTP and UDP-Lite.
const WITH_PORTS: [u128; 4] = [17, 33, 132, 136];
/// The protocols with a type and a code of 8 bits: ICMP, and ICMPv6.
const WITH_TYPES: [u128; 2] = [1, 58];
const OCTET: Range = Range { first: 0, last: u8::MAX as u128 };

impl Space {
    /// All packets that can be on this way, as a set of [`Diagram::YES`] and [`Diagram::NO`]: IPv4 addresses have 32
    /// bits; only protocols with ports have ports, and only TCP has its flags; what is not IP has neither addresses nor
    /// protocol, and is not tracked; what is routed is IP and has left its VLAN tag behind; and an interface is
    /// one of those that a ruleset names, or 0. A field that a packet does not have is 0.
    ///
    /// `interfaces` is the length of [`crate::Ruleset::interfaces`].
    ///
    /// # Errors
    ///
    /// The space is full.
    pub fn sensible(&mut self, way: Way, interfaces: usize) -> Result<Diagram> {
        let upper = self.upper()?;
        let short = Range { first: 0, last: u32::MAX.into() };
        let ip = self.boxes(&[Field::Source, Field::Destination], &[(&[short, short], 1)], 0)?;
        let ip = self.only(ip, upper, 0)?;
        let other = match way {
            Way::Routed => Diagram::NO,
            Way::Bridged => {
                // Conntrack on a bridge says so of what is not IP.
                let untracked = Range::one(State::Untracked.number());
                let fields = [
                    Field::State,
                    Field::Source,
                    Field::Destination,
                    Field::Protocol,
                    Field::SourcePort,
                    Field::DestinationPort,
                    Field::TcpFlags,
                ];
                self.boxes(&fields, &[(&[untracked, NONE, NONE, NONE, NONE, NONE, NONE], 1)], 0)?
            }
        };
        let packets = self.select(Field::Ethertype, &[(IP, ip), (IP6, upper)], other)?;
        let named = Range { first: 0, last: interfaces as u128 };
        let vlan = if way == Way::Routed { NONE } else { Field::Vlan.whole() };
        let link = [Field::InterfaceIn, Field::InterfaceOut, Field::Vlan];
        let link = self.boxes(&link, &[(&[named, named, vlan], 1)], 0)?;
        self.only(link, packets, 0)
    }

    /// What is behind the addresses.
    fn upper(&mut self) -> Result<Diagram> {
        let fields = [Field::SourcePort, Field::DestinationPort, Field::TcpFlags];
        let port = Field::SourcePort.whole();
        let tcp = self.boxes(&fields, &[(&[port, port], 1)], 0)?;
        let with_ports = self.boxes(&fields, &[(&[port, port, NONE], 1)], 0)?;
        let with_types = self.boxes(&fields, &[(&[OCTET, OCTET, NONE], 1)], 0)?;
        let bare = self.boxes(&fields, &[(&[NONE, NONE, NONE], 1)], 0)?;
        let mut cases = vec![(Range::one(TCP), tcp)];
        cases.extend(WITH_PORTS.map(|protocol| (Range::one(protocol), with_ports)));
        cases.extend(WITH_TYPES.map(|protocol| (Range::one(protocol), with_types)));
        self.select(Field::Protocol, &cases, bare)
    }
}
