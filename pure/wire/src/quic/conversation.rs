//! From packets to a handshake.

use super::assembly::Assembly;
use super::event;
use super::google;
use super::keys::InitialKeys;
use super::message::{Kind, LongPacket, Version};
use super::parse::{Frame, parse_frames, parse_long};
use crate::dialogue::{Dialogue, Out, Side};
use crate::flow::Ends;
use crate::show::hexadecimal;
use crate::tls::{Carrier, Conversation as Tls, alert_name};
use city::{Reply, Text};
use compact_str::format_compact;

/// The most packets that are looked at in one datagram.
const PACKETS_MAX: usize = 32;

/// The longest history, in letters, as Zeek has it.
const HISTORY_MAX: usize = 100;

/// The longest connection identifier that is shown, in bytes of hexadecimal: a byte says how long it is.
const ID_TEXT_MAX: usize = 510;

/// How many packets without meaning are noted.
const MEANINGLESS_MAX: u32 = 5;

/// How often Initial packets that do not open may make new keys be tried.
const KEYS_MAX: u32 = 16;

/// A client and a server.
pub struct Conversation {
    client: Side,
    version: Option<Version>,
    /// The connection identifier that the client first chose for the server.
    first_destination: Option<Text>,
    /// What each side last called its own end.
    sources: Ends<Option<Text>>,
    keys: Option<InitialKeys>,
    /// Whether the server has sent the client back to its beginning.
    has_begun_again: bool,
    /// How often keys were made in vain.
    tries: u32,
    assemblies: Ends<Assembly>,
    tls: Tls,
    /// How many packets each side has sent that are only sent with the agreed keys.
    data_packets: Ends<u64>,
    /// How many packets were of no meaning.
    meaningless: u32,
    history: String,
    told: bool,
    /// Whether it is of a version that has no long headers yet.
    is_googles: bool,
}

impl Conversation {
    /// At its beginning.
    pub fn new() -> Conversation {
        Conversation {
            client: Side::Source,
            version: None,
            first_destination: None,
            sources: Ends::default(),
            keys: None,
            has_begun_again: false,
            tries: 0,
            assemblies: Ends::default(),
            tls: Tls::over(Carrier::Quic),
            data_packets: Ends::default(),
            meaningless: 0,
            history: String::new(),
            told: false,
            is_googles: false,
        }
    }

    fn note(&mut self, side: Side, letter: char) {
        if self.history.len() < HISTORY_MAX {
            self.history.push(if side == self.client { letter } else { letter.to_ascii_lowercase() });
        }
    }

    /// A packet with a long header.
    fn long(&mut self, side: Side, packet: &LongPacket<'_>, out: &mut Out<'_>) {
        if packet.version == Version::NEGOTIATION {
            return;
        }
        if packet.kind == Some(Kind::Retry) && self.keys.is_none() && side == self.client {
            // Only servers say so.
            self.client = side.other();
        }
        let opened = (packet.kind == Some(Kind::Initial)).then(|| self.open(side, packet)).flatten();
        self.version.get_or_insert(packet.version);
        let id = |bytes: &[u8]| hexadecimal(bytes, ID_TEXT_MAX);
        if side == self.client && !packet.destination.is_empty() {
            self.first_destination.get_or_insert_with(|| id(packet.destination));
        }
        *self.sources.of_mut(side) = Some(id(packet.source));
        match packet.kind {
            Some(Kind::Initial) => self.note(side, 'I'),
            Some(Kind::ZeroRtt) => self.note(side, 'Z'),
            Some(Kind::Handshake) => self.note(side, 'H'),
            Some(Kind::Retry) => {
                self.note(side, 'R');
                // The client begins again with the identifier that the server chose (RFC 9001 clause 5.2), once
                // (RFC 9000 clause 17.2.5.2).
                if !self.has_begun_again {
                    self.has_begun_again = true;
                    self.keys = None;
                    self.assemblies.of_mut(self.client).clear();
                }
            }
            None => self.note(side, 'U'),
        }
        for frame in opened.iter().flat_map(|payload| parse_frames(payload)) {
            match frame {
                Frame::Close(code) => {
                    self.note(side, 'C');
                    // RFC 9001 clause 4.8: an alert of TLS is among the codes.
                    let why = match code.checked_sub(0x100).and_then(|alert| u8::try_from(alert).ok()) {
                        Some(alert) => alert_name(alert),
                        None => format_compact!("error {code:#x}"),
                    };
                    self.tls.finish(Reply::Refused(why), out);
                    self.tell(out);
                }
                Frame::Crypto(at, piece) => {
                    let whole = self.assemblies.of_mut(side).take(at, piece);
                    let before = self.tls.hellos(side);
                    self.tls.handshake(side, &whole, out);
                    if self.tls.hellos(side) > before {
                        self.note(side, 'S');
                        self.event(side, packet.version, out);
                    }
                }
            }
        }
    }

