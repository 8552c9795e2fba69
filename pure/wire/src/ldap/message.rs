//! What an LDAP message is: RFC 4511 section 4.

use city::{Text, Verb};
use compact_str::format_compact;

/// What a message is for: the tag of its operation (section 4.2 and those that follow).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation(pub u8);

impl Operation {
    pub const BIND_REQUEST: Self = Self(0x60);
    pub const BIND_RESPONSE: Self = Self(0x61);
    pub const UNBIND_REQUEST: Self = Self(0x42);
    pub const SEARCH_REQUEST: Self = Self(0x63);
    pub const SEARCH_ENTRY: Self = Self(0x64);
    pub const MODIFY_REQUEST: Self = Self(0x66);
    pub const ADD_REQUEST: Self = Self(0x68);
    pub const DELETE_REQUEST: Self = Self(0x4a);
    pub const MODIFY_DN_REQUEST: Self = Self(0x6c);
    pub const COMPARE_REQUEST: Self = Self(0x6e);
    pub const ABANDON_REQUEST: Self = Self(0x50);
    pub const EXTENDED_REQUEST: Self = Self(0x77);
    pub const EXTENDED_RESPONSE: Self = Self(0x78);
    pub const INTERMEDIATE_RESPONSE: Self = Self(0x79);

    /// Whether the standard defines it.
    pub fn is_known(self) -> bool {
        matches!(self.0, 0x60 | 0x61 | 0x42 | 0x63..=0x69 | 0x4a | 0x6b..=0x6f | 0x50 | 0x73 | 0x77..=0x79)
    }

    /// Whether a client sends it.
    pub fn is_request(self) -> bool {
        matches!(self.0, 0x60 | 0x42 | 0x63 | 0x66 | 0x68 | 0x4a | 0x6c | 0x6e | 0x50 | 0x77)
    }

    /// Whether it answers a request with a result and ends it.
    pub fn is_result(self) -> bool {
        matches!(self.0, 0x61 | 0x65 | 0x67 | 0x69 | 0x6b | 0x6d | 0x6f | 0x78)
    }

    /// The name of the request, or of what is answered.
    pub fn name(self) -> &'static str {
        match self.0 {
            0x60 | 0x61 => "bind",
            0x42 => "unbind",
            0x63..=0x65 | 0x73 => "search",
            0x66 | 0x67 => "modify",
            0x68 | 0x69 => "add",
            0x4a | 0x6b => "delete",
            0x6c | 0x6d => "modify-dn",
            0x6e | 0x6f => "compare",
            0x50 => "abandon",
            0x77 | 0x78 => "extended",
            _ => "intermediate",
        }
    }

    /// The name in Suricata's events.
    pub fn titled(self) -> &'static str {
        match self.0 {
            0x60 => "bind_request",
            0x61 => "bind_response",
            0x42 => "unbind_request",
            0x63 => "search_request",
            0x64 => "search_result_entry",
            0x65 => "search_result_done",
            0x66 => "modify_request",
            0x67 => "modify_response",
            0x68 => "add_request",
            0x69 => "add_response",
            0x4a => "del_request",
            0x6b => "del_response",
            0x6c => "mod_dn_request",
            0x6d => "mod_dn_response",
            0x6e => "compare_request",
            0x6f => "compare_response",
            0x50 => "abandon_request",
            0x73 => "search_result_reference",
            0x77 => "extended_request",
            0x78 => "extended_response",
            0x79 => "intermediate_response",
            _ => "unknown",
        }
    }

    /// The name in the field's log, which has one word for both ways of modifying.
    pub fn logged(self) -> &'static str {
        match self.name() {
            "modify-dn" => "modify",
            name => name,
        }
    }

    pub fn verb(self) -> Verb {
        match self.0 {
            0x60 | 0x61 | 0x42 => Verb::Authenticate,
            0x66..=0x69 | 0x4a | 0x6b..=0x6d => Verb::Configure,
            0x63..=0x65 | 0x73 | 0x6e | 0x6f => Verb::Read,
            _ => Verb::Discover,
        }
    }
}

/// A message: its number, its operation and what the operation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    pub id: i64,
    pub operation: Operation,
    pub content: &'a [u8],
}

