//! Spanning tree, directly on the link: STP (IEEE 802.1D), its rapid successor RSTP and the multiple MSTP (IEEE 802.1Q
//! clause 14), and Cisco's one for each VLAN (PVST+) over SNAP.
//!
//! Read: which bridge a frame is from, which one is the root of the tree, at what cost and through what port, the region
//! of multiple trees and their roots; that a bridge is one, and whether it is the root.
//!
//! Bridges say all this every two seconds. It is told when it changes and once within an hour, as published; the rest is
//! counted in its conversation. Three changes are told as such, since each makes the whole network forget where its
//! stations are: a notification that the topology changes, the flag that says so when it rises, and another root than
//! before (`root-change`), which is also what one who wants all traffic to himself would do. A root that nobody named
//! before counts as another too, if a port names it that was not heard before. Nothing proves who speaks.
//!
//! Not read: shortest-path bridging, Cisco's old SSTP address for anything but trees.
//!
//! The function of what is published is the kind of tree: `spanning-tree`, `rapid-tree`, `multiple-trees`; the target is
//! the bridge. Details:
//!
//! | key | value |
//! |---|---|
//! | `root`, `cost`, `bridge`, `port` | priority and address of the root; cost of the way to it; bridge and port that speak |
//! | `role`, `flags` | of the port; what it says |
//! | `message-age`, `age-max`, `hello`, `delay` | in seconds |
//! | `vlan` | whose tree it is, where each VLAN has its own |
//! | `region`, `revision`, `digest`, `internal-cost`, `regional-root`, `hops` | of multiple trees |
//! | `tree` | number, regional root, cost and flags of each of the multiple trees; repeated |

mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;

pub(crate) use conversation::Bridges;

/// The 802.2 service access point of bridges (IEEE 802.1D clause 7.12).
pub(crate) const ACCESS_POINT: u16 = 0x42;
/// The number of PVST+ among Cisco's SNAP protocols.
pub(crate) const CISCO_NUMBER: u16 = 0x010b;
