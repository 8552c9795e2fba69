//! Bytes to DNP3 fragments.

use super::message::{Fragment, FunctionCode, Indications};
use crate::cursor::Cursor;

/// Reads one fragment of the application layer (IEEE 1815-2012 clause 4.2.2).
pub fn parse_fragment(bytes: &[u8]) -> Option<Fragment<'_>> {
    let mut cursor = Cursor::new(bytes);
    let control = cursor.u8()?;
    let function = FunctionCode(cursor.u8()?);
    let indications = if function.is_response() { Some(Indications(cursor.u16()?)) } else { None };
    Some(Fragment {
        first: control & 0x80 != 0,
        confirm: control & 0x20 != 0,
        unsolicited: control & 0x10 != 0,
        sequence: control & 0x0f,
        function,
        indications,
        objects: cursor.rest(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_and_a_response_are_read() {
        let request = parse_fragment(&[0xc7, 1, 60, 2, 6]).unwrap();
        assert_eq!((request.sequence, request.function, request.indications), (7, FunctionCode::READ, None));
        assert!(request.first && !request.confirm && !request.unsolicited);
        let response = parse_fragment(&[0xf3, 0x82, 0x90, 0x01]).unwrap();
        assert_eq!(response.indications, Some(Indications(0x9001)));
        assert!(response.confirm && response.unsolicited && response.objects.is_empty());
        assert_eq!(parse_fragment(&[0xc7, 0x81, 0]), None);
    }
}
