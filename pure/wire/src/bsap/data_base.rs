//! Requests to the remote data base and its replies (chapters 6 and 7).

use super::message::DataBaseFunction;
use crate::cursor::Cursor;
use crate::show::{VALUE_BYTES_MAX, listed, readable};
use city::{Target, Text};
use compact_str::format_compact;

/// Which fields of a signal are asked for: the first two field select bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Select {
    first: u8,
    second: u8,
    further: bool,
}

impl Select {
    const TYPE: u8 = 0x80;
    const VALUE: u8 = 0x40;
    const ADDRESS: u8 = 0x10;
    /// In the second byte.
    const VERSION: u8 = 0x01;

    /// Reads the bytes: the first tells by a bit each which of four follow.
    fn parse(cursor: &mut Cursor<'_>) -> Option<Select> {
        let which = cursor.u8()?;
        let mut select = Select { further: which & !0x03 != 0, ..Select::default() };
        if which & 0x01 != 0 {
            select.first = cursor.u8()?;
        }
        if which & 0x02 != 0 {
            select.second = cursor.u8()?;
        }
        cursor.take(((which & 0x0f) >> 2).count_ones() as usize)?;
        Some(select)
    }

    /// Whether the fields are those that are read here.
    fn is_plain(self) -> bool {
        let known = Select::TYPE | Select::VALUE | Select::ADDRESS;
        !self.further
            && self.first & !known == 0
            && self.second & !Select::VERSION == 0
            && self.first & (Select::TYPE | Select::VALUE) == Select::TYPE | Select::VALUE
    }
}

/// A signal that is read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal<'a> {
    /// By the address of its data, whose bytes are kept in their order.
    Address([u8; 2]),
    Name(&'a [u8]),
}

impl Signal<'_> {
    /// As the field's log has it.
    pub fn title(&self) -> Text {
        match self {
            Signal::Address([first, second]) => format_compact!("Addr 0x{first:02X}{second:02X} "),
            Signal::Name(name) => crate::show::escaped(name, VALUE_BYTES_MAX),
        }
    }
}

/// What is asked of the data base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query<'a> {
    pub function: DataBaseFunction,
    pub select: Select,
    /// How many signals it says it is about.
    pub count: u8,
    pub signals: Vec<Signal<'a>>,
    /// What is to be written to each: a descriptor, with a value behind it for some.
    pub writes: Vec<&'a [u8]>,
}

/// Reads what is asked. A function whose form is not known here is told without signals.
pub fn parse_query(bytes: &[u8]) -> Option<Query<'_>> {
    let mut cursor = Cursor::new(bytes);
    let function = DataBaseFunction(cursor.u8()?);
    let mut query =
        Query { function, select: Select::default(), count: 0, signals: Vec::new(), writes: Vec::new() };
    // What ends early is told as far as it goes.
    fill(&mut query, cursor);
    Some(query)
}

fn fill<'a>(query: &mut Query<'a>, mut cursor: Cursor<'a>) -> Option<()> {
    let function = query.function;
    match function {
        DataBaseFunction::READ_BY_ADDRESS | DataBaseFunction::READ_BY_NAME => {
            query.select = Select::parse(&mut cursor)?;
        }
        DataBaseFunction::WRITE_BY_ADDRESS | DataBaseFunction::WRITE_BY_NAME => {}
        _ => return None,
    }
    let by_name = matches!(function, DataBaseFunction::READ_BY_NAME | DataBaseFunction::WRITE_BY_NAME);
    let writes = matches!(function, DataBaseFunction::WRITE_BY_ADDRESS | DataBaseFunction::WRITE_BY_NAME);
    if !by_name {
        // The version of the data base that the addresses are of.
        cursor.take(2)?;
    }
    // The security level that the asker claims.
    cursor.u8()?;
    query.count = cursor.u8()?;
    for left in (0..query.count).rev() {
        let signal =
            if by_name { Signal::Name(until_zero(&mut cursor)?) } else { Signal::Address(cursor.array()?) };
        query.signals.push(signal);
        if writes {
            // The last takes all that is left, so that a descriptor whose size is not known is shown whole.
            let size = if left == 0 { cursor.len() } else { write_bytes(*cursor.rest().first()?) };
            query.writes.push(cursor.take(size)?);
        }
    }
    Some(())
}

fn until_zero<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let length = cursor.rest().iter().position(|byte| *byte == 0)?;
    let text = cursor.take(length)?;
    cursor.u8()?;
    Some(text)
}

/// Writes an analog value.
const WRITE_ANALOG: u8 = 11;

