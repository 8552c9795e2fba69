//! Bytes to C12.22 messages.

use super::message::{Authentication, Code, Control, Element, Epsem, Proof, SecurityMode};
use crate::ber::{Length, identifier, length};
use crate::cursor::Cursor;
use crate::show::escaped;
use city::Text;
use compact_str::format_compact;

/// The tag of a message.
const MESSAGE: u8 = 0x60;

/// The longest message that is read. The standard leaves it to the nodes; a datagram is shorter.
const MESSAGE_BYTES_MAX: usize = 65_535;

/// Services read of one message.
const SERVICES_MAX: usize = 64;

/// The longest column of text.
pub const TEXT_BYTES_MAX: usize = 4_096;

/// Tags inside the elements: an integer, an object identifier, one relative to another, an external.
const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
const RELATIVE_IDENTIFIER: u8 = 0x0d;
const EXTERNAL: u8 = 0x28;

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A message's content, and how many bytes the message takes.
    Message(&'a [u8], usize),
    /// The beginning of a message.
    More,
    /// No message.
    Nothing,
}

/// Finds a message at the beginning.
pub fn find_message(bytes: &[u8]) -> Found<'_> {
    let mut cursor = Cursor::new(bytes);
    match cursor.u8() {
        None => return Found::More,
        Some(MESSAGE) => {}
        Some(_) => return Found::Nothing,
    }
    match length(&mut cursor) {
        Length::Of(length) if length > MESSAGE_BYTES_MAX => Found::Nothing,
        Length::Of(length) => {
            let head = bytes.len() - cursor.len();
            match cursor.take(length) {
                Some(body) => Found::Message(body, head + length),
                None => Found::More,
            }
        }
        Length::More => Found::More,
        Length::Odd => Found::Nothing,
    }
}

/// Whether what is there so far can be the beginning of a message.
pub fn may_begin(bytes: &[u8]) -> bool {
    let mut cursor = Cursor::new(bytes);
    if cursor.u8() != Some(MESSAGE) {
        return false;
    }
    match length(&mut cursor) {
        Length::Of(_) => cursor.u8().is_none_or(|tag| Element { tag, content: &[] }.title().is_some()),
        Length::More => true,
        Length::Odd => false,
    }
}

/// Takes one element: its tag and its content.
pub fn take<'a>(cursor: &mut Cursor<'a>) -> Option<Element<'a>> {
    let tag = cursor.u8()?;
    let Length::Of(length) = length(cursor) else { return None };
    Some(Element { tag, content: cursor.take(length)? })
}

/// A message: its elements in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    pub elements: Vec<Element<'a>>,
    pub epsem: Option<Epsem<'a>>,
}

/// Reads a message's content. Elements must fill it exactly.
pub fn parse_message(body: &[u8]) -> Option<Message<'_>> {
    const ELEMENTS_MAX: usize = 32;
    let mut cursor = Cursor::new(body);
    let mut message = Message { elements: Vec::new(), epsem: None };
    while !cursor.is_empty() {
        let element = take(&mut cursor)?;
        if message.elements.len() >= ELEMENTS_MAX {
            return None;
        }
        if element.tag == Element::USER_INFORMATION {
            message.epsem = parse_epsem(element.content);
        }
        message.elements.push(element);
    }
    Some(message)
}

impl<'a> Message<'a> {
    /// Whether it has an envelope and no element that C12.22 does not have.
    pub fn is_whole(&self) -> bool {
        self.epsem.is_some() && self.elements.iter().all(|element| element.title().is_some())
    }

    /// The content of an element.
    pub fn get(&self, tag: u8) -> Option<&'a [u8]> {
        self.elements.iter().find(|element| element.tag == tag).map(|element| element.content)
    }

    /// A title's text.
    pub fn title(&self, tag: u8) -> Option<Text> {
        take_title(&mut Cursor::new(self.get(tag)?))
    }

    /// An integer's bytes.
    pub fn integer(&self, tag: u8) -> Option<&'a [u8]> {
        let inner = take(&mut Cursor::new(self.get(tag)?))?;
        (inner.tag == INTEGER).then_some(inner.content)
    }

    /// The authentication element.
    pub fn authentication(&self) -> Option<Authentication<'a>> {
        parse_authentication(self.get(Element::CALLING_AUTHENTICATION_VALUE)?)
    }
}

