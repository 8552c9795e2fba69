//! One mail: its envelope, and of its headers those that tell of its ways (RFC 5322).

use crate::show::{cut, escaped};
use city::Text;

/// The longest value of a header that is told.
const VALUE_MAX: usize = 1 << 10;
/// The most recipients that are told.
const RECIPIENTS_MAX: usize = 64;
/// The most stations of a way that are told.
const PATH_MAX: usize = 32;

/// A mail as far as it was seen.
#[derive(Debug, Default)]
pub(super) struct Mail {
    pub(super) from: Option<Text>,
    pub(super) recipients: Vec<Text>,
    pub(super) headers: Headers,
    /// The code of the last reply, and its text.
    pub(super) last_reply: Option<Text>,
    /// Whether `DATA` was asked for.
    pub(super) is_sent: bool,
}

/// The headers that are told.
#[derive(Debug, Default)]
pub(super) struct Headers {
    pub(super) date: Option<Text>,
    pub(super) from: Option<Text>,
    pub(super) to: Vec<Text>,
    pub(super) cc: Vec<Text>,
    pub(super) reply_to: Option<Text>,
    pub(super) message_id: Option<Text>,
    pub(super) in_reply_to: Option<Text>,
    pub(super) subject: Option<Text>,
    pub(super) originating_ip: Option<Text>,
    pub(super) received: [Option<Text>; 2],
    pub(super) agent: Option<Text>,
    /// Where it came from, the last station first.
    pub(super) path: Vec<Text>,
    /// The header that is being read, with its further lines.
    open: Option<Vec<u8>>,
    /// Whether they are over.
    is_over: bool,
}

impl Mail {
    /// One more recipient.
    pub(super) fn to(&mut self, address: Text) {
        if self.recipients.len() < RECIPIENTS_MAX {
            self.recipients.push(address);
        }
    }
}

impl Headers {
    /// A line of the mail.
    pub(super) fn line(&mut self, line: &[u8]) {
        if self.is_over {
            return;
        }
        match line {
            [] => {
                self.close();
                self.is_over = true;
            }
            // Further lines of a header begin with a space (RFC 5322 clause 2.2.3).
            [b' ' | b'\t', rest @ ..] => {
                if let Some(open) = self.open.as_mut().filter(|open| open.len() < 4 * VALUE_MAX) {
                    open.push(b' ');
                    open.extend_from_slice(rest.trim_ascii_start());
                }
            }
            line => {
                self.close();
                self.open = Some(line.to_vec());
            }
        }
    }

    fn close(&mut self) {
        let Some(header) = self.open.take() else { return };
        let Some(colon) = header.iter().position(|byte| *byte == b':') else { return };
        let (name, value) = header.split_at_checked(colon).unwrap_or((&header, &[]));
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let text = || Some(escaped(value, VALUE_MAX));
        match name.to_ascii_lowercase().as_slice() {
            b"date" => self.date = text(),
            b"from" => self.from = text(),
            b"to" => addresses(value, &mut self.to),
            b"cc" => addresses(value, &mut self.cc),
            b"reply-to" => self.reply_to = text(),
            b"message-id" => self.message_id = text(),
            b"in-reply-to" => self.in_reply_to = text(),
            b"subject" => self.subject = text(),
            b"x-originating-ip" => {
                self.originating_ip = first_address(value).map(|ip| Text::from(ip.to_string()));
            }
            b"user-agent" | b"x-mailer" => self.agent = self.agent.take().or_else(text),
            b"received" => {
                let [first, second] = &mut self.received;
                *second = first.take();
                *first = text();
                if let Some(ip) = first_address(value).filter(|_| self.path.len() < PATH_MAX) {
                    self.path.push(ip.to_string().into());
                }
            }
            _ => {}
        }
    }
}

/// Addresses with commas between them; those within quotes do not separate.
fn addresses(value: &[u8], list: &mut Vec<Text>) {
    let mut quoted = false;
    let parts = value.split(|byte| {
        quoted ^= *byte == b'"';
        *byte == b',' && !quoted
    });
    for part in parts.map(<[u8]>::trim_ascii).filter(|part| !part.is_empty()) {
        if list.len() < RECIPIENTS_MAX {
            list.push(cut(&escaped(part, VALUE_MAX), VALUE_MAX));
        }
    }
}

/// The first IP address in brackets: of the station that a mail came from.
fn first_address(value: &[u8]) -> Option<std::net::IpAddr> {
    value
        .split(|byte| matches!(byte, b'[' | b']' | b'(' | b')' | b' '))
        .filter_map(|part| std::str::from_utf8(part).ok())
        .find_map(|part| part.strip_prefix("IPv6:").unwrap_or(part).parse().ok())
}
