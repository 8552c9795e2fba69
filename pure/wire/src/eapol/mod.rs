//! 802.1X: EAP over the link (IEEE 802.1X clauses 8 and 11), with what stands outside EAP's encryption (RFC 3748).
//!
//! Read: who asks to be let into the network, by which method, and whether it was; that a device begins or leaves; that
//! keys are agreed on, for wireless or for encryption of the link (MACsec). A computer that names itself (`host/…`) is
//! known by that name; who lets others in is an authenticator.
//!
//! Not read: what methods hold, be it inside TLS or not; keys of any kind; announcements (clause 10), which are told by
//! name. The answers of methods are looked at no further than to see that there is one.
//!
//! Weaknesses: a method outside any tunnel of which whoever listens learns the password (GTC), or enough to guess it at
//! leisure (MD5, LEAP, MSCHAPv2). They are the authenticator's, which could ask for better.
//!
//! Most frames go to a group address, so that ends are told apart by who asks and who answers, and joined by the
//! identifier of question and answer. The function of a login is its method (`eap-tls`), the target is the name given
//! before encryption, as it is with RADIUS: a person's, where it is not a computer's or made up. Details:
//!
//! | key | value |
//! |---|---|
//! | `version` | of 802.1X |
//! | `offered` | methods that the authenticator proposed, in order; repeated |
//! | `refused` | those that the device would not have; repeated |

mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;

pub(crate) use conversation::Ports;
pub(crate) use parse::response_method;

/// The EtherType of 802.1X.
pub(crate) const ETHER_TYPE: u16 = 0x888e;
/// That of logins before a station moves from one access point to another (IEEE 802.11 clause 12.6.10).
pub(crate) const ETHER_TYPE_BEFORE: u16 = 0x88c7;
