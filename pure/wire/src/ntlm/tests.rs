use super::message::{Message, Server, User};
use super::parse::parse_message;
use crate::rehearse::hex;

#[test]
fn a_server_says_its_names() {
    let challenge =
        hex("4e544c4d53535000 02000000 00000000 38000000 33028202 1122334455667788 0000000000000000
         2400 2400 38000000 0a00 6345 0000000f
         0100 0c00 500055004d0050002d003100 0300 0c00 700075006d0070002d003100 0000 0000");
    let server = Server {
        computer: Some("PUMP-1".into()),
        dns_computer: Some("pump-1".into()),
        tree: None,
        version: Some((10, 0, 0x4563)),
    };
    assert_eq!(parse_message(&challenge), Some(Message::Challenge(server)));
    for cut in 0..challenge.len() {
        parse_message(&challenge[..cut]);
    }
}

#[test]
fn nobody_is_told_from_somebody() {
    let message = |user: &str, proof: u8| {
        let mut bytes = b"NTLMSSP\0\x03\0\0\0".to_vec();
        for (length, offset) in [(0, 64), (proof, 64), (0, 64), (user.len() as u8, 64), (0, 64), (0, 64)] {
            bytes.extend([length, 0, length, 0, offset, 0, 0, 0]);
        }
        bytes.extend([0; 4]);
        bytes.extend(user.as_bytes());
        bytes.extend([0; 40]);
        parse_message(&bytes)
    };
    let user = User { name: Some("operator".into()), ..User::default() };
    assert_eq!(message("operator", 40), Some(Message::Authenticate(user.clone())));
    // A proof of version 1 has the length of one.
    let user = User { is_version_1: true, ..user };
    assert_eq!(message("operator", 24), Some(Message::Authenticate(user)));
    let nobody = User { is_anonymous: true, ..User::default() };
    assert_eq!(message("", 0), Some(Message::Authenticate(nobody)));
}
