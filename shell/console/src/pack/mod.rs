//! The pack: everything that people need when nothing works, on paper or on a telephone. One file that asks for nothing
//! from elsewhere and runs no script.

mod contents;
mod network;
mod restic;
mod words;

use crate::{
    chart::{self, Axis},
    figure::{self, Svg},
    markdown::{self, Markdown},
    time::{Clock, Moment},
    view::{self, CourseLine, Promise, RestorationView, ReturnView, SpanView},
    words::{span, spoken},
};
use askama::Template;
use contents::{Backed, Call, CrewRow, Ground, Kept, Passage, SiteRow, Tier, Worked};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use plan::Plan;
use recover::{LossError, Lost, Record, Unsound, checked_restoration};
use std::fmt;

/// For how long a pack is good, if the plan does not change before: until it is found stale.
pub const GOOD_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);

pub(crate) use restic::place;

/// The sheet of the pack, which stands in it.
const SHEET: &str = include_str!("../../static/pack.css");

/// How many lines of a single loss's way back are shown; the whole way back is that for the loss of everything.
const SHORT_LINES: usize = 8;

/// What a pack is made of.
pub struct Given<'a> {
    /// The city's plan.
    pub plan: &'a Plan,
    /// SHA-256 of the plan's text, in hexadecimal.
    pub digest: &'a str,
    /// What backups and drills have shown.
    pub record: &'a Record,
    /// When the pack is issued.
    pub issued: Timestamp,
}

#[derive(Template)]
#[template(path = "pack/pack.html")]
struct PackPage<'a> {
    city: String,
    headline: String,
    digest: &'a str,
    clock: Clock,
    issued: Timestamp,
    until: Timestamp,
    style: Style,
    /// Whether no backup is known, and all are taken to be as planned.
    assumed: bool,
    calls: Vec<Call>,
    tiers: Vec<Tier>,
    crews: Vec<CrewRow>,
    sites: Vec<SiteRow>,
    everything: Way,
    losses: Vec<Way>,
    procedures: Vec<Worked>,
    repositories: Vec<Kept>,
    backups: Vec<Backed>,
    drawings: Vec<Svg>,
    passages: Vec<Passage>,
    grounds: Vec<Ground>,
}

/// A way back, with its axes.
struct Way {
    id: String,
    /// Whether it is told in short.
    short: bool,
    title: String,
    way: RestorationView,
    lines: Vec<CourseLine>,
    returns: Axis,
    course: Axis,
}

impl Way {
    fn new(plan: &Plan, way: RestorationView, short: bool) -> Way {
        let marks = |service: &ReturnView| [Some(service.back.most), service.rto, service.mtpd];
        let last = way.services.iter().flat_map(marks).flatten().max().unwrap_or(0);
        Way {
            short,
            id: way.lost.join("-").replace(|c: char| !c.is_ascii_alphanumeric(), "-"),
            title: crate::words::list(way.lost_names.iter().map(String::as_str), 4),
            returns: Axis::compressed(last),
            course: Axis::even(way.end),
            lines: view::course(plan, &way),
            way,
        }
    }

    fn returns_head(&self) -> Svg {
        self.returns.head()
    }

    fn course_head(&self) -> Svg {
        self.course.head()
    }

    fn point(&self, service: &ReturnView) -> Svg {
        let SpanView { least, likely, most } = service.back;
        self.returns.point((least, likely, most), service.rto, service.mtpd)
    }

    fn bar(&self, line: &CourseLine) -> Svg {
        let class = if line.critical { "critical" } else { "" };
        self.course.bar(line.starts, line.ends, line.at_worst(), class)
    }

    /// The steps that a short form shows.
    fn first_lines(&self) -> impl Iterator<Item = &CourseLine> {
        self.lines.iter().take(SHORT_LINES)
    }

    fn left_out(&self) -> usize {
        self.lines.len().saturating_sub(SHORT_LINES)
    }
}

/// A sheet as it stands in the file.
struct Style(String);

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Style {}

