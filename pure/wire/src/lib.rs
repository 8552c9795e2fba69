//! From bytes on a wire to conversations, requests, identities and weaknesses.
//!
//! [`Wire`] is given frames in the order of their capture and appends observations to a vector. It knows no file, no
//! interface and no clock: time is the time of the frames. Every table in it is bounded by [`Limits`]; what a full
//! table puts out is told as a [`city::Loss`].
//!
//! The way of a frame:
//!
//! ```text
//! frame ─► packet ─► fragment ─► flow ─► stream ─► recognise ─► a protocol's Dialogue ─► observations
//!          link, IP,  IP          table   TCP in    by content   modbus, bacnet, dns, …
//!          TCP, UDP   fragments           order
//! ```
//!
//! Each protocol is a folder of the same shape: `message.rs` (what the standard says a message is), `parse.rs` (bytes
//! to messages, `parse_*`), `conversation.rs` (messages to observations, one `Dialogue`).

mod addresses;
mod announce;
mod arp;
mod bacnet;
mod bacnet_sc;
mod ber;
mod bsap;
mod bytes;
mod c1222;
mod cdp;
mod checksum;
mod cip;
mod clock;
mod coap;
mod community_id;
mod content;
mod cotp;
mod cursor;
mod decimal;
mod dhcp;
mod dhcpv6;
mod dialogue;
mod dlms;
mod dnp3;
mod dns;
mod eapol;
mod enip;
mod expected;
mod flood;
mod flow;
mod footing;
mod fragment;
mod frame;
mod ftp;
mod genisys;
mod gss;
mod hart_ip;
mod history;
mod hsrp;
mod http;
mod http2;
mod icmp;
mod iec104;
mod igmp;
mod ike;
mod inner;
mod json;
mod kerberos;
mod knxnet_ip;
mod ldap;
mod lines;
mod link;
mod lldp;
mod lorawan;
mod modbus;
mod modbus_rtu;
mod mqtt;
mod mqtt_sn;
mod mysql;
mod nbns;
mod news;
mod ntlm;
mod ntp;
mod ocpp;
mod ocsp;
mod omron_fins;
mod opcua;
mod packet;
mod ports;
mod postgresql;
mod profinet_dcp;
mod profinet_io_cm;
mod quic;
mod radius;
mod rdp;
mod recognise;
#[cfg(test)]
mod rehearse;
mod rfb;
mod roc_plus;
mod rtsp;
mod s7comm;
mod secret;
mod share;
mod show;
mod sip;
mod smb;
mod smtp;
mod snmp;
mod sql;
mod ssdp;
mod ssh;
mod stp;
mod stream;
mod synchrophasor;
mod syslog;
mod table;
mod talk;
mod tally;
mod tcp;
mod telnet;
mod text_head;
mod tftp;
mod tls;
mod tunnel;
mod udld;
mod unanswered;
mod upgrade;
mod vrrp;
mod websocket;
mod weird;
mod wire;
mod ws_discovery;

pub use addresses::addresses;
pub use clock::{Clock, Moment, Turn};
pub use community_id::community_id;
pub use flow::Begun;
pub use share::share;
pub use tally::Tally;
pub use wire::{Order, Wire};

use city::{Protocol, Text};
use jiff::{SignedDuration, Timestamp};

/// How bytes on a link begin: the link-layer header type of the capture file (tcpdump.org's `LINKTYPE_` numbers).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

/// One frame as it was captured.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// When it was captured.
    pub time: Timestamp,
    /// How its bytes begin.
    pub link: LinkType,
    /// The bytes captured.
    pub bytes: &'a [u8],
    /// How long it was on the wire; more than `bytes` if the capture cut it short.
    pub length: u32,
}

/// How a reader is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name put into every observation.
    pub sensor: Text,
    /// Whether what the logs of Zeek and ICSNPP hold is told: rows, and further fields of requests.
    pub logs: bool,
    /// The protocols whose requests carry the further fields that Suricata's events hold; unless there are none, what else
    /// those events need is told too.
    pub events: &'static [Protocol],
    /// Whether requests carry, among the further fields, those by which indicators know them: the host and the client of HTTP,
    /// the fingerprints of a hello, the hashes of the certificates shown.
    pub signs: bool,
    /// Seeds the order in which hash tables place attacker-chosen keys; it never shows in the output.
    pub seed: u64,
    /// The bounds.
    pub limits: Limits,
    /// Whether packets with wrong checksums are left out. Cards that compute checksums late make them look wrong in
    /// captures of what a machine itself sends, so that they are read and counted unless someone knows better.
    pub only_whole: bool,
    /// How often a conversation that goes on is told of before its end; `None` for never.
    pub interim: Option<SignedDuration>,
}

/// Bounds on what a reader keeps. The defaults hold it under 500 MB; what few dialogues remember beside unanswered
/// requests comes on top and is bounded for each conversation by its protocol's folder.
/// Bounds on what a reader keeps. The defaults hold it under 500 MB, whatever arrives; a table that is full puts out the
/// oldest, and says so.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Conversations followed at a time.
    pub conversations: usize,
    /// Bytes of TCP payload held until a gap closes, over all conversations.
    pub reorder_bytes: usize,
    /// Bytes of TCP payload held for one direction of one conversation, until a message is whole.
    pub message_bytes: usize,
    /// Bytes of TCP payload held until messages are whole, over all conversations.
    pub pending_bytes: usize,
    /// Bytes of requests that nobody has answered yet, over all conversations.
    pub unanswered_bytes: usize,
    /// Bytes that the protocols' dialogues remember besides, over all conversations, about: messages that are not whole,
    /// and what they keep in order.
    pub remembered_bytes: usize,
    /// IP datagrams whose fragments are awaited at a time.
    pub fragmented: usize,
    /// Bytes of fragments held, over all datagrams.
    pub fragment_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            conversations: 200_000,
            reorder_bytes: 64 << 20,
            message_bytes: 256 << 10,
            pending_bytes: 64 << 20,
            unanswered_bytes: 64 << 20,
            remembered_bytes: 64 << 20,
            fragmented: 4_096,
            fragment_bytes: 16 << 20,
        }
    }
}
