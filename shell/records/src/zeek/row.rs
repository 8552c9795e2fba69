//! A request's details, and the rows made of them.

use city::{Flow, Message, Request, Text};
use compact_str::ToCompactString;
use jiff::Timestamp;

/// Fields for which there is room from the beginning, so that most rows ask for it once.
const ROOM: usize = 12;

/// A row that is being filled.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// When it happened, if not when it was told.
    pub(super) time: Option<Timestamp>,
    pub(super) message: Message,
}

impl Row {
    /// A row about a conversation, said by the end that began it.
    pub(super) fn new(flow: Flow, log: &'static str) -> Row {
        let message =
            Message { flow, back: false, log: Text::const_new(log), fields: Vec::with_capacity(ROOM) };
        Row { time: None, message }
    }

    /// A row about a request's conversation; `from_asker` says who spoke, the end that asked or the other.
    pub(super) fn of(request: &Request, log: &'static str, from_asker: bool) -> Row {
        let mut row = Row::new(request.conversation(), log);
        row.message.back = request.back == from_asker;
        row
    }

    /// A row whose ends are those of a request, the asker first, whoever began the conversation.
    pub(super) fn from_asker(request: &Request, log: &'static str) -> Row {
        Row::new(request.flow, log)
    }

    /// Puts a column's value, or one more value of a list.
    pub(super) fn put(&mut self, column: &'static str, value: impl Into<Text>) {
        self.message.fields.push((Text::const_new(column), value.into()));
    }

    /// The name of the file that it is about.
    pub(super) fn fuid(&self) -> Option<Text> {
        self.message.fields.iter().find(|(column, _)| column == "fuid").map(|(_, name)| name.clone())
    }

    /// Takes the values of columns out.
    pub(super) fn remove(&mut self, columns: &[&str]) {
        self.message.fields.retain(|(name, _)| !columns.contains(&name.as_str()));
    }

    /// Puts another value in the place of one that was put.
    pub(super) fn replace(&mut self, column: &str, value: &'static str) {
        for (_, known) in self.message.fields.iter_mut().filter(|(name, _)| name == column) {
            *known = Text::const_new(value);
        }
    }

    /// Puts a value, if there is one.
    pub(super) fn maybe(&mut self, column: &'static str, value: Option<impl Into<Text>>) {
        if let Some(value) = value {
            self.put(column, value);
        }
    }

    /// Puts a value as it is shown.
    pub(super) fn show(&mut self, column: &'static str, value: impl ToCompactString) {
        self.put(column, value.to_compact_string());
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

    /// Puts text as it was read, in which a backslash is only that.
    pub(super) fn text(&mut self, column: &'static str, text: &str) {
        if text.contains('\\') {
            self.put(column, text.replace('\\', "\\\\"));
        } else {
            self.put(column, text);
        }
    }

    /// Puts text as it was read, if there is some.
    pub(super) fn maybe_text(&mut self, column: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(column, text);
        }
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
