//! The fields of a form, taken only from our own pages.

use crate::{
    door::{Visitor, Way},
    refusal::Refusal,
};
use axum::{
    Form,
    extract::{FromRequest, Request},
    http::{Method, StatusCode},
};
use std::collections::BTreeMap;

/// The fields of a form. Taking them checks the secret that the page put there, where a cookie speaks for the visitor.
#[derive(Debug)]
pub(crate) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// A field's text; empty if it is not there.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |text| text.trim())
    }

    /// A field's text as it was typed, for passphrases.
    pub fn exact(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Whether a box was ticked.
    pub fn ticked(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Refusal;
    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        if request.method() == Method::GET {
            return Err(Refusal::Bad("A form is sent with POST.".to_owned()));
        }
        let csrf = request.extensions().get::<Visitor>().and_then(|visitor| match &visitor.way {
            Way::Cookie { csrf, .. } => Some(csrf.clone()),
            Way::Bearer | Way::Socket => None,
        });
        let Form(fields) = Form::<BTreeMap<String, String>>::from_request(request, state).await.map_err(
            |cause| match cause.status() {
                StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLong,
                _ => Refusal::Bad("The form could not be read.".to_owned()),
            },
        )?;
        let fields = Fields(fields);
        match csrf {
            Some(csrf) if !same(fields.exact("csrf"), &csrf) => Err(Refusal::Forged),
            _ => Ok(fields),
        }
    }
}

/// Compares two secrets in a time that tells nothing of where they differ.
pub(crate) fn same(a: &str, b: &str) -> bool {
    let differ = a.bytes().zip(b.bytes()).fold(0, |differ, (x, y)| differ | (x ^ y));
    std::hint::black_box(differ) == 0 && a.len() == b.len()
}
