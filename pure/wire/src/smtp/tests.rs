//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{Rehearsal, identities, lines, recognise, stream, stream_in_pieces, weaknesses};
use city::{Observed, Transport};

const SAID: &[(Side, &[u8])] = &[
    (Destination, b"220 mail.example.org ESMTP Postfix\r\n"),
    (Source, b"EHLO lock-4\r\n"),
    (Destination, b"250-mail.example.org\r\n250 AUTH PLAIN LOGIN\r\n"),
    // keeper, hunter2
    (Source, b"AUTH LOGIN\r\n"),
    (Destination, b"334 VXNlcm5hbWU6\r\n"),
    (Source, b"a2VlcGVy\r\n"),
    (Destination, b"334 UGFzc3dvcmQ6\r\n"),
    (Source, b"aHVudGVyMg==\r\n"),
    (Destination, b"235 2.7.0 in\r\n"),
    (Source, b"MAIL FROM:<lock4@example.org> SIZE=100\r\n"),
    (Destination, b"250 ok\r\n"),
    (Source, b"RCPT TO:<keeper@example.org>\r\nRCPT TO:<x@example.net>\r\nDATA\r\n"),
    (Destination, b"250 ok\r\n550 no such\r\n354 go on\r\n"),
    (
        Source,
        b"Received: from a ([203.0.113.7]) by b\r\nFrom: lock4@example.org\r\nTo: \"K, eeper\" <keeper@example.org>,\r\n x@example.net\r\n\
          Subject: gate\r\n open\r\nMessage-ID: <1@lock>\r\n\r\nTo: body\r\n..\r\n.\r\n",
    ),
    (Destination, b"250 queued\r\n"),
    (Source, b"VRFY root\r\nQUIT\r\n"),
    (Destination, b"252 perhaps\r\n221 bye\r\n"),
];

fn rows(facts: &[Observed]) -> Vec<String> {
    facts
        .iter()
        .filter_map(|fact| match fact {
            Observed::Message(row) if row.log == "smtp" => {
                Some(row.fields.iter().map(|(name, value)| format!("{name}={value}|")).collect())
            }
            _ => None,
        })
        .collect()
}

fn words(facts: &[Observed]) -> Vec<String> {
    weaknesses(facts).iter().map(|found| format!("{} {}", found.kind.as_str(), found.detail)).collect()
}

#[test]
fn mails_and_logins_are_told() {
    let facts = stream(&READER, 25, SAID);
    assert_eq!(
        lines(&facts),
        [
            "> authenticate AUTH [keeper] LOGIN done",
            "> transfer DATA [keeper@example.org,x@example.net] lock4@example.org done",
            "> discover VRFY [root] - done",
        ]
    );
    assert_eq!(words(&facts), ["cleartext-credentials AUTH LOGIN, user name keeper"]);
    assert_eq!(
        identities(&facts)[..2],
        ["192.0.2.20 name mail.example.org (greeting)", "192.0.2.20 product ESMTP Postfix (greeting)"]
    );
    let told = rows(&facts);
    assert_eq!(
        told,
        ["trans_depth=1|helo=lock-4|mailfrom=lock4@example.org|from=lock4@example.org|msg_id=<1@lock>|\
          subject=gate open|first_received=from a ([203.0.113.7]) by b|last_reply=250 queued|\
          rcptto=keeper@example.org|rcptto=x@example.net|to=\"K, eeper\" <keeper@example.org>|to=x@example.net|\
          path=192.0.2.20|path=192.0.2.10|path=203.0.113.7|tls=F|"]
    );
    assert!(!format!("{facts:?}").contains("hunter2") && !format!("{facts:?}").contains("aHVudGVy"));
    for size in 1..40 {
        let pieces = stream_in_pieces(&READER, 25, SAID, size);
        assert_eq!((lines(&pieces), rows(&pieces)), (lines(&facts), told.clone()), "{size}");
    }
}

#[test]
fn other_logins_are_told_by_their_name() {
    // \0admin\0admin
    let plain =
        stream(&READER, 25, &[(Source, b"AUTH PLAIN AGFkbWluAGFkbWlu\r\n"), (Destination, b"235 in\r\n")]);
    assert_eq!(
        words(&plain),
        [
            "cleartext-credentials AUTH PLAIN, user name admin",
            "default-credentials AUTH PLAIN, user name admin"
        ]
    );
    let other = stream(
        &READER,
        25,
        &[
            (Source, b"AUTH CRAM-MD5\r\n"),
            (Destination, b"334 PDE4\r\n"),
            (Source, b"c2VjcmV0\r\n"),
            (Destination, b"535 no\r\n"),
        ],
    );
    assert_eq!(lines(&other), ["> authenticate AUTH [] CRAM-MD5 refused 535 no"]);
    assert!(words(&other).is_empty());
}

#[test]
fn what_is_lost_in_a_mail_is_no_command() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 25);
    rehearsal.say(Source, b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n");
    rehearsal.say(Destination, b"250 ok\r\n250 ok\r\n354 go\r\n");
    rehearsal.say(Source, b"Subject: x\r\n\r\nAUTH PL");
    rehearsal.gap(Source, 1_000);
    rehearsal.say(Source, b"AIN x\r\n.\r\n");
    rehearsal.say(Destination, b"250 ok\r\n");
    assert_eq!(lines(&rehearsal.end()), ["> transfer DATA [b@example.org] a@example.org done"]);
    // A chunk is passed over.
    let facts = stream(
        &READER,
        25,
        &[
            (Source, b"MAIL FROM:<a@example.org>\r\nBDAT 6 LAST\r\nVRFY \nVRFY b\r\n"),
            (Destination, b"250 x\r\n250 x\r\n550 x\r\n"),
        ],
    );
    assert_eq!(
        lines(&facts),
        ["> transfer DATA [] a@example.org done", "> discover VRFY [b] - refused 550 x"]
    );
}

#[test]
fn a_greeting_alone_is_no_signature() {
    let known = |port, source: &[u8], destination: &[u8]| {
        recognise(&READER, Transport::Tcp, port, source, destination)
    };
    for (port, source, destination, expected) in [
        (25, &b""[..], &b"220 ready\r\n"[..], Recognition::Yes(Sureness::ByPort)),
        (2_525, b"", b"220 ready\r\n", Recognition::More),
        (2_525, b"", b"220 x ESMTP\r\n", Recognition::Yes(Sureness::ByStructure)),
        (2_525, b"EHLO x\r\n", b"220 ready\r\n", Recognition::Yes(Sureness::ByStructure)),
        (2_525, b"EH", b"220 ready\r\n", Recognition::More),
        (21, b"USER x\r\n", b"220 ready\r\n", Recognition::No),
        (25, b"GET / HTTP/1.1\r\n", b"", Recognition::No),
        (25, b"\x16\x03", b"", Recognition::No),
    ] {
        assert_eq!(known(port, source, destination), expected, "{port} {source:?} {destination:?}");
    }
}

#[test]
fn a_mail_is_an_event() {
    let facts = stream(&READER, 25, SAID);
    assert_eq!(
        crate::rehearse::events(&facts, "eve_smtp"),
        [
            "helo=lock-4 envelope-from=lock4@example.org from=lock4@example.org message-id=<1@lock> subject=gate open \
          envelope-to=keeper@example.org envelope-to=x@example.net to=\"K, eeper\" <keeper@example.org> \
          to=x@example.net sent=true place=0"
        ]
    );
}
