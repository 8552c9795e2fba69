//! What a firewall lets pass: decided at the first packet, by addresses, transport and port, whatever is said later.
//!
//! The wire judges a conversation by the protocol that it turns out to speak, a firewall cannot. So a conversation may
//! be allowed by the plan and refused by the firewall (Modbus on another port than its own), and the other way round
//! (SSH on a port that is open for TLS).

use super::policy::opened_by;
use crate::conduit::{self, Way};
use city::Flow;
use plan::Plan;

/// Whether a firewall that was made from the plan lets the first packet of a flow pass. Answers pass with what they
/// answer.
#[must_use]
pub fn passes_firewall(plan: &Plan, flow: &Flow) -> bool {
    match conduit::way(plan, flow) {
        Way::Free => true,
        Way::Nowhere => false,
        Way::Between(from, to) => conduit::between(plan, from, to, flow)
            .flat_map(|conduit| &conduit.allow)
            .any(|allowance| opened_by(allowance).is_ok_and(|openings| openings.carry(flow))),
    }
}
