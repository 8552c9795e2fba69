//! What a message is (OCPP-J 1.6 clause 4, OCPP-J 2.0.1 clause 4).

use serde_json::Value;

/// A message: an array whose first item says what it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// 2, or 6 if no answer is expected (OCPP-J 2.1): something is asked.
    Call {
        /// The number by which the answer names it.
        id: String,
        /// What is asked.
        action: String,
        /// With which parameters.
        payload: Value,
        /// Whether an answer is expected.
        is_answered: bool,
    },
    /// 3: it was done, or refused in the action's own words.
    Result {
        /// Which call is answered.
        id: String,
        /// With what.
        payload: Value,
    },
    /// 4: it could not be handled.
    Error {
        /// Which call is answered.
        id: String,
        /// Why not.
        code: String,
    },
}
