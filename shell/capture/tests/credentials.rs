//! The value of a credential that crossed the network readable is in nothing that Bastide makes of it.
//!
//! One secret is sent in every place where the protocols carry one, whole, torn over packets, repeated, and in
//! protocols that no reader knows. Then everything observed, with all details, is searched for it in every writing.

#![cfg(test)]

use capture::CaptureFile;
use city::{Observation, Observed, WeaknessKind};
use std::io::Cursor;
use wire::{Config, Limits, Wire};

/// Long enough that it is in nothing by chance, and not what anybody ships.
const SECRET: &str = "Zwetschge-4711-Kran";

/// A capture that is being made: Ethernet, IPv4, and TCP or UDP with right lengths and no checksums.
#[derive(Default)]
struct Tape {
    frames: Vec<Vec<u8>>,
    conversations: u16,
}

impl Tape {
    fn frame(&mut self, protocol: u8, from_client: bool, segment: &[u8]) {
        let (source, destination) = if from_client { (10_u8, 20_u8) } else { (20, 10) };
        let mut frame = vec![2, 0, 0x5e, 0, 0x53, destination, 2, 0, 0x5e, 0, 0x53, source, 8, 0, 0x45, 0];
        frame.extend((segment.len() as u16 + 20).to_be_bytes());
        frame.extend([0, 0, 0x40, 0, 64, protocol, 0, 0, 192, 0, 2, source, 192, 0, 2, destination]);
        frame.extend(segment);
        self.frames.push(frame);
    }

    fn tcp(&mut self, port: u16, messages: &[(bool, Vec<u8>)], opened: bool) {
        self.conversations += 1;
        let client = 40_000 + self.conversations;
        let mut next = [1_000_u32, 5_000];
        let mut send = |tape: &mut Tape, from_client: bool, flags: u8, payload: &[u8], again: bool| {
            let side = usize::from(!from_client);
            let ports = if from_client { [client, port] } else { [port, client] };
            let mut segment = ports.map(u16::to_be_bytes).concat();
            segment.extend([next[side].to_be_bytes(), next[1 - side].to_be_bytes()].concat());
            segment.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
            segment.extend(payload);
            tape.frame(6, from_client, &segment);
            if !again {
                next[side] += payload.len() as u32 + u32::from(flags & 3 != 0);
            }
        };
        if opened {
            send(self, true, 2, &[], false);
            send(self, false, 18, &[], false);
        }
        for (from_client, bytes) in messages {
            send(self, *from_client, 24, bytes, true);
            send(self, *from_client, 24, bytes, false);
        }
        send(self, true, 17, &[], false);
        send(self, false, 17, &[], false);
    }

    fn udp(&mut self, port: u16, bytes: &[u8]) {
        self.conversations += 1;
        let mut segment =
            [40_000 + self.conversations, port, bytes.len() as u16 + 8, 0].map(u16::to_be_bytes).concat();
        segment.extend(bytes);
        self.frame(17, true, &segment);
    }

    /// The same dialogue in every way of sending: whole, torn in the middle of the secret, and byte by byte.
    fn tcp_torn(&mut self, port: u16, messages: &[(bool, Vec<u8>)]) {
        self.tcp(port, messages, true);
        self.tcp(port, messages, false);
        for size in [1, 7, 40] {
            let torn: Vec<_> = messages
                .iter()
                .flat_map(|(client, bytes)| bytes.chunks(size).map(|piece| (*client, piece.to_vec())))
                .collect();
            self.tcp(port, &torn, true);
        }
    }

