//! Bytes to MQTT packets.

use super::message::{
    Connect, Filters, Packet, PacketType, Properties, Publish, ReasonCode, Version, Will, string,
    variable_integer,
};
use crate::cursor::Cursor;

/// How much of a packet is held at most; of a longer PUBLISH the beginning is read and the rest skipped.
pub const PACKET_BYTES_MAX: usize = 64 << 10;

/// The fixed header of a packet (2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub kind: PacketType,
    pub flags: u8,
    /// Bytes of the fixed header.
    pub header_bytes: usize,
    /// Bytes after it.
    pub body_bytes: usize,
}

impl Header {
    /// Bytes of the whole packet.
    pub fn total(self) -> usize {
        self.header_bytes + self.body_bytes
    }

    /// Whether type and flags are such as the standard allows (2.1.3, 3.3.1.2).
    pub fn is_sound(self) -> bool {
        match self.kind.flags() {
            Some(flags) => self.kind.0 != 0 && flags == self.flags,
            None => self.flags & 6 != 6,
        }
    }
}

/// Reads a fixed header. `Ok(None)` if more bytes are needed; an error if the length is no number.
pub fn parse_header(bytes: &[u8]) -> Result<Option<Header>, BadLength> {
    let mut cursor = Cursor::new(bytes);
    let Some(first) = cursor.u8() else { return Ok(None) };
    match variable_integer(&mut cursor) {
        Some(length) => Ok(Some(Header {
            kind: PacketType(first >> 4),
            flags: first & 0xf,
            header_bytes: bytes.len() - cursor.len(),
            body_bytes: usize::try_from(length).map_err(|_| BadLength)?,
        })),
        None if bytes.len() < 5 => Ok(None),
        None => Err(BadLength),
    }
}

/// A length of more than four bytes (1.5.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLength;

/// Reads what follows a fixed header; `body` may be the beginning of a PUBLISH only. `None` if it is malformed. Without
/// a version, nothing that only 5.0 has is read.
pub fn parse_packet<'a>(header: Header, body: &'a [u8], version: Option<Version>) -> Option<Packet<'a>> {
    let mut cursor = Cursor::new(body);
    let v5 = version >= Some(Version::V5);
    let packet = match header.kind {
        PacketType::CONNECT => Packet::Connect(connect(&mut cursor)?),
        PacketType::CONNACK => {
            let session_present = cursor.u8()? & 1 == 1;
            let code = cursor.u8()?;
            // A version that was not seen shows in the length.
            let properties = if cursor.is_empty() { Properties::default() } else { properties(&mut cursor)? };
            Packet::Connack { session_present, code, properties }
        }
        PacketType::PUBLISH => Packet::Publish(publish(header, &mut cursor, v5)?),
        kind @ (PacketType::PUBACK | PacketType::PUBREC | PacketType::PUBREL | PacketType::PUBCOMP) => {
            let id = cursor.u16()?;
            let (code, properties) = outcome(&mut cursor)?;
            Packet::Ack { kind, id, code, properties }
        }
        PacketType::SUBSCRIBE | PacketType::UNSUBSCRIBE => {
            let id = cursor.u16()?;
            let properties = if v5 { properties(&mut cursor)? } else { Properties::default() };
            let with_options = header.kind == PacketType::SUBSCRIBE;
            let filters = Filters { bytes: cursor.take_rest(), with_options };
            let taken: usize =
                filters.iter().map(|(filter, _)| filter.len() + 2 + usize::from(with_options)).sum();
            if taken != filters.bytes.len() || taken == 0 {
                return None;
            }
            if with_options {
                Packet::Subscribe { id, properties, filters }
            } else {
                Packet::Unsubscribe { id, properties, filters }
            }
        }
        PacketType::SUBACK | PacketType::UNSUBACK => {
            let id = cursor.u16()?;
            let properties = if v5 { properties(&mut cursor)? } else { Properties::default() };
            let codes = cursor.take_rest();
            if header.kind == PacketType::SUBACK {
                Packet::Suback { id, properties, codes }
            } else {
                Packet::Unsuback { id, properties, codes }
            }
        }
        PacketType::PINGREQ => Packet::Pingreq,
        PacketType::PINGRESP => Packet::Pingresp,
        PacketType::DISCONNECT => {
            let (code, properties) = outcome(&mut cursor)?;
            Packet::Disconnect { code, properties }
        }
        PacketType::AUTH => {
            let (code, properties) = outcome(&mut cursor)?;
            Packet::Auth { code, properties }
        }
        _ => return None,
    };
    cursor.is_empty().then_some(packet)
}

/// A reason code and properties, each of which may be left out (3.4.2.1).
fn outcome<'a>(cursor: &mut Cursor<'a>) -> Option<(ReasonCode, Properties<'a>)> {
    let Some(code) = cursor.u8() else {
        return Some((ReasonCode(0), Properties::default()));
    };
    let properties = if cursor.is_empty() { Properties::default() } else { properties(cursor)? };
    Some((ReasonCode(code), properties))
}

