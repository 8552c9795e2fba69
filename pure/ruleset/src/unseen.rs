//! What of a packet a base chain does not see, because it is not known where the chain stands.

use crate::{Base, Field, Hook, State};

/// The priority at which connections are looked up (`NF_IP_PRI_CONNTRACK`).
const CONNTRACK: i32 = -200;

impl Base {
    /// The fields that the chain sees with a fixed value, whatever the packet's own is: before routing there is no
    /// interface to leave by, and what the machine sends came in at none, so that each is any that is not named; and
    /// before connections are looked up every packet is invalid.
    #[must_use]
    pub fn unseen(&self) -> Vec<(Field, u128)> {
        let mut unseen = Vec::new();
        match self.hook {
            Hook::Ingress | Hook::Prerouting | Hook::Input => unseen.push((Field::InterfaceOut, 0)),
            Hook::Output => unseen.push((Field::InterfaceIn, 0)),
            Hook::Forward | Hook::Postrouting | Hook::Egress => {}
        }
        let before = match self.hook {
            Hook::Ingress => true,
            Hook::Prerouting | Hook::Output => self.priority < CONNTRACK,
            _ => false,
        };
        if before {
            unseen.push((Field::State, State::Invalid.number()));
        }
        unseen
    }
}
