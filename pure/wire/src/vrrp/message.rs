//! What a VRRP advertisement is (RFC 9568 clause 5).

use std::net::IpAddr;

/// An advertisement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) version: u8,
    /// The number of the virtual router.
    pub(crate) router: u8,
    /// 255 if the addresses are the sender's own, 0 if it gives up.
    pub(crate) priority: u8,
    /// Whether it is guarded by a password that everybody can read.
    pub(crate) has_password: bool,
    pub(crate) addresses: Vec<IpAddr>,
}
