//! A record of the log as canonical bytes.

/// What is hashed of one record.
///
/// Everything is taken as it is stored, as text or number, so that no reader's idea of equal can hide a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf<'a> {
    /// Its place in the log, from 1.
    pub sequence: u64,
    /// When it was sealed, as stored (RFC 3339).
    pub time: &'a str,
    /// What it is: `finding`, `act`.
    pub kind: &'a str,
    /// The version of its kind's form.
    pub schema: u32,
    /// What it says, as stored (JSON).
    pub body: &'a str,
}

/// What begins every leaf. Another form of leaf would begin otherwise, so that no bytes mean two things.
const DOMAIN: &[u8] = b"bastide/sealed-record/v1\n";

/// The canonical bytes of a record: a fixed beginning, numbers in big-endian order, and each text after its length in
/// 64 bits. No two different records have the same bytes.
#[must_use]
pub fn leaf_bytes(leaf: &Leaf<'_>) -> Vec<u8> {
    let texts = [leaf.time, leaf.kind, leaf.body];
    let length = texts.iter().map(|text| text.len() + 8).sum::<usize>() + DOMAIN.len() + 12;
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(DOMAIN);
    bytes.extend_from_slice(&leaf.sequence.to_be_bytes());
    bytes.extend_from_slice(&leaf.schema.to_be_bytes());
    for text in texts {
        bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf_hash;

    const LEAF: Leaf<'_> =
        Leaf { sequence: 7, time: "2026-01-02T03:04:05Z", kind: "act", schema: 1, body: "{\"a\":1}" };

    #[test]
    fn the_form_never_changes() {
        // If this fails, every log that was ever sealed no longer verifies.
        assert_eq!(
            leaf_hash(&leaf_bytes(&LEAF)).to_string(),
            "bb268d7eb51706fa3c5e95cee093490f6e7f0ffed158bac07c2681ac0d5475b0"
        );
    }

    #[test]
    fn moving_a_byte_between_fields_changes_the_bytes() {
        let moved = Leaf { kind: "ac", body: "t{\"a\":1}", ..LEAF };
        assert_ne!(leaf_bytes(&LEAF), leaf_bytes(&moved));
        for other in [
            Leaf { sequence: 8, ..LEAF },
            Leaf { time: "2026-01-02T03:04:06Z", ..LEAF },
            Leaf { schema: 2, ..LEAF },
        ] {
            assert_ne!(leaf_bytes(&LEAF), leaf_bytes(&other));
        }
    }
}
