//! What Suricata has an event of: each command of versions 2 and 3 with its reply, and the offer by which a client of
//! version 1 comes to them.

use super::message::{Command, Message};
use super::parse;
use crate::cursor::Cursor;
use crate::dialogue::{Fields, Out, Side};
use crate::ntlm::utf16;
use crate::{gss, kerberos, ntlm};
use city::Text;
use compact_str::format_compact;
use std::collections::VecDeque;

/// How much of a packet is looked at: what names files and shares stands at its front.
pub(super) const HEAD_MAX: usize = 4 << 10;

/// Commands awaiting a reply at a time.
const PENDING_MAX: usize = 128;

/// The most messages in one packet (MS-SMB2 clause 3.2.4.1.4 sets no limit).
const CHAIN_MAX: usize = 16;

/// The longest name of a file, in UTF-16 units.
const NAME_MAX: usize = 512;

/// The most dialects that are told.
const DIALECTS_MAX: usize = 16;

/// The length of a header.
const HEADER: usize = 64;

/// The status of a reply that only says that another will come (MS-SMB2 clause 3.3.4.4).
const PENDING: u32 = 0x0000_0103;

mod code {
    pub const NEGOTIATE: u16 = 0;
    pub const SESSION_SETUP: u16 = 1;
    pub const TREE_CONNECT: u16 = 3;
    pub const CREATE: u16 = 5;
}

/// The header of a message (clause 2.2.1.2).
#[derive(Default)]
struct Header {
    status: u32,
    command: u16,
    is_reply: bool,
    /// Where the next message of the same packet begins; 0 for none.
    next: usize,
    id: u64,
    tree: u32,
    session: u64,
}

/// A command whose reply is awaited.
struct Asked {
    asker: Side,
    id: u64,
    /// Nothing for version 1's offer.
    command: Option<u16>,
    fields: Fields,
}

/// The commands of a conversation.
#[derive(Default)]
pub(super) struct Events {
    pending: VecDeque<Asked>,
    dialect: Option<Text>,
    /// What a client of version 1 offers.
    offer: Vec<Text>,
    count: u64,
}

impl Events {
    /// Reads the beginning of a packet, from the signature on.
    pub(super) fn packet(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) {
        if let Some(message) = parse::parse_message(bytes).filter(|message| message.is_old) {
            return self.offer(side, &message, out);
        }
        let mut rest = bytes;
        for _ in 0..CHAIN_MAX {
            let Some(header) = header(rest) else { return };
            let (message, behind) = match header.next {
                0 => (rest, &[][..]),
                next => rest.split_at_checked(next).unwrap_or((rest, &[])),
            };
            if header.is_reply {
                self.reply(side, &header, message, out);
            } else {
                self.request(side, &header, message, out);
            }
            rest = behind;
        }
    }

    /// What is unanswered at the end.
    pub(super) fn end(&mut self, out: &mut Out<'_>) {
        while let Some(asked) = self.pending.pop_front() {
            self.tell(asked, None, &Fields::default(), out);
        }
    }

    /// Version 1's offer, which a server may answer in version 2 (clause 3.3.5.3.1).
    fn offer(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        if message.command != Command::Negotiate {
            return;
        }
        if message.is_reply {
            let place = self.pending.iter().position(|asked| asked.asker != side && asked.command.is_none());
            let Some(asked) = place.and_then(|place| self.pending.remove(place)) else { return };
            let chosen = parse::parse_dialect(message).map(usize::from);
            self.dialect = chosen.and_then(|chosen| self.offer.get(chosen)).cloned();
            let header = Header { status: message.status, ..Header::default() };
            self.tell(asked, Some(&header), &Fields::default(), out);
        } else {
            let mut fields = Fields::default();
            self.offer = parse::parse_offer(message);
            self.offer.iter().for_each(|name| fields.put("dialect-offered", name.clone()));
            self.wait(Asked { asker: side, id: 0, command: None, fields }, out);
        }
    }

