//! The fields of tables: one value, perhaps one, or a list; each reads what the text holds for it and tells of what is
//! wrong with it.

use crate::{
    diagnostic::{Code, Flaw, Flaws},
    source::{At, Lines, Span},
    suggest::Suggestions,
    value::{Raw, Scalar, names_a_secret},
};
use jiff::civil::Date;
use serde_json::{Value, json};
use std::ops::Range;
use toml::{Spanned, de::DeValue, value::Datetime};

/// What reading a file needs: its text, and where to put flaws.
pub(crate) struct Reading<'a> {
    pub file: u32,
    pub text: &'a str,
    pub flaws: &'a mut Flaws,
    pub suggestions: &'a mut Suggestions,
}

impl Reading<'_> {
    pub fn span(&self, bytes: Range<usize>) -> Span {
        Span::new(self.file, bytes)
    }

    /// Keeps what may be a secret out of what is shown of a line that is not TOML.
    pub fn hide_secret_of_line(&mut self, lines: &Lines<'_>, at: usize) {
        let (line, start) = lines.line_of(at);
        let text = lines.line(line);
        let Some((name, _)) = text.split_once('=') else { return };
        let key = name.rsplit(['{', ',']).next().unwrap_or(name).trim();
        if matches!(key, "key" | "login") || names_a_secret(key) {
            self.flaws.hide(self.span(start + name.len() + 1..start + text.len()));
        }
    }

    /// Reads one value; what is wrong with it becomes flaws.
    fn scalar<T: Scalar>(&mut self, raw: Raw<'_>, span: Span, key: &str, title: &str) -> Option<At<T>> {
        match T::read(raw) {
            Ok(value) => Some(At { value, span }),
            Err(faults) => {
                for fault in faults {
                    let message = if fault.message.is_empty() {
                        format!("`{key}` of {title} is {}, and must be {}", raw.describe(), T::EXPECTED)
                    } else {
                        fault.message
                    };
                    let place = fault.within.map_or(span, |within| self.inside(raw, span, within));
                    if fault.hidden {
                        self.flaws.hide(place);
                    }
                    self.flaws.push(Flaw::error(fault.code, place, message).maybe_help(fault.help));
                }
                None
            }
        }
    }

    /// Where a part of a text value stands in the file: exactly, if the file spells the text without escapes.
    fn inside(&self, raw: Raw<'_>, span: Span, within: Range<usize>) -> Span {
        let spelt = self.text.get(span.bytes()).unwrap_or_default();
        let (Raw::Text(value) | Raw::Cell(value)) = raw else { return span };
        let opening = if matches!(raw, Raw::Cell(_)) {
            0
        } else if spelt.starts_with("\"\"\"") || spelt.starts_with("'''") {
            3
        } else {
            1
        };
        match spelt.get(opening..).is_some_and(|rest| rest.starts_with(value)) {
            true => {
                let start = span.bytes().start + opening;
                self.span(start + within.start..start + within.end)
            }
            false => span,
        }
    }
}

/// A value that was found for a key.
#[derive(Clone, Copy)]
pub(crate) enum Found<'a> {
    Value(&'a Spanned<DeValue<'a>>),
    /// A spreadsheet's cell, without space around it and not empty.
    Cell(&'a str, Span),
}

impl<'a> Found<'a> {
    fn raw(self) -> Raw<'a> {
        match self {
            Found::Cell(text, _) => Raw::Cell(text),
            Found::Value(value) => raw(value.get_ref()),
        }
    }

    fn span(self, reading: &Reading<'_>) -> Span {
        match self {
            Found::Cell(_, span) => span,
            Found::Value(value) => reading.span(value.span()),
        }
    }
}

pub(super) fn raw<'a>(value: &'a DeValue<'a>) -> Raw<'a> {
    match value {
        DeValue::String(text) => Raw::Text(text),
        DeValue::Boolean(value) => Raw::Boolean(*value),
        DeValue::Float(number) => number.as_str().parse().map_or(Raw::Other("a number"), Raw::Float),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Raw::Other("a number beyond all bounds"), Raw::Integer),
        DeValue::Array(_) => Raw::Other("a list"),
        DeValue::Table(_) => Raw::Other("a table"),
        DeValue::Datetime(moment) => date(moment).map_or(Raw::Other("a time"), Raw::Date),
    }
}

/// The date, if nothing but a date is written.
fn date(moment: &Datetime) -> Option<Date> {
    let Datetime { date: Some(date), time: None, offset: None } = moment else { return None };
    let part = |number: u8| i8::try_from(number).ok();
    Date::new(i16::try_from(date.year).ok()?, part(date.month)?, part(date.day)?).ok()
}

