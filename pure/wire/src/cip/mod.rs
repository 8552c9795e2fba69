//! CIP: The Common Industrial Protocol, ODVA's CIP Networks Library, volume 1, edition 3.
//!
//! The explicit messages of CIP are read here for whatever carries them (`enip`); cyclic data over UDP is a protocol of
//! its own, told as `cip`.
//!
//! Read: requests and replies of every service, with class, instance, attribute or tag from the path, general and
//! extended status; several messages in one packet; messages that are passed on along a route; the opening and closing
//! of connections, with what they are opened for; tags of Rockwell's controllers with their values (1756-PM020); PCCC
//! commands to older ones (1770-RM516); the Identity object. Whoever opens a connection over which it sends data
//! commands the target's outputs, so that this counts as `operate`.
//!
//! Not read: what attributes hold beyond the Identity object and the host name (it is told in hexadecimal), what makers'
//! own services do (they are told by number, without their data, which may hold a password, and count as `configure`),
//! CIP Safety and CIP Motion within cyclic data, the status of attributes one by one, DeviceNet, ControlNet and CompoNet
//! as links.
//!
//! The target is the class as its kind, the instance as its number and the attribute as its name; for tags `tag` and the
//! tag's name. The unit is the last link address of the route, where a message is passed on: a slot in a rack. A device
//! that is asked through another has no address here, so that what it says of itself is told as a value only. Cyclic data
//! is told once for each connection, when its first datagram is seen.

mod call;
mod explicit;
mod identity;
mod io;
mod message;
mod names;
mod parse;
mod path;
mod pccc;
mod rows;
#[cfg(test)]
mod tests;
mod values;
mod vendors;
mod verbs;

pub(crate) use explicit::{Carrier, Explicit};
pub(crate) use identity::{Identity, device_type};
pub(crate) use names::hyphened;
pub(crate) use vendors::vendor;

use crate::dialogue::Reader;
use city::Protocol;

/// Reads CIP's cyclic data.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Cip, recognise: io::recognise, open: io::open };
