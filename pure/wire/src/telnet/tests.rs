//! Logins as they go on the wire, and as they should not.

use super::READER;
use super::prompt::{Prompt, prompt};
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{Rehearsal, identities, lines, recognise, stream, stream_in_pieces, weaknesses};
use city::{Observed, Transport};

const SAID: &[(Side, &[u8])] = &[
    (Destination, b"\xff\xfd\x18\xff\xfb\x01"),
    (Source, b"\xff\xfb\x18\xff\xfd\x01"),
    (Destination, b"\xff\xfa\x18\x01\xff\xf0Lock 4, switch 2.1\r\n\r\nswitch login: "),
    (Source, b"keepes\x7fr\r\0"),
    (Destination, b"keeper\r\nPassword: "),
    (Source, b"hunter2\r\0"),
    (Destination, b"\r\nLogin incorrect\r\nswitch login: "),
    (Source, b"admin\r\n"),
    (Destination, b"admin\r\nPassword: "),
    (Source, b"admin\r\n"),
    (Destination, b"\r\nLast login: yesterday\r\n# "),
    (Source, b"passwd hunter3\r\n"),
];

fn words(facts: &[Observed]) -> Vec<String> {
    weaknesses(facts).iter().map(|found| format!("{} {}", found.kind.as_str(), found.detail)).collect()
}

#[test]
fn logins_are_told_by_name() {
    let facts = stream(&READER, 23, SAID);
    assert_eq!(
        lines(&facts),
        ["> authenticate login [keeper] - refused refused", "> authenticate login [admin] - done"]
    );
    assert_eq!(
        words(&facts),
        [
            "cleartext-credentials password typed, user name keeper",
            "cleartext-credentials password typed, user name admin",
            "default-credentials password typed, user name admin",
        ]
    );
    assert_eq!(identities(&facts)[0], "192.0.2.20 product Lock 4, switch 2.1 (welcome)");
    assert!(!format!("{facts:?}").contains("hunter"));
    for size in 1..30 {
        let pieces = stream_in_pieces(&READER, 23, SAID, size);
        assert_eq!((lines(&pieces), words(&pieces)), (lines(&facts), words(&facts)), "{size}");
    }
}

#[test]
fn what_is_typed_unasked_is_not_kept() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 23);
    rehearsal.say(Source, b"hunter2\r\n");
    rehearsal.say(Destination, b"login: ");
    rehearsal.gap(Source, 8);
    rehearsal.say(Source, b"hunter2\r\n");
    rehearsal.say(Destination, b"Password: ");
    rehearsal.say(Source, b"hunter2\r\n");
    let facts = rehearsal.end();
    assert_eq!(lines(&facts), ["> authenticate login [] - missing"]);
    assert!(!format!("{facts:?}").contains("hunter2"));
    assert_eq!(prompt(b"Enter user name and Password : "), Some(Prompt::Password));
    assert_eq!(prompt(b"Username:"), Some(Prompt::Name));
    assert_eq!(prompt(b"time: 12"), None);
}

#[test]
fn negotiation_is_known_on_any_port_and_text_on_one() {
    let known = |port, source: &[u8], destination: &[u8]| {
        recognise(&READER, Transport::Tcp, port, source, destination)
    };
    let structure = Recognition::Yes(Sureness::ByStructure);
    assert_eq!(known(2_323, b"", b"\xff\xfd\x18\xff\xfb\x01"), structure);
    assert_eq!(known(2_323, b"\xff\xfb\x18", b""), structure);
    assert_eq!(known(2_323, b"\xff\xfb", b""), Recognition::More);
    assert_eq!(known(23, b"", b"login: "), Recognition::Yes(Sureness::ByPort));
    for (port, source, destination) in [
        (2_323, &b""[..], &b"login: "[..]),
        (2_323, b"\xff\xfb\x18data", b""),
        (2_323, b"\xff\xd8\xff\xe0", b""),
        (23, b"USER x\r\n", b""),
        (23, b"", b"\x80\x01"),
    ] {
        assert_eq!(known(port, source, destination), Recognition::No, "{port} {source:?} {destination:?}");
    }
}
