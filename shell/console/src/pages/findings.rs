//! Findings: the list, each one's page, and the packets behind it.

use crate::{
    acts::Deed,
    door::{Peer, Right, Theme, Visitor},
    pages::{Page, Pager, html, page_address},
    refusal::Refusal,
    state::{State, window},
    view::{self, FindingFilter, FindingList, FindingView, Named, RULES, Responding, SEVERITIES},
};
use askama::Template;
use axum::{
    extract::{Path, Query, State as Reached},
    http::header,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use store::Act;

const PER_PAGE: usize = 60;

#[derive(Template)]
#[template(path = "findings.html")]
struct FindingsPage {
    page: Page,
    list: FindingList,
    filter: FindingFilter,
    services: Vec<Named>,
    zones: Vec<Named>,
    rules: Vec<(&'static str, &'static str)>,
    severities: Vec<&'static str>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "finding.html")]
struct FindingPage {
    page: Page,
    finding: FindingView,
    rule_title: &'static str,
    responding: Responding,
    may_open: bool,
}

#[derive(Deserialize)]
pub(crate) struct Part {
    page: Option<usize>,
}

pub(crate) async fn findings(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Query(filter): Query<FindingFilter>,
    Query(part): Query<Part>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let (list, services, zones) = {
        let city = state.city();
        let plan = city.plan();
        let services = plan
            .into_iter()
            .flat_map(|plan| plan.services())
            .map(|service| Named { id: service.id.to_string(), name: service.name.to_string() })
            .collect();
        let zones = plan
            .into_iter()
            .flat_map(|plan| plan.zones())
            .map(|zone| Named { id: zone.id.to_string(), name: zone.name.to_string() })
            .collect();
        (view::findings(&city, &filter, window(part.page, PER_PAGE)), services, zones)
    };
    let fields = [
        ("text", &filter.text),
        ("severity", &filter.severity),
        ("rule", &filter.rule),
        ("service", &filter.service),
        ("zone", &filter.zone),
        ("asset", &filter.asset),
        ("order", &filter.order),
    ];
    let pager = Pager::new(list.total, list.offset, list.findings.len(), PER_PAGE, |page| {
        page_address("/findings", &fields, page)
    });
    let place = page_address("/findings", &fields, part.page.unwrap_or(1));
    let page = Page::new(&state, Some(visitor), theme, "Findings", "/findings").at(place);
    Ok(html(&FindingsPage {
        page,
        list,
        services,
        zones,
        rules: RULES.iter().map(|(rule, title)| (rule.as_str(), *title)).collect(),
        severities: SEVERITIES.iter().map(|severity| severity.as_str()).collect(),
        pager,
        filter,
    }))
}

pub(crate) async fn finding(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Path(number): Path<u64>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let (finding, responding) = {
        let city = state.city();
        (view::finding(&city, number), view::responding_to(&city, number))
    };
    let finding = finding.ok_or_else(|| unknown(number))?;
    let may_open = visitor.may(Right::OpenPackets);
    let title = format!("Finding {number}: {}", finding.row.title);
    let page = Page::new(&state, Some(visitor), theme, title, "/findings").at(format!("/findings/{number}"));
    let rule_title = view::rule_title(finding.row.rule);
    Ok(html(&FindingPage { page, finding, rule_title, responding, may_open }))
}

/// The packets behind a finding, as a capture file. That they were opened is sealed before they are given.
pub(crate) async fn packets(
    Reached(state): Reached<State>,
    visitor: Visitor,
    peer: Peer,
    Path(number): Path<u64>,
) -> Result<Response, Refusal> {
    visitor.must(Right::OpenPackets)?;
    if state.city().finding(number).is_none() {
        return Err(unknown(number));
    }
    let kept = state.packets().clone();
    let read =
        tokio::task::spawn_blocking(move || kept.packets(number)).await.map_err(|_| Refusal::Internal)?;
    let bytes = read.map_err(|cause| {
        tracing::error!(%cause, "packets could not be read");
        Refusal::Internal
    })?;
    let bytes = bytes.ok_or_else(|| {
        Refusal::NotFound(
            "No packets are kept for this finding. They are kept around the time at which a finding is made, and for as \
             long as there is room."
                .to_owned(),
        )
    })?;
    let subject = Some(number.to_string());
    state
        .seal(Deed { by: Some(&visitor.name), peer, act: Act::PacketsOpened, subject, detail: None })
        .await?;
    let name = format!("attachment; filename=\"finding-{number}.pcap\"");
    let head = [
        (header::CONTENT_TYPE, "application/vnd.tcpdump.pcap"),
        (header::CONTENT_DISPOSITION, name.as_str()),
    ];
    Ok((head, bytes).into_response())
}

pub(crate) fn unknown(number: u64) -> Refusal {
    Refusal::NotFound(format!("There is no finding {number} in this city."))
}
