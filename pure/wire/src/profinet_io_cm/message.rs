//! What a message of the context manager is: DCE 1.1 RPC without connections (C706 chapter 12), with what IEC 61158-6-10
//! (PROFINET) puts into it.

use crate::cursor::Cursor;
use city::{Text, Verb};
use compact_str::format_compact;

/// How long the header is (C706 clause 12.5.1).
pub(super) const HEADER_BYTES: usize = 80;

/// What kind of packet it is (C706 clause 12.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PacketType(pub(super) u8);

impl PacketType {
    pub(super) const REQUEST: Self = Self(0);
    pub(super) const RESPONSE: Self = Self(2);
    pub(super) const FAULT: Self = Self(3);
    pub(super) const REJECT: Self = Self(6);
    pub(super) const FRAGMENT_ACKNOWLEDGE: Self = Self(9);
    /// The highest that is given out.
    pub(super) const LAST: u8 = 10;

    /// The name as the field writes it.
    pub(super) fn title(self) -> Text {
        Text::const_new(match self.0 {
            0 => "Request",
            1 => "Ping",
            2 => "Response",
            3 => "Fault",
            4 => "Working Response to Ping",
            5 => "No call Response to Ping",
            6 => "Reject",
            7 => "Acknowledge",
            8 => "Connectionless Cancel",
            9 => "Fragment Acknowledge",
            10 => "Cancel Acknowledge",
            other => return format_compact!("unknown-0x{other:02x}"),
        })
    }
}

/// What is asked for: the number of an operation of PROFINET's interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operation(pub(super) u16);

impl Operation {
    pub(super) const CONNECT: Self = Self(0);
    pub(super) const RELEASE: Self = Self(1);
    pub(super) const READ: Self = Self(2);
    pub(super) const WRITE: Self = Self(3);
    pub(super) const CONTROL: Self = Self(4);
    pub(super) const READ_IMPLICIT: Self = Self(5);

    /// The name as the field writes it.
    pub(super) fn title(self) -> Text {
        Text::const_new(match self {
            Self::CONNECT => "Connect",
            Self::RELEASE => "Release",
            Self::READ => "Read",
            Self::WRITE => "Write",
            Self::CONTROL => "Control",
            Self::READ_IMPLICIT => "Read Implicit",
            Self(other) => return format_compact!("unknown-0x{other:02x}"),
        })
    }

    /// The name in kebab-case, and what it does.
    pub(super) fn names(self) -> (Text, Verb) {
        let (name, verb) = match self {
            // Who connects says by what name it does, and is obeyed from then on.
            Self::CONNECT => ("connect", Verb::Authenticate),
            Self::RELEASE => ("release", Verb::Authenticate),
            Self::READ => ("read", Verb::Read),
            Self::WRITE => ("write", Verb::Configure),
            Self::CONTROL => ("control", Verb::Configure),
            Self::READ_IMPLICIT => ("read-implicit", Verb::Read),
            Self(other) => return (format_compact!("operation-{other}"), Verb::Configure),
        };
        (Text::const_new(name), verb)
    }
}

/// How numbers are written in the header and in what goes before the blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Representation {
    /// Upper half: of whole numbers; lower half: of text.
    pub(super) integers: u8,
    /// Of broken numbers.
    pub(super) floats: u8,
}

impl Representation {
    /// Whether the less significant byte comes first.
    pub(super) fn is_little(self) -> bool {
        self.integers >> 4 == 1
    }