/// Takes a title: an object identifier, whole or relative to the network's root, which a dot shows.
pub fn take_title(cursor: &mut Cursor<'_>) -> Option<Text> {
    const RELATIVE_IN_CONTEXT: u8 = 0x80;
    let element = take(cursor)?;
    Some(match element.tag {
        OBJECT_IDENTIFIER => identifier(element.content, false),
        RELATIVE_IDENTIFIER | RELATIVE_IN_CONTEXT => identifier(element.content, true),
        _ => return None,
    })
}

fn parse_authentication(content: &[u8]) -> Option<Authentication<'_>> {
    /// The external, and in it the ways to encode: by a type, or in octets.
    const BY_TYPE: u8 = 0xa0;
    const IN_OCTETS: u8 = 0x81;
    const C1221: u8 = 0xa0;
    const C1222: u8 = 0xa1;
    let mut outer = Cursor::new(take(&mut Cursor::new(content))?.content);
    let mut element = take(&mut outer)?;
    let indirect = element.tag == INTEGER;
    if indirect {
        element = take(&mut outer)?;
    }
    let proof = match element.tag {
        BY_TYPE => {
            let proof = take(&mut Cursor::new(element.content))?;
            let mut fields = Cursor::new(proof.content);
            let mut found = [None; 3];
            while let Some(field) = take(&mut fields) {
                if let Some(place) = found.get_mut(usize::from(field.tag & 0x1f)) {
                    *place = Some(field.content);
                }
            }
            let [first, second, third] = found;
            match proof.tag {
                C1222 => Proof::C1222 {
                    key: Cursor::new(first?).u8()?,
                    vector: u32::try_from(Cursor::new(second?).unsigned(second?.len())?).ok()?,
                },
                C1221 => {
                    Proof::C1221 { algorithm: first, request: second.is_some(), response: third.is_some() }
                }
                _ => return None,
            }
        }
        IN_OCTETS => Proof::Other,
        _ => return None,
    };
    Some(Authentication { proof, indirect })
}

/// Reads the envelope: an external whose octets begin with the control byte.
fn parse_epsem(content: &[u8]) -> Option<Epsem<'_>> {
    const OCTETS: u8 = 0x81;
    let external = take(&mut Cursor::new(content))?;
    if external.tag != EXTERNAL {
        return None;
    }
    let mut inner = Cursor::new(external.content);
    let mut element = take(&mut inner)?;
    let mut reference = None;
    if element.tag == INTEGER {
        reference = Some(element.content);
        element = take(&mut inner)?;
    }
    if element.tag != OCTETS {
        return None;
    }
    let mut cursor = Cursor::new(element.content);
    let control = Control(cursor.u8()?);
    let class = if control.has_class() { Some(cursor.array()?) } else { None };
    let (body, check) = match control.security() {
        SecurityMode::Authenticated | SecurityMode::Encrypted => {
            let (body, check) = cursor.rest().split_last_chunk::<4>()?;
            (body, Some(u32::from_be_bytes(*check)))
        }
        SecurityMode::Cleartext | SecurityMode::Reserved => (cursor.rest(), None),
    };
    Some(Epsem { reference, control, class, body, check })
}

/// One service: its code and its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service<'a> {
    pub code: Code,
    pub data: &'a [u8],
}

impl<'a> Epsem<'a> {
    /// Whether its services can be read.
    pub fn is_open(&self) -> bool {
        matches!(self.control.security(), SecurityMode::Cleartext | SecurityMode::Authenticated)
    }

    /// The services, each with its length before it; none if they are encrypted.
    pub fn services(&self) -> Vec<Service<'a>> {
        let mut services = Vec::new();
        let mut cursor = Cursor::new(self.body);
        while self.is_open() && services.len() < SERVICES_MAX {
            let Length::Of(length) = length(&mut cursor) else { break };
            let Some([code, data @ ..]) = cursor.take(length) else { break };
            services.push(Service { code: Code(*code), data });
        }
        services
    }
}

/// Bytes that are a number of any size, as the field's log has them.
pub fn raw(bytes: &[u8]) -> Text {
    escaped(bytes, TEXT_BYTES_MAX)
}

/// A number of at most eight bytes, or its bytes in hexadecimal.
pub fn number(bytes: &[u8]) -> Text {
    match Cursor::new(bytes).unsigned(bytes.len()) {
        Some(number) => format_compact!("{number}"),
        None => crate::show::hexadecimal(bytes, TEXT_BYTES_MAX),
    }
}
