//! The protocols Bastide can name, and the verbs each one has.

use crate::{Verb, VerbSet};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

macro_rules! protocols {
    ($($(#[$doc:meta])* $variant:ident $name:literal $title:literal $use:ident [$($port:literal)*] [$($verb:ident)*])*) => {
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

            /// The ports on which its servers usually listen. A hint for people and for conversations that say
            /// nothing; a conversation that speaks is recognised by what it says.
            #[must_use]
            pub fn usual_ports(self) -> &'static [u16] {
                match self { $(Protocol::$variant => &[$($port),*],)* }
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
    Bacnet "bacnet" "BACnet" industrial [47808] [Authenticate Configure Discover Operate Program Publish Read Restart Subscribe Transfer Write]
    /// Dynamic Host Configuration Protocol, RFC 2131.
    Dhcp "dhcp" "DHCP" general [67 68] [Configure Discover]
    /// Domain Name System, RFC 1035.
    Dns "dns" "DNS" general [53] [Configure Discover Publish Read Transfer]
    /// GENISYS, between a railway's control office and its field units.
    Genisys "genisys" "Genisys" industrial [10001] [Configure Operate Read]
    /// Highway Addressable Remote Transducer over UDP and TCP, FieldComm Group TP10085.
    HartIp "hart-ip" "HART-IP" industrial [5094] [Authenticate Configure Discover Operate Publish Read Restart Subscribe Transfer Write]
    /// Hypertext Transfer Protocol 1.x, RFC 9112.
    Http "http" "HTTP" general [80 8000 8080] [Authenticate Discover Operate Read Transfer Write]
    /// Internet Control Message Protocol, RFC 792 and RFC 4443.
    Icmp "icmp" "ICMP" general [] [Discover]
    /// Multicast DNS, RFC 6762.
    Mdns "mdns" "mDNS" general [5353] [Discover Publish]
    /// Modbus/TCP, Modbus Application Protocol V1.1b3.
    Modbus "modbus" "Modbus/TCP" industrial [502] [Configure Discover Operate Program Read Restart Transfer Write]
    /// MQTT 3.1.1 and 5.0, OASIS.
    Mqtt "mqtt" "MQTT" general [1883] [Authenticate Discover Publish Subscribe]
    /// Synchrophasor data transfer, IEEE C37.118.2.
    Synchrophasor "synchrophasor" "IEEE C37.118" industrial [4712 4713] [Discover Publish Subscribe Write]
    /// Transport Layer Security, RFC 8446 and RFC 5246; what is inside is not seen.
    Tls "tls" "TLS" general [443 8443 8883] [Authenticate Transfer]
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
