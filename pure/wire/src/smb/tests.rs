use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{self, Rehearsal, hex, lines, weaknesses};
use city::{Transport, WeaknessKind};

fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u32).to_be_bytes()[..], message].concat()
}

/// A message of version 2 (MS-SMB2 clause 2.2.1.2).
fn new(command: u8, is_reply: bool, id: u8, status: u32, body: &[u8]) -> Vec<u8> {
    let mut message = hex("fe534d42 4000 0000");
    message.extend(status.to_le_bytes());
    message.extend([command, 0, 1, 0, u8::from(is_reply), 0, 0, 0, 0, 0, 0, 0, id, 0, 0, 0, 0, 0, 0, 0]);
    message.extend([0; 32]);
    message.extend(&message.len().to_le_bytes()[..0]);
    message.resize(64, 0);
    message.extend(body);
    framed(&message)
}

fn dialogue() -> Vec<(Side, Vec<u8>)> {
    let path: Vec<u8> = r"\\192.0.2.9\plans".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let connect = [&hex("0900 0000 4800")[..], &[path.len() as u8, 0], &path].concat();
    vec![
        (Source, new(0, false, 0, 0, &hex("2400 0100 0100 0000 00000000"))),
        (Destination, new(0, true, 0, 0, &hex("4100 0100 1103 0000"))),
        (Source, new(1, false, 1, 0, &hex("1900 00 01 00000000 00000000 5800 0000 0000000000000000"))),
        (Destination, new(1, true, 1, 0, &hex("0900 0100 4800 0000"))),
        (Source, new(3, false, 2, 0, &connect)),
        (Destination, new(3, true, 2, 0xc000_00cc, &hex("0900 0000"))),
    ]
}

#[test]
fn a_guest_and_a_share_are_told() {
    let dialogue = dialogue();
    let said: Vec<(Side, &[u8])> = dialogue.iter().map(|(side, bytes)| (*side, &bytes[..])).collect();
    let facts = rehearse::stream(&READER, 445, &said);
    assert_eq!(
        lines(&facts),
        [
            "> discover negotiate [] SMB 3.1.1 done",
            "> authenticate session-setup [] - done",
            r"> transfer tree-connect [\\192.0.2.9\plans] - refused bad-network-name",
        ]
    );
    assert_eq!(weaknesses(&facts)[0].kind, WeaknessKind::AnonymousLogin);
    for size in [1, 5, 60, 90] {
        assert_eq!(rehearse::stream_in_pieces(&READER, 445, &said, size), facts, "{size}");
    }
}

#[test]
fn version_1_is_told_by_its_dialect() {
    let header = |command: &str, flags: &str| {
        hex(&format!(
            "ff534d42 {command} 00000000 {flags} 01c8 0000 0000000000000000 0000 0000 fffe 0000 0000"
        ))
    };
    let offer = [&header("72", "18")[..], &hex("00 0c00 02"), b"NT LM 0.12\0"].concat();
    let choice = [&header("72", "98")[..], &hex("01 0000 0000")].concat();
    let (offer, choice) = (framed(&offer), framed(&choice));
    let facts = rehearse::stream(&READER, 445, &[(Source, &offer), (Destination, &choice)]);
    assert_eq!(lines(&facts), ["> discover negotiate [] SMB 1, NT LM 0.12 done"]);
    let [weakness] = weaknesses(&facts)[..] else { panic!("{facts:?}") };
    assert_eq!((weakness.kind, weakness.port), (WeaknessKind::ObsoleteProtocol, 445));
    assert_eq!(weakness.detail, "SMB 1, NT LM 0.12");
}

#[test]
fn data_are_passed_over_and_a_hole_ends_where_a_message_begins() {
    let dialogue = dialogue();
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 445);
    rehearsal.say(Source, &new(9, false, 0, 0, &[0; 9_000])[..500]);
    rehearsal.gap(Source, 8_568);
    rehearsal.gap(Source, 10);
    rehearsal.say(Source, b"the rest");
    rehearsal.say(Source, &dialogue[4].1);
    assert!(!rehearsal.lost);
    assert_eq!(lines(&rehearsal.end()), [r"> transfer tree-connect [\\192.0.2.9\plans] - missing"]);
}

