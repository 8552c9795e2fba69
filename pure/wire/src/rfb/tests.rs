use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{self, Rehearsal, hex, identities, lines, weaknesses};
use city::{Transport, WeaknessKind};

fn screen() -> Vec<u8> {
    [&hex("0400 0300 20 18 00 01 00ff 00ff 00ff 10 08 00 000000 00000006")[..], b"pump 7"].concat()
}

#[test]
fn a_screen_without_proof_is_a_weakness() {
    for minor in ["003", "007", "008"] {
        let version = format!("RFB 003.{minor}\n").into_bytes();
        let (offer, choice): (&[u8], &[u8]) =
            if minor == "003" { (&[0, 0, 0, 1], &[]) } else { (&[1, 1], &[1]) };
        let result: &[u8] = if minor == "008" { &[0; 4] } else { &[] };
        let (choice, screen) = ([choice, &[1]].concat(), screen());
        let mut said: Vec<(Side, &[u8])> =
            vec![(Destination, &version), (Source, &version), (Destination, offer)];
        match minor {
            "008" => said.extend([(Source, &choice[..1]), (Destination, result), (Source, &choice[1..])]),
            _ => said.push((Source, &choice)),
        }
        said.push((Destination, &screen));
        let facts = rehearse::stream(&READER, 5900, &said);
        assert_eq!(lines(&facts), ["> authenticate open-screen [pump 7] None done"], "{minor}");
        assert_eq!(weaknesses(&facts)[0].kind, WeaknessKind::AnonymousLogin);
        assert_eq!(identities(&facts).len(), 1);
        for size in 1..5 {
            assert_eq!(rehearse::stream_in_pieces(&READER, 5900, &said, size).len(), facts.len(), "{size}");
        }
    }
}

#[test]
fn a_wrong_answer_is_refused() {
    let said: &[(Side, &[u8])] = &[
        (Destination, b"RFB 003.008\n"),
        (Source, b"RFB 003.008\n"),
        (Destination, &[2, 1, 2]),
        (Source, &[2]),
        (Destination, &[0x11; 16]),
        (Source, &[0x22; 16]),
        (Destination, &[0, 0, 0, 1, 0, 0, 0, 1, b'x']),
    ];
    let facts = rehearse::stream(&READER, 5900, said);
    assert_eq!(lines(&facts), ["> authenticate open-screen [] VNC refused failed"]);
    assert!(weaknesses(&facts).is_empty());
    assert!(!format!("{facts:?}").contains("2222"));
}

#[test]
fn a_hole_ends_the_reading() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 5900);
    rehearsal.say(Destination, b"RFB 003.008\n");
    rehearsal.gap(Source, 12);
    rehearsal.say(Destination, &[1, 1]);
    assert!(!rehearsal.lost);
    assert!(lines(&rehearsal.end()).is_empty());
}

#[test]
fn the_version_is_a_signature() {
    let told = |bytes: &[u8]| rehearse::recognise(&READER, Transport::Tcp, 9_999, &[], bytes);
    assert_eq!(told(b"RFB 003.008\n"), Recognition::Yes(Sureness::BySignature));
    assert_eq!(told(b"RFB 0"), Recognition::More);
    assert_eq!(told(b"RFB 00x.008\n"), Recognition::No);
    assert_eq!(told(b"SSH-2.0-x\r\n"), Recognition::No);
}

#[test]
fn a_handshake_is_an_event_without_its_proof() {
    let screen = screen();
    let said: &[(Side, &[u8])] = &[
        (Destination, b"RFB 003.008\n"),
        (Source, b"RFB 003.008\n"),
        (Destination, &[2, 1, 2]),
        (Source, &[2]),
        (Destination, &[0x11; 16]),
        (Source, &[0x22; 16]),
        (Destination, &[0; 4]),
        (Source, &[1]),
        (Destination, &screen),
    ];
    let begin =
        "server-version=003.008 client-version=003.008 security-type=2 challenge=(hidden) response=(hidden)";
    let end = "width=1024 height=768 name=pump 7 bits-per-pixel=32 depth=24 big-endian=false true-colour=true \
               red-max=255 red-shift=16 green-max=255 green-shift=8 blue-max=255 blue-shift=0";
    assert_eq!(
        rehearse::events(&rehearse::stream(&READER, 5900, said), "eve_rfb"),
        [format!("{begin} security-result=0 shared=true {end}")]
    );
    let refusal = [&[0, 0, 0, 1, 0, 0, 0, 9][..], b"too often"].concat();
    let said = [&said[..6], &[(Destination, &refusal[..])]].concat();
    for size in [1, 5, 100] {
        assert_eq!(
            rehearse::events(&rehearse::stream_in_pieces(&READER, 5900, &said, size), "eve_rfb"),
            [format!("{begin} security-result=1 reason=too often")]
        );
    }
}
