//! Reads JSON (RFC 8259) piece by piece from borrowed bytes: a value is found with its end, and looked into only where
//! somebody asks. Nothing is copied, and nesting costs no stack. And writes it, for events that are JSON in the end.

use city::Text;
use compact_str::{ToCompactString, format_compact};

/// A value, still on its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// With its brackets.
    Array(&'a [u8]),
    /// With its braces.
    Object(&'a [u8]),
    /// A number, `true`, `false` or `null`, as written.
    Plain(&'a [u8]),
    /// Without its quotes; escapes stay as they are.
    Text(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The bytes of a text or of a plain word.
    pub(crate) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Value::Plain(bytes) | Value::Text(bytes) => Some(bytes),
            Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The members of an object; of anything else none.
    pub(crate) fn members(self) -> impl Iterator<Item = (&'a [u8], Value<'a>)> {
        let mut rest = match self {
            Value::Object(bytes) => bytes.get(1..).unwrap_or_default(),
            _ => &[],
        };
        std::iter::from_fn(move || {
            let (key, after) = take_value(separated(rest))?;
            let Value::Text(key) = key else { return None };
            let after = spaces(after).strip_prefix(b":")?;
            let (value, after) = take_value(after)?;
            rest = after;
            Some((key, value))
        })
    }

    /// The items of an array; of anything else none.
    pub(crate) fn items(self) -> impl Iterator<Item = Value<'a>> {
        let mut rest = match self {
            Value::Array(bytes) => bytes.get(1..).unwrap_or_default(),
            _ => &[],
        };
        std::iter::from_fn(move || {
            let (value, after) = take_value(separated(rest))?;
            rest = after;
            Some(value)
        })
    }

    /// The member of an object with this name, the first of several.
    pub(crate) fn member(self, name: &str) -> Option<Value<'a>> {
        self.members().find(|(key, _)| *key == name.as_bytes()).map(|(_, value)| value)
    }
}

/// The value that fills these bytes, but for spaces and zeros around it: some senders end a text as C does.
pub(crate) fn parse_value(bytes: &[u8]) -> Option<Value<'_>> {
    let (value, rest) = take_value(bytes)?;
    let only_padding = spaces(rest).iter().all(|byte| *byte == 0);
    only_padding.then_some(value)
}

fn spaces(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii_start()
}

/// Past the comma before the next value, if there is one.
fn separated(bytes: &[u8]) -> &[u8] {
    let bytes = spaces(bytes);
    bytes.strip_prefix(b",").unwrap_or(bytes)
}

/// The first value and what follows it.
fn take_value(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let bytes = spaces(bytes);
    match bytes.first()? {
        b'"' => {
            let (text, rest) = take_text(bytes)?;
            Some((Value::Text(text), rest))
        }
        b'{' => take_nested(bytes).map(|(inside, rest)| (Value::Object(inside), rest)),
        b'[' => take_nested(bytes).map(|(inside, rest)| (Value::Array(inside), rest)),
        _ => {
            let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
            let end = bytes.iter().position(|byte| !is_plain(byte)).unwrap_or(bytes.len());
            let (word, rest) = bytes.split_at_checked(end)?;
            (!word.is_empty()).then_some((Value::Plain(word), rest))
        }
    }
}

/// A text in quotes and what follows it.
fn take_text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = bytes.strip_prefix(b"\"")?;
    let mut escaped = false;
    let end = inside.iter().position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    })?;
    Some((inside.get(..end)?, inside.get(end + 1..)?))
}

/// What stands between a bracket and the one that closes it, both included.
fn take_nested(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (place, byte) in bytes.iter().enumerate() {
        if quoted {
            quoted = *byte != b'"' || escaped;
            escaped = *byte == b'\\' && !escaped;
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return bytes.split_at_checked(place + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Writes an object, member by member.
#[derive(Debug)]
pub(crate) struct ObjectText(String);

impl Default for ObjectText {
    fn default() -> Self {
        ObjectText(String::from("{"))
    }
}

impl ObjectText {
    /// Puts a number.
    pub(crate) fn show(&mut self, name: &'static str, value: impl Into<u64>) {
        self.name(name);
        self.0.push_str(&value.into().to_compact_string());
    }

    /// Puts what was shown as a number; what JSON has no number for as a text.
    pub(crate) fn number(&mut self, name: &'static str, shown: &str) {
        if shown.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'.')) {
            self.name(name);
            self.0.push_str(shown);
        } else {
            self.put(name, shown);
        }
    }

    /// Puts a text.
    pub(crate) fn put(&mut self, name: &'static str, text: &str) {
        self.name(name);
        self.0.push('"');
        for character in text.chars() {
            match character {
                '"' | '\\' => {
                    self.0.push('\\');
                    self.0.push(character);
                }
                character if character < ' ' => {
                    self.0.push_str(&format_compact!("\\u{:04x}", u32::from(character)));
                }
                character => self.0.push(character),
            }
        }
        self.0.push('"');
    }

    /// Begins a list of objects, to which [`ObjectText::item`] adds; nothing can be put behind it.
    pub(crate) fn list(&mut self, name: &'static str) {
        self.name(name);
        self.0.push('[');
    }

    /// Begins the next object of a list.
    pub(crate) fn item(&mut self) {
        self.0.push_str(if self.0.ends_with('[') { "{" } else { "},{" });
    }

    /// The whole, with a list that was begun ended.
    pub(crate) fn end(mut self, has_list: bool) -> Text {
        self.0.push_str(if has_list { "}]}" } else { "}" });
        self.0.into()
    }

    fn name(&mut self, name: &'static str) {
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_with_their_ends() {
        let value = parse_value(br#" { "a" : [1, "x\"]}", {"b":null}], "c":-1.5e3 } "#).unwrap();
        let items: Vec<_> = value.member("a").unwrap().items().collect();
        assert_eq!(items[0], Value::Plain(b"1"));
        assert_eq!(items[1], Value::Text(br#"x\"]}"#));
        assert_eq!(items[2].member("b"), Some(Value::Plain(b"null")));
        assert_eq!(value.member("c").and_then(Value::bytes), Some(&b"-1.5e3"[..]));
        assert_eq!(value.members().count(), 2);
    }

    #[test]
    fn what_does_not_end_is_no_value() {
        for text in ["", "{", "{\"a\":1", "\"a", "]", "{} x", "{\"a\\\"}"] {
            assert_eq!(parse_value(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse_value(b"[1]\0").unwrap().items().count(), 1);
        assert_eq!(Value::Object(b"{1:2}").members().count(), 0);
        let deep = [vec![b'['; 60_000], vec![b']'; 60_000]].concat();
        assert_eq!(parse_value(&deep).unwrap().items().count(), 1);
    }

    #[test]
    fn an_object_is_written_member_by_member() {
        let mut object = ObjectText::default();
        object.show("group", 30_u8);
        object.put("name", "a \"b\" \\ \n");
        object.number("value", "-1.5");
        object.number("odd", "NaN");
        object.list("points");
        object.item();
        object.show("index", 0_u8);
        object.item();
        object.show("index", 1_u8);
        assert_eq!(
            object.end(true),
            r#"{"group":30,"name":"a \"b\" \\ \u000a","value":-1.5,"odd":"NaN","points":[{"index":0},{"index":1}]}"#
        );
        assert_eq!(ObjectText::default().end(false), "{}");
    }
}