    /// The next two bytes as a number.
    pub(super) fn u16(self, cursor: &mut Cursor<'_>) -> Option<u16> {
        let bytes = cursor.array()?;
        Some(if self.is_little() { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    /// The next four bytes as a number.
    pub(super) fn u32(self, cursor: &mut Cursor<'_>) -> Option<u32> {
        let bytes = cursor.array()?;
        Some(if self.is_little() { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }
}

/// A universal identifier, as its sixteen bytes were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Uuid(pub(super) [u8; 16]);

impl Uuid {
    /// The bytes in order, in the usual groups.
    pub(super) fn text(&self) -> Text {
        let mut text = Text::default();
        for (place, byte) in self.0.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.push_str(&format_compact!("{byte:02X}"));
        }
        text
    }

    /// With the more significant bytes of its numbers first, however it was sent.
    pub(super) fn ordered(self, representation: Representation) -> Uuid {
        if !representation.is_little() {
            return self;
        }
        let [a, b, c, d, e, f, g, h, rest @ ..] = self.0;
        let [i, j, k, l, m, n, o, p] = rest;
        Uuid([d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p])
    }

    /// Of an object: which device of which maker it is part of.
    pub(super) fn device(&self) -> Option<Device> {
        let [0xde, 0xa0, 0, 0, 0x6c, 0x97, 0x11, 0xd1, 0x82, 0x71, _, _, a, b, c, d] = self.0 else {
            return None;
        };
        Some(Device { device: u16::from_be_bytes([a, b]), vendor: u16::from_be_bytes([c, d]) })
    }

    /// Of an interface: which of the four kinds of station has it.
    pub(super) fn role(&self) -> Option<Role> {
        let [0xde, 0xa0, 0, kind, 0x6c, 0x97, 0x11, 0xd1, 0x82, 0x71, 0, 0xa0, 0x24, 0x42, 0xdf, 0x7d] =
            self.0
        else {
            return None;
        };
        Some(match kind {
            1 => Role::Device,
            2 => Role::Controller,
            3 => Role::Supervisor,
            4 => Role::ParameterServer,
            _ => return None,
        })
    }

    /// Whether it is the interface that tells which others there are (C706 appendix O).
    pub(super) fn is_endpoint_mapper(&self) -> bool {
        self.0 == [0xe1, 0xaf, 0x83, 8, 0x5d, 0x1f, 0x11, 0xc9, 0x91, 0xa4, 8, 0, 0x2b, 0x14, 0xa0, 0xfa]
    }
}

/// Which device, by the numbers that PROFIBUS & PROFINET International and the maker gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Device {
    pub(super) device: u16,
    pub(super) vendor: u16,
}

/// What a station does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Device,
    Controller,
    Supervisor,
    ParameterServer,
}

/// A packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    pub(super) version: u8,
    pub(super) kind: PacketType,
    pub(super) flags: [u8; 2],
    pub(super) representation: Representation,
    pub(super) object: Uuid,
    pub(super) interface: Uuid,
    pub(super) activity: Uuid,
    pub(super) boot_time: u32,
    pub(super) interface_version: u32,
    pub(super) sequence: u32,
    pub(super) operation: Operation,
    pub(super) hints: (u16, u16),
    pub(super) body_bytes: u16,
    pub(super) fragment: u16,
    pub(super) authentication: u8,
    /// The high and the low byte of the serial number of a fragment.
    pub(super) serial: (u8, u8),
    pub(super) body: &'a [u8],
}

impl Packet<'_> {
    /// Whether it is one of several, and whether the last of them.
    pub(super) fn is_fragment(&self) -> bool {
        self.flags[0] & 4 != 0
    }

    pub(super) fn is_last_fragment(&self) -> bool {
        self.flags[0] & 2 != 0
    }
}

/// What acknowledges fragments (C706 clause 12.5.3.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FragmentAcknowledge {
    pub(super) version: u8,
    pub(super) window: u16,
    pub(super) max_tsdu: u32,
    pub(super) max_fragment: u32,
    pub(super) serial: u16,
    pub(super) selective: Vec<u32>,
    /// How many are said to follow.
    pub(super) selective_count: u16,
}

/// What became of a request: the four bytes of a PROFINET status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status(pub(super) u32);

impl Status {
    /// Why it was refused.
    pub(super) fn text(self) -> Text {
        let [_code, decode, one, _two] = self.0.to_be_bytes();
        Text::const_new(match (decode, one) {
            (0x80, 0xa0) => "read-error",
            (0x80, 0xa1) => "write-error",
            (0x80, 0xa2) => "module-failure",
            (0x80, 0xa7) => "busy",
            (0x80, 0xa8) => "version-conflict",
            (0x80, 0xa9) => "feature-not-supported",
            (0x80, 0xb0) => "invalid-index",
            (0x80, 0xb1) => "write-length-error",
            (0x80, 0xb2) => "invalid-slot",
            (0x80, 0xb3) => "type-conflict",
            (0x80, 0xb4) => "invalid-area",
            (0x80, 0xb5) => "state-conflict",
            (0x80, 0xb6) => "access-denied",
            (0x80, 0xb7) => "invalid-range",
            (0x80, 0xb8) => "invalid-parameter",
            (0x80, 0xb9) => "invalid-type",
            (0x80, 0xba) => "backup",
            (0x80, 0xc0) => "read-constrain-conflict",
            (0x80, 0xc1) => "write-constrain-conflict",
            (0x80, 0xc2) => "resource-busy",
            (0x80, 0xc3) => "resource-unavailable",
            _ => return format_compact!("status-0x{:08x}", self.0),
        })
    }
}
