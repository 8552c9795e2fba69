//! What carries an application PDU: the virtual link layer and the network layer around it, as named details.

use super::message::{BvlcFunction, ConfirmedRequest, NetworkAddress, Npdu};
use crate::show::hexadecimal;
use city::{Details, Mac, Protocol, Text};
use compact_str::{ToCompactString, format_compact};
use std::net::Ipv4Addr;

/// What carried a message.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    pub carrier: Carrier,
    pub npdu: Npdu<'a>,
}

/// The link under the network layer.
#[derive(Clone, Copy, Debug)]
pub enum Carrier {
    /// BACnet/IP; with who sent it first, where it was forwarded (J.2.5).
    Ip { function: BvlcFunction, origin: Option<(Ipv4Addr, u16)> },
    /// BACnet/SC; with the stations beyond a hub that it is from and for.
    SecureConnect(Stations),
}

/// Stations beyond a hub of BACnet/SC, by their virtual addresses (AB.1.5.2): nothing for the end that speaks itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stations {
    pub(crate) origin: Option<[u8; 6]>,
    pub(crate) destination: Option<[u8; 6]>,
}

/// An address beyond a router as text: `5:0c`, or only `5` for all of the network. Empty without a router.
pub fn beyond(address: Option<NetworkAddress<'_>>) -> Text {
    match address {
        None => Text::default(),
        Some(NetworkAddress { network, address: [] }) => network.to_compact_string(),
        Some(NetworkAddress { network, address }) => {
            format_compact!("{network}:{}", hexadecimal(address, 64))
        }
    }
}

/// A station by its address beyond a router and beyond a hub, with the one beyond the hub that it speaks with.
fn behind_hub(
    address: Option<NetworkAddress<'_>>,
    station: Option<[u8; 6]>,
    partner: Option<[u8; 6]>,
) -> Text {
    let mut text = beyond(address);
    for (mark, station) in [('@', station), ('-', partner)] {
        if let Some(station) = station {
            text.push(mark);
            text.push_str(&hexadecimal(&station, 12));
        }
    }
    text
}

/// How the link is called where it is told that it lets anyone command.
pub fn link_title(protocol: Option<Protocol>) -> &'static str {
    if protocol == Some(Protocol::BacnetSc) { "BACnet/SC without TLS" } else { "BACnet/IP" }
}

/// Adds a detail.
pub fn put(details: &mut Details, name: &'static str, value: impl Into<Text>) {
    details.push((Text::const_new(name), value.into()));
}

impl Envelope<'_> {
    /// For whom a request is, where that is not the end of the conversation; the same as [`Envelope::sender`] of its
    /// reply.
    pub fn receiver(&self) -> Text {
        let Carrier::SecureConnect(stations) = self.carrier else { return beyond(self.npdu.destination) };
        behind_hub(self.npdu.destination, stations.destination, stations.origin)
    }

    /// From whom a message is, where that is not the end of the conversation.
    pub fn sender(&self) -> Text {
        let Carrier::SecureConnect(stations) = self.carrier else { return beyond(self.npdu.source) };
        behind_hub(self.npdu.source, stations.origin, stations.destination)
    }

    /// The fields of a request's envelope.
    pub fn request_fields(&self, details: &mut Details) {
        match self.carrier {
            Carrier::Ip { function, origin } => {
                put(details, "bvlc-function", function.text());
                if let Some((address, port)) = origin {
                    put(details, "original-address", address.to_compact_string());
                    put(details, "original-port", port.to_compact_string());
                }
            }
            Carrier::SecureConnect(Stations { origin, destination }) => {
                put(details, "bvlc-function", "encapsulated-npdu");
                for (name, address) in [("virtual-source", origin), ("virtual-destination", destination)] {
                    if let Some(address) = address {
                        put(details, name, Mac(address).to_compact_string());
                    }
                }
            }
        }
        for (name, address) in
            [("destination-network", self.npdu.destination), ("source-network", self.npdu.source)]
        {
            if address.is_some() {
                put(details, name, beyond(address));
            }
        }
        if let Some(hops) = self.npdu.hop_count {
            put(details, "hop-count", hops.to_compact_string());
        }
        if self.npdu.priority > 0 {
            put(details, "network-priority", self.npdu.priority.to_compact_string());
        }
    }

    /// The fields of a reply's envelope.
    pub fn reply_fields(&self, details: &mut Details, pdu_type: &'static str) {
        match self.carrier {
            Carrier::Ip { function, origin } => {
                put(details, "reply-bvlc-function", function.text());
                put(details, "reply-pdu-type", pdu_type);
                if let Some((address, port)) = origin {
                    put(details, "reply-original-address", address.to_compact_string());
                    put(details, "reply-original-port", port.to_compact_string());
                }
            }
            Carrier::SecureConnect(_) => put(details, "reply-pdu-type", pdu_type),
        }
        if self.npdu.source.is_some() {
            put(details, "reply-source-network", beyond(self.npdu.source));
        }
    }
}

/// The fields of a confirmed request's header (20.1.2).
pub fn confirmed_fields(request: &ConfirmedRequest<'_>, details: &mut Details) {
    put(details, "pdu-type", "confirmed-request");
    put(details, "invoke-id", request.invoke.to_compact_string());
    put(details, "service-choice", request.service.to_compact_string());
    let segments = match request.max_segments {
        0 => "unspecified".into(),
        7 => "more-than-64".into(),
        coded => (1_u32 << coded).to_compact_string(),
    };
    put(details, "max-segments", segments);
    let bytes = match request.max_apdu {
        0 => "50",
        1 => "128",
        2 => "206",
        3 => "480",
        4 => "1024",
        5 => "1476",
        _ => "reserved",
    };
    put(details, "max-apdu-accepted", bytes);
    put(details, "segmented-response-accepted", request.segmented_response_accepted.to_compact_string());
}
