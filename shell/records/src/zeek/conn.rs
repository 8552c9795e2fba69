//! conn.log: every conversation.

use super::{
    log::{Head, Log},
    message,
};
use city::{Address, Conversation, Message, Text, Transport};
use std::net::IpAddr;

pub(super) const LOGS: &[Log] = &[Log {
    path: "conn",
    head: Head::Ends,
    columns: &[
        ("proto", "enum"),
        ("service", "string"),
        ("duration", "interval"),
        ("orig_bytes", "count"),
        ("resp_bytes", "count"),
        ("conn_state", "string"),
        ("local_orig", "bool"),
        ("local_resp", "bool"),
        ("missed_bytes", "count"),
        ("history", "string"),
        ("orig_pkts", "count"),
        ("orig_ip_bytes", "count"),
        ("resp_pkts", "count"),
        ("resp_ip_bytes", "count"),
        ("tunnel_parents", "set[string]"),
        ("ip_proto", "count"),
    ],
}];

/// The row of a conversation.
pub(super) fn row(conversation: &Conversation) -> Message {
    let mut row = message(conversation.flow, "conn");
    let mut put = |name: &'static str, value: String| row.fields.push((Text::const_new(name), value.into()));
    let flow = &conversation.flow;
    if let Some(protocol) = flow.protocol {
        put("service", service(protocol, flow.transport).to_owned());
    }
    // Zeek leaves the duration and the bytes of what is a single packet unset.
    if conversation.packets_out + conversation.packets_in > 1 {
        let micros = conversation.duration.as_micros();
        put("duration", format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000));
        put("orig_bytes", conversation.bytes_out.to_string());
        put("resp_bytes", conversation.bytes_in.to_string());
    }
    put("conn_state", conversation.state.as_str().to_owned());
    put("local_orig", truth(is_local(flow.source)));
    put("local_resp", truth(is_local(flow.destination)));
    put("missed_bytes", conversation.missed_bytes.to_string());
    put("orig_pkts", conversation.packets_out.to_string());
    put("orig_ip_bytes", conversation.ip_bytes_out.to_string());
    put("resp_pkts", conversation.packets_in.to_string());
    put("resp_ip_bytes", conversation.ip_bytes_in.to_string());
    if let Some(number) = ip_protocol(conversation) {
        put("ip_proto", number.to_string());
    }
    row
}

fn truth(value: bool) -> String {
    if value { "T" } else { "F" }.to_owned()
}

/// The protocol as Zeek's analysers are named.
fn service(protocol: city::Protocol, transport: Transport) -> &'static str {
    let by_transport = |tcp, udp| if transport == Transport::Udp { udp } else { tcp };
    match protocol {
        city::Protocol::Genisys => by_transport("genisys_tcp", "genisys_udp"),
        city::Protocol::HartIp => by_transport("spicy_hart_ip_tcp", "spicy_hart_ip_udp"),
        city::Protocol::Mdns => "dns",
        city::Protocol::Synchrophasor => by_transport("synchrophasor_tcp", "synchrophasor_udp"),
        city::Protocol::Tls => "ssl",
        other => other.as_str(),
    }
}

/// Whether Zeek counts an address among the local ones if nobody says otherwise: the ranges that are private, shared
/// or bound to a link (RFC 1918, 3927, 4193, 4291, 6598) and the loopback.
fn is_local(address: Address) -> bool {
    match address {
        Address::Ip(IpAddr::V4(ip)) => {
            let [first, second, ..] = ip.octets();
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || first == 100 && second & 0xc0 == 64
        }
        Address::Ip(IpAddr::V6(ip)) => {
            ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
        Address::Mac(_) => false,
    }
}

fn ip_protocol(conversation: &Conversation) -> Option<u8> {
    Some(match conversation.flow.transport {
        Transport::Ethernet(_) => return None,
        Transport::Icmp => match conversation.flow.source {
            Address::Ip(IpAddr::V6(_)) => 58,
            _ => 1,
        },
        Transport::Ip(number) => number,
        Transport::Sctp => 132,
        Transport::Tcp => 6,
        Transport::Udp => 17,
    })
}