/// How many bytes a write field descriptor takes with its value.
fn write_bytes(descriptor: u8) -> usize {
    if descriptor == WRITE_ANALOG { 5 } else { 1 }
}

/// What a write does, in words.
fn write_text(write: &[u8]) -> Text {
    match write {
        [9] => Text::const_new("on"),
        [10] => Text::const_new("off"),
        [WRITE_ANALOG, a, b, c, d] => number(f32::from_le_bytes([*a, *b, *c, *d])),
        _ => crate::show::hexadecimal(write, VALUE_BYTES_MAX),
    }
}

fn number(value: f32) -> Text {
    format_compact!("{value}")
}

impl Query<'_> {
    /// What it is about.
    pub fn target(&self, unit: Option<u32>) -> Target {
        let addresses: Vec<u64> = self
            .signals
            .iter()
            .filter_map(|signal| match signal {
                Signal::Address(bytes) => Some(u64::from(u16::from_le_bytes(*bytes))),
                Signal::Name(_) => None,
            })
            .collect();
        if let [only] = addresses[..] {
            return Target { unit, ..Target::numbered("address", only, only) };
        }
        if !addresses.is_empty() {
            let name = listed(&addresses, VALUE_BYTES_MAX);
            return Target { unit, kind: Text::const_new("address"), name, ..Target::default() };
        }
        let names = self.signals.iter().filter_map(|signal| match signal {
            Signal::Name(name) => Some(readable(name, VALUE_BYTES_MAX)),
            Signal::Address(_) => None,
        });
        Target { unit, ..Target::named(listed(names, VALUE_BYTES_MAX)) }
    }

    /// What it writes.
    pub fn value(&self) -> Option<Text> {
        let texts = self.writes.iter().map(|write| write_text(write));
        (!self.writes.is_empty()).then(|| listed(texts, VALUE_BYTES_MAX))
    }
}

/// One signal in a reply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Element {
    pub value: Value,
    pub address: Option<[u8; 2]>,
    /// The type's byte, with the inhibits.
    pub kind: u8,
}

/// The value of a signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    Logical(u8),
    /// The bytes in their order, the least significant first.
    Analog([u8; 4]),
}

impl Value {
    /// In words.
    pub fn text(self) -> Text {
        match self {
            Value::Logical(0) => Text::const_new("off"),
            Value::Logical(_) => Text::const_new("on"),
            Value::Analog(bytes) => number(f32::from_le_bytes(bytes)),
        }
    }
}

impl Element {
    /// As the field's log has it: the bytes as they come, an analog value under a name that takes it for an error.
    pub fn title(&self) -> Text {
        let mut text = match self.value {
            Value::Logical(value) => format_compact!("0x{:02X}{value:02X}", self.kind),
            Value::Analog([a, b, c, d]) => {
                format_compact!("Errdata 0x{a:02X}{b:02X} Errdata 0x{c:02X}{d:02X}")
            }
        };
        if let Some([first, second]) = self.address {
            text += &format_compact!(" Addr 0x{first:02X}{second:02X}");
        }
        text
    }
}

/// What the data base answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Zero, or what was wrong with the request.
    pub error: u8,
    pub count: u8,
    pub elements: Vec<Element>,
}

/// Reads a reply. What it holds is known from the request; without one, only the count is told.
pub fn parse_answer(bytes: &[u8], asked: Option<(DataBaseFunction, Select)>) -> Option<Answer> {
    let mut cursor = Cursor::new(bytes);
    let mut answer =
        Answer { error: cursor.u8()?, count: cursor.u8().unwrap_or_default(), elements: Vec::new() };
    if let Some((function, select)) = asked
        && function.verb() == city::Verb::Read
        && select.is_plain()
        && answer.error == 0
    {
        for _ in 0..answer.count {
            let Some(element) = element(&mut cursor, select) else { break };
            answer.elements.push(element);
        }
    }
    Some(answer)
}

fn element(cursor: &mut Cursor<'_>, select: Select) -> Option<Element> {
    /// The lowest bits of the type's byte.
    const KIND: u8 = 0x03;
    const LOGICAL: u8 = 0;
    const ANALOG: u8 = 2;
    let kind = cursor.u8()?;
    let value = match kind & KIND {
        LOGICAL => Value::Logical(cursor.u8()?),
        ANALOG => Value::Analog(cursor.array()?),
        _ => return None,
    };
    let address = if select.first & Select::ADDRESS == 0 { None } else { Some(cursor.array()?) };
    if select.second & Select::VERSION != 0 {
        cursor.take(2)?;
    }
    Some(Element { value, address, kind })
}
