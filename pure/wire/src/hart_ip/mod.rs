//! HART-IP: HART commands over UDP and TCP, HCF_SPEC-085 (TP10085) and TP10300.
//!
//! Read: sessions, keep-alive, token-passing and direct PDUs with requests, replies and bursts, the audit log; the
//! universal commands (HCF_SPEC-127) and the common practice commands up to 89 (HCF_SPEC-151) with their fields.
//! Commands above 89, those carried inside another (77 and 78) and those that only makers know are told by number, name
//! and raw data. Without TLS nothing proves who asks, so that any change that a device accepts shows a weakness.
//!
//! Not read: sessions within TLS (version 2), the block transfer's contents, device families' commands.
//!
//! One [`city::Request`] is one command with its reply. The target's unit is a polling address, its name a unique
//! address as ten hexadecimal digits; neither is there if the server itself is meant. Where the command numbers
//! something, the kind says what: `device-variable 0 39fd95266f`, `analog-channel 1`, `audit-record 0..15`.

mod commands;
mod conversation;
mod layout;
mod makers;
mod message;
mod parse;
mod practice;
mod rows;
#[cfg(test)]
mod tests;
mod units;
mod universal;
mod words;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use parse::{Fit, Found};

/// Reads HART-IP.
pub(crate) const READER: Reader = Reader { protocol: Protocol::HartIp, recognise, open: conversation::open };

/// The port that IANA lists.
pub(super) const PORT: u16 = 5094;

/// Recognises HART-IP by its header and by a body that fits it.
fn recognise(opening: &Opening<'_>) -> Recognition {
    let at_port = opening.on_port(PORT);
    let bytes = opening.first_bytes();
    match parse::parse_message(bytes) {
        Found::Nothing => Recognition::No,
        Found::More if opening.is_udp() => Recognition::No,
        Found::More => match bytes {
            [] | [_] | [1 | 2, 0..=2] | [1 | 2, 0..=2, 0..=5, ..] => Recognition::More,
            _ => Recognition::No,
        },
        Found::Message(_, used) if opening.is_udp() && used != bytes.len() => Recognition::No,
        Found::Message(message, _) => match parse::fit(&message) {
            Fit::Distinct => Recognition::Yes(Sureness::ByStructure),
            Fit::Plain if at_port => Recognition::Yes(Sureness::ByPort),
            _ => Recognition::No,
        },
    }
}
