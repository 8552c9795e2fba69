//! Bytes to BACnet messages, down to the service's own data.

use super::message::{
    Apdu, Bvlc, BvlcFunction, ConfirmedRequest, Content, NetworkAddress, NetworkMessage, Npdu, Segment,
};
use crate::cursor::Cursor;
use std::net::Ipv4Addr;

/// Reads a message of the virtual link layer (J.2): its type is 0x81, and its length is the datagram's.
pub fn parse_bvlc(bytes: &[u8]) -> Option<Bvlc<'_>> {
    let mut cursor = Cursor::new(bytes);
    if cursor.u8()? != 0x81 {
        return None;
    }
    let function = BvlcFunction(cursor.u8()?);
    let length = usize::from(cursor.u16()?);
    if function > BvlcFunction::SECURE_BVLL {
        return None;
    }
    // Some stacks pad short datagrams; none says more than it sends.
    Some(Bvlc { function, body: cursor.take(length.checked_sub(4)?)? })
}

/// The address before a forwarded message (J.2.5).
pub fn parse_forwarded(body: &[u8]) -> Option<(Ipv4Addr, u16, &[u8])> {
    let mut cursor = Cursor::new(body);
    let address = Ipv4Addr::from(cursor.array::<4>()?);
    Some((address, cursor.u16()?, cursor.rest()))
}

/// Reads a message of the network layer (6.2) with the application PDU or network message in it.
pub fn parse_npdu(bytes: &[u8]) -> Option<Npdu<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (version, control) = (cursor.u8()?, cursor.u8()?);
    // Bits 6 and 4 are reserved and zero (6.2.2).
    if version != 1 || control & 0x50 != 0 {
        return None;
    }
    let has_destination = control & 0x20 != 0;
    let destination = if has_destination { Some(network_address(&mut cursor)?) } else { None };
    let source = if control & 0x08 != 0 { Some(network_address(&mut cursor)?) } else { None };
    let hop_count = if has_destination { Some(cursor.u8()?) } else { None };
    let content = if control & 0x80 != 0 {
        let kind = NetworkMessage(cursor.u8()?);
        let vendor = if kind.0 >= 0x80 { Some(cursor.u16()?) } else { None };
        Content::Network { kind, vendor, data: cursor.rest() }
    } else {
        Content::Application(parse_apdu(cursor.rest())?)
    };
    Some(Npdu {
        expects_reply: control & 4 != 0,
        priority: control & 3,
        destination,
        source,
        hop_count,
        content,
    })
}

fn network_address<'a>(cursor: &mut Cursor<'a>) -> Option<NetworkAddress<'a>> {
    let network = cursor.u16()?;
    let length = usize::from(cursor.u8()?);
    Some(NetworkAddress { network, address: cursor.take(length)? })
}

/// Reads an application PDU (20.1).
pub fn parse_apdu(bytes: &[u8]) -> Option<Apdu<'_>> {
    let mut cursor = Cursor::new(bytes);
    let first = cursor.u8()?;
    let segmented = first & 8 != 0;
    let more_follows = first & 4 != 0;
    let segment = |cursor: &mut Cursor<'_>| -> Option<Option<Segment>> {
        if !segmented {
            return Some(None);
        }
        Some(Some(Segment { more_follows, sequence: cursor.u8()?, window: cursor.u8()? }))
    };
    let apdu = match first >> 4 {
        0 => {
            let sizes = cursor.u8()?;
            Apdu::ConfirmedRequest(ConfirmedRequest {
                segmented_response_accepted: first & 2 != 0,
                max_segments: sizes >> 4 & 7,
                max_apdu: sizes & 0xf,
                invoke: cursor.u8()?,
                segment: segment(&mut cursor)?,
                service: cursor.u8()?,
                data: cursor.rest(),
            })
        }
        1 => Apdu::UnconfirmedRequest { service: cursor.u8()?, data: cursor.rest() },
        2 => Apdu::SimpleAck { invoke: cursor.u8()?, service: cursor.u8()? },
        3 => Apdu::ComplexAck {
            invoke: cursor.u8()?,
            segment: segment(&mut cursor)?,
            service: cursor.u8()?,
            data: cursor.rest(),
        },
        4 => Apdu::SegmentAck {
            negative: first & 2 != 0,
            from_server: first & 1 != 0,
            invoke: cursor.u8()?,
            sequence: cursor.u8()?,
            window: cursor.u8()?,
        },
        5 => Apdu::Error { invoke: cursor.u8()?, service: cursor.u8()?, data: cursor.rest() },
        6 => Apdu::Reject { invoke: cursor.u8()?, reason: cursor.u8()? },
        7 => Apdu::Abort { from_server: first & 1 != 0, invoke: cursor.u8()?, reason: cursor.u8()? },
        _ => return None,
    };
    Some(apdu)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    #[test]
    fn a_routed_read_is_read_down_to_its_data() {
        let bytes = hex("810a0016 01 2c 0005 01 0c 0007 02 0a0b ff 02 75 2a 0c 0c00000005 1955");
        // The length above is short of the bytes on purpose: what lies beyond it is padding.
        let bvlc = parse_bvlc(&bytes).unwrap();
        assert_eq!((bvlc.function, bvlc.body.len()), (BvlcFunction::ORIGINAL_UNICAST, 18));
        let npdu = parse_npdu(&bytes[4..]).unwrap();
        assert_eq!(npdu.destination, Some(NetworkAddress { network: 5, address: &[0x0c] }));
        assert_eq!(npdu.source, Some(NetworkAddress { network: 7, address: &[0x0a, 0x0b] }));
        assert_eq!((npdu.hop_count, npdu.expects_reply, npdu.priority), (Some(255), true, 0));
        let Content::Application(Apdu::ConfirmedRequest(request)) = npdu.content else { panic!() };
        assert_eq!((request.service, request.invoke, request.max_segments, request.max_apdu), (12, 42, 7, 5));
        assert!(request.segmented_response_accepted && request.segment.is_none());
        assert_eq!(request.data, &bytes[bytes.len() - 7..]);
    }

    #[test]
    fn what_breaks_a_rule_is_not_bacnet() {
        for bytes in ["800a000400", "810d0004", "810a0003", "810a00ff01"] {
            assert_eq!(parse_bvlc(&hex(bytes)), None, "{bytes}");
        }
        for bytes in ["02001008", "0140 1008", "0100 80", "0120 0005 06 0c", "01"] {
            assert_eq!(parse_npdu(&hex(bytes)), None, "{bytes}");
        }
    }
}
