//! Lists and tables of values.

use super::{
    Read, Said, Teller, indicator, quoted,
    table::{Part, Parts, cells},
};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The longest line, in bytes.
const LINE_MAX: usize = 8_192;

/// What the column with the values is called.
const VALUE_COLUMNS: [&str; 20] = [
    "value",
    "indicator",
    "ioc",
    "ip",
    "address",
    "domain",
    "host",
    "hostname",
    "url",
    "hash",
    "sha256",
    "network",
    "md5",
    "sha1",
    "src_ip",
    "dst_ip",
    "ioc_value",
    "sha256_hash",
    "sha1_hash",
    "md5_hash",
];

/// What the column is called that has the hashes of what TLS clients say of themselves.
const JA3_COLUMNS: [&str; 3] = ["ja3", "ja3_md5", "ja3_hash"];

/// What the column with words about them is called.
const COMMENT_COLUMNS: [&str; 7] =
    ["comment", "description", "note", "notes", "threat", "malware_printable", "listingreason"];

/// Where in a table what stands.
#[derive(Clone, Copy, Default)]
struct Head {
    value: usize,
    comment: Option<usize>,
    is_ja3: bool,
}

impl Head {
    /// What a row says of the columns, if it is a head: it names one with values, and holds no value itself.
    fn of(cells: &[String]) -> Option<Head> {
        let named = |names: &[&str]| {
            cells.iter().position(|cell| names.contains(&cell.trim().to_ascii_lowercase().as_str()))
        };
        let (value, ja3) = (named(&VALUE_COLUMNS), named(&JA3_COLUMNS));
        let holds_value = || cells.iter().any(|cell| pattern(cell).is_some());
        let value_or_ja3 = value.or(ja3)?;
        (!holds_value()).then(|| Head {
            value: value_or_ja3,
            comment: named(&COMMENT_COLUMNS),
            is_ja3: value.is_none(),
        })
    }

    /// What a comment says of the columns, where a table's head stands in one.
    fn in_comment(comment: &str) -> Option<Head> {
        let (cells, _) = cells(comment)?;
        Head::of(&cells).filter(|_| cells.len() > 1)
    }

    /// What a row without a head says: the values are in the column in which its own is.
    fn of_values(cells: &[String]) -> Head {
        let value = cells.iter().position(|cell| pattern(cell).is_some());
        Head { value: value.unwrap_or(0), ..Head::default() }
    }
}

/// Whether a text looks like a table: its first row that is no comment has several cells, and is a head, or stands behind
/// one in a comment, or begins with a value.
pub(super) fn is_table(text: &str) -> bool {
    let mut headed = false;
    for part in Parts::of(text) {
        match part {
            Part::Comment(comment) => headed |= Head::in_comment(&comment).is_some(),
            Part::Row(_, cells) => {
                let begins_with_value = || cells.first().is_some_and(|cell| pattern(cell).is_some());
                return cells.len() > 1 && (headed || Head::of(&cells).is_some() || begins_with_value());
            }
            Part::Unclosed(_) => return false,
        }
    }
    false
}

/// A value a line; what stands behind `#` or `;` is said of it.
pub(super) fn list(text: &str, teller: Teller<'_>) -> Read {
    let mut read = Read::default();
    for (number, line) in (1..).zip(text.lines()) {
        let at = line.find(['#', ';']);
        // A URL may have a `#` of its own.
        let at = at.filter(|at| {
            line.get(..*at).is_none_or(|before| before.trim().is_empty() || before.ends_with([' ', '\t']))
        });
        let (value, comment) = at.map_or((line, ""), |at| line.split_at(at));
        put(&mut read, number, value, comment.trim_start_matches(['#', ';']).trim(), false, teller);
    }
    read
}

