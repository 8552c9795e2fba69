//! From frames to messages, and from messages to what is spoken in them.

use super::message::{FrameHead, Opcode, Opening};
use super::parse::{Head, parse_head, unmask};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Reader, Side};
use crate::flow::Ends;
use crate::{bacnet_sc, ocpp, ssh, tls};
use city::{Details, Observed, Protocol, Reply, Target, Verb};
use compact_str::CompactString;

/// The longest message that is put together.
const MESSAGE_MAX: usize = 256 << 10;

/// What is left of a stream that says no more.
const REST: u64 = u64::MAX >> 1;

/// How many messages are looked at in vain for a protocol.
const LOOKED_AT_MAX: u8 = 8;

/// One side.
#[derive(Debug, Default)]
struct Half {
    /// The frame whose payload is being read, and how much of it has been.
    frame: Option<(FrameHead, u64)>,
    /// What the message is that is being read, and whether it is compressed.
    message: Option<(Opcode, bool)>,
    /// As much of it as has come; nothing if it is not wanted or a part of it is missing.
    held: Option<Vec<u8>>,
    /// It says no more, or nothing that could be read.
    is_over: bool,
}

/// What one side said inside that was not read yet.
#[derive(Default)]
struct Carried {
    bytes: Vec<u8>,
    /// So many bytes to come are of no interest.
    skip: u64,
}

impl Carried {
    /// Shows a dialogue what was said, and says whether it reads on.
    fn shown_to(&mut self, dialogue: &mut dyn Dialogue, side: Side, out: &mut Out<'_>) -> bool {
        loop {
            let skipped = self.skip.min(self.bytes.len() as u64);
            self.skip -= skipped;
            self.bytes.drain(..skipped as usize);
            if self.bytes.is_empty() {
                return true;
            }
            match dialogue.stream(side, &self.bytes, out) {
                Progress::Used(0) | Progress::Skip(0) => return self.bytes.len() <= MESSAGE_MAX,
                Progress::Used(used) => self.skip = used as u64,
                Progress::Skip(count) => self.skip = count,
                Progress::Lost => return false,
            }
        }
    }
}

/// The reader of what tunnels carry, by the first message: a TLS hello (RFC 8446 clause 5.1) or the banner of SSH
/// (RFC 4253 clause 4.2).
fn tunnelled(message: &[u8]) -> Option<Reader> {
    match message {
        [22, 3, ..] => Some(tls::READER),
        [b'S', b'S', b'H', b'-', ..] => Some(ssh::READER),
        _ => None,
    }
}

/// What is spoken in the messages.
enum Inside {
    /// Not known yet; how many messages were looked at.
    Unknown(u8),
    /// Nothing that is read.
    Strange,
    /// BACnet/SC.
    BacnetSc(Box<bacnet_sc::Conversation>),
    /// OCPP.
    Ocpp(Box<ocpp::Conversation>),
    /// Another protocol, in the bytes of binary messages behind one another, with what each side has said of an
    /// unfinished message.
    Tunnel(Protocol, Box<dyn Dialogue>, Ends<Carried>),
}

/// A client and a server that have agreed to speak WebSocket.
pub(crate) struct Conversation {
    opening: Opening,
    client: Side,
    halves: Ends<Half>,
    inside: Inside,
    /// What the conversation is called by now.
    protocol: Protocol,
}

impl Conversation {
    /// At its beginning, which it tells.
    pub(crate) fn new(opening: Opening, client: Side, out: &mut Out<'_>) -> Conversation {
        let mut new = Conversation {
            client,
            halves: Ends::default(),
            inside: Inside::Unknown(0),
            protocol: Protocol::Websocket,
            opening,
        };
        new.call(Protocol::Websocket, out);
        new.tell(out);
        match new.opening.subprotocol.as_deref() {
            Some(name) if bacnet_sc::is_subprotocol(name) => {
                new.call(Protocol::BacnetSc, out);
                let inside = bacnet_sc::Conversation::new(&new.opening, client, out);
                new.inside = Inside::BacnetSc(Box::new(inside));
            }
            Some(name) if ocpp::is_subprotocol(name) => new.begin_ocpp(out),
            _ => {}
        }
        new
    }

    /// Calls the conversation by what is spoken in it.
    fn call(&mut self, protocol: Protocol, out: &mut Out<'_>) {
        self.protocol = protocol;
        out.flow.protocol = Some(protocol);
        out.observe(Observed::Recognised(out.flow));
    }

    fn begin_ocpp(&mut self, out: &mut Out<'_>) {
        self.call(Protocol::Ocpp, out);
        self.inside = Inside::Ocpp(Box::new(ocpp::Conversation::new(&self.opening, self.client, out)));
    }

    fn tell(&self, out: &mut Out<'_>) {
        let opening = &self.opening;
        out.message(self.client, "websocket", |fields| {
            for (column, value) in [
                ("host", opening.host.as_ref()),
                ("uri", Some(&opening.uri)),
                ("user_agent", opening.user_agent.as_ref()),
                ("subprotocol", opening.subprotocol.as_ref()),
            ] {
                if let Some(value) = value {
                    fields.put(column, value.clone());
                }
            }
            for (column, values) in [
                ("client_protocols", &opening.client_protocols),
                ("server_extensions", &opening.server_extensions),
                ("client_extensions", &opening.client_extensions),
            ] {
                values.iter().for_each(|value| fields.put(column, value.clone()));
            }
        });
        out.request(
            self.client,
            Asked {
                verb: Verb::Subscribe,
                function: CompactString::const_new("open"),
                target: Target::named(opening.uri.clone()),
                value: opening.subprotocol.clone(),
                reply: Reply::Done,
                details: Details::new(),
            },
        );
    }

