//! Conversations as they go on the wire, and as they should not.

use super::READER;
use super::parse::{compress, parse_extended, parse_port, parse_size};
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    self, Rehearsal, Talk, identities, lines, recognise, stream, stream_in_pieces, weaknesses,
};
use crate::{Frame, LinkType, Wire};
use city::{Observed, Protocol, Transport};

const SAID: &[(Side, &[u8])] = &[
    (Destination, b"220-Lock 4\r\n 220 is not the end\r\n220 (vsFTPd 3.0.5)\r\n"),
    (Source, b"USER keeper\r\n"),
    (Destination, b"331 Please specify the password.\r\n"),
    (Source, b"PASS hunter2\r\n"),
    (Destination, b"230 Login successful.\r\n"),
    (Source, b"PWD\r\n"),
    (Destination, b"257 \"/srv\" is the current directory\r\n"),
    (Source, b"CWD plans/../logs\r\n"),
    (Destination, b"250 Directory successfully changed.\r\n"),
    (Source, b"PASV\r\n"),
    (Destination, b"227 Entering Passive Mode (192,0,2,20,39,16).\r\n"),
    (Source, b"STOR gate.cfg\r\n"),
    (Destination, b"150 Ok to send data.\r\n"),
    (Destination, b"226 Transfer complete.\r\n"),
    (Source, b"DELE /old.cfg\r\n"),
    (Destination, b"550 Permission denied.\r\n"),
    (Source, b"hunter2\r\n"),
    (Destination, b"500 Unknown command.\r\n"),
    (Source, b"RETR gate.cfg\r\n"),
];

fn rows(facts: &[Observed]) -> Vec<String> {
    facts
        .iter()
        .filter_map(|fact| match fact {
            Observed::Message(row) if row.log == "ftp" => {
                Some(row.fields.iter().map(|(name, value)| format!("{name}={value} ")).collect())
            }
            _ => None,
        })
        .collect()
}

fn words(facts: &[Observed]) -> Vec<String> {
    weaknesses(facts).iter().map(|found| format!("{} {}", found.kind.as_str(), found.detail)).collect()
}

#[test]
fn commands_are_told_with_their_replies() {
    let facts = stream(&READER, 21, SAID);
    assert_eq!(
        lines(&facts),
        [
            "> authenticate PASS [keeper] 230 done",
            "> transfer STOR [/srv/logs/gate.cfg] 226 done",
            "> write DELE [/old.cfg] 550 refused Permission denied.",
            "> discover unknown-command [] 500 refused Unknown command.",
            "> transfer RETR [/srv/logs/gate.cfg] - missing",
        ]
    );
    assert_eq!(words(&facts), ["cleartext-credentials PASS, user name keeper"]);
    assert_eq!(identities(&facts)[0], "192.0.2.20 product (vsFTPd 3.0.5) (greeting)");
    let told = rows(&facts);
    assert_eq!(
        told[0],
        "user=keeper password=(hidden) command=PASV reply_code=227 \
         reply_msg=Entering Passive Mode (192,0,2,20,39,16). data_channel.passive=T \
         data_channel.orig_h=192.0.2.10 data_channel.resp_h=192.0.2.20 data_channel.resp_p=10000 "
    );
    assert_eq!(
        told[1],
        "user=keeper password=(hidden) command=STOR arg=ftp://192.0.2.20/srv/logs/gate.cfg reply_code=226 \
         reply_msg=Transfer complete. "
    );
    assert!(!format!("{facts:?}").contains("hunter2"));
    for size in 1..40 {
        let pieces = stream_in_pieces(&READER, 21, SAID, size);
        assert_eq!((lines(&pieces), rows(&pieces)), (lines(&facts), rows(&facts)), "{size}");
    }
}

