//! What records say, in the presentation form of each type's standard.

use super::message::{Data, Kind};
use super::parse::parse_name;
use crate::cursor::Cursor;
use crate::show::hexadecimal;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use city::Text;
use jiff::Timestamp;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest malformed or unknown data that is shown, in characters of hexadecimal.
const HEXADECIMAL_MAX: usize = 512;

/// Reads the data of a record, which begins at an offset of the message and ends with it.
pub(super) fn parse_data(message: &[u8], begin: usize, kind: Kind) -> Data {
    let bytes = message.get(begin..).unwrap_or_default();
    if bytes.is_empty() {
        return Data::Empty;
    }
    let data = match kind {
        Kind::A => <[u8; 4]>::try_from(bytes).ok().map(|octets| Data::Address(Ipv4Addr::from(octets).into())),
        Kind::AAAA => {
            <[u8; 16]>::try_from(bytes).ok().map(|octets| Data::Address(Ipv6Addr::from(octets).into()))
        }
        Kind::CNAME | Kind::DNAME | Kind::NS | Kind::PTR => whole_name(message, begin).map(Data::Name),
        Kind::SRV => service(message, begin),
        Kind::TXT | Kind::SPF => strings(bytes).map(Data::Strings),
        _ => presentation(message, begin, bytes, kind).map(Data::Other),
    };
    data.unwrap_or_else(|| Data::Other(unknown(bytes)))
}

fn unknown(bytes: &[u8]) -> Text {
    Text::from(format!("\\# {} {}", bytes.len(), hexadecimal(bytes, HEXADECIMAL_MAX)))
}

fn whole_name(message: &[u8], at: usize) -> Option<Text> {
    let (name, next) = parse_name(message, at)?;
    (next == message.len()).then_some(name)
}

fn service(message: &[u8], begin: usize) -> Option<Data> {
    let mut cursor = Cursor::new(message.get(begin..)?);
    let (priority, weight, port) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    Some(Data::Service { priority, weight, port, host: whole_name(message, begin + 6)? })
}

fn strings(bytes: &[u8]) -> Option<Vec<Text>> {
    let mut cursor = Cursor::new(bytes);
    let mut strings = Vec::new();
    while !cursor.is_empty() {
        strings.push(string(&mut cursor)?);
    }
    Some(strings)
}

/// One character-string (RFC 1035 clause 3.3), without quotes. What cannot be printed is `\DDD`.
fn string(cursor: &mut Cursor<'_>) -> Option<Text> {
    let length = usize::from(cursor.u8()?);
    Some(printable(cursor.take(length)?))
}

fn printable(bytes: &[u8]) -> Text {
    let mut text = Text::default();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() {
                let _ = write!(text, "\\{:03}", u32::from(character));
            } else {
                text.push(character);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\{byte:03}");
        }
    }
    text
}