    fn wait(&mut self, asked: Asked, out: &mut Out<'_>) {
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            self.tell(oldest, None, &Fields::default(), out);
        }
        self.pending.push_back(asked);
    }

    fn request(&mut self, side: Side, header: &Header, message: &[u8], out: &mut Out<'_>) {
        let mut fields = Fields::default();
        fields.show("session", header.session);
        fields.show("tree", header.tree);
        let body = message.get(HEADER..).unwrap_or_default();
        match header.command {
            code::NEGOTIATE => {
                offered(body, &mut fields);
            }
            code::SESSION_SETUP => {
                if let Some(message) = parse::parse_message(message) {
                    who(&message, &mut fields);
                }
            }
            code::TREE_CONNECT => {
                if let Some(share) = parse::parse_message(message).and_then(|it| parse::parse_share(&it)) {
                    fields.put("share", share);
                }
            }
            code::CREATE => {
                opened(message, body, &mut fields);
            }
            _ => {}
        }
        self.wait(Asked { asker: side, id: header.id, command: Some(header.command), fields }, out);
    }

    fn reply(&mut self, side: Side, header: &Header, message: &[u8], out: &mut Out<'_>) {
        if header.status == PENDING {
            return;
        }
        let place = self.pending.iter().position(|asked| {
            let is_same = asked.command == Some(header.command)
                || asked.command.is_none() && header.command == code::NEGOTIATE;
            asked.asker != side && asked.id == header.id && is_same
        });
        let Some(asked) = place.and_then(|place| self.pending.remove(place)) else { return };
        let mut fields = Fields::default();
        let body = message.get(HEADER..).unwrap_or_default();
        if header.status == 0 {
            match header.command {
                code::NEGOTIATE => {
                    self.dialect = number16(body, 4).map(dialect_name);
                    if let Some(guid) = body.get(8..24) {
                        fields.put("server-guid", guid_text(guid));
                    }
                }
                code::TREE_CONNECT => {
                    let kind = match body.get(2) {
                        Some(1) => "FILE",
                        Some(2) => "PIPE",
                        Some(3) => "PRINT",
                        _ => "unknown",
                    };
                    fields.put("share-type", kind);
                }
                code::CREATE => {
                    created(body, &mut fields);
                }
                _ => {}
            }
        }
        self.tell(asked, Some(header), &fields, out);
    }

    fn tell(&mut self, asked: Asked, reply: Option<&Header>, more: &Fields, out: &mut Out<'_>) {
        self.count += 1;
        let (count, dialect) = (self.count, self.dialect.clone());
        out.event(asked.asker, "eve_smb", |fields| {
            fields.show("id", count);
            if let Some(dialect) = dialect {
                fields.put("dialect", dialect);
            }
            match asked.command {
                Some(command) => fields.put("command", command_name(command)),
                None => fields.put("command", "SMB1_COMMAND_NEGOTIATE_PROTOCOL"),
            }
            if let Some(reply) = reply {
                fields.show("status", reply.status);
                // A server numbers sessions and trees when it lets somebody in.
                fields.show("session", reply.session);
                fields.show("tree", reply.tree);
            }
            fields.append(&asked.fields);
            fields.append(more);
        });
    }
}

fn header(bytes: &[u8]) -> Option<Header> {
    let mut cursor = Cursor::new(bytes.get(..HEADER)?);
    if cursor.take(4)? != b"\xfeSMB" {
        return None;
    }
    cursor.take(4)?;
    let status = u32::from_le_bytes(cursor.array()?);
    let command = u16::from_le_bytes(cursor.array()?);
    cursor.take(2)?;
    let flags = u32::from_le_bytes(cursor.array()?);
    let next = usize::try_from(u32::from_le_bytes(cursor.array()?)).ok()?;
    let id = u64::from_le_bytes(cursor.array()?);
    let (_process, tree) = (cursor.take(4)?, u32::from_le_bytes(cursor.array()?));
    let session = u64::from_le_bytes(cursor.array()?);
    Some(Header { status, command, is_reply: flags & 1 != 0, next, id, tree, session })
}

fn number16(bytes: &[u8], at: usize) -> Option<u16> {
    Cursor::new(bytes.get(at..)?).array().map(u16::from_le_bytes)
}

fn number32(bytes: &[u8], at: usize) -> Option<u32> {
    Cursor::new(bytes.get(at..)?).array().map(u32::from_le_bytes)
}

fn number64(bytes: &[u8], at: usize) -> Option<u64> {
    Cursor::new(bytes.get(at..)?).array().map(u64::from_le_bytes)
}

/// A client's offer (clause 2.2.3).
fn offered(body: &[u8], fields: &mut Fields) -> Option<()> {
    let count = usize::from(number16(body, 2)?).min(DIALECTS_MAX);
    fields.put("client-guid", guid_text(body.get(12..28)?));
    for place in 0..count {
        fields.put("dialect-offered", dialect_name(number16(body, 36 + 2 * place)?));
    }
    Some(())
}

/// Who logs on, by NTLM or by a ticket of Kerberos; nothing of the proof.
fn who(message: &Message<'_>, fields: &mut Fields) {
    let Some(token) = parse::parse_token(message).map(gss::parse_token) else { return };
    if let Some(ntlm::Message::Authenticate(user)) = token.ntlm.and_then(ntlm::parse_message) {
        for (column, name) in [("domain", user.domain), ("user", user.name), ("host", user.workstation)] {
            fields.put(column, name.unwrap_or_default());
        }
        if let Some((major, minor, build, revision)) = user.version {
            fields.show("version", format_args!("{major}.{minor} build {build} rev {revision}"));
        }
    }
    if let Some((realm, service)) = token.kerberos.and_then(kerberos::ticket_shown) {
        fields.put("realm", realm);
        fields.put("service", service);
    }
}

