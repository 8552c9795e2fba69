//! What was not seen, not kept or not understood: said as plainly as the rest.

use cycle::City;
use schemars::JsonSchema;
use serde::Serialize;

/// Something that was not seen or could not be kept.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LossView {
    /// The kind: `damage`, `dropped`, `table-full`, `time-reversed`, `truncated`.
    pub kind: &'static str,
    /// How many: frames, bytes or entries, as the kind says.
    pub count: u64,
    /// Where, and what to do about it.
    pub detail: String,
}

/// Bytes that no reader understood.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UnreadView {
    /// What carried them.
    pub transport: String,
    /// The server's port, or 0.
    pub port: u16,
    /// The protocol whose reader gave up, if one had begun.
    pub protocol: Option<&'static str>,
    /// How many messages or packets.
    pub count: u64,
    /// The first bytes of the first, in hexadecimal.
    pub sample: String,
}

/// What was not seen or could not be kept, by kind.
#[must_use]
pub fn losses(city: &City) -> Vec<LossView> {
    city.losses()
        .map(|loss| LossView { kind: loss.kind.as_str(), count: loss.count, detail: loss.detail.to_string() })
        .collect()
}

/// What no reader understood, the most frequent first.
#[must_use]
pub fn unread(city: &City, most: usize) -> Vec<UnreadView> {
    let mut all: Vec<_> = city.unread().collect();
    all.sort_by_key(|unread| std::cmp::Reverse(unread.count));
    all.into_iter()
        .take(most)
        .map(|unread| UnreadView {
            transport: unread.transport.to_string(),
            port: unread.port,
            protocol: unread.protocol.map(::city::Protocol::as_str),
            count: unread.count,
            sample: unread.sample.to_string(),
        })
        .collect()
}