fn presentation(message: &[u8], begin: usize, bytes: &[u8], kind: Kind) -> Option<Text> {
    let mut cursor = Cursor::new(bytes);
    let text = match kind {
        Kind::CAA => {
            let flags = cursor.u8()?;
            let tag = string(&mut cursor)?;
            format!("{flags} {tag} \"{}\"", printable(cursor.rest()))
        }
        Kind::CDNSKEY | Kind::DNSKEY => {
            let (flags, protocol, algorithm) = (cursor.u16()?, cursor.u8()?, cursor.u8()?);
            format!("{flags} {protocol} {algorithm} {}", BASE64_STANDARD.encode(cursor.rest()))
        }
        Kind::CDS | Kind::DS => {
            let (tag, algorithm, digest) = (cursor.u16()?, cursor.u8()?, cursor.u8()?);
            format!("{tag} {algorithm} {digest} {}", hexadecimal(cursor.rest(), HEXADECIMAL_MAX))
        }
        Kind::HINFO => {
            let (processor, system) = (string(&mut cursor)?, string(&mut cursor)?);
            format!("\"{processor}\" \"{system}\"")
        }
        Kind::HTTPS | Kind::SVCB => service_binding(message, begin)?,
        Kind::LOC => location(&mut cursor)?,
        Kind::MX => {
            let preference = cursor.u16()?;
            format!("{preference} {}", whole_name(message, begin + 2)?)
        }
        Kind::NAPTR => {
            let (order, preference) = (cursor.u16()?, cursor.u16()?);
            let (flags, services, expression) =
                (string(&mut cursor)?, string(&mut cursor)?, string(&mut cursor)?);
            let replacement = whole_name(message, message.len() - cursor.len())?;
            format!("{order} {preference} \"{flags}\" \"{services}\" \"{expression}\" {replacement}")
        }
        Kind::NSEC => {
            let (next, behind) = parse_name(message, begin)?;
            format!("{next}{}", types(message.get(behind..)?)?)
        }
        Kind::NSEC3 => {
            let parameters = hashing(&mut cursor)?;
            let length = usize::from(cursor.u8()?);
            let next = base32(cursor.take(length)?);
            format!("{parameters} {next}{}", types(cursor.rest())?)
        }
        Kind::NSEC3PARAM => hashing(&mut cursor)?,
        Kind::RRSIG => {
            let covered = Kind(cursor.u16()?);
            let (algorithm, labels, ttl) = (cursor.u8()?, cursor.u8()?, cursor.u32()?);
            let (expiration, inception, tag) = (cursor.u32()?, cursor.u32()?, cursor.u16()?);
            let (signer, behind) = parse_name(message, begin + 18)?;
            let signature = BASE64_STANDARD.encode(message.get(behind..)?);
            let (expiration, inception) = (signing_time(expiration)?, signing_time(inception)?);
            format!(
                "{covered} {algorithm} {labels} {ttl} {expiration} {inception} {tag} {signer} {signature}"
            )
        }
        Kind::SOA => {
            let (primary, next) = parse_name(message, begin)?;
            let (mailbox, next) = parse_name(message, next)?;
            let mut cursor = Cursor::new(message.get(next..)?);
            let numbers = [cursor.u32()?, cursor.u32()?, cursor.u32()?, cursor.u32()?, cursor.u32()?];
            let [serial, refresh, retry, expire, minimum] = numbers;
            format!("{primary} {mailbox} {serial} {refresh} {retry} {expire} {minimum}")
        }
        Kind::SSHFP => {
            let (algorithm, kind) = (cursor.u8()?, cursor.u8()?);
            format!("{algorithm} {kind} {}", hexadecimal(cursor.rest(), HEXADECIMAL_MAX))
        }
        Kind::TLSA => {
            let (usage, selector, matching) = (cursor.u8()?, cursor.u8()?, cursor.u8()?);
            format!("{usage} {selector} {matching} {}", hexadecimal(cursor.rest(), HEXADECIMAL_MAX))
        }
        _ => return None,
    };
    Some(text.into())
}

/// `YYYYMMDDHHmmSS` (RFC 4034 clause 3.2).
fn signing_time(seconds: u32) -> Option<String> {
    Some(Timestamp::from_second(i64::from(seconds)).ok()?.strftime("%Y%m%d%H%M%S").to_string())
}

/// Algorithm, flags, iterations and salt (RFC 5155 clause 3.3).
fn hashing(cursor: &mut Cursor<'_>) -> Option<String> {
    let (algorithm, flags, iterations, length) = (cursor.u8()?, cursor.u8()?, cursor.u16()?, cursor.u8()?);
    let salt = hexadecimal(cursor.take(usize::from(length))?, HEXADECIMAL_MAX);
    let salt = if salt.is_empty() { "-" } else { &salt };
    Some(format!("{algorithm} {flags} {iterations} {salt}"))
}

/// Base 32 with the extended hexadecimal alphabet, without padding (RFC 4648 clause 7).
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let mut text = String::new();
    let (mut held, mut bits) = (0_u32, 0);
    let mut push = |five: u32| text.push(char::from(*ALPHABET.get(five as usize & 31).unwrap_or(&b'?')));
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            push(held >> bits);
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        push(held << (5 - bits));
    }
    text
}

