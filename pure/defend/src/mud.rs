//! Manufacturer Usage Descriptions (RFC 8520): what a device's maker says it needs, as conduits of that device.
//!
//! ```text
//! JSON ─► Mud (rules as they are written) ─► flows (who begins to whom) ─► Proposal (conduits of one asset, and notes)
//! ```
//!
//! A MUD file speaks of packets in each direction, a plan of who begins; answers are part of a conduit. What a plan cannot
//! say is told in the notes, and nothing is left out without one.

mod cursor;
mod flow;
mod parse;
mod proposal;
mod rule;

pub use cursor::MudError;
pub use parse::{Mud, parse};
pub use proposal::{Peers, Proposal, propose};
pub use rule::{Peer, Rule};
