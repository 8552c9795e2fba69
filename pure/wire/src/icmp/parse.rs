//! From bytes to an ICMP message.

use super::message::{Claim, Message};
use crate::bytes::skip;
use city::Mac;
use std::net::{IpAddr, Ipv6Addr};

/// Opens a message. `source` is the IP address of its sender. `None` if it is cut off within its first four bytes.
pub(crate) fn parse_icmp(bytes: &[u8], length: u32, source: IpAddr) -> Option<Message> {
    let ([kind, code, _, _], _) = bytes.split_first_chunk::<4>()?;
    let claim = match (source, kind) {
        (IpAddr::V6(source), 133..=136) if *code == 0 => parse_claim(*kind, bytes, source),
        _ => None,
    };
    Some(Message { kind: *kind, code: *code, claim, length: length.saturating_sub(8) })
}

/// The claim in a message of neighbour discovery (RFC 4861 section 4).
fn parse_claim(kind: u8, bytes: &[u8], source: Ipv6Addr) -> Option<Claim> {
    // Solicitations and router advertisements tell of their sender, neighbour advertisements of their target.
    let (options, wanted, address) = match kind {
        133 => (skip(bytes, 8)?, 1, source),
        134 => (skip(bytes, 16)?, 1, source),
        135 => (skip(bytes, 24)?, 1, source),
        _ => {
            let target = skip(bytes, 8)?.first_chunk::<16>()?;
            (skip(bytes, 24)?, 2, Ipv6Addr::from(*target))
        }
    };
    // The unspecified address, in detection of duplicates, claims nothing.
    if address.is_unspecified() || address.is_multicast() {
        return None;
    }
    let mut rest = options;
    loop {
        // Options count their length in units of eight bytes; none may be empty.
        let [option, eights, body @ ..] = rest else { return None };
        if *eights == 0 {
            return None;
        }
        if *option == wanted && *eights == 1 {
            let mac = Mac(*body.first_chunk::<6>()?);
            return Some(Claim { address: IpAddr::V6(address), mac });
        }
        rest = skip(rest, usize::from(*eights) * 8)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advertisement_binds_its_target() {
        let target: Ipv6Addr = "2001:db8::7".parse().unwrap();
        let mut bytes = vec![136, 0, 0, 0, 0x60, 0, 0, 0];
        bytes.extend(target.octets());
        bytes.extend([2, 1, 0, 0, 0x5e, 0, 0x53, 7]);
        let source = "fe80::1".parse().unwrap();
        let message = parse_icmp(&bytes, bytes.len() as u32, source).unwrap();
        let claim = message.claim.unwrap();
        assert_eq!((claim.address, claim.mac.to_string().as_str()), (target.into(), "00:00:5e:00:53:07"));
        assert_eq!(message.ports(true), (136, 135));
    }

    #[test]
    fn an_option_of_no_length_ends_the_search() {
        let mut bytes = vec![135, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend([0; 16]);
        bytes.extend([1, 0, 0, 0, 0, 0, 0, 0]);
        let message = parse_icmp(&bytes, bytes.len() as u32, "2001:db8::1".parse().unwrap()).unwrap();
        assert_eq!(message.claim, None);
    }

    #[test]
    fn detection_of_duplicates_claims_nothing() {
        let mut bytes = vec![135, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend([0; 16]);
        bytes.extend([1, 1, 0, 0, 0x5e, 0, 0x53, 1]);
        assert_eq!(parse_icmp(&bytes, 32, "::".parse().unwrap()).unwrap().claim, None);
    }
}
