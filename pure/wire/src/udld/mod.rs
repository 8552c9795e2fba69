//! UDLD, by which switches find out whether a link works in both directions (RFC 5171), directly on the link.
//!
//! Read: the device's serial number and its name, the port, and whom it hears there. As with CDP, what is repeated is told
//! when it is new, and once within an hour; the target is the port, the value the device's name. A device that takes its
//! leave does so with the function `withdraw`. Details: `device`, `name`, `port`, and `heard`, device and port, repeated.
//!
//! What does not name a device and its port is left unread.

mod conversation;
mod parse;
#[cfg(test)]
mod tests;

pub(crate) use conversation::read;

/// The number of UDLD among Cisco's SNAP protocols.
pub(crate) const CISCO_NUMBER: u16 = 0x0111;
