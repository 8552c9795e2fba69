//! `arp`: each packet.

use super::event::{Event, Object, detail};
use city::Message;

/// The event of a packet.
pub(super) fn event(message: &Message) -> Event {
    let mut body = Object::default();
    body.put("hw_type", "ethernet");
    body.put("proto_type", "ipv4");
    for field in ["opcode", "src_mac", "src_ip", "dest_mac", "dest_ip"] {
        body.text(field, &message.fields, field);
    }
    let mut fields = Object::default();
    if let Some(vlan) = detail(&message.fields, "vlan").and_then(|vlan| vlan.parse().ok()) {
        fields.put("vlan", vec![super::event::Value::Number(vlan)]);
    }
    fields.put("arp", body);
    Event { kind: "arp", time: None, flow: message.flow, fields }
}
