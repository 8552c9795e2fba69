//! The protocols Bastide can name, and the verbs each one has.

use crate::{Transport, Verb, VerbSet};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

macro_rules! protocols {
    ($($(#[$doc:meta])* $variant:ident $name:literal $title:literal $use:ident [$($carrier:ident $port:literal)*] [$($verb:ident)*])*) => {
        /// An application protocol, named as the plan and the records name it.
        ///
        /// Stored and sent by its name, so that what was written before a protocol was added can still be read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Protocol {
            $($(#[$doc])* $variant,)*
        }

        impl Protocol {
            /// Every protocol, in the order of their names.
            pub const ALL: &[Protocol] = &[$(Protocol::$variant),*];

            /// The name in plans and records.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Protocol::$variant => $name,)* }
            }

            /// The name in prose.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Protocol::$variant => $title,)* }
            }

            /// The verbs that a request of this protocol can have.
            #[must_use]
            pub fn verbs(self) -> VerbSet {
                match self { $(Protocol::$variant => VerbSet::of(&[$(Verb::$verb),*]),)* }
            }

            /// The ports on which its servers usually listen, with what carries it there. A hint for people, for
            /// conversations that say nothing, and for firewalls, which see no further; a conversation that speaks is
            /// recognised by what it says.
            #[must_use]
            pub fn usual_ports(self) -> &'static [(Transport, u16)] {
                match self { $(Protocol::$variant => &[$((Transport::$carrier, $port)),*],)* }
            }

            /// Whether the protocol commands equipment: a request can change what a machine in a street does.
            #[must_use]
            pub fn is_industrial(self) -> bool {
                match self { $(Protocol::$variant => stringify!($use).as_bytes() == b"industrial",)* }
            }
        }
    };
}

