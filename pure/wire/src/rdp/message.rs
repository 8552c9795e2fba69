//! What the connection of RDP says: MS-RDPBCGR clause 2.2.1.

use crate::tls;
use city::Text;
use compact_str::format_compact;

/// A connection request (clause 2.2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The name behind `mstshash=`; empty if there is none.
    pub cookie: &'a [u8],
    /// What the client asks for (clause 2.2.1.1.1), if it negotiates.
    pub flags: Option<u8>,
}

/// A server's answer to it (clause 2.2.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Nothing was negotiated: RDP's own security.
    None,
    /// A security was chosen.
    Security(u32),
    /// It was refused.
    Refused(u32),
}

/// What a client says of itself (clause 2.2.1.3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Core {
    pub width: u16,
    pub height: u16,
    pub layout: u32,
    pub build: u32,
    pub name: Text,
    /// Bits of a colour, and whether 32 are wanted.
    pub depth: Option<u16>,
    pub wants_32: bool,
    pub product: Option<Text>,
    /// The version, as one number.
    pub version: u32,
    /// The first, the second and the third field that tells the depth of colours, as codes.
    pub depth_codes: [Option<u16>; 3],
    /// The keyboard: its type, its subtype, and how many function keys it has.
    pub keyboard: [u32; 3],
    /// The file of an input method.
    pub input_method: Text,
    pub product_id: Option<u16>,
    pub serial: Option<u32>,
    /// What the client can do.
    pub capabilities: Option<u16>,
    /// What kind of connection it thinks to have.
    pub connection: Option<u8>,
    /// Width and height in millimetres.
    pub physical: Option<[u32; 2]>,
    /// Degrees.
    pub orientation: Option<u16>,
    /// Of the desktop and of the device, in percent.
    pub scales: Option<[u32; 2]>,
}

/// A client's settings (clause 2.2.1.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    pub core: Option<Core>,
    pub channels: Vec<Text>,
}

/// A server's settings (clause 2.2.1.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    pub result: Option<u8>,
    /// Method and level of encryption (clause 2.2.1.4.3).
    pub encryption: Option<(u32, u32)>,
    pub certificate: Option<Certificate>,
    /// The certificates of X.509 among it.
    pub chain: Vec<tls::certificate::Certificate>,
}

/// A server's certificate, as far as its head says (clause 2.2.1.4.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// 1 for a maker's own form, 2 for a chain of X.509.
    pub version: u32,
    pub is_permanent: bool,
    pub count: u32,
}

/// The security chosen (clause 2.2.1.2.1).
pub fn security(number: u32) -> Text {
    Text::const_new(match number {
        0 => "RDP",
        1 => "SSL",
        2 => "HYBRID",
        4 => "RDSTLS",
        8 => "HYBRID_EX",
        other => return format_compact!("security_protocol-{other}"),
    })
}

/// Why a connection was refused (clause 2.2.1.2.2).
pub fn failure(number: u32) -> Text {
    Text::const_new(match number {
        1 => "SSL_REQUIRED_BY_SERVER",
        2 => "SSL_NOT_ALLOWED_BY_SERVER",
        3 => "SSL_CERT_NOT_ON_SERVER",
        4 => "INCONSISTENT_FLAGS",
        5 => "HYBRID_REQUIRED_BY_SERVER",
        6 => "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER",
        other => return format_compact!("failure_code-{other}"),
    })
}

/// What became of the conference (T.124 clause 8.7), which is how T.120 calls it.
pub fn result(number: u8) -> Text {
    Text::const_new(match number {
        0 => "Success",
        1 => "User rejected",
        2 => "Resources not available",
        3 => "Rejected for symmetry breaking",
        4 => "Locked conference",
        other => return format_compact!("result-{other}"),
    })
}

/// A client by its build, as the field's log has it.
pub fn build(number: u32) -> Text {
    Text::const_new(match number {
        419 => "RDP 4.0",
        2195 | 2221 => "RDP 5.0",
        2600 => "RDP 5.1",
        3790 => "RDP 5.2",
        6000 => "RDP 6.0",
        6001 => "RDP 6.1",
        6002 => "RDP 6.2",
        7600 => "RDP 7.0",
        7601 => "RDP 7.1",
        9200 => "RDP 8.0",
        9600 => "RDP 8.1",
        25189 | 25282 => "RDP 8.0 (Mac)",
        other => return format_compact!("client_build-{other}"),
    })
}

/// A method of encryption (clause 2.2.1.4.3).
pub fn method(number: u32) -> Text {
    Text::const_new(match number {
        0 => "None",
        1 => "40bit",
        2 => "128bit",
        8 => "56bit",
        16 => "FIPS",
        other => return format_compact!("encryption_method-{other}"),
    })
}

/// A level of encryption (clause 2.2.1.4.3).
pub fn level(number: u32) -> Text {
    Text::const_new(match number {
        0 => "None",
        1 => "Low",
        2 => "Client compatible",
        3 => "High",
        4 => "FIPS",
        other => return format_compact!("encryption_level-{other}"),
    })
}
