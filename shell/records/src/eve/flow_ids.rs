//! Numbers for conversations: the same in all events of one, and in every reading of the same capture.

use city::{Flow, Protocol};
use foldhash::fast::{FixedState, RandomState};
use jiff::Timestamp;
use std::{collections::HashMap, hash::BuildHasher};

/// The conversations that go on.
///
/// As many as the wire follows at a time: it tells of a conversation's end when its table puts it out.
#[derive(Debug, Default)]
pub(super) struct FlowIds {
    open: HashMap<Flow, Known, RandomState>,
}

/// What all events of a conversation share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// The number; below 2^51, so that what keeps JSON's numbers as floating-point ones keeps it exactly.
    pub(super) id: u64,
    /// The VLAN identifier, if tagged.
    pub(super) vlan: Option<u16>,
    /// The protocol by which it was recognised.
    pub(super) protocol: Option<Protocol>,
    /// The protocol of what was begun within it.
    pub(super) inside: Option<Protocol>,
    /// How many events it has had of a kind whose events are counted.
    events: u64,
}

impl FlowIds {
    pub(super) fn open(&mut self, flow: &Flow, time: Timestamp) {
        let known = Known { id: id(flow, time), vlan: None, protocol: None, inside: None, events: 0 };
        self.open.insert(key(flow), known);
    }

    pub(super) fn tag(&mut self, flow: &Flow, vlan: Option<u16>) {
        if let Some(known) = self.open.get_mut(&key(flow)) {
            known.vlan = vlan;
        }
    }

    /// Takes note of the protocol by which a conversation was recognised.
    pub(super) fn recognised(&mut self, flow: &Flow) {
        if let Some(known) = self.open.get_mut(&key(flow)) {
            known.protocol = flow.protocol;
        }
    }

    /// Takes note that TLS was begun in the conversation of a flow; says within which protocol, if within another.
    pub(super) fn begins_tls(&mut self, flow: &Flow) -> Option<Protocol> {
        let known = self.open.get_mut(&key(flow))?;
        if known.protocol == Some(Protocol::Rdp) {
            // Suricata reads on as RDP.
            return known.protocol;
        }
        known.inside = Some(Protocol::Tls);
        known.protocol.filter(|protocol| *protocol != Protocol::Tls)
    }

    /// Counts an event of a conversation: the place of this one, from 0.
    pub(super) fn count(&mut self, flow: &Flow) -> u64 {
        let Some(known) = self.open.get_mut(&key(flow)) else { return 0 };
        known.events += 1;
        known.events - 1
    }

    pub(super) fn close(&mut self, flow: &Flow) {
        self.open.remove(&key(flow));
    }

    /// What is known of the conversation of a flow, whichever of its ends is the source.
    pub(super) fn of(&self, flow: &Flow) -> Option<Known> {
        self.open.get(&key(flow)).or_else(|| self.open.get(&key(&flow.reversed()))).copied()
    }
}

/// The flow without its protocol, which becomes known later.
pub(super) fn key(flow: &Flow) -> Flow {
    Flow { protocol: None, ..*flow }
}

fn id(flow: &Flow, time: Timestamp) -> u64 {
    let hash = FixedState::default().hash_one((key(flow), time.as_nanosecond()));
    (hash >> 13).max(1)
}
