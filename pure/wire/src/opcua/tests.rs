//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, hex, identities, lines, recognise, requests, stream, stream_in_pieces, weaknesses,
};
use city::{Message, Observed, Protocol, Transport, WeaknessKind};
use proptest::prelude::*;

const NONE: &str = "http://opcfoundation.org/UA/SecurityPolicy#None";
const SEALED: &str = "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256";

type Said = (Side, Vec<u8>);

fn chunk(kind: &str, body: &[u8]) -> Vec<u8> {
    [kind.as_bytes(), &(body.len() as u32 + 8).to_le_bytes(), body].concat()
}

fn chars(text: &str) -> Vec<u8> {
    [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

fn hello() -> Vec<Said> {
    let limits = hex("00000000 00000100 00000100 00000000 00000000");
    let hello = [limits.clone(), chars("opc.tcp://192.0.2.20:4840")].concat();
    vec![(Source, chunk("HELF", &hello)), (Destination, chunk("ACKF", &limits))]
}

/// A chunk of a message.
fn piece(kind: &str, number: u32, body: &[u8]) -> Vec<u8> {
    let head: Vec<u8> = [7, 1, number, number].iter().flat_map(|n: &u32| n.to_le_bytes()).collect();
    chunk(kind, &[head, body.to_vec()].concat())
}

/// The identifier and the header of a request in the session `ns=1;i=1311768464` (0x4e300010), and its parameters.
fn ask(service: u16, parameters: &str) -> Vec<u8> {
    let head = hex("02 0100 1000304e 0000000000000000 01000000 00000000 ffffffff 00000000 000000");
    [vec![1, 0], service.to_le_bytes().to_vec(), head, hex(parameters)].concat()
}

/// The identifier and the header of a reply, and its parameters.
fn reply(service: u16, result: &str, parameters: &str) -> Vec<u8> {
    let head = [hex("0000000000000000 01000000"), hex(result), hex("00 ffffffff 000000")].concat();
    [vec![1, 0], service.to_le_bytes().to_vec(), head, hex(parameters)].concat()
}

/// A request and its reply, each in one chunk.
fn exchange(number: u32, service: u16, asked: &str, answered: &str) -> Vec<Said> {
    let asked = piece("MSGF", number, &ask(service, asked));
    let answered = piece("MSGF", number, &reply(service + 3, "00000000", answered));
    vec![(Source, asked), (Destination, answered)]
}

fn opening(side: Side, policy: &str, sender: &str, body: &[u8]) -> Said {
    let head = [vec![7, 0, 0, 0], chars(policy), hex(sender), hex("ffffffff")].concat();
    (side, chunk("OPNF", &[head, vec![1, 0, 0, 0, 1, 0, 0, 0], body.to_vec()].concat()))
}

fn open_none() -> Vec<Said> {
    let asked = ask(446, "00000000 00000000 01000000 ffffffff 80ee3600");
    let answered = reply(449, "00000000", "00000000 07000000 01000000 0080 3ed5 deb1 9d01 80ee3600 ffffffff");
    vec![opening(Source, NONE, "ffffffff", &asked), opening(Destination, NONE, "ffffffff", &answered)]
}

fn borrowed(said: &[Said]) -> Vec<(Side, &[u8])> {
    said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect()
}

fn told(said: &[Vec<Said>]) -> Vec<Observed> {
    stream(&READER, 4840, &borrowed(&said.concat()))
}

/// The node `ns=1;s=pump`.
const PUMP: &str = "03 0100 04000000 70756d70";

fn read(number: u32) -> Vec<Said> {
    let nodes = format!("{PUMP} 0d000000 ffffffff 0000 ffffffff 00 54 04000000 ffffffff 0000 ffffffff");
    let asked = format!("0000000000000000 02000000 02000000 {nodes}");
    exchange(number, 631, &asked, "02000000 01 0b 0000000000406f40 02 00003480 ffffffff")
}

fn write(number: u32) -> Vec<Said> {
    let asked = format!("01000000 {PUMP} 0d000000 ffffffff 01 06 01000000");
    exchange(number, 673, &asked, "01000000 00000000 ffffffff")
}

#[test]
fn what_is_asked_is_told_with_its_target_and_what_became_of_it() {
    let call = format!("01000000 {PUMP} 01 01 0900 01000000 0c 05000000 7374617274");
    let facts = told(&[
        hello(),
        open_none(),
        exchange(2, 428, "00000000 ffffffff ffffffff", "00000000"),
        read(3),
        write(4),
        exchange(5, 712, &call, "01000000 00000000 00000000 00000000 01000000 01 01 ffffffff"),
        exchange(
            6,
            488,
            "01000000 00 55 00 23 01 01 0000 0100 04000000 74616e6b 01000000 00 00 00 00 00",
            "01000000 00000000 01 01 2a00 ffffffff",
        ),
        exchange(7, 847, "01000000 09000000", "01000000 00002880 ffffffff"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> discover hello [opc.tcp://192.0.2.20:4840] - done",
            "> discover open-secure-channel [None] None done",
            "> discover get-endpoints [] - done",
            "> read read [ns=1;s=pump] 250 done",
            "> read read [display-name i=84] - refused BadNodeIdUnknown",
            "> write write [ns=1;s=pump] 1 done",
            "> operate call [method ns=1;s=pump ns=1;i=9] start -> true done",
            "> configure add-nodes [i=85] Object tank as ns=1;i=42 done",
            "> subscribe delete-subscriptions [subscription 9] - refused BadSubscriptionIdInvalid",
        ]
    );
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses.len(), 1);
    assert_eq!(weaknesses[0].kind, WeaknessKind::UnauthenticatedControl);
    assert_eq!(weaknesses[0].detail, "write obeyed on a channel of security mode None");
    assert_eq!((weaknesses[0].address.to_string().as_str(), weaknesses[0].port), ("192.0.2.20", 4840));
}

fn messages<'a>(facts: &'a [Observed], log: &str) -> Vec<&'a Message> {
    let of = |fact: &'a Observed| match fact {
        Observed::Message(message) if message.log == log => Some(message.as_ref()),
        _ => None,
    };
    facts.iter().filter_map(of).collect()
}

