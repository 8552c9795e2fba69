//! What Suricata has an event of: each command with its replies.

use super::message::{Asks, asks};
use crate::dialogue::{Fields, Out, Side};
use crate::lines::{ReplyLine, parse_command};
use crate::show::{escaped, readable};

/// The longest text that is told.
const TEXT_MAX: usize = 1 << 10;

/// How much of a password is kept to find it again in a reply, in bytes.
const SECRET_MAX: usize = 64;

/// How many lines of replies are told.
const LINES_MAX: usize = 256;

/// What AUTH can ask for (RFC 2228, RFC 4217); anything else may be a password typed at the wrong moment.
const MECHANISMS: &[&[u8]] = &[b"GSSAPI", b"KERBEROS_V4", b"KERBEROS_V5", b"SSL", b"TLS", b"TLS-C", b"TLS-P"];

/// A command and its replies, as they are gathered.
#[derive(Debug, Default)]
pub(super) struct Event {
    fields: Fields,
    lines: usize,
    /// What a reply must not repeat: a password, or what may be one.
    secret: Vec<u8>,
}

impl Event {
    /// That of a command. What proves who asks is not told, nor what nobody defined, which may be a password typed at
    /// the wrong moment.
    pub(super) fn of(command: &[u8], rest: &[u8]) -> Event {
        let mut event = Event::default();
        let asks = asks(command);
        if asks == Asks::Unknown {
            event.secret = command.get(..SECRET_MAX).unwrap_or(command).to_ascii_lowercase();
            return event;
        }
        if asks == Asks::Proof {
            event.secret = rest.get(..SECRET_MAX).unwrap_or(rest).to_ascii_lowercase();
        }
        event.fields.put("command", readable(command, 8));
        if rest.is_empty() {
            return event;
        }
        event.fields.put(
            "argument",
            match (asks, command) {
                (Asks::Proof, _) | (_, b"ADAT") => "(hidden)".into(),
                (_, b"AUTH") if !MECHANISMS.iter().any(|name| rest.eq_ignore_ascii_case(name)) => {
                    "(hidden)".into()
                }
                // What follows is a command of the server's own.
                (_, b"SITE") => readable(parse_command(rest).0.as_slice(), 16),
                _ => escaped(rest, TEXT_MAX),
            },
        );
        event
    }

    /// Where data will go.
    pub(super) fn data_channel(&mut self, passive: bool, port: u16) {
        self.fields.show("port", port);
        self.fields.put("mode", if passive { "passive" } else { "active" });
    }

    /// A line of a reply.
    pub(super) fn reply(&mut self, line: ReplyLine<'_>) {
        if self.lines < LINES_MAX {
            self.lines += 1;
            self.fields.show("code", format_args!("{:03}", line.code));
            let text = line.text.to_ascii_lowercase();
            let repeats = !self.secret.is_empty()
                && text.windows(self.secret.len()).any(|window| window == self.secret);
            self.fields.put("reply", if repeats { "(hidden)".into() } else { escaped(line.text, TEXT_MAX) });
        }
    }

    pub(super) fn tell(&self, out: &mut Out<'_>) {
        out.event(Side::Source, "eve_ftp", |fields| fields.append(&self.fields));
    }
}
