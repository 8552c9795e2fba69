//! Blocks of a programme: how requests to move them name them.

use crate::cursor::Cursor;
use crate::show::readable;
use city::{Target, Text};
use compact_str::format_compact;

/// A block's name in a request: `_0A00001P`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockName<'a> {
    pub(super) whole: &'a [u8],
}

impl<'a> BlockName<'a> {
    /// Takes a name with its length before it.
    pub(super) fn take(cursor: &mut Cursor<'a>) -> Option<BlockName<'a>> {
        let length = cursor.u8()?;
        Some(BlockName { whole: cursor.take(usize::from(length))? })
    }

    /// The parts: kind, number, and where it goes.
    fn parts(&self) -> Option<(&'a [u8], &'a [u8], u8)> {
        match self.whole {
            [b'_' | b'$', rest @ ..] if rest.len() == 8 => {
                let (kind, rest) = rest.split_at_checked(2)?;
                let (number, rest) = rest.split_at_checked(5)?;
                Some((kind, number, *rest.first()?))
            }
            _ => None,
        }
    }

    /// The kind of block.
    pub(super) fn kind(&self) -> Option<Text> {
        self.parts().map(|(kind, ..)| kind_name(kind))
    }

    /// The number as it is sent, five digits.
    pub(super) fn number(&self) -> Option<Text> {
        self.parts().map(|(_, number, _)| readable(number, 8))
    }

    /// Where it goes: the passive file system holds it, the active one runs it.
    pub(super) fn file_system(&self) -> Option<Text> {
        let (_, _, place) = self.parts()?;
        Some(match place {
            b'P' => Text::const_new("Passive"),
            b'A' => Text::const_new("Active"),
            b'B' => Text::const_new("Active and Passive"),
            other => readable(&[other], 4),
        })
    }

    /// The name as sent.
    pub(super) fn text(&self) -> Text {
        readable(self.whole, 64)
    }

    /// `DB1`; what does not read as a block's name is the name itself.
    pub(super) fn target(&self) -> Target {
        target(self.parts().map(|(kind, number, _)| (kind, number)), self.whole)
    }
}

/// A target from kind and number in digits.
fn target(parts: Option<(&[u8], &[u8])>, whole: &[u8]) -> Target {
    let numbered = parts.and_then(|(kind, number)| {
        let number: u32 = std::str::from_utf8(number).ok()?.parse().ok()?;
        Some(Target::named(format_compact!("{}{number}", kind_name(kind))))
    });
    numbered.unwrap_or_else(|| Target::named(readable(whole, 64)))
}

/// The kind of block that two hexadecimal digits stand for.
pub(super) fn kind_name(kind: &[u8]) -> Text {
    Text::const_new(match kind {
        b"08" => "OB",
        b"09" => "CMod",
        b"0A" => "DB",
        b"0B" => "SDB",
        b"0C" => "FC",
        b"0D" => "SFC",
        b"0E" => "FB",
        b"0F" => "SFB",
        other => return readable(other, 8),
    })
}

/// A block in the argument of a service: `0A00001P`, without a sign before it.
pub(super) fn argument_target(argument: &[u8]) -> Target {
    let parts = argument.split_at_checked(2).and_then(|(kind, rest)| Some((kind, rest.get(..5)?)));
    target(parts, argument)
}

/// How long what is to be moved is, from digits.
pub(super) fn length(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_kind_number_and_place() {
        let name = BlockName { whole: b"_0A00001P" };
        assert_eq!(name.target().to_string(), "DB1");
        assert_eq!(name.kind().as_deref(), Some("DB"));
        assert_eq!(name.number().as_deref(), Some("00001"));
        assert_eq!(name.file_system().as_deref(), Some("Passive"));
        assert_eq!(argument_target(b"0800100P").to_string(), "OB100");
        let odd = BlockName { whole: b"_0B0000\x00" };
        assert_eq!((odd.target().to_string().as_str(), odd.kind()), ("_0B0000 ", None));
        assert_eq!(length(b"000196"), Some(196));
    }
}
