//! ICMP (RFC 792) and ICMPv6 (RFC 4443), with neighbour discovery (RFC 4861).
//!
//! Messages are conversations, paired as the field pairs them: the ports of the flow are the type and the type of its
//! answer, or the type and the code where there is no answer. Neighbour discovery binds IP to MAC addresses. What a router
//! advertises of itself and its link, whether it is a gateway, its prefixes and name servers, is told when it is new or
//! another, and once within an hour: whoever is not meant to be a router would say just that.

mod message;
mod parse;
mod router;

pub(crate) use message::{Claim, counterpart, is_echo_request};
pub(crate) use parse::parse_icmp;
pub(crate) use router::Routers;
