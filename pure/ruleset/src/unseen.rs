//! What of a packet a base chain does not see, because it is not known where the chain stands.

use crate::meaning::Way;
use crate::{Base, Field, Hook, State};

/// The priority at which connections are looked up (`NF_IP_PRI_CONNTRACK`).
const CONNTRACK: i32 = -200;

/// The fields that a base chain sees with a fixed value, whatever the packet's own is. Before routing there is no
/// interface to leave by; what the machine sends came in at none; a bridge forgets in the end where a frame came in. Each
/// is then any interface that is not named. Before connections are looked up every packet is invalid.
pub(crate) fn unseen(base: &Base, way: Way) -> Vec<(Field, u128)> {
    let mut unseen = Vec::new();
    match base.hook {
        Hook::Ingress | Hook::Prerouting | Hook::Input => unseen.push((Field::InterfaceOut, 0)),
        Hook::Output => unseen.push((Field::InterfaceIn, 0)),
        Hook::Postrouting if way == Way::Bridged => unseen.push((Field::InterfaceIn, 0)),
        Hook::Forward | Hook::Postrouting | Hook::Egress => {}
    }
    let before = match base.hook {
        Hook::Ingress => true,
        Hook::Prerouting | Hook::Output => base.priority < CONNTRACK,
        _ => false,
    };
    if before {
        unseen.push((Field::State, State::Invalid.number()));
    }
    unseen
}
