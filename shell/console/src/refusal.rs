//! Why a request was not answered as asked, in the reader's words. The status is chosen here and nowhere else.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Why a request was not answered as asked.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// The request makes no sense.
    Bad(String),
    /// As things stand it cannot be done, and why.
    Conflict(String),
    /// It is someone else's to do.
    Forbidden(&'static str),
    /// A form came from another site, or after its sign-in had ended.
    Forged,
    /// A link was used up or is too old.
    Gone,
    /// Bastide could not; the cause is in its own log.
    Internal,
    /// Sent to a name that is not ours.
    Misdirected,
    /// There is no such thing.
    NotFound(String),
    /// Nobody said who they are.
    SignInFirst,
    /// What was sent is longer than anything here needs.
    TooLong,
    /// Tried too often: try again after so many seconds.
    TooMany(u64),
    /// The city is busy, or a part of it does not answer.
    Unavailable(&'static str),
    /// What was given cannot be used, and why.
    Unfit(String),
}

impl Refusal {
    pub fn status(&self) -> StatusCode {
        match self {
            Refusal::Bad(_) => StatusCode::BAD_REQUEST,
            Refusal::Conflict(_) => StatusCode::CONFLICT,
            Refusal::Forbidden(_) | Refusal::Forged => StatusCode::FORBIDDEN,
            Refusal::Gone => StatusCode::GONE,
            Refusal::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Refusal::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Refusal::NotFound(_) => StatusCode::NOT_FOUND,
            Refusal::SignInFirst => StatusCode::UNAUTHORIZED,
            Refusal::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Refusal::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Unfit(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    /// What happened, as a title.
    pub fn title(&self) -> &'static str {
        match self {
            Refusal::Bad(_) => "That request makes no sense",
            Refusal::Conflict(_) => "That cannot be done as things stand",
            Refusal::Forbidden(_) => "That is not yours to do",
            Refusal::Forged => "That form was not sent from here",
            Refusal::Gone => "That link no longer works",
            Refusal::Internal => "Bastide could not do that",
            Refusal::Misdirected => "That is not a name of this console",
            Refusal::NotFound(_) => "There is no such page",
            Refusal::SignInFirst => "Sign in first",
            Refusal::TooLong => "That is too long",
            Refusal::TooMany(_) => "That was tried too often",
            Refusal::Unavailable(_) => "Not now",
            Refusal::Unfit(_) => "That cannot be used",
        }
    }

    /// Why, and what to do.
    pub fn words(&self) -> String {
        match self {
            Refusal::Bad(why) | Refusal::Conflict(why) | Refusal::NotFound(why) | Refusal::Unfit(why) => {
                why.clone()
            }
            Refusal::Forbidden(why) | Refusal::Unavailable(why) => (*why).to_owned(),
            Refusal::Forged => {
                "It came from another site, or your sign-in ended since the page was opened. Open the \
                                page again and repeat what you did."
                    .to_owned()
            }
            Refusal::Gone => {
                "It was used already, or it is too old. Ask an approver for a new one; on the machine \
                              itself, `bastide people link` makes one."
                    .to_owned()
            }
            Refusal::Internal => {
                "The cause is in Bastide’s own messages on the machine it runs on. What was seen of \
                                  the city is not affected."
                    .to_owned()
            }
            Refusal::Misdirected => {
                "The request was sent to a name that this console does not go by. If the name is \
                                     right, add it to the console’s names."
                    .to_owned()
            }
            Refusal::SignInFirst => {
                "This is shown only to people who signed in, and to programmes with a token.".to_owned()
            }
            Refusal::TooLong => "At most 64 kB can be sent at a time.".to_owned(),
            Refusal::TooMany(seconds) => match seconds.div_ceil(60) {
                0 | 1 => "Wait a minute and try again.".to_owned(),
                minutes => format!("Wait {minutes} minutes and try again."),
            },
        }
    }

    /// Notes a cause for whoever runs Bastide, and tells the reader only that it failed.
    pub fn internal(act: &'static str) -> impl FnOnce(store::PeopleError) -> Refusal {
        move |cause| match cause {
            store::PeopleError::BadName
            | store::PeopleError::NameTaken { .. }
            | store::PeopleError::RoleTooGreat => Refusal::Unfit(crate::words::capital(&format!("{cause}."))),
            store::PeopleError::Unknown { .. } => {
                Refusal::NotFound(crate::words::capital(&format!("{cause}.")))
            }
            cause => {
                tracing::error!(%cause, act, "the console could not do something");
                Refusal::Internal
            }
        }
    }
}

impl IntoResponse for Refusal {
    /// A bare answer that carries its cause; the door dresses it as a page or as JSON.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        match &self {
            Refusal::TooMany(seconds) => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            Refusal::SignInFirst => {
                response
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"bastide\""));
            }
            _ => {}
        }
        response.extensions_mut().insert(self);
        response
    }
}
