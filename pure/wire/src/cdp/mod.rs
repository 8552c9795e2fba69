//! CDP, the Cisco Discovery Protocol, versions 1 and 2, directly on the link: devices of Cisco, and some of others, tell
//! their neighbours who they are.
//!
//! Read: the device's name, its model, its software with the version, what it does, the port, its addresses, VLANs,
//! duplex, the domain of its VLANs and its power. Its addresses are bound to the MAC address that it sends from. There is
//! no standard: read as Cisco's documents for developers describe it.
//!
//! Not read, but told by number: hellos of other protocols, prefixes, locations, trust.
//!
//! What does not name a device is left unread. An announcement that is repeated is counted in its conversation; what it
//! says is told when it is new, and once within an hour. The target is the port that it was sent from, the value is the
//! device's name. A device that takes its leave does so with the function `withdraw`. Details:
//!
//! | key | value |
//! |---|---|
//! | `version`, `ttl` | of the protocol; for how many seconds it holds |
//! | `device`, `system-name`, `system-object` | names; what kind of system it is, as SNMP numbers it |
//! | `port`, `platform`, `software` | port, model, all lines of the software's version |
//! | `capabilities` | what it does |
//! | `address`, `management-address` | repeated |
//! | `native-vlan`, `voice-vlan`, `duplex`, `vtp-domain`, `mtu` | of the port |
//! | `power` | what it takes over the cable, in milliwatts |
//! | `part` | number of each part that is present, in order; repeated |

mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;

pub(crate) use conversation::read;

/// The number of CDP among Cisco's SNAP protocols.
pub(crate) const CISCO_NUMBER: u16 = 0x2000;
