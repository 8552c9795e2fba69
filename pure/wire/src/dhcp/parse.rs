//! Bytes to messages.

use super::message::{Code, Kind, Message, Setting};
use crate::cursor::Cursor;
use city::Mac;
use std::borrow::Cow;
use std::net::Ipv4Addr;

/// RFC 2131 clause 3.
const MAGIC_COOKIE: u32 = 0x6382_5363;

/// Reads a message. `None` if it is not one, by its fixed part and the magic cookie.
///
/// An option that runs over the end of its field ends the reading of that field; what came before is kept.
pub fn parse_message(bytes: &[u8]) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (op, hardware, hardware_length, hops) = (cursor.u8()?, cursor.u8()?, cursor.u8()?, cursor.u8()?);
    let id = cursor.u32()?;
    let (seconds, flags) = (cursor.u16()?, cursor.u16()?);
    let [client, assigned, next_server, relay] =
        [address(&mut cursor)?, address(&mut cursor)?, address(&mut cursor)?, address(&mut cursor)?];
    let hardware_address: [u8; 16] = cursor.array()?;
    let (server_name, boot_file) = (cursor.take(64)?, cursor.take(128)?);
    if !matches!(op, 1 | 2) || hardware_length > 16 || cursor.u32()? != MAGIC_COOKIE {
        return None;
    }
    let mut options = Vec::new();
    parse_options(cursor.rest(), &mut options);
    let overload = options.iter().find(|option| option.code == Code::OVERLOAD);
    let overload = overload.and_then(|option| option.bytes.first().copied()).unwrap_or(0);
    // RFC 2131 clause 4.1: the file field is read before the server name.
    let boot_file = unless_overloaded(boot_file, overload & 1 != 0, &mut options);
    let server_name = unless_overloaded(server_name, overload & 2 != 0, &mut options);
    let kind = options.iter().find(|option| option.code == Code::MESSAGE_TYPE);
    let kind = Kind(kind.and_then(|option| option.bytes.first().copied()).unwrap_or(0));
    // Hardware type 1 is Ethernet, 6 is any IEEE 802 (IANA registry of ARP parameters); some clients leave it 0.
    let [a, b, c, d, e, f, ..] = hardware_address;
    let is_mac = matches!(hardware, 0 | 1 | 6) && hardware_length == 6;
    Some(Message {
        is_reply: op == 2,
        client_mac: is_mac.then_some(Mac([a, b, c, d, e, f])),
        hops,
        id,
        seconds,
        broadcast: flags & 0x8000 != 0,
        client,
        assigned,
        next_server,
        relay,
        server_name,
        boot_file,
        kind,
        options,
    })
}

fn address(cursor: &mut Cursor<'_>) -> Option<Ipv4Addr> {
    cursor.array::<4>().map(Ipv4Addr::from)
}

/// A name up to its zero, or the options that stand in its place.
fn unless_overloaded<'a>(field: &'a [u8], overloaded: bool, options: &mut Vec<Setting<'a>>) -> &'a [u8] {
    if overloaded {
        parse_options(field, options);
        return &[];
    }
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Reads options to the end mark or the end of the bytes.
fn parse_options<'a>(bytes: &'a [u8], options: &mut Vec<Setting<'a>>) {
    /// Pads; has no length.
    const PAD: u8 = 0;
    /// Ends the options of this field.
    const END: u8 = 255;
    let mut cursor = Cursor::new(bytes);
    while let Some(code) = cursor.u8().filter(|code| *code != END) {
        if code == PAD {
            continue;
        }
        let Some(bytes) = cursor.u8().and_then(|length| cursor.take(usize::from(length))) else { return };
        // RFC 3396 clause 5: the parts of an option are joined in the order in which they stand.
        match options.iter_mut().find(|option| option.code == Code(code)) {
            Some(option) => option.bytes.to_mut().extend_from_slice(bytes),
            None => options.push(Setting { code: Code(code), bytes: Cow::Borrowed(bytes) }),
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A message of a client or a server with these options.
    pub fn message(op: u8, client: [u8; 4], assigned: [u8; 4], options: &[u8]) -> Vec<u8> {
        let mut bytes = vec![op, 1, 6, 0, 0x12, 0x34, 0x56, 0x78, 0, 3, 0x80, 0];
        bytes.extend(client);
        bytes.extend(assigned);
        bytes.extend([0; 8]);
        bytes.extend([0, 0, 0x5e, 0, 0x53, 0x10]);
        bytes.extend([0; 10 + 64 + 128]);
        bytes.extend(MAGIC_COOKIE.to_be_bytes());
        bytes.extend(options);
        bytes
    }

    #[test]
    fn options_are_found_wherever_they_stand() {
        // The message type stands in the server's name, half of the host name in the file.
        let mut bytes = message(1, [0; 4], [0; 4], &[12, 2, b'p', b'u', 52, 1, 3, 255, 12, 1, b'?']);
        bytes[44..48].copy_from_slice(&[53, 1, 1, 255]);
        bytes[108..113].copy_from_slice(&[0, 12, 2, b'm', b'p']);
        let message = parse_message(&bytes).unwrap();
        assert_eq!(message.kind, Kind::DISCOVER);
        assert_eq!(message.option(Code::HOST_NAME), Some(&b"pump"[..]));
        assert_eq!((message.boot_file, message.server_name), (&b""[..], &b""[..]));
        assert_eq!(message.client_mac, Some(Mac([0, 0, 0x5e, 0, 0x53, 0x10])));
        assert!(message.broadcast && !message.is_reply);
    }

    #[test]
    fn an_option_that_runs_over_the_end_does_not_hide_the_others() {
        let bytes = message(2, [0; 4], [192, 0, 2, 9], &[53, 1, 5, 51, 4, 0, 0, 14, 16, 12, 200, b'x']);
        let message = parse_message(&bytes).unwrap();
        assert_eq!((message.kind, message.number(Code::LEASE_TIME)), (Kind::ACK, Some(3600)));
        assert_eq!(message.option(Code::HOST_NAME), None);
    }

    #[test]
    fn without_its_cookie_it_is_something_else() {
        let mut bytes = message(1, [0; 4], [0; 4], &[]);
        bytes[236] = 0;
        assert_eq!(parse_message(&bytes), None);
        assert_eq!(parse_message(&bytes[..200]), None);
    }

    proptest! {
        #[test]
        fn nothing_that_arrives_makes_the_parser_panic(
            fixed in prop::collection::vec(any::<u8>(), 0..300),
            options in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let _ = parse_message(&fixed);
            let bytes = message(1, [0; 4], [0; 4], &options);
            prop_assert!(parse_message(&bytes).unwrap().options.len() <= 254);
        }
    }
}
