//! What all events begin with.

use super::event::{Event, Json, Object};
use super::flow;
use super::flow_ids::Known;
use crate::figures;
use city::{Address, Flow, Protocol, Text, Transport};
use compact_str::format_compact;
use jiff::{Timestamp, tz::Offset};
use std::net::IpAddr;

/// A time as Suricata writes it: with microseconds and the zone, here always UTC.
pub(super) struct Stamp(pub(super) Timestamp);

impl Json for Stamp {
    fn write(&self, out: &mut Vec<u8>) {
        let at = Offset::UTC.to_datetime(self.0);
        out.push(b'"');
        figures::seconds(out, at);
        out.push(b'.');
        figures::padded::<6>(out, at.subsec_nanosecond().unsigned_abs() / 1_000);
        out.extend_from_slice(b"+0000\"");
    }
}

/// Appends the whole event as one line.
pub(super) fn write(event: &Event, told: Timestamp, known: Option<Known>, out: &mut Vec<u8>) {
    let Event { kind, time, flow, fields } = event;
    Object::line(out, |whole| {
        whole.put("timestamp", Stamp(time.unwrap_or(told)));
        whole.maybe("flow_id", known.map(|known| known.id));
        whole.put("event_type", *kind);
        if let Some(vlan) = known.and_then(|known| known.vlan) {
            whole.put("vlan", vec![u64::from(vlan)]);
        }
        if !matches!(flow.transport, Transport::Ethernet(_)) {
            ends(whole, flow);
        }
        if *kind != "flow" {
            whole.put("pkt_src", "wire/pcap");
        }
        whole.maybe("community_id", wire::community_id(flow));
        whole.append(fields);
    });
}

fn ends(whole: &mut Object, flow: &Flow) {
    let has_ports = matches!(flow.transport, Transport::Sctp | Transport::Tcp | Transport::Udp);
    whole.put("src_ip", End(flow.source));
    if has_ports {
        whole.put("src_port", u64::from(flow.source_port));
    }
    whole.put("dest_ip", End(flow.destination));
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
            Transport::Tcp => Text::const_new("TCP"),
            Transport::Udp => Text::const_new("UDP"),
            Transport::Icmp if version == 6 => Text::const_new("IPv6-ICMP"),
            Transport::Ip(2) => Text::const_new("IGMP"),
            Transport::Ip(47) => Text::const_new("GRE"),
            Transport::Ip(50) => Text::const_new("ESP"),
            Transport::Ip(51) => Text::const_new("AH"),
            Transport::Ip(103) => Text::const_new("PIM"),
            Transport::Ip(112) => Text::const_new("VRRP"),
            Transport::Ip(number) => format_compact!("{number:03}"),
            transport => transport.to_string().to_uppercase().into(),
        },
    );
    whole.put("ip_v", version);
    if flow.transport == Transport::Icmp {
        flow::icmp(flow).into_iter().for_each(|(name, value)| whole.put(name, value));
    }
}

/// An address as Suricata writes it: of IPv6 all eight groups with all their digits.
struct End(Address);

impl Json for End {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        match self.0 {
            Address::Ip(IpAddr::V6(ip)) => figures::unabridged(out, ip),
            address => figures::address(out, address),
        }
        out.push(b'"');
    }
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
        "ftp-data",
        "http",
        "http2",
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
    let name = match protocol {
        Protocol::Kerberos => "krb5",
        Protocol::Postgresql => "pgsql",
        protocol => protocol.as_str(),
    };
    KNOWN.binary_search(&name).is_ok().then_some(name)
}
