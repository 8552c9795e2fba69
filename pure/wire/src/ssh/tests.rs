//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{Rehearsal, identities, lines, recognise, stream, stream_in_pieces, weaknesses};
use city::{Observed, Transport, WeaknessKind};

fn string(text: &[u8]) -> Vec<u8> {
    [&(text.len() as u32).to_be_bytes()[..], text].concat()
}

/// A packet with as much padding as it needs (RFC 4253 clause 6).
fn packet(number: u8, payload: &[u8]) -> Vec<u8> {
    let padding = 4 + (8 - (payload.len() + 10) % 8) % 8;
    let length = (payload.len() + 2 + padding) as u32;
    [&length.to_be_bytes()[..], &[padding as u8, number], payload, &vec![0; padding]].concat()
}

fn lists(names: [&str; 8]) -> Vec<u8> {
    let names = names.map(|names| string(names.as_bytes())).concat();
    packet(20, &[&[7; 16][..], &names, &[0; 8], &[0; 5]].concat())
}

const CLIENT: [&str; 8] = [
    "curve25519-sha256,diffie-hellman-group14-sha256",
    "ssh-ed25519,rsa-sha2-256",
    "aes128-ctr,aes256-ctr",
    "aes256-ctr",
    "hmac-sha2-256",
    "hmac-sha2-256",
    "none",
    "none",
];
const SERVER: [&str; 8] = [
    "diffie-hellman-group14-sha256",
    "rsa-sha2-256",
    "aes256-ctr,aes128-ctr",
    "aes256-ctr",
    "hmac-sha2-256",
    "hmac-sha2-256",
    "none,zlib",
    "none",
];

fn opening() -> Vec<(Side, Vec<u8>)> {
    vec![
        (Destination, b"Welcome to lock 4\r\nSSH-2.0-dropbear_2022.83\r\n".to_vec()),
        (Source, b"SSH-2.0-OpenSSH_9.7 panel\r\n".to_vec()),
        (Source, lists(CLIENT)),
        (Destination, lists(SERVER)),
        (Source, packet(30, &string(&[1; 32]))),
        (Destination, [packet(31, &string(b"a host key")), packet(21, &[])].concat()),
        (Source, packet(21, &[])),
    ]
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    stream(&READER, 22, &said)
}

fn row(facts: &[Observed]) -> String {
    let rows: Vec<_> = facts
        .iter()
        .filter_map(|fact| match fact {
            Observed::Message(message) if message.log == "ssh" => Some(message),
            _ => None,
        })
        .collect();
    let [row] = rows[..] else { panic!("{facts:?}") };
    row.fields.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
}

#[test]
fn what_is_seen_before_encryption_is_told() {
    let facts = told(&opening());
    assert_eq!(
        lines(&facts),
        ["> authenticate key-exchange [SHA256:Kc2KTQtnsJ2PIobDGM/Pvy1NZK9sRKn1cFGObV5FhwQ] \
          diffie-hellman-group14-sha256 To server: aes128-ctr, to client: aes256-ctr done"]
    );
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.20 product dropbear_2022.83 (banner)",
            "192.0.2.20 role SSH server (banner)",
            "192.0.2.10 product OpenSSH_9.7 panel (banner)",
        ]
    );
    assert_eq!(
        row(&facts),
        "version=2\nauth_attempts=0\nclient=SSH-2.0-OpenSSH_9.7 panel\nserver=SSH-2.0-dropbear_2022.83\n\
         cipher_alg=To server: aes128-ctr, to client: aes256-ctr\nmac_alg=hmac-sha2-256\ncompression_alg=none\n\
         kex_alg=diffie-hellman-group14-sha256\nhost_key_alg=rsa-sha2-256\n\
         host_key_fingerprint=SHA256:Kc2KTQtnsJ2PIobDGM/Pvy1NZK9sRKn1\n\
         hasshAlgorithms=curve25519-sha256,diffie-hellman-group14-sha256;aes128-ctr,aes256-ctr;hmac-sha2-256;none\n\
         hasshServerAlgorithms=diffie-hellman-group14-sha256;aes256-ctr;hmac-sha2-256;none\n"
    );
    let said = opening();
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    for size in 1..60 {
        let pieces = stream_in_pieces(&READER, 22, &said, size);
        assert_eq!((lines(&pieces), row(&pieces)), (lines(&facts), row(&facts)), "{size}");
    }
}

#[test]
fn lengths_tell_how_logins_went() {
    // Acceptance, failure without proof, two failures, success; each with a checksum of 32 bytes.
    let mut said = opening();
    said.extend([64, 80, 80, 80, 48, 80].map(|length| (Destination, vec![0xaa; length])));
    let facts = told(&said);
    let ends: Vec<_> = lines(&facts).iter().map(|line| line.split("] ").nth(1).unwrap().to_owned()).collect();
    assert_eq!(
        ends[1..],
        [
            "guessed from lengths refused failure",
            "guessed from lengths refused failure",
            "guessed from lengths done"
        ]
    );
    assert!(row(&facts).contains("auth_success=T\nauth_attempts=3\n"));
    // A lost segment makes lengths useless.
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 22);
    for (side, bytes) in opening() {
        rehearsal.say(side, &bytes);
    }
    rehearsal.gap(Destination, 64);
    rehearsal.say(Destination, &[0xaa; 80]);
    assert!(row(&rehearsal.end()).contains("auth_attempts=0\n"));
}

