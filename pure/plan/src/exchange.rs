//! Peers: that nothing goes over an open line, nothing leaves that may not, and nothing is done unasked that nobody signed.

use crate::{
    diagnostic::{Code, Flaw, Flaws},
    tree::{PeerTable, Table, Tree},
};
use city::{DefenceKind, Tlp};

pub(crate) fn check_peers(tree: &Tree, flaws: &mut Flaws) {
    tree.peers.iter().for_each(|peer| check_peer(peer, flaws));
}

fn check_peer(peer: &PeerTable, flaws: &mut Flaws) {
    let span = peer.id.get().map_or(peer.header(), |id| id.span);
    if peer.taxii.is_left_out() && peer.admit.is_left_out() {
        let flaw =
            Flaw::warning(Code::Unused, span, "nothing is read from this peer, and it may read nothing");
        flaws.push(flaw.help("write `taxii` to read from it, or `admit` to let it read here"));
    }
    if let Some(taxii) = peer.taxii.get()
        && taxii.value.0.starts_with("http://")
        && !taxii.value.is_local()
    {
        let why = "what a peer tells, and the password it asks for, would go over an open line";
        flaws.push(Flaw::error(Code::BadValue, taxii.span, why).help("write `https://`"));
    }
    if peer.taxii.is_left_out() {
        let unread = [
            peer.authority.get().map(|at| ("authority", at.span)),
            peer.every.get().map(|at| ("every", at.span)),
            peer.login.get().map(|at| ("login", at.span)),
        ];
        for (key, span) in unread.into_iter().flatten() {
            let why = format!("`{key}` is about reading from a peer, and nothing says where");
            flaws.push(Flaw::warning(Code::Unused, span, why).help("write `taxii`, or take it out"));
        }
    }
    if let Some(shown) = peer.shown.get().filter(|shown| shown.value == Tlp::Red) {
        let why = "what is marked red is for those alone to whom it was told, and never leaves";
        flaws.push(Flaw::error(Code::BadValue, shown.span, why).help("write `amber-strict` or less"));
    }
    if let Some(adopt) = peer.adopt.iter().next()
        && peer.key.is_left_out()
    {
        let why = "a defence is put in force without asking only if it can be known whose it is";
        flaws.push(Flaw::error(Code::Missing, adopt.span, why).help("write the peer's `key`"));
    }
    for adopt in
        peer.adopt.iter().filter(|adopt| matches!(adopt.value, DefenceKind::Narrow | DefenceKind::Procedure))
    {
        let why = format!(
            "a defence that is to `{}` is a change of the plan, which a person adopts",
            adopt.value.as_str()
        );
        flaws.push(Flaw::error(Code::Conflict, adopt.span, why).help("write `block`, `detect` or both"));
    }
}