    fn wants(&self, opcode: Opcode) -> bool {
        match &self.inside {
            Inside::Unknown(_) => true,
            Inside::Strange => false,
            Inside::Ocpp(_) => opcode == Opcode::TEXT,
            Inside::BacnetSc(_) | Inside::Tunnel(..) => opcode == Opcode::BINARY,
        }
    }

    /// The head of a frame was read.
    fn begin_frame(&mut self, side: Side, head: FrameHead) {
        let wants = self.wants(head.opcode);
        let half = self.halves.of_mut(side);
        half.frame = Some((head, 0));
        if matches!(head.opcode, Opcode::TEXT | Opcode::BINARY) {
            half.message = Some((head.opcode, head.is_compressed));
            half.held = (wants && !head.is_compressed).then(Vec::new);
        }
    }

    /// Reads a piece of the payload of the frame that is being read.
    fn payload(&mut self, side: Side, piece: &[u8]) {
        let half = self.halves.of_mut(side);
        let Some((head, at)) = &mut half.frame else { return };
        if !head.opcode.is_control() {
            match &mut half.held {
                Some(held) if held.len() + piece.len() > MESSAGE_MAX => half.held = None,
                Some(held) => match head.mask {
                    Some(mask) => held.extend(unmask(piece, mask, *at)),
                    None => held.extend_from_slice(piece),
                },
                None => {}
            }
        }
        *at += piece.len() as u64;
    }

    /// The frame that is being read is over, if all of it was there.
    fn finish_frame(&mut self, side: Side, out: &mut Out<'_>) {
        let half = self.halves.of_mut(side);
        let Some((head, _)) = half.frame.take_if(|(head, at)| *at >= head.length) else { return };
        if head.opcode == Opcode::CLOSE {
            half.is_over = true;
        } else if !head.opcode.is_control() && head.is_last {
            let held = half.held.take();
            if let (Some((opcode, _)), Some(message)) = (half.message.take(), held) {
                self.message(side, opcode, &message, out);
            }
        }
    }

    fn message(&mut self, side: Side, opcode: Opcode, message: &[u8], out: &mut Out<'_>) {
        if let Inside::Unknown(looked_at) = &mut self.inside {
            *looked_at += 1;
            if opcode == Opcode::TEXT && ocpp::is_message(message) {
                self.begin_ocpp(out);
            } else if let Some(reader) = tunnelled(message).filter(|_| opcode == Opcode::BINARY) {
                self.inside = Inside::Tunnel(reader.protocol, (reader.open)(), Ends::default());
            } else if *looked_at >= LOOKED_AT_MAX {
                self.inside = Inside::Strange;
            }
        }
        match &mut self.inside {
            Inside::BacnetSc(bacnet) => bacnet.message(side, message, out),
            Inside::Ocpp(ocpp) => ocpp.message(side, message, out),
            Inside::Tunnel(protocol, inner, pending) => {
                let carried = pending.of_mut(side);
                carried.bytes.extend_from_slice(message);
                out.flow.protocol = Some(*protocol);
                if !carried.shown_to(inner.as_mut(), side, out) {
                    inner.end(out);
                    self.inside = Inside::Strange;
                }
                out.flow.protocol = Some(self.protocol);
            }
            Inside::Unknown(_) | Inside::Strange => {}
        }
    }
}

impl Dialogue for Conversation {
    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        out.flow.protocol = Some(self.protocol);
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            let half = self.halves.of_mut(side);
            if half.is_over {
                return Progress::Skip(REST);
            }
            if let Some((head, at)) = half.frame {
                let left = head.length - at;
                let is_held = half.held.is_some() && !head.opcode.is_control();
                if !is_held && left > rest.len() as u64 {
                    // Nobody wants it.
                    half.frame = Some((head, at + left));
                    self.finish_frame(side, out);
                    return Progress::Skip(used as u64 + left);
                }
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                self.payload(side, rest.get(..here).unwrap_or_default());
                used += here;
            } else {
                match parse_head(rest) {
                    Head::Whole(head, size) => {
                        self.begin_frame(side, head);
                        used += size;
                    }
                    Head::Part => break,
                    Head::Broken => {
                        half.is_over = true;
                        continue;
                    }
                }
            }
            self.finish_frame(side, out);
        }
        Progress::Used(used)
    }

    fn gap(&mut self, side: Side, missing: u64, out: &mut Out<'_>) {
        out.flow.protocol = Some(self.protocol);
        let half = self.halves.of_mut(side);
        match &mut half.frame {
            Some((head, at)) if missing <= head.length - *at => {
                *at += missing;
                if !head.opcode.is_control() {
                    half.held = None;
                }
                self.finish_frame(side, out);
            }
            _ => half.is_over = true,
        }
        if let Inside::Tunnel(..) = self.inside {
            self.inside = Inside::Strange;
        }
    }

    fn end(&mut self, out: &mut Out<'_>) {
        out.flow.protocol = Some(self.protocol);
        match &mut self.inside {
            Inside::BacnetSc(bacnet) => bacnet.end(out),
            Inside::Ocpp(ocpp) => ocpp.end(out),
            Inside::Tunnel(protocol, inner, _) => {
                out.flow.protocol = Some(*protocol);
                inner.end(out);
                out.flow.protocol = Some(self.protocol);
            }
            Inside::Unknown(_) | Inside::Strange => {}
        }
    }
}