    fn observe(self) -> Vec<Observation> {
        let mut file = Vec::new();
        for field in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1] {
            file.extend(field.to_le_bytes());
        }
        for (frame, second) in self.frames.iter().zip(1_750_000_000_u32..) {
            for field in [second, 0, frame.len() as u32, frame.len() as u32] {
                file.extend(field.to_le_bytes());
            }
            file.extend(frame);
        }
        let limits = Limits::default();
        let mut wire = Wire::new(Config {
            sensor: "tape".into(),
            logs: true,
            events: city::Protocol::ALL,
            signs: false,
            seed: 1,
            limits,
            only_whole: false,
            interim: None,
        });
        let mut file = CaptureFile::read("tape".into(), Cursor::new(file), None).unwrap();
        let mut out = Vec::new();
        while let Some(frame) = file.next().unwrap() {
            wire.see(&frame, &mut out);
        }
        wire.finish(&mut out);
        out
    }
}

/// The ways in which a secret may be written: as it is, in base64 at each of three places, in hexadecimal, in
/// percent signs.
fn writings(secret: &str) -> Vec<String> {
    let hex = |separator: &str| {
        secret.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(separator)
    };
    let mut writings = vec![secret.to_lowercase(), hex(""), hex(" "), hex(":")];
    for before in ["", "x", "xx"] {
        let text = base64(format!("{before}{secret}").as_bytes());
        // The first and the last letters depend on what stands beside the secret.
        writings.push(text.get(4..text.len() - 4).unwrap().to_lowercase());
    }
    writings.push(secret.bytes().map(|byte| format!("%{byte:02x}")).collect());
    writings
}

/// The first two thirds of a writing.
fn piece(writing: &str) -> &str {
    writing.get(..writing.len() * 2 / 3).unwrap()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |chunk: &[u8]| {
        let at = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        let letters = [18, 12, 6, 0].map(|shift| LETTERS[(bits >> shift) as usize & 63] as char);
        letters.iter().take(chunk.len() + 1).chain(&['='; 3]).take(4).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

fn mqtt(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&[kind, body.len() as u8], body.as_slice()].concat()
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes(), bytes].concat()
}

fn opcua(kind: &str, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [kind.as_bytes(), b"F", &(body.len() as u32 + 8).to_le_bytes(), &body].concat()
}