#[test]
fn the_signature_is_recognised() {
    let told = |bytes: &[u8]| rehearse::recognise(&READER, Transport::Tcp, 9_999, bytes, &[]);
    assert_eq!(told(&dialogue()[0].1), Recognition::Yes(Sureness::BySignature));
    assert_eq!(told(&[0, 0, 0]), Recognition::More);
    assert_eq!(told(&[0, 0, 0, 60, b'x']), Recognition::No);
    assert_eq!(told(b"GET / HTTP/1.1"), Recognition::No);
}

#[test]
fn each_command_is_an_event_with_its_reply() {
    let name: Vec<u8> = "gate.cfg".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let open = [
        &hex("3900 00 00 02000000 0000000000000000 0000000000000000 00000000 00000000 00000000 01000000 00100000")[..],
        &hex("7800 1000 00000000 00000000"),
        &name,
    ]
    .concat();
    let opened = [
        &hex("5900 00 00 01000000")[..],
        &133_000_000_000_000_000_u64.to_le_bytes().repeat(4),
        &hex("0010000000000000 0700000000000000 00000000 00000000"),
        &hex("4d00000000000000 05000000ffffffff"),
    ]
    .concat();
    let mut dialogue = dialogue();
    dialogue.push((Source, new(5, false, 3, 0, &open)));
    dialogue.push((Destination, new(5, true, 3, 0x103, &hex("0900 0000"))));
    dialogue.push((Destination, new(5, true, 3, 0, &opened)));
    dialogue.push((Source, new(6, false, 4, 0, &[0; 24])));
    let said: Vec<(Side, &[u8])> = dialogue.iter().map(|(side, bytes)| (*side, &bytes[..])).collect();
    let facts = rehearse::stream(&READER, 445, &said);
    let events = rehearse::events(&facts, "eve_smb");
    assert_eq!(events.len(), 5, "{events:?}");
    assert_eq!(
        events[2],
        "id=3 dialect=3.11 command=SMB2_COMMAND_TREE_CONNECT status=3221225676 session=0 tree=0 session=0 tree=0 "
            .to_owned()
            + r"share=\\192.0.2.9\plans"
    );
    assert_eq!(
        events[3],
        "id=4 dialect=3.11 command=SMB2_COMMAND_CREATE status=0 session=0 tree=0 session=0 tree=0 \
         filename=gate.cfg disposition=FILE_OPEN access=delete on close created=1655526400 accessed=1655526400 \
         modified=1655526400 changed=1655526400 size=7 file=0000004d-0000-0000-0005-0000ffffffff"
    );
    assert_eq!(events[4], "id=5 dialect=3.11 command=SMB2_COMMAND_CLOSE session=0 tree=0");
    for size in [1, 5, 60, 90] {
        assert_eq!(rehearse::stream_in_pieces(&READER, 445, &said, size), facts, "{size}");
    }
}

#[test]
fn an_offer_of_version_1_is_an_event_whatever_answers_it() {
    let header = |flags: &str| {
        hex(&format!("ff534d42 72 00000000 {flags} 01c8 0000 0000000000000000 0000 0000 fffe 0000 0000"))
    };
    let names = [&[2][..], b"NT LM 0.12\0", &[2], b"SMB 2.002\0"].concat();
    let offer = framed(&[header("18"), vec![0, names.len() as u8, 0], names].concat());
    let old = framed(&[header("98"), hex("01 0000 0000")].concat());
    let recent = new(0, true, 0, 0, &hex("4100 0100 0202 0000"));
    for (answer, dialect) in [(old, "NT LM 0.12"), (recent, "2.02")] {
        let facts = rehearse::stream(&READER, 445, &[(Source, &offer), (Destination, &answer)]);
        assert_eq!(
            rehearse::events(&facts, "eve_smb"),
            [format!(
                "id=1 dialect={dialect} command=SMB1_COMMAND_NEGOTIATE_PROTOCOL status=0 session=0 tree=0 \
                 dialect-offered=NT LM 0.12 dialect-offered=SMB 2.002"
            )]
        );
    }
}
