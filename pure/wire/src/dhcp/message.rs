//! What a DHCP message is: RFC 2131 clause 2 and the options of RFC 2132.

use city::Mac;
use std::borrow::Cow;
use std::fmt;
use std::net::Ipv4Addr;

/// What a message does (RFC 2132 clause 9.6 and the IANA registry of DHCP message types).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind(pub u8);

impl Kind {
    /// A client looks for servers.
    pub const DISCOVER: Kind = Kind(1);
    /// A server offers an address.
    pub const OFFER: Kind = Kind(2);
    /// A server grants what was asked for.
    pub const ACK: Kind = Kind(5);
    /// A server refuses.
    pub const NAK: Kind = Kind(6);
    /// A client that has an address asks for the other parameters.
    pub const INFORM: Kind = Kind(8);

    /// The name in records, or nothing for an unknown number.
    pub fn name(self) -> Option<&'static str> {
        const NAMES: [&str; 18] = [
            "discover",
            "offer",
            "request",
            "decline",
            "ack",
            "nak",
            "release",
            "inform",
            "force-renew",
            "lease-query",
            "lease-unassigned",
            "lease-unknown",
            "lease-active",
            "bulk-lease-query",
            "lease-query-done",
            "active-lease-query",
            "lease-query-status",
            "tls",
        ];
        NAMES.get(usize::from(self.0).checked_sub(1)?).copied()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "message-{}", self.0),
        }
    }
}

/// The number of an option (IANA registry of BOOTP and DHCP options).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(pub u8);

impl Code {
    /// Subnet mask.
    pub const SUBNET_MASK: Code = Code(1);
    /// Routers.
    pub const ROUTER: Code = Code(3);
    /// Time servers (RFC 868).
    pub const TIME_SERVER: Code = Code(4);
    /// Name servers.
    pub const NAME_SERVER: Code = Code(6);
    /// The client's name.
    pub const HOST_NAME: Code = Code(12);
    /// The client's domain.
    pub const DOMAIN: Code = Code(15);
    /// Servers of network time.
    pub const NTP_SERVER: Code = Code(42);
    /// The address that the client would like.
    pub const REQUESTED_ADDRESS: Code = Code(50);
    /// How long an address may be kept, in seconds.
    pub const LEASE_TIME: Code = Code(51);
    /// The fields of file and server name hold options.
    pub const OVERLOAD: Code = Code(52);
    /// What the message does.
    pub const MESSAGE_TYPE: Code = Code(53);
    /// The server that is spoken of.
    pub const SERVER_IDENTIFIER: Code = Code(54);
    /// The options that the client asks for.
    pub const PARAMETER_LIST: Code = Code(55);
    /// Why, in words.
    pub const MESSAGE: Code = Code(56);
    /// The longest message the client can take.
    pub const MAX_MESSAGE_SIZE: Code = Code(57);
    /// When to ask the same server again, in seconds.
    pub const RENEWAL_TIME: Code = Code(58);
    /// When to ask any server, in seconds.
    pub const REBINDING_TIME: Code = Code(59);
    /// The kind of client.
    pub const VENDOR_CLASS: Code = Code(60);
    /// What the client calls itself towards the server.
    pub const CLIENT_IDENTIFIER: Code = Code(61);
    /// The kind of user (RFC 3004).
    pub const USER_CLASS: Code = Code(77);
    /// The client's name with its domain (RFC 4702).
    pub const CLIENT_FQDN: Code = Code(81);
    /// What a relay adds (RFC 3046).
    pub const RELAY: Code = Code(82);
    /// Where a device that is set up for the first time is to turn (RFC 8572).
    pub const REDIRECT: Code = Code(143);
    /// TFTP servers (RFC 5859).
    pub const TFTP_SERVER: Code = Code(150);
    /// Where the description of what the device needs from the network is (RFC 8520).
    pub const MUD_URL: Code = Code(161);
}

/// One option, put together if it came in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<'a> {
    /// Which.
    pub code: Code,
    /// What it holds.
    pub bytes: Cow<'a, [u8]>,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Whether a server or a relay sent it to a client (op 2), not the other way (op 1).
    pub is_reply: bool,
    /// The client's address on its link, if that is Ethernet or has the same form.
    pub client_mac: Option<Mac>,
    /// How many relays it passed.
    pub hops: u8,
    /// Chosen by the client, the same in all messages of one exchange.
    pub id: u32,
    /// How long the client has been trying, in seconds.
    pub seconds: u16,
    /// The client cannot yet receive what is not broadcast.
    pub broadcast: bool,
    /// ciaddr: the address that the client has.
    pub client: Ipv4Addr,
    /// yiaddr: the address that the client is given.
    pub assigned: Ipv4Addr,
    /// siaddr: where to go on booting.
    pub next_server: Ipv4Addr,
    /// giaddr: the relay.
    pub relay: Ipv4Addr,
    /// sname, if it is not used for options.
    pub server_name: &'a [u8],
    /// file, if it is not used for options.
    pub boot_file: &'a [u8],
    /// What the message does; 0 if it does not say.
    pub kind: Kind,
    /// The options in the order of their first part.
    pub options: Vec<Setting<'a>>,
}

impl Message<'_> {
    /// What an option holds.
    pub fn option(&self, code: Code) -> Option<&[u8]> {
        self.options.iter().find(|option| option.code == code).map(|option| option.bytes.as_ref())
    }

    /// An option that is one address.
    pub fn address(&self, code: Code) -> Option<Ipv4Addr> {
        self.addresses(code).next()
    }

    /// An option that is a list of addresses.
    pub fn addresses(&self, code: Code) -> impl Iterator<Item = Ipv4Addr> {
        let (addresses, _) = self.option(code).unwrap_or_default().as_chunks::<4>();
        addresses.iter().map(|octets| Ipv4Addr::from(*octets))
    }

    /// An option that is a number of four bytes.
    pub fn number(&self, code: Code) -> Option<u32> {
        self.option(code)?.try_into().ok().map(u32::from_be_bytes)
    }
}
