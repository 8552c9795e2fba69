//! The pages: each takes a view of the city and puts it into its template.

pub(crate) mod assets;
pub(crate) mod baseline;
pub(crate) mod city;
pub(crate) mod exchange;
pub(crate) mod findings;
pub(crate) mod hunts;
pub(crate) mod incidents;
pub(crate) mod intelligence;
pub(crate) mod log;
pub(crate) mod past;
pub(crate) mod people;
pub(crate) mod plan;
pub(crate) mod recovery;
pub(crate) mod reference;
pub(crate) mod responses;
pub(crate) mod run;
pub(crate) mod segmentation;
pub(crate) mod zones;

use crate::{
    door::{Right, Theme, Visitor},
    figure::{self, Svg},
    refusal::Refusal,
    state::State,
    still,
    time::{Clock, Moment, Prose},
    view::{self, Named},
    words,
};
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;

/// What every page shows around its own matter.
pub(crate) struct Page {
    pub title: String,
    pub section: &'static str,
    pub city: String,
    pub source: String,
    /// What carries responses out; none where nothing does.
    pub enforced_by: Option<String>,
    pub visitor: Option<Visitor>,
    pub theme: Theme,
    pub clock: Clock,
    /// Where this page stands, so that a reader returns to it after choosing light or dark.
    pub place: String,
}

impl Page {
    pub fn new(
        state: &State,
        visitor: Option<Visitor>,
        theme: Theme,
        title: impl Into<String>,
        section: &'static str,
    ) -> Page {
        let (city, clock) = state.name_and_clock();
        Page {
            title: title.into(),
            section,
            city,
            source: state.config().source.clone(),
            enforced_by: state.config().enforced_by.clone(),
            visitor,
            theme,
            clock,
            place: String::new(),
        }
    }

    pub fn at(self, place: impl Into<String>) -> Page {
        Page { place: place.into(), ..self }
    }

    pub fn csrf(&self) -> &str {
        self.visitor.as_ref().map_or("", Visitor::csrf)
    }

    /// Whose acts are done here; nobody's where nobody signed in.
    pub fn me(&self) -> &str {
        self.visitor.as_ref().map_or("", |visitor| &visitor.holder)
    }

    /// Whether the reader may decide about responses.
    pub fn may_act(&self) -> bool {
        self.visitor.as_ref().is_some_and(|visitor| visitor.may(Right::Act))
    }

    pub fn sections(&self) -> Vec<(&'static str, &'static str)> {
        let mut sections = vec![
            ("/", "City"),
            ("/zones", "Zones"),
            ("/segmentation", "Segmentation"),
            ("/assets", "Assets"),
            ("/incidents", "Incidents"),
            ("/findings", "Findings"),
            ("/responses", "Responses"),
            ("/intelligence", "Intelligence"),
            ("/recovery", "Recovery"),
            ("/plan", "Plan"),
            ("/log", "Log"),
        ];
        if self.visitor.as_ref().is_some_and(|visitor| visitor.may(Right::ManagePeople)) {
            sections.push(("/people", "People"));
        }
        sections
    }

    pub fn sheet(&self) -> &'static str {
        &still::SHEET_PATH
    }

    pub fn script(&self) -> &'static str {
        &still::SCRIPT_PATH
    }

    pub fn sign_path(&self) -> &'static str {
        &still::SIGN_PATH
    }

    pub fn sign(&self) -> Svg {
        figure::sign()
    }

    pub fn mark(&self, state: impl AsRef<str>) -> Svg {
        figure::mark(state.as_ref())
    }

    pub fn short(&self, time: &Timestamp) -> Moment {
        self.clock.short(*time)
    }

    pub fn full(&self, time: &Timestamp) -> Moment {
        self.clock.full(*time)
    }

    pub fn ago(&self, time: &Timestamp) -> String {
        self.clock.ago(*time)
    }

    /// Whole seconds as people read them.
    pub fn lasted(&self, seconds: &i64) -> String {
        words::spoken(*seconds)
    }

    pub fn prose(&self, text: &str) -> Prose {
        self.clock.prose(text)
    }

    pub fn day(&self) -> Moment {
        self.clock.day(self.clock.now())
    }

    pub fn grouped(&self, number: &u64) -> String {
        words::grouped(*number)
    }

    pub fn count(&self, number: &usize) -> String {
        words::grouped(*number as u64)
    }

    pub fn bytes(&self, number: &u64) -> String {
        words::bytes(*number)
    }

    /// What the theme button turns to, and what it says.
    pub fn other_theme(&self) -> (&'static str, &'static str) {
        match self.theme {
            Theme::Auto => ("dark", "Colours as your system has them; turn dark"),
            Theme::Dark => ("light", "Dark colours; turn light"),
            Theme::Light => ("auto", "Light colours; turn to your system’s"),
        }
    }

    /// Seconds as people read them: to the millisecond where they are few.
    pub fn seconds(&self, seconds: &f64) -> String {
        if *seconds < 10.0 { format!("{seconds:.3} s") } else { words::duration(seconds.round() as i64) }
    }

    /// How far something may be passed on, as it is written on paper.
    pub fn marking(&self, tlp: &str) -> &'static str {
        view::marking(tlp)
    }

    /// The same as what people may do.
    pub fn marking_words(&self, tlp: &str) -> &'static str {
        view::marking_words(tlp)
    }

    pub fn names(&self, named: &[Named]) -> String {
        words::list(named.iter().map(|one| one.name.as_str()), 3)
    }
}

/// A page as an answer.
pub(crate) fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(cause) => {
            tracing::error!(%cause, "a page could not be put together");
            Refusal::Internal.into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage {
    page: Page,
    status: u16,
    words: String,
}

/// The page that says why something was not done.
pub(crate) fn refused(state: &State, visitor: Option<Visitor>, theme: Theme, refusal: &Refusal) -> Response {
    let page = RefusedPage {
        page: Page::new(state, visitor, theme, refusal.title(), ""),
        status: refusal.status().as_u16(),
        words: refusal.words(),
    };
    (refusal.status(), html(&page)).into_response()
}

/// The address of another part of a list: the same filter, another page.
pub(crate) fn page_address(path: &str, fields: &[(&str, &Option<String>)], page: usize) -> String {
    let mut address = format!("{path}?");
    for (name, value) in fields {
        if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
            address.push_str(name);
            address.push('=');
            push_encoded(&mut address, value);
            address.push('&');
        }
    }
    if page > 1 {
        address.push_str(&format!("page={page}"));
    }
    address.trim_end_matches(['&', '?']).to_owned()
}

/// Percent-encodes a value for a query (RFC 3986, 2.1).
pub(crate) fn push_encoded(address: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// The pages before and after one part of a list.
pub(crate) struct Pager {
    pub before: Option<String>,
    pub after: Option<String>,
    pub words: String,
}

impl Pager {
    pub fn new(
        total: usize,
        offset: usize,
        shown: usize,
        limit: usize,
        address: impl Fn(usize) -> String,
    ) -> Pager {
        let page = offset / limit.max(1) + 1;
        let words = match (total, shown) {
            (0, _) => "None".to_owned(),
            (total, 0) => format!("None of {}", words::grouped(total as u64)),
            (total, shown) if shown == total => format!("All {}", words::grouped(total as u64)),
            (total, shown) => format!(
                "{} to {} of {}",
                words::grouped(offset as u64 + 1),
                words::grouped((offset + shown) as u64),
                words::grouped(total as u64)
            ),
        };
        Pager {
            before: (page > 1).then(|| address(page - 1)),
            after: (offset + shown < total).then(|| address(page + 1)),
            words,
        }
    }
}
