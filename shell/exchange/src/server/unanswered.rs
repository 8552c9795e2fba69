//! What a known requester asked for and was not given.

use axum::{
    extract::Request,
    http::{Method, StatusCode, Uri},
    response::Response,
};

/// How many ids of one request are told, and how long each may be.
const IDS_MAX: usize = 16;
const ID_MAX: usize = 300;

/// What a known requester asked for and was not given, because it is not there or not theirs: an extension of the response,
/// for whoever stands before the server. The requester is told nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// Who asked: the requester's id.
    pub by: String,
    /// The collection, as it stood in the request; none if it was about none.
    pub collection: Option<String>,
    /// The objects, as they stood there; the first few.
    pub objects: Vec<String>,
    /// Whether it would have changed something.
    pub writes: bool,
}

/// Ids that were asked for by a filter, and none of which is shown: an extension of the response within the server.
#[derive(Clone)]
pub(super) struct NoneShown(pub(super) Vec<String>);

/// What was asked, before it is answered.
pub(super) struct Asked {
    by: String,
    path: String,
    writes: bool,
}

impl Asked {
    pub(super) fn new(by: &str, request: &Request) -> Asked {
        let (uri, method): (&Uri, &Method) = (request.uri(), request.method());
        let writes = !matches!(*method, Method::GET | Method::HEAD);
        Asked { by: by.to_owned(), path: uri.path().to_owned(), writes }
    }

    /// Notes in the answer that nothing was given, if nothing was.
    pub(super) fn note(self, response: &mut Response) {
        let refused = matches!(response.status(), StatusCode::FORBIDDEN | StatusCode::NOT_FOUND);
        let filtered = response.extensions_mut().remove::<NoneShown>();
        if !refused && filtered.is_none() {
            return;
        }
        let rest = self.path.strip_prefix(super::API_ROOT).and_then(|rest| rest.strip_prefix("collections/"));
        let mut steps = rest.unwrap_or_default().split('/').filter(|step| !step.is_empty());
        let short = |id: &str| id.chars().take(ID_MAX).collect::<String>();
        let collection = steps.next().map(short);
        let named = steps.nth(1).map(short);
        let filtered = filtered.map(|NoneShown(ids)| ids).unwrap_or_default();
        let objects = named.into_iter().chain(filtered.iter().map(|id| short(id))).take(IDS_MAX).collect();
        let unanswered = Unanswered { by: self.by, collection, objects, writes: self.writes };
        response.extensions_mut().insert(unanswered);
    }
}
