//! What requests do: RFC 3261, RFC 3262, RFC 3311, RFC 3428, RFC 3515, RFC 3903, RFC 6086, RFC 6665.

use city::Verb;

/// What a method does; none for those that only acknowledge.
pub(super) fn verb(method: &[u8]) -> Option<Verb> {
    Some(match method {
        b"ACK" | b"PRACK" => return None,
        b"REGISTER" => Verb::Authenticate,
        b"OPTIONS" => Verb::Discover,
        b"SUBSCRIBE" => Verb::Subscribe,
        b"NOTIFY" | b"PUBLISH" | b"MESSAGE" => Verb::Publish,
        // INVITE, BYE, CANCEL, INFO (which opens doors), REFER, UPDATE, and what nobody knows.
        _ => Verb::Operate,
    })
}

/// A message without what is sent before it to keep a path open: empty lines (RFC 5626 clause 3.5.1) or zeros.
pub(super) fn without_padding(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n' | 0));
    start.and_then(|start| bytes.get(start..)).unwrap_or_default()
}
