//! File objects: group 70 (IEEE 1815-2012 clause 11.3.12 and annex A.27).
//!
//! The passwords and keys in them are passed over, never kept.

use super::objects::{Item, Piece};
use crate::cursor::Cursor;
use crate::show::{self, VALUE_BYTES_MAX};
use city::Text;
use compact_str::format_compact;

/// What a file object says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileObject {
    /// Variation 2: who wants to open a file. The reply has a key for it, the request a password.
    Login { user: Text, with_password: bool },
    /// Variation 3: which file to open or delete, and what for.
    Command { name: Text, mode: Text, size: u32 },
    /// Variation 4: what came of it.
    Status { handle: u32, status: u8 },
    /// Variation 5: a block of a file.
    Block { handle: u32, block: u32, last: bool, bytes: usize },
    /// Variation 6: what came of a block.
    BlockStatus { handle: u32, status: u8 },
    /// Variation 7: what a file is.
    Descriptor { name: Text, size: u32 },
    /// Variation 8: which file to activate.
    Specification { name: Text },
}

impl FileObject {
    /// Reads an object of group 70.
    pub fn read(variation: u8, item: &Item<'_>) -> Option<FileObject> {
        let Piece::Bytes(bytes) = item.piece else { return None };
        let mut cursor = Cursor::new(bytes);
        let name = |bytes: &[u8]| show::readable(bytes, VALUE_BYTES_MAX);
        Some(match variation {
            2 => {
                let user = part(bytes, &mut cursor)?;
                let [_, _, low, high] = cursor.array()?;
                FileObject::Login { user: name(user), with_password: low | high != 0 }
            }
            3 => {
                let file = part(bytes, &mut cursor)?;
                // The time of its creation, its permissions and the key.
                cursor.take(6 + 2 + 4)?;
                let size = u32::from_le_bytes(cursor.array()?);
                let mode = match u16::from_le_bytes(cursor.array()?) {
                    0 => Text::const_new("none"),
                    1 => Text::const_new("read"),
                    2 => Text::const_new("write"),
                    3 => Text::const_new("append"),
                    other => format_compact!("mode-{other}"),
                };
                FileObject::Command { name: name(file), mode, size }
            }
            4 => {
                let handle = u32::from_le_bytes(cursor.array()?);
                cursor.take(4 + 2 + 2)?;
                FileObject::Status { handle, status: cursor.u8()? }
            }
            5 => {
                let (handle, block) =
                    (u32::from_le_bytes(cursor.array()?), u32::from_le_bytes(cursor.array()?));
                let (last, block) = (block >> 31 != 0, block & 0x7fff_ffff);
                FileObject::Block { handle, block, last, bytes: cursor.len() }
            }
            6 => {
                let handle = u32::from_le_bytes(cursor.array()?);
                cursor.take(4)?;
                FileObject::BlockStatus { handle, status: cursor.u8()? }
            }
            7 => {
                let file = part(bytes, &mut cursor)?;
                cursor.take(2)?;
                FileObject::Descriptor { name: name(file), size: u32::from_le_bytes(cursor.array()?) }
            }
            8 => FileObject::Specification { name: name(bytes) },
            _ => return None,
        })
    }

    /// Which file it is about: its name, or the handle that stands for it.
    pub fn name(&self) -> Text {
        match self {
            FileObject::Login { user, .. } => format_compact!("user {user}"),
            FileObject::Command { name, .. }
            | FileObject::Descriptor { name, .. }
            | FileObject::Specification { name } => name.clone(),
            FileObject::Status { handle, .. }
            | FileObject::Block { handle, .. }
            | FileObject::BlockStatus { handle, .. } => format_compact!("handle {handle}"),
        }
    }

    /// What is said of the file beside its name.
    pub fn value(&self) -> Option<Text> {
        match self {
            FileObject::Command { mode, size: 0, .. } => Some(mode.clone()),
            FileObject::Command { mode, size, .. } => Some(format_compact!("{mode}, {size} bytes")),
            FileObject::Block { block, last, bytes, .. } => {
                let last = if *last { ", the last" } else { "" };
                Some(format_compact!("block {block}, {bytes} bytes{last}"))
            }
            FileObject::Descriptor { size, .. } => Some(format_compact!("{size} bytes")),
            FileObject::Status { handle, .. } => Some(format_compact!("handle {handle}")),
            _ => None,
        }
    }

    /// Why it was refused, if it was.
    pub fn refusal(&self) -> Option<Text> {
        let (FileObject::Status { status, .. } | FileObject::BlockStatus { status, .. }) = self else {
            return None;
        };
        Some(Text::const_new(match status {
            0 => return None,
            1 => "permission-denied",
            2 => "invalid-mode",
            3 => "file-not-found",
            4 => "file-locked",
            5 => "too-many-open",
            6 => "invalid-handle",
            7 => "write-block-size",
            8 => "communication-lost",
            9 => "cannot-abort",
            16 => "not-opened",
            17 => "handle-expired",
            18 => "overrun",
            19 => "fatal",
            20 => "block-sequence",
            255 => "undefined",
            other => return Some(format_compact!("status-{other}")),
        }))
    }
}

/// A part of an object that its first fields point to: where it begins and how long it is.
fn part<'a>(object: &'a [u8], cursor: &mut Cursor<'_>) -> Option<&'a [u8]> {
    let begin = usize::from(u16::from_le_bytes(cursor.array()?));
    let size = usize::from(u16::from_le_bytes(cursor.array()?));
    object.get(begin..begin + size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    #[test]
    fn a_file_is_named_and_a_password_is_not() {
        let read = |variation, bytes: &str| {
            let bytes = hex(bytes);
            FileObject::read(variation, &Item { index: None, piece: Piece::Bytes(&bytes) })
        };
        // Permissions 0x01b6, no key, no size, read, blocks of 1024, request 7.
        let command =
            read(3, "1a00 0400 000000000000 b601 00000000 00000000 0100 0004 0700 2f6c6f67").unwrap();
        assert_eq!((command.name().as_str(), command.value().as_deref()), ("/log", Some("read")));
        let login = read(2, "0c00 0200 0e00 0300 00000000 6f70 616263").unwrap();
        assert_eq!(login, FileObject::Login { user: "op".into(), with_password: true });
        let status = read(4, "78563412 00000000 0004 0700 03").unwrap();
        assert_eq!(status.refusal().as_deref(), Some("file-not-found"));
        let block = read(5, "78563412 01000080 414243").unwrap();
        assert_eq!(block.value().as_deref(), Some("block 1, 3 bytes, the last"));
        assert_eq!(read(3, "ff00 ff00 00"), None);
    }
}
