//! The end of a step's first paragraph: how long it takes, and who does it.

use super::Line;
use crate::{
    diagnostic::{Code, Flaw},
    source::At,
    tree::Reading,
    value::{Raw, Scalar},
};
use city::CrewId;
use jiff::SignedDuration;

/// What stands in brackets at the end of a step's first paragraph.
#[derive(Default)]
pub(super) struct Ending {
    /// Where in its line the text ends before it.
    pub begin: usize,
    pub takes: Option<SignedDuration>,
    pub crew: Option<At<CrewId>>,
}

/// Reads `(30m, servers)` at the end of a line; `None` if the brackets hold something else, which is then text.
pub(super) fn read_ending(line: Line<'_>, reading: &mut Reading<'_>) -> Option<Ending> {
    let text = line.text.trim_end();
    let open = text.rfind('(')?;
    let inner = text.get(open + 1..)?.strip_suffix(')')?;
    let mut ending = Ending { begin: open, ..Ending::default() };
    let (mut at, mut parts, mut others) = (line.at + open + 1, 0, Vec::new());
    for part in inner.split(',') {
        let word = part.trim();
        let begin = at + part.len() - part.trim_start().len();
        let span = reading.span(begin..begin + word.len());
        at += part.len() + 1;
        parts += 1;
        if let (Ok(takes), None) = (SignedDuration::read(Raw::Text(word)), ending.takes) {
            ending.takes = Some(takes);
        } else if let (Ok(crew), None) = (word.parse::<CrewId>(), &ending.crew) {
            ending.crew = Some(At { value: crew, span });
        } else {
            others.push((word, span));
        }
    }
    if others.is_empty() && (parts == 1 || ending.takes.is_some()) {
        return Some(ending);
    }
    // Where something was meant as a time, it is not passed over as text.
    let (word, span) = others.first().copied()?;
    if let Some(unit) = meant_unit(word) {
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let why = format!("`{word}` is not a length of time");
        let help = format!("write `{}{unit}`", word.get(..digits).unwrap_or_default());
        reading.flaws.push(Flaw::error(Code::BadDuration, span, why).help(help));
    } else if ending.takes.is_some() {
        let why = format!("behind the time a step takes stands the id of a crew, and `{word}` is none");
        let help = "write `(30m, servers)`, or a full stop behind the brackets if they are part of the text";
        reading.flaws.push(Flaw::error(Code::Procedure, span, why).help(help));
    }
    None
}

/// The unit that was meant by a number with a word.
fn meant_unit(text: &str) -> Option<&'static str> {
    let word = text.trim_start_matches(|c: char| c.is_ascii_digit());
    if word.len() == text.len() {
        return None;
    }
    match word.trim().to_ascii_lowercase().trim_end_matches('.') {
        "s" | "sec" | "secs" | "second" | "seconds" => Some("s"),
        "m" | "min" | "mins" | "minute" | "minutes" => Some("m"),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some("h"),
        "d" | "day" | "days" => Some("d"),
        "w" | "week" | "weeks" => Some("w"),
        _ => None,
    }
}
