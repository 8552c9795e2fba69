//! Where data goes, and paths.

use std::net::{IpAddr, Ipv4Addr};

/// `h1,h2,h3,h4,p1,p2` of `PORT`, or in the reply to `PASV`, where it need not stand in brackets (RFC 959 clause 4.1.2,
/// RFC 1123 clause 4.1.2.6).
pub(super) fn parse_port(text: &[u8]) -> Option<(IpAddr, u16)> {
    let start = text.windows(2).position(|pair| matches!(pair, [b'0'..=b'9', b'0'..=b'9' | b',']))?;
    let text = text.get(start..)?;
    let end = text.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b',')).unwrap_or(text.len());
    let numbers: Option<Vec<u8>> =
        text.get(..end)?.split(|byte| *byte == b',').take(7).map(parse_number).collect();
    let [a, b, c, d, high, low] = numbers?[..] else { return None };
    Some((Ipv4Addr::new(a, b, c, d).into(), u16::from_be_bytes([high, low])))
}

fn parse_number<N: std::str::FromStr>(digits: &[u8]) -> Option<N> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// `|family|address|port|` of `EPRT`, and `|||port|` in the reply to `EPSV`, without an address (RFC 2428 clauses 2 and
/// 3). The first character separates.
pub(super) fn parse_extended(text: &[u8]) -> Option<(Option<IpAddr>, u16)> {
    let (separator, rest) = text.split_first()?;
    if !separator.is_ascii_graphic() || separator.is_ascii_digit() {
        return None;
    }
    let mut parts = rest.split(|byte| byte == separator);
    let (_family, address, port) = (parts.next()?, parts.next()?, parts.next()?);
    // A last separator closes it.
    parts.next()?;
    let address = if address.is_empty() { None } else { Some(parse_number(address)?) };
    Some((address, parse_number(port)?))
}

/// What stands in the first pair of brackets.
pub(super) fn bracketed(text: &[u8]) -> Option<&[u8]> {
    let start = text.iter().position(|byte| *byte == b'(')? + 1;
    let inside = text.get(start..)?;
    inside.get(..inside.iter().position(|byte| *byte == b')')?)
}

/// The size in `Opening … (77 bytes)`.
pub(super) fn parse_size(text: &[u8]) -> Option<u64> {
    let start = text.windows(2).rposition(|pair| matches!(pair, [b'(', b'0'..=b'9']))? + 1;
    let digits = text.get(start..)?;
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    matches!(digits.get(end), Some(b' ' | b'\t')).then(|| parse_number(digits.get(..end)?))?
}

/// The path between the quotes of the reply to `PWD` (RFC 959 appendix II).
pub(super) fn parse_quoted(text: &[u8]) -> Option<&[u8]> {
    text.split(|byte| *byte == b'"').nth(1)
}

/// A path from a directory, or by itself if it begins at the root.
pub(super) fn join(directory: &str, path: &str) -> String {
    let is_absolute = path.starts_with(['/', '\\']) || path.get(1..2) == Some(":");
    if is_absolute { path.to_owned() } else { format!("{directory}/{path}") }
}

/// A path without what leads nowhere: `//`, `/./`, a name and `..` behind it, a slash at the end.
pub(super) fn compress(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for (at, part) in path.split('/').enumerate() {
        match part {
            "" | "." if at > 0 => {}
            ".." if parts.last().is_some_and(|last| !matches!(*last, "" | "." | "..")) => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    match parts.as_slice() {
        [""] => "/".to_owned(),
        parts => parts.join("/"),
    }
}
