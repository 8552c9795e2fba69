//! What Suricata has an event of: a request with all its fields, and each answer to it.
//!
//! No password, token or key is told: in place of the value of an attribute that is named like one stands `(hidden)`.

use super::message::{self, Message, Operation, Proof};
use super::parse;
use crate::ber::{self, Element};
use crate::cursor::Cursor;
use crate::dialogue::Fields;
use crate::secret;
use crate::show::escaped;
use city::Text;
use compact_str::format_compact;
use std::fmt::Display;

/// The longest text, in bytes.
const TEXT_BYTES_MAX: usize = 2_048;

/// How much is told of one request and its answers, in bytes.
const BYTES_MAX: usize = 64 << 10;

const OCTETS: u8 = 4;
const ENUMERATED: u8 = 10;

/// Operations by which a password goes over in a value (RFC 3062, and one of OpenLDAP's that verifies one).
const OF_PASSWORDS: [&[u8]; 2] = [b"1.3.6.1.4.1.4203.1.11.1", b"1.3.6.1.4.1.4203.666.6.5"];

/// A request and its answers, as they are gathered.
#[derive(Default)]
pub struct Event {
    fields: Fields,
    /// How many bytes it takes.
    bytes: usize,
    /// Whether it has come to the result, which is told whatever came before.
    is_result: bool,
    is_of_password: bool,
}

impl Event {
    /// That of a request.
    pub fn of(message: &Message<'_>) -> Event {
        let mut event = Event::default();
        event.put("request", message.operation.titled());
        event.show("message-id", message.id);
        event.request(message);
        event
    }