fn properties<'a>(cursor: &mut Cursor<'a>) -> Option<Properties<'a>> {
    let length = usize::try_from(variable_integer(cursor)?).ok()?;
    let properties = Properties(cursor.take(length)?);
    properties.are_sound().then_some(properties)
}

fn connect<'a>(cursor: &mut Cursor<'a>) -> Option<Connect<'a>> {
    let protocol_name = string(cursor)?;
    if !matches!(protocol_name, b"MQTT" | b"MQIsdp") {
        return None;
    }
    // The highest bit marks a bridge, by a convention of brokers from before 5.0.
    let version = Version(cursor.u8()? & 0x7f);
    let flags = cursor.u8()?;
    let keep_alive_seconds = cursor.u16()?;
    let v5 = version >= Version::V5;
    let own = if v5 { properties(cursor)? } else { Properties::default() };
    let client_id = string(cursor)?;
    let will = if flags & 4 != 0 {
        let properties = if v5 { properties(cursor)? } else { Properties::default() };
        let (topic, payload) = (string(cursor)?, string(cursor)?);
        Some(Will { topic, payload, qos: flags >> 3 & 3, retain: flags & 0x20 != 0, properties })
    } else {
        None
    };
    let user_name = if flags & 0x80 != 0 { Some(string(cursor)?) } else { None };
    let password = if flags & 0x40 != 0 { Some(string(cursor)?) } else { None };
    Some(Connect {
        protocol_name,
        version,
        clean_start: flags & 2 != 0,
        keep_alive_seconds,
        properties: own,
        client_id,
        will,
        user_name,
        password,
    })
}

fn publish<'a>(header: Header, cursor: &mut Cursor<'a>, v5: bool) -> Option<Publish<'a>> {
    let held = cursor.len();
    let qos = header.flags >> 1 & 3;
    if qos == 3 {
        return None;
    }
    let topic = string(cursor)?;
    let id = if qos > 0 { Some(cursor.u16()?) } else { None };
    let properties = if v5 { properties(cursor)? } else { Properties::default() };
    let before_payload = held - cursor.len();
    Some(Publish {
        duplicate: header.flags & 8 != 0,
        qos,
        retain: header.flags & 1 != 0,
        topic,
        id,
        properties,
        payload: cursor.take_rest(),
        payload_bytes: header.body_bytes.saturating_sub(before_payload) as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    fn packet(bytes: &[u8], version: Version) -> Option<Packet<'_>> {
        let header = parse_header(bytes).unwrap().unwrap();
        assert_eq!(header.total(), bytes.len());
        parse_packet(header, &bytes[header.header_bytes..], Some(version))
    }

    #[test]
    fn lengths_are_read_as_the_table_of_the_standard_says() {
        for (bytes, length) in
            [("00", 0), ("7f", 127), ("8001", 128), ("ff7f", 16_383), ("ffffff7f", 268_435_455)]
        {
            let bytes = hex(&format!("30{bytes}"));
            assert_eq!(parse_header(&bytes).unwrap().unwrap().body_bytes, length);
        }
        assert_eq!(parse_header(&hex("30ffffffff01")), Err(BadLength));
        assert_eq!(parse_header(&hex("30ff")), Ok(None));
    }

    #[test]
    fn a_connect_is_read_in_each_version() {
        for (name, version, properties) in
            [("00064d514973647003", 3, ""), ("00044d51545404", 4, ""), ("00044d51545405", 5, "03210014")]
        {
            let body = hex(&format!(
                "{name} ce 003c {properties} 0003 616263 {} 0001 74 0002 6279 0001 75 0001 70",
                if version == 5 { "00" } else { "" }
            ));
            let mut bytes = vec![0x10, body.len() as u8];
            bytes.extend(&body);
            let Some(Packet::Connect(connect)) = packet(&bytes, Version::V3_1_1) else { panic!() };
            assert_eq!((connect.version, connect.client_id), (Version(version), &b"abc"[..]));
            assert_eq!((connect.user_name, connect.password), (Some(&b"u"[..]), Some(&b"p"[..])));
            let will = connect.will.unwrap();
            assert_eq!((will.topic, will.payload, will.qos, will.retain), (&b"t"[..], &b"by"[..], 1, false));
            assert_eq!((connect.clean_start, connect.keep_alive_seconds), (true, 60));
        }
    }

    #[test]
    fn what_breaks_a_rule_is_malformed() {
        // QoS 3; a SUBSCRIBE without filters; a property nobody knows; bytes after the end.
        for (bytes, version) in [("36050001740001", 4), ("82020001", 4), ("40050001000110", 5), ("c00100", 4)]
        {
            assert_eq!(packet(&hex(bytes), Version(version)), None, "{bytes}");
        }
        assert!(!parse_header(&hex("360100")).unwrap().unwrap().is_sound());
    }
}