#[test]
fn what_is_wrong_ends_the_reading_and_not_the_row() {
    for said in [
        vec![(Source, b"SSH-2.0-x\r\n\xff\xff\xff\xff\x00\x14".to_vec())],
        vec![(Source, b"SSH-2.0-x\r\n\x00\x00\x00\x02\x04\x14".to_vec())],
        vec![(Source, b"SSH-2.0-x\n".to_vec()), (Source, packet(20, &[0; 20]))],
        vec![(Source, b"SSH-2.0-x\n".to_vec()), (Destination, vec![b'a'; 3_000])],
    ] {
        assert_eq!(row(&told(&said)), "auth_attempts=0\nclient=SSH-2.0-x\n");
    }
    let nothing = {
        let mut names = SERVER;
        names[0] = "none-of-yours";
        vec![opening()[0].clone(), opening()[1].clone(), (Source, lists(CLIENT)), (Destination, lists(names))]
    };
    assert!(lines(&told(&nothing))[0].ends_with("refused nothing in common"), "{:?}", lines(&told(&nothing)));
    let old = told(&[(Source, b"SSH-1.5-x\n".to_vec()), (Destination, b"SSH-1.99-y\n".to_vec())]);
    assert!(row(&old).starts_with("version=1\n"));
}

#[test]
fn what_is_out_of_date_is_a_weakness_of_the_server() {
    let found = |said: &[(Side, Vec<u8>)]| -> Vec<(WeaknessKind, String)> {
        let facts = told(said);
        weaknesses(&facts).iter().map(|found| (found.kind, found.detail.to_string())).collect()
    };
    assert!(found(&opening()).is_empty());
    for (banner, words) in [("SSH-1.5-y\n", "SSH 1"), ("SSH-1.99-y\n", "SSH 1 beside SSH 2")] {
        let said = [(Destination, banner.as_bytes().to_vec())];
        assert_eq!(found(&said), [(WeaknessKind::ObsoleteProtocol, words.to_owned())]);
    }
    let mut said = opening();
    let [mut client, mut server] = [CLIENT, SERVER];
    [client[2], client[3], server[2], server[3]] = ["arcfour128", "aes256-ctr", "arcfour128", "aes256-ctr"];
    (said[2].1, said[3].1) = (lists(client), lists(server));
    let words = "To server: arcfour128, to client: aes256-ctr";
    assert_eq!(found(&said), [(WeaknessKind::WeakCipher, words.to_owned())]);
}

#[test]
fn a_banner_is_a_signature_on_any_port() {
    for port in [22, 40_000] {
        let known =
            |source: &[u8], destination: &[u8]| recognise(&READER, Transport::Tcp, port, source, destination);
        for cut in 0..6 {
            assert_eq!(known(&b"SSH-2.0-x"[..cut], &[]), Recognition::More);
        }
        let yes = Recognition::Yes(Sureness::BySignature);
        assert_eq!(known(b"SSH-2.0-x\r\n", &[]), yes);
        assert_eq!(known(&[], b"Welcome\r\nSSH-1.99-x\r\n"), yes);
        let welcome = if port == 22 { Recognition::More } else { Recognition::No };
        assert_eq!(known(&[], b"Welcome\r\n"), welcome);
        for other in [&b"GET / HTTP/1.1\r\n"[..], b"SSHX", b"\x16\x03\x01"] {
            assert_eq!(known(other, &[]), Recognition::No, "{other:?}");
        }
    }
}

#[test]
fn a_connection_is_an_event_with_its_fingerprints() {
    let facts = told(&opening());
    let [event] = &crate::rehearse::events(&facts, "eve_ssh")[..] else { panic!("{facts:?}") };
    // The MD5s were made with another programme.
    let client = "curve25519-sha256,diffie-hellman-group14-sha256;aes128-ctr,aes256-ctr;hmac-sha2-256;none";
    let server = "diffie-hellman-group14-sha256;aes256-ctr;hmac-sha2-256;none";
    assert_eq!(
        *event,
        format!(
            "client=SSH-2.0-OpenSSH_9.7 panel client-hassh-hash=e43f5f36f5e718da5a7810ac99fa0938 client-hassh={client} \
             server=SSH-2.0-dropbear_2022.83 server-hassh-hash=0951318950849d059d3ca0460b51c213 server-hassh={server}"
        )
    );
    assert!(crate::rehearse::events(&told(&opening()[..0]), "eve_ssh").is_empty());
}