fn column<'a>(message: &'a Message, name: &str) -> Vec<&'a str> {
    message.fields.iter().filter(|(column, _)| column == name).map(|(_, value)| value.as_str()).collect()
}

#[test]
fn a_request_and_its_reply_are_one_row_and_a_session_s_secret_is_in_none() {
    let facts = told(&[hello(), open_none(), read(2)]);
    let rows = messages(&facts, "opcua_binary");
    let kinds: Vec<_> = rows.iter().map(|row| column(row, "msg_type").concat()).collect();
    assert_eq!(kinds, ["HEL", "ACK", "OPN", "MSG"]);
    let row = rows[3];
    for (name, value) in [
        ("req_identifier_str", "ReadRequest"),
        ("res_identifier_str", "ReadResponse"),
        ("req_hdr_node_id_type", "0x02"),
        ("req_hdr_node_id_namespace_idx", "1"),
        ("req_hdr_node_id_numeric", "(hidden)"),
        ("request_id", "2"),
        ("sec_channel_id", "7"),
    ] {
        assert_eq!(column(row, name), [value], "{name}");
    }
    let values = messages(&facts, "opcua_binary_variant_data");
    assert_eq!(column(values[0], "variant_data_value_decimal"), ["250.0"]);
    // Rows of two logs belong together by a link.
    let link = column(row, "status_code_link_id");
    let statuses = messages(&facts, "opcua_binary_status_code_detail");
    assert!(statuses.iter().any(|status| column(status, "status_code_link_id") == link));
    let links: Vec<_> = rows.iter().map(|row| column(row, "opcua_link_id").concat()).collect();
    assert!((0..links.len()).all(|place| !links[place + 1..].contains(&links[place])));
    assert!(!format!("{facts:?}").contains("1311768592"));
}

#[test]
fn a_stream_cut_anywhere_tells_the_same() {
    let said = [hello(), open_none(), read(2), write(3)].concat();
    let whole = stream(&READER, 4840, &borrowed(&said));
    for size in [1, 2, 7, 64] {
        let pieces = stream_in_pieces(&READER, 4840, &borrowed(&said), size);
        assert_eq!(lines(&pieces), lines(&whole));
        assert_eq!(pieces.len(), whole.len());
    }
}

