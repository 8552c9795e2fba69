//! Community ID version 1, by which tools agree on the name of a flow (Corelight, community-id-spec).

use crate::icmp::counterpart;
use base64::{Engine, engine::general_purpose::STANDARD};
use city::{Address, Flow, Transport};
use sha1::{Digest, Sha1};
use smallvec::SmallVec;
use std::net::IpAddr;

/// An address's bytes.
type Octets = SmallVec<[u8; 16]>;

/// The Community ID of a flow, with seed 0; `None` if its ends are not IP addresses of one version.
///
/// The same whichever end is the source, except for ICMP messages that have no answer.
pub fn community_id(flow: &Flow) -> Option<String> {
    let (Address::Ip(source), Address::Ip(destination)) = (flow.source, flow.destination) else {
        return None;
    };
    let (source, destination, version_6) = match (source, destination) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            (Octets::from_slice(&a.octets()), Octets::from_slice(&b.octets()), false)
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => (Octets::from(a.octets()), Octets::from(b.octets()), true),
        _ => return None,
    };
    let protocol = match flow.transport {
        Transport::Ethernet(_) => return None,
        Transport::Icmp if version_6 => 58,
        Transport::Icmp => 1,
        Transport::Ip(number) => number,
        Transport::Sctp => 132,
        Transport::Tcp => 6,
        Transport::Udp => 17,
    };
    let one_way = flow.transport == Transport::Icmp
        && u8::try_from(flow.source_port).ok().and_then(|kind| counterpart(kind, version_6)).is_none();
    let has_ports = !matches!(flow.transport, Transport::Ip(_));
    let forward = (source, flow.source_port);
    let backward = (destination, flow.destination_port);
    let (low, high) = if one_way || forward <= backward { (forward, backward) } else { (backward, forward) };

    let mut hashed = SmallVec::<[u8; 40]>::new();
    // The seed.
    hashed.extend_from_slice(&0_u16.to_be_bytes());
    hashed.extend_from_slice(&low.0);
    hashed.extend_from_slice(&high.0);
    hashed.extend_from_slice(&[protocol, 0]);
    if has_ports {
        hashed.extend_from_slice(&low.1.to_be_bytes());
        hashed.extend_from_slice(&high.1.to_be_bytes());
    }
    let mut id = String::with_capacity(30);
    id.push_str("1:");
    STANDARD.encode_string(Sha1::digest(&hashed), &mut id);
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_have_one_name() {
        let flow = Flow {
            source: Address::Ip("192.0.2.1".parse().unwrap()),
            source_port: 49152,
            destination: Address::Ip("198.51.100.7".parse().unwrap()),
            destination_port: 502,
            transport: Transport::Tcp,
            protocol: None,
        };
        let back = Flow {
            source: flow.destination,
            source_port: flow.destination_port,
            destination: flow.source,
            destination_port: flow.source_port,
            ..flow
        };
        assert_eq!(community_id(&flow), community_id(&back));
        assert!(community_id(&flow).unwrap().starts_with("1:"));
    }
}
