//! OCPP 1.6-J and 2.0.1 (Open Charge Alliance; IEC 63584) in WebSocket: charging stations and the system that manages
//! them.
//!
//! Read: calls of both sides with their results and errors, and the unanswered messages of 2.1; every action of 1.6,
//! of its security extension and of 2.0.1; who a charging station says that it is, in its address and in
//! BootNotification; that it does not log in (security profile 0). A login by password (profile 1) is seen in HTTP.
//!
//! Not read: OCPP 1.5 over SOAP; what 2.1 added, told by its own name as something unknown; compressed messages;
//! signatures of meter values; what vendors put into DataTransfer. Inside TLS (profiles 2 and 3) nothing is seen.
//!
//! One [`city::Request`] is one call: the function is the action in kebab-case, the target the EVSE or connector and
//! behind it what is meant, such as a configuration's key, or else the charging station; the value what was sent that
//! matters most: a status, a limit, an address. It is refused with the status of the result or the code of the error.
//! Neither the token of a customer nor a password is in it.

mod actions;
mod conversation;
mod fields;
mod message;
mod parse;
#[cfg(test)]
mod tests;

pub(crate) use conversation::Conversation;

/// Whether a subprotocol of WebSocket is OCPP (OCPP-J 1.6 clause 3.2, OCPP-J 2.0.1 clause 3.1.2).
pub(crate) fn is_subprotocol(name: &str) -> bool {
    matches!(name, "ocpp1.2" | "ocpp1.5" | "ocpp1.6" | "ocpp2.0" | "ocpp2.0.1" | "ocpp2.1")
}

/// Whether a text message is a call of OCPP.
pub(crate) fn is_message(bytes: &[u8]) -> bool {
    matches!(parse::parse_message(bytes), Some(message::Message::Call { action, .. }) if actions::is_known(&action))
}