#[test]
fn a_message_in_several_chunks_is_one() {
    let body = ask(673, &format!("01000000 {PUMP} 0d000000 ffffffff 01 06 01000000"));
    let (first, second) = body.split_at(30);
    let answer = piece("MSGF", 9, &reply(676, "00000000", "01000000 00000000 ffffffff"));
    let chunks = vec![(Source, piece("MSGC", 9, first)), (Source, piece("MSGF", 9, second))];
    let facts = told(&[hello(), open_none(), chunks, vec![(Destination, answer)]]);
    assert_eq!(lines(&facts).last().unwrap(), "> write write [ns=1;s=pump] 1 done");
    let rows = messages(&facts, "opcua_binary");
    assert_eq!(column(rows[3], "req_msg_size"), [(body.len() + 48).to_string()]);
    // A sender that gives up says so, and what it had begun is forgotten.
    let given_up = [hex("00008080"), chars("too large")].concat();
    let chunks = vec![(Source, piece("MSGC", 9, first)), (Source, piece("MSGA", 9, &given_up))];
    let facts = told(&[hello(), open_none(), chunks, read(10)]);
    assert_eq!(lines(&facts)[2..].len(), 2);
}

#[test]
fn after_a_hole_the_next_message_is_found() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 4840);
    for (side, bytes) in [hello(), open_none()].concat() {
        rehearsal.say(side, &bytes);
    }
    let lost = piece("MSGF", 2, &ask(631, &"00".repeat(200)));
    rehearsal.say(Source, &lost[..60]);
    rehearsal.gap(Source, 100);
    rehearsal.say(Source, &[&lost[160..], &write(3)[0].1].concat());
    rehearsal.say(Destination, &write(3)[1].1);
    assert!(!rehearsal.lost);
    let facts = rehearsal.end();
    assert_eq!(lines(&facts).last().unwrap(), "> write write [ns=1;s=pump] 1 done");
}

#[test]
fn who_logs_in_is_told_and_the_password_is_not() {
    let token = [chars("policy"), chars("operator"), chars("Zwetschgendatschi"), hex("ffffffff")].concat();
    let object = [hex("01 00 4401 01"), (token.len() as u32).to_le_bytes().to_vec(), token].concat();
    let none = "ffffffff ffffffff";
    let digits: String = object.iter().map(|byte| format!("{byte:02x}")).collect();
    let by_name = format!("{none} 00000000 00000000 {digits} {none}");
    let anonymous = format!("{none} 00000000 00000000 000000 {none}");
    let activated = "ffffffff ffffffff ffffffff";
    let facts = told(&[
        hello(),
        open_none(),
        exchange(2, 467, &by_name, activated),
        exchange(3, 467, &anonymous, activated),
    ]);
    assert_eq!(
        lines(&facts)[2..],
        [
            "> authenticate activate-session [user operator] - done",
            "> authenticate activate-session [anonymous] - done",
        ]
    );
    let weaknesses: Vec<_> = weaknesses(&facts).iter().map(|w| (w.kind, w.detail.to_string())).collect();
    assert_eq!(
        weaknesses,
        [
            (WeaknessKind::CleartextCredentials, "user name operator".to_owned()),
            (WeaknessKind::AnonymousLogin, "session activated without a name".to_owned()),
        ]
    );
    let row = messages(&facts, "opcua_binary_activate_session")[0];
    assert_eq!(column(row, "ext_obj_password"), ["(hidden)"]);
    assert!(!format!("{facts:?}").contains("Zwetschge"));
}

#[test]
fn a_password_that_is_written_or_passed_on_is_not_told() {
    let node = "03 0100 08000000 50617373776f7264";
    let asked = format!("01000000 {node} 0d000000 ffffffff 01 0c 06000000 68616e736175");
    let user = "01000000 00 55 01 00 b25e 02000000 0c 01000000 61 0c 06000000 68616e736175";
    let watched = format!(
        "01000000 02000000 01000000 {node} 0d000000 ffffffff 0000 ffffffff 02000000 05000000 \
         0000000000406f40 000000 01000000 01"
    );
    let change = "01000000 05000000 01 0c 06000000 68616e736175 ffffffff";
    let length = hex(change).len() as u32;
    let size: String = length.to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let publish = format!(
        "01000000 ffffffff 00 01000000 0000000000000000 01000000 01 00 2b03 01 {size} {change} ffffffff ffffffff"
    );
    let facts = told(&[
        hello(),
        open_none(),
        exchange(2, 673, &asked, "01000000 00000000 ffffffff"),
        exchange(3, 712, user, "01000000 00000000 00000000 00000000 00000000 ffffffff"),
        exchange(4, 751, &watched, "01000000 00000000 01000000 0000000000406f40 01000000 000000 ffffffff"),
        exchange(5, 826, "ffffffff", &publish),
    ]);
    assert_eq!(
        lines(&facts)[2..],
        [
            "> write write [ns=1;s=Password] (hidden) done",
            "> operate call [method i=85 i=24242] (2 inputs) done",
            "> subscribe create-monitored-items [ns=1;s=Password] every 250 ms done",
            "< publish data-change [ns=1;s=Password] (hidden) not-expected",
            "> subscribe publish [] - done",
        ]
    );
    assert!(!format!("{facts:?}").contains("hansau"));
}

