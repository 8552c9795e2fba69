//! A packet of a conversation, and who seems to speak in it.

use crate::packet::Packet;
use crate::{ports, tcp};
use city::{Address, Protocol, Transport};

/// A packet of a conversation, above its transport header.
pub(super) struct Said<'a> {
    pub(super) transport: Transport,
    pub(super) source: Address,
    pub(super) source_port: u16,
    pub(super) destination: Address,
    pub(super) destination_port: u16,
    pub(super) payload: &'a [u8],
    /// Bytes of payload on the wire.
    pub(super) length: u64,
    /// Bytes on the wire with the IP header.
    pub(super) ip_length: u64,
    pub(super) segment: Option<tcp::Segment<'a>>,
    pub(super) protocol: Option<Protocol>,
    /// Whether its checksum agrees, or there is none.
    pub(super) is_whole: bool,
}

/// The port of NTP (RFC 5905 section 7.2), which clients that are servers too send from.
const NTP: u16 = 123;

impl Said<'_> {
    /// Whether it seems to come from a server, so that its beginning was not seen.
    pub(super) fn comes_from_server(&self) -> bool {
        matches!(self.transport, Transport::Tcp | Transport::Udp)
            && (ports::is_server(self.transport, self.source_port)
                && !ports::is_server(self.transport, self.destination_port)
                || self.answers_time())
    }

    /// Whether it is the answer of a server of NTP, by its mode, where the ports do not tell (RFC 5905 section 7.3).
    fn answers_time(&self) -> bool {
        const SERVER: u8 = 4;
        (self.source_port, self.destination_port) == (NTP, NTP)
            && self.payload.first().is_some_and(|first| first & 7 == SERVER)
    }
}

/// SCTP (RFC 9260 section 3.1): a header of twelve bytes, then chunks.
pub(super) fn sctp<'a>(packet: &Packet<'a>, said: &mut Said<'a>) -> Option<()> {
    let ([s0, s1, d0, d1, ..], payload) = packet.payload.split_first_chunk::<12>()?;
    said.transport = Transport::Sctp;
    said.source_port = u16::from_be_bytes([*s0, *s1]);
    said.destination_port = u16::from_be_bytes([*d0, *d1]);
    said.payload = payload;
    said.length = u64::from(packet.payload_length).saturating_sub(12);
    Some(())
}
