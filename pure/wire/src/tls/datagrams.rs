//! DTLS: the same handshake in datagrams (RFC 6347, RFC 4347), where messages come in numbered fragments.

use super::conversation::Conversation;
use super::fingerprint::Carrier;
use super::message::Version;
use super::parse::{RecordHeader, RecordKind};
use crate::cursor::Cursor;
use crate::dialogue::{Dialogue, Out, Reader, Side};
use crate::flow::Ends;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use std::collections::BTreeMap;

/// Reads DTLS.
pub(crate) const DATAGRAM_READER: Reader =
    Reader { protocol: Protocol::Tls, recognise, open: || Box::new(Datagrams::new()) };

/// The longest message that is put together.
const MESSAGE_MAX: u32 = 64 << 10;

/// The most fragments of one message that are held.
const FRAGMENTS_MAX: usize = 128;

/// The most records of one datagram.
const RECORDS_MAX: usize = 64;

/// A record (RFC 6347 clause 4.1).
struct Record<'a> {
    kind: RecordKind,
    epoch: u16,
    bytes: &'a [u8],
}

fn parse_record<'a>(cursor: &mut Cursor<'a>) -> Option<Record<'a>> {
    let kind = cursor.u8().filter(|kind| (20..=25).contains(kind))?;
    let version = Version(cursor.u16()?);
    let (epoch, _number) = (cursor.u16()?, cursor.unsigned(6)?);
    let length = cursor.u16()?;
    let bytes = cursor.take(usize::from(length))?;
    version.is_of_datagrams().then_some(Record { kind: RecordKind(kind), epoch, bytes })
}

/// A fragment of a message (RFC 6347 clause 4.2.2).
struct Fragment<'a> {
    kind: u8,
    length: u32,
    number: u16,
    at: u32,
    bytes: &'a [u8],
}

fn parse_fragment<'a>(cursor: &mut Cursor<'a>) -> Option<Fragment<'a>> {
    let kind = cursor.u8()?;
    let length = cursor.unsigned(3)? as u32;
    let number = cursor.u16()?;
    let (at, size) = (cursor.unsigned(3)? as u32, cursor.unsigned(3)? as u32);
    let bytes = cursor.take(size as usize)?;
    (at + size <= length && length <= MESSAGE_MAX).then_some(Fragment { kind, length, number, at, bytes })
}

/// A message that is being put together, and which.
#[derive(Debug, Default)]
struct Half {
    number: u16,
    fragments: BTreeMap<u32, Vec<u8>>,
}

impl Half {
    /// Takes a fragment; the message, with a head as over TCP, once it is whole. What was read before is passed over,
    /// and what is lost is not waited for once a later message comes.
    fn take(&mut self, fragment: &Fragment<'_>) -> Option<Vec<u8>> {
        if fragment.number < self.number {
            return None;
        }
        if fragment.number > self.number {
            self.number = fragment.number;
            self.fragments.clear();
        }
        if self.fragments.len() < FRAGMENTS_MAX {
            let known = self.fragments.entry(fragment.at).or_default();
            if known.len() <= fragment.bytes.len() {
                *known = fragment.bytes.to_vec();
            }
        }
        let [_, a, b, c] = fragment.length.to_be_bytes();
        let mut message = vec![fragment.kind, a, b, c];
        for (at, bytes) in &self.fragments {
            let done = message.len() - 4;
            let known = done.checked_sub(*at as usize)?;
            message.extend_from_slice(bytes.get(known..).unwrap_or_default());
        }
        if message.len() - 4 < fragment.length as usize {
            return None;
        }
        message.truncate(fragment.length as usize + 4);
        self.number = self.number.checked_add(1)?;
        self.fragments.clear();
        Some(message)
    }
}

/// A client and a server that speak in datagrams.
struct Datagrams {
    tls: Conversation,
    halves: Ends<Half>,
}

impl Datagrams {
    fn new() -> Datagrams {
        Datagrams { tls: Conversation::over(Carrier::Datagrams), halves: Ends::default() }
    }

