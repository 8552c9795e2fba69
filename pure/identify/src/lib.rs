//! Identify: what a device is, from what it says.
//!
//! A saying is a line in which software names itself: an SSH banner, the `Server` field of HTTP, sysDescr of SNMP. A
//! [`Kind`] says where it was said. A [`Database`] holds fingerprints for one kind: patterns, and what is known of whoever
//! says what matches. There are two sources: the table that is part of Bastide ([`built_in`], a text for each family of
//! sayings), and databases in the form of recog, whose files an operator may give ([`recog`]).
//!
//! What comes out is an [`Identification`]: [`Attributes`] by the names that the field has for them, and what they mean
//! for the inventory ([`Told`]), each with how far it is to be believed. [`maker`] says who made a network interface, by
//! its MAC address.

mod attributes;
mod built_in;
mod fingerprint;
mod kind;
mod makers;
mod pattern;
pub mod recog;
mod told;

pub use attributes::Attributes;
pub use built_in::{built_in, said};
pub use fingerprint::{Database, Identification, Source, identify};
pub use kind::Kind;
pub use makers::maker;
pub use told::Told;
