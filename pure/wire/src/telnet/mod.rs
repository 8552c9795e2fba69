//! Telnet over TCP (RFC 854), as far as logins go.
//!
//! Read: prompts for a name and a password, and whether what was typed let somebody in; the first line of the welcome.
//! The name is kept, the password is compared with what makers ship and forgotten.
//!
//! Not read: the options that are negotiated (RFC 855), which are only passed over; what is typed and shown before and
//! after a login; prompts in words other than those in [`prompt`]; authentication and encryption options (RFC 2941,
//! RFC 2946).
//!
//! One [`city::Request`] is one `login`; the target is the name that was typed.

mod conversation;
mod parse;
mod prompt;
#[cfg(test)]
mod tests;

use crate::dialogue::{Reader, Side};
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads Telnet.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Telnet, recognise, open: || Box::<conversation::Conversation>::default() };

/// The usual port.
const PORT: u16 = 23;

/// The highest option that IANA lists below those reserved.
const OPTION_MAX: u8 = 49;

/// Negotiation has a form of its own; without it, only a server that speaks first on the usual port is believed.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_tcp() {
        return Recognition::No;
    }
    let negotiates = match opening.first_bytes() {
        [] | [255] | [255, 251..=254] => return Recognition::More,
        [255, 251..=254, option, rest @ ..] if *option <= OPTION_MAX => {
            matches!(rest, [] | [255, ..]) || opening.on_port(PORT)
        }
        _ => false,
    };
    let is_text =
        |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace() || matches!(byte, 0 | 7 | 27);
    if negotiates {
        Recognition::Yes(Sureness::ByStructure)
    } else if opening.on_port(PORT)
        && opening.first == Side::Destination
        && opening.from_destination.iter().all(is_text)
    {
        Recognition::Yes(Sureness::ByPort)
    } else {
        Recognition::No
    }
}
