//! What a JSON value means, whatever the order in which its names stand.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Whether a value is nested no deeper than this.
pub(super) fn is_within(value: &Value, depth: usize) -> bool {
    match (value, depth.checked_sub(1)) {
        (Value::Array(_) | Value::Object(_), None) => false,
        (Value::Array(list), Some(left)) => list.iter().all(|value| is_within(value, left)),
        (Value::Object(map), Some(left)) => map.values().all(|value| is_within(value, left)),
        _ => true,
    }
}

/// SHA-256 of a value with the names of its objects in order. The value is not nested too deeply ([`is_within`]).
pub(super) fn digest(value: &Value) -> Vec<u8> {
    let mut hash = Sha256::new();
    feed(value, &mut hash);
    hash.finalize().to_vec()
}

/// Each kind begins with a letter of its own, and what has a length says it, so that two values never feed the same.
fn feed(value: &Value, hash: &mut Sha256) {
    match value {
        Value::Null => hash.update(b"n"),
        Value::Bool(flag) => hash.update([b'b', u8::from(*flag)]),
        Value::Number(number) => text(b'd', &number.to_string(), hash),
        Value::String(string) => text(b's', string, hash),
        Value::Array(list) => {
            hash.update(b"a");
            hash.update((list.len() as u64).to_le_bytes());
            list.iter().for_each(|value| feed(value, hash));
        }
        Value::Object(map) => {
            hash.update(b"o");
            hash.update((map.len() as u64).to_le_bytes());
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(name, _)| *name);
            for (name, value) in entries {
                text(b'k', name, hash);
                feed(value, hash);
            }
        }
    }
}

fn text(kind: u8, text: &str, hash: &mut Sha256) {
    hash.update([kind]);
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}
