//! Recovery: what is proven, where the backups are, and the way back from a loss that somebody thinks of.

use crate::{
    chart::{self, Axis},
    door::{Right, Theme, Visitor},
    figure::Svg,
    markdown::{self, Markdown},
    pages::{Page, html, run::run_rows},
    refusal::Refusal,
    state::State,
    view::{self, CourseLine, Named, RecoveryStateView, RestorationView, ReturnView, RunRow, SpanView},
    words,
};
use ::plan::Plan;
use askama::Template;
use axum::{
    extract::{Query, State as Reached},
    response::Response,
};
use recover::{Lost, Measured, checked_restoration};
use std::sync::Arc;

/// The most words that say what is lost.
const WORDS_MAX: usize = 200;

/// The most assets that are offered by name.
const OFFERED_MAX: usize = 1_000;

#[derive(Template)]
#[template(path = "recovery.html")]
struct RecoveryPage {
    page: Page,
    recovery: Option<RecoveryStateView>,
    runs: Vec<RunRow>,
}

#[derive(Template)]
#[template(path = "way.html")]
struct WayPage {
    page: Page,
    offer: Offer,
    /// Why what was asked for says nothing.
    why_not: Option<String>,
    /// None before anything is said to be lost.
    way: Option<Drawn>,
}

/// What may be lost, and what is said to be.
struct Offer {
    everything: bool,
    /// The word, the title, and the things of each kind.
    kinds: Vec<(&'static str, &'static str, Vec<Offered>)>,
    assets: Vec<Named>,
    /// What was said besides.
    more: String,
    /// All of it, as it is said again to begin.
    words: Vec<String>,
}

/// Something that may be lost, and whether it is said to be.
type Offered = (Named, bool);

/// A way back, with its axes.
pub(crate) struct Drawn {
    way: RestorationView,
    lines: Vec<CourseLine>,
    returns: Axis,
    course: Axis,
}

impl Drawn {
    fn new(plan: &Plan, way: RestorationView) -> Drawn {
        let lines = view::course(plan, &way);
        Drawn { returns: returns_axis(&way.services), course: Axis::even(way.end), lines, way }
    }

    fn returns_head(&self) -> Svg {
        self.returns.head()
    }

    fn course_head(&self) -> Svg {
        self.course.head()
    }

    fn point(&self, service: &ReturnView) -> Svg {
        point(&self.returns, service)
    }

    fn bar(&self, line: &CourseLine) -> Svg {
        let class = if line.critical { "critical" } else { "" };
        self.course.bar(line.starts, line.ends, line.at_worst(), class)
    }

    /// How the way back goes, in a sentence.
    fn headline(&self) -> String {
        let Some(first) = self.way.services.first() else {
            return "No service is down without it.".to_owned();
        };
        let last = self.way.services.iter().map(|service| service.back.likely).max().unwrap_or_default();
        let down = words::counted(self.way.services.len() as u64, "service is", "services are");
        let first_back = words::spoken(first.back.likely);
        let mut said = format!(
            "{} down. {} would be back in about {first_back}",
            words::capital(&down),
            first.service.name
        );
        if last > first.back.likely {
            said.push_str(&format!(", the last in {}", words::spoken(last)));
        }
        said.push('.');
        said
    }
}

/// An axis on which a list of returns has room.
pub(crate) fn returns_axis(services: &[ReturnView]) -> Axis {
    let marks = |service: &ReturnView| [Some(service.back.most), service.rto, service.mtpd];
    Axis::compressed(services.iter().flat_map(marks).flatten().max().unwrap_or(0))
}

/// A return on an axis.
pub(crate) fn point(axis: &Axis, service: &ReturnView) -> Svg {
    let SpanView { least, likely, most } = service.back;
    axis.point((least, likely, most), service.rto, service.mtpd)
}

pub(crate) async fn recovery(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let recovery = view::recovery(&state.city());
    let runs = run_rows(&state).await?;
    let page = Page::new(&state, Some(visitor), theme, "Recovery", "/recovery").at("/recovery");
    Ok(html(&RecoveryPage { page, recovery, runs }))
}

pub(crate) async fn way(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Query(asked): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let words = lost_words(&asked);
    let (plan, _) = plan_and_measured(&state)?;
    let (way, why_not) = match words.is_empty() {
        true => (None, None),
        false => match restoration(&state, words.clone()).await {
            Ok(way) => (Some(Drawn::new(&plan, way)), None),
            Err(Refusal::Unfit(why)) => (None, Some(why)),
            Err(refusal) => return Err(refusal),
        },
    };
    let place =
        std::iter::once("/recovery/plan".to_owned()).chain(words.iter().enumerate().map(|(index, word)| {
            let mut part = if index == 0 { "?lost=".to_owned() } else { "&lost=".to_owned() };
            crate::pages::push_encoded(&mut part, word);
            part
        }));
    let page =
        Page::new(&state, Some(visitor), theme, "The way back", "/recovery").at(place.collect::<String>());
    let offer = offer(&plan, words);
    Ok(html(&WayPage { page, offer, why_not, way }))
}

