//! A request's details, and the rows made of them.

use city::{Flow, Message, Request, Text};
use std::fmt::Display;

/// A row that is being filled.
#[derive(Debug)]
pub(super) struct Row(Message);

impl Row {
    /// A row about a conversation, said by the end that began it.
    pub(super) fn new(flow: Flow, log: &'static str) -> Row {
        Row(Message { flow, back: false, log: Text::const_new(log), fields: Vec::new() })
    }

    /// A row about a request's conversation; `from_asker` says who spoke, the end that asked or the other.
    pub(super) fn of(request: &Request, log: &'static str, from_asker: bool) -> Row {
        let mut row = Row::new(request.conversation(), log);
        row.0.back = request.back == from_asker;
        row
    }

    /// A row whose ends are those of a request, the asker first, whoever began the conversation.
    pub(super) fn from_asker(request: &Request, log: &'static str) -> Row {
        Row::new(request.flow, log)
    }

    /// Puts a column's value, or one more value of a list.
    pub(super) fn put(&mut self, column: &'static str, value: impl Into<Text>) {
        self.0.fields.push((Text::const_new(column), value.into()));
    }

    /// Puts a value, if there is one.
    pub(super) fn maybe(&mut self, column: &'static str, value: Option<impl Into<Text>>) {
        if let Some(value) = value {
            self.put(column, value);
        }
    }

    /// Puts a value as it is shown.
    pub(super) fn show(&mut self, column: &'static str, value: impl Display) {
        self.put(column, format!("{value}"));
    }

    /// Puts a truth as Zeek writes it.
    pub(super) fn flag(&mut self, column: &'static str, value: bool) {
        self.put(column, Text::const_new(if value { "T" } else { "F" }));
    }

    /// Puts the items of a list that has commas between them, if there is one.
    pub(super) fn items(&mut self, column: &'static str, list: Option<&str>) {
        if let Some(list) = list {
            list.split(',').for_each(|item| self.put(column, item));
        }
    }

    /// The row, done.
    pub(super) fn done(self) -> Message {
        self.0
    }
}

/// The first detail of a name.
pub(super) fn detail<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    details(request, name).next()
}

/// Every detail of a name, in order.
pub(super) fn details<'r>(request: &'r Request, name: &str) -> impl Iterator<Item = &'r str> {
    request.details.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// A detail that is a number.
pub(super) fn number<T: std::str::FromStr>(request: &Request, name: &str) -> Option<T> {
    detail(request, name)?.parse().ok()
}

/// Whether a detail says `true`.
pub(super) fn flag(request: &Request, name: &str) -> bool {
    detail(request, name) == Some("true")
}

/// Whether the request itself was seen, not only its reply.
pub(super) fn was_asked(request: &Request) -> bool {
    detail(request, "request-seen") != Some("false")
}

/// Hexadecimal digits as text with the bytes in it, written `\xNN` where they are no signs.
pub(super) fn bytes_of_digits(digits: &str) -> String {
    let values = digits.as_bytes().chunks(2).filter_map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    });
    let mut text = String::new();
    for byte in values {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(byte)),
            byte => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text
}

/// A name with capitals and underscores.
pub(super) fn capitals(name: &str) -> String {
    name.replace('-', "_").to_uppercase()
}

/// A word with a capital first.
pub(super) fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
