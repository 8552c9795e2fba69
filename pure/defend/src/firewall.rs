//! What a firewall lets pass: decided at the first packet, by addresses, transport and port, whatever is said later.
//!
//! The wire judges a conversation by the protocol that it turns out to speak, a firewall cannot. So a conversation may
//! be allowed by the plan and refused by the firewall (Modbus on another port than its own), and the other way round
//! (SSH on a port that is open for TLS).

use crate::conduit::{self, Way};
use city::{Allowance, Flow, Protocol, Transport};
use plan::Plan;

/// Whether a firewall that was made from the plan lets the first packet of a flow pass. Answers pass with what they
/// answer. The ports of an allowance of a protocol are its usual ones; one without usual ports opens none.
#[must_use]
pub fn passes_firewall(plan: &Plan, flow: &Flow) -> bool {
    match conduit::way(plan, flow) {
        Way::Free => true,
        Way::Nowhere => false,
        Way::Between(from, to) => {
            let mut allowances = plan.conduits_between(&from.id, &to.id).flat_map(|conduit| &conduit.allow);
            allowances.any(|allowance| match allowance {
                Allowance::Requests { protocol, .. } => {
                    knows_by_port(*protocol, flow.transport, flow.destination_port)
                }
                Allowance::Ports { .. } | Allowance::Packets { .. } => conduit::carries(allowance, flow),
            })
        }
    }
}

/// Whether a firewall takes what runs to a port, or under a number of IP, for a protocol.
pub(crate) fn knows_by_port(protocol: Protocol, transport: Transport, port: u16) -> bool {
    match transport {
        Transport::Tcp | Transport::Udp | Transport::Sctp => protocol.usual_ports().contains(&port),
        Transport::Icmp => protocol == Protocol::Icmp,
        // The protocol numbers of IGMP (RFC 9776) and of VRRP (RFC 9568).
        Transport::Ip(number) => matches!((protocol, number), (Protocol::Igmp, 2) | (Protocol::Vrrp, 112)),
        Transport::Ethernet(_) => true,
    }
}
