//! One event, as JSON whose fields stand in the order in which they were put.

use crate::{figures, json};
use city::{Details, Flow, Message, Request, Text};
use jiff::Timestamp;

/// An event, without what all events begin with.
#[derive(Debug)]
pub(super) struct Event {
    /// Its kind, as `event_type` names it.
    pub(super) kind: &'static str,
    /// When it happened, where that is not when it was told.
    pub(super) time: Option<Timestamp>,
    /// The conversation it belongs to, in the direction in which the event shows it.
    pub(super) flow: Flow,
    /// What follows the ends.
    pub(super) fields: Object,
}

impl Event {
    /// An event of a request: from who asked to who was asked, with one object of the kind's name.
    pub(super) fn of(kind: &'static str, request: &Request, body: Object) -> Event {
        let mut fields = Object::default();
        fields.put(kind, body);
        Event { kind, time: None, flow: request.flow, fields }
    }
}

impl Event {
    /// An event of a message: from who sent it, with one object of the kind's name.
    pub(super) fn by_sender(kind: &'static str, message: &Message, body: Object) -> Event {
        let mut fields = Object::default();
        fields.put(kind, body);
        let flow = if message.back { message.flow.reversed() } else { message.flow };
        Event { kind, time: None, flow, fields }
    }
}

/// Named values in their order, already as JSON, without the braces around them: what is put is written at once.
#[derive(Debug)]
pub(super) struct Object(Vec<u8>);

/// Room in which most objects fit, so that it is asked for once.
const ROOM: usize = 256;

impl Default for Object {
    fn default() -> Object {
        Object(Vec::with_capacity(ROOM))
    }
}

/// A value.
#[derive(Debug)]
pub(super) enum Value {
    List(Vec<Value>),
    Number(u64),
    Object(Object),
    Text(Text),
    Truth(bool),
}

impl Object {
    pub(super) fn put(&mut self, name: impl AsRef<str>, value: impl Json) {
        self.name(name.as_ref());
        value.write(&mut self.0);
    }

    fn name(&mut self, name: &str) {
        // No value ends with what an object begins with.
        if !matches!(self.0.last(), None | Some(b'{')) {
            self.0.push(b',');
        }
        json::string(&mut self.0, name);
        self.0.push(b':');
    }

    /// Puts a value if there is one.
    pub(super) fn maybe(&mut self, name: &'static str, value: Option<impl Json>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// Puts a detail as text, if there is one.
    pub(super) fn text(&mut self, name: &'static str, details: &Details, key: &str) {
        self.maybe(name, detail(details, key));
    }

    /// Puts a detail as a number, if it is one.
    pub(super) fn number(&mut self, name: &'static str, details: &Details, key: &str) {
        self.maybe(name, number(details, key));
    }

    /// Puts whether a detail says `true`.
    pub(super) fn truth(&mut self, name: &'static str, details: &Details, key: &str) {
        self.put(name, is_true(details, key));
    }

    /// Puts a detail that was escaped as the text that it was, if there is one.
    pub(super) fn plain(&mut self, name: &'static str, details: &Details, key: &str) {
        self.maybe(name, detail(details, key).map(plain));
    }

    /// Puts a detail that is `true` or `false`, if there is one.
    pub(super) fn maybe_truth(&mut self, name: &'static str, details: &Details, key: &str) {
        self.maybe(name, detail(details, key).map(|value| value == "true"));
    }

    /// Puts an object unless it is empty.
    pub(super) fn unless_empty(&mut self, name: &'static str, object: Object) {
        if !object.is_empty() {
            self.put(name, object);
        }
    }

    /// Appends an object to a line of its own, as it is put together.
    pub(super) fn line(out: &mut Vec<u8>, put: impl FnOnce(&mut Object)) {
        out.push(b'{');
        let mut object = Object(std::mem::take(out));
        put(&mut object);
        *out = object.0;
        out.extend_from_slice(b"}\n");
    }

    /// Puts what another object has behind what is there.
    pub(super) fn append(&mut self, other: &Object) {
        if !self.is_empty() && !other.is_empty() {
            self.0.push(b',');
        }
        self.0.extend_from_slice(&other.0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What can be written as JSON.
pub(super) trait Json {
    /// Appends its text.
    fn write(&self, out: &mut Vec<u8>);
}

macro_rules! texts {
    ($($kind:ty),*) => {
        $(impl Json for $kind {
            fn write(&self, out: &mut Vec<u8>) {
                json::string(out, self);
            }
        })*
    };
}

texts!(&str, String, Text);

impl Json for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl Json for u64 {
    fn write(&self, out: &mut Vec<u8>) {
        figures::number(out, *self);
    }
}

impl Json for i64 {
    fn write(&self, out: &mut Vec<u8>) {
        if *self < 0 {
            out.push(b'-');
        }
        figures::number(out, self.unsigned_abs());
    }
}

impl Json for f64 {
    fn write(&self, out: &mut Vec<u8>) {
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(out, self);
    }
}

impl Json for Object {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        out.extend_from_slice(&self.0);
        out.push(b'}');
    }
}

/// What is JSON already.
pub(super) struct Ready<'a>(pub(super) &'a str);

impl Json for Ready<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.as_bytes());
    }
}

