//! conn.log: every conversation.

use super::{
    log::{Head, Log},
    row::Row,
};
use city::{Address, Conversation, Flow, Message, Transport};
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

/// The row of a conversation; none for what is directly on the link, which Zeek does not count among them.
pub(super) fn row(conversation: &Conversation, services: &[&str]) -> Option<Row> {
    let flow = conversation.flow;
    let number = ip_protocol(&flow)?;
    // Of protocols that it does not know Zeek counts packets, and neither ports nor payload.
    let is_known = matches!(flow.transport, Transport::Icmp | Transport::Tcp | Transport::Udp);
    let (source_port, destination_port) =
        if is_known { (flow.source_port, flow.destination_port) } else { (0, 0) };
    let mut row = Row::new(Flow { source_port, destination_port, ..flow }, "conn");
    // Zeek is sure of some only once it has heard both.
    let heard = conversation.bytes_out > 0 && conversation.bytes_in > 0;
    let waits = |service: &&str| matches!(*service, "ssh" | "teredo");
    let services: Vec<&str> = services.iter().copied().filter(|service| heard || !waits(service)).collect();
    if !services.is_empty() {
        row.put("service", services.join(","));
    }
    // Without a duration Zeek leaves the bytes out too.
    if conversation.duration.as_micros() > 0 {
        let micros = conversation.duration.as_micros();
        row.show("duration", format_args!("{}.{:06}", micros / 1_000_000, micros % 1_000_000));
        row.show("orig_bytes", if is_known { conversation.bytes_out } else { 0 });
        row.show("resp_bytes", if is_known { conversation.bytes_in } else { 0 });
    }
    row.put("conn_state", conversation.state.as_str());
    row.flag("local_orig", is_local(flow.source));
    row.flag("local_resp", is_local(flow.destination));
    row.show("missed_bytes", conversation.missed_bytes);
    row.maybe("history", Some(&conversation.history).filter(|history| !history.is_empty()).cloned());
    row.show("orig_pkts", conversation.packets_out);
    row.show("orig_ip_bytes", conversation.ip_bytes_out);
    row.show("resp_pkts", conversation.packets_in);
    row.show("resp_ip_bytes", conversation.ip_bytes_in);
    row.show("ip_proto", number);
    Some(row)
}

/// The protocol as Zeek's analysers are named; none for what has no analyser.
pub(super) fn service(protocol: city::Protocol, transport: Transport) -> Option<&'static str> {
    let by_transport = |tcp, udp| if transport == Transport::Udp { udp } else { tcp };
    use city::Protocol;
    Some(match protocol {
        Protocol::Arp
        | Protocol::Cdp
        | Protocol::Dhcpv6
        | Protocol::Eapol
        | Protocol::Hsrp
        | Protocol::Http2
        | Protocol::Icmp
        | Protocol::Igmp
        | Protocol::Ike
        | Protocol::Lldp
        | Protocol::ModbusRtu
        | Protocol::Rtsp
        | Protocol::Ssdp
        | Protocol::Stp
        | Protocol::Telnet
        | Protocol::Tftp
        | Protocol::Udld
        | Protocol::Vrrp
        | Protocol::WsDiscovery => return None,
        Protocol::Dnp3 => by_transport("dnp3_tcp", "dnp3_udp"),
        Protocol::Genisys => by_transport("genisys_tcp", "genisys_udp"),
        Protocol::HartIp => by_transport("spicy_hart_ip_tcp", "spicy_hart_ip_udp"),
        Protocol::Kerberos => by_transport("krb_tcp", "krb"),
        Protocol::Ldap => by_transport("ldap_tcp", "ldap_udp"),
        Protocol::Mdns | Protocol::Nbns => "dns",
        // What carries it is a service of its own.
        Protocol::BacnetSc | Protocol::Ocpp => "websocket",
        Protocol::OmronFins => "omron_fins",
        Protocol::Opcua => "opcua-binary",
        Protocol::ProfinetIoCm => "spicy_profinet_io_cm",
        Protocol::Quic => "quic,ssl",
        Protocol::S7comm => "cotp,s7comm",
        Protocol::S7commPlus => "cotp,s7comm-plus",
        Protocol::Synchrophasor => by_transport("synchrophasor_tcp", "synchrophasor_udp"),
        Protocol::Syslog => by_transport("syslog_tcp", "syslog"),
        Protocol::Tls => "ssl",
        other => other.as_str(),
    })
}

/// Whether Zeek would be sure of a protocol by now, on which the order of services depends: of LDAP by an answer, and of
/// what begins with more than one message only when what it carries is known too.
pub(super) fn is_sure(protocol: city::Protocol, has_told: bool) -> bool {
    use city::Protocol;
    match protocol {
        Protocol::Ldap => has_told,
        Protocol::Ocpp | Protocol::Ssh | Protocol::Websocket => false,
        _ => true,
    }
}

/// The service that a message tells of which another protocol carries.
pub(super) fn carried(message: &Message) -> Option<&'static str> {
    let (_, told) = message.fields.iter().find(|(column, _)| column == "service")?;
    ["gssapi", "krb", "ntlm"].into_iter().find(|service| told == service)
}

/// Whether Zeek counts an address among the local ones if nobody says otherwise: the blocks that IANA lists as not
/// globally reachable (RFC 6890 and its successors), and those bound to a link.
pub(super) fn is_local(address: Address) -> bool {
    match address {
        Address::Ip(IpAddr::V4(ip)) => matches!(
            ip.octets(),
            [0 | 10 | 127 | 240.., ..]
                | [100, 64..=127, ..]
                | [169, 254, ..]
                | [172, 16..=31, ..]
                | [192, 0, 0 | 2, _]
                | [192, 168, ..]
                | [198, 18 | 19, ..]
                | [198, 51, 100, _]
                | [203, 0, 113, _]
                | [224, 0, 0, _]
        ),
        Address::Ip(IpAddr::V6(ip)) => match ip.segments() {
            [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x0100, 0, 0, 0, ..] => true,
            _ => {
                ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local()
            }
        },
        Address::Mac(_) => false,
    }
}

fn ip_protocol(flow: &Flow) -> Option<u8> {
    Some(match flow.transport {
        Transport::Ethernet(_) => return None,
        Transport::Icmp => match flow.source {
            Address::Ip(IpAddr::V6(_)) => 58,
            _ => 1,
        },
        // Nothing at all (RFC 8200 section 4.7), of which Zeek makes no conversation.
        Transport::Ip(59) => return None,
        Transport::Ip(number) => number,
        Transport::Sctp => 132,
        Transport::Tcp => 6,
        Transport::Udp => 17,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_is_what_is_not_reachable_from_afar() {
        let local = |ip: &str| is_local(Address::Ip(ip.parse().unwrap()));
        for ip in [
            "10.1.2.3",
            "172.31.0.1",
            "100.64.0.1",
            "224.0.0.9",
            "255.255.255.255",
            "::",
            "fd00::1",
            "2001:db8::1",
        ] {
            assert!(local(ip), "{ip}");
        }
        for ip in ["172.32.0.1", "100.128.0.1", "224.2.127.254", "ff02::1", "2001:4978:f:4c::1", "2002::1"] {
            assert!(!local(ip), "{ip}");
        }
    }
}
