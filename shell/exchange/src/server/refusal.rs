//! Why a request is not carried out, as an error message of TAXII (§3.6.1).

use crate::taxii::{ErrorMessage, MEDIA_TYPE};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use store::IntelligenceError;

/// A refusal: the status, and what the requester can do.
#[derive(Debug)]
pub(super) enum Refusal {
    /// 401.
    LogInFirst,
    /// 429: after so many seconds.
    Wait(u64),
    /// 406.
    NotAcceptable,
    /// 415.
    WrongMedia,
    /// 413.
    TooLarge,
    /// 400, and why.
    Bad(String),
    /// 403.
    Forbidden(&'static str),
    /// 404: it is not there, or not theirs to know of.
    Nothing,
    /// 405.
    Method,
    /// 500; the cause is for the log here.
    Failed,
}

impl From<IntelligenceError> for Refusal {
    fn from(_: IntelligenceError) -> Self {
        Refusal::Failed
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, title, description) = match &self {
            Refusal::LogInFirst => {
                (401, "log in first", "send a name and its secret as Basic, or the secret as Bearer")
            }
            Refusal::Wait(_) => (429, "too many failed tries", "wait as long as Retry-After says"),
            Refusal::NotAcceptable => (406, "media type not offered", MEDIA_TYPE),
            Refusal::WrongMedia => (415, "media type not taken", MEDIA_TYPE),
            Refusal::TooLarge => (413, "envelope too large", "see max_content_length of the API root"),
            Refusal::Bad(why) => (400, "request not understood", why.as_str()),
            Refusal::Forbidden(why) => (403, "not allowed", *why),
            Refusal::Nothing => (404, "not found", "it does not exist, or you may not know of it"),
            Refusal::Method => {
                (405, "method not allowed", "see the TAXII 2.1 standard for what this place takes")
            }
            Refusal::Failed => (500, "failed here", "try again later; its keeper can find the cause"),
        };
        let message = ErrorMessage { title, description, http_status: status.to_string() };
        let body = serde_json::to_string(&message).unwrap_or_default();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        let headers = response.headers_mut();
        match self {
            Refusal::LogInFirst => {
                let ways = HeaderValue::from_static("Basic realm=\"taxii\", charset=\"UTF-8\"");
                headers.append(header::WWW_AUTHENTICATE, ways);
                headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"taxii\""));
            }
            Refusal::Wait(seconds) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            _ => {}
        }
        response
    }
}