    fn record(&mut self, side: Side, record: &Record<'_>, out: &mut Out<'_>) {
        let header = |length: usize| RecordHeader { kind: record.kind, length: length as u16 };
        match record.kind {
            RecordKind::APPLICATION_DATA => self.tls.application_data(side, header(record.bytes.len()), out),
            // From the first change on, everything is encrypted.
            _ if record.epoch > 0 => {}
            RecordKind::HANDSHAKE => {
                let mut cursor = Cursor::new(record.bytes);
                while let Some(fragment) = parse_fragment(&mut cursor) {
                    if let Some(message) = self.halves.of_mut(side).take(&fragment) {
                        self.tls.record(side, header(message.len()), &message, out);
                    }
                }
            }
            _ => self.tls.record(side, header(record.bytes.len()), record.bytes, out),
        }
    }
}

impl Dialogue for Datagrams {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let mut cursor = Cursor::new(bytes);
        let mut is_known = false;
        for _ in 0..RECORDS_MAX {
            let Some(record) = parse_record(&mut cursor) else { break };
            is_known = true;
            self.record(side, &record, out);
        }
        // In WebRTC the same ports carry STUN and media (RFC 7983 clause 7).
        is_known || is_stun(bytes) || matches!(bytes, [128..=191, ..])
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.tls.end(out);
    }
}

/// Whether a datagram is of STUN (RFC 8489 clause 5), with which the ends of what comes later look for a way.
pub(crate) fn is_stun(bytes: &[u8]) -> bool {
    let [0..=0x3f, _, high, low, 0x21, 0x12, 0xa4, 0x42, ..] = bytes else { return false };
    bytes.len() == 20 + usize::from(u16::from_be_bytes([*high, *low]))
}

fn recognise(opening: &Opening<'_>) -> Recognition {
    let mut cursor = Cursor::new(opening.first_bytes());
    let Some(record) = opening.is_udp().then(|| parse_record(&mut cursor)).flatten() else {
        return Recognition::No;
    };
    if record.epoch > 0 {
        // From the middle: records up to the end of the datagram.
        let fits = cursor.is_empty() || parse_record(&mut cursor).is_some();
        return if fits { Recognition::Yes(Sureness::ByStructure) } else { Recognition::No };
    }
    let fits = match record.kind {
        RecordKind::HANDSHAKE => parse_fragment(&mut Cursor::new(record.bytes))
            .is_some_and(|fragment| matches!(fragment.kind, 0..=4 | 11..=16 | 20)),
        RecordKind::ALERT => matches!(record.bytes, [1 | 2, _]),
        RecordKind::CHANGE_CIPHER_SPEC => !record.bytes.is_empty() && record.bytes.len() <= 3,
        _ => false,
    };
    if fits { Recognition::Yes(Sureness::BySignature) } else { Recognition::No }
}

#[cfg(test)]
mod tests {
    use super::super::parse::tests::{client_hello, server_hello};
    use super::*;
    use crate::rehearse;
    use city::{Observed, Transport, WeaknessKind};
    use proptest::prelude::*;

    fn record(kind: u8, epoch: u8, bytes: &[u8]) -> Vec<u8> {
        let [high, low] = (bytes.len() as u16).to_be_bytes();
        [&[kind, 0xfe, 0xff, 0, epoch, 0, 0, 0, 0, 0, 0, high, low], bytes].concat()
    }

    /// A message in fragments of a size.
    fn fragments(kind: u8, number: u8, body: &[u8], size: usize) -> Vec<Vec<u8>> {
        let three = |number: usize| [(number >> 16) as u8, (number >> 8) as u8, number as u8];
        let pieces = body.chunks(size.max(1)).enumerate();
        let pieces: Vec<_> = pieces.map(|(nth, piece)| (nth * size, piece)).collect();
        let pieces = if body.is_empty() { vec![(0, body)] } else { pieces };
        let fragment = |(at, piece): (usize, &[u8])| {
            let head =
                [&[kind][..], &three(body.len()), &[0, number], &three(at), &three(piece.len())].concat();
            record(22, 0, &[&head, piece].concat())
        };
        pieces.into_iter().map(fragment).collect()
    }