/// Why there is no pack. None of it happens in practice.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A site or a supplier of the plan is not known as something that can be lost.
    #[error(transparent)]
    Loss(#[from] LossError),
    /// The template could not be filled in.
    #[error(transparent)]
    Template(#[from] askama::Error),
    /// A way back is not sound: no paper is better than a wrong one.
    #[error(transparent)]
    Unsound(#[from] Unsound),
}

/// Makes the pack.
///
/// # Errors
///
/// A way back in it could not be made, or the template not be filled in.
pub fn render(given: &Given<'_>) -> Result<String, PackError> {
    let plan = given.plan;
    let city = plan.settings().name.to_string();
    let zone = TimeZone::get(&plan.settings().time_zone).unwrap_or(TimeZone::UTC);
    let today = given.issued.to_zoned(zone.clone()).date();
    let clock = Clock::new(zone, given.issued);
    let until = given.issued.checked_add(GOOD_FOR).unwrap_or(given.issued);
    let running = format!(
        "{city} · recovery pack · issued {} · plan {}",
        today.strftime("%-d %b %Y"),
        short(given.digest)
    );
    let (drawings, passages, grounds) = contents::network(plan);
    let measured = given.record.measured().or_as_declared(plan, given.issued);
    let way = |words: &str| -> Result<RestorationView, PackError> {
        let lost = Lost::parse(&[words], plan)?;
        let way = checked_restoration(plan, &lost, &measured, given.issued)?;
        Ok(RestorationView::new(plan, &lost, &way))
    };
    let everything = way("everything")?;
    let sites = plan.sites().map(|site| format!("site:{}", site.id));
    let likely = sites.chain(plan.suppliers().map(|supplier| format!("supplier:{}", supplier.id)));
    let losses = likely.map(|words| way(&words)).collect::<Result<Vec<_>, _>>()?;
    let losses = losses.into_iter().filter(|way| !way.services.is_empty());
    let page = PackPage {
        losses: losses.map(|way| Way::new(plan, way, true)).collect(),
        headline: headline(&city, &everything),
        digest: given.digest,
        issued: given.issued,
        until,
        style: style(&running),
        assumed: measured.assumed,
        calls: contents::calls(plan),
        tiers: contents::tiers(plan, given.record, &clock),
        crews: contents::crews(plan),
        sites: contents::sites(plan),
        everything: Way::new(plan, everything, false),
        procedures: contents::procedures(plan, today),
        repositories: contents::repositories(plan),
        backups: contents::backups(plan, &given.record.measured()),
        drawings,
        passages,
        grounds,
        city,
        clock,
    };
    Ok(page.render()?)
}

/// What a councillor needs to know, in a sentence or two.
fn headline(city: &str, everything: &RestorationView) -> String {
    let grave = everything.services.iter().filter(|service| service.impact == "critical");
    let first = grave.min_by_key(|service| service.back.likely).or_else(|| everything.services.first());
    let Some(first) = first else {
        return format!(
            "If all of {city}’s systems were lost: whom to call, what to do first, and how each service comes back."
        );
    };
    let which = if first.impact == "critical" {
        "the first service on which lives depend"
    } else {
        "the first service"
    };
    let last = everything.services.iter().map(|service| service.back.likely).max().unwrap_or_default();
    let mut said = format!(
        "If all of {city}’s systems were lost now, {which}, {}, would be back in about {}",
        first.service.name,
        spoken(first.back.likely)
    );
    said.push_str(&if last > first.back.likely {
        format!(", and the last in {}.", spoken(last))
    } else {
        ".".to_owned()
    });
    let late = everything.services.iter().filter(|service| service.promise() == Promise::Intolerable).count();
    if late > 0 {
        let many = crate::words::capital(&crate::words::number(late));
        let (services, are) = if late == 1 { ("service", "is") } else { ("services", "are") };
        said.push_str(&format!(" {many} {services} {are} back later than is tolerable."));
    }
    said
}

/// The first letters of a digest: enough to tell two plans apart by eye.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// The sheet, with what stands at the foot of every page.
fn style(running: &str) -> Style {
    let mut quoted = String::new();
    for letter in running.chars() {
        match letter {
            // Within a string of CSS, and within an element that ends at `</` (CSS Syntax 3, 4.3.7).
            '"' | '\\' | '<' | '>' | '&' => quoted.push_str(&format!("\\{:x} ", u32::from(letter))),
            control if control.is_control() => quoted.push(' '),
            other => quoted.push(other),
        }
    }
    Style(SHEET.replace("{running}", &quoted))
}

impl PackPage<'_> {
    fn full(&self, time: &Timestamp) -> Moment {
        self.clock.full(*time)
    }

    fn day(&self, time: &Timestamp) -> Moment {
        self.clock.date(*time)
    }

    fn mark(&self, state: &str) -> Svg {
        figure::mark(state)
    }

    fn sample(&self, kind: &str) -> Svg {
        chart::sample(kind)
    }

    fn sign(&self) -> Svg {
        figure::sign()
    }

    fn span(&self, seconds: &i64) -> String {
        span(*seconds)
    }

    /// What is to be done, as markup within a line.
    fn prose(&self, text: &str) -> Markdown {
        markdown::line(text)
    }

    /// The lines for a shell that restore what a repository holds, once it is known to restic.
    fn restoring(&self, repository: &Kept) -> Vec<String> {
        restic::restore(&repository.backups)
    }

    fn glossary(&self) -> &'static [(&'static str, &'static str)] {
        &words::GLOSSARY
    }

    fn short_digest(&self) -> &str {
        short(self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_city_is_called_cannot_leave_the_sheet() {
        let Style(sheet) = style("A\"}</style><b>\\ of\nX");
        assert!(sheet.contains("\"A\\22 }\\3c /style\\3e \\3c b\\3e \\5c  of X\""), "{sheet}");
        assert!(!sheet.contains("</style"));
    }
}
