//! nftables' text to a [`Ruleset`].
//!
//! ```text
//! text ─► lexer ─► expand (define, $x) ─► parse: tables, sets, chains ─► rules ─► finish (interfaces, references)
//! ```
//!
//! What `nft -j` prints is translated to that text first ([`json`]).
//!
//! Rules are read last, when every set of their table is known. Everything written stays bounded: see the constants
//! here, each of which a firewall in use is far from.

mod expand;
mod json;
mod lexer;
mod names;
mod parse;
mod value;

use crate::{Place, Ruleset};
use std::fmt;

pub(crate) use names::{PROTOCOLS, icmp_type_name};

/// A text may have so many bytes.
const TEXT_MAX: usize = 64 << 20;
/// And so many words and marks once its variables are filled in.
const TOKENS_MAX: usize = 8_000_000;
/// The values of all variables together may have so many words and marks.
const DEFINED_MAX: usize = 1_000_000;
/// All sets together may have so many elements, those written in rules included.
const ELEMENTS_MAX: usize = 2_000_000;
/// Commands that change what others made may move so much of it.
const MOVES_MAX: usize = 200_000_000;
/// One mask may stand for so many ranges; beyond, the condition is one that is not understood.
const MASKED_MAX: u32 = 4_096;
/// Sets within sets and brackets within brackets go so deep.
const DEPTH_MAX: usize = 16;
/// So many errors are told.
const ERRORS_MAX: usize = 100;

/// Something in a ruleset's text that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct ParseError {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl ParseError {
    fn new(place: Place, message: impl Into<String>) -> ParseError {
        ParseError { place, message: message.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> ParseError {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

impl Ruleset {
    /// Reads what `nft list ruleset` prints, or a file that `nft -f` takes, into the ruleset that would be in force
    /// after it, had there been none before. A text that begins with `{` is what `nft -j` prints or takes: JSON.
    ///
    /// JSON is translated to nftables' text, one line for each object of the list `nftables`. Places, in the ruleset and
    /// in errors, are then those of the translation: a line's number is the object's, and a rule's `text` is as the
    /// translation has it. Only an error in the JSON itself has its place in the JSON.
    ///
    /// Some things are taken as they nearly always are: IPv6 packets have no extension header before the one that
    /// `ip6 nexthdr` asks for, `th dport` is asked of packets with ports, `ether saddr` of packets that came over
    /// Ethernet, and a set that rules fill is not full. Within a bridge, `ip saddr` and `icmp type` ask for the EtherType
    /// behind VLAN tags, and only `ether type` for that of the frame: `nft list` leaves out which of the two was meant
    /// wherever a rule says both, so a rule that is for frames without a tag says `vlan` or nothing but `ether type`.
    ///
    /// # Errors
    ///
    /// Every place that cannot be read, in order, up to a hundred. A text with errors has no meaning that could be
    /// relied upon.
    pub fn parse(text: &str) -> Result<Ruleset, Vec<ParseError>> {
        if text.len() > TEXT_MAX {
            let message = format!("{} bytes are more than the {TEXT_MAX} of the longest ruleset", text.len());
            return Err(vec![ParseError::new(Place { line: 1, column: 1 }, message)]);
        }
        if json::is_json(text) {
            let translated = json::translate(text)?;
            let lines: Vec<&str> = translated.lines().collect();
            return Self::parse_text(&translated)
                .map_err(|errors| errors.into_iter().map(|error| json::with_line(error, &lines)).collect());
        }
        Self::parse_text(text)
    }

    /// Reads nftables' own text.
    fn parse_text(text: &str) -> Result<Ruleset, Vec<ParseError>> {
        let mut errors = Vec::new();
        let tokens = lexer::lex(text, &mut errors);
        let tokens = expand::expand(tokens, &mut errors);
        let ruleset = parse::parse(text, tokens, &mut errors);
        if errors.is_empty() {
            return Ok(ruleset);
        }
        errors.sort_by_key(|error| error.place);
        errors.truncate(ERRORS_MAX);
        Err(errors)
    }
}
