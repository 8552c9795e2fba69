//! From messages to observations.

use super::message::{Code, Kind, Message};
use super::parse::parse_message;
use crate::cursor::Cursor;
use crate::dialogue::{Dialogue, Out, Side};
use crate::show::{VALUE_BYTES_MAX, hexadecimal, listed, readable};
use city::{Address, Details, Flow, Mac, Observed, Reply, Request, Target, Text, Trait, Verb};
use compact_str::{ToCompactString, format_compact};
use std::net::Ipv4Addr;

/// How far a client's word about itself is believed: it names itself, but anyone could.
const CLIENT_CONFIDENCE: u8 = 70;

/// How far the order in which a client asks for options is believed to tell its system: others may ask for the same.
const LIST_CONFIDENCE: u8 = 40;

/// The longest text of a detail, in bytes.
const DETAIL_MAX: usize = 512;

/// A client and a server, or one of them and everybody. Holds nothing: each message is told for itself.
#[derive(Debug)]
pub struct Conversation;

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some(message) = parse_message(bytes) else { return false };
        if message.is_reply {
            reply(side, &message, out);
        } else {
            ask(side, &message, out);
        }
        true
    }

    fn end(&mut self, _out: &mut Out<'_>) {}
}

fn ask(side: Side, message: &Message<'_>, out: &mut Out<'_>) {
    let client = client(side, message, out);
    introduce_client(client, message, out);
    let wanted = message.address(Code::REQUESTED_ADDRESS).or(given(message.client));
    let flow = out.flow_from(side);
    tell(flow, side, message, wanted, Reply::NotExpected, out);
}

fn reply(side: Side, message: &Message<'_>, out: &mut Out<'_>) {
    let granted = given(message.assigned).or(given(message.client));
    let is_server = matches!(message.kind, Kind::OFFER | Kind::ACK | Kind::NAK);
    if is_server {
        // A relay passes on what the server said; then the server is the one that is named.
        let server = message.address(Code::SERVER_IDENTIFIER).filter(|_| given(message.relay).is_some());
        let server = server.map_or(out.address(side), |server| Address::Ip(server.into()));
        out.identity_of(server, Trait::Role, "DHCP server", "server identifier", 80);
    }
    if message.kind == Kind::ACK
        && let (Some(address), Some(mac)) = (granted, message.client_mac)
        && !mac.is_group()
        && mac != Mac([0; 6])
    {
        out.binding(address.into(), mac);
        introduce_client(Address::Ip(address.into()), message, out);
    }
    // The client asked, though perhaps from no address at all; it is called by the one it now has.
    let mut flow = out.flow_from(side.other());
    if !flow.source.is_station()
        && let Some(address) = granted
    {
        flow.source = Address::Ip(address.into());
    }
    let reply = match message.kind {
        Kind::NAK => Reply::Refused("nak".into()),
        _ => Reply::Done,
    };
    tell(flow, side, message, granted, reply, out);
}

fn tell(
    flow: Flow,
    sender: Side,
    message: &Message<'_>,
    about: Option<Ipv4Addr>,
    reply: Reply,
    out: &mut Out<'_>,
) {
    let verb = match message.kind {
        Kind::DISCOVER | Kind::OFFER | Kind::INFORM => Verb::Discover,
        _ => Verb::Configure,
    };
    let target = match about {
        Some(address) => {
            Target { kind: "address".into(), name: address.to_compact_string(), ..Target::default() }
        }
        None => Target::default(),
    };
    let value = message.option(Code::HOST_NAME).map(|name| readable(name, VALUE_BYTES_MAX));
    let mut details = if out.wants_details() { details(message) } else { Details::new() };
    if out.wants_events() {
        let address = |side| out.address(side).to_compact_string();
        details.push(("sender".into(), address(sender)));
        details.push(("receiver".into(), address(sender.other())));
    }
    let function = message.kind.to_compact_string();
    out.observe(Observed::Request(Box::new(Request {
        flow,
        back: false,
        verb,
        function,
        target,
        value,
        reply,
        details,
    })));
}

/// How the client of a request is known so far: by an address if it has one, or else by its hardware.
fn client(side: Side, message: &Message<'_>, out: &Out<'_>) -> Address {
    if let Some(address) = given(message.client) {
        return Address::Ip(address.into());
    }
    match (message.client_mac, out.address(side)) {
        // A relay speaks from an address of its own.
        (_, sender) if sender.is_station() && given(message.relay).is_none() => sender,
        (Some(mac), _) => Address::Mac(mac),
        (None, sender) => sender,
    }
}

