//! Incidents: what waits for a person, one incident from what happened to what was learned, and people's acts.

use crate::{
    config::Ask,
    door::{Fields, Right, Theme, Visitor},
    pages::{Page, Pager, html, log, page_address, responses::DECISION},
    refusal::Refusal,
    state::{State, window},
    view::{
        self, HandleSaid, IncidentCounts, IncidentFilter, IncidentList, IncidentRow, IncidentView,
        NoticeView, NoticeWanted,
    },
    words,
};
use ::city::{Incident, IncidentAct, Narrowing, Text};
use askama::Template;
use axum::{
    extract::{Path, Query, State as Reached},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use store::{Record, Sealed};
use tokio::sync::oneshot;

const PER_PAGE: usize = 50;

/// For how many days a dismissal holds if nobody says otherwise.
const DISMISSED_DAYS: u16 = 30;

#[derive(Template)]
#[template(path = "incidents.html")]
struct IncidentsPage {
    page: Page,
    headline: String,
    open: Vec<IncidentRow>,
    over: Vec<IncidentRow>,
    total: usize,
    pager: Pager,
    older: Option<u64>,
    /// Whether these are from the sealed log.
    sealed: bool,
}

#[derive(Template)]
#[template(path = "incident.html")]
struct IncidentPage {
    page: Page,
    incident: IncidentView,
    /// Others into which it could be merged.
    others: Vec<IncidentRow>,
    may_open: bool,
    /// Whether it is no longer kept, and shown from the sealed log.
    sealed: bool,
}

#[derive(Deserialize)]
pub(crate) struct Part {
    page: Option<usize>,
}

pub(crate) async fn incidents(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Query(filter): Query<IncidentFilter>,
    Query(part): Query<Part>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let sealed = filter.below.is_some();
    let list = listed(&state, &filter, window(part.page, PER_PAGE)).await?;
    let counts = IncidentCounts::of(&state.city());
    let fields = [("state", &filter.state)];
    let pager = Pager::new(list.total, list.offset, list.incidents.len(), PER_PAGE, |page| {
        page_address("/incidents", &fields, page)
    });
    let place = page_address("/incidents", &fields, part.page.unwrap_or(1));
    let page = Page::new(&state, Some(visitor), theme, "Incidents", "/incidents").at(place);
    let sentence = counts.sentence();
    let headline = match (sentence.is_empty(), list.total) {
        (false, _) => sentence,
        (true, 0) => "There has been no incident.".to_owned(),
        (true, _) => "No incident is open.".to_owned(),
    };
    let last = list.offset + list.incidents.len() >= list.total;
    let older = list.older_below.filter(|_| last);
    let (over, open) = list.incidents.into_iter().partition(IncidentRow::is_over);
    Ok(html(&IncidentsPage { page, headline, open, over, total: list.total, pager, older, sealed }))
}

pub(crate) async fn incident(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Path(number): Path<u64>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let (incident, sealed) = shown(&state, number).await?;
    let others = view::pressing(&state.city(), PER_PAGE);
    let others = others.into_iter().filter(|other| other.number != number).collect();
    let may_open = visitor.may(Right::OpenPackets);
    let title = format!("Incident {number}: {}", incident.row.title);
    let page =
        Page::new(&state, Some(visitor), theme, title, "/incidents").at(format!("/incidents/{number}"));
    Ok(html(&IncidentPage { page, incident, others, may_open, sealed }))
}

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage {
    page: Page,
    notice: NoticeView,
}

impl NoticePage {
    fn is_late(&self) -> bool {
        self.notice.drafted > self.notice.due
    }
}

pub(crate) async fn notice(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Path(number): Path<u64>,
    Query(wanted): Query<NoticeWanted>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let notice = drafted(&state, number, &wanted).await?;
    let title = format!("Notice of incident {number}");
    let page = Page::new(&state, Some(visitor), theme, title, "/incidents");
    let page = page.at(format!("/incidents/{number}/notice?kind={}", notice.kind));
    Ok(html(&NoticePage { page, notice }))
}

pub(crate) async fn notice_in_markdown(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(number): Path<u64>,
    Query(wanted): Query<NoticeWanted>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let notice = drafted(&state, number, &wanted).await?;
    Ok(download("text/markdown; charset=utf-8", &format!("notice-{number}.md"), notice.markdown))
}

pub(crate) async fn notice_to_print(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(number): Path<u64>,
    Query(wanted): Query<NoticeWanted>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let notice = drafted(&state, number, &wanted).await?;
    Ok(download("text/html; charset=utf-8", &format!("notice-{number}.html"), notice.html))
}

/// A file to be kept, never shown within the console.
fn download(kind: &'static str, name: &str, body: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], body)
        .into_response()
}

/// The notice that is wanted of an incident.
pub(crate) async fn drafted(
    state: &State,
    number: u64,
    wanted: &NoticeWanted,
) -> Result<NoticeView, Refusal> {
    let kind = wanted.kind().ok_or_else(|| Refusal::Bad("`kind` is `first` or `full`.".to_owned()))?;
    let kept = state.city().incident(number).cloned();
    let incident = match kept {
        Some(incident) => incident,
        None => from_log(state, number).await?,
    };
    let (_, clock) = state.name_and_clock();
    Ok(view::notice(&state.city(), &incident, kind, &clock))
}

pub(crate) async fn handle(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(number): Path<u64>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let whole = |name: &str| {
        let text = fields.text(name);
        let unfit = || Refusal::Unfit(format!("`{text}` is not a whole number."));
        if text.is_empty() { Ok(None) } else { text.parse::<u64>().map(Some).map_err(|_| unfit()) }
    };
    let findings: Vec<u64> = {
        let city = state.city();
        let ticked = |finding: &u64| fields.ticked(&format!("finding-{finding}"));
        city.findings_of(number).filter(ticked).collect()
    };
    let said = HandleSaid {
        act: fields.text("act").to_owned(),
        text: Some(fields.text("text").to_owned()),
        into: whole("into")?,
        findings,
        days: whole("days")?.map(|days| u16::try_from(days).unwrap_or(u16::MAX)),
        factors: lines(fields.text("factors")),
        changes: lines(fields.text("changes")),
    };
    let number = handle_as(&state, &visitor, number, &said).await?;
    Ok(Redirect::to(&format!("/incidents/{number}")).into_response())
}

/// The incidents that are wanted, from those that are kept or from the sealed log.
pub(crate) async fn listed(
    state: &State,
    filter: &IncidentFilter,
    window: view::Window,
) -> Result<IncidentList, Refusal> {
    let Some(below) = filter.below else {
        let list = view::incidents(&state.city(), filter, window);
        return list.ok_or_else(|| Refusal::Bad("`state` is `open` or `all`.".to_owned()));
    };
    let most = u32::try_from(window.limit).unwrap_or(u32::MAX);
    let sealed = state.log().last_of_each("incident", below, most).await.map_err(log::unread)?;
    let city = state.city();
    let incidents: Vec<IncidentRow> =
        sealed.iter().filter_map(told).map(|incident| view::incident_row(&city, &incident)).collect();
    let older_below = incidents.last().map(|last| last.number).filter(|last| *last > 1);
    Ok(IncidentList { total: incidents.len(), offset: 0, incidents, older_below })
}

/// One incident, and whether it is no longer kept, so that it is told from the sealed log.
pub(crate) async fn shown(state: &State, number: u64) -> Result<(IncidentView, bool), Refusal> {
    {
        let city = state.city();
        if let Some(incident) = city.incident(number) {
            return Ok((view::incident(&city, incident), false));
        }
    }
    let incident = from_log(state, number).await?;
    Ok((view::incident(&state.city(), &incident), true))
}

/// An incident that is no longer kept, as the sealed log has it last.
async fn from_log(state: &State, number: u64) -> Result<Incident, Refusal> {
    let below = number.saturating_add(1);
    let sealed = state.log().last_of_each("incident", below, 1).await.map_err(log::unread)?;
    let last = sealed.first().and_then(told).filter(|incident| incident.number == number);
    last.ok_or_else(|| unknown(number))
}

/// The incident that a record tells.
fn told(sealed: &Sealed) -> Option<Incident> {
    match sealed.record()? {
        Record::Incident(record) => record.incident(),
        _ => None,
    }
}

/// Does what a person decided about an incident, and returns the number of the one to look at now.
pub(crate) async fn handle_as(
    state: &State,
    visitor: &Visitor,
    number: u64,
    said: &HandleSaid,
) -> Result<u64, Refusal> {
    visitor.must(Right::Act)?;
    let act = act_of(visitor, said)?;
    if state.city().incident(number).is_none() {
        return Err(unknown(number));
    }
    let (answer, answered) = oneshot::channel();
    let ask = Ask::Handle { by: visitor.holder.clone(), incident: number, act, answer };
    let busy = "Bastide is busy or stopping. Try again in a moment.";
    state.asks().try_send(ask).map_err(|_| Refusal::Unavailable(busy))?;
    let answered = tokio::time::timeout(DECISION, answered).await.map_err(|_| Refusal::Unavailable(busy))?;
    let answered = answered.map_err(|_| Refusal::Unavailable(busy))?;
    answered.map_err(|why| Refusal::Conflict(words::capital(&format!("{}.", why.trim_end_matches('.')))))
}

/// The lines of a field, without those that are empty.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn narrowing(text: &str) -> Result<Narrowing, Refusal> {
    text.parse().map_err(|why| Refusal::Unfit(format!("`{text}`: {why}.")))
}

