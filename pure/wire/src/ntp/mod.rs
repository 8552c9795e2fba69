//! NTP versions 1 to 4 and SNTP over UDP: RFC 5905, RFC 4330, RFC 9327.
//!
//! Read: who asks whom for the time and how good the answer is; refusals (kiss codes); symmetric peers and broadcasts;
//! control by mode 6 and by `ntpd`'s older mode 7, by which a server can be changed and abused.
//!
//! Not read: what extensions say (Autokey, Network Time Security), and whether a digest is right; whether the time told
//! is the true one; control in several pieces, of which each is told. The key exchange of NTS is TLS to the wire.
//!
//! One [`city::Request`] is one question with its answer. The function of a question for the time is `time`, its value
//! the answer's stratum and source; that of control is the operation, its target the association.

mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use message::{Mode, Time};
use parse::Found;

/// Reads NTP.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Ntp, recognise, open: conversation::open };

/// The port that IANA lists.
const PORT: u16 = 123;

fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_udp() {
        return Recognition::No;
    }
    let bytes = opening.first_bytes();
    match parse::parse_message(bytes) {
        Some(Found::Time(time)) if is_likely(&time) && bytes.len() <= 2 * parse::HEADER_BYTES => {
            Recognition::Yes(Sureness::ByStructure)
        }
        Some(_) if opening.on_port(PORT) => Recognition::Yes(Sureness::ByPort),
        _ => Recognition::No,
    }
}

/// Whether every field of a question or an answer is what it can be: a clock better than a second, and a time of
/// sending between 2000 and 2036.
fn is_likely(time: &Time<'_>) -> bool {
    /// The beginning of 2000 in seconds since 1900.
    const YEAR_2000: u64 = 3_155_673_600;
    matches!(time.mode, Mode::Client | Mode::Server)
        && matches!(time.version, 3 | 4)
        && time.stratum <= 16
        && (0..=17).contains(&time.poll)
        && (-32..=0).contains(&time.precision)
        && time.root_delay < 16 << 16
        && time.root_dispersion < 16 << 16
        && [time.reference_time, time.origin, time.receive]
            .iter()
            .all(|at| at.0 == 0 || at.0 >> 32 >= YEAR_2000)
        && time.transmit.0 >> 32 >= YEAR_2000
}