fn opcua_text(text: &str) -> Vec<u8> {
    [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

#[test]
fn the_value_of_a_credential_is_in_nothing_that_is_made_of_it() {
    let mut tape = Tape::default();
    let login = base64(format!("operator:{SECRET}").as_bytes());
    let form = format!("user=operator&password={SECRET}");
    for request in [
        format!("GET /status HTTP/1.1\r\nHost: lamp\r\nAuthorization: Basic {login}\r\n\r\n"),
        format!("GET /status HTTP/1.1\r\nHost: lamp\r\nProxy-Authorization: Basic {login}\r\n\r\n"),
        format!("GET /status HTTP/1.1\r\nHost: lamp\r\nAuthorization: Bearer {SECRET}\r\n\r\n"),
        format!("GET /status HTTP/1.1\r\nHost: lamp\r\nCookie: session={SECRET}\r\n\r\n"),
        format!("GET /login?user=operator&password={SECRET} HTTP/1.1\r\nHost: lamp\r\n\r\n"),
        format!("GET http://operator:{SECRET}@lamp/status HTTP/1.1\r\nHost: lamp\r\n\r\n"),
        format!(
            "POST /login HTTP/1.1\r\nHost: lamp\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        ),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\nSet-Cookie: session={SECRET}\r\nContent-Length: 0\r\n\r\n");
        tape.tcp_torn(80, &[(true, request.clone().into_bytes()), (false, answer.clone().into_bytes())]);
        tape.tcp_torn(9_999, &[(true, request.into_bytes()), (false, answer.into_bytes())]);
    }
    let secret = sized(SECRET.as_bytes());
    for (level, between) in [(4, &[][..]), (5, &[0])] {
        let head = [sized(b"MQTT"), vec![level, 0xc2, 0, 60]].concat();
        let connect = mqtt(0x10, &[&head, between, &sized(b"pump-7"), &sized(b"operator"), &secret]);
        let answer = if level == 4 { vec![0x20, 2, 0, 5] } else { vec![0x20, 3, 0, 0x86, 0] };
        tape.tcp_torn(1883, &[(true, connect), (false, answer)]);
    }
    // An AUTH of MQTT 5 with data of its own (clause 3.15).
    let properties = [&[0x15][..], &sized(b"PLAIN"), &[0x16], &secret].concat();
    let auth = mqtt(0xf0, &[&[0x18, properties.len() as u8], &properties]);
    let head = [sized(b"MQTT"), vec![5, 2, 0, 60, 0]].concat();
    let connect = mqtt(0x10, &[&head, &sized(b"pump-8")]);
    tape.tcp_torn(1883, &[(true, connect), (false, vec![0x20, 3, 0, 0, 0]), (true, auth)]);
    // BACnet's reinitialise with a password (clause 16.4): a context tag 1 with its text.
    let text = [&[0x1d, SECRET.len() as u8 + 1, 0], SECRET.as_bytes()].concat();
    let reinitialise = [&[1, 4, 0, 5, 1, 20, 0x09, 1][..], &text].concat();
    let length = (reinitialise.len() as u16 + 4).to_be_bytes();
    tape.udp(47_808, &[&[0x81, 0x0a, length[0], length[1]], reinitialise.as_slice()].concat());
    // OPC UA: a session known by a secret, and a password in it (OPC 10000-4 clause 5.7.3).
    for name in [3, 5] {
        let limits = [0_u32, 65_536, 65_536, 0, 0].map(u32::to_le_bytes).concat();
        let hello = opcua("HEL", &[&limits, &opcua_text("opc.tcp://lamp")]);
        let session = [&[name, 1, 0][..], &opcua_text(SECRET), &[0; 16], &[0xff; 4], &[0; 7]].concat();
        let token = ["user", "operator", SECRET].map(opcua_text).concat();
        let token =
            [&[1, 0, 0x44, 1, 1][..], &(token.len() as u32 + 4).to_le_bytes(), &token, &[0xff; 4]].concat();
        let head = [7_u32, 1, 2, 2].map(u32::to_le_bytes).concat();
        let activate = [&[1, 0, 0xd3, 1][..], &session, &[0xff; 8], &[0; 8], &token, &[0xff; 8]].concat();
        tape.tcp_torn(4840, &[(true, hello.clone()), (true, opcua("MSG", &[&head, &activate]))]);
        tape.tcp_torn(9_999, &[(true, hello), (true, opcua("MSG", &[&head, &activate]))]);
    }
    // FTP, mail servers and consoles that take logins.
    let says = |client: bool, text: String| (client, text.into_bytes());
    for port in [21, 9_999] {
        tape.tcp_torn(
            port,
            &[
                says(false, "220 FTP ready\r\n".into()),
                says(true, "USER operator\r\n".into()),
                says(false, "331 Password\r\n".into()),
                says(true, format!("PASS {SECRET}\r\n")),
                says(false, "230 In\r\n".into()),
                says(true, format!("ACCT {SECRET}\r\n")),
                says(false, "230 In\r\n".into()),
                says(true, format!("{SECRET}\r\nAUTH {SECRET}\r\nSITE PSWD {SECRET}\r\n")),
                says(false, "500 ?\r\n504 ?\r\n500 ?\r\n".into()),
            ],
        );
    }
    let plain = base64(format!("\0operator\0{SECRET}").as_bytes());
    let logins = [
        vec![format!("AUTH PLAIN {plain}")],
        vec!["AUTH PLAIN".into(), plain],
        vec!["AUTH LOGIN".into(), base64(b"operator"), base64(SECRET.as_bytes())],
        vec!["AUTH CRAM-MD5".into(), base64(SECRET.as_bytes())],
        vec![format!("AUTH {SECRET} {SECRET}")],
    ];
    for login in logins {
        let mut said = vec![
            says(false, "220 mail.example.org ESMTP\r\n".into()),
            says(true, "EHLO lamp\r\n".into()),
            says(false, "250 AUTH\r\n".into()),
        ];
        let steps = login.len();
        for (step, line) in login.into_iter().enumerate() {
            said.push(says(true, format!("{line}\r\n")));
            said.push(says(false, if step + 1 < steps { "334 \r\n" } else { "235 in\r\n" }.into()));
        }
        tape.tcp_torn(25, &said);
    }
    let typed = |text: &str| {
        vec![
            says(false, "login: ".into()),
            says(true, "operator\r\n".into()),
            says(false, "operator\r\nPassword: ".into()),
            says(true, format!("{text}\r\n")),
            says(false, "\r\nLogin incorrect\r\nlogin: ".into()),
            says(true, "\x7f\r\n".into()),
            says(true, format!("{text}\r\n")),
        ]
    };
    tape.tcp_torn(23, &typed(SECRET));
    // LDAP's simple bind (RFC 4511 section 4.2), and PLAIN in SASL (RFC 4616).
    let element = |tag: u8, content: &[u8]| [&[tag, content.len() as u8], content].concat();
    let plain = element(4, format!("\0operator\0{SECRET}").as_bytes());
    for proof in [element(0x80, SECRET.as_bytes()), element(0xa3, &[element(4, b"PLAIN"), plain].concat())] {
        let bind = [&[2, 1, 3][..], &element(4, b"cn=operator"), &proof].concat();
        let ask = element(0x30, &[&[2, 1, 1][..], &element(0x60, &bind)].concat());
        let answer = vec![0x30, 12, 2, 1, 1, 0x61, 7, 10, 1, 0, 4, 0, 4, 0];
        tape.tcp_torn(389, &[(true, ask.clone()), (false, answer.clone())]);
        tape.tcp_torn(9_999, &[(true, ask), (false, answer)]);
    }
    // What proves the asker in RADIUS, were it not hidden (RFC 2865 section 5.2), and in RFB (RFC 6143 section 7.2.2).
    let attribute = |kind: u8, value: &[u8]| [&[kind, value.len() as u8 + 2], value].concat();
    let attributes =
        [attribute(1, b"operator"), attribute(2, SECRET.as_bytes()), attribute(32, b"switch")].concat();
    let head = [&[1, 7, 0, attributes.len() as u8 + 20][..], &[0x5e; 16]].concat();
    tape.udp(1812, &[head, attributes].concat());
    let proof = SECRET.as_bytes().get(..16).unwrap().to_vec();
    let version = b"RFB 003.003\n".to_vec();
    let challenge = [&[0, 0, 0, 2][..], &proof].concat();
    let steps =
        [(false, version.clone()), (true, version), (false, challenge), (true, proof), (false, vec![0; 4])];
    tape.tcp_torn(5900, &steps);
    // SNMP: the community, one that is set (NTCIP 1201 clause 2.5), and one in a notification (RFC 3584 clause 5.2).
    for (kind, object) in [
        (0xa3, &[0x2b, 6, 1, 4, 1, 0x89, 0x36, 4, 2, 6, 5, 1, 0][..]),
        (0xa7, &[0x2b, 6, 1, 6, 3, 18, 1, 4, 0]),
        (0xa3, &[0x2b, 6, 1, 4, 1, 0x86, 0x8d, 0x1f, 1, 0]),
    ] {
        let element = |tag: u8, content: &[u8]| [&[tag, content.len() as u8], content].concat();
        let secret = element(4, SECRET.as_bytes());
        let binding = element(0x30, &[element(6, object), secret.clone()].concat());
        let unit = element(kind, &[&[2, 1, 1, 2, 1, 0, 2, 1, 0][..], &element(0x30, &binding)].concat());
        let message = element(0x30, &[&[2, 1, 1][..], &secret, &unit].concat());
        for port in [161, 162, 9_999] {
            tape.udp(port, &message);
            tape.tcp_torn(port, &[(true, message.clone())]);
        }
    }
    // SIP: in an address, in a login, and what a digest is made of.
    for line in [
        format!("INVITE sip:desk:{SECRET}@lamp SIP/2.0\r\nFrom: <sip:gate@lamp>\r\n"),
        format!(
            "INVITE sip:desk@lamp SIP/2.0\r\nFrom: <sip:gate:{SECRET}@lamp>\r\nTo: <sips:a:{SECRET}@lamp>\r\n"
        ),
        format!("REGISTER sip:lamp SIP/2.0\r\nAuthorization: Basic {login}\r\n"),
        format!(
            "REGISTER sip:lamp SIP/2.0\r\nAuthorization: Digest username=\"a\", response=\"{SECRET}\"\r\n"
        ),
        format!("INVITE sip:a@lamp SIP/2.0\r\nContent-Length: 40\r\n\r\na=crypto:1 AES inline:{SECRET}\r\n"),
    ] {
        let message = format!("{line}Call-ID: 1\r\nCSeq: 1 X\r\n\r\n").into_bytes();
        for port in [5_060, 9_998] {
            tape.udp(port, &message);
            tape.tcp_torn(port, &[(true, message.clone())]);
        }
    }
    // RTSP: in an address, in a path, in a login.
    for line in [
        format!("PLAY rtsp://operator:{SECRET}@lamp/live RTSP/1.0\r\n"),
        format!("PLAY rtsp://lamp/user=a_password={SECRET}_channel=1.sdp?real_stream RTSP/1.0\r\n"),
        format!("PLAY rtsp://lamp/live RTSP/1.0\r\nAuthorization: Basic {login}\r\nSession: {SECRET}\r\n"),
    ] {
        let message = format!("{line}CSeq: 1\r\n\r\n").into_bytes();
        for port in [554, 9_997] {
            let answer = format!("RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: {SECRET}\r\n\r\n").into_bytes();
            tape.tcp_torn(port, &[(true, message.clone()), (false, answer)]);
        }
    }
    // WebSocket with a token in the guise of a protocol, and OCPP in it: a password and the number of a card.
    let login = base64(format!("station:{SECRET}").as_bytes());
    let request = format!(
        "GET /ocpp/station?token={SECRET} HTTP/1.1\r\nHost: system\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Authorization: Basic {login}\r\nSec-WebSocket-Protocol: ocpp1.6, bearer.{SECRET}\r\n\r\n"
    );
    let reply =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n";
    let text = |text: String| [&[0x81, 126][..], &sized(text.as_bytes())].concat();
    tape.tcp_torn(
        80,
        &[
            (true, request.into_bytes()),
            (false, reply.as_bytes().to_vec()),
            (
                false,
                text(format!(
                    r#"[2,"1","ChangeConfiguration",{{"key":"AuthorizationKey","value":"{SECRET}"}}]"#
                )),
            ),
            (true, text(format!(r#"[2,"2","Authorize",{{"idTag":"{SECRET}"}}]"#))),
            (true, text(format!(r#"[2,"3","DataTransfer",{{"vendorId":"v","data":"{SECRET}"}}]"#))),
            (
                false,
                text(format!(r#"[2,"4","UpdateFirmware",{{"location":"ftp://op:{SECRET}@192.0.2.9/f"}}]"#)),
            ),
            (false, text(format!(r#"[2,"5","RemoteStartTransaction",{{"idTag":"{SECRET}"}}]"#))),
        ],
    );
    // CoAP: LwM2M's security object in TLV and its key alone, and a resource that names itself (RFC 7252 clause 3).
    let size = SECRET.len() as u8;
    let tlv = [&[0xff, 0xc8, 5, size][..], SECRET.as_bytes()].concat();
    tape.udp(5683, &[&[0x41, 3, 0, 1, 9, 0xb1, b'0', 0x01, b'1', 0x12, 0x2d, 0x16][..], &tlv].concat());
    let plain = [&[0xff][..], SECRET.as_bytes()].concat();
    tape.udp(5683, &[&[0x41, 3, 0, 1, 9, 0xb1, b'0', 0x01, b'1', 0x01, b'5'][..], &plain].concat());
    tape.udp(5683, &[&[0x41, 2, 0, 2, 9, 0xb8][..], b"password", &plain].concat());
    // DLMS: the password of low-level security (IEC 62056-5-3 clause 9.4.2.2).
    let password = [&[0xac, size + 2, 0x80, size][..], SECRET.as_bytes()].concat();
    let context = [0xa1, 9, 6, 7, 0x60, 0x85, 0x74, 5, 8, 1, 1, 0x8b, 7, 0x60, 0x85, 0x74, 5, 8, 2, 1];
    let association = [&[0x60, (context.len() + password.len()) as u8][..], &context, &password].concat();
    let wrapper = [0, 1, 0, 2, 0, 1, 0, association.len() as u8];
    let answer = [
        &[0, 1, 0, 1, 0, 2, 0, 0x17, 0x61, 0x15][..],
        &context[..11],
        &[0xa2, 3, 2, 1, 0],
        &[0xa3, 3, 2, 1, 0],
    ]
    .concat();
    for port in [4059, 9_999] {
        let said = [(true, [&wrapper, association.as_slice()].concat()), (false, answer.clone())];
        tape.tcp_torn(port, &said);
    }
    // KNXnet/IP: a key of KNX IP Secure written as a property (`M_PropWrite`).
    let property = [&[4, 1, 0, 0, 0xf6, 0, 11, 1, 92, 0x10, 1][..], SECRET.as_bytes()].concat();
    tape.udp(3671, &[&[6, 0x10, 3, 0x10, 0, property.len() as u8 + 6][..], &property].concat());
    // Sparkplug: a metric that names itself.
    let metric = [&[0x0a, 8][..], b"Password", &[0x20, 12, 0x7a, size], SECRET.as_bytes()].concat();
    let payload = [&[0x12, metric.len() as u8][..], &metric].concat();
    let birth = mqtt(0x30, &[&sized(b"spBv1.0/a/NBIRTH/b"), &payload]);
    let head = [sized(b"MQTT"), vec![4, 2, 0, 60]].concat();
    let connect = mqtt(0x10, &[&head, &sized(b"node")]);
    tape.tcp_torn(1883, &[(true, connect), (false, vec![0x20, 2, 0, 0]), (true, birth)]);
    // Protocols that no reader knows, from their beginning and in the middle.
    for port in [21, 23, 110, 143, 6_379, 5_060] {
        let lines = format!("USER operator\r\nPASS {SECRET}\r\nLOGIN operator {SECRET}\r\nAUTH {SECRET}\r\n");
        let lines: Vec<_> =
            lines.split_inclusive('\n').map(|line| (true, line.as_bytes().to_vec())).collect();
        tape.tcp_torn(port, &lines);
        tape.tcp(port, &lines[1..], false);
        tape.tcp(port, &[(true, SECRET.as_bytes().to_vec())], false);
        tape.udp(port, SECRET.as_bytes());
    }
    let observations = tape.observe();

    let told = |wanted: WeaknessKind| {
        observations
            .iter()
            .filter(
                |observation| matches!(&observation.fact, Observed::Weakness(found) if found.kind == wanted),
            )
            .count()
    };
    // The secret was understood where there is a reader: otherwise its absence would say nothing.
    assert!(told(WeaknessKind::CleartextCredentials) >= 20, "{}", told(WeaknessKind::CleartextCredentials));
    let leaks: Vec<String> = observations
        .iter()
        .map(|observation| serde_json::to_string(observation).unwrap())
        .filter(|text| {
            let text = text.to_lowercase();
            // A piece of it is as bad as the whole.
            writings(SECRET).iter().any(|writing| text.contains(piece(writing))) || text.contains("zwetschge")
        })
        .collect();
    assert!(leaks.is_empty(), "{} of {} tell it:\n{}", leaks.len(), observations.len(), leaks.join("\n"));
}