    /// Tells of the hello that a side has just said.
    fn event(&self, side: Side, version: Version, out: &mut Out<'_>) {
        if !out.wants_events() {
            return;
        }
        if side != self.client {
            self.tls.chosen().iter().for_each(|hello| event::server(side, version.0, hello, out));
        } else if let Some(hello) = self.tls.offered() {
            event::client(side, version.0, hello, out);
        }
    }

    /// Opens an Initial packet; the first one of a client makes the keys.
    fn open(&mut self, side: Side, packet: &LongPacket<'_>) -> Option<Vec<u8>> {
        let opened = self.keys.as_ref().and_then(|keys| {
            let keys = if side == self.client { &keys.client } else { &keys.server };
            keys.open(packet)
        });
        if opened.is_some() || self.tries >= KEYS_MAX {
            return opened;
        }
        self.tries += 1;
        let keys = InitialKeys::new(packet.version.protection()?, packet.destination)?;
        let opened = keys.client.open(packet)?;
        self.tries = 0;
        self.client = side;
        self.keys = Some(keys);
        Some(opened)
    }

    /// A packet with a short header: it is protected with the agreed keys.
    fn data(&mut self, side: Side, out: &mut Out<'_>) {
        let count = self.data_packets.of_mut(side);
        *count = count.saturating_add(1);
        // As Zeek has it: the first, the second, the fourth, and so on.
        if count.is_power_of_two() {
            self.note(side, 'O');
        }
        if self.data_packets.source > 0 && self.data_packets.destination > 0 {
            self.tls.finish(Reply::Done, out);
        }
    }

    /// Tells the row of the conversation, once.
    fn tell(&mut self, out: &mut Out<'_>) {
        let Some(version) = self.version.filter(|_| !self.told) else { return };
        self.told = true;
        out.message(self.client, "quic", |fields| {
            fields.put("version", version.name());
            let offered = self.tls.offered();
            for (column, value) in [
                ("client_initial_dcid", self.first_destination.as_ref()),
                ("client_scid", self.sources.of(self.client).as_ref()),
                ("server_scid", self.sources.of(self.client.other()).as_ref()),
                ("server_name", offered.and_then(|hello| hello.server_name.as_ref())),
                ("client_protocol", offered.and_then(|hello| hello.protocols.first())),
            ] {
                if let Some(value) = value {
                    fields.put(column, value.clone());
                }
            }
            fields.put("history", self.history.as_str());
        });
    }
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        if google::is_of(bytes) {
            if let Some(hello) = google::parse_hello(bytes) {
                event::google(side, &hello, out);
            }
            self.is_googles |= bytes.first().is_some_and(|first| first & 0x80 == 0);
        }
        if self.is_googles {
            return true;
        }
        let mut rest = bytes;
        for place in 0..PACKETS_MAX {
            match rest.first() {
                None => break,
                Some(first) if first & 0x80 != 0 => match parse_long(&mut rest) {
                    Some(packet) => self.long(side, &packet, out),
                    None => return place > 0,
                },
                // A short header is the last in its datagram (RFC 9000 clause 12.2).
                Some(first) if first & 0x40 != 0 => {
                    self.data(side, out);
                    break;
                }
                // A bit that is always set is not (RFC 9000 clause 17.3.1): filling that some put behind a packet.
                Some(_) if place > 0 || self.keys.is_some() => {
                    if self.meaningless < MEANINGLESS_MAX {
                        self.meaningless += 1;
                        self.note(side, 'X');
                    }
                    break;
                }
                Some(_) => return false,
            }
        }
        true
    }

    fn holds(&self) -> usize {
        self.assemblies.source.holds() + self.assemblies.destination.holds()
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.tls.finish(Reply::Missing, out);
        self.tell(out);
    }
}