protocols! {
    /// Address Resolution Protocol, RFC 826.
    Arp "arp" "ARP" general [] [Discover]
    /// BACnet/IP, ANSI/ASHRAE 135 annex J.
    Bacnet "bacnet" "BACnet" industrial [Udp 47808] [Authenticate Configure Discover Operate Program Publish Read Restart Subscribe Transfer Write]
    /// BACnet Secure Connect without TLS around it, ANSI/ASHRAE 135 annex AB.
    BacnetSc "bacnet-sc" "BACnet/SC" industrial [] [Authenticate Configure Discover Operate Program Publish Read Restart Subscribe Transfer Write]
    /// Bristol Standard Asynchronous/Synchronous Protocol, Emerson D301401X012.
    Bsap "bsap" "BSAP" industrial [Udp 1234 Udp 1235] [Read Transfer Write]
    /// ANSI C12.22, IEEE 1703.
    C1222 "c1222" "ANSI C12.22" industrial [Tcp 1153 Udp 1153] [Authenticate Configure Discover Operate Read Restart Transfer Write]
    /// Cisco Discovery Protocol, versions 1 and 2.
    Cdp "cdp" "CDP" general [] [Publish]
    /// The Common Industrial Protocol's cyclic data over UDP, ODVA's CIP Networks Library volume 2.
    Cip "cip" "CIP I/O" industrial [Udp 2222] [Publish]
    /// Constrained Application Protocol, RFC 7252, and Lightweight Machine to Machine on top of it.
    Coap "coap" "CoAP" general [Udp 5683] [Authenticate Configure Discover Operate Program Publish Read Restart Subscribe Transfer Write]
    /// Dynamic Host Configuration Protocol, RFC 2131.
    Dhcp "dhcp" "DHCP" general [Udp 67 Udp 68] [Configure Discover]
    /// Dynamic Host Configuration Protocol for IPv6, RFC 8415.
    Dhcpv6 "dhcpv6" "DHCPv6" general [Udp 546 Udp 547] [Configure Discover]
    /// DLMS/COSEM for meters, IEC 62056.
    Dlms "dlms" "DLMS/COSEM" industrial [Tcp 4059 Udp 4059] [Authenticate Configure Operate Program Publish Read Transfer Write]
    /// Distributed Network Protocol, IEEE 1815.
    Dnp3 "dnp3" "DNP3" industrial [Tcp 20000 Udp 20000] [Authenticate Configure Discover Operate Publish Read Restart Subscribe Transfer Write]
    /// Domain Name System, RFC 1035.
    Dns "dns" "DNS" general [Udp 53 Tcp 53] [Configure Discover Publish Read Transfer]
    /// Port-based network access control, IEEE 802.1X, with the Extensible Authentication Protocol, RFC 3748.
    Eapol "eapol" "802.1X" general [] [Authenticate]
    /// EtherNet/IP with the messages of the Common Industrial Protocol, ODVA's CIP Networks Library volumes 1 and 2.
    Enip "enip" "EtherNet/IP" industrial [Tcp 44818 Udp 44818] [Configure Discover Operate Program Read Restart Subscribe Transfer Write]
    /// File Transfer Protocol, RFC 959.
    Ftp "ftp" "FTP" general [Tcp 21] [Authenticate Configure Discover Transfer Write]
    /// The data connections of FTP.
    FtpData "ftp-data" "FTP data" general [Tcp 20] [Transfer]
    /// GENISYS, between a railway's control office and its field units.
    Genisys "genisys" "Genisys" industrial [Tcp 10001] [Configure Operate Read]
    /// Highway Addressable Remote Transducer over UDP and TCP, FieldComm Group TP10085.
    HartIp "hart-ip" "HART-IP" industrial [Tcp 5094 Udp 5094] [Authenticate Configure Discover Operate Publish Read Restart Subscribe Transfer Write]
    /// Hot Standby Router Protocol, RFC 2281, and version 2.
    Hsrp "hsrp" "HSRP" general [Udp 1985] [Configure Publish]
    /// Hypertext Transfer Protocol 1.x, RFC 9112.
    Http "http" "HTTP" general [Tcp 80 Tcp 8000 Tcp 8080] [Authenticate Discover Operate Read Transfer Write]
    /// HTTP/2 without TLS, RFC 9113.
    Http2 "http2" "HTTP/2" general [] [Subscribe]
    /// Internet Control Message Protocol, RFC 792 and RFC 4443.
    Icmp "icmp" "ICMP" general [] [Discover Publish]
    /// IEC 60870-5-104.
    Iec104 "iec104" "IEC 104" industrial [Tcp 2404] [Authenticate Configure Discover Operate Publish Read Restart Subscribe Transfer Write]
    /// Internet Group Management Protocol, RFC 9776 and those before.
    Igmp "igmp" "IGMP" general [] [Discover Subscribe]
    /// Internet Key Exchange 2, RFC 7296, and 1, RFC 2409; what it protects is not seen.
    Ike "ike" "IKE" general [Udp 500 Udp 4500] [Authenticate]
    /// Kerberos 5, RFC 4120.
    Kerberos "kerberos" "Kerberos" general [Tcp 88 Udp 88] [Authenticate]
    /// KNXnet/IP, building automation, ISO 22510.
    KnxnetIp "knxnet-ip" "KNXnet/IP" industrial [Tcp 3671 Udp 3671] [Authenticate Configure Discover Program Publish Read Restart Transfer Write]
    /// Lightweight Directory Access Protocol, RFC 4511; over UDP too.
    Ldap "ldap" "LDAP" general [Tcp 389 Tcp 3268 Udp 389] [Authenticate Configure Discover Read]
    /// Link Layer Discovery Protocol, IEEE 802.1AB, with LLDP-MED, ANSI/TIA-1057.
    Lldp "lldp" "LLDP" general [] [Publish]
    /// LoRaWAN between gateways and servers, in the Semtech packet forwarder's protocol.
    Lorawan "lorawan" "LoRaWAN" industrial [Udp 1700] [Authenticate Configure Program Publish Read Restart Subscribe Write]
    /// Multicast DNS, RFC 6762.
    Mdns "mdns" "mDNS" general [Udp 5353] [Discover Publish]
    /// Modbus/TCP, Modbus Application Protocol V1.1b3.
    Modbus "modbus" "Modbus/TCP" industrial [Tcp 502] [Configure Discover Operate Program Read Restart Transfer Write]
    /// Modbus RTU frames over TCP or UDP, Modbus over Serial Line V1.02.
    ModbusRtu "modbus-rtu" "Modbus RTU over TCP" industrial [] [Configure Discover Operate Program Read Restart Transfer Write]
    /// MQTT 3.1.1 and 5.0, OASIS.
    Mqtt "mqtt" "MQTT" general [Tcp 1883] [Authenticate Discover Operate Publish Restart Subscribe Write]
    /// MQTT for Sensor Networks 1.2.
    MqttSn "mqtt-sn" "MQTT-SN" general [Udp 1884] [Authenticate Configure Discover Publish Subscribe]
    /// The client/server protocol of MySQL and MariaDB.
    Mysql "mysql" "MySQL" general [Tcp 3306] [Authenticate Configure Publish Read Restart Subscribe Transfer Write]
    /// NetBIOS name service, RFC 1002.
    Nbns "nbns" "NetBIOS names" general [Udp 137] [Discover Publish]
    /// Network Time Protocol, RFC 5905.
    Ntp "ntp" "NTP" general [Udp 123] [Authenticate Configure Publish Read Subscribe]
    /// Open Charge Point Protocol 1.6-J and 2.0.1 in WebSocket, Open Charge Alliance.
    Ocpp "ocpp" "OCPP" industrial [] [Authenticate Configure Operate Program Publish Read Restart Transfer]
    /// Omron's Factory Interface Network Service, manuals W227 and W342.
    OmronFins "omron-fins" "Omron FINS" industrial [Tcp 9600 Udp 9600] [Configure Discover Operate Program Read Restart Transfer Write]
    /// OPC Unified Architecture over TCP, OPC 10000-6; PubSub is another protocol.
    Opcua "opcua" "OPC UA" industrial [Tcp 4840] [Authenticate Configure Discover Operate Publish Read Restart Subscribe Write]
    /// PostgreSQL's frontend/backend protocol 3.
    Postgresql "postgresql" "PostgreSQL" general [Tcp 5432] [Authenticate Configure Publish Read Restart Subscribe Transfer Write]
    /// PROFINET DCP, discovery and basic configuration, IEC 61158-6-10.
    ProfinetDcp "profinet-dcp" "PROFINET DCP" industrial [] [Configure Discover Operate Publish Restart]
    /// PROFINET IO, context manager, IEC 61158-6-10.
    ProfinetIoCm "profinet-io-cm" "PROFINET IO" industrial [Udp 34964] [Authenticate Configure Discover Publish Read]
    /// QUIC, RFC 9000 and RFC 9369; of what is inside, the hellos are seen.
    Quic "quic" "QUIC" general [Udp 443] [Authenticate]
    /// Remote Authentication Dial-In User Service, RFC 2865, with accounting, RFC 2866.
    Radius "radius" "RADIUS" general [Udp 1812 Udp 1813] [Authenticate Configure Discover Publish]
    /// Remote Desktop Protocol, MS-RDPBCGR.
    Rdp "rdp" "RDP" general [Tcp 3389 Udp 3389] [Authenticate]
    /// Remote Framebuffer, the protocol of VNC, RFC 6143.
    Rfb "rfb" "RFB (VNC)" general [Tcp 5900 Tcp 5901] [Authenticate]
    /// ROC Plus, Emerson D301180X012.
    RocPlus "roc-plus" "ROC Plus" industrial [Tcp 4000] [Authenticate Configure Discover Program Publish Read Transfer Write]
    /// Real-Time Streaming Protocol, RFC 7826 and RFC 2326.
    Rtsp "rtsp" "RTSP" general [Tcp 554 Tcp 8554] [Discover Publish Read Subscribe Transfer Write]
    /// S7comm over ISO transport (RFC 1006), the protocol of Siemens S7 controllers.
    S7comm "s7comm" "S7comm" industrial [Tcp 102] [Authenticate Configure Discover Operate Program Publish Read Restart Subscribe Transfer Write]
    /// S7comm-plus over ISO transport (RFC 1006), its successor.
    S7commPlus "s7comm-plus" "S7comm-plus" industrial [Tcp 102] [Authenticate Configure Discover Operate Program Publish Read Subscribe Transfer Write]
    /// Session Initiation Protocol, RFC 3261.
    Sip "sip" "SIP" general [Udp 5060 Tcp 5060] [Authenticate Discover Operate Publish Subscribe]
    /// Server Message Block 1 to 3, MS-CIFS, MS-SMB and MS-SMB2.
    Smb "smb" "SMB" general [Tcp 139 Tcp 445] [Authenticate Discover Transfer]
    /// Simple Mail Transfer Protocol, RFC 5321.
    Smtp "smtp" "SMTP" general [Tcp 25 Tcp 587] [Authenticate Discover Transfer]
    /// Simple Network Management Protocol, RFC 3416, with the objects of traffic control (NTCIP, UTMC).
    Snmp "snmp" "SNMP" general [Udp 161 Udp 162] [Authenticate Configure Discover Operate Publish Read Restart Write]
    /// Simple Service Discovery Protocol, UPnP Device Architecture 2.0.
    Ssdp "ssdp" "SSDP" general [Udp 1900] [Discover Publish]
    /// Secure Shell, RFC 4253; what is inside is not seen.
    Ssh "ssh" "SSH" general [Tcp 22] [Authenticate]
    /// Spanning tree, its rapid and its multiple successor, IEEE 802.1D and 802.1Q.
    Stp "stp" "Spanning tree" general [] [Configure Publish]
    /// Synchrophasor data transfer, IEEE C37.118.2.
    Synchrophasor "synchrophasor" "IEEE C37.118" industrial [Tcp 4712 Udp 4713] [Discover Publish Subscribe Write]
    /// Syslog, RFC 5424 and RFC 3164.
    Syslog "syslog" "Syslog" general [Udp 514 Tcp 601] [Publish]
    /// Telnet, RFC 854.
    Telnet "telnet" "Telnet" general [Tcp 23] [Authenticate]
    /// Trivial File Transfer Protocol, RFC 1350.
    Tftp "tftp" "TFTP" general [Udp 69] [Transfer]
    /// Transport Layer Security, RFC 8446 and RFC 5246; what is inside is not seen.
    Tls "tls" "TLS" general [Tcp 443 Tcp 8443 Tcp 8883] [Authenticate Transfer]
    /// Unidirectional Link Detection, RFC 5171.
    Udld "udld" "UDLD" general [] [Publish]
    /// Virtual Router Redundancy Protocol, RFC 3768 and RFC 9568.
    Vrrp "vrrp" "VRRP" general [] [Configure Publish]
    /// WebSocket, RFC 6455.
    Websocket "websocket" "WebSocket" general [] [Subscribe]
    /// Web Services Dynamic Discovery, OASIS WS-Discovery 1.1, as ONVIF uses it.
    WsDiscovery "ws-discovery" "WS-Discovery" general [Udp 3702] [Discover Publish]
}

impl Protocol {
    /// Whether its servers usually listen at a port.
    #[must_use]
    pub fn usually_at(self, transport: Transport, port: u16) -> bool {
        self.usual_ports().contains(&(transport, port))
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Protocol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Protocol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl de::Visitor<'_> for Name {
            type Value = Protocol;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a protocol")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Protocol, E> {
                name.parse().map_err(|()| E::invalid_value(de::Unexpected::Str(name), &self))
            }
        }
        deserializer.deserialize_str(Name)
    }
}

impl FromStr for Protocol {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Protocol::ALL.iter().copied().find(|p| p.as_str() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_stand_in_order() {
        for protocol in Protocol::ALL {
            assert_eq!(protocol.as_str().parse(), Ok(*protocol));
            assert!(!protocol.verbs().is_empty());
        }
        assert!(Protocol::ALL.is_sorted_by_key(|p| p.as_str()));
    }
}
