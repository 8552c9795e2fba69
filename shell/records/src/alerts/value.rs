//! What JSON of other tools has in it: texts of bounded length, addresses, techniques.

use super::Without;
use city::{Address, Text};
use jiff::Timestamp;
use serde_json::Value;

/// The longest text that is taken, in characters.
const TEXT_MAX: usize = 500;

/// A text at a place; none if there is none or it is empty.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
}

/// A text of bounded length on one line.
pub(super) fn bounded(text: &str) -> Text {
    text.chars().take(TEXT_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A number or a text, as text.
pub(super) fn shown(value: &Value, pointer: &str) -> Option<Text> {
    match value.pointer(pointer)? {
        Value::Number(number) => Some(number.to_string().into()),
        Value::String(text) if !text.is_empty() => Some(bounded(text)),
        _ => None,
    }
}

/// A number, whether written as one or as text.
pub(super) fn number(value: &Value, pointer: &str) -> Option<u64> {
    let value = value.pointer(pointer)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// A port; 0 where there is none.
pub(super) fn port(value: &Value, pointer: &str) -> u16 {
    number(value, pointer).and_then(|port| u16::try_from(port).ok()).unwrap_or_default()
}

/// The address of one station.
pub(super) fn address(value: &Value, pointer: &str) -> Option<Address> {
    text(value, pointer)?.parse().ok().filter(|address: &Address| address.is_station())
}

/// A time as RFC 3339 has it, the zone's colon left out or not.
pub(super) fn time(value: &Value, pointer: &str) -> Result<Timestamp, Without> {
    let name = pointer.trim_start_matches('/');
    let text = text(value, pointer).ok_or_else(|| Without::Broken(format!("it has no `{name}`")))?;
    text.parse().map_err(|_| Without::Broken(format!("its `{name}` is not a time")))
}

/// The techniques of ATT&CK that a list, or a text alone, names.
pub(super) fn techniques(value: Option<&Value>) -> Vec<Text> {
    let mut techniques = Vec::new();
    let all = match value {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    for text in all.iter().filter_map(Value::as_str) {
        named(text, &mut techniques);
    }
    techniques
}

/// The techniques that a text names: `T0846`, `T1021.002`, also written `T1021_002`.
pub(super) fn named(text: &str, techniques: &mut Vec<Text>) {
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_')) {
        let word = word.trim_end_matches('.').replace('_', ".");
        let (technique, part) =
            word.split_once('.').map_or((word.as_str(), None), |(word, part)| (word, Some(part)));
        let digits =
            |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        let good = technique.strip_prefix('T').is_some_and(|number| digits(number, 4))
            && part.is_none_or(|part| digits(part, 3));
        if good && !techniques.iter().any(|known| *known == word) {
            techniques.push(word.into());
        }
    }
}