/// A bitmap of types (RFC 4034 clause 4.1.2), each with a space before it.
fn types(bytes: &[u8]) -> Option<String> {
    let mut cursor = Cursor::new(bytes);
    let mut text = String::new();
    while !cursor.is_empty() {
        let (window, length) = (cursor.u8()?, cursor.u8()?);
        for (index, byte) in (0_u16..).zip(cursor.take(usize::from(length).min(32))?) {
            for bit in (0..8).filter(|bit| byte & (0x80 >> bit) != 0) {
                let _ = write!(text, " {}", Kind(u16::from(window) << 8 | (index << 3) | bit));
            }
        }
    }
    Some(text)
}

/// A place on Earth (RFC 1876 clause 3).
fn location(cursor: &mut Cursor<'_>) -> Option<String> {
    let version = cursor.u8()?;
    let sizes = [cursor.u8()?, cursor.u8()?, cursor.u8()?];
    let (latitude, longitude, altitude) = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
    if version != 0 {
        return None;
    }
    let degrees = |value: u32, hemispheres: [char; 2]| {
        let thousandths = i64::from(value) - (1 << 31);
        let hemisphere = if thousandths < 0 { hemispheres[1] } else { hemispheres[0] };
        let thousandths = thousandths.unsigned_abs();
        let (seconds, fraction) = (thousandths / 1000, thousandths % 1000);
        format!("{} {} {}.{fraction:03} {hemisphere}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    };
    // Each size is a digit and a power of ten, in centimetres.
    let metres = sizes.map(|size| f64::from(size >> 4) * 10_f64.powi(i32::from(size & 15)) / 100.0);
    let [size, horizontal, vertical] = metres;
    let altitude = (f64::from(altitude) - 10_000_000.0) / 100.0;
    let (latitude, longitude) = (degrees(latitude, ['N', 'S']), degrees(longitude, ['E', 'W']));
    Some(format!("{latitude} {longitude} {altitude:.2}m {size}m {horizontal}m {vertical}m"))
}

/// A service binding (RFC 9460 clauses 2.1 and 2.2).
fn service_binding(message: &[u8], begin: usize) -> Option<String> {
    let priority = Cursor::new(message.get(begin..)?).u16()?;
    let (target, behind) = parse_name(message, begin + 2)?;
    let mut text = format!("{priority} {target}");
    let mut cursor = Cursor::new(message.get(behind..)?);
    while !cursor.is_empty() {
        let (key, length) = (cursor.u16()?, cursor.u16()?);
        let mut value = Cursor::new(cursor.take(usize::from(length))?);
        text.push(' ');
        match key {
            0 => {
                text.push_str("mandatory=");
                while let Some(key) = value.u16() {
                    let separator = if value.is_empty() { "" } else { "," };
                    let _ = write!(text, "key{key}{separator}");
                }
            }
            1 => {
                text.push_str("alpn=");
                while !value.is_empty() {
                    let name = string(&mut value)?;
                    let separator = if value.is_empty() { "" } else { "," };
                    let _ = write!(text, "{name}{separator}");
                }
            }
            2 => text.push_str("no-default-alpn"),
            3 => {
                let _ = write!(text, "port={}", value.u16()?);
            }
            4 => addresses(&mut text, "ipv4hint=", || value.array().map(|o| Ipv4Addr::from(o).into())),
            5 => text.push_str(&format!("ech={}", BASE64_STANDARD_NO_PAD.encode(value.rest()))),
            6 => addresses(&mut text, "ipv6hint=", || value.array().map(|o| Ipv6Addr::from(o).into())),
            _ => {
                let _ = write!(text, "key{key}={}", hexadecimal(value.rest(), HEXADECIMAL_MAX));
            }
        }
    }
    Some(text)
}

/// What is odd in a service binding (RFC 9460 sections 2.2 and 7.2), by Zeek's name.
pub(super) fn odd_binding(data: &[u8], kind: Kind) -> Option<&'static str> {
    const WRONG_LENGTH: Option<&str> = Some("DNS_SVCB_wrong_length");
    const PORT: u16 = 3;
    if !matches!(kind, Kind::HTTPS | Kind::SVCB) {
        return None;
    }
    let mut cursor = Cursor::new(data);
    let Some(_priority) = cursor.u16() else { return WRONG_LENGTH };
    // The target's name, which is not compressed.
    loop {
        match cursor.u8().map(usize::from) {
            Some(0) => break,
            Some(label) if cursor.take(label).is_some() => {}
            _ => return WRONG_LENGTH,
        }
    }
    while !cursor.is_empty() {
        let Some((key, length)) = cursor.u16().zip(cursor.u16()) else { return WRONG_LENGTH };
        if key == PORT && length != 2 {
            return Some("DNS_SVCB_port_length_invalid");
        }
        if cursor.take(usize::from(length)).is_none() {
            return WRONG_LENGTH;
        }
    }
    None
}

fn addresses(text: &mut String, name: &str, mut next: impl FnMut() -> Option<IpAddr>) {
    text.push_str(name);
    let mut separator = "";
    while let Some(address) = next() {
        let _ = write!(text, "{separator}{address}");
        separator = ",";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(kind: Kind, data: &[u8], shown: &str) {
        assert_eq!(parse_data(data, 0, kind).to_string(), shown);
    }

    #[test]
    fn records_read_as_in_a_zone_file() {
        shows(Kind::MX, b"\x00\x0a\x04mail\x07example\x00", "10 mail.example");
        shows(Kind::SRV, b"\x00\x01\x00\x02\x1f\x90\x04host\x00", "1 2 8080 host");
        shows(Kind::TXT, b"\x03a b\x02\"\\\x00", r#""a b" "\"\\" """#);
        shows(
            Kind::SOA,
            b"\x01n\x00\x01m\x00\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\0\x05",
            "n m 1 2 3 4 5",
        );
        shows(Kind::CAA, b"\x80\x05issueca.example", "128 issue \"ca.example\"");
        shows(Kind::SSHFP, b"\x04\x02\xab\xcd", "4 2 abcd");
        shows(Kind::NSEC, b"\x01b\x00\x00\x06\x40\x01\x00\x00\x00\x03", "b A MX RRSIG NSEC");
        shows(Kind::NSEC3PARAM, b"\x01\x00\x00\x0a\x02\xaa\xbb", "1 0 10 aabb");
        shows(
            Kind::HTTPS,
            b"\x00\x01\x00\x00\x01\x00\x06\x02h2\x02h3\x00\x04\x00\x04\xc0\x00\x02\x01",
            "1 . alpn=h2,h3 ipv4hint=192.0.2.1",
        );
        shows(Kind(4711), b"\x01\x02", "\\# 2 0102");
    }

    #[test]
    fn a_place_is_read_as_its_standard_shows_it() {
        // 42 21 54 N 71 06 18 W -24 m, 30 m wide, as in RFC 1876 clause 4.
        let bytes = [0, 0x33, 0x16, 0x13]
            .into_iter()
            .chain(0x8917_2dd0_u32.to_be_bytes())
            .chain(0x70be_15f0_u32.to_be_bytes())
            .chain(9_997_600_u32.to_be_bytes())
            .collect::<Vec<_>>();
        shows(Kind::LOC, &bytes, "42 21 54.000 N 71 6 18.000 W -24.00m 30m 10000m 10m");
    }

    #[test]
    fn base_32_is_that_of_its_standard() {
        // RFC 4648 clause 10, without padding.
        for (bytes, text) in [(&b""[..], ""), (b"f", "co"), (b"fo", "cpng"), (b"foobar", "cpnmuoj1e8")] {
            assert_eq!(base32(bytes), text);
        }
    }

    #[test]
    fn malformed_data_is_kept_in_hexadecimal() {
        shows(Kind::A, b"\x01\x02\x03", "\\# 3 010203");
        shows(Kind::SRV, b"\x00", "\\# 1 00");
        shows(Kind::TXT, b"\x05ab", "\\# 3 056162");
    }
}