#[test]
fn a_server_s_build_identifies_it() {
    let strings = ["urn:example:pump", "Acme Pumps", "Pump Control", "2.4.1", "77"].map(chars).concat();
    let build = [strings, vec![0; 8]].concat();
    let digits = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let size = digits(&(build.len() as u32).to_le_bytes());
    let answered = format!("01000000 01 16 01 00 5401 01 {size} {} ffffffff", digits(&build));
    let asked = "0000000000000000 02000000 01000000 01 00 d408 0d000000 ffffffff 0000 ffffffff";
    let facts = told(&[hello(), open_none(), exchange(2, 631, asked, &answered)]);
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.20 vendor Acme Pumps (manufacturer-name)",
            "192.0.2.20 product Pump Control (product-name)",
            "192.0.2.20 firmware 2.4.1 (software-version)",
        ]
    );
}

#[test]
fn a_discovery_server_tells_of_others() {
    let digits = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let uris = digits(&[chars("urn:example:weir"), chars("urn:example:product")].concat());
    let name = format!("02 {}", digits(&chars("Weir 4")));
    let urls = format!("01000000 {}", digits(&chars("opc.tcp://192.0.2.77:4840")));
    let server = format!("01000000 {uris} {name} 00000000 ffffffff ffffffff {urls}");
    let register = format!("{uris} 01000000 {name} 00000000 ffffffff {urls} ffffffff 01");
    let facts = told(&[
        hello(),
        open_none(),
        exchange(2, 422, "ffffffff ffffffff ffffffff", &server),
        exchange(3, 437, &register, ""),
    ]);
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.77 name Weir 4 (find-servers)",
            "192.0.2.77 product urn:example:product (find-servers)",
            "192.0.2.77 role OPC UA server (find-servers)",
            "192.0.2.10 name Weir 4 (server-name)",
            "192.0.2.10 product urn:example:product (product-uri)",
            "192.0.2.10 role OPC UA server (register-server)",
        ]
    );
    assert_eq!(lines(&facts)[3], "> configure register-server [urn:example:weir] online done");
}

#[test]
fn of_a_guarded_channel_only_the_policy_is_told() {
    let noise: Vec<u8> = (0..64_u8).map(|n| n.wrapping_mul(37) ^ 0x5a).collect();
    let sealed = [7_u32, 1].iter().flat_map(|n| n.to_le_bytes()).chain(noise.iter().copied());
    let sealed = chunk("MSGF", &sealed.collect::<Vec<_>>());
    let facts = told(&[
        hello(),
        vec![
            opening(Source, SEALED, "03000000 010203", &noise),
            opening(Destination, SEALED, "03000000 010203", &noise),
            (Source, sealed.clone()),
            (Destination, sealed),
        ],
        // Only signed: 32 bytes behind what is said.
        vec![
            (Source, piece("MSGF", 5, &[write(5)[0].1[24..].to_vec(), vec![0xaa; 32]].concat())),
            (Destination, piece("MSGF", 5, &[write(5)[1].1[24..].to_vec(), vec![0xaa; 32]].concat())),
        ],
    ]);
    assert_eq!(
        lines(&facts)[1..],
        ["> discover open-secure-channel [Basic256Sha256] - done", "> write write [ns=1;s=pump] 1 done",]
    );
    assert!(weaknesses(&facts).is_empty());
    assert_eq!(messages(&facts, "opcua_binary").len(), 7);
}

#[test]
fn refusals_of_every_kind_are_told() {
    let error = [hex("00007d80"), chars("busy")].concat();
    let facts = told(&[vec![hello()[0].clone(), (Destination, chunk("ERRF", &error))]]);
    assert_eq!(lines(&facts), ["> discover hello [opc.tcp://192.0.2.20:4840] - refused BadTcpServerTooBusy"]);
    let row = messages(&facts, "opcua_binary")[1];
    assert_eq!((column(row, "error"), column(row, "reason")), (vec!["2155675648"], vec!["busy"]));
    let fault = piece("MSGF", 2, &reply(397, "00002680", ""));
    let facts = told(&[hello(), open_none(), vec![read(2)[0].clone(), (Destination, fault)]]);
    assert_eq!(lines(&facts)[2], "> read read [ns=1;s=pump] - refused BadSessionClosed");
    let facts = told(&[hello(), open_none(), vec![write(2)[0].clone()]]);
    assert_eq!(lines(&facts)[2], "> write write [ns=1;s=pump] 1 missing");
    let facts = told(&[vec![write(2)[1].clone()]]);
    assert_eq!(lines(&facts), ["> write write [] - done"]);
}

