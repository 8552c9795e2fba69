//! LLDP (IEEE 802.1AB), directly on the link: devices tell their neighbours who they are.
//!
//! Read: chassis, port, name, description, what the device does, where it can be managed; of LLDP-MED (ANSI/TIA-1057)
//! the inventory: maker, model, serial number, versions, asset number; the address of a usage description (RFC 8520);
//! the values of the additions of 802.1 and 802.3 that name VLANs, sizes and power. A device's addresses of management
//! are bound to the MAC addresses of the port and of the chassis.
//!
//! Not read, but told by name: the other additions of 802.1, 802.3, LLDP-MED (its place among them, which can be a
//! person's) and PROFINET; those of other organisations are told by number.
//!
//! An announcement without chassis, port and time to live, in this order, is none (clause 9.2.7.7.1) and is left unread.
//! One that is repeated is counted in its conversation; what it says is told when it is new, and once within an hour.
//! The target is the port that it was sent from, the value is the device's name. A device that takes its leave does so
//! with the function `withdraw`. Details:
//!
//! | key | value |
//! |---|---|
//! | `chassis`, `chassis-kind`, `port`, `port-kind` | identifiers, and what they are |
//! | `ttl` | for how many seconds it holds |
//! | `port-description`, `system-name`, `system-description` | as the device says |
//! | `capabilities`, `enabled` | what it could do, what it does |
//! | `management-address`, `management-interface` | with the number of the interface; repeated |
//! | `port-vlan`, `vlan`, `management-vlan` | VLAN of what has no tag; number and name of others, repeated; the VLAN of management |
//! | `aggregation`, `frame-size`, `medium` | number of the joined port; longest frame; kind of medium (MAU type) |
//! | `power` | supply over the cable: which end, whether enabled, class, watts |
//! | `policy` | for telephony: application, VLAN, priority |
//! | `hardware`, `firmware`, `software`, `serial`, `maker`, `model`, `asset` | inventory |
//! | `mud-url` | address of the description of what the device needs from the network |
//! | `part` | name of each part that is present, in order; repeated |

mod conversation;
mod message;
mod names;
mod parse;
#[cfg(test)]
mod tests;

pub(crate) use conversation::read;

/// The EtherType of LLDP.
pub(crate) const ETHER_TYPE: u16 = 0x88cc;
