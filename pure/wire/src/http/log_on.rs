//! Log-ons with tokens in headers, as Windows has them (RFC 4559, MS-NTHT): what NTLM says of both ends.

use super::credentials::from_base64;
use crate::dialogue::{Out, Side};
use crate::{gss, ntlm};

/// The log-ons of one connection.
pub(super) struct LogOn(ntlm::Session);

impl LogOn {
    /// At the beginning of a connection.
    pub(super) fn new() -> LogOn {
        LogOn(ntlm::Session::without_row())
    }

    /// Reads a header of authorization, or of what the server asks for. Most are of other schemes or have no token.
    pub(super) fn header(&mut self, side: Side, value: &[u8], out: &mut Out<'_>) {
        let Some(space) = value.iter().position(|byte| *byte == b' ') else { return };
        let Some((scheme, token)) = value.split_at_checked(space) else { return };
        if !scheme.eq_ignore_ascii_case(b"ntlm") && !scheme.eq_ignore_ascii_case(b"negotiate") {
            return;
        }
        if let Some(token) = from_base64(token.trim_ascii()) {
            self.0.token(side, &gss::parse_token(&token), out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::READER;
    use crate::dialogue::Side;
    use crate::rehearse::{self, hex, identities};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use city::WeaknessKind;

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    /// What a server says of itself (MS-NLMP clause 2.2.1.2).
    fn challenge() -> Vec<u8> {
        let pair = |kind: u8, name: &str| [&[kind, 0, name.len() as u8 * 2, 0][..], &wide(name)].concat();
        let info = [pair(1, "PANEL-7"), pair(3, "panel-7.example"), vec![0; 4]].concat();
        let length = info.len() as u8;
        let head =
            hex("4e544c4d53535000 02000000 00000000 38000000 33028202 1122334455667788 0000000000000000");
        [&head[..], &[length, 0, length, 0, 56, 0, 0, 0], &hex("0a00 6345 0000000f"), &info].concat()
    }

    /// Who logs on (clause 2.2.1.3), with a proof of so many bytes.
    fn authenticate(proof: usize) -> Vec<u8> {
        let parts =
            [vec![0x55; 24], vec![0xaa; proof], wide("EXAMPLE"), wide("operator"), wide("DESK-3"), vec![]];
        let mut message = b"NTLMSSP\0\x03\0\0\0".to_vec();
        let mut offset = 64;
        for part in &parts {
            message.extend([part.len() as u8, 0, part.len() as u8, 0, offset as u8, 0, 0, 0]);
            offset += part.len();
        }
        message.extend([1, 0, 0, 0]);
        message.extend(parts.concat());
        message
    }

    fn log_on(scheme: &str, proof: usize) -> Vec<city::Observed> {
        let token = |message: &[u8]| STANDARD.encode(message);
        let request = |message: &[u8]| {
            format!("GET /wsman HTTP/1.1\r\nAuthorization: {scheme} {}\r\n\r\n", token(message))
        };
        let refusal = format!(
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {scheme} {}\r\nContent-Length: 0\r\n\r\n",
            token(&challenge())
        );
        let first = request(b"NTLMSSP\0\x01\0\0\0\x07\x82\x08\0");
        let second = request(&authenticate(proof));
        rehearse::stream(
            &READER,
            5985,
            &[
                (Side::Source, first.as_bytes()),
                (Side::Destination, refusal.as_bytes()),
                (Side::Source, second.as_bytes()),
                (Side::Destination, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
            ],
        )
    }

    #[test]
    fn both_ends_say_who_they_are() {
        for scheme in ["NTLM", "Negotiate"] {
            let facts = log_on(scheme, 80);
            let told = identities(&facts);
            for line in [
                "192.0.2.20 name PANEL-7 (NTLM computer name)",
                "192.0.2.20 name panel-7.example (NTLM DNS computer name)",
                "192.0.2.20 firmware Windows 10.0.17763 (NTLM version)",
                "192.0.2.10 name DESK-3 (NTLM workstation)",
            ] {
                assert!(told.iter().any(|told| told == line), "{line} in {told:?}");
            }
            assert!(rehearse::weaknesses(&facts).is_empty());
        }
    }

    #[test]
    fn the_old_version_is_a_weakness_and_no_proof_is_told() {
        let facts = log_on("NTLM", 24);
        let [weakness] = rehearse::weaknesses(&facts)[..] else { panic!("{facts:?}") };
        assert_eq!(
            (weakness.kind, weakness.detail.as_str()),
            (WeaknessKind::ObsoleteProtocol, "NTLM version 1, user name operator")
        );
        assert_eq!(weakness.address.to_string(), "192.0.2.10");
        let text = format!("{facts:?}");
        for secret in ["aaaaaa", "qqqq", "VVVV", "1122334455667788", "ESIzRFVmd4g"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}
