//! The HTTP API: the same views as the pages, as JSON.
//!
//! A programme says who it is with `Authorization: Bearer` and a token; the command line comes through the Unix socket
//! and needs none. [`ENDPOINTS`] lists every address once: the router, the OpenAPI description and the page `/api` are
//! all made from it.

mod answer;
mod baseline;
mod endpoints;
mod exchange;
mod hunts;
mod incidents;
mod intelligence;
mod openapi;
mod past;
mod recovery;
mod responses;
mod segmentation;
mod shares;

pub(crate) use endpoints::{ENDPOINTS, Endpoint};

use crate::{pages::findings, state::State};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{MethodRouter, delete, get, patch, post},
};

/// Every address of the API, below `/api/v1`.
pub(crate) fn router() -> Router<State> {
    routes().into_iter().fold(Router::new(), |router, (_, path, route)| router.route(path, route))
}

/// Each method and path with what answers it. A test holds them against [`ENDPOINTS`].
fn routes() -> Vec<(&'static str, &'static str, MethodRouter<State>)> {
    vec![
        ("GET", "/activity", get(answer::activity)),
        ("GET", "/assets", get(answer::assets)),
        ("GET", "/assets/{key}", get(answer::asset)),
        ("GET", "/assets/{key}/baseline", get(baseline::baseline)),
        ("POST", "/assets/{key}/baseline/refuse", post(baseline::refuse)),
        ("GET", "/city", get(answer::city)),
        ("GET", "/conversations", get(past::conversations)),
        ("GET", "/exchange", get(exchange::exchange)),
        ("GET", "/findings", get(answer::findings)),
        ("GET", "/findings/{number}", get(answer::finding)),
        ("GET", "/findings/{number}/packets", get(findings::packets)),
        ("GET", "/firewall", get(segmentation::firewall)),
        ("GET", "/health", get(answer::health)),
        ("GET", "/hunts", get(hunts::hunts)),
        ("POST", "/hunts", post(hunts::begin)),
        ("GET", "/hunts/latest", get(hunts::latest)),
        ("GET", "/hunts/{name}", get(hunts::hunt)),
        ("GET", "/incidents", get(incidents::incidents)),
        ("GET", "/incidents/{number}", get(incidents::incident)),
        ("GET", "/incidents/{number}/notice", get(incidents::notice)),
        ("POST", "/incidents/{number}", post(incidents::handle)),
        ("POST", "/incidents/{number}/share", post(shares::share)),
        ("GET", "/intelligence", get(intelligence::intelligence)),
        ("GET", "/intelligence/known", get(intelligence::known)),
        ("GET", "/intelligence/known/{id}", get(intelligence::one)),
        ("POST", "/intelligence/withdraw", post(shares::set_aside)),
        ("GET", "/log", get(answer::log)),
        ("GET", "/log/head", get(answer::log_head)),
        ("GET", "/log/verify", get(answer::log_verify)),
        ("GET", "/losses", get(answer::losses)),
        ("GET", "/matrix", get(answer::matrix)),
        ("GET", "/matrix/{from}/{to}", get(answer::pair)),
        (
            "POST",
            "/observations",
            post(recovery::observe).layer(DefaultBodyLimit::max(recovery::OBSERVATIONS_MAX)),
        ),
        ("GET", "/openapi.json", get(openapi::document)),
        ("GET", "/people", get(answer::people)),
        ("POST", "/people", post(answer::add_person)),
        ("PATCH", "/people/{id}", patch(answer::change_person)),
        ("POST", "/people/{id}/link", post(answer::link_person)),
        ("GET", "/plan", get(answer::plan)),
        ("POST", "/plan/adopt", post(answer::adopt)),
        ("GET", "/recovery", get(recovery::recovery)),
        ("GET", "/recovery/plan", get(recovery::way)),
        ("GET", "/recovery/runs", get(recovery::runs)),
        ("POST", "/recovery/runs", post(recovery::begin)),
        ("GET", "/recovery/runs/{id}", get(recovery::run)),
        ("POST", "/recovery/runs/{id}/ticks", post(recovery::tick)),
        ("POST", "/rehearsals", post(segmentation::rehearse)),
        ("GET", "/rehearsals/latest", get(segmentation::latest)),
        ("GET", "/requests", get(past::requests)),
        ("GET", "/responses", get(responses::responses)),
        ("POST", "/responses", post(responses::contain)),
        ("GET", "/responses/{number}", get(responses::response)),
        ("POST", "/responses/{number}/agree", post(responses::agree)),
        ("POST", "/responses/{number}/dismiss", post(responses::dismiss)),
        ("POST", "/responses/{number}/release", post(responses::release)),
        ("GET", "/services", get(answer::services)),
        ("GET", "/services/{id}", get(answer::service)),
        ("GET", "/shares", get(shares::shared)),
        ("POST", "/shares/{id}/withdraw", post(shares::withdraw)),
        ("GET", "/sightings", get(intelligence::sightings)),
        ("GET", "/talks", get(answer::talks)),
        ("GET", "/tokens", get(answer::tokens)),
        ("POST", "/tokens", post(answer::make_token)),
        ("DELETE", "/tokens/{name}", delete(answer::revoke_token)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described_and_every_description_has_a_route() {
        let mut routed: Vec<_> = routes().iter().map(|(method, path, _)| (*method, *path)).collect();
        let mut described: Vec<_> = ENDPOINTS.iter().map(|e| (e.method, e.path)).collect();
        routed.sort_unstable();
        described.sort_unstable();
        assert_eq!(routed, described);
    }
}
