//! What all events begin with.

use super::event::{Event, Object, Value};
use super::flow;
use super::flow_ids::Known;
use city::{Address, Flow, Protocol, Transport};
use jiff::Timestamp;
use std::net::IpAddr;

/// A time as Suricata writes it: with microseconds and the zone, here always UTC.
pub(super) fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%6f+0000").to_string()
}

/// The whole event.
pub(super) fn whole(event: Event, told: Timestamp, known: Option<Known>) -> Object {
    let Event { kind, time, flow, fields } = event;
    let mut whole = Object::default();
    whole.put("timestamp", stamp(time.unwrap_or(told)));
    whole.maybe("flow_id", known.map(|known| known.id));
    whole.put("event_type", kind);
    if let Some(vlan) = known.and_then(|known| known.vlan) {
        whole.put("vlan", vec![Value::Number(u64::from(vlan))]);
    }
    if !matches!(flow.transport, Transport::Ethernet(_)) {
        ends(&mut whole, &flow);
    }
    if kind != "flow" {
        whole.put("pkt_src", "wire/pcap");
    }
    whole.maybe("community_id", wire::community_id(&flow));
    whole.append(fields);
    whole
}

fn ends(whole: &mut Object, flow: &Flow) {
    let has_ports = matches!(flow.transport, Transport::Sctp | Transport::Tcp | Transport::Udp);
    whole.put("src_ip", address(flow.source));
    if has_ports {
        whole.put("src_port", u64::from(flow.source_port));
    }
    whole.put("dest_ip", address(flow.destination));
    if has_ports {
        whole.put("dest_port", u64::from(flow.destination_port));
    }
    let version: u64 = match flow.source {
        Address::Ip(IpAddr::V6(_)) => 6,
        _ => 4,
    };
    whole.put(
        "proto",
        match flow.transport {
            Transport::Icmp if version == 6 => "IPv6-ICMP".to_owned(),
            Transport::Ip(2) => "IGMP".to_owned(),
            Transport::Ip(47) => "GRE".to_owned(),
            Transport::Ip(50) => "ESP".to_owned(),
            Transport::Ip(51) => "AH".to_owned(),
            Transport::Ip(103) => "PIM".to_owned(),
            Transport::Ip(112) => "VRRP".to_owned(),
            Transport::Ip(number) => format!("{number:03}"),
            transport => transport.to_string().to_uppercase(),
        },
    );
    whole.put("ip_v", version);
    if flow.transport == Transport::Icmp {
        flow::icmp(flow).into_iter().for_each(|(name, value)| whole.put(name, value));
    }
}

/// An address as Suricata writes it: of IPv6 all eight groups with all their digits.
fn address(address: Address) -> String {
    match address {
        Address::Ip(IpAddr::V6(ip)) => unabridged(ip),
        address => address.to_string(),
    }
}

/// All eight groups of an IPv6 address, each with four digits.
pub(super) fn unabridged(ip: std::net::Ipv6Addr) -> String {
    ip.segments().map(|part| format!("{part:04x}")).join(":")
}

/// The protocol by the name that Suricata has for it; none if it has no parser for it.
pub(super) fn app_proto(protocol: Protocol) -> Option<&'static str> {
    const KNOWN: &[&str] = &[
        "dcerpc",
        "dhcp",
        "dnp3",
        "dns",
        "enip",
        "ftp",
        "http",
        "ike",
        "imap",
        "krb5",
        "ldap",
        "mdns",
        "modbus",
        "mqtt",
        "nfs",
        "ntp",
        "pgsql",
        "pop3",
        "quic",
        "rdp",
        "rfb",
        "sip",
        "smb",
        "smtp",
        "snmp",
        "ssh",
        "telnet",
        "tftp",
        "tls",
        "websocket",
    ];
    let name = if protocol == Protocol::Postgresql { "pgsql" } else { protocol.as_str() };
    KNOWN.binary_search(&name).is_ok().then_some(name)
}
