//! What can be wrong with a capture, in words an operator can act on.

use std::{fmt, io};

/// Where and how a capture is damaged: everything before it was read, nothing after it is.
///
/// Shown, it is a whole message for an operator, remedy included.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{file}` is damaged at byte {offset}{}, where packet {packet} should be: {kind}. {} before it. {}",
    if *.uncompressed { " of what it unpacks to" } else { "" },
    Kept(packet.saturating_sub(1)),
    kind.remedy()
)]
pub struct Damage {
    /// The file's name as it was given.
    pub file: String,
    /// The byte at which the damaged record begins.
    pub offset: u64,
    /// Whether the offset is counted in what the compressed file unpacks to.
    pub uncompressed: bool,
    /// The number of the packet that could not be read, counted from 1.
    pub packet: u64,
    /// What is wrong.
    pub kind: DamageKind,
}

/// How many packets were read before the damage.
struct Kept(u64);

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("No packet was read"),
            1 => f.write_str("One packet was read"),
            count => write!(f, "{count} packets were read"),
        }
    }
}

/// What can be wrong inside a capture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DamageKind {
    /// A pcapng block whose two lengths differ, or that is shorter than its own fields.
    #[error("a pcapng block of type {kind:#x} gives its length as {length} bytes, which cannot be")]
    BlockLength {
        /// The block's type.
        kind: u32,
        /// The length it gives.
        length: u32,
    },
    /// The file ends inside a record.
    #[error("the file ends in the middle of it")]
    CutShort,
    /// A time outside the years −9999 to 9999.
    #[error("its time lies outside every calendar")]
    ImpossibleTime,
    /// The source failed while it was read, or what is compressed cannot be unpacked.
    #[error("it could not be read: {0}")]
    Read(String),
    /// A record that says it is longer than any packet.
    #[error("it says it is {length} bytes long; no packet is longer than {limit}")]
    RecordLength {
        /// The length it gives.
        length: u64,
        /// The longest that is read.
        limit: usize,
    },
    /// A pcapng section in a byte order or version that nobody defined.
    #[error("a pcapng section begins that is neither little- nor big-endian of version 1")]
    Section,
    /// A pcapng packet of an interface that the file did not describe.
    #[error("it belongs to interface {0}, which the file does not describe")]
    UnknownInterface(u32),
}

impl DamageKind {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            DamageKind::CutShort => {
                "If the capture was interrupted, nothing is wrong with the rest; else copy the file again."
            }
            DamageKind::Read(_) => "Check the disk and copy the file again from where it was made.",
            _ => "Copy the file again from where it was made.",
        }
    }
}

/// Why a capture could not be opened at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is nothing in it.
    #[error("`{file}` is empty: nothing was captured, or the capture was not yet written to disk")]
    Empty {
        /// The file's name as it was given.
        file: String,
    },
    /// It begins like no capture.
    #[error("`{file}` is not a capture: it begins with {beginning}, not with a pcap or pcapng header")]
    NotACapture {
        /// The file's name as it was given.
        file: String,
        /// Its first bytes, in hexadecimal.
        beginning: String,
    },
    /// The system would not give it.
    #[error("`{file}` could not be read: {cause}")]
    Read {
        /// The file's name as it was given.
        file: String,
        /// What the system said.
        cause: io::Error,
    },
    /// A pcap of a version that nobody writes.
    #[error("`{file}` is a pcap of version {major}.{minor}; versions 2.0 to 2.4 can be read")]
    Version {
        /// The file's name as it was given.
        file: String,
        /// The major version.
        major: u16,
        /// The minor version.
        minor: u16,
    },
}