fn introduce_client(client: Address, message: &Message<'_>, out: &mut Out<'_>) {
    if let Some(name) = message.option(Code::HOST_NAME) {
        out.identity_of(
            client,
            Trait::Name,
            &readable(name, VALUE_BYTES_MAX),
            "option 12",
            CLIENT_CONFIDENCE,
        );
    }
    if let Some(name) = message.option(Code::CLIENT_FQDN).and_then(fqdn) {
        out.identity_of(client, Trait::Name, &name, "option 81", CLIENT_CONFIDENCE);
    }
    // A server's vendor class would be about the server.
    if !message.is_reply
        && let Some(class) = message.option(Code::VENDOR_CLASS)
    {
        out.identity_of(
            client,
            Trait::Product,
            &readable(class, VALUE_BYTES_MAX),
            "option 60",
            CLIENT_CONFIDENCE,
        );
    }
    if !message.is_reply
        && let Some(system) = message.option(Code::PARAMETER_LIST).and_then(super::systems::system)
    {
        out.identity_of(client, Trait::System, system, "option 55", LIST_CONFIDENCE);
    }
}

/// An address that is one.
fn given(address: Ipv4Addr) -> Option<Ipv4Addr> {
    (!address.is_unspecified()).then_some(address)
}

/// The name in a client FQDN option: behind flags and two codes, as text, or as labels if flag E says so (RFC 4702
/// clause 2).
fn fqdn(bytes: &[u8]) -> Option<Text> {
    let [flags, _, _, name @ ..] = bytes else { return None };
    if flags & 4 == 0 {
        return (!name.is_empty()).then(|| readable(name, VALUE_BYTES_MAX));
    }
    let mut labels = Vec::new();
    let mut rest = name;
    while let Some((length, behind)) = rest.split_first()
        && *length > 0
    {
        let (label, behind) = behind.split_at_checked(usize::from(*length))?;
        labels.push(readable(label, VALUE_BYTES_MAX));
        rest = behind;
    }
    (!labels.is_empty()).then(|| labels.join(".").into())
}

/// Text if it can be read, or else hexadecimal behind `0x`.
fn text_or_hexadecimal(bytes: &[u8]) -> Text {
    if !bytes.is_empty() && bytes.iter().all(|byte| matches!(byte, 0x20..=0x7e)) {
        readable(bytes, DETAIL_MAX)
    } else {
        format_compact!("0x{}", hexadecimal(bytes, DETAIL_MAX))
    }
}

fn details(message: &Message<'_>) -> Details {
    let mut details = Details::new();
    let mut put = |key: &'static str, value: Text| details.push((Text::const_new(key), value));
    put("id", format_compact!("{:08x}", message.id));
    put("message-type", message.kind.0.to_compact_string());
    if let Some(mac) = message.client_mac {
        put("client-mac", mac.to_compact_string());
    }
    if let Some(identifier) = message.option(Code::CLIENT_IDENTIFIER) {
        put("client-identifier", hexadecimal(identifier, DETAIL_MAX));
    }
    for (key, address) in [
        ("client-address", given(message.client)),
        ("assigned-address", given(message.assigned)),
        ("next-server-address", given(message.next_server)),
        ("relay-address", given(message.relay)),
        ("requested-address", message.address(Code::REQUESTED_ADDRESS)),
        ("server-address", message.address(Code::SERVER_IDENTIFIER)),
    ] {
        if let Some(address) = address {
            put(key, address.to_compact_string());
        }
    }
    put("seconds", message.seconds.to_compact_string());
    put("hops", message.hops.to_compact_string());
    put("broadcast", message.broadcast.to_compact_string());
    for (key, code) in [
        ("lease-time", Code::LEASE_TIME),
        ("renewal-time", Code::RENEWAL_TIME),
        ("rebinding-time", Code::REBINDING_TIME),
    ] {
        if let Some(seconds) = message.number(code) {
            put(key, seconds.to_compact_string());
        }
    }
    for (key, code) in [
        ("host-name", Code::HOST_NAME),
        ("domain", Code::DOMAIN),
        ("vendor-class", Code::VENDOR_CLASS),
        ("user-class", Code::USER_CLASS),
        ("message", Code::MESSAGE),
        ("mud-url", Code::MUD_URL),
    ] {
        if let Some(bytes) = message.option(code) {
            put(key, readable(without_zeros(bytes), DETAIL_MAX));
        }
    }
    if let Some(name) = message.option(Code::CLIENT_FQDN).and_then(fqdn) {
        put("client-fqdn", name);
    }
    if let Some(list) = message.option(Code::PARAMETER_LIST) {
        put("parameter-list", listed(list, DETAIL_MAX * 2));
    }
    for (key, code) in [
        ("subnet-mask", Code::SUBNET_MASK),
        ("router", Code::ROUTER),
        ("name-server", Code::NAME_SERVER),
        ("time-server", Code::TIME_SERVER),
        ("ntp-server", Code::NTP_SERVER),
        ("tftp-server", Code::TFTP_SERVER),
    ] {
        message.addresses(code).for_each(|address| put(key, address.to_compact_string()));
    }
    if let Some([high, low]) = message.option(Code::MAX_MESSAGE_SIZE) {
        put("max-message-size", u16::from_be_bytes([*high, *low]).to_compact_string());
    }
    let mut redirects = Cursor::new(message.option(Code::REDIRECT).unwrap_or_default());
    while let Some(url) = redirects.u16().and_then(|length| redirects.take(usize::from(length))) {
        put("redirect", readable(url, DETAIL_MAX));
    }
    let mut relay = message.option(Code::RELAY).unwrap_or_default();
    while let [code, length, rest @ ..] = relay
        && let Some((bytes, behind)) = rest.split_at_checked(usize::from(*length))
    {
        match code {
            1 => put("relay-circuit", text_or_hexadecimal(bytes)),
            2 => put("relay-remote", text_or_hexadecimal(bytes)),
            6 => put("relay-subscriber", text_or_hexadecimal(bytes)),
            _ => {}
        }
        relay = behind;
    }
    for (key, bytes) in [("server-name", message.server_name), ("boot-file", message.boot_file)] {
        if !bytes.is_empty() {
            put(key, readable(bytes, DETAIL_MAX));
        }
    }
    message.options.iter().for_each(|option| put("option", option.code.0.to_compact_string()));
    details
}

