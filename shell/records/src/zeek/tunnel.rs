//! Zeek's tunnel.log.

use super::{
    log::{Head, Log},
    row::Row,
};
use city::{Flow, Message};

pub(super) const LOGS: &[Log] =
    &[Log { path: "tunnel", head: Head::Ends, columns: &[("tunnel_type", "enum"), ("action", "enum")] }];

/// The service that a conversation which is a tunnel has, by the row that tells of it.
pub(super) fn service(message: &Message) -> Option<&'static str> {
    let kind = message.fields.iter().find(|(name, _)| name == "tunnel_type").map(|(_, kind)| kind.as_str());
    SERVICES.iter().find(|(known, _)| Some(*known) == kind).map(|(_, service)| *service)
}

const SERVICES: &[(&str, &str)] = &[
    ("Tunnel::AYIYA", "ayiya"),
    ("Tunnel::GENEVE", "geneve"),
    ("Tunnel::GTPv1", "gtpv1"),
    ("Tunnel::TEREDO", "teredo"),
    ("Tunnel::VXLAN", "vxlan"),
];

/// The row of a tunnel that was found.
pub(super) fn discovered(flow: Flow, kind: &'static str) -> Row {
    let mut row = Row::new(flow, "tunnel");
    row.put("tunnel_type", kind);
    row.put("action", "Tunnel::DISCOVER");
    row
}

/// The row of a tunnel's end, if one of a conversation's services is a tunnel.
pub(super) fn closed(flow: Flow, services: &[&str]) -> Option<Row> {
    let kind = SERVICES.iter().find(|(_, service)| services.contains(service)).map(|(kind, _)| *kind)?;
    let mut row = Row::new(flow, "tunnel");
    row.put("tunnel_type", kind);
    row.put("action", "Tunnel::CLOSE");
    Some(row)
}
