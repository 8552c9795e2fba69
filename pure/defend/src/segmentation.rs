//! Segmentation: the plan's zones and conduits as firewalls carry them out.
//!
//! [`Policy`] is what a plan asks of any firewall; [`nftables`] writes it in the firewall's language; [`prove`] compares
//! what a ruleset means with what the plan says of every packet.

pub mod nftables;
mod first_packet;
mod policy;
mod prove;
mod specification;

pub use first_packet::passes_firewall;
pub use policy::{Gap, Openings, Passage, Policy, Why};
pub use prove::{Counterexample, Proof, prove};
pub use specification::{Question, Wanted, specification};