#[test]
fn of_very_many_things_the_first_are_told() {
    let nodes = "00 54 0d000000 ffffffff 0000 ffffffff".repeat(300);
    let asked = format!("0000000000000000 02000000 2c010000 {nodes}");
    let facts = told(&[hello(), open_none(), exchange(2, 631, &asked, "00000000 ffffffff")]);
    let lines = lines(&facts);
    assert_eq!(lines.len(), 2 + 128 + 1);
    assert_eq!(lines.last().unwrap(), "> read read [… and 172 more] - done");
    // Requests that nobody answers do not grow without bound.
    let said: Vec<Said> = (0..600).map(|number| write(number)[0].clone()).collect();
    assert_eq!(requests(&told(&[said])).len(), 600);
}

#[test]
fn only_opc_ua_is_recognised() {
    let tcp = |port: u16, bytes: &[u8]| recognise(&READER, Transport::Tcp, port, bytes, &[]);
    let signature = Recognition::Yes(Sureness::BySignature);
    let open = &open_none()[0].1;
    for whole in [&hello()[0].1, open, &write(2)[0].1] {
        assert_eq!(tcp(9_999, whole), signature);
        for end in 0..whole.len() {
            assert_eq!(tcp(9_999, &whole[..end]), Recognition::More, "{end}");
        }
    }
    assert_eq!(recognise(&READER, Transport::Udp, 4840, &hello()[0].1, &[]), Recognition::No);
    let mut noise = piece("MSGF", 2, &[0x5a; 40]);
    assert_eq!(tcp(4_840, &noise), Recognition::Yes(Sureness::ByStructure));
    assert_eq!(tcp(9_999, &noise), Recognition::No);
    noise[7] = 0xff;
    for other in
        [&noise[..], b"MSG hello\r\n", b"HELO mail.example\r\n", b"OPTIONS * HTTP/1.1\r\n", b"ERR wrong"]
    {
        assert_eq!(tcp(4_840, other), Recognition::No);
    }
}

/// Some exchanges with something of everything.
fn conversation() -> Vec<Said> {
    let call = format!("01000000 {PUMP} 01 01 0900 01000000 0c 05000000 7374617274");
    let browse =
        "00 00 0000000000000000 00000000 00000000 01000000 00 55 00000000 00 21 01 00000000 3f000000";
    let browsed = "01000000 00000000 ffffffff 01000000 00 23 01 01 00 cd08 0000 01000000 53 02 01000000 53 01000000 01 00 d407 ffffffff";
    let path = "01000000 00 54 01000000 00 21 00 01 0200 01000000 61";
    [
        hello(),
        open_none(),
        read(2),
        write(3),
        exchange(4, 712, &call, "01000000 00000000 00000000 00000000 01000000 01 01 ffffffff"),
        exchange(5, 527, browse, browsed),
        exchange(6, 554, path, "01000000 00000000 01000000 02 0200 02000000 ffffffff ffffffff"),
    ]
    .concat()
}

proptest! {
    #[test]
    fn any_bytes_are_survived(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        place in 0..super::names::SERVICES.len(),
        is_request: bool,
    ) {
        let service = &super::names::SERVICES[place];
        let number = if is_request { service.request } else { service.response } as u16;
        let body = if is_request { ask(number, "") } else { reply(number, "00000000", "") };
        let said = piece("MSGF", 2, &[body, bytes.clone()].concat());
        let side = if is_request { Source } else { Destination };
        stream(&READER, 4840, &[(side, &said), (side, &bytes), (side.other(), &bytes)]);
        let _ = recognise(&READER, Transport::Tcp, 4840, &bytes, &[]);
    }

    #[test]
    fn no_change_of_a_message_makes_it_panic(
        changes in prop::collection::vec((0_usize..14, 0_usize..200, any::<u8>()), 1..12),
    ) {
        let mut said = conversation();
        for (message, place, value) in changes {
            let bytes = &mut said[message].1;
            let place = place % bytes.len();
            bytes[place] = value;
        }
        for request in requests(&stream(&READER, 4840, &borrowed(&said))) {
            prop_assert!(Protocol::Opcua.verbs().contains(request.verb));
            prop_assert!(request.value.as_ref().is_none_or(|value| value.len() <= 300));
        }
    }
}
