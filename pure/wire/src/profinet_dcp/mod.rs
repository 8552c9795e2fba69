//! PROFINET's discovery and basic configuration (DCP, IEC 61158-6-10 clause 4.3), directly on the link.
//!
//! Read: identify, get, set and hello with their replies, one request for each thing that is set: the name of station,
//! the addresses, a signal, a reset to factory settings. What a station says of itself is identity: its name, its maker
//! and device number, its type, its role; its IP address is bound to its MAC address. DCP proves nothing of who asks, so
//! that any change that a station accepts shows a weakness.
//!
//! Not read: DHCP's options within DCP, and options of makers, which are told by number; cyclic data and alarms, which
//! share the EtherType, are conversations that nobody reads.
//!
//! Identify and get are told once within a while, since engineering tools and controllers ask again and again. The target
//! is the station that is looked for (`station pump-7`), or what is got or set (`name-of-station`).

mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;
mod vendors;

pub(crate) use conversation::{Seen, Stations};
pub(crate) use parse::parse_dcp;
pub(crate) use vendors::vendor;

/// The EtherType of everything that PROFINET sends directly on the link.
pub(crate) const ETHER_TYPE: u16 = 0x8892;
