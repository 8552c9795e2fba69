//! Bytes to the one kind of frame that is read.

use crate::cursor::Cursor;
use crate::show::listed;
use city::Text;
use compact_str::format_compact;

/// The type of a frame of settings (RFC 9113 clause 6.5).
const SETTINGS: u8 = 4;

/// The most settings that are looked at, and the longest text of them, in bytes.
const SETTINGS_MAX: u64 = 64;
const TEXT_MAX: usize = 512;

/// The first frame of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum First {
    /// Settings, as `name=value` with commas between them.
    Settings(Text),
    /// More bytes are needed.
    Part,
    /// Something that may not come first.
    Other,
}

/// Reads the first frame of one side, which must be its settings (RFC 9113 clause 3.4).
pub fn parse_first(bytes: &[u8]) -> First {
    let mut cursor = Cursor::new(bytes);
    let (Some(length), Some(kind)) = (cursor.unsigned(3), cursor.u8()) else { return First::Part };
    if kind != SETTINGS || length % 6 != 0 || length > 6 * SETTINGS_MAX {
        return First::Other;
    }
    let (Some(_flags), Some(stream)) = (cursor.u8(), cursor.u32()) else { return First::Part };
    if stream & 0x7fff_ffff != 0 {
        return First::Other;
    }
    let Some(body) = cursor.take(length as usize) else { return First::Part };
    let (settings, _) = body.as_chunks::<6>();
    let shown = settings.iter().map(|[a, b, c, d, e, f]| {
        let value = u32::from_be_bytes([*c, *d, *e, *f]);
        format_compact!("{}={value}", name(u16::from_be_bytes([*a, *b])))
    });
    First::Settings(listed(shown, TEXT_MAX))
}

/// The name of a setting (IANA registry of HTTP/2 settings).
fn name(code: u16) -> Text {
    let name = match code {
        1 => "header-table-size",
        2 => "enable-push",
        3 => "max-concurrent-streams",
        4 => "initial-window-size",
        5 => "max-frame-size",
        6 => "max-header-list-size",
        8 => "enable-connect-protocol",
        9 => "no-rfc7540-priorities",
        other => return format_compact!("setting-{other}"),
    };
    Text::const_new(name)
}
