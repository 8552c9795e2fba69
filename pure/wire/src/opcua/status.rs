//! Status codes: OPC 10000-4 clause 7.39, named by OPC 10000-6 annex A.2.

use super::status_names::NAMES;
use city::{Reply, Text};
use compact_str::format_compact;

/// How something went, in 32 bits: severity, code, flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u32);

impl Status {
    pub const GOOD: Status = Status(0);

    /// 0 good, 1 uncertain, 2 bad.
    pub fn severity(self) -> u32 {
        self.0 >> 30
    }

    /// Whether what was asked was not done.
    pub fn is_bad(self) -> bool {
        self.severity() >= 2
    }

    /// The number of the code, without severity and flags.
    pub fn sub_code(self) -> u32 {
        self.0 >> 16 & 0x0fff
    }

    /// The standard's name, if it has one.
    pub fn name(self) -> Option<&'static str> {
        let code = (self.0 >> 16) as u16;
        let place = NAMES.binary_search_by_key(&code, |(number, _)| *number).ok()?;
        NAMES.get(place).map(|(_, name)| *name)
    }

    /// The standard's name, or the number.
    pub fn text(self) -> Text {
        self.name().map_or_else(|| format_compact!("{:#010x}", self.0), Text::const_new)
    }

    /// What it means to whoever asked.
    pub fn reply(self) -> Reply {
        if self.is_bad() { Reply::Refused(self.text()) } else { Reply::Done }
    }

    /// Whether the flags in the lower half are about a value.
    pub fn is_about_value(self) -> bool {
        self.0 >> 10 & 3 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_names_of_the_annex() {
        assert!(NAMES.is_sorted_by(|(a, _), (b, _)| a < b));
        for (code, name) in [
            (0, "Good"),
            (0x8034_0000, "BadNodeIdUnknown"),
            (0x8079_0000, "BadNoSubscription"),
            (0x40a4_0480, "UncertainDataSubNormal"),
            (0x8fff_0000, "0x8fff0000"),
        ] {
            assert_eq!(Status(code).text(), name);
        }
        assert_eq!(Status(0x8034_0000).sub_code(), 52);
        assert_eq!(Status(0x8034_0000).reply(), Reply::Refused("BadNodeIdUnknown".into()));
    }
}