#[test]
fn who_names_nobody_and_writes_is_told() {
    let facts = stream(
        &READER,
        21,
        &[
            (Source, b"USER anonymous\r\nPASS lamp@\r\nSTOR a\r\n"),
            (Destination, b"331 x\r\n230 x\r\n150 Opening (5 bytes)\r\n226 x\r\n"),
        ],
    );
    assert_eq!(
        words(&facts),
        ["anonymous-login user name anonymous", "unauthenticated-control STOR by user name anonymous"]
    );
    assert!(rows(&facts)[0].contains("file_size=5 "), "{:?}", rows(&facts));
    let shipped = stream(
        &READER,
        21,
        &[(Source, b"USER admin\r\nPASS admin\r\n"), (Destination, b"331 x\r\n230 x\r\n")],
    );
    assert_eq!(
        words(&shipped),
        ["cleartext-credentials PASS, user name admin", "default-credentials PASS, user name admin"]
    );
}

#[test]
fn what_is_behind_auth_is_another_protocol() {
    let alert: &[u8] = b"\x15\x03\x03\x00\x02\x02\x28";
    let hello = rehearse::hex(
        "16 0301 002d 01 000029 0303 0000000000000000000000000000000000000000000000000000000000000000 \
         00 0002 002f 01 00",
    );
    let facts = stream(
        &READER,
        21,
        &[
            (Destination, b"220 ready\r\n"),
            (Source, b"AUTH TLS\r\n"),
            (Destination, b"234 Proceed.\r\n"),
            (Source, &hello),
            (Destination, alert),
        ],
    );
    let protocols: Vec<_> = rehearse::requests(&facts).iter().map(|request| request.flow.protocol).collect();
    assert_eq!(protocols.first(), Some(&Some(Protocol::Ftp)));
    assert!(protocols.contains(&Some(Protocol::Tls)), "{facts:?}");
}

fn later(source: &str, destination: &str, milliseconds: i64) -> Talk {
    let mut talk = Talk::between(source, destination);
    talk.wait(milliseconds);
    talk
}

#[test]
fn a_data_connection_is_known_by_its_announcement() {
    let control = Talk::between(rehearse::SOURCE, "192.0.2.20:21")
        .open()
        .say(Destination, b"220 ready\r\n")
        .say(Source, b"PASV\r\n")
        .say(Destination, b"227 Entering Passive Mode (192,0,2,20,39,16)\r\n")
        .say(Source, b"PORT 192,0,2,10,39,17\r\n");
    let passive =
        later("192.0.2.10:49153", "192.0.2.20:10000", 200).open().say(Destination, b"GET / HTTP/1.1\r\n");
    let active = later("192.0.2.20:20", "192.0.2.10:10001", 300).open().say(Source, b"data");
    let other = later("192.0.2.30:20", "192.0.2.20:10000", 100).open().say(Source, b"data");
    let mut wire = Wire::new(rehearse::config());
    let mut out = Vec::new();
    for talk in [control, other, passive, active] {
        for (time, bytes) in &talk.frames {
            let length = bytes.len() as u32;
            wire.see(&Frame { time: *time, link: LinkType(1), bytes, length }, &mut out);
        }
    }
    wire.finish(&mut out);
    let told: Vec<_> = out
        .iter()
        .filter_map(|observation| match &observation.fact {
            Observed::Conversation(it) => {
                Some((it.flow.source_port, it.flow.destination_port, it.flow.protocol))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [
            (49152, 21, Some(Protocol::Ftp)),
            (20, 10000, None),
            (49153, 10000, Some(Protocol::FtpData)),
            (20, 10001, Some(Protocol::FtpData)),
        ]
    );
}

#[test]
fn a_lost_part_is_not_a_line() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 21);
    rehearsal.say(Destination, b"220 ready\r\n");
    rehearsal.say(Source, b"RETR a\r\n");
    rehearsal.gap(Source, 7);
    rehearsal.say(Source, b"R b\r\nRETR c\r\n");
    rehearsal.say(Destination, b"226 done\r\n");
    rehearsal.say(Source, &[b'x'; 20_000]);
    rehearsal.say(Source, b"x\r\n");
    assert_eq!(
        lines(&rehearsal.end()),
        ["> transfer RETR [./a] - missing", "> transfer RETR [./c] 226 done"]
    );
}

