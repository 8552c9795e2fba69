//! Which protocol is spoken: told by content, with the port as no more than a hint.

use crate::dialogue::{Reader, Side};
use crate::{
    bacnet, bsap, c1222, cip, coap, dhcp, dhcpv6, dlms, dnp3, dns, enip, ftp, genisys, hart_ip, hsrp, http,
    http2, iec104, ike, kerberos, knxnet_ip, ldap, lorawan, modbus, modbus_rtu, mqtt, mqtt_sn, mysql, nbns,
    ntp, omron_fins, opcua, postgresql, profinet_io_cm, quic, radius, rdp, rfb, roc_plus, rtsp, s7comm, sip,
    smb, smtp, snmp, ssdp, ssh, synchrophasor, syslog, telnet, tftp, tls, ws_discovery,
};
use city::Transport;

/// The opening of a conversation, as far as it was seen.
pub struct Opening<'a> {
    /// TCP or UDP. Readers of protocols directly on the link are chosen by EtherType, not here.
    pub transport: Transport,
    /// The port of each end.
    pub source_port: u16,
    pub destination_port: u16,
    /// Which end spoke the first bytes that were seen.
    pub first: Side,
    /// What the source said so far: for a stream, from its beginning, perhaps nothing; for UDP, one datagram.
    pub from_source: &'a [u8],
    /// What the destination said so far.
    pub from_destination: &'a [u8],
}

impl Opening<'_> {
    /// Whether either port is this one.
    pub fn on_port(&self, port: u16) -> bool {
        self.source_port == port || self.destination_port == port
    }

    /// Whether it is a stream.
    pub fn is_tcp(&self) -> bool {
        self.transport == Transport::Tcp
    }

    /// Whether it is datagrams.
    pub fn is_udp(&self) -> bool {
        self.transport == Transport::Udp
    }

    /// What was said first.
    pub fn first_bytes(&self) -> &[u8] {
        match self.first {
            Side::Source => self.from_source,
            Side::Destination => self.from_destination,
        }
    }
}

/// Whether an opening is of a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognition {
    /// It cannot be.
    No,
    /// Not enough was seen to tell.
    More,
    /// It is. Several protocols may say so; the surest wins, then the first in the table.
    Yes(Sureness),
}

/// How sure a recognition is.
#[expect(clippy::enum_variant_names, reason = "each says by what it is sure")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sureness {
    /// The content fits and the port is the usual one; the content alone would not convince.
    ByPort,
    /// The content's structure fits throughout: lengths, codes and reserved fields agree.
    ByStructure,
    /// The content holds a signature that nothing else has.
    BySignature,
}

/// The protocols read over TCP and UDP. A protocol is added by a folder and a line.
pub const READERS: &[Reader] = &[
    bacnet::READER,
    bsap::READER,
    c1222::READER,
    cip::READER,
    coap::READER,
    dhcp::READER,
    dhcpv6::READER,
    dlms::READER,
    dnp3::READER,
    dns::MULTICAST_READER,
    dns::READER,
    enip::READER,
    ftp::DATA_READER,
    ftp::READER,
    genisys::READER,
    hart_ip::READER,
    hsrp::READER,
    http::READER,
    http2::READER,
    iec104::READER,
    ike::READER,
    kerberos::READER,
    knxnet_ip::READER,
    ldap::READER,
    lorawan::READER,
    modbus::READER,
    modbus_rtu::READER,
    mqtt::READER,
    mqtt_sn::READER,
    mysql::READER,
    nbns::READER,
    ntp::READER,
    omron_fins::READER,
    opcua::READER,
    postgresql::READER,
    profinet_io_cm::READER,
    quic::READER,
    radius::READER,
    rdp::READER,
    rfb::READER,
    roc_plus::READER,
    rtsp::READER,
    s7comm::PLUS_READER,
    s7comm::READER,
    sip::READER,
    smb::READER,
    smtp::READER,
    snmp::READER,
    ssdp::READER,
    ssh::READER,
    synchrophasor::READER,
    syslog::READER,
    telnet::READER,
    tftp::READER,
    tls::DATAGRAM_READER,
    tls::READER,
    ws_discovery::READER,
];
