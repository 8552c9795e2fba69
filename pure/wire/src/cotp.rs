//! Packets of the ISO transport over TCP: RFC 1006 (TPKT) with the transport PDUs of ISO 8073 (ITU-T X.224), as
//! S7comm, MMS and RDP have them. Which of these is carried is told by what is inside, or by the connect's parameters.

use crate::cursor::Cursor;
use city::Text;
use compact_str::format_compact;

/// How long the TPKT header is (RFC 1006 section 6).
const HEADER_BYTES: usize = 4;

/// What a transport PDU is for (ISO 8073 clause 13.1): the upper half of its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) u8);

impl Code {
    pub(crate) const DISCONNECT_REQUEST: Code = Code(0x8);
    pub(crate) const CONNECTION_CONFIRM: Code = Code(0xd);
    pub(crate) const CONNECTION_REQUEST: Code = Code(0xe);
    pub(crate) const DATA: Code = Code(0xf);

    /// The abbreviation and the name that ISO 8073 gives it.
    pub(crate) fn title(self) -> Text {
        Text::const_new(match self.0 {
            0x1 => "ED Expedited Data",
            0x2 => "EA Expedited Data Acknowledgement",
            0x4 => "UD User Data",
            0x5 => "RJ Reject",
            0x6 => "AK Data Acknowledgement",
            0x7 => "ER TPDU Error",
            0x8 => "DR Disconnect Request",
            0xc => "DC Disconnect Confirm",
            0xd => "CC Connection Confirm",
            0xe => "CR Connection Request",
            0xf => "DT Data",
            other => return format_compact!("Unknown-0x{other:02x}"),
        })
    }
}

/// A transport PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tpdu<'a> {
    pub(crate) code: Code,
    /// The header behind the code, fixed part and parameters.
    header: &'a [u8],
    /// What is carried.
    pub(crate) data: &'a [u8],
}

impl<'a> Tpdu<'a> {
    /// Whether it ends what is carried (clause 13.7.3 c). Only data of class 0 and 1 are split here.
    pub(crate) fn is_last(&self) -> bool {
        self.code != Code::DATA || matches!(self.header, [number, ..] if number & 0x80 != 0)
    }

    /// What follows the fixed part of a connection request or confirmation: parameters, or what RDP puts there.
    pub(crate) fn variable(&self) -> &'a [u8] {
        self.header.get(5..).unwrap_or_default()
    }

    /// The parameters of a connection request or confirmation (clause 13.3.4), each with its code; none if what
    /// follows the fixed part is no list of parameters.
    pub(crate) fn parameters(&self) -> Option<Vec<(u8, &'a [u8])>> {
        // Two references and the class come first.
        let mut rest = Cursor::new(self.header.get(5..)?);
        let mut found = Vec::new();
        while !rest.is_empty() {
            let (code, length) = (rest.u8()?, rest.u8()?);
            found.push((code, rest.take(usize::from(length))?));
        }
        Some(found)
    }

    /// The transport selector of the end that is called, or with `false` of the end that calls (clause 13.3.4 a).
    pub(crate) fn selector(&self, called: bool) -> Option<&'a [u8]> {
        let code = if called { 0xc2 } else { 0xc1 };
        self.parameters()?.into_iter().find(|(found, _)| *found == code).map(|(_, value)| value)
    }
}

/// What lies at the front of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A packet, and how many bytes it takes.
    Packet(Tpdu<'a>, usize),
    /// The beginning of one.
    More,
    /// Something else.
    Nothing,
}

/// Reads the packet at the front of `bytes`.
pub(crate) fn parse_packet(bytes: &[u8]) -> Found<'_> {
    let begins = matches!(bytes, [] | [3] | [3, 0] | [3, 0, _]);
    if begins {
        return Found::More;
    }
    let [3, 0, high, low, rest @ ..] = bytes else { return Found::Nothing };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    // The shortest is a data PDU without data.
    let Some(body_bytes) = length.checked_sub(HEADER_BYTES).filter(|bytes| *bytes >= 3) else {
        return Found::Nothing;
    };
    // The length indicator does not count itself; 255 is reserved (clause 13.2.1).
    if let [indicator, code, ..] = rest {
        let fits = (2..=254).contains(indicator) && usize::from(*indicator) < body_bytes;
        let fixed = match Code(code >> 4) {
            Code::CONNECTION_REQUEST | Code::CONNECTION_CONFIRM | Code::DISCONNECT_REQUEST => *indicator >= 6,
            Code(0x1 | 0x2 | 0x4 | 0x5 | 0x6 | 0x7 | 0xc) | Code::DATA => true,
            _ => false,
        };
        if !fits || !fixed {
            return Found::Nothing;
        }
    }
    let Some(body) = rest.get(..body_bytes) else { return Found::More };
    let mut cursor = Cursor::new(body);
    let parsed = || {
        let header_bytes = usize::from(cursor.u8()?);
        let header = cursor.take(header_bytes)?;
        let (code, header) = header.split_first()?;
        Some(Tpdu { code: Code(code >> 4), header, data: cursor.rest() })
    };
    match { parsed }() {
        Some(tpdu) => Found::Packet(tpdu, length),
        None => Found::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    #[test]
    fn a_connection_request_has_its_selectors() {
        let bytes = hex("03000016 11 e0 0000 0001 00 c0 01 0a c1 02 0100 c2 02 0102");
        let Found::Packet(tpdu, 22) = parse_packet(&bytes) else { panic!("no packet") };
        assert_eq!(tpdu.code, Code::CONNECTION_REQUEST);
        assert_eq!(tpdu.selector(true), Some(&[1, 2][..]));
        assert_eq!(tpdu.selector(false), Some(&[1, 0][..]));
        for length in 0..bytes.len() {
            assert_eq!(parse_packet(&bytes[..length]), Found::More);
        }
    }

    #[test]
    fn data_say_whether_more_follow() {
        for (text, last) in [("03000009 02 f0 80 3201", true), ("03000009 02 f0 00 3201", false)] {
            let bytes = hex(text);
            let Found::Packet(tpdu, 9) = parse_packet(&bytes) else { panic!("no packet") };
            assert_eq!((tpdu.is_last(), tpdu.data), (last, &[0x32, 1][..]));
        }
    }

    #[test]
    fn what_is_no_packet_is_told_apart() {
        for text in [
            "47455420",
            "0300 0006 02f0",
            "03010016 11e0",
            "03000016 16 e0",
            "03000016 11 30",
            "03000007 05 e0",
        ] {
            assert_eq!(parse_packet(&hex(text)), Found::Nothing, "{text}");
        }
        // What RDP puts behind the fixed part is no list of parameters.
        let bytes = hex("0300001b 16 e0 0000 0000 00 436f6f6b69653a206d7374733d610d0a");
        let Found::Packet(tpdu, _) = parse_packet(&bytes) else { panic!("no packet") };
        assert_eq!(tpdu.parameters(), None);
    }
}
