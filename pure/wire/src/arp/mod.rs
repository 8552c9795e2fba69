//! ARP (RFC 826), with what is claimed in announcements (RFC 5227).
//!
//! Claims bind IP to MAC addresses; a question is a request to discover. What is said again and again is told once
//! within a while, so that a flood of ARP does not become a flood of observations.

mod conversation;
mod message;
mod parse;

pub(crate) use conversation::Neighbours;
pub(crate) use parse::parse_arp;
