//! Bytes to messages.

use super::message::{Class, Header, Kind, Message, Question, Record};
use super::rdata::{odd_binding, parse_data};
use crate::cursor::Cursor;
use city::Text;
use smallvec::SmallVec;

/// The most records read from one message. A datagram of DNS holds a few dozen; a message of a zone transfer may hold
/// thousands, of which the first are enough to know it.
const RECORDS_MAX: usize = 1_024;

/// The most questions read from one message. In practice there is one; multicast DNS asks a few dozen at a time.
const QUESTIONS_MAX: usize = 64;

/// Reads a message as far as it goes. `None` if there is not even a header.
///
/// A record whose data is malformed is kept with its data in hexadecimal, and reading goes on behind it; where a name
/// or a length is malformed, nothing behind it can be found, and the message says so in `damage`.
pub fn parse_message(bytes: &[u8]) -> Option<Message> {
    let header = parse_header(bytes)?;
    let mut message = Message {
        header,
        questions: SmallVec::new(),
        answers: Vec::new(),
        authority: Vec::new(),
        additional: Vec::new(),
        damage: None,
        surplus: 0,
    };
    message.damage = parse_sections(&mut message, bytes).err();
    Some(message)
}

/// Reads questions and records into a message; an error is what could not be read.
fn parse_sections(message: &mut Message, bytes: &[u8]) -> Result<(), &'static str> {
    let mut at = Header::LENGTH;
    let [questions, answers, authority, additional] = message.header.counts;
    for _ in 0..questions {
        if message.questions.len() == QUESTIONS_MAX {
            return Err("questions beyond what is read");
        }
        let (question, next) = parse_question(bytes, at).ok_or("question")?;
        message.questions.push(question);
        at = next;
    }
    let mut left = RECORDS_MAX;
    let sections = [
        (answers, "answer", &mut message.answers),
        (authority, "authority", &mut message.authority),
        (additional, "additional", &mut message.additional),
    ];
    for (count, name, records) in sections {
        for _ in 0..count {
            left = left.checked_sub(1).ok_or("records beyond what is read")?;
            let (record, next) = parse_record(bytes, at).ok_or(name)?;
            records.push(record);
            at = next;
        }
    }
    message.surplus = bytes.len().saturating_sub(at);
    Ok(())
}

/// Reads the fixed part.
pub fn parse_header(bytes: &[u8]) -> Option<Header> {
    let mut cursor = Cursor::new(bytes);
    let id = cursor.u16()?;
    let flags = cursor.u16()?;
    let counts = [cursor.u16()?, cursor.u16()?, cursor.u16()?, cursor.u16()?];
    Some(Header { id, flags, counts })
}

/// Reads the question at an offset; also gives the offset behind it.
pub fn parse_question(bytes: &[u8], at: usize) -> Option<(Question, usize)> {
    let (name, next) = parse_name(bytes, at)?;
    let mut cursor = Cursor::new(bytes.get(next..)?);
    let question = Question { name, kind: Kind(cursor.u16()?), class: Class(cursor.u16()?) };
    Some((question, next + 4))
}

fn parse_record(bytes: &[u8], at: usize) -> Option<(Record, usize)> {
    let (name, next) = parse_name(bytes, at)?;
    let mut cursor = Cursor::new(bytes.get(next..)?);
    let (kind, class) = (Kind(cursor.u16()?), Class(cursor.u16()?));
    let ttl = cursor.u32()?;
    let length = usize::from(cursor.u16()?);
    let begin = next + 10;
    let end = begin + length;
    let data = parse_data(bytes.get(..end)?, begin, kind);
    let odd = odd_binding(bytes.get(begin..end)?, kind);
    Some((Record { name, kind, class, ttl, data, odd }, end))
}

/// Reads the name at an offset of a message; also gives the offset behind it.
///
/// The text has no dot at its end, except that the root is `.`. A dot or a backslash inside a label has a backslash
/// before it, and what is neither printable nor UTF-8 is `\DDD` (RFC 1035 clause 5.1, RFC 6763 clause 4.3).
///
/// RFC 1035 clause 4.1.4 lets a pointer only point backwards, to where a name stood before. Here every pointer must
/// point before the place where the last one landed, so that no chain of them can turn in a circle.
pub fn parse_name(bytes: &[u8], at: usize) -> Option<(Text, usize)> {
    /// RFC 1035 clause 2.3.4, in bytes on the wire.
    const NAME_MAX: usize = 255;
    /// Writers of messages point once, at most at a name that points again; the rest is only meant to cost time.
    const POINTERS_MAX: u32 = 32;
    let mut text = Text::default();
    let mut position = at;
    let mut landed = at;
    let mut behind = None;
    let (mut length, mut pointers) = (0, 0);
    loop {
        let first = *bytes.get(position)?;
        match first >> 6 {
            0 if first == 0 => {
                if text.is_empty() {
                    text.push('.');
                }
                return Some((text, behind.unwrap_or(position + 1)));
            }
            0 => {
                let end = position + 1 + usize::from(first);
                let label = bytes.get(position + 1..end)?;
                length += label.len() + 1;
                if length >= NAME_MAX {
                    return None;
                }
                if !text.is_empty() {
                    text.push('.');
                }
                push_label(&mut text, label);
                position = end;
            }
            3 => {
                let second = *bytes.get(position + 1)?;
                let target = usize::from(first & 0x3f) << 8 | usize::from(second);
                pointers += 1;
                if target >= landed || pointers > POINTERS_MAX {
                    return None;
                }
                behind.get_or_insert(position + 2);
                (position, landed) = (target, target);
            }
            // 01 was EDNS's extended label, withdrawn by RFC 6891 clause 5; 10 was never given out.
            _ => return None,
        }
    }
}

