//! Assets: the table and each one's page.

use crate::{
    door::{Right, Theme, Visitor},
    figure::{self, Svg},
    pages::{
        Page, Pager, html, page_address,
        past::{Older, PastPart},
    },
    refusal::Refusal,
    state::{State, window},
    view::{self, AssetFilter, AssetList, AssetView, BaselineView, Named, Past, RequestList, Responding},
};
use askama::Template;
use axum::{
    extract::{Path, Query, State as Reached},
    response::Response,
};
use serde::Deserialize;
use store::{Question, Table};

const PER_PAGE: usize = 100;

/// How many requests are shown at a time.
const REQUESTS: usize = 50;

/// History is asked for no more than so many addresses of one asset.
const ADDRESSES_MAX: usize = 4;

#[derive(Template)]
#[template(path = "assets.html")]
struct AssetsPage {
    page: Page,
    list: AssetList,
    filter: AssetFilter,
    columns: Vec<Column>,
    zones: Vec<Named>,
    roles: Vec<String>,
    vendors: Vec<String>,
    pager: Pager,
}

struct Column {
    title: &'static str,
    address: String,
    /// `ascending`, `descending`, or nothing.
    sorted: &'static str,
    arrow: Option<Svg>,
    numeric: bool,
}

#[derive(Template)]
#[template(path = "asset.html")]
struct AssetPage {
    page: Page,
    asset: AssetView,
    responding: Responding,
    baselines: Vec<BaselineView>,
    past: PastPart<RequestList>,
}

#[derive(Deserialize)]
pub(crate) struct Part {
    page: Option<usize>,
}

fn fields(filter: &AssetFilter) -> [(&'static str, &Option<String>); 7] {
    [
        ("text", &filter.text),
        ("zone", &filter.zone),
        ("role", &filter.role),
        ("vendor", &filter.vendor),
        ("presence", &filter.presence),
        ("service", &filter.service),
        ("order", &filter.order),
    ]
}

pub(crate) async fn assets(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Query(filter): Query<AssetFilter>,
    Query(part): Query<Part>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let (list, zones, (roles, vendors)) = {
        let city = state.city();
        let zones = view::matrix(&city).zones;
        (
            view::assets(&city, &filter, window(part.page, PER_PAGE)),
            zones.into_iter().map(|zone| Named { id: zone.id, name: zone.name }).collect(),
            view::roles_and_vendors(&city),
        )
    };
    let pager = Pager::new(list.total, list.offset, list.assets.len(), PER_PAGE, |page| {
        page_address("/assets", &fields(&filter), page)
    });
    let place = page_address("/assets", &fields(&filter), part.page.unwrap_or(1));
    let page = Page::new(&state, Some(visitor), theme, "Assets", "/assets").at(place);
    let columns = columns(&filter);
    Ok(html(&AssetsPage { page, list, columns, zones, roles, vendors, pager, filter }))
}

fn columns(filter: &AssetFilter) -> Vec<Column> {
    let order = filter.order.as_deref().filter(|order| !order.is_empty()).unwrap_or("name");
    let column = |title, field: &str| {
        let turned = format!("-{field}");
        let sorted = if order == field {
            "ascending"
        } else if order == turned {
            "descending"
        } else {
            ""
        };
        let next = Some(if sorted == "ascending" { turned } else { field.to_owned() });
        let mut fields = fields(filter);
        for (name, value) in &mut fields {
            if *name == "order" {
                *value = &next;
            }
        }
        Column {
            title,
            address: page_address("/assets", &fields, 1),
            sorted,
            arrow: (!sorted.is_empty()).then(|| figure::arrow(sorted == "descending")),
            numeric: field == "findings",
        }
    };
    vec![
        column("Name", "name"),
        column("Presence", "presence"),
        column("Zone", "zone"),
        column("Role", "role"),
        column("Made by", "vendor"),
        column("Last heard", "last"),
        column("Findings", "findings"),
    ]
}

pub(crate) async fn asset(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Path(key): Path<String>,
    Query(older): Query<Older>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let asset = view::asset(&state.city(), &key);
    let asset = asset.ok_or_else(|| {
        Refusal::NotFound(
            "No asset with that id is declared, and no device with that address was seen.".to_owned(),
        )
    })?;
    let place = format!("/assets/{}", asset.row.key);
    let page = Page::new(&state, Some(visitor), theme, &asset.row.name, "/assets").at(place);
    let past = requests(&state, &asset.row.addresses, &older).await;
    let past = past.ok().map(|past| view::requests(&state.city(), &past));
    let past = PastPart::new(past, &older, &page.place, |list| list.older);
    let responding = view::responding(&state.city(), &view::targets(&asset.row.addresses));
    let baselines = view::baselines(&state.city(), &key).map(|list| list.baselines).unwrap_or_default();
    Ok(html(&AssetPage { page, asset, responding, baselines, past }))
}

/// The newest requests made to a device and by it.
async fn requests(state: &State, addresses: &[String], older: &Older) -> Result<Past, Refusal> {
    let mut all = Past::default();
    for address in addresses.iter().filter_map(|address| address.parse().ok()).take(ADDRESSES_MAX) {
        let question = Question {
            address: Some(address),
            until: older.before,
            ..Question::new(Table::Requests, REQUESTS)
        };
        all = all.and(state.past(question).await?, REQUESTS);
    }
    Ok(all)
}
