use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{self, Rehearsal, hex, lines, weaknesses};
use city::{Transport, WeaknessKind};

/// A bind by name and password, and its success (RFC 4511 section 4.2).
fn bind() -> [Vec<u8>; 2] {
    [
        [&hex("30 20 02 01 01 60 1b 02 01 03 04 0a")[..], b"cn=pump-op", &hex("80 0a"), b"secret-one"]
            .concat(),
        hex("30 0c 02 01 01 61 07 0a 01 00 04 00 04 00"),
    ]
}

/// A search by three conditions, one entry, and the end.
fn search() -> [Vec<u8>; 2] {
    let condition = |name: &str, value: &str| {
        let inner =
            [&[4, name.len() as u8], name.as_bytes(), &[4, value.len() as u8], value.as_bytes()].concat();
        [&[0xa3, inner.len() as u8], &inner[..]].concat()
    };
    let all = [condition("a", "1"), condition("b", "2"), condition("c", "3")].concat();
    let filter = [&[0xa0, all.len() as u8], &all[..]].concat();
    let fixed = hex("04 04 64633d78 0a 01 02 0a 01 00 02 01 00 02 01 00 01 01 00");
    let body = [&fixed[..], &filter, &hex("30 00")].concat();
    let operation = [&[2, 1, 2, 0x63, body.len() as u8], &body[..]].concat();
    [
        [&[0x30, operation.len() as u8], &operation[..]].concat(),
        hex("30 0b 02 01 02 64 06 04 02 633d 30 00 30 0c 02 01 02 65 07 0a 01 00 04 00 04 00"),
    ]
}

#[test]
fn a_password_is_never_told() {
    let [ask, answer] = bind();
    let said: &[(Side, &[u8])] = &[(Source, &ask), (Destination, &answer)];
    let facts = rehearse::stream(&READER, 389, said);
    assert_eq!(lines(&facts), ["> authenticate bind [cn=pump-op] simple done"]);
    let found = weaknesses(&facts);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, WeaknessKind::CleartextCredentials);
    assert!(!format!("{facts:?}").contains("secret"));
}