/// What was said, as an act.
fn act_of(visitor: &Visitor, said: &HandleSaid) -> Result<IncidentAct, Refusal> {
    let words = said.text.as_deref().unwrap_or_default().trim();
    let plain = || {
        if words.is_empty() {
            return Err(Refusal::Unfit("Say something: it is sealed with the act.".to_owned()));
        }
        Ok(Text::from(words))
    };
    // A programme that comes with a person's token is named too.
    let signed = || {
        let words = plain()?;
        let own = visitor.name == visitor.holder;
        Ok(if own { words } else { Text::from(format!("{words} (by {})", visitor.name)) })
    };
    Ok(match said.act.as_str() {
        "take" => IncidentAct::Assign { owner: Text::from(&visitor.holder) },
        "assign" => IncidentAct::Assign { owner: plain()? },
        "note" => IncidentAct::Note { text: signed()? },
        "rename" => IncidentAct::Rename { title: plain()? },
        "contain" => IncidentAct::Contain { text: signed()? },
        "recover" => IncidentAct::Recover { text: signed()? },
        "review" => IncidentAct::Review { text: signed()? },
        "learn" => IncidentAct::Learn {
            cause: signed()?,
            factors: said.factors.iter().map(Into::into).collect(),
            changes: said.changes.iter().map(|change| narrowing(change)).collect::<Result<_, _>>()?,
        },
        "reopen" => IncidentAct::Reopen { text: signed()? },
        "merge" => IncidentAct::Merge {
            into: said
                .into
                .ok_or_else(|| Refusal::Unfit("Name the incident to merge it into.".to_owned()))?,
        },
        "split" => IncidentAct::Split { findings: said.findings.clone() },
        "dismiss" => {
            let days = i64::from(said.days.unwrap_or(DISMISSED_DAYS));
            let until = Timestamp::now().checked_add(SignedDuration::from_hours(24 * days));
            IncidentAct::Dismiss { reason: signed()?, until: until.unwrap_or(Timestamp::MAX) }
        }
        other => {
            return Err(Refusal::Unfit(format!(
                "`{other}` is no act. There are take, assign, note, rename, contain, recover, review, learn, reopen, merge, \
                 split and dismiss."
            )));
        }
    })
}

pub(crate) fn unknown(number: u64) -> Refusal {
    Refusal::NotFound(format!("There is no incident {number} in this city."))
}
