//! Tokens of security mechanisms, as LDAP, SMB and HTTP carry them: GSS-API (RFC 2743 section 3.1) and the negotiation
//! of mechanisms in it, SPNEGO (RFC 4178 section 4.2).

use crate::ber;
use crate::cursor::Cursor;
use crate::dialogue::{Out, Side};

/// 1.3.6.1.5.5.2
const SPNEGO: &[u8] = &[0x2b, 6, 1, 5, 5, 2];

/// 1.2.840.113554.1.2.2, and as an old client of Microsoft's wrote it, 1.2.840.48018.1.2.2.
const KERBEROS: [&[u8]; 2] =
    [&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2], &[0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 1, 2, 2]];

/// How deep tokens lie in one another.
const DEPTH_MAX: u32 = 4;

/// What a token says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// How the negotiation stands (RFC 4178 section 4.2.2): 0 completed, 1 incomplete, 2 rejected.
    pub(crate) state: Option<i64>,
    /// A message of NTLM.
    pub(crate) ntlm: Option<&'a [u8]>,
    /// A message of Kerberos: an AP-REQ, AP-REP or KRB-ERROR.
    pub(crate) kerberos: Option<&'a [u8]>,
}

/// Reads a token, whatever is wrapped around the mechanism's own message.
pub(crate) fn parse_token(bytes: &[u8]) -> Token<'_> {
    let mut token = Token::default();
    open(bytes, &mut token, DEPTH_MAX);
    token
}

/// Which mechanisms' own messages a conversation of another protocol was seen to carry.
#[derive(Default)]
pub(crate) struct Carried {
    told: [bool; 3],
}

impl Carried {
    /// Tells what a token shows for the first time, as a further service of the conversation.
    pub(crate) fn see(&mut self, token: &Token<'_>, out: &mut Out<'_>) {
        let shown = [
            (token.ntlm.is_some(), "ntlm"),
            (token.kerberos.is_some(), "krb"),
            // A negotiation counts once it is answered.
            (token.state.is_some(), "gssapi"),
        ];
        for ((is_there, service), told) in shown.into_iter().zip(&mut self.told) {
            if is_there && !std::mem::replace(told, true) {
                out.message(Side::Source, "conn", |fields| fields.put("service", service));
            }
        }
    }
}

fn open<'a>(bytes: &'a [u8], token: &mut Token<'a>, depth: u32) {
    let Some(depth) = depth.checked_sub(1) else { return };
    if bytes.starts_with(b"NTLMSSP\0") {
        token.ntlm = Some(bytes);
        return;
    }
    let mut cursor = Cursor::new(bytes);
    match ber::take(&mut cursor) {
        Some(element) if element.tag == 0x60 => {
            let mut inner = Cursor::new(element.content);
            match ber::take_tag(&mut inner, 6) {
                Some(SPNEGO) => open(inner.rest(), token, depth),
                Some(mechanism) if KERBEROS.contains(&mechanism) => {
                    // What kind of message follows (RFC 4121 section 4.1).
                    if matches!(inner.u16(), Some(0x0100 | 0x0200 | 0x0300)) {
                        token.kerberos = Some(inner.rest());
                    }
                }
                _ => {}
            }
        }
        // The first token of a negotiation, or a later one.
        Some(element) if matches!(element.tag, 0xa0 | 0xa1) => {
            let Some(fields) = ber::find(element.content, ber::SEQUENCE) else { return };
            if element.tag == 0xa1 {
                token.state =
                    ber::find(fields, 0xa0).and_then(|state| ber::find(state, 10)).and_then(ber::integer);
            }
            if let Some(inner) = ber::find(fields, 0xa2).and_then(|field| ber::find(field, 4)) {
                open(inner, token, depth);
            }
        }
        // An AP-REQ or AP-REP without more around it.
        Some(element) if matches!(element.tag, 0x6e | 0x6f) => token.kerberos = Some(bytes),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    #[test]
    fn a_mechanisms_message_is_found_in_a_negotiation() {
        let ntlm = hex("4e544c4d53535000 01000000");
        assert_eq!(parse_token(&ntlm).ntlm, Some(&ntlm[..]));
        let first = hex("601e 06062b0601050502 a014 3012 a210 040e 4e544c4d53535000 01000000 0000");
        assert_eq!(parse_token(&first).ntlm.map(<[u8]>::len), Some(14));
        let answer = hex("a109 3007 a003 0a0101 a200");
        assert_eq!(parse_token(&answer), Token { state: Some(1), ..Token::default() });
        let kerberos = hex("600f 06092a864886f712010202 0100 6e00");
        assert_eq!(parse_token(&kerberos).kerberos, Some(&[0x6e, 0][..]));
        for cut in 0..first.len() {
            parse_token(&first[..cut]);
        }
    }
}