/// A table: the column of values by its name in the head, which may stand in a comment, or else the one in which the first
/// row has a value.
pub(super) fn csv(text: &str, teller: Teller<'_>) -> Read {
    let mut read = Read::default();
    let (mut commented, mut head) = (None, None);
    for part in Parts::of(text) {
        let (line, cells) = match part {
            Part::Comment(comment) => {
                commented = Head::in_comment(&comment).or(commented);
                continue;
            }
            Part::Unclosed(line) => {
                read.skip(format!("line {line}"), "a quote is not closed");
                continue;
            }
            Part::Row(line, cells) => (line, cells),
        };
        let Head { value, comment, is_ja3 } = match head {
            Some(head) => head,
            None => {
                let own = Head::of(&cells);
                let of = own.or(commented).unwrap_or_else(|| Head::of_values(&cells));
                head = Some(of);
                if own.is_some() {
                    continue;
                }
                of
            }
        };
        let said = comment.and_then(|at| cells.get(at)).map_or("", String::as_str);
        put(&mut read, line, cells.get(value).map_or("", String::as_str), said, is_ja3, teller);
    }
    read
}

fn put(read: &mut Read, line: usize, value: &str, comment: &str, is_ja3: bool, teller: Teller<'_>) {
    let value = value.trim();
    if value.is_empty() {
        return;
    }
    if value.len() > LINE_MAX {
        return read.skip(format!("line {line}"), format!("it is longer than {LINE_MAX} bytes"));
    }
    let found = if is_ja3 { ja3(value).map(|test| format!("[{test}]")) } else { pattern(value) };
    let Some(pattern) = found else {
        let shown: String = value.chars().take(60).collect();
        return read
            .skip(format!("line {line}"), format!("`{shown}` is no address, network, name, URL or hash"));
    };
    let comment: String = comment.chars().filter(|c| !c.is_control()).take(1_000).collect();
    let said = Said { description: &comment, ..Said::since(teller.today()) };
    read.put(indicator(&pattern, said, teller));
}

/// The pattern that looks for a value, by what it looks like.
fn pattern(value: &str) -> Option<String> {
    Some(format!("[{}]", test(value)?))
}

/// What a pattern asks for that looks for a value, by what it looks like. Dots and slashes that were made harmless are
/// mended.
pub(super) fn test(value: &str) -> Option<String> {
    let value = value.replace("[.]", ".").replace("(.)", ".").replace("hxxp", "http");
    let value = value.trim();
    if let Ok(address) = value.parse::<IpAddr>() {
        return Some(format!("{}:value = '{address}'", kind(address)));
    }
    if let Ok(network) = value.parse::<IpNet>() {
        return Some(format!("{}:value = '{}'", kind(network.addr()), network.trunc()));
    }
    if let Ok(end) = value.parse::<SocketAddr>() {
        return Some(at_port("dst", &end.ip().to_string(), end.port()));
    }
    if value.contains("://") {
        return Some(format!("url:value = {}", quoted(value)));
    }
    let is_hex = value.chars().all(|c| c.is_ascii_hexdigit());
    let hash = match value.len() {
        32 if is_hex => Some("MD5"),
        40 if is_hex => Some("'SHA-1'"),
        64 if is_hex => Some("'SHA-256'"),
        _ => None,
    };
    if let Some(hash) = hash {
        return Some(format!("file:hashes.{hash} = '{}'", value.to_ascii_lowercase()));
    }
    is_name(value).then(|| format!("domain-name:value = {}", quoted(&value.to_ascii_lowercase())))
}

/// Traffic from or to (`src`, `dst`) an address or a name at one port, which says less than the address.
pub(super) fn at_port(end: &str, value: &str, port: u16) -> String {
    format!("network-traffic:{end}_ref.value = {} AND network-traffic:{end}_port = {port}", quoted(value))
}

/// A JA3 hash, for which STIX has no property of its own.
pub(super) fn ja3(value: &str) -> Option<String> {
    let is_hash = value.len() == 32 && value.chars().all(|c| c.is_ascii_hexdigit());
    is_hash.then(|| format!("network-traffic:x_ja3 = '{}'", value.to_ascii_lowercase()))
}

fn kind(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "ipv4-addr" } else { "ipv6-addr" }
}

/// Whether a text can be a domain name (RFC 1123, §2.1) of at least two labels.
pub(super) fn is_name(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(label)
        && !text.ends_with(|c: char| c.is_ascii_digit())
}
