//! From messages to observations.

use super::details::{details, enterprise, fqdn};
use super::message::{Code, Kind, Lease, Message};
use super::parse::{parse_association, parse_message, parse_pieces};
use crate::dialogue::{Dialogue, Out, Progress, Side};
use crate::show::{VALUE_BYTES_MAX, readable};
use city::{Address, Details, Flow, Mac, Observed, Reply, Request, Target, Text, Trait, Verb};
use compact_str::{ToCompactString, format_compact};
use std::net::IpAddr;

/// How far a client's word about itself is believed: it names itself, but anyone could.
const CLIENT_CONFIDENCE: u8 = 70;

/// A client and a server, or one of them and everybody. Each message is told for itself.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// Whether the role of each side was told.
    told: [bool; 2],
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some(message) = parse_message(bytes) else { return false };
        self.introduce_role(side, &message, out);
        let client = client(side, &message, out);
        if message.kind.is_servers() {
            answer(client, side, &message, out);
        } else {
            introduce_client(client, &message, out);
            tell(client, side, &message, out);
        }
        true
    }

    fn stream(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> Progress {
        Progress::Lost
    }

    fn gap(&mut self, _side: Side, _missing: u64, _out: &mut Out<'_>) {}

    fn end(&mut self, _out: &mut Out<'_>) {}
}

impl Conversation {
    /// Who serves, and who passes on.
    fn introduce_role(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        let role = if message.kind.is_servers() {
            "DHCPv6 server"
        } else if message.relays.is_empty() {
            return;
        } else {
            "DHCPv6 relay"
        };
        let [source, destination] = &mut self.told;
        let told = match side {
            Side::Source => source,
            Side::Destination => destination,
        };
        if !std::mem::replace(told, true) {
            out.identity(side, Trait::Role, role, "message", 80);
        }
    }
}

/// The client's address on its link: the sender's or the receiver's, or behind relays the one that the nearest names.
fn client(side: Side, message: &Message<'_>, out: &Out<'_>) -> Address {
    match message.relays.last() {
        Some(relay) => Address::Ip(relay.peer.into()),
        None if message.kind.is_servers() => out.address(side.other()),
        None => out.address(side),
    }
}

/// What a server gives, or says that it does.
fn answer(client: Address, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
    if message.kind == Kind::REPLY {
        let mac = message.link_layer().or_else(|| held_mac(client));
        for lease in leases(message).filter(|lease| lease.length.is_none() && lease.valid > 0) {
            let address = IpAddr::V6(lease.address);
            if let Some(mac) = mac
                && Address::Mac(mac).is_station()
                && Address::Ip(address).is_station()
            {
                out.binding(address, mac);
            }
            introduce_client(Address::Ip(address), message, out);
        }
    }
    tell(client, side, message, out);
}

/// The addresses and prefixes in a message.
fn leases(message: &Message<'_>) -> impl Iterator<Item = Lease> {
    message.options.iter().filter_map(parse_association).flat_map(|it| it.leases().collect::<Vec<_>>())
}

/// The MAC address that an address made of it holds (RFC 4291 appendix A).
fn held_mac(client: Address) -> Option<Mac> {
    let Address::Ip(IpAddr::V6(ip)) = client else { return None };
    let [0xfe, 0x80, 0, 0, 0, 0, 0, 0, a, b, c, 0xff, 0xfe, d, e, f] = ip.octets() else { return None };
    Some(Mac([a ^ 2, b, c, d, e, f]))
}

fn introduce_client(client: Address, message: &Message<'_>, out: &mut Out<'_>) {
    if let Some(name) = message.option(Code::CLIENT_NAME).and_then(fqdn) {
        out.identity_of(client, Trait::Name, &name, "option 39", CLIENT_CONFIDENCE);
    }
    // A server's vendor class would be about the server.
    if !message.kind.is_servers()
        && let Some((_, classes)) = message.option(Code::VENDOR_CLASS).and_then(enterprise)
        && let Some(class) = parse_pieces(classes).next()
        && class.iter().all(|byte| matches!(byte, 0x20..=0x7e))
    {
        let class = readable(class, VALUE_BYTES_MAX);
        out.identity_of(client, Trait::Product, &class, "option 16", CLIENT_CONFIDENCE);
    }
}

fn tell(client: Address, sender: Side, message: &Message<'_>, out: &mut Out<'_>) {
    let verb = match message.kind {
        Kind::SOLICIT | Kind::ADVERTISE | Kind::INFORMATION_REQUEST => Verb::Discover,
        // Told in answer to what was only asked for.
        Kind::REPLY if leases(message).next().is_none() => Verb::Discover,
        Kind(14..=17 | 22) => Verb::Discover,
        _ => Verb::Configure,
    };
    let by_server = message.kind.is_servers();
    // A server that tells its clients to ask again asks for itself.
    let asks = !by_server || message.kind == Kind::RECONFIGURE;
    let mut flow: Flow = out.flow_from(if asks { sender } else { sender.other() });
    if !asks && !flow.source.is_station() && client.is_station() {
        flow.source = client;
    }
    let target = leases(message).next().map_or_else(Target::default, |lease| Target {
        kind: Text::const_new(if lease.length.is_some() { "prefix" } else { "address" }),
        name: lease.to_compact_string(),
        ..Target::default()
    });
    let value = message.option(Code::CLIENT_NAME).and_then(fqdn);
    let reply = match refused(message) {
        _ if asks => Reply::NotExpected,
        Some(why) => Reply::Refused(why),
        None => Reply::Done,
    };
    let mut details = if out.wants_details() { details(message) } else { Details::new() };
    if out.wants_events() {
        details.push(("sender".into(), out.address(sender).to_compact_string()));
        details.push(("receiver".into(), out.address(sender.other()).to_compact_string()));
    }
    let function = message.kind.to_compact_string();
    let request = Request { flow, back: false, verb, function, target, value, reply, details };
    out.observe(Observed::Request(Box::new(request)));
}

/// Why a server refuses: the first outcome that is not success, of the whole or of a group of addresses.
fn refused(message: &Message<'_>) -> Option<Text> {
    const NAMES: [&str; 6] =
        ["success", "unspecified", "no-addresses", "no-binding", "not-on-link", "use-multicast"];
    let whole =
        message.options.iter().filter(|option| option.code == Code::STATUS).map(|option| option.bytes);
    let within = message.options.iter().filter_map(parse_association).flat_map(|association| {
        let inside = association.options.into_iter();
        inside.filter(|option| option.code == Code::STATUS).map(|option| option.bytes)
    });
    let code = whole.chain(within).find_map(|bytes| {
        let code = u16::from_be_bytes(*bytes.first_chunk()?);
        (code != 0).then_some(code)
    })?;
    let name = NAMES.get(usize::from(code)).copied();
    // RFC 8415 clause 21.13: 6 is for prefixes.
    let name = if code == 6 { Some("no-prefixes") } else { name };
    Some(name.map_or_else(|| format_compact!("status-{code}"), Text::const_new))
}
