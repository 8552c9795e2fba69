//! The city at a glance, for the desk and for the wall.

use crate::{
    door::{Right, Theme, Visitor},
    figure::{self, Svg},
    pages::{Page, html},
    refusal::Refusal,
    state::State,
    view::{self, AssetFilter, AssetRow, CityView, FindingFilter, FindingRow, LossView, ServiceView, Window},
    words,
};
use askama::Template;
use axum::{
    extract::{Path, State as Reached},
    response::{IntoResponse, Redirect, Response},
};

#[derive(Template)]
#[template(path = "city.html")]
struct CityPage {
    page: Page,
    city: CityView,
    troubled: Vec<ServiceView>,
    calm: Vec<ServiceView>,
    latest: Vec<FindingRow>,
    losses: Vec<LossView>,
    pulse: Svg,
    pulse_words: String,
}

#[derive(Template)]
#[template(path = "wall.html")]
struct WallPage {
    page: Page,
    city: CityView,
    troubled: Vec<ServiceView>,
    calm: Vec<ServiceView>,
    latest: Vec<FindingRow>,
    pulse: Svg,
    /// The most services in need of attention for which a wall has room.
    most: usize,
}

#[derive(Template)]
#[template(path = "service.html")]
struct ServicePage {
    page: Page,
    service: ServiceView,
    findings: Vec<FindingRow>,
    assets: Vec<AssetRow>,
    recovery: Vec<(&'static str, String)>,
}

pub(crate) async fn city(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
) -> Result<Response, Refusal> {
    if visitor.wall_screen {
        return Ok(Redirect::to("/wall").into_response());
    }
    let page = Page::new(&state, Some(visitor), theme, "City", "/").at("/");
    let (city, latest, losses, activity) = {
        let city = state.city();
        let config = state.config();
        (
            view::city(&city, &config.city_name, &config.time_zone),
            view::latest(&city, 8),
            view::losses(&city),
            view::activity(&city),
        )
    };
    let (troubled, calm) = graded(&city);
    let pulse = figure::pulse(&activity, &page.clock, false);
    let pulse_words = activity.words();
    Ok(html(&CityPage { page, city, troubled, calm, latest, losses, pulse, pulse_words }))
}

pub(crate) async fn wall(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
) -> Result<Response, Refusal> {
    let page = Page::new(&state, Some(visitor), theme, "Wall", "/wall").at("/wall");
    let (city, latest, activity) = {
        let city = state.city();
        let config = state.config();
        (
            view::city(&city, &config.city_name, &config.time_zone),
            view::latest(&city, 5),
            view::activity(&city),
        )
    };
    let (troubled, calm) = graded(&city);
    let pulse = figure::pulse(&activity, &page.clock, true);
    Ok(html(&WallPage { page, city, troubled, calm, latest, pulse, most: 12 }))
}

pub(crate) async fn service(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let (service, findings, assets) = {
        let city = state.city();
        let service = view::services(&city).into_iter().find(|service| service.id == id);
        let service = service
            .ok_or_else(|| Refusal::NotFound("The plan declares no service with that id.".to_owned()))?;
        let some = Window { offset: 0, limit: 50 };
        let by_service = FindingFilter { service: Some(id.clone()), ..FindingFilter::default() };
        let supporting =
            AssetFilter { service: Some(id), order: Some("presence".to_owned()), ..AssetFilter::default() };
        (
            service,
            view::findings(&city, &by_service, some).findings,
            view::assets(&city, &supporting, Window { offset: 0, limit: 500 }).assets,
        )
    };
    let page =
        Page::new(&state, Some(visitor), theme, &service.name, "/").at(format!("/services/{}", service.id));
    let recovery = service.recovery.map_or_else(Vec::new, |target| {
        vec![
            ("Back within (RTO)", words::duration(target.rto)),
            ("Data lost at most (RPO)", words::duration(target.rpo)),
            ("Harm not acceptable after (MTPD)", words::duration(target.mtpd)),
        ]
    });
    Ok(html(&ServicePage { page, service, findings, assets, recovery }))
}

/// The services that need attention, the gravest first, and those that are well, in the order of the plan.
fn graded(city: &CityView) -> (Vec<ServiceView>, Vec<ServiceView>) {
    let (calm, mut troubled): (Vec<_>, Vec<_>) =
        city.services.iter().cloned().partition(|service| service.standing == "well");
    troubled.sort_by_key(ServiceView::gravity);
    (troubled, calm)
}