/// What is opened, and how (clause 2.2.13).
fn opened(message: &[u8], body: &[u8], fields: &mut Fields) -> Option<()> {
    let (disposition, options) = (number32(body, 36)?, number32(body, 40)?);
    let (offset, length) = (usize::from(number16(body, 44)?), usize::from(number16(body, 46)?));
    let name = message.get(offset..).and_then(|rest| rest.get(..length)).unwrap_or_default();
    let shown = if length == 0 { Text::const_new("<share_root>") } else { utf16(name, NAME_MAX) };
    fields.put("filename", shown);
    fields.put(
        "disposition",
        match disposition {
            0 => "FILE_SUPERSEDE",
            1 => "FILE_OPEN",
            2 => "FILE_CREATE",
            3 => "FILE_OPEN_IF",
            4 => "FILE_OVERWRITE",
            5 => "FILE_OVERWRITE_IF",
            _ => "UNKNOWN",
        },
    );
    fields.put("access", if options & 0x1000 != 0 { "delete on close" } else { "normal" });
    Some(())
}

/// What was opened (clause 2.2.14).
fn created(body: &[u8], fields: &mut Fields) -> Option<()> {
    for (column, at) in [("created", 8), ("accessed", 16), ("modified", 24), ("changed", 32)] {
        fields.show(column, unix(number64(body, at)?));
    }
    fields.show("size", number64(body, 48)?);
    fields.put("file", guid_text(body.get(64..80)?));
    Some(())
}

/// Seconds since 1970 of a time in steps of 100 ns since 1601 (MS-DTYP clause 2.3.3); 0 for none.
fn unix(time: u64) -> u64 {
    const TO_1970: u64 = 11_644_473_600;
    (time / 10_000_000).saturating_sub(TO_1970)
}

/// A GUID (MS-DTYP clause 2.3.4), of which the first fields have the less significant byte first; the first eight bytes
/// of the second half Suricata writes alike.
fn guid_text(bytes: &[u8]) -> Text {
    let numbers = (number32(bytes, 0), number16(bytes, 4), number16(bytes, 6), number16(bytes, 8));
    let ((Some(a), Some(b), Some(c), Some(d)), Some(rest)) = (numbers, bytes.get(10..16)) else {
        return Text::default();
    };
    let rest: String = rest.iter().map(|byte| format!("{byte:02x}")).collect();
    format_compact!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{rest}")
}

/// A dialect (clause 2.2.4) as Suricata names it.
fn dialect_name(revision: u16) -> Text {
    match revision {
        0x02ff => Text::const_new("2.??"),
        _ => format_compact!("{:x}.{:02x}", revision >> 8, revision & 0xff),
    }
}

/// A command (clause 2.2.1.2) as Suricata names it.
fn command_name(command: u16) -> Text {
    const NAMES: [&str; 19] = [
        "SMB2_COMMAND_NEGOTIATE_PROTOCOL",
        "SMB2_COMMAND_SESSION_SETUP",
        "SMB2_COMMAND_SESSION_LOGOFF",
        "SMB2_COMMAND_TREE_CONNECT",
        "SMB2_COMMAND_TREE_DISCONNECT",
        "SMB2_COMMAND_CREATE",
        "SMB2_COMMAND_CLOSE",
        "SMB2_COMMAND_FLUSH",
        "SMB2_COMMAND_READ",
        "SMB2_COMMAND_WRITE",
        "SMB2_COMMAND_LOCK",
        "SMB2_COMMAND_IOCTL",
        "SMB2_COMMAND_CANCEL",
        "SMB2_COMMAND_KEEPALIVE",
        "SMB2_COMMAND_FIND",
        "SMB2_COMMAND_CHANGE_NOTIFY",
        "SMB2_COMMAND_GET_INFO",
        "SMB2_COMMAND_SET_INFO",
        "SMB2_COMMAND_OPLOCK_BREAK",
    ];
    match NAMES.get(usize::from(command)) {
        Some(name) => Text::const_new(name),
        None => format_compact!("{command}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    #[test]
    fn times_numbers_and_names_are_those_of_windows() {
        assert_eq!((unix(0), unix(133_000_000_000_000_000)), (0, 1_655_526_400));
        assert_eq!(
            guid_text(&hex("4d00000000000000 0500 0000ffffffff")),
            "0000004d-0000-0000-0005-0000ffffffff"
        );
        assert_eq!([0x0202, 0x0210, 0x02ff, 0x0311].map(dialect_name), ["2.02", "2.10", "2.??", "3.11"]);
        assert_eq!(command_name(99), "99");
    }
}