/// Some clients end their texts with zeros, which RFC 2132 clause 2 forbids.
fn without_zeros(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    bytes.get(..end).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::READER;
    use super::super::parse::tests::message;
    use super::*;
    use crate::rehearse;
    use city::Binding;

    #[test]
    fn a_lease_binds_an_address_to_a_client_that_names_itself() {
        let request = message(
            1,
            [0; 4],
            [0; 4],
            &[&[53, 1, 3, 50, 4, 192, 0, 2, 99, 55, 3, 1, 3, 6, 12, 6][..], b"pump-7", &[60, 4], b"acme"]
                .concat(),
        );
        let ack =
            message(2, [0; 4], [192, 0, 2, 99], &[53, 1, 5, 54, 4, 192, 0, 2, 1, 51, 4, 0, 0, 14, 16, 255]);
        let facts = rehearse::datagrams(&READER, 67, &[(Side::Source, &request), (Side::Destination, &ack)]);
        let told: Vec<_> = rehearse::requests(&facts)
            .iter()
            .map(|r| (r.verb, r.function.to_string(), r.target.to_string(), r.reply.clone()))
            .collect();
        assert_eq!(
            told,
            [
                (Verb::Configure, "request".into(), "address 192.0.2.99".into(), Reply::NotExpected),
                (Verb::Configure, "ack".into(), "address 192.0.2.99".into(), Reply::Done)
            ]
        );
        let mac = Mac([0, 0, 0x5e, 0, 0x53, 0x10]);
        assert!(facts.contains(&Observed::Binding(Binding {
            address: "192.0.2.99".parse().unwrap(),
            mac,
            protocol: city::Protocol::Dhcp
        })));
        let identities: Vec<_> = facts
            .iter()
            .filter_map(|fact| match fact {
                Observed::Identity(i) => Some((i.address.to_string(), i.about, i.value.as_str())),
                _ => None,
            })
            .collect();
        assert_eq!(
            identities,
            [
                (rehearse::SOURCE.split(':').next().unwrap().into(), Trait::Name, "pump-7"),
                (rehearse::SOURCE.split(':').next().unwrap().into(), Trait::Product, "acme"),
                (rehearse::DESTINATION.into(), Trait::Role, "DHCP server")
            ]
        );
        let details = &rehearse::requests(&facts)[0].details;
        assert!(details.contains(&("parameter-list".into(), "1,3,6".into())), "{details:?}");
    }

    #[test]
    fn the_options_a_client_asks_for_tell_its_system() {
        let request = message(1, [0; 4], [0; 4], &[53, 1, 1, 55, 4, 1, 3, 28, 6, 255]);
        let facts = rehearse::datagrams(&READER, 67, &[(Side::Source, &request)]);
        let system = facts.iter().find_map(|fact| match fact {
            Observed::Identity(i) if i.about == Trait::System => Some((i.value.as_str(), i.confidence)),
            _ => None,
        });
        assert_eq!(system, Some(("lwIP, as on microcontrollers", 40)));
    }

    #[test]
    fn a_refusal_is_one() {
        let nak = message(2, [0; 4], [0; 4], &[53, 1, 6, 56, 3, b'n', b'o', b'!', 255]);
        let facts = rehearse::datagrams(&READER, 67, &[(Side::Destination, &nak)]);
        let [request] = rehearse::requests(&facts)[..] else { panic!("{facts:?}") };
        assert_eq!(request.reply, Reply::Refused("nak".into()));
        assert!(request.details.contains(&("message".into(), "no!".into())));
    }

    #[test]
    fn a_full_name_is_read_in_both_encodings() {
        assert_eq!(fqdn(b"\x00\x00\x00pump.example").as_deref(), Some("pump.example"));
        assert_eq!(fqdn(b"\x04\x00\x00\x04pump\x07example\x00").as_deref(), Some("pump.example"));
        assert_eq!(fqdn(b"\x04\x00\x00\x40pump"), None);
        assert_eq!(fqdn(b"\x00"), None);
    }
}
