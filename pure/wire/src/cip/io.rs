//! Cyclic data: connected data of transport class 0 or 1 over UDP (volume 2 clause 3-2.2).

use crate::cursor::Cursor;
use crate::dialogue::{Asked, Dialogue, Out, Side};
use crate::enip::{Item, parse_items};
use crate::recognise::{Opening, Recognition, Sureness};
use crate::show::{VALUE_BYTES_MAX, hexadecimal};
use city::{Details, Reply, Target, Verb};
use compact_str::format_compact;
use std::collections::BTreeSet;

/// Connections that are told of, in one conversation.
const CONNECTIONS_MAX: usize = 256;

/// The longest data of a datagram, in hexadecimal digits.
const DIGITS_MAX: usize = 2 * 65_535;

/// One datagram of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Packet<'a> {
    connection: u32,
    sequence: u32,
    data: &'a [u8],
}

/// Recognises cyclic data by its two items: a sequenced address and data, which fill the datagram.
pub(super) fn recognise(opening: &Opening<'_>) -> Recognition {
    if opening.is_udp() && parse_packet(opening.first_bytes()).is_some() {
        Recognition::Yes(Sureness::BySignature)
    } else {
        Recognition::No
    }
}

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// The cyclic data between two ends.
#[derive(Default)]
struct Conversation {
    told: BTreeSet<(Side, u32)>,
}

fn parse_packet(bytes: &[u8]) -> Option<Packet<'_>> {
    let items = parse_items(bytes)?;
    let find = |wanted: u16| items.clone().find(|item: &Item<'_>| item.kind == wanted);
    let mut address = Cursor::new(find(Item::SEQUENCED_ADDRESS)?.data);
    let connection = address.array().map(u32::from_le_bytes)?;
    let sequence = address.array().map(u32::from_le_bytes)?;
    let data = find(Item::CONNECTED_DATA)?.data;
    address.is_empty().then_some(Packet { connection, sequence, data })
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some(packet) = parse_packet(bytes) else { return false };
        out.message(side, "cip_io", |fields| {
            fields.show("connection_id", format_args!("{:#010x}", packet.connection));
            fields.show("sequence_number", packet.sequence);
            fields.show("data_length", packet.data.len());
            fields.put("io_data", hexadecimal(packet.data, DIGITS_MAX));
        });
        if self.told.len() < CONNECTIONS_MAX && self.told.insert((side, packet.connection)) {
            out.request(
                side,
                Asked {
                    verb: Verb::Publish,
                    function: "cyclic-data".into(),
                    target: Target {
                        kind: "connection".into(),
                        ..Target::named(format_compact!("{:#010x}", packet.connection))
                    },
                    value: Some(hexadecimal(packet.data, VALUE_BYTES_MAX)),
                    reply: Reply::NotExpected,
                    details: Details::new(),
                },
            );
        }
        true
    }

    fn end(&mut self, _out: &mut Out<'_>) {}
}