/// What a query or a form says is lost: each `lost`, and the words of `more`.
pub(crate) fn lost_words(asked: &[(String, String)]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for (name, value) in asked {
        let found: Vec<&str> = match name.as_str() {
            "lost" => vec![value.trim()],
            // A product's pattern may have spaces in it, so that only commas part.
            "more" => value.split(',').map(str::trim).collect(),
            "asset" if !value.trim().is_empty() => {
                words.push(format!("asset:{}", value.trim()));
                continue;
            }
            _ => continue,
        };
        words.extend(found.into_iter().filter(|word| !word.is_empty()).map(str::to_owned));
    }
    words.sort();
    words.dedup();
    words.truncate(WORDS_MAX);
    words
}

/// The plan, and what was measured.
pub(crate) fn plan_and_measured(state: &State) -> Result<(Arc<Plan>, Measured), Refusal> {
    let city = state.city();
    let plan = city.plan().cloned();
    let none = || Refusal::NotFound("There is no plan, so nothing says how anything comes back.".to_owned());
    let plan = plan.ok_or_else(none)?;
    let measured = city.recovery().measured().or_as_declared(&plan, jiff::Timestamp::now());
    Ok((plan, measured))
}

/// Plans the way back from a loss.
pub(crate) async fn restoration(state: &State, words: Vec<String>) -> Result<RestorationView, Refusal> {
    let (plan, measured) = plan_and_measured(state)?;
    let now = jiff::Timestamp::now();
    let planned = tokio::task::spawn_blocking(move || {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let lost = Lost::parse(&words, &plan).map_err(|error| unfit(&error))?;
        let way = checked_restoration(&plan, &lost, &measured, now).map_err(|unsound| {
            tracing::error!("{unsound}");
            Refusal::Internal
        })?;
        Ok(RestorationView::new(&plan, &lost, &way))
    });
    planned.await.map_err(|_| Refusal::Internal)?
}

/// Why words do not say what is lost.
pub(crate) fn unfit(error: &recover::LossError) -> Refusal {
    Refusal::Unfit(words::capital(&format!("{error}.")))
}

fn offer(plan: &Plan, words: Vec<String>) -> Offer {
    let is = |word: &str| words.iter().any(|said| said == word);
    let list = |kind: &str, all: &mut dyn Iterator<Item = Named>| -> Vec<Offered> {
        all.map(|one| {
            let chosen = is(&format!("{kind}:{}", one.id));
            (one, chosen)
        })
        .collect()
    };
    let kinds = vec![
        ("site", "Sites", list("site", &mut plan.sites().map(|one| Named::new(&one.id, Some(&one.name))))),
        (
            "supplier",
            "Suppliers",
            list("supplier", &mut plan.suppliers().map(|one| Named::new(&one.id, Some(&one.name)))),
        ),
        (
            "zone",
            "Zones",
            list(
                "zone",
                &mut plan
                    .zones()
                    .filter(|zone| !zone.outside)
                    .map(|one| Named::new(&one.id, Some(&one.name))),
            ),
        ),
        (
            "service",
            "Services: their software and data",
            list("service", &mut plan.services().map(|one| Named::new(&one.id, Some(&one.name)))),
        ),
    ];
    let offered = |word: &&String| {
        let (kind, id) = word.split_once(':').unwrap_or(("", word));
        word.as_str() == "everything"
            || kinds.iter().any(|(known, _, all)| kind == *known && all.iter().any(|(one, _)| one.id == id))
    };
    let more: Vec<&str> = words.iter().filter(|word| !offered(word)).map(String::as_str).collect();
    Offer {
        everything: is("everything"),
        more: more.join(", "),
        assets: plan.assets().take(OFFERED_MAX).map(|one| Named::new(&one.id, Some(&one.name))).collect(),
        kinds: kinds.into_iter().filter(|(_, _, all)| !all.is_empty()).collect(),
        words,
    }
}

impl Page {
    /// A length of time, short.
    pub fn span(&self, seconds: &i64) -> String {
        words::span(*seconds)
    }

    /// A line of Markdown as markup.
    pub fn line(&self, text: &str) -> Markdown {
        markdown::line(text)
    }

    /// Several paragraphs of Markdown as markup.
    pub fn blocks(&self, text: &str) -> Markdown {
        markdown::blocks(text)
    }

    /// A sample of a chart's shape.
    pub fn sample(&self, kind: &str) -> Svg {
        chart::sample(kind)
    }
}
