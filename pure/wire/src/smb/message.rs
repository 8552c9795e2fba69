//! What an SMB message is: MS-CIFS clause 2.2.3, MS-SMB2 clause 2.2.1.

use city::Text;
use compact_str::format_compact;

/// What a message is for, of those that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Negotiate,
    SessionSetup,
    TreeConnect,
}

/// A message's header, and its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Whether it is of version 1.
    pub is_old: bool,
    pub command: Command,
    pub is_reply: bool,
    pub status: u32,
    /// By which a reply names its request.
    pub id: u64,
    /// Whether texts are in UTF-16.
    pub is_wide: bool,
    /// The whole message from its signature on: offsets count from there.
    pub bytes: &'a [u8],
    /// What follows the header.
    pub body: &'a [u8],
}

/// What came of it (MS-ERREF clause 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u32);

impl Status {
    pub const SUCCESS: Self = Self(0);
    /// A log-on goes on.
    pub const MORE: Self = Self(0xc000_0016);

    /// The name, or the number where there is none here.
    pub fn text(self) -> Text {
        Text::const_new(match self.0 {
            0 => "success",
            0xc000_000d => "invalid-parameter",
            0xc000_0016 => "more-processing-required",
            0xc000_0022 => "access-denied",
            0xc000_0064 => "no-such-user",
            0xc000_006a => "wrong-password",
            0xc000_006d => "logon-failure",
            0xc000_006e => "account-restriction",
            0xc000_0071 => "password-expired",
            0xc000_0072 => "account-disabled",
            0xc000_00bb => "not-supported",
            0xc000_00cc => "bad-network-name",
            0xc000_015b => "logon-type-not-granted",
            0xc000_0234 => "account-locked-out",
            other => return format_compact!("status-{other:08x}"),
        })
    }
}

/// A dialect of version 2 or 3 (MS-SMB2 clause 2.2.4).
pub fn dialect(revision: u16) -> Text {
    Text::const_new(match revision {
        0x0202 => "2.0.2",
        0x0210 => "2.1",
        0x0300 => "3.0",
        0x0302 => "3.0.2",
        0x0311 => "3.1.1",
        0x02ff => "2.???",
        other => return format_compact!("{other:04x}"),
    })
}
