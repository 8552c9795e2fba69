use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{self, Rehearsal, hex, lines};
use city::{Transport, WeaknessKind};

fn field(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, content.len() as u8], content].concat()
}

fn principal(name: &str) -> Vec<u8> {
    let parts: Vec<u8> = name.split('/').flat_map(|part| field(0x1b, part.as_bytes())).collect();
    field(0x30, &[field(0xa0, &hex("020101")), field(0xa1, &field(0x30, &parts))].concat())
}

/// An AS-REQ (RFC 4120 section 5.4.1).
fn ask() -> Vec<u8> {
    let body = [
        field(0xa0, &hex("0305004080 0000")),
        field(0xa1, &principal("pump-op")),
        field(0xa2, &field(0x1b, b"EXAMPLE")),
        field(0xa3, &principal("krbtgt/EXAMPLE")),
        field(0xa5, &field(0x18, b"20370913024805Z")),
    ]
    .concat();
    let fields =
        [field(0xa1, &hex("020105")), field(0xa2, &hex("02010a")), field(0xa4, &field(0x30, &body))].concat();
    field(0x6a, &field(0x30, &fields))
}

/// A KRB-ERROR (section 5.9.1).
fn error(code: u8) -> Vec<u8> {
    let fields = [
        field(0xa0, &hex("020105")),
        field(0xa1, &hex("02011e")),
        field(0xa6, &[2, 1, code]),
        field(0xa9, &field(0x1b, b"EXAMPLE")),
        field(0xaa, &principal("krbtgt/EXAMPLE")),
    ]
    .concat();
    field(0x7e, &field(0x30, &fields))
}

/// An AS-REP with a ticket whose sealed part is one byte (section 5.4.2).
fn grant(cipher: u8) -> Vec<u8> {
    let sealed = field(0x30, &[field(0xa0, &[2, 1, cipher]), field(0xa2, &hex("040177"))].concat());
    let ticket = [
        field(0xa0, &hex("020105")),
        field(0xa1, &field(0x1b, b"EXAMPLE")),
        field(0xa2, &principal("krbtgt/EXAMPLE")),
        field(0xa3, &sealed),
    ]
    .concat();
    let fields = [
        field(0xa0, &hex("020105")),
        field(0xa1, &hex("02010b")),
        field(0xa3, &field(0x1b, b"EXAMPLE")),
        field(0xa4, &principal("pump-op")),
        field(0xa5, &field(0x61, &field(0x30, &ticket))),
    ]
    .concat();
    let body = [&[0x30, 0x81, fields.len() as u8][..], &fields].concat();
    [&[0x6b, 0x81, body.len() as u8][..], &body].concat()
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u32).to_be_bytes()[..], message].concat()
}

#[test]
fn a_ticket_is_asked_for_and_granted() {
    let facts = rehearse::datagrams(&READER, 88, &[(Source, &ask()), (Destination, &grant(18))]);
    assert_eq!(lines(&facts), ["> authenticate request-ticket [krbtgt/EXAMPLE] pump-op/EXAMPLE done"]);
    let text = format!("{facts:?}");
    for told in [
        r#"("till", "2136422885.000000")"#,
        r#"("cipher", "aes256-cts-hmac-sha1-96")"#,
        r#"("forwardable", "T")"#,
        r#"("renewable", "T")"#,
    ] {
        assert!(text.contains(told), "{told} in {text}");
    }
}

#[test]
fn a_ticket_that_can_be_broken_is_a_weakness_of_who_grants_it() {
    for (cipher, words) in [(18, None), (23, Some("rc4-hmac")), (3, Some("des-cbc-md5"))] {
        let facts = rehearse::datagrams(&READER, 88, &[(Source, &ask()), (Destination, &grant(cipher))]);
        let found = rehearse::weaknesses(&facts);
        assert_eq!(found.len(), usize::from(words.is_some()));
        for weakness in found {
            assert_eq!((weakness.kind, weakness.port), (WeaknessKind::WeakCipher, 88));
            assert_eq!(weakness.detail, format!("ticket for krbtgt/EXAMPLE, {}", words.unwrap()));
        }
    }
}

#[test]
fn the_same_again_is_one_request() {
    let (ask, grant) = (ask(), grant(18));
    let facts = rehearse::datagrams(&READER, 88, &[(Source, &ask), (Source, &ask), (Destination, &grant)]);
    assert_eq!(lines(&facts).len(), 1);
    let facts = rehearse::datagrams(&READER, 88, &[(Source, &ask), (Destination, &error(25))]);
    assert!(format!("{facts:?}").contains("KDC_ERR_PREAUTH_REQUIRED"));
}

#[test]
fn a_refusal_says_why_however_the_stream_is_torn() {
    let (ask, error) = (framed(&ask()), framed(&error(6)));
    let said: &[(Side, &[u8])] = &[(Source, &ask), (Destination, &error)];
    let whole = rehearse::stream(&READER, 88, said);
    assert_eq!(
        lines(&whole),
        [
            "> authenticate request-ticket [krbtgt/EXAMPLE] pump-op/EXAMPLE refused KDC_ERR_C_PRINCIPAL_UNKNOWN"
        ]
    );
    for size in 1..ask.len() {
        assert_eq!(rehearse::stream_in_pieces(&READER, 88, said, size), whole, "{size}");
    }
}

#[test]
fn a_hole_ends_where_a_message_begins() {
    let (ask, error) = (framed(&ask()), framed(&error(60)));
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 88);
    rehearsal.say(Source, &ask[..20]);
    rehearsal.gap(Source, 50);
    rehearsal.say(Source, b"the rest of it");
    rehearsal.say(Source, &ask);
    rehearsal.say(Destination, &error);
    assert!(!rehearsal.lost);
    assert_eq!(lines(&rehearsal.end()).len(), 1);
}

#[test]
fn it_is_recognised_on_any_port() {
    let ask = ask();
    let told = |transport, bytes: &[u8]| rehearse::recognise(&READER, transport, 9_999, bytes, &[]);
    assert_eq!(told(Transport::Udp, &ask), Recognition::Yes(Sureness::ByStructure));
    assert_eq!(told(Transport::Tcp, &framed(&ask)), Recognition::Yes(Sureness::ByStructure));
    assert_eq!(told(Transport::Tcp, &framed(&ask)[..10]), Recognition::More);
    assert_eq!(told(Transport::Udp, &ask[..20]), Recognition::No);
    assert_eq!(told(Transport::Tcp, b"GET / HTTP/1.1"), Recognition::No);
}

#[test]
fn each_question_and_each_answer_is_an_event() {
    let said: &[(Side, &[u8])] =
        &[(Source, &ask()), (Destination, &error(25)), (Source, &ask()), (Destination, &grant(18))];
    let asked = "type=KRB_AS_REQ client=pump-op realm=EXAMPLE service=krbtgt/EXAMPLE";
    assert_eq!(
        rehearse::events(&rehearse::datagrams(&READER, 88, said), "eve_krb5"),
        [
            asked,
            "type=KRB_ERROR client= realm= service=krbtgt/EXAMPLE failed=KRB_AS_REQ error=KDC_ERR_PREAUTH_REQUIRED",
            asked,
            "type=KRB_AS_REP client=pump-op realm=EXAMPLE service=krbtgt/EXAMPLE \
             ticket-cipher=aes256-cts-hmac-sha1-96 ticket-weak=false",
        ]
    );
    assert!(super::message::is_weak(23) && !super::message::is_weak(20));
}
