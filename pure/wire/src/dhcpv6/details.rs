//! The further fields of a message, for records.

use super::message::{Association, Code, Identifier, Message, Setting, find};
use super::parse::{parse_association, parse_names, parse_options, parse_pieces};
use crate::show::{hexadecimal, listed, readable};
use city::{Details, Text};
use compact_str::{CompactStringExt, ToCompactString, format_compact};
use std::net::Ipv6Addr;

/// The longest text of a detail, in bytes.
const DETAIL_MAX: usize = 512;

/// All that is read of a message.
pub(crate) fn details(message: &Message<'_>) -> Details {
    let mut details = Details::new();
    let mut put = |key: &'static str, value: Text| details.push((Text::const_new(key), value));
    put("id", format_compact!("{:06x}", message.id));
    put("message-type", message.kind.0.to_compact_string());
    for (code, identifier, kind, mac, enterprise) in [
        (Code::CLIENT, "client-identifier", "client-kind", "client-mac", "client-enterprise"),
        (Code::SERVER, "server-identifier", "server-kind", "server-mac", "server-enterprise"),
    ] {
        let Some(bytes) = message.option(code) else { continue };
        put(identifier, hexadecimal(bytes, DETAIL_MAX));
        if let Some(read) = Identifier::of(bytes) {
            put(kind, read.kind.into());
            if let Some(address) = read.mac {
                put(mac, address.to_compact_string());
            }
            if let [0, 2, a, b, c, d, rest @ ..] = bytes {
                let number = u32::from_be_bytes([*a, *b, *c, *d]);
                put(enterprise, format_compact!("{number} {}", text_or_hexadecimal(rest)));
            }
        }
    }
    for option in &message.options {
        match parse_association(option) {
            Some(association) => associated(&association, &mut put),
            None => single(option, &mut put),
        }
    }
    for relay in &message.relays {
        put("relay", relay.hops.to_compact_string());
        put("relay-link", relay.link.to_compact_string());
        put("relay-peer", relay.peer.to_compact_string());
        for (key, code, skipped) in [
            ("relay-interface", Code::INTERFACE, 0),
            ("relay-remote", Code::REMOTE, 4),
            ("relay-subscriber", Code::SUBSCRIBER, 0),
        ] {
            if let Some(bytes) = find(&relay.options, code).and_then(|bytes| bytes.get(skipped..)) {
                put(key, text_or_hexadecimal(bytes));
            }
        }
        if let Some([0, 1, a, b, c, d, e, f]) = find(&relay.options, Code::LINK_LAYER) {
            put("link-layer", city::Mac([*a, *b, *c, *d, *e, *f]).to_compact_string());
        }
    }
    message.options.iter().for_each(|option| put("option", option.code.0.to_compact_string()));
    details
}

fn associated(association: &Association<'_>, put: &mut impl FnMut(&'static str, Text)) {
    let times = match association.times {
        Some((renew, rebind)) => format_compact!(", renew {renew}, rebind {rebind}"),
        None => Text::default(),
    };
    put("association", format_compact!("{} {}{times}", association.kind, association.number));
    for lease in association.leases() {
        let key = if lease.length.is_some() { "prefix" } else { "address" };
        put(key, format_compact!("{lease}, preferred {}, valid {}", lease.preferred, lease.valid));
    }
    for option in &association.options {
        if option.code == Code::STATUS {
            single(option, put);
        }
    }
}

