//! Segmentation: the plan's zones and conduits as firewalls carry them out.
//!
//! [`Policy`] is what a plan asks of any firewall. [`nftables`] writes it as a ruleset that knows connections; [`cisco`]
//! and [`juniper`] write it as access lists, which do not. [`prove`] compares what a ruleset means with what the plan
//! says of every packet. [`Device`] has the text that contains one address.

pub mod cisco;
mod containment;
mod first_packet;
pub mod juniper;
mod lists;
pub mod nftables;
mod policy;
mod prove;
mod specification;

pub use containment::Device;
pub use first_packet::passes_firewall;
pub use lists::{Settings as ListSettings, left_out as left_out_of_lists};
pub use policy::{Gap, Openings, Passage, Policy, Why};
pub use prove::{Counterexample, Proof, prove};
pub use specification::{Question, Wanted, specification};
