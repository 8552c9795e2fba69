//! Bytes to Kerberos messages.

use super::message::{Ask, Message, Ticket};
use crate::ber;
use crate::cursor::Cursor;
use crate::show::escaped;
use city::Text;

/// The longest message over TCP that is read. Tickets with many groups have tens of thousands of bytes.
const MESSAGE_BYTES_MAX: usize = 128 << 10;

/// The longest name shown, in bytes.
const NAME_BYTES_MAX: usize = 512;

/// A message over TCP, which has its length in front (section 7.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed<'a> {
    /// It, and how many bytes it takes with its length.
    Whole(&'a [u8], usize),
    More,
    Nothing,
}

/// Reads the message at the front of a stream.
pub fn parse_framed(bytes: &[u8]) -> Framed<'_> {
    let mut cursor = Cursor::new(bytes);
    let begins = matches!(bytes, [] | [0] | [0, 0..=1] | [0, 0..=1, _] | [0, 0..=1, _, _]);
    if begins {
        return Framed::More;
    }
    let length = cursor.u32().and_then(|length| usize::try_from(length).ok());
    let Some(length) = length.filter(|length| (8..=MESSAGE_BYTES_MAX).contains(length)) else {
        return Framed::Nothing;
    };
    if !cursor.rest().first().is_some_and(|tag| is_tag(*tag)) {
        return Framed::Nothing;
    }
    match cursor.take(length) {
        Some(body) => Framed::Whole(body, length + 4),
        None => Framed::More,
    }
}

/// Whether a message has this tag: its type, as an application's own (section 5.10).
fn is_tag(tag: u8) -> bool {
    matches!(tag & 0x1f, 10..=15 | 20..=22 | 30) && tag & 0xe0 == 0x60
}

/// Reads a message; its version and type must agree with its tag.
pub fn parse_message(bytes: &[u8]) -> Option<Message> {
    let mut cursor = Cursor::new(bytes);
    let element = ber::take(&mut cursor).filter(|element| is_tag(element.tag))?;
    let kind = element.tag & 0x1f;
    let fields = ber::find(element.content, ber::SEQUENCE)?;
    // Requests to a centre begin with field 1, all others with field 0.
    let first = if matches!(kind, 10 | 12) { 0xa1 } else { 0xa0 };
    if number(fields, first)? != 5 || number(fields, first + 1)? != i64::from(kind) {
        return None;
    }
    Some(match kind {
        10 | 12 => Message::Ask(ask(kind == 12, ber::find(inner(fields, 0xa4)?, ber::SEQUENCE)?)),
        11 | 13 => Message::Grant {
            by_ticket: kind == 13,
            realm: text(fields, 0xa3).unwrap_or_default(),
            client: principal(fields, 0xa4).unwrap_or_default(),
            ticket: ticket(inner(fields, 0xa5)?)?,
            cipher: inner(fields, 0xa6)
                .and_then(|sealed| ber::find(sealed, ber::SEQUENCE))
                .and_then(|sealed| number(sealed, 0xa0)),
        },
        14 => Message::Show(ticket(inner(fields, 0xa3)?)?),
        15 => Message::Accepted,
        30 => Message::Error {
            code: number(fields, 0xa6)?,
            client: principal(fields, 0xa8),
            client_realm: text(fields, 0xa7),
            service: principal(fields, 0xaa).unwrap_or_default(),
            text: text(fields, 0xab),
        },
        _ => Message::Sealed,
    })
}

/// The body of a request (section 5.4.1).
fn ask(by_ticket: bool, body: &[u8]) -> Ask {
    // A string of bits: how many are unused, then the bits, the first the highest.
    let options = match inner(body, 0xa0).and_then(|field| ber::find(field, 3)) {
        Some([_, first, second, ..]) => (*first, *second),
        Some([_, first]) => (*first, 0),
        _ => (0, 0),
    };
    Ask {
        by_ticket,
        client: principal(body, 0xa1),
        realm: text(body, 0xa2).unwrap_or_default(),
        service: principal(body, 0xa3),
        from: time(body, 0xa4),
        till: time(body, 0xa5),
        forwardable: options.0 & 0x40 != 0,
        renewable: options.1 & 0x80 != 0,
    }
}

/// A ticket (section 5.3).
fn ticket(field: &[u8]) -> Option<Ticket> {
    let fields = ber::find(ber::find(field, 0x61)?, ber::SEQUENCE)?;
    let sealed = ber::find(inner(fields, 0xa3)?, ber::SEQUENCE)?;
    Some(Ticket {
        realm: text(fields, 0xa1)?,
        service: principal(fields, 0xa2)?,
        cipher: number(sealed, 0xa0)?,
    })
}

fn inner(fields: &[u8], tag: u8) -> Option<&[u8]> {
    ber::find(fields, tag)
}

fn number(fields: &[u8], tag: u8) -> Option<i64> {
    ber::find(inner(fields, tag)?, 2).and_then(ber::integer)
}

fn text(fields: &[u8], tag: u8) -> Option<Text> {
    ber::find(inner(fields, tag)?, 0x1b).map(|bytes| escaped(bytes, NAME_BYTES_MAX))
}

/// A name of several parts (section 5.2.2), with `/` between them.
fn principal(fields: &[u8], tag: u8) -> Option<Text> {
    const PARTS_MAX: usize = 16;
    let name = ber::find(inner(fields, tag)?, ber::SEQUENCE)?;
    let parts = ber::find(inner(name, 0xa1)?, ber::SEQUENCE)?;
    let mut text = Text::default();
    for (place, part) in ber::elements(parts).take(PARTS_MAX).enumerate() {
        if place > 0 {
            text.push('/');
        }
        text.push_str(&escaped(part.content, NAME_BYTES_MAX));
    }
    Some(text)
}

/// A time (section 5.2.3), `20370913024805Z`, as seconds since 1970.
fn time(fields: &[u8], tag: u8) -> Option<i64> {
    let digits = ber::find(inner(fields, tag)?, 0x18)?;
    let digits = digits.strip_suffix(b"Z").filter(|digits| digits.len() == 14)?;
    let number = |from: usize, to: usize| {
        let digits = digits.get(from..to)?;
        digits.iter().try_fold(0_i16, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0'))
        })
    };
    let small = |from: usize| number(from, from + 2).and_then(|number| i8::try_from(number).ok());
    let time =
        jiff::civil::DateTime::new(number(0, 4)?, small(4)?, small(6)?, small(8)?, small(10)?, small(12)?, 0);
    Some(time.ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}