/// How someone binds (section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof<'a> {
    /// A password; only whether there is one is kept.
    Simple { is_empty: bool },
    /// A mechanism of RFC 4422, with its token.
    Sasl { mechanism: &'a [u8], token: Option<&'a [u8]> },
    /// Microsoft's older way (MS-ADTS clause 5.1.1.1.3): discovery, negotiation, response.
    Sicily { step: u8, token: &'a [u8] },
    /// Another.
    Other(u8),
}

/// A bind request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bind<'a> {
    pub version: i64,
    pub name: &'a [u8],
    pub proof: Proof<'a>,
}

/// A search request (section 4.5.1), its filter not yet read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search<'a> {
    pub base: &'a [u8],
    pub scope: i64,
    pub aliases: i64,
    pub size_limit: i64,
    /// Seconds.
    pub time_limit: i64,
    /// Whether attributes are wanted without their values.
    pub types_only: bool,
    /// The filter, with its tag, and behind it which attributes are wanted.
    pub filter: &'a [u8],
}

/// A result (section 4.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome<'a> {
    pub code: i64,
    pub diagnostic: &'a [u8],
    /// What a server returns for a mechanism, or a value of an extended response.
    pub token: Option<&'a [u8]>,
}

/// How far a search goes (section 4.5.1.2), as the field's log has it.
pub fn scope(number: i64) -> &'static str {
    match number {
        0 => "base",
        1 => "single",
        2 => "tree",
        _ => "unknown",
    }
}

/// Whether aliases are followed (section 4.5.1.3), as the field's log has it.
pub fn aliases(number: i64) -> &'static str {
    match number {
        0 => "never",
        1 => "searching",
        2 => "finding",
        3 => "always",
        _ => "unknown",
    }
}

/// What a result code means (section 4.1.9 and appendix A), as the field's log has it.
pub fn result(code: i64) -> Text {
    Text::const_new(match code {
        0 => "success",
        1 => "operations error",
        2 => "protocol error",
        3 => "time limit exceeded",
        4 => "size limit exceeded",
        5 => "compare false",
        6 => "compare true",
        7 => "auth method not supported",
        8 => "stronger auth required",
        9 => "partial results",
        10 => "referral",
        11 => "admin limit exceeded",
        12 => "unavailable critical extension",
        13 => "confidentiality required",
        14 => "SASL bind in progress",
        16 => "no such attribute",
        17 => "undefined attribute type",
        18 => "inappropriate matching",
        19 => "constraint violation",
        20 => "attribute or value exists",
        21 => "invalid attribute syntax",
        32 => "no such object",
        33 => "alias problem",
        34 => "invalid DNS syntax",
        35 => "is leaf",
        36 => "alias dereferencing problem",
        48 => "inappropriate authentication",
        49 => "invalid credentials",
        50 => "insufficient access rights",
        51 => "busy",
        52 => "unavailable",
        53 => "unwilling to perform",
        54 => "loop detect",
        60 => "sort control missing",
        61 => "offset range error",
        64 => "naming violation",
        65 => "object class violation",
        66 => "not allowed on non-leaf",
        67 => "not allowed on RDN",
        68 => "entry already exists",
        69 => "object class mods prohibited",
        70 => "results too large",
        71 => "affects multiple DSAs",
        76 => "control error",
        80 => "other",
        81 => "server down",
        82 => "local error",
        83 => "encoding error",
        84 => "decoding error",
        85 => "timeout",
        86 => "auth unknown",
        87 => "filter error",
        88 => "user canceled",
        89 => "param error",
        90 => "no memory",
        91 => "connect error",
        92 => "not supported",
        93 => "control not found",
        94 => "no results returned",
        95 => "more results to return",
        96 => "client loop",
        97 => "referral limit exceeded",
        100 => "invalid response",
        101 => "ambiguous response",
        112 => "TLS not supported",
        113 => "intermediate response",
        114 => "unknown type",
        118 => "canceled",
        119 => "no such operation",
        120 => "too late",
        121 => "cannot cancel",
        122 => "assertion failed",
        123 => "authorization denied",
        4096 => "e-sync refresh required",
        16_654 => "no operation",
        other => return format_compact!("result {other}"),
    })
}

/// StartTLS (section 4.14).
pub const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// The name of an extended operation.
pub fn extension(identifier: &[u8]) -> Option<&'static str> {
    Some(match identifier {
        START_TLS => "StartTLS",
        b"1.3.6.1.4.1.4203.1.11.1" => "PasswordModify",
        b"1.3.6.1.4.1.4203.1.11.3" => "whoami",
        _ => return None,
    })
}
