//! Pairs requests with replies.

use super::message::{Command, Message, Status, dialect};
use super::parse::{self, Frame, Framed, MESSAGE_BYTES_MAX};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::{gss, kerberos, ntlm};
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use std::collections::VecDeque;

/// Requests awaiting a reply at a time.
const PENDING_MAX: usize = 64;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One client and one server.
#[derive(Default)]
struct Conversation {
    pending: VecDeque<Pending>,
    ntlm: ntlm::Session,
    kerberos: kerberos::Session,
    /// What a client of version 1 offers.
    offer: Vec<Text>,
    server_told: bool,
    guest_told: bool,
    /// Whether the beginning of a message must be found, for source and destination.
    searching: [bool; 2],
}

/// A request whose reply is awaited.
struct Pending {
    asker: Side,
    id: u64,
    command: Command,
    is_nobody: bool,
    asked: Asked,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> bool {
        false
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            let is_searching = self.searching.get(side as usize) == Some(&true);
            let frame = match parse::parse_frame(rest) {
                Framed::Frame(frame) => frame,
                Framed::More => return Progress::Used(used),
                Framed::Nothing if is_searching => return Progress::Used(bytes.len()),
                Framed::Nothing => return Progress::Lost,
            };
            let body = rest.get(4..).unwrap_or_default();
            if body.len() < 16 && body.len() < frame.length {
                return Progress::Used(used);
            }
            if !is_sound(frame, body) {
                return if is_searching { Progress::Used(bytes.len()) } else { Progress::Lost };
            }
            self.set_searching(side, false);
            let total = frame.length + 4;
            let is_read = parse::command(body).is_some() && total <= MESSAGE_BYTES_MAX;
            match body.get(..frame.length) {
                Some(body) => {
                    if let Some(message) = parse::parse_message(body) {
                        self.message(side, &message, out);
                    }
                    used += total;
                }
                None if is_read || used > 0 => return Progress::Used(used),
                // Files' data and whatever else is not looked at.
                None => return Progress::Skip(total as u64),
            }
        }
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        self.set_searching(side, true);
    }

    fn holds(&self) -> usize {
        crate::dialogue::held::<Pending>(self.pending.len())
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some(pending) = self.pending.pop_front() {
            out.request(pending.asker, pending.asked);
        }
        self.ntlm.end(out);
        self.kerberos.end(out);
    }
}

/// Whether a packet is a message or one of the session service's own.
fn is_sound(frame: Frame, body: &[u8]) -> bool {
    match frame.kind {
        0 => frame.length == 0 || matches!(body, [0xfc..=0xff, b'S', b'M', b'B', ..]),
        _ => frame.length <= 128,
    }
}

impl Conversation {
    fn set_searching(&mut self, side: Side, searching: bool) {
        if let Some(place) = self.searching.get_mut(side as usize) {
            *place = searching;
        }
    }

    fn message(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        if message.command == Command::SessionSetup
            && let Some(token) = parse::parse_token(message)
        {
            let token = gss::parse_token(token);
            self.ntlm.token(side, &token, out);
            self.kerberos.token(side, &token, out);
        }
        if message.is_reply {
            self.reply(side, message, out);
        } else {
            self.request(side, message, out);
        }
    }

    fn request(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        let (verb, function, target) = match message.command {
            Command::Negotiate => {
                if message.is_old {
                    self.offer = parse::parse_offer(message);
                }
                (Verb::Discover, "negotiate", Target::default())
            }
            Command::SessionSetup => {
                let user = self.ntlm.user().unwrap_or_default();
                (Verb::Authenticate, "session-setup", Target::named(user))
            }
            Command::TreeConnect => {
                let share = parse::parse_share(message).unwrap_or_default();
                (Verb::Transfer, "tree-connect", Target::named(share))
            }
        };
        let asked = Asked {
            verb,
            function: Text::const_new(function),
            target,
            value: None,
            reply: Reply::Missing,
            details: Details::new(),
        };
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            out.request(oldest.asker, oldest.asked);
        }
        let is_nobody = message.command == Command::SessionSetup && parse::is_nobody(message);
        let (id, command) = (message.id, message.command);
        self.pending.push_back(Pending { asker: side, id, command, is_nobody, asked });
    }

    fn reply(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        // A server answers an old client's offer in the new version under number 0.
        let place = self.pending.iter().position(|pending| {
            pending.asker != side
                && pending.command == message.command
                && (pending.id == message.id || message.command == Command::Negotiate)
        });
        let Some(mut pending) = place.and_then(|place| self.pending.remove(place)) else { return };
        let status = Status(message.status);
        pending.asked.reply = match status {
            Status::SUCCESS | Status::MORE => Reply::Done,
            refused => Reply::Refused(refused.text()),
        };
        if message.command == Command::Negotiate && status == Status::SUCCESS {
            self.negotiated(side, message, &mut pending.asked, out);
        }
        if message.command == Command::SessionSetup
            && status == Status::SUCCESS
            && (pending.is_nobody || parse::is_guest(message))
            && !self.guest_told
        {
            self.guest_told = true;
            out.weakness(side, WeaknessKind::AnonymousLogin, "a guest or nobody was let in");
        }
        out.request(pending.asker, pending.asked);
    }

    fn negotiated(&mut self, side: Side, message: &Message<'_>, asked: &mut Asked, out: &mut Out<'_>) {
        if !self.server_told {
            self.server_told = true;
            out.identity(side, Trait::Role, "file server", "SMB negotiate response", 80);
        }
        let Some(number) = parse::parse_dialect(message) else { return };
        asked.value = Some(if message.is_old {
            let name = self.offer.get(usize::from(number)).cloned();
            format_compact!("SMB 1, {}", name.unwrap_or_else(|| "none".into()))
        } else {
            format_compact!("SMB {}", dialect(number))
        });
    }
}