fn push_label(text: &mut Text, label: &[u8]) {
    if label.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && let Ok(plain) = std::str::from_utf8(label)
    {
        text.push_str(plain);
        return;
    }
    for chunk in label.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '.' | '\\' => text.extend(['\\', character]),
                _ if character.is_control() => {
                    character.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_escaped(text, byte));
                }
                _ => text.push(character),
            }
        }
        chunk.invalid().iter().for_each(|byte| push_escaped(text, *byte));
    }
}

fn push_escaped(text: &mut Text, byte: u8) {
    text.push('\\');
    text.extend([byte / 100, byte / 10 % 10, byte % 10].map(|digit| char::from(b'0' + digit)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::message::{Data, Opcode, Rcode};
    use proptest::prelude::*;

    /// A reply with a question, two answers that point back at it, and EDNS.
    pub const REPLY: &[u8] =
        b"\x12\x34\x81\x80\x00\x01\x00\x02\x00\x00\x00\x01\x05pumps\x07example\x00\x00\x01\x00\x01\
        \xc0\x0c\x00\x05\x00\x01\x00\x00\x0e\x10\x00\x07\x04pump\xc0\x12\
        \xc0\x2b\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x07\
        \x00\x00\x29\x10\x00\x01\x00\x00\x00\x00\x00";

    #[test]
    fn a_reply_is_read_through_its_compression() {
        let message = parse_message(REPLY).unwrap();
        assert_eq!(message.questions[0].name, "pumps.example");
        assert_eq!(message.answers[0].data, Data::Name("pump.example".into()));
        assert_eq!(message.answers[1].name, "pump.example");
        assert_eq!(message.answers[1].data, Data::Address("192.0.2.7".parse().unwrap()));
        assert_eq!(message.answers[1].ttl, 60);
        assert_eq!(message.header.opcode(), Opcode::QUERY);
        // The upper bits of the rcode are in the OPT record.
        assert_eq!(message.rcode(), Rcode(16));
        assert_eq!((message.damage, message.surplus), (None, 0));
    }

    #[test]
    fn what_stands_before_the_damage_is_kept() {
        let cut = parse_message(&REPLY[..REPLY.len() - 12]).unwrap();
        assert_eq!(cut.answers.len(), 1);
        assert_eq!(cut.damage, Some("answer"));
    }

    #[test]
    fn malformed_data_does_not_hide_the_next_record() {
        let mut bytes = REPLY.to_vec();
        let address = bytes.windows(4).position(|w| w == [0xc0, 0, 2, 7]).unwrap();
        // The alias now points forward, which no name may.
        bytes[address - 14] = 0xff;
        let message = parse_message(&bytes).unwrap();
        assert!(matches!(&message.answers[0].data, Data::Other(text) if text.starts_with("\\# 7 ")));
        assert_eq!(message.answers.len(), 2 - usize::from(message.damage.is_some()));
    }

    #[test]
    fn pointers_cannot_turn_in_a_circle() {
        for pointer in [[0xc0, 0x0c], [0xc0, 0x0e], [0xff, 0xff]] {
            let mut bytes = vec![0; 12];
            bytes.extend(pointer);
            assert_eq!(parse_name(&bytes, 12), None);
        }
        // A long chain is possible, but nobody writes one.
        let chain: Vec<u8> =
            std::iter::once(0).chain((0..100).flat_map(|n: u8| [0xc0, (2 * n).saturating_sub(1)])).collect();
        assert!(parse_name(&chain, 2 * 30 + 1).is_some());
        assert_eq!(parse_name(&chain, 2 * 50 + 1), None);
        // Two pointers at one another.
        let bytes = [0xc0, 0x02, 0xc0, 0x00];
        assert_eq!(parse_name(&bytes, 2), None);
    }

    #[test]
    fn names_are_shown_so_that_they_can_be_told_apart() {
        for (wire, shown) in [
            (&b"\x00"[..], "."),
            (b"\x03a.b\x02\\c\x00", "a\\.b.\\\\c"),
            (b"\x0eOffice Printer\x05local\x00", "Office Printer.local"),
            (b"\x03\xc3\xa9\x01\x00", "é\\001"),
            (b"\x02\xff\x1b\x00", "\\255\\027"),
        ] {
            assert_eq!(parse_name(wire, 0), Some((shown.into(), wire.len())), "{wire:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_arrives_makes_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = parse_message(&bytes);
        }

        #[test]
        fn nor_does_a_message_with_any_byte_changed(changes in prop::collection::vec((0..REPLY.len(), any::<u8>()), 1..8)) {
            let mut bytes = REPLY.to_vec();
            for (at, byte) in changes {
                bytes[at] = byte;
            }
            let message = parse_message(&bytes).unwrap();
            prop_assert!(message.answers.len() + message.authority.len() + message.additional.len() <= RECORDS_MAX);
        }
    }
}
