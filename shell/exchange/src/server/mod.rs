//! The server.
//!
//! | where | what | clause |
//! |---|---|---|
//! | `/taxii2/` | discovery | 4.1 |
//! | `/city/` | the one API root | 4.2 |
//! | `/city/status/{id}/` | what became of an envelope | 4.3 |
//! | `/city/collections/`, `…/{collection}/` | collections | 5.1, 5.2 |
//! | `…/{collection}/manifest/` | what is in one | 5.3 |
//! | `…/{collection}/objects/` | objects, read and added | 5.4, 5.5 |
//! | `…/{collection}/objects/{object}/` | an object, read and taken back | 5.6, 5.7 |
//! | `…/{collection}/objects/{object}/versions/` | its versions | 5.8 |
//!
//! Nothing is answered before it is known who asks. What somebody may not see is answered as what does not exist, by the
//! same steps.

mod ask;
mod door;
mod endpoints;
mod refusal;
mod statuses;
mod unanswered;

use crate::sharing::Sharing;
use axum::{Router, middleware, routing::get};
use listen::Patience;
use statuses::Statuses;
use std::sync::Arc;
use store::Intelligence;
use tokio::sync::{Semaphore, mpsc, watch};

pub use unanswered::Unanswered;

/// How many envelopes are taken at a time; the others wait.
const WRITERS_MAX: usize = 4;

/// Where discovery is, and the API root.
const DISCOVERY: &str = "/taxii2/";
const API_ROOT: &str = "/city/";

/// Something that a requester added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Who: the requester's id, which is the objects' source in the store.
    pub by: String,
    /// Into which collection.
    pub collection: String,
    /// How many objects were new.
    pub new: usize,
    /// How many were known.
    pub known: usize,
    /// What was refused, and why; the first hundred.
    pub refused: Vec<(String, String)>,
}

/// What the answers are made from.
struct Shelf {
    store: Intelligence,
    sharing: watch::Receiver<Arc<Sharing>>,
    given: Option<mpsc::Sender<Given>>,
    patience: Patience,
    statuses: Statuses,
    writers: Semaphore,
}

/// The server as a router. Requests must come through [`listen::Listening::run`], which says who is at the other end.
///
/// What is shared may change while it runs. What requesters add is told to `given` once it is kept; where nobody takes it
/// in time it is not told, and [`Intelligence::by_source`] has it all the same.
pub fn router(
    store: Intelligence,
    sharing: watch::Receiver<Arc<Sharing>>,
    given: Option<mpsc::Sender<Given>>,
) -> Router {
    let shelf = Arc::new(Shelf {
        store,
        sharing,
        given,
        patience: Patience::default(),
        statuses: Statuses::default(),
        writers: Semaphore::new(WRITERS_MAX),
    });
    let collection = |rest: &str| format!("{API_ROOT}collections/{{collection}}/{rest}");
    Router::new()
        .route(DISCOVERY, get(endpoints::discovery))
        .route(API_ROOT, get(endpoints::api_root))
        .route(&format!("{API_ROOT}status/{{status}}/"), get(endpoints::status))
        .route(&format!("{API_ROOT}collections/"), get(endpoints::collections))
        .route(&collection(""), get(endpoints::collection))
        .route(&collection("manifest/"), get(endpoints::manifest))
        .route(&collection("objects/"), get(endpoints::objects).post(endpoints::add))
        .route(&collection("objects/{object}/"), get(endpoints::object).delete(endpoints::withdraw))
        .route(&collection("objects/{object}/versions/"), get(endpoints::versions))
        .fallback(endpoints::nothing)
        .method_not_allowed_fallback(endpoints::no_such_method)
        .layer(middleware::from_fn_with_state(shelf.clone(), door::pass))
        .with_state(shelf)
}
