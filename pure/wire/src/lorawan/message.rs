//! What the packet forwarder's messages are: `PROTOCOL.TXT` of Semtech's packet forwarder, clauses 3 to 6.

use crate::json;
use city::Text;
use compact_str::format_compact;

/// What a message is (clauses 3 and 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identifier(pub u8);

impl Identifier {
    pub const PUSH_DATA: Self = Self(0);
    pub const PUSH_ACK: Self = Self(1);
    pub const PULL_DATA: Self = Self(2);
    pub const PULL_RESP: Self = Self(3);
    pub const PULL_ACK: Self = Self(4);
    pub const TX_ACK: Self = Self(5);

    /// Whether gateways send it; servers send the others.
    pub fn is_of_gateway(self) -> bool {
        matches!(self, Self::PUSH_DATA | Self::PULL_DATA | Self::TX_ACK)
    }
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// 1 or 2.
    pub version: u8,
    /// Chosen by who asks, repeated by who answers.
    pub token: u16,
    pub identifier: Identifier,
    /// The gateway's EUI-64; in what gateways send.
    pub gateway: Option<[u8; 8]>,
    pub body: Body<'a>,
}

/// What follows the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    Json(json::Value<'a>),
    Nothing,
}

/// An answer to a downlink (clause 5.5): the error's word in small letters, or nothing where it was sent.
pub fn refusal(error: &[u8]) -> Option<Text> {
    let word = crate::show::readable(error, 64).to_ascii_lowercase().replace('_', "-");
    (!matches!(word.as_str(), "" | "none")).then(|| Text::from(word))
}

/// An EUI-64 as it is printed on devices: the most significant byte first.
pub fn eui(bytes: [u8; 8]) -> Text {
    format_compact!("{:016x}", u64::from_be_bytes(bytes))
}
