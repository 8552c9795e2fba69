//! ICMP (RFC 792) and ICMPv6 (RFC 4443), with neighbour discovery (RFC 4861).
//!
//! Messages are conversations, paired as the field pairs them: the ports of the flow are the type and the type of its
//! answer, or the type and the code where there is no answer. Neighbour discovery binds IP to MAC addresses.

mod message;
mod parse;

pub(crate) use message::{Claim, counterpart, is_echo_request};
pub(crate) use parse::parse_icmp;