#[test]
fn a_search_is_told_with_its_filter_however_it_is_torn() {
    let ([ask, answer], [bind, bound]) = (search(), bind());
    let said: &[(Side, &[u8])] =
        &[(Source, &bind), (Destination, &bound), (Source, &ask), (Destination, &answer)];
    let whole = rehearse::stream(&READER, 389, said);
    assert_eq!(lines(&whole)[1], "> read search [dc=x] (&(&(a=1)(b=2))(c=3)) done");
    let text = format!("{whole:?}");
    assert!(text.contains(r#"("result_count", "1")"#), "{text}");
    for size in 1..ask.len() {
        assert_eq!(rehearse::stream_in_pieces(&READER, 389, said, size), whole, "{size}");
    }
}

#[test]
fn a_hole_ends_where_a_message_begins() {
    let ([ask, answer], [bind, _]) = (search(), bind());
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 389);
    rehearsal.say(Source, &bind[..9]);
    rehearsal.gap(Source, 100);
    rehearsal.say(Source, &ask);
    rehearsal.say(Destination, &answer);
    assert_eq!(lines(&rehearsal.end()), ["> read search [dc=x] (&(&(a=1)(b=2))(c=3)) done"]);
}

#[test]
fn signed_messages_are_read_and_sealed_ones_passed_over() {
    let [ask, answer] = search();
    let bind = hex("30 1b 02 01 01 60 16 02 01 03 04 00 a3 0f 04 0a 4753532d53504e45474f 04 01 00");
    let bound = hex("30 0c 02 01 01 61 07 0a 01 00 04 00 04 00");
    let wrap = |flags: u8, message: &[u8]| {
        let token = [&[5, 4, flags, 0xff, 0, 2, 0, 2], &[0; 8][..], &[7, 7], message].concat();
        [&(token.len() as u32).to_be_bytes()[..], &token].concat()
    };
    for (flags, count) in [(0, 2), (2, 1)] {
        let (ask, answer) = (wrap(flags, &ask), wrap(flags | 1, &answer));
        let said: &[(Side, &[u8])] =
            &[(Source, &bind), (Destination, &bound), (Source, &ask), (Destination, &answer)];
        let facts = rehearse::stream(&READER, 389, said);
        assert_eq!(lines(&facts).len(), count, "{:?}", lines(&facts));
    }
}

#[test]
fn it_is_recognised_on_any_port() {
    let [ask, _] = bind();
    let told = |bytes: &[u8], port| rehearse::recognise(&READER, Transport::Tcp, port, bytes, &[]);
    assert_eq!(told(&ask, 9_999), Recognition::Yes(Sureness::ByStructure));
    assert_eq!(told(&ask[..3], 9_999), Recognition::More);
    for other in [&b"GET / HTTP/1.1"[..], b"0a\x02\x01\x01\xa0", &hex("30 05 02 01 01 99 00")] {
        assert_eq!(told(other, 389), Recognition::No, "{other:02x?}");
    }
}

/// A message of less than 128 bytes: its number, the tag of its operation, and what is in it.
fn message(id: u8, operation: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let body = [&[2, 1, id, operation, content.len() as u8], &content[..]].concat();
    [&[0x30, body.len() as u8], &body[..]].concat()
}

fn text(tag: u8, text: &str) -> Vec<u8> {
    [&[tag, text.len() as u8], text.as_bytes()].concat()
}

fn list(tag: u8, items: &[Vec<u8>]) -> Vec<u8> {
    let items = items.concat();
    [&[tag, items.len() as u8], &items[..]].concat()
}

#[test]
fn a_request_is_an_event_with_its_answers() {
    let [ask, answer] = search();
    let said: &[(Side, &[u8])] = &[(Source, &ask), (Destination, &answer), (Source, &message(9, 0x42, &[]))];
    let done = "result=success matched= diagnostic=";
    assert_eq!(
        rehearse::events(&rehearse::stream(&READER, 389, said), "eve_ldap"),
        [
            format!(
                "request=search_request message-id=2 base=dc=x scope=2 aliases=0 size-limit=0 time-limit=0 \
                 types-only=false response=search_result_entry message-id=2 base=c= \
                 response=search_result_done message-id=2 {done}"
            ),
            "request=unbind_request message-id=9".into(),
        ]
    );
}

#[test]
fn changes_are_events_without_passwords() {
    let attribute = |name: &str, value: &str| list(0x30, &[text(4, name), list(0x31, &[text(4, value)])]);
    let change = list(0x30, &[vec![10, 1, 2], attribute("userPassword", "Zwetschge")]);
    let asked = [
        message(1, 0x66, &[&text(4, "cn=a"), &list(0x30, &[change])]),
        message(2, 0x68, &[&text(4, "cn=b"), &list(0x30, &[attribute("cn", "b")])]),
        message(3, 0x4a, &[b"cn=b"]),
        message(4, 0x6c, &[&text(4, "cn=a"), &text(4, "cn=c"), &[1, 1, 0xff], &text(0x80, "dc=y")]),
        message(5, 0x6e, &[&text(4, "cn=a"), &list(0x30, &[text(4, "cn"), text(4, "a")])]),
        message(6, 0x77, &[&text(0x80, "1.3.6.1.4.1.4203.1.11.1"), &text(0x81, "Zwetschge")]),
        message(7, 0x50, &[&[6]]),
    ];
    let said: Vec<(Side, &[u8])> = asked.iter().map(|asked| (Source, asked.as_slice())).collect();
    let facts = rehearse::stream(&READER, 389, &said);
    let mut events = rehearse::events(&facts, "eve_ldap");
    events.sort();
    assert_eq!(
        events,
        [
            "request=abandon_request message-id=7 abandoned=6",
            "request=add_request message-id=2 name=cn=b attribute=cn value=b",
            "request=compare_request message-id=5 name=cn=a attribute=cn value=a",
            "request=del_request message-id=3 name=cn=b",
            "request=extended_request message-id=6 extension=1.3.6.1.4.1.4203.1.11.1 value=(hidden)",
            "request=mod_dn_request message-id=4 name=cn=a new-name=cn=c delete-old=true new-superior=dc=y",
            "request=modify_request message-id=1 name=cn=a change=replace attribute=userPassword value=(hidden)",
        ]
    );
    assert!(!format!("{facts:?}").contains("Zwetschge"));
}

#[test]
fn what_is_held_for_events_is_bounded_and_the_result_is_told() {
    let [ask, answer] = search();
    let (entry, done) = answer.split_at(13);
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 389);
    rehearsal.say(Source, &ask);
    for _ in 0..5_000 {
        rehearsal.say(Destination, entry);
    }
    rehearsal.say(Destination, done);
    let facts = rehearsal.end();
    let [event] = &rehearse::events(&facts, "eve_ldap")[..] else { panic!() };
    assert!(event.len() < 64 << 10 && event.ends_with("message-id=2 result=success matched= diagnostic="));
}

#[test]
fn what_a_bind_carries_is_told_as_a_service_once() {
    let token = [&b"NTLMSSP\0"[..], &hex("01 00 00 00 00 00 00 00")].concat();
    let mechanism = [&hex("04 0a")[..], b"GSS-SPNEGO", &hex("04 10"), &token].concat();
    let bind = [&hex("02 01 03 04 00 a3 1e")[..], &mechanism].concat();
    let ask = [&hex("30 2a 02 01 01 60 25")[..], &bind].concat();
    let facts = rehearse::stream(&READER, 389, &[(Source, &ask), (Source, &ask)]);
    let services = facts.iter().filter_map(|fact| match fact {
        city::Observed::Message(message) if message.log == "conn" => Some(message.fields.as_slice()),
        _ => None,
    });
    assert_eq!(services.collect::<Vec<_>>(), [[("service".into(), "ntlm".into())]]);
}
