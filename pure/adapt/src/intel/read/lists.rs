//! Lists and tables of values.

use super::{Read, Said, Teller, indicator, quoted};
use ipnet::IpNet;
use std::net::IpAddr;

/// The longest line, in bytes.
const LINE_MAX: usize = 8_192;

/// What the column with the values is called.
const VALUE_COLUMNS: [&str; 17] = [
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
];

/// What the column with words about them is called.
const COMMENT_COLUMNS: [&str; 5] = ["comment", "description", "note", "notes", "threat"];

/// Whether a line looks like the first of a table: its head, or a row that begins with a value.
pub(super) fn is_header(line: &str) -> bool {
    let cells = cells(line);
    let begins_with_value = || cells.first().is_some_and(|cell| pattern(cell).is_some());
    cells.len() > 1 && (cells.iter().any(|cell| column(cell, &VALUE_COLUMNS)) || begins_with_value())
}

fn column(cell: &str, names: &[&str]) -> bool {
    let cell = cell.trim().to_ascii_lowercase();
    names.contains(&cell.as_str())
}

/// The cells of a line, with quotes as RFC 4180 has them.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    cells.push(cell);
    cells
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
        put(&mut read, number, value, comment.trim_start_matches(['#', ';']).trim(), teller);
    }
    read
}

/// A table: the column of values by its name, or else the first.
pub(super) fn csv(text: &str, teller: Teller<'_>) -> Read {
    let mut read = Read::default();
    let mut lines =
        (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let Some((number, first)) = lines.next() else { return read };
    let head = cells(first);
    let value = head.iter().position(|cell| column(cell, &VALUE_COLUMNS));
    let comment = head.iter().position(|cell| column(cell, &COMMENT_COLUMNS));
    if value.is_none() {
        put(&mut read, number, head.first().map_or("", String::as_str), "", teller);
    }
    for (number, line) in lines {
        let cells = cells(line);
        let said = comment.and_then(|at| cells.get(at)).map_or("", String::as_str);
        put(&mut read, number, cells.get(value.unwrap_or(0)).map_or("", String::as_str), said, teller);
    }
    read
}

fn put(read: &mut Read, number: usize, value: &str, comment: &str, teller: Teller<'_>) {
    let value = value.trim();
    if value.is_empty() {
        return;
    }
    if value.len() > LINE_MAX {
        return read.skip(format!("line {number}"), format!("it is longer than {LINE_MAX} bytes"));
    }
    let Some(pattern) = pattern(value) else {
        let shown: String = value.chars().take(60).collect();
        return read
            .skip(format!("line {number}"), format!("`{shown}` is no address, network, name, URL or hash"));
    };
    let comment: String = comment.chars().filter(|c| !c.is_control()).take(1_000).collect();
    let said = Said {
        name: "",
        description: &comment,
        from: teller.today(),
        tlp: None,
        techniques: &[],
        labels: &[],
    };
    read.put(indicator(&pattern, said, teller));
}

/// The pattern that looks for a value, by what it looks like. Dots and slashes that were made harmless are mended.
pub(super) fn pattern(value: &str) -> Option<String> {
    let value = value.replace("[.]", ".").replace("(.)", ".").replace("hxxp", "http");
    let value = value.trim();
    if let Ok(address) = value.parse::<IpAddr>() {
        return Some(format!("[{}:value = '{address}']", kind(address)));
    }
    if let Ok(network) = value.parse::<IpNet>() {
        return Some(format!("[{}:value = '{}']", kind(network.addr()), network.trunc()));
    }
    if value.contains("://") {
        return Some(format!("[url:value = {}]", quoted(value)));
    }
    let is_hex = value.chars().all(|c| c.is_ascii_hexdigit());
    let hash = match value.len() {
        32 if is_hex => Some("MD5"),
        40 if is_hex => Some("'SHA-1'"),
        64 if is_hex => Some("'SHA-256'"),
        _ => None,
    };
    if let Some(hash) = hash {
        return Some(format!("[file:hashes.{hash} = '{}']", value.to_ascii_lowercase()));
    }
    is_name(value).then(|| format!("[domain-name:value = {}]", quoted(&value.to_ascii_lowercase())))
}

fn kind(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "ipv4-addr" } else { "ipv6-addr" }
}

/// Whether a text can be a domain name (RFC 1123, §2.1) of at least two labels.
fn is_name(text: &str) -> bool {
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
