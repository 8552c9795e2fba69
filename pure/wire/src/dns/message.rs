//! What a DNS message is: RFC 1035 clause 4, and the registries of codes that grew since.
//!
//! Codes stay numbers, so that an unknown one is kept and shown.

use city::Text;
use compact_str::format_compact;
use std::{fmt, net::IpAddr};

/// The fixed part of a message (RFC 1035 clause 4.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Chosen by the asker and returned by the answerer.
    pub id: u16,
    /// The second word: QR, opcode, flags and rcode.
    pub flags: u16,
    /// How many questions, answers, authority and additional records are announced.
    pub counts: [u16; 4],
}

impl Header {
    /// The length of a header on the wire, in bytes.
    pub const LENGTH: usize = 12;

    /// QR: whether this answers.
    pub fn is_response(self) -> bool {
        self.flags & 0x8000 != 0
    }

    /// What is asked for.
    pub fn opcode(self) -> Opcode {
        Opcode((self.flags >> 11) as u8 & 0xf)
    }

    /// AA: the answerer is an authority for the name.
    pub fn authoritative(self) -> bool {
        self.flags & 0x0400 != 0
    }

    /// TC: the message was cut to fit.
    pub fn truncated(self) -> bool {
        self.flags & 0x0200 != 0
    }

    /// RD: recursion is desired.
    pub fn recursion_desired(self) -> bool {
        self.flags & 0x0100 != 0
    }

    /// RA: recursion is available.
    pub fn recursion_available(self) -> bool {
        self.flags & 0x0080 != 0
    }

    /// The three bits that RFC 1035 reserves; RFC 4035 took the lower two for AD and CD.
    pub fn reserved(self) -> u8 {
        (self.flags >> 4) as u8 & 0x7
    }

    /// The response code, without the upper bits that EDNS adds.
    pub fn rcode(self) -> Rcode {
        Rcode(self.flags & 0xf)
    }
}

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident($number:ty) $prefix:literal { $($value:literal $text:literal)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub $number);

        impl $name {
            /// The registered name, if the code has one.
            pub fn name(self) -> Option<&'static str> {
                match self.0 { $($value => Some($text),)* _ => None }
            }

            /// The registered name, or the number of a code without.
            pub fn text(self) -> Text {
                match self.name() {
                    Some(name) => Text::const_new(name),
                    None => format_compact!(concat!($prefix, "{}"), self.0),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, concat!($prefix, "{}"), self.0),
                }
            }
        }
    };
}

codes! {
    /// What is asked for (RFC 1035 clause 4.1.1 and the IANA registry of opcodes).
    Opcode(u8) "OPCODE" { 0 "QUERY" 1 "IQUERY" 2 "STATUS" 4 "NOTIFY" 5 "UPDATE" 6 "DSO" }
}

impl Opcode {
    /// A question.
    pub const QUERY: Opcode = Opcode(0);
    /// A zone has changed (RFC 1996).
    pub const NOTIFY: Opcode = Opcode(4);
    /// Change a zone (RFC 2136).
    pub const UPDATE: Opcode = Opcode(5);
}

codes! {
    /// How it went (IANA registry of DNS RCODEs).
    Rcode(u16) "RCODE" {
        0 "NOERROR" 1 "FORMERR" 2 "SERVFAIL" 3 "NXDOMAIN" 4 "NOTIMP" 5 "REFUSED" 6 "YXDOMAIN" 7 "YXRRSET" 8 "NXRRSET"
        9 "NOTAUTH" 10 "NOTZONE" 11 "DSOTYPENI" 16 "BADVERS" 17 "BADKEY" 18 "BADTIME" 19 "BADMODE" 20 "BADNAME"
        21 "BADALG" 22 "BADTRUNC" 23 "BADCOOKIE"
    }
}

codes! {
    /// The class of a record or a question (RFC 1035 clause 3.2.4).
    Class(u16) "CLASS" { 1 "IN" 2 "CS" 3 "CH" 4 "HS" 254 "NONE" 255 "ANY" }
}

impl Class {
    /// In multicast DNS the top bit asks for a unicast answer, or says that the record replaces others (RFC 6762
    /// clauses 5.4 and 10.2).
    pub fn without_multicast_bit(self) -> Class {
        Class(self.0 & 0x7fff)
    }
}

