//! Addresses and names within text.

use city::{Address, Mac};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// An address within a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found<'t> {
    /// Where it begins, in bytes.
    pub at: usize,
    /// How it is written there.
    pub text: &'t str,
    pub address: Address,
}

/// Every address that is written in a text: of IP, with a port or a prefix or without, in its own order or in that of
/// names for the other way (`in-addr.arpa`, RFC 1035 §3.5); and of Ethernet, with `:` or `-`.
pub(super) fn addresses(text: &str) -> impl Iterator<Item = Found<'_>> {
    let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '.' | '-');
    let mut rest = 0;
    let runs = std::iter::from_fn(move || {
        loop {
            let tail = text.get(rest..)?;
            let from = rest + tail.find(is_part)?;
            let run = text.get(from..)?;
            let run = run.get(..run.find(|c| !is_part(c)).unwrap_or(run.len()))?;
            rest = from + run.len();
            // What is shorter than `1::` or has no mark at all is no address.
            if run.len() >= 3 && run.contains([':', '.', '-']) {
                return Some((from, run));
            }
        }
    });
    runs.flat_map(move |(at, run)| {
        let after = text.get(at + run.len()..).unwrap_or_default();
        let found = |(at, part)| read(part, after).map(|(text, address)| Found { at, text, address });
        let mut all: Vec<Found<'_>> = parts(at, run).filter_map(found).collect();
        for quad in quads(at, run) {
            let overlaps =
                |one: &Found<'_>| one.at < quad.at + quad.text.len() && quad.at < one.at + one.text.len();
            if !all.iter().any(overlaps) {
                all.push(quad);
            }
        }
        all
    })
}

/// Every four numbers with full stops between them that are an address, in whatever they stand: a run may hold the first
/// letters of a word, and marks that belong to no address.
fn quads(at: usize, run: &str) -> Vec<Found<'_>> {
    let mut numbers: Vec<(usize, &str)> = Vec::new();
    let mut found = Vec::new();
    let mut from = 0;
    for piece in run.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let number = piece.trim_end_matches(|c: char| !c.is_ascii_digit());
        if number.is_empty() || number.len() > 3 {
            numbers.clear();
        } else {
            numbers.push((from, number));
            let four = numbers.len().checked_sub(4).and_then(|first| numbers.get(first));
            if let Some((first, _)) = four
                && let Some(text) = run.get(*first..from + number.len())
                && let Ok(address) = text.parse::<Ipv4Addr>()
            {
                found.push(Found { at: at + first, text, address: Address::Ip(address.into()) });
            }
        }
        if !piece.ends_with('.') {
            numbers.clear();
        }
        from += piece.len();
    }
    found
}

/// A run as a whole, and what it falls into at its `-`, which stands between two addresses or within one of Ethernet.
fn parts(at: usize, run: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = at;
    let split = run.split('-').map(move |part| {
        let place = from;
        from += part.len() + 1;
        (place, part)
    });
    let pieces = run.contains('-').then_some(split).into_iter().flatten();
    std::iter::once((at, run)).chain(pieces)
}

fn read<'t>(part: &'t str, after: &str) -> Option<(&'t str, Address)> {
    // A full stop or a colon may end the sentence, and not the address.
    let text = part.trim_end_matches(['.', '-']);
    let text = if text.ends_with("::") { text } else { text.trim_end_matches(':') };
    if let Ok(address) = text.parse::<IpAddr>() {
        if let (IpAddr::V4(v4), true) = (address, starts_with(after, part, "in-addr.arpa")) {
            let [a, b, c, d] = v4.octets();
            return Some((text, Address::Ip(Ipv4Addr::new(d, c, b, a).into())));
        }
        return Some((text, Address::Ip(address)));
    }
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Some((text, Address::Ip(socket.ip())));
    }
    text.parse::<Mac>().ok().map(|mac| (text, Address::Mac(mac)))
}

/// Whether a word stands behind a part that ends with a full stop. The part's hexadecimal digits may have taken the
/// word's first letters along; `i` is none.
fn starts_with(after: &str, part: &str, word: &str) -> bool {
    part.ends_with('.') && after.to_ascii_lowercase().starts_with(word)
}

/// Every name of a list that stands in a text as words of its own, whatever the case: where, in bytes, and which.
/// Names are in lower case.
pub(super) fn names<'n>(
    text: &str,
    list: &'n [(String, &'static str)],
) -> Vec<(usize, &'n str, &'static str)> {
    let lower = text.to_lowercase();
    // Where lower case has another length than the text, places would not fit; such text is searched as it stands.
    let sought = if lower.len() == text.len() { lower.as_str() } else { text };
    let mut found = Vec::new();
    for (name, kind) in list {
        let mut from = 0;
        while let Some(at) = sought.get(from..).and_then(|rest| rest.find(name.as_str())) {
            let at = from + at;
            let end = at + name.len();
            let before = sought.get(..at).and_then(|text| text.chars().next_back());
            let after = sought.get(end..).and_then(|text| text.chars().next());
            if !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric) {
                found.push((at, name.as_str(), *kind));
            }
            from = end;
        }
    }
    found
}