    /// Adds an answer.
    pub fn answer(&mut self, message: &Message<'_>) {
        self.is_result = message.operation.is_result();
        self.put("response", message.operation.titled());
        self.show("message-id", message.id);
        let mut cursor = Cursor::new(message.content);
        match message.operation {
            Operation::SEARCH_ENTRY => {
                let Some(name) = ber::take_tag(&mut cursor, OCTETS) else { return };
                self.text("base", name);
                self.attributes(cursor.rest());
            }
            Operation::INTERMEDIATE_RESPONSE => self.named_value(message.content, [0x80, 0x81]),
            operation if operation.is_result() => {
                let code = ber::take_tag(&mut cursor, ENUMERATED).and_then(ber::integer);
                let matched = ber::take_tag(&mut cursor, OCTETS);
                let diagnostic = ber::take_tag(&mut cursor, OCTETS);
                let (Some(code), Some(matched), Some(diagnostic)) = (code, matched, diagnostic) else {
                    return;
                };
                self.put("result", message::result(code));
                self.text("matched", matched);
                self.text("diagnostic", diagnostic);
                if operation == Operation::EXTENDED_RESPONSE {
                    self.named_value(cursor.rest(), [0x8a, 0x8b]);
                } else if ber::find(cursor.rest(), 0x87).is_some() {
                    self.put("credentials", "(hidden)");
                }
            }
            _ => {}
        }
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What was gathered.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    fn request(&mut self, message: &Message<'_>) -> Option<()> {
        let content = message.content;
        let mut cursor = Cursor::new(content);
        match message.operation {
            Operation::BIND_REQUEST => {
                let bind = parse::parse_bind(content)?;
                self.show("version", bind.version);
                self.text("name", bind.name);
                if let Proof::Sasl { mechanism, token } = bind.proof {
                    self.text("mechanism", mechanism);
                    if token.is_some() {
                        self.put("credentials", "(hidden)");
                    }
                }
            }
            Operation::SEARCH_REQUEST => {
                let search = parse::parse_search(content)?;
                self.text("base", search.base);
                self.show("scope", search.scope);
                self.show("aliases", search.aliases);
                self.show("size-limit", search.size_limit);
                self.show("time-limit", search.time_limit);
                self.show("types-only", search.types_only);
                let wanted = ber::elements(search.filter).nth(1).filter(|list| list.tag == ber::SEQUENCE)?;
                ber::elements(wanted.content).for_each(|name| self.text("attribute", name.content));
            }
            Operation::MODIFY_REQUEST => {
                self.text("name", ber::take_tag(&mut cursor, OCTETS)?);
                for change in ber::elements(ber::take_tag(&mut cursor, ber::SEQUENCE)?) {
                    let mut cursor = Cursor::new(change.content);
                    let Some(how) = ber::take_tag(&mut cursor, ENUMERATED).and_then(ber::integer) else {
                        break;
                    };
                    // Section 4.6, and RFC 4525.
                    self.put(
                        "change",
                        match how {
                            0 => "add",
                            1 => "delete",
                            2 => "replace",
                            3 => "increment",
                            _ => "unknown",
                        },
                    );
                    self.attributes(cursor.rest());
                }
            }
            Operation::ADD_REQUEST => {
                self.text("name", ber::take_tag(&mut cursor, OCTETS)?);
                self.attributes(cursor.rest());
            }
            Operation::DELETE_REQUEST => self.text("name", content),
            Operation::MODIFY_DN_REQUEST => {
                self.text("name", ber::take_tag(&mut cursor, OCTETS)?);
                self.text("new-name", ber::take_tag(&mut cursor, OCTETS)?);
                let [deletes] = *ber::take_tag(&mut cursor, 1)? else { return None };
                self.show("delete-old", deletes != 0);
                self.text("new-superior", ber::take_tag(&mut cursor, 0x80)?);
            }
            Operation::COMPARE_REQUEST => {
                self.text("name", ber::take_tag(&mut cursor, OCTETS)?);
                let mut assertion = Cursor::new(ber::take_tag(&mut cursor, ber::SEQUENCE)?);
                let attribute = ber::take_tag(&mut assertion, OCTETS)?;
                self.text("attribute", attribute);
                self.value(attribute, ber::take_tag(&mut assertion, OCTETS)?);
            }
            Operation::ABANDON_REQUEST => self.show("abandoned", ber::integer(content)?),
            Operation::EXTENDED_REQUEST => {
                self.is_of_password =
                    parse::parse_extension(content).is_some_and(|name| OF_PASSWORDS.contains(&name));
                self.named_value(content, [0x80, 0x81]);
            }
            _ => {}
        }
        Some(())
    }

    /// Attributes with their values: one alone, or a sequence of them.
    fn attributes(&mut self, bytes: &[u8]) {
        let list = ber::elements(bytes).next().filter(|list| list.tag == ber::SEQUENCE);
        let Some(Element { content, .. }) = list else { return };
        if content.first() == Some(&OCTETS) {
            return self.attribute(content);
        }
        ber::elements(content).for_each(|attribute| self.attribute(attribute.content));
    }

    fn attribute(&mut self, content: &[u8]) {
        let mut cursor = Cursor::new(content);
        let Some(name) = ber::take_tag(&mut cursor, OCTETS) else { return };
        self.text("attribute", name);
        if let Some(values) = ber::take_tag(&mut cursor, 0x31) {
            ber::elements(values).for_each(|value| self.value(name, value.content));
        }
    }

    fn value(&mut self, attribute: &[u8], value: &[u8]) {
        if is_secret(attribute) {
            self.put("value", "(hidden)");
        } else {
            self.text("value", value);
        }
    }

    /// The name and the value of an extended operation, by their tags.
    fn named_value(&mut self, content: &[u8], [name, value]: [u8; 2]) {
        for element in ber::elements(content) {
            if element.tag == name {
                self.text("extension", element.content);
            } else if element.tag == value && self.is_of_password {
                self.put("value", "(hidden)");
            } else if element.tag == value {
                self.text("value", element.content);
            }
        }
    }

    fn put(&mut self, column: &'static str, value: impl Into<Text>) {
        if !self.is_full() {
            let value = value.into();
            self.bytes += size_of::<(Text, Text)>() + value.len();
            self.fields.put(column, value);
        }
    }

    fn show(&mut self, column: &'static str, value: impl Display) {
        self.put(column, format_compact!("{value}"));
    }

    fn text(&mut self, column: &'static str, bytes: &[u8]) {
        if !self.is_full() {
            self.put(column, escaped(bytes, TEXT_BYTES_MAX));
        }
    }

    fn is_full(&self) -> bool {
        self.bytes >= BYTES_MAX && !self.is_result
    }
}

/// Whether the values of an attribute are not told. What a directory says of passwords without telling one is no secret.
fn is_secret(attribute: &[u8]) -> bool {
    const OPEN: [&[u8]; 12] = [
        b"badpasswordtime",
        b"badpwdcount",
        b"lockoutthreshold",
        b"maxpwdage",
        b"minpwdage",
        b"minpwdlength",
        b"pwdchangedtime",
        b"pwdhistorylength",
        b"pwdlastset",
        b"pwdproperties",
        b"supportedsaslmechanisms",
        b"msds-passwordsettingsprecedence",
    ];
    let name = attribute.to_ascii_lowercase();
    secret::is_named_by(&name) && !OPEN.contains(&name.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_known_by_their_names() {
        for name in [&b"userPassword"[..], b"unicodePwd", b"krbPrincipalKey", b"supplementalCredentials"] {
            assert!(is_secret(name));
        }
        for name in [&b"pwdLastSet"[..], b"cn", b"description", b"objectClass"] {
            assert!(!is_secret(name));
        }
    }
}