    /// A hello of TLS with the version of datagrams, and a client's with a cookie.
    fn hello(mut body: Vec<u8>, version: u16, is_client: bool) -> Vec<u8> {
        body[..2].copy_from_slice(&version.to_be_bytes());
        if is_client {
            body.splice(35..35, [2, 0xab, 0xcd]);
        }
        body
    }

    fn said(version: u16, size: usize) -> Vec<(Side, Vec<u8>)> {
        let client = hello(client_hello(&[]), version, true);
        let server = hello(server_hello(0x0303, 0xc02f), version, false);
        let mut said = Vec::new();
        let mut say = |side, datagrams: Vec<Vec<u8>>| said.extend(datagrams.into_iter().map(|it| (side, it)));
        say(Side::Source, fragments(1, 0, &client, 1_000));
        say(Side::Destination, fragments(3, 0, &[0xfe, 0xff, 2, 0xab, 0xcd], 1_000));
        // The fragments come in the wrong order, and one of them twice.
        let mut second = fragments(1, 1, &client, size);
        second.reverse();
        second.push(second[0].clone());
        say(Side::Source, second);
        say(Side::Destination, fragments(2, 1, &server, size));
        say(Side::Destination, fragments(14, 2, &[], size));
        say(Side::Source, vec![[fragments(16, 2, &[1, 2], 9)[0].clone(), record(20, 0, &[1])].concat()]);
        say(Side::Source, vec![record(22, 1, &[7; 40])]);
        say(Side::Destination, vec![record(20, 0, &[1]), record(22, 1, &[7; 40]), record(23, 1, &[9; 50])]);
        said
    }

    fn hear(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
        let said: Vec<_> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
        rehearse::datagrams(&DATAGRAM_READER, 4_433, &said)
    }

    #[test]
    fn a_handshake_in_fragments_is_read() {
        for (version, name, weaknesses) in [(0xfeff, "DTLS 1.0", 1), (0xfefd, "DTLS 1.2", 0)] {
            for size in [7, 60, 1_000] {
                let facts = hear(&said(version, size));
                let line = format!(
                    "> authenticate handshake [pump.example] {name} TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 done"
                );
                assert_eq!(rehearse::lines(&facts), [line], "{size}");
                let request = rehearse::requests(&facts)[0];
                assert_eq!(rehearse::detail(request, "history"), Some("CvCsnGIi"));
                assert!(rehearse::detail(request, "ja4").unwrap().starts_with('d'));
                let found = rehearse::weaknesses(&facts);
                assert_eq!(found.len(), weaknesses);
                assert!(found.iter().all(|weakness| weakness.kind == WeaknessKind::ObsoleteTls));
            }
        }
    }

    #[test]
    fn only_records_are_taken_for_it() {
        let known = |bytes: &[u8]| rehearse::recognise(&DATAGRAM_READER, Transport::Udp, 4_433, bytes, &[]);
        assert_eq!(known(&said(0xfefd, 60)[0].1), Recognition::Yes(Sureness::BySignature));
        for other in [&b"\x16\xfe\xfd"[..], b"\x00\x01\x00\x00!\x12\xa4B", &[0x16; 60], b"SIP/2.0 200 OK\r\n"]
        {
            assert_eq!(known(other), Recognition::No);
        }
        assert!(is_stun(&[&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[5; 12]].concat()));
    }

    proptest! {
        #[test]
        fn no_change_of_bytes_makes_it_panic(changes in prop::collection::vec((any::<usize>(), any::<usize>(), any::<u8>()), 0..20)) {
            let mut said = said(0xfefd, 40);
            for (nth, at, byte) in changes {
                let nth = nth % said.len();
                let at = at % said[nth].1.len();
                said[nth].1[at] = byte;
            }
            let mut rehearsal = rehearse::Rehearsal::new(&DATAGRAM_READER, Transport::Udp, 4_433);
            for (side, bytes) in &said {
                rehearsal.datagram(*side, bytes);
            }
            rehearsal.end();
        }
    }
}