codes! {
    /// The type of a record or a question (IANA registry of resource record types).
    Kind(u16) "TYPE" {
        1 "A" 2 "NS" 3 "MD" 4 "MF" 5 "CNAME" 6 "SOA" 7 "MB" 8 "MG" 9 "MR" 10 "NULL" 11 "WKS" 12 "PTR" 13 "HINFO"
        14 "MINFO" 15 "MX" 16 "TXT" 17 "RP" 18 "AFSDB" 19 "X25" 20 "ISDN" 21 "RT" 22 "NSAP" 23 "NSAP-PTR" 24 "SIG"
        25 "KEY" 26 "PX" 27 "GPOS" 28 "AAAA" 29 "LOC" 30 "NXT" 31 "EID" 32 "NIMLOC" 33 "SRV" 34 "ATMA" 35 "NAPTR"
        36 "KX" 37 "CERT" 38 "A6" 39 "DNAME" 40 "SINK" 41 "OPT" 42 "APL" 43 "DS" 44 "SSHFP" 45 "IPSECKEY" 46 "RRSIG"
        47 "NSEC" 48 "DNSKEY" 49 "DHCID" 50 "NSEC3" 51 "NSEC3PARAM" 52 "TLSA" 53 "SMIMEA" 55 "HIP" 56 "NINFO"
        57 "RKEY" 58 "TALINK" 59 "CDS" 60 "CDNSKEY" 61 "OPENPGPKEY" 62 "CSYNC" 63 "ZONEMD" 64 "SVCB" 65 "HTTPS"
        66 "DSYNC" 99 "SPF" 100 "UINFO" 101 "UID" 102 "GID" 103 "UNSPEC" 104 "NID" 105 "L32" 106 "L64" 107 "LP"
        108 "EUI48" 109 "EUI64" 128 "NXNAME" 249 "TKEY" 250 "TSIG" 251 "IXFR" 252 "AXFR" 253 "MAILB" 254 "MAILA"
        255 "ANY" 256 "URI" 257 "CAA" 258 "AVC" 259 "DOA" 260 "AMTRELAY" 261 "RESINFO" 262 "WALLET" 32768 "TA"
        32769 "DLV"
    }
}

impl Kind {
    /// An IPv4 address.
    pub const A: Kind = Kind(1);
    /// A name server.
    pub const NS: Kind = Kind(2);
    /// The name behind an alias.
    pub const CNAME: Kind = Kind(5);
    /// The start of a zone.
    pub const SOA: Kind = Kind(6);
    /// A pointer: the name of an address, or an instance of a service.
    pub const PTR: Kind = Kind(12);
    /// Processor and operating system.
    pub const HINFO: Kind = Kind(13);
    /// A mail exchanger.
    pub const MX: Kind = Kind(15);
    /// Text.
    pub const TXT: Kind = Kind(16);
    /// An IPv6 address.
    pub const AAAA: Kind = Kind(28);
    /// A place (RFC 1876).
    pub const LOC: Kind = Kind(29);
    /// Where a service is (RFC 2782).
    pub const SRV: Kind = Kind(33);
    /// Rules for rewriting (RFC 3403).
    pub const NAPTR: Kind = Kind(35);
    /// An alias for a whole tree (RFC 6672).
    pub const DNAME: Kind = Kind(39);
    /// EDNS (RFC 6891).
    pub const OPT: Kind = Kind(41);
    /// The key of a zone below (RFC 4034).
    pub const DS: Kind = Kind(43);
    /// The fingerprint of an SSH host key (RFC 4255).
    pub const SSHFP: Kind = Kind(44);
    /// A signature (RFC 4034).
    pub const RRSIG: Kind = Kind(46);
    /// What does not exist (RFC 4034).
    pub const NSEC: Kind = Kind(47);
    /// A key (RFC 4034).
    pub const DNSKEY: Kind = Kind(48);
    /// What does not exist, hashed (RFC 5155).
    pub const NSEC3: Kind = Kind(50);
    /// How names are hashed (RFC 5155).
    pub const NSEC3PARAM: Kind = Kind(51);
    /// A certificate's association (RFC 6698).
    pub const TLSA: Kind = Kind(52);
    /// As DS, for the parent to take over (RFC 7344).
    pub const CDS: Kind = Kind(59);
    /// As DNSKEY, for the parent to take over (RFC 7344).
    pub const CDNSKEY: Kind = Kind(60);
    /// Service binding (RFC 9460).
    pub const SVCB: Kind = Kind(64);
    /// Service binding for HTTP (RFC 9460).
    pub const HTTPS: Kind = Kind(65);
    /// As TXT, once, for mail policy (RFC 4408).
    pub const SPF: Kind = Kind(99);
    /// Changes of a zone.
    pub const IXFR: Kind = Kind(251);
    /// A whole zone.
    pub const AXFR: Kind = Kind(252);
    /// Who may issue certificates (RFC 8659).
    pub const CAA: Kind = Kind(257);
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name, as written on the wire.
    pub name: Text,
    /// The type of record wanted.
    pub kind: Kind,
    /// The class wanted.
    pub class: Class,
}

