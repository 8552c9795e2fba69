//! Segmentation: the plan's zones and conduits as firewalls carry them out.
//!
//! [`Policy`] is what a plan asks of any firewall; [`nftables`] writes it in the firewall's language.

pub mod nftables;
mod policy;
// mod prove;

pub use policy::{Gap, Openings, Passage, Policy, Why};
// pub use prove::{Counterexample, Proof, Question, prove};
