//! What Suricata has an event of: each message.

use super::ber::dotted;
use super::message::{Binding, Content, Kind, Message, Version};
use super::objects::Object;
use crate::dialogue::{Out, Side};
use crate::show::escaped;
use std::net::Ipv4Addr;

/// The longest name of a user.
const USER_MAX: usize = 256;

/// How many objects of a message are told of: a datagram holds no more.
const OBJECTS_MAX: usize = 4_096;

/// Tells of a message, with the objects that it is about and without their values.
pub(super) fn tell(side: Side, message: &Message<'_>, out: &mut Out<'_>) {
    out.event(side, "eve_snmp", |fields| {
        fields.put(
            "version",
            match message.version {
                Version::One => "1",
                Version::TwoC => "2",
                Version::Three => "3",
            },
        );
        if message.version != Version::Three {
            fields.put("community", "(hidden)");
        }
        if let Some(secured) = &message.secured {
            fields.put("user", escaped(secured.user, USER_MAX));
        }
        let bindings: &[Binding<'_>] = match &message.content {
            Content::Encrypted => {
                fields.put("unit", "encrypted");
                &[]
            }
            Content::Trap(trap) => {
                fields.put("unit", "trap-1");
                fields.show("generic-trap", trap.generic);
                fields.put("enterprise", dotted(&trap.enterprise.arcs()));
                if let Some(agent) = trap.agent {
                    fields.show("agent", Ipv4Addr::from(agent));
                }
                &trap.bindings
            }
            Content::Pdu(pdu) => {
                fields.put("unit", pdu.kind.as_str());
                if pdu.error != 0 && pdu.kind != Kind::GetBulk {
                    fields.show("error", pdu.error);
                }
                &pdu.bindings
            }
        };
        for binding in bindings.iter().take(OBJECTS_MAX) {
            fields.put("object", Object::find(binding.oid.arcs()).identifier());
        }
    });
}
