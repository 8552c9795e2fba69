//! What an NTLM message is: MS-NLMP clause 2.2.1.

use city::Text;

/// A message, without its challenges, responses and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Clause 2.2.1.1.
    Negotiate,
    /// Clause 2.2.1.2: what a server says of itself.
    Challenge(Server),
    /// Clause 2.2.1.3: who logs on.
    Authenticate(User),
}

/// A server's names, from its attribute–value pairs (clause 2.2.2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    pub computer: Option<Text>,
    pub dns_computer: Option<Text>,
    pub tree: Option<Text>,
    /// The version of Windows: major, minor, build (clause 2.2.2.10).
    pub version: Option<(u8, u8, u16)>,
}

/// Who logs on, from where; empty names are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    pub domain: Option<Text>,
    pub name: Option<Text>,
    pub workstation: Option<Text>,
    /// Whether the proof is that of version 1, which has a fixed length (clause 2.2.2.6), or of its forerunner.
    pub is_version_1: bool,
    /// The version of Windows: major, minor, build, and the revision of NTLM (clause 2.2.2.10).
    pub version: Option<(u8, u8, u16, u8)>,
    /// Whether nobody is named and nothing proved (clause 3.2.5.1.2).
    pub is_anonymous: bool,
}
