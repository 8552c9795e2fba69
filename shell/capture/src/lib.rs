//! Frames in: from capture files and from live interfaces.
//!
//! [`CaptureFile`] reads one file or standard input; [`Captures`] reads several, in the order given or merged by time.
//! pcap and pcapng are told apart by content, as are gzip and zstd around them; names and endings mean nothing.
//!
//! [`Live`] listens to interfaces, several at once, and [`drop_privileges`] gives up the rights that this took.
//!
//! A file that is cut short or damaged is read up to the damage. The [`Damage`] says where it is, what it is and what
//! to do, and reading ends in order: a capture that was interrupted is the normal case in an incident, not an error.
//!
//! The readers are our own rather than a parsing crate's: both formats are a few fixed headers, reading them over
//! one large buffer lends every frame without a copy, and only the reader of the bytes can name damage by offset and
//! packet.

mod captures;
mod crew;
mod damage;
mod file;
mod gzip;
mod kernel;
mod live;
mod pcap;
mod pcapng;
mod privileges;
mod window;

pub use captures::{Captures, Input, Order};
pub use crew::{Crew, Kept, Sheet, Take};
pub use damage::{Damage, DamageKind, OpenError};
pub use file::{CaptureFile, Compression, Progress};
pub use live::{Counters, Live, LiveError, Settings};
pub use privileges::{Become, PrivilegeError, drop_privileges, user_numbers};
