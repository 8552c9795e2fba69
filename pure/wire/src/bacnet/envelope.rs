//! What carries an application PDU: the virtual link layer and the network layer around it, as named details.

use super::message::{BvlcFunction, ConfirmedRequest, NetworkAddress, Npdu};
use crate::show::hexadecimal;
use city::{Details, Text};
use compact_str::{ToCompactString, format_compact};
use std::net::Ipv4Addr;

/// What carried a message.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    pub function: BvlcFunction,
    /// Who sent it first, where it was forwarded (J.2.5).
    pub origin: Option<(Ipv4Addr, u16)>,
    pub npdu: Npdu<'a>,
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

/// Adds a detail.
pub fn put(details: &mut Details, name: &'static str, value: impl Into<Text>) {
    details.push((Text::const_new(name), value.into()));
}

impl Envelope<'_> {
    /// The fields of a request's envelope.
    pub fn request_fields(&self, details: &mut Details) {
        put(details, "bvlc-function", self.function.text());
        if let Some((address, port)) = self.origin {
            put(details, "original-address", address.to_compact_string());
            put(details, "original-port", port.to_compact_string());
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
        put(details, "reply-bvlc-function", self.function.text());
        put(details, "reply-pdu-type", pdu_type);
        if let Some((address, port)) = self.origin {
            put(details, "reply-original-address", address.to_compact_string());
            put(details, "reply-original-port", port.to_compact_string());
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
