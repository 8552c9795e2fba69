//! The sealed log.

use crate::{
    door::{Right, Theme, Visitor},
    pages::{Page, html, page_address},
    refusal::Refusal,
    state::State,
    time::Moment,
    view::{self, HeadView, RecordView, VerifiedView},
};
use askama::Template;
use axum::{
    extract::{Query, State as Reached},
    response::Response,
};
use serde::Deserialize;

const PER_PAGE: u32 = 100;
/// Up to so many records the log is checked whenever it is looked at: that takes a few milliseconds.
const CHECK_UNASKED: u64 = 5_000;

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage {
    page: Page,
    head: HeadView,
    head_time: Option<Moment>,
    verified: Option<VerifiedView>,
    records: Vec<(RecordView, Option<Moment>)>,
    kind: String,
    older: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Wanted {
    /// Only records of this kind.
    kind: Option<String>,
    /// Only records before this one.
    before: Option<u64>,
    /// Whether to check the whole log, however long it is.
    check: Option<String>,
}

pub(crate) async fn log(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let head = view::head(state.log());
    let kind = wanted.kind.filter(|kind| !kind.is_empty());
    let sealed = match (&kind, wanted.before) {
        (None, Some(before)) => {
            let from = before.saturating_sub(u64::from(PER_PAGE)).max(1);
            let limit = u32::try_from(before.saturating_sub(from)).unwrap_or(PER_PAGE);
            let records = state.log().records(from, limit).await;
            records.map(|mut records| {
                records.reverse();
                records
            })
        }
        (kind, before) => {
            let before = before.unwrap_or(u64::MAX);
            state.log().latest_before(kind.as_deref(), before, PER_PAGE).await
        }
    };
    let sealed = sealed.map_err(unread)?;
    let verified = if head.size <= CHECK_UNASKED || wanted.check.is_some() {
        Some(view::verified(&state.log().verify().await.map_err(unread)?))
    } else {
        None
    };
    let page = Page::new(&state, Some(visitor), theme, "Log", "/log").at("/log");
    let moment = |time: &str| time.parse().ok().map(|time| page.clock.full(time));
    // Of a kind there may be none before, but only the next page tells.
    let full = kind.is_none() || sealed.len() == PER_PAGE as usize;
    let first = sealed.last().map(|record| record.sequence).filter(|first| *first > 1 && full);
    let records = sealed
        .iter()
        .map(|sealed| (view::record(sealed), sealed.time.parse().ok().map(|time| page.clock.short(time))))
        .collect();
    let head_time = head.time.as_deref().and_then(moment);
    Ok(html(&LogPage {
        head,
        head_time,
        verified,
        records,
        older: first
            .map(|first| page_address("/log", &[("kind", &kind), ("before", &Some(first.to_string()))], 1)),
        kind: kind.unwrap_or_default(),
        page,
    }))
}

pub(crate) fn unread(cause: store::LogError) -> Refusal {
    tracing::error!(%cause, "the sealed log could not be read");
    Refusal::Internal
}
