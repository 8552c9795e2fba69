//! QUIC as Suricata reads it: clients by their fingerprint, and hellos in pieces, after a Retry or out of order.

use crate::{cases, reading};
use city::{Protocol, Reply};

/// Cases of Suricata with the names of servers asked for, and what became of it, as far as it was seen.
const CASES: [(&str, usize); 7] = [
    ("ja4-quic", 11),
    ("quic-frag", 1),
    ("quic-frag-wait", 1),
    ("quic-initial-not-first", 1),
    ("quic-retry", 1),
    ("quic-retry-multiple", 1),
    ("quic-v2", 1),
];

/// The fingerprint that `ja4-quic` expects.
const JA4: &str = "q13d0310h3_55b375c5d22e_cd85d2d88918";

#[test]
fn clients_are_known_by_their_hellos() {
    let Some(all) = cases::all() else {
        return cases::skipped(CASES.len(), "clients_are_known_by_their_hellos");
    };
    for (name, expected) in CASES {
        let case = all.iter().find(|case| case.name == name).unwrap();
        let reading = reading::read(&case.capture);
        let handshakes: Vec<_> =
            reading.requests().filter(|request| request.flow.protocol == Some(Protocol::Quic)).collect();
        let detail = |key: &str| {
            handshakes
                .iter()
                .flat_map(|request| &request.details)
                .find(|(name, _)| name == key)
                .map(|(_, value)| value)
        };
        assert_eq!(handshakes.len(), expected, "{name}");
        assert!(
            handshakes.iter().all(|request| request.reply == Reply::Done || request.reply == Reply::Missing)
        );
        if name == "ja4-quic" {
            assert_eq!(detail("ja4").unwrap(), JA4);
        } else {
            assert!(handshakes[0].value.is_some(), "{name}: the server's hello was not read");
        }
    }
}