/// A field of a table: required, optional or a list.
pub(crate) trait Field: Sized {
    const REQUIRED: bool;
    fn read(
        found: Option<Found<'_>>,
        key: &str,
        title: &str,
        header: Span,
        reading: &mut Reading<'_>,
    ) -> Self;
    fn schema() -> Value;
}

/// A value without which the table makes no sense. Empty if it was missing or wrong, which is then a flaw already.
#[derive(Debug)]
pub(crate) struct Required<T>(pub Option<At<T>>);

impl<T> Required<T> {
    pub fn get(&self) -> Option<&At<T>> {
        self.0.as_ref()
    }
}

impl<T: Scalar> Field for Required<T> {
    const REQUIRED: bool = true;

    fn read(
        found: Option<Found<'_>>,
        key: &str,
        title: &str,
        header: Span,
        reading: &mut Reading<'_>,
    ) -> Self {
        let Some(found) = found else {
            let why = format!("{title} needs `{key}`");
            let help = format!("write `{key} = …`: {}", T::EXPECTED);
            reading.flaws.push(Flaw::error(Code::Missing, header, why).help(help));
            return Required(None);
        };
        let span = found.span(reading);
        Required(reading.scalar(found.raw(), span, key, title))
    }

    fn schema() -> Value {
        T::schema()
    }
}

/// A value that may be left out.
#[derive(Debug)]
pub(crate) struct Optional<T> {
    value: Option<At<T>>,
    /// Whether there is a value, and it could not be read: a flaw already, so that its absence is none.
    pub wrong: bool,
}

impl<T> Optional<T> {
    pub fn get(&self) -> Option<&At<T>> {
        self.value.as_ref()
    }

    /// The value, without its place.
    pub fn take(self) -> Option<T> {
        self.value.map(|at| at.value)
    }

    /// Whether nothing was written.
    pub fn is_left_out(&self) -> bool {
        self.value.is_none() && !self.wrong
    }
}

impl<T: Scalar> Field for Optional<T> {
    const REQUIRED: bool = false;

    fn read(found: Option<Found<'_>>, key: &str, title: &str, _: Span, reading: &mut Reading<'_>) -> Self {
        let Some(found) = found else { return Optional { value: None, wrong: false } };
        let span = found.span(reading);
        let value = reading.scalar(found.raw(), span, key, title);
        Optional { wrong: value.is_none(), value }
    }

    fn schema() -> Value {
        T::schema()
    }
}

/// A list of values, in the order of the text.
#[derive(Debug)]
pub(crate) struct List<T> {
    pub items: Vec<At<T>>,
    /// Whether every entry could be read, so that what is absent is truly absent.
    pub whole: bool,
}

impl<T> List<T> {
    pub fn iter(&self) -> std::slice::Iter<'_, At<T>> {
        self.items.iter()
    }

    /// Whether the list is empty, and not only because its entries could not be read.
    pub fn is_surely_empty(&self) -> bool {
        self.whole && self.items.is_empty()
    }
}

impl<T: Scalar> Field for List<T> {
    const REQUIRED: bool = false;

    fn read(found: Option<Found<'_>>, key: &str, title: &str, _: Span, reading: &mut Reading<'_>) -> Self {
        let mut list = List { items: Vec::new(), whole: true };
        let mut add = |raw: Raw<'_>, span: Span, reading: &mut Reading<'_>| {
            let value = reading.scalar(raw, span, key, title);
            list.whole &= value.is_some();
            list.items.extend(value);
        };
        match found {
            None => {}
            Some(Found::Cell(text, span)) => {
                let mut at = span.bytes().start;
                for piece in text.split([';', ',', ' ']) {
                    let place = reading.span(at..at + piece.len());
                    at += piece.len() + 1;
                    if !piece.is_empty() {
                        add(Raw::Cell(piece), place, reading);
                    }
                }
            }
            Some(Found::Value(value)) => match value.get_ref() {
                DeValue::Array(values) => {
                    for value in values.iter() {
                        let span = reading.span(value.span());
                        add(raw(value.get_ref()), span, reading);
                    }
                }
                other => {
                    let span = reading.span(value.span());
                    let what = raw(other);
                    let why = format!("`{key}` of {title} is {}, and must be a list", what.describe());
                    let spelt = reading.text.get(value.span()).unwrap_or_default();
                    let help = format!("write `{key} = [{spelt}]`");
                    let flaw = Flaw::error(Code::BadValue, span, why);
                    let short = matches!(what, Raw::Text(_)) && spelt.len() < 80;
                    reading.flaws.push(flaw.maybe_help(short.then_some(help)));
                    list.whole = false;
                }
            },
        }
        list
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }
}