impl<T: Json> Json for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (place, value) in self.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            value.write(out);
        }
        out.push(b']');
    }
}

impl Json for Value {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Value::List(values) => values.write(out),
            Value::Number(number) => number.write(out),
            Value::Object(object) => object.write(out),
            Value::Text(text) => text.write(out),
            Value::Truth(truth) => truth.write(out),
        }
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Value {
        Value::Object(object)
    }
}

impl From<Vec<Value>> for Value {
    fn from(values: Vec<Value>) -> Value {
        Value::List(values)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::Number(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Value {
        Value::Truth(truth)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text.into())
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Value {
        Value::Text(text)
    }
}

/// The first detail of a name.
pub(super) fn detail<'d>(details: &'d Details, name: &str) -> Option<&'d str> {
    all(details, name).next()
}

/// Every detail of a name, in order.
pub(super) fn all<'d>(details: &'d Details, name: &str) -> impl Iterator<Item = &'d str> {
    details.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// A detail that is a number.
pub(super) fn number(details: &Details, name: &str) -> Option<u64> {
    detail(details, name)?.parse().ok()
}

/// Whether a detail says `true`.
pub(super) fn is_true(details: &Details, name: &str) -> bool {
    detail(details, name) == Some("true")
}

/// A detail that is a time, in seconds since 1970 with six decimals.
pub(super) fn time(details: &Details, name: &str) -> Option<Timestamp> {
    let (seconds, microseconds) = detail(details, name)?.split_once('.')?;
    let micros = seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?;
    Timestamp::from_microsecond(micros.checked_add(microseconds.parse().ok()?)?).ok()
}

/// Bytes behind hexadecimal digits.
pub(super) fn bytes(digits: &str) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = digits.as_bytes().as_chunks::<2>().0.iter();
    pairs.map_while(|[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

/// Bytes as Suricata writes them into a string: as UTF-8 where they are, and otherwise `\xNN`.
pub(super) fn text_of(bytes: &[u8]) -> Text {
    let mut text = Text::default();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// Text that was escaped, as Suricata writes it: JSON has its own way to write control characters, and bytes that are
/// no UTF-8 stay `\\xNN`.
pub(super) fn plain(escaped: &str) -> Text {
    let mut text = Text::default();
    let mut rest = escaped;
    while let Some((before, behind)) = rest.split_once('\\') {
        text.push_str(before);
        rest = behind;
        if let Some(behind) = rest.strip_prefix('\\') {
            text.push('\\');
            rest = behind;
            continue;
        }
        let byte = rest.strip_prefix('x').and_then(|rest| rest.get(..2)).map(bytes);
        match byte.as_deref() {
            Some([byte @ ..0x80]) => {
                text.push(char::from(*byte));
                rest = rest.get(3..).unwrap_or_default();
            }
            _ => text.push('\\'),
        }
    }
    text.push_str(rest);
    text
}

/// A number's hexadecimal digits two by two, with colons between.
pub(super) fn with_colons(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 3 / 2);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % 2 == 0 {
            text.push(':');
        }
        text.push(digit);
    }
    text
}

/// A value's JSON, as tests compare it.
#[cfg(test)]
pub(super) fn rendered(value: &impl Json) -> String {
    let mut text = Vec::new();
    value.write(&mut text);
    String::from_utf8(text).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_in_the_order_in_which_they_were_put() {
        let mut inner = Object::default();
        inner.put("z", 1_u64);
        inner.put("a", "quote \" and \n line");
        let mut outer = Object::default();
        outer.put("object", inner);
        outer.put("list", vec![Value::Truth(true), Value::Number(2)]);
        outer.maybe("absent", None::<&str>);
        assert_eq!(rendered(&outer), r#"{"object":{"z":1,"a":"quote \" and \n line"},"list":[true,2]}"#);
    }

    #[test]
    fn details_are_had_back_as_what_they_were() {
        let details: Details = vec![("asked".into(), "1700000000.000005".into()), ("n".into(), "x".into())];
        assert_eq!(time(&details, "asked"), Timestamp::from_microsecond(1_700_000_000_000_005).ok());
        assert_eq!(number(&details, "n"), None);
        assert_eq!(bytes("00ff1"), [0, 0xff]);
        assert_eq!(text_of(&[0x41, 0xff, 0x0a]), "A\\xff\n");
        assert_eq!(with_colons("0aff1"), "0a:ff:1");
        assert_eq!(plain(r"a\\x41\x0a\xffb\x"), "a\\x41\n\\xffb\\x");
    }
}
