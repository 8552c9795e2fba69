//! From bytes to packets.

use super::message::{
    FragmentAcknowledge, HEADER_BYTES, Operation, Packet, PacketType, Representation, Uuid,
};
use crate::cursor::Cursor;

/// Opens a packet. `None` if it is not of this kind of RPC, or longer than it is there.
pub(super) fn parse_packet(bytes: &[u8]) -> Option<Packet<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (version, kind) = (cursor.u8()?, PacketType(cursor.u8()?));
    let flags = cursor.array()?;
    let [integers, floats, _] = cursor.array()?;
    let representation = Representation { integers, floats };
    // Two ways to write numbers, two to write text, four to write broken numbers (C706 clause 14.1).
    if version != 4 || kind.0 > PacketType::LAST || integers & 0xee != 0 || floats > 3 {
        return None;
    }
    let high = cursor.u8()?;
    let (object, interface, activity) = (Uuid(cursor.array()?), Uuid(cursor.array()?), Uuid(cursor.array()?));
    let u32 = |cursor: &mut Cursor<'_>| representation.u32(cursor);
    let (boot_time, interface_version, sequence) = (u32(&mut cursor)?, u32(&mut cursor)?, u32(&mut cursor)?);
    let u16 = |cursor: &mut Cursor<'_>| representation.u16(cursor);
    let operation = Operation(u16(&mut cursor)?);
    let hints = (u16(&mut cursor)?, u16(&mut cursor)?);
    let (body_bytes, fragment) = (u16(&mut cursor)?, u16(&mut cursor)?);
    let (authentication, low) = (cursor.u8()?, cursor.u8()?);
    let body = cursor.take(usize::from(body_bytes))?;
    Some(Packet {
        version,
        kind,
        flags,
        representation,
        object,
        interface,
        activity,
        boot_time,
        interface_version,
        sequence,
        operation,
        hints,
        body_bytes,
        fragment,
        authentication,
        serial: (high, low),
        body,
    })
}

/// Whether a packet is of PROFINET's interfaces, by the first bytes of a datagram; numbers may be written either way.
pub(super) fn is_profinet(bytes: &[u8]) -> bool {
    bytes.len() >= HEADER_BYTES
        && parse_packet(bytes)
            .is_some_and(|packet| packet.interface.ordered(packet.representation).role().is_some())
}

/// Reads the body of what acknowledges fragments.
pub(super) fn parse_fragment_acknowledge(packet: &Packet<'_>) -> Option<FragmentAcknowledge> {
    let representation = packet.representation;
    let mut cursor = Cursor::new(packet.body);
    let [version, _] = cursor.array()?;
    let window = representation.u16(&mut cursor)?;
    let (max_tsdu, max_fragment) = (representation.u32(&mut cursor)?, representation.u32(&mut cursor)?);
    let (serial, selective_count) = (representation.u16(&mut cursor)?, representation.u16(&mut cursor)?);
    let masks = std::iter::from_fn(|| representation.u32(&mut cursor));
    let selective = masks.take(usize::from(selective_count)).collect();
    Some(FragmentAcknowledge { version, window, max_tsdu, max_fragment, serial, selective, selective_count })
}

/// The arguments of an operation: a status, in replies, or how much may come back, in requests; then the blocks.
pub(super) fn parse_arguments(representation: Representation, body: &[u8]) -> Option<(u32, &[u8])> {
    let mut cursor = Cursor::new(body);
    let first = representation.u32(&mut cursor)?;
    let length = representation.u32(&mut cursor)?;
    // The bounds of an array.
    cursor.take(12)?;
    let blocks = cursor.rest();
    Some((first, crate::bytes::at_most(blocks, length as usize)))
}