fn single(option: &Setting<'_>, put: &mut impl FnMut(&'static str, Text)) {
    let bytes = option.bytes;
    let pair = |bytes: &[u8]| bytes.first_chunk::<2>().map(|pair| u16::from_be_bytes(*pair));
    match option.code {
        Code::OPTIONS_ASKED => {
            let (codes, _) = bytes.as_chunks::<2>();
            put("options-asked", listed(codes.iter().map(|code| u16::from_be_bytes(*code)), DETAIL_MAX));
        }
        Code::PREFERENCE => {
            if let Some(preference) = bytes.first() {
                put("preference", preference.to_compact_string());
            }
        }
        Code::ELAPSED => {
            if let Some(elapsed) = pair(bytes) {
                put("elapsed", elapsed.to_compact_string());
            }
        }
        Code::STATUS => {
            if let Some(words) = status(bytes) {
                put("status", words);
            }
        }
        Code::RAPID_COMMIT => put("rapid-commit", Text::const_new("true")),
        Code::USER_CLASS => {
            parse_pieces(bytes).for_each(|class| put("user-class", text_or_hexadecimal(class)))
        }
        Code::VENDOR_CLASS => {
            if let Some((enterprise, classes)) = enterprise(bytes) {
                parse_pieces(classes).for_each(|class| {
                    put("vendor-class", format_compact!("{enterprise} {}", text_or_hexadecimal(class)))
                });
            }
        }
        Code::VENDOR_OPTIONS => {
            if let Some((enterprise, options)) = enterprise(bytes) {
                for inner in parse_options(options).0 {
                    let (code, value) = (inner.code.0, text_or_hexadecimal(inner.bytes));
                    put("vendor-options", format_compact!("{enterprise} {code} {value}"));
                }
            }
        }
        Code::SIP_NAMES => names(bytes).for_each(|name| put("sip-server", name)),
        Code::SIP_ADDRESSES => addresses(bytes).for_each(|address| put("sip-server", address)),
        Code::NAME_SERVERS => addresses(bytes).for_each(|address| put("name-server", address)),
        Code::DOMAINS => names(bytes).for_each(|name| put("domain", name)),
        Code::OLD_TIME_SERVERS => addresses(bytes).for_each(|address| put("time-server", address)),
        // RFC 5908 clause 4: addresses of one, of a group, or a name.
        Code::TIME_SERVERS => {
            for inner in parse_options(bytes).0 {
                match inner.code.0 {
                    1 | 2 => addresses(inner.bytes).for_each(|address| put("time-server", address)),
                    3 => names(inner.bytes).for_each(|name| put("time-server", name)),
                    _ => {}
                }
            }
        }
        Code::CLIENT_NAME => {
            if let Some(name) = fqdn(bytes) {
                put("client-fqdn", name);
            }
        }
        Code::TIME_ZONE_RULE | Code::TIME_ZONE => put("time-zone", readable(bytes, DETAIL_MAX)),
        Code::BOOT_FILE => put("boot-file", readable(bytes, DETAIL_MAX)),
        Code::BOOT_PARAMETERS => {
            parse_pieces(bytes).for_each(|parameter| put("boot-parameter", readable(parameter, DETAIL_MAX)));
        }
        Code::TUNNEL_END => names(bytes).for_each(|name| put("tunnel-end", name)),
        Code::MUD_URL => put("mud-url", readable(bytes, DETAIL_MAX)),
        Code::REDIRECT => parse_pieces(bytes).for_each(|url| put("redirect", readable(url, DETAIL_MAX))),
        _ => {}
    }
}

/// An outcome (clause 21.13): its number and words.
pub(crate) fn status(bytes: &[u8]) -> Option<Text> {
    let (code, words) = bytes.split_first_chunk::<2>()?;
    let code = u16::from_be_bytes(*code);
    Some(format_compact!("{code} {}", readable(words, DETAIL_MAX)).trim_end().into())
}

/// The name of a client with its domain (RFC 4704), behind flags.
pub(crate) fn fqdn(bytes: &[u8]) -> Option<Text> {
    let (_flags, name) = bytes.split_first()?;
    names(name).next()
}

/// An enterprise's number and what is behind it.
pub(crate) fn enterprise(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*number), rest))
}

fn names(bytes: &[u8]) -> impl Iterator<Item = Text> {
    parse_names(bytes).into_iter().filter(|labels| !labels.is_empty()).map(|labels| {
        let labels: Vec<Text> = labels.into_iter().map(|label| readable(label, 64)).collect();
        labels.join_compact(".")
    })
}

fn addresses(bytes: &[u8]) -> impl Iterator<Item = Text> {
    let (addresses, _) = bytes.as_chunks::<16>();
    addresses.iter().map(|octets| Ipv6Addr::from(*octets).to_compact_string())
}

/// Text if it can be read, or else hexadecimal behind `0x`.
fn text_or_hexadecimal(bytes: &[u8]) -> Text {
    if !bytes.is_empty() && bytes.iter().all(|byte| matches!(byte, 0x20..=0x7e)) {
        readable(bytes, DETAIL_MAX)
    } else {
        format_compact!("0x{}", hexadecimal(bytes, DETAIL_MAX))
    }
}
