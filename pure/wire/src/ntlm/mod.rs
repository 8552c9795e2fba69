//! NTLM: MS-NLMP, in the tokens of other protocols (HTTP, LDAP, SMB), with or without SPNEGO around them.
//!
//! Read: who logs on from where, and what the server says of itself. The proofs, challenges and keys are never looked
//! at, let alone kept; but their length tells version 1, which is a weakness of who logs on.
//!
//! Not read: whether a log-on succeeded where the surrounding protocol does not say it in SPNEGO's words.

mod message;
mod parse;
mod session;
#[cfg(test)]
mod tests;

pub(crate) use message::Message;
pub(crate) use parse::{parse_message, utf16};
pub(crate) use session::Session;
