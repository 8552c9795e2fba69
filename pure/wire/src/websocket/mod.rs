//! WebSocket (RFC 6455), after HTTP has handed the connection over with 101.
//!
//! Read: what the two ends agreed on in HTTP; every frame, masked or not; messages put together from fragments, with
//! control frames between them; OCPP in text messages, known by its subprotocol or by what they say; BACnet/SC in
//! binary messages, known by its subprotocol; TLS and SSH in
//! binary messages.
//!
//! Not read: compressed messages (RFC 7692), which are seen and passed over; what else is inside; WebSocket over
//! HTTP/2 and HTTP/3 (RFC 8441, RFC 9220); a connection whose opening was not seen. Behind a lost segment that is more
//! than the rest of a payload nothing more is read of that side: a frame has no mark by which it could be found again.
//!
//! One [`city::Request`] is one connection that was opened: the verb `subscribe`, since either end sends from now on
//! when it likes; the function `open`, the target the path with its query, the value the subprotocol.

mod conversation;
mod message;
mod parse;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use conversation::Conversation;
pub(crate) use message::Opening;