/// One resource record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The name it belongs to.
    pub name: Text,
    /// Its type.
    pub kind: Kind,
    /// Its class.
    pub class: Class,
    /// How long it may be kept, in seconds.
    pub ttl: u32,
    /// What it says.
    pub data: Data,
    /// What is odd about its data, by Zeek's name.
    pub odd: Option<&'static str>,
}

/// What a record says: what the reader looks into, and the rest as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// A, AAAA.
    Address(IpAddr),
    /// CNAME, DNAME, NS, PTR.
    Name(Text),
    /// SRV: the port and the host of a service.
    Service {
        /// The lower is tried first.
        priority: u16,
        /// Share among equals.
        weight: u16,
        /// Where it listens.
        port: u16,
        /// The host.
        host: Text,
    },
    /// TXT, SPF: each string without quotes.
    Strings(Vec<Text>),
    /// Any other, in the presentation form of its standard; `\# length hexadecimal` where that is unknown or the
    /// record is malformed (RFC 3597 clause 5).
    Other(Text),
    /// Nothing: UPDATE and negative records have empty data.
    Empty,
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Data::Address(address) => address.fmt(f),
            Data::Name(name) => f.write_str(name),
            Data::Service { priority, weight, port, host } => write!(f, "{priority} {weight} {port} {host}"),
            Data::Strings(strings) => {
                let mut separator = "";
                for string in strings {
                    write!(f, "{separator}\"{}\"", string.replace('\\', "\\\\").replace('"', "\\\""))?;
                    separator = " ";
                }
                Ok(())
            }
            Data::Other(text) => f.write_str(text),
            Data::Empty => Ok(()),
        }
    }
}

/// A message, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The fixed part.
    pub header: Header,
    /// What is asked.
    pub questions: smallvec::SmallVec<[Question; 1]>,
    /// What answers.
    pub answers: Vec<Record>,
    /// Who would know.
    pub authority: Vec<Record>,
    /// What may help.
    pub additional: Vec<Record>,
    /// Where reading stopped early, if it did: what was being read.
    pub damage: Option<&'static str>,
    /// Bytes behind the last record.
    pub surplus: usize,
}

impl Message {
    /// The response code with the upper bits that EDNS adds (RFC 6891 clause 6.1.3).
    pub fn rcode(&self) -> Rcode {
        let upper =
            self.additional.iter().find(|record| record.kind == Kind::OPT).map_or(0, |opt| opt.ttl >> 24);
        Rcode((upper as u16) << 4 | self.header.rcode().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_codes_are_shown_by_number() {
        assert_eq!(Kind::HTTPS.to_string(), "HTTPS");
        assert_eq!(Kind(1234).to_string(), "TYPE1234");
        assert_eq!(Class(7).to_string(), "CLASS7");
        assert_eq!(Rcode(3).to_string(), "NXDOMAIN");
        assert_eq!(Rcode(15).to_string(), "RCODE15");
    }

    #[test]
    fn flags_are_where_the_standard_puts_them() {
        let header = Header { id: 1, flags: 0xAD93, counts: [0; 4] };
        assert!(header.is_response() && header.authoritative() && header.recursion_available());
        assert!(!header.truncated() && header.recursion_desired());
        assert_eq!((header.opcode(), header.reserved(), header.rcode()), (Opcode::UPDATE, 1, Rcode(3)));
    }
}
