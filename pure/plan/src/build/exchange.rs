//! The tables of exchange, from a tree without mistakes.

use super::{list, required};
use crate::tree::PeerTable;
use city::{Peer, Tlp};
use jiff::SignedDuration;

/// How often a peer is read, if the plan does not say.
const EVERY: SignedDuration = SignedDuration::from_mins(15);

/// How far a peer is believed to begin with, if the plan does not say.
const TRUST: u8 = 50;

pub(super) fn build_peer(peer: PeerTable) -> Option<Peer> {
    Some(Peer {
        id: required(peer.id)?,
        name: required(peer.name)?,
        taxii: peer.taxii.take().map(|url| url.0),
        authority: peer.authority.take().map(|path| path.0),
        every: peer.every.take().map_or(EVERY, |lasting| lasting.0),
        login: peer.login.take(),
        admit: peer.admit.take(),
        shown: peer.shown.take().unwrap_or(Tlp::Green),
        may_write: peer.may_write.take().unwrap_or(false),
        key: peer.key.take().map(|key| key.0),
        trust: peer.trust.take().map_or(TRUST, |percentage| percentage.0),
        adopt: list(peer.adopt),
    })
}
