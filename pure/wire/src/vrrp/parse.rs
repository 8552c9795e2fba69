//! From bytes to advertisements.

use super::message::Message;
use crate::cursor::Cursor;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The place of a password, and of nothing where there is none (RFC 3768 clause 5.3.10).
const PASSWORD: usize = 8;

/// Opens an advertisement. `None` if it is none, or if its length does not agree with its addresses.
pub(crate) fn parse_message(bytes: &[u8], version_6: bool) -> Option<Message> {
    let mut cursor = Cursor::new(bytes);
    let version = match (cursor.u8()?, version_6) {
        (0x21, false) => 2,
        (0x31, _) => 3,
        _ => return None,
    };
    let router = cursor.u8().filter(|router| *router > 0)?;
    let (priority, count) = (cursor.u8()?, usize::from(cursor.u8()?));
    let authentication = cursor.u8()?;
    let _interval = cursor.u8()?;
    let _checksum = cursor.u16()?;
    let size = if version_6 { 16 } else { 4 };
    let behind = if version == 2 { PASSWORD } else { 0 };
    if count == 0 || cursor.len() != count * size + behind {
        return None;
    }
    let mut addresses = Vec::new();
    for _ in 0..count {
        addresses.push(if version_6 {
            IpAddr::V6(Ipv6Addr::from(cursor.array::<16>()?))
        } else {
            IpAddr::V4(Ipv4Addr::from(cursor.array::<4>()?))
        });
    }
    let has_password = version == 2 && authentication == 1;
    Some(Message { version, router, priority, has_password, addresses })
}
