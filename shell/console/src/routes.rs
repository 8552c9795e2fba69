//! Every address of the console on one page.

use crate::{
    api,
    door::{self, pass},
    live,
    pages::{
        self, assets, baseline, city, exchange, findings, hunts, incidents, intelligence, log, people, plan,
        recovery, responses, run, segmentation, zones,
    },
    refusal::Refusal,
    state::State,
    still,
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};

/// The most bytes of a form or of what the API is sent.
const BODY_MAX: usize = 64 * 1024;

pub(crate) fn router(state: State) -> Router {
    let pages = Router::new()
        .route("/", get(city::city))
        .route("/wall", get(city::wall))
        .route("/services/{id}", get(city::service))
        .route("/zones", get(zones::zones))
        .route("/zones/{from}/{to}", get(zones::pair))
        .route("/assets", get(assets::assets))
        .route("/assets/{key}", get(assets::asset))
        .route("/assets/{key}/baseline/refuse", post(baseline::refuse))
        .route("/findings", get(findings::findings))
        .route("/findings/{number}", get(findings::finding))
        .route("/findings/{number}/packets", get(findings::packets))
        .route("/responses", get(responses::responses).post(responses::contain))
        .route("/responses/{number}", get(responses::response))
        .route("/responses/{number}/agree", post(responses::agree))
        .route("/responses/{number}/dismiss", post(responses::dismiss))
        .route("/responses/{number}/release", post(responses::release))
        .route("/recovery", get(recovery::recovery))
        .route("/recovery/plan", get(recovery::way))
        .route("/recovery/runs", post(run::begin))
        .route("/recovery/run/{id}", get(run::run).post(run::tick))
        .route("/recovery/run/{id}/steps/{number}", get(run::step))
        .route("/segmentation", get(segmentation::segmentation))
        .route("/segmentation/rehearse", post(segmentation::rehearse))
        .route("/segmentation/choose", post(segmentation::choose))
        .route("/segmentation/amendment.patch", get(segmentation::patch))
        .route("/plan", get(plan::plan))
        .route("/plan/adopt", post(plan::adopt))
        .route("/incidents", get(incidents::incidents))
        .route("/incidents/{number}", get(incidents::incident).post(incidents::handle))
        .route("/incidents/{number}/notice", get(incidents::notice))
        .route("/incidents/{number}/notice.md", get(incidents::notice_in_markdown))
        .route("/incidents/{number}/notice.html", get(incidents::notice_to_print))
        .route("/intelligence", get(intelligence::intelligence))
        .route("/intelligence/known", get(intelligence::known))
        .route("/intelligence/known/{id}", get(intelligence::one))
        .route("/exchange", get(exchange::exchange))
        .route("/hunts", get(hunts::hunts).post(hunts::begin))
        .route("/hunts/{name}", get(hunts::hunt))
        .route("/log", get(log::log))
        .route("/people", get(people::people).post(people::add))
        .route("/people/{id}", post(people::change))
        .route("/people/{id}/link", post(people::link))
        .route("/tokens", post(people::make_token))
        .route("/tokens/revoke", post(people::revoke_token))
        .route("/api", get(pages::reference::reference));
    let door = Router::new()
        .route("/sign-in", get(door::sign_in_page).post(door::sign_in))
        .route("/sign-out", post(door::leave))
        .route("/welcome/{secret}", get(door::welcome_page).post(door::welcome))
        .route("/theme", post(door::theme))
        .route("/static/{name}", get(still::file))
        .route("/events", get(live::events));
    pages
        .merge(door)
        .nest("/api/v1", api::router())
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn_with_state(state.clone(), pass))
        .with_state(state)
}

async fn nothing() -> Refusal {
    Refusal::NotFound("The address may be mistyped, or what stood there is gone.".to_owned())
}

async fn wrong_method() -> Refusal {
    Refusal::Bad("That address is not used in this way.".to_owned())
}
