//! What a frame is (RFC 6455 clause 5), and what two ends agreed on before the first one.

use city::Text;

/// What a frame holds (RFC 6455 clause 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opcode(pub u8);

impl Opcode {
    /// The beginning of a message in UTF-8.
    pub const TEXT: Opcode = Opcode(1);
    /// The beginning of a message of bytes.
    pub const BINARY: Opcode = Opcode(2);
    /// The sender will say no more.
    pub const CLOSE: Opcode = Opcode(8);

    /// Whether it may stand between the fragments of a message (clause 5.5).
    pub fn is_control(self) -> bool {
        self.0 & 8 != 0
    }

    /// Whether the standard gives it a meaning: a message, its continuation, close, ping or pong.
    pub fn is_known(self) -> bool {
        matches!(self.0, 0..=2 | 8..=10)
    }
}

/// What stands before the payload of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHead {
    /// Whether the message ends here.
    pub is_last: bool,
    /// Whether the message is compressed (RFC 7692 clause 6): the first of the three reserved bits.
    pub is_compressed: bool,
    /// What it holds.
    pub opcode: Opcode,
    /// What the payload was masked with; clients must, servers must not (clause 5.1).
    pub mask: Option<[u8; 4]>,
    /// How many bytes of payload follow.
    pub length: u64,
}

/// What a client asked for and a server granted in HTTP's words (RFC 6455 clause 4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// The header `Host`.
    pub host: Option<Text>,
    /// What was asked for, with secrets of its query masked.
    pub uri: Text,
    /// The header `User-Agent`.
    pub user_agent: Option<Text>,
    /// Protocols that the client would speak, without what is a token in the guise of one.
    pub client_protocols: Vec<Text>,
    /// The protocol that the server chose.
    pub subprotocol: Option<Text>,
    /// Extensions that the client would use, with their parameters.
    pub client_extensions: Vec<Text>,
    /// Extensions that the server agreed to.
    pub server_extensions: Vec<Text>,
    /// Whether the client said with any `Authorization` who it is.
    pub is_authorized: bool,
}

impl Opening {
    /// The last part of the path, without its query: by it OCPP and others name the client.
    pub fn last_part(&self) -> &str {
        let path = self.uri.split(['?', '#']).next().unwrap_or_default();
        path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }
}