#[test]
fn places_and_paths_are_read() {
    let place = |a: u8, port: u16| Some((std::net::IpAddr::from([192, 0, 2, a]), port));
    assert_eq!(parse_port(b"192,0,2,7,1,2"), place(7, 258));
    assert_eq!(parse_port(b"=192,0,2,7,1,2 ok"), place(7, 258));
    for wrong in [&b"192,0,2,7,1"[..], b"300,0,2,7,1,2", b"192,0,2,7,1,2,3", b"", b","] {
        assert_eq!(parse_port(wrong), None);
    }
    assert_eq!(parse_extended(b"|||6446|"), Some((None, 6446)));
    assert_eq!(parse_extended(b"|2|2001:db8::1|5282|"), Some((Some("2001:db8::1".parse().unwrap()), 5282)));
    for wrong in [&b"|||6446"[..], b"||||", b"|2|x|1|", b"1112221"] {
        assert_eq!(parse_extended(wrong), None);
    }
    assert_eq!(parse_size(b"Opening a (1) (77 bytes)"), Some(77));
    assert_eq!(parse_size(b"Opening (77)"), None);
    for (path, short) in
        [("./", "."), ("/", "/"), ("/a//b/./c/", "/a/b/c"), ("/a/../b", "/b"), ("../x", "../x")]
    {
        assert_eq!(compress(path), short);
    }
}

#[test]
fn a_greeting_alone_is_no_signature() {
    let known = |port, source: &[u8], destination: &[u8]| {
        recognise(&READER, Transport::Tcp, port, source, destination)
    };
    for (port, source, destination, expected) in [
        (21, &b""[..], &b"220 ready\r\n"[..], Recognition::Yes(Sureness::ByPort)),
        (2_121, b"", b"220 ready\r\n", Recognition::More),
        (2_121, b"", b"220 FTP ready\r\n", Recognition::Yes(Sureness::ByStructure)),
        (2_121, b"USER x\r\n", b"220 ready\r\n", Recognition::Yes(Sureness::ByStructure)),
        (21, b"USER x\r\n", b"", Recognition::Yes(Sureness::ByPort)),
        (2_121, b"US", b"", Recognition::More),
        (25, b"EHLO x\r\n", b"220 x ESMTP\r\n", Recognition::No),
        (110, b"USER x\r\n", b"+OK\r\n", Recognition::No),
        (21, b"GET / HTTP/1.1\r\n", b"", Recognition::No),
        (21, b"\x16\x03", b"", Recognition::No),
    ] {
        assert_eq!(known(port, source, destination), expected, "{port} {source:?} {destination:?}");
    }
}

#[test]
fn each_command_is_an_event_without_what_proves_who_asks() {
    let facts = stream(&READER, 21, SAID);
    let events = rehearse::events(&facts, "eve_ftp");
    assert_eq!(events[0], "code=220 reply=(vsFTPd 3.0.5)");
    assert_eq!(events[2], "command=PASS argument=(hidden) code=230 reply=Login successful.");
    assert_eq!(
        events[5..],
        [
            "command=PASV code=227 reply=Entering Passive Mode (192,0,2,20,39,16). port=10000 mode=passive",
            "command=STOR argument=gate.cfg code=150 reply=Ok to send data. code=226 reply=Transfer complete.",
            "command=DELE argument=/old.cfg code=550 reply=Permission denied.",
            "code=500 reply=Unknown command.",
            "command=RETR argument=gate.cfg",
        ]
    );
}

#[test]
fn a_password_that_a_server_repeats_is_not_told_in_events() {
    let facts = stream(
        &READER,
        21,
        &[
            (Source, b"USER keeper\r\nPASS Zwetschge\r\n"),
            (Destination, b"331 Password for keeper\r\n230 keeper logged in with ZWETSCHGE\r\n"),
            (Source, b"Zwetschge2\r\n"),
            (Destination, b"500 'Zwetschge2': command not understood\r\n"),
        ],
    );
    assert_eq!(
        rehearse::events(&facts, "eve_ftp"),
        [
            "command=USER argument=keeper code=331 reply=Password for keeper",
            "command=PASS argument=(hidden) code=230 reply=(hidden)",
            "code=500 reply=(hidden)",
        ]
    );
}
