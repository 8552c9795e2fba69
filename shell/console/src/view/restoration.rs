//! The way back from a loss, as it is shown: when each service returns, and who does what in which order.

use crate::{
    view::{Named, summary::impact_word},
    words::capital,
};
use ::city::{ContactId, ServiceId};
use jiff::SignedDuration;
use plan::Plan;
use recover::{Basis, Estimate, Hands, Lost, Restoration, Return, Step, StepId, Work};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A time from the beginning of a restoration, in seconds, with what it may be at best and at worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SpanView {
    /// At best.
    pub least: i64,
    /// Most likely.
    pub likely: i64,
    /// At worst.
    pub most: i64,
}

/// The way back from a loss. All times count from the moment of loss.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RestorationView {
    /// What is lost, as it was said: `everything`, `site:civic-centre`.
    pub lost: Vec<String>,
    /// The same for people.
    pub lost_names: Vec<String>,
    /// Whether nothing was ever told of a backup, so that each is taken to have been made as the plan says.
    pub assumed: bool,
    /// How many assets must be replaced.
    pub assets: usize,
    /// When the last step ends, in seconds.
    pub end: i64,
    /// The services that are down, the worst impact first, then by when they run again.
    pub services: Vec<ReturnView>,
    /// The steps, by their beginning.
    pub steps: Vec<WayStepView>,
    /// The numbers of the steps that decide when the last one ends: each begins when the one before it ends.
    pub critical: Vec<usize>,
    /// The hands that are needed, by how much they have to do.
    pub crews: Vec<LoadView>,
    /// What somebody has to decide, and by when.
    pub decisions: Vec<DecisionView>,
    /// Who must be told, in order.
    pub tell: Vec<TellView>,
    /// What would bring the services back soonest.
    pub improvement: Option<ImprovementView>,
    /// How often the schedule was run through with other times, to learn how far the prediction may be off.
    pub simulated: usize,
}

/// When a lost service returns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReturnView {
    /// The service.
    pub service: Named,
    /// How much it hurts when it fails: `low`, `medium`, `high`, `critical`.
    pub impact: &'static str,
    /// Why it is down.
    pub because: Vec<String>,
    /// When it runs again, in seconds from the loss. In one of ten simulated runs it was sooner than the least, in one of
    /// ten later than the most.
    pub back: SpanView,
    /// By when it should run again, in seconds (RTO).
    pub rto: Option<i64>,
    /// How much of its latest data may be lost, in seconds (RPO).
    pub rpo: Option<i64>,
    /// After how long the harm is not acceptable, in seconds (MTPD).
    pub mtpd: Option<i64>,
    /// How much of its latest data is lost, in seconds; none if none is, or if it cannot be said.
    pub data_lost: Option<i64>,
    /// Whether there is data of which no clean snapshot is left.
    pub unrecoverable: bool,
    /// Whether any of the times on its way back is guessed.
    pub guessed: bool,
    /// What it does without its network.
    pub fallback: Option<String>,
    /// What people do meanwhile: the procedures.
    pub fallbacks: Vec<Named>,
}

/// How a return compares with its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// Within the target even at worst.
    Kept,
    /// Within the target if all goes as it usually does.
    Likely,
    /// Later than the target.
    Late,
    /// Later than is tolerable.
    Intolerable,
    /// There is no target.
    Untold,
}

impl Promise {
    /// The mark that stands for it.
    pub fn mark(self) -> &'static str {
        match self {
            Promise::Kept => "well",
            Promise::Likely => "notice",
            Promise::Late => "at-risk",
            Promise::Intolerable => "down",
            Promise::Untold => "unknown",
        }
    }

    /// What it means, in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Promise::Kept => "in time",
            Promise::Likely => "likely in time",
            Promise::Late => "later than agreed",
            Promise::Intolerable => "later than is tolerable",
            Promise::Untold => "no target agreed",
        }
    }
}

impl ReturnView {
    /// How its return compares with its target.
    pub(crate) fn promise(&self) -> Promise {
        let back = self.back;
        match (self.rto, self.mtpd) {
            (_, Some(mtpd)) if back.likely > mtpd => Promise::Intolerable,
            (Some(rto), _) if back.most <= rto => Promise::Kept,
            (Some(rto), _) if back.likely <= rto => Promise::Likely,
            (Some(_), _) => Promise::Late,
            (None, _) => Promise::Untold,
        }
    }
}

/// A step of the way back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WayStepView {
    /// Its number, from 1, in the order of beginnings: by this people speak of it.
    pub number: usize,
    /// Its id, the same whenever the same is lost: by this it is ticked off.
    pub id: String,
    /// What kind it is: `check`, `deliver`, `procedure`, `rebuild`, `replace`, `restore`, or `runs` for a service that
    /// runs again, which takes no time.
    pub kind: &'static str,
    /// What is to be done, in plain words; Markdown where a procedure says it.
    pub what: String,
    /// Why it is there, why so, and why not sooner.
    pub why: Vec<String>,
    /// Who does it; none if nobody's hands are needed, or no crew is named.
    pub crew: Option<Named>,
    /// The same in words.
    pub hands: String,
    /// When it begins, in seconds from the loss.
    pub starts: i64,
    /// When it ends.
    pub ends: i64,
    /// How long it takes.
    pub takes: SpanView,
    /// From what that is known: `declared, not measured`, `measured 3 times`.
    pub basis: String,
    /// Whether it was measured.
    pub measured: bool,
    /// The numbers of the steps that must end before it.
    pub after: Vec<usize>,
    /// Whether a delay of it delays the whole.
    pub critical: bool,
    /// The services that it is for.
    pub services: Vec<Named>,
    /// The procedure that it is of.
    pub procedure: Option<Named>,
    /// The lines for a shell with which Bastide can do it.
    pub run: Option<String>,
}

impl WayStepView {
    /// Whether it is a service that runs again, and nothing that anybody does.
    pub(crate) fn is_return(&self) -> bool {
        self.kind == "runs"
    }
}

impl DecisionView {
    /// By when, in words.
    pub(crate) fn by_words(&self) -> String {
        by_words(self.by)
    }
}

impl TellView {
    /// By when, in words.
    pub(crate) fn by_words(&self) -> String {
        by_words(self.by)
    }

    /// The most urgent reasons.
    pub(crate) fn why_words(&self) -> String {
        self.why.iter().take(2).map(String::as_str).collect::<Vec<_>>().join("; ")
    }
}

fn by_words(by: i64) -> String {
    if by <= 0 { "at once".to_owned() } else { format!("within {}", crate::words::span(by)) }
}

impl ReturnView {
    /// What else is to be known of its return, in a few words.
    pub(crate) fn besides(&self) -> String {
        let mut said = Vec::new();
        match self.data_lost {
            _ if self.unrecoverable => said.push("some data cannot be recovered".to_owned()),
            Some(lost) if lost > 0 => {
                said.push(format!("the last {} of its data is lost", crate::words::span(lost)))
            }
            _ => {}
        }
        if self.guessed {
            said.push("partly guessed".to_owned());
        }
        said.join("; ")
    }
}

/// Something that somebody has to decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DecisionView {
    /// What the matter is.
    pub what: String,
    /// What can be done.
    pub choices: Vec<String>,
    /// By when, in seconds from the loss.
    pub by: i64,
    /// Who decides, if the plan says.
    pub who: Option<Named>,
    /// The services that hang on it.
    pub services: Vec<Named>,
}

/// Someone who must be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TellView {
    /// Who.
    pub contact: Named,
    /// What they answer for.
    pub role: String,
    /// Their telephone number.
    pub telephone: Option<String>,
    /// Their mail address.
    pub mail: Option<String>,
    /// By when, in seconds from the loss.
    pub by: i64,
    /// Why, the most urgent first.
    pub why: Vec<String>,
}

/// Something that would bring services back sooner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ImprovementView {
    /// What, in plain words.
    pub what: String,
    /// The services that return sooner, and by how many seconds; those that gain most first.
    pub gains: Vec<GainView>,
    /// When all would be back.
    pub end: i64,
}

/// How much sooner a service returns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GainView {
    /// The service.
    pub service: Named,
    /// By how many seconds.
    pub sooner: i64,
}

/// How busy a crew is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LoadView {
    /// Its name.
    pub name: String,
    /// How many steps it can do at once.
    pub people: u32,
    /// How many it has.
    pub steps: usize,
    /// How long these take, added up, in seconds.
    pub busy: i64,
    /// When the last of them ends.
    pub until: i64,
}

impl RestorationView {
    /// The critical path in words: numbers with arrows.
    pub(crate) fn critical_words(&self) -> String {
        // Following steps one by one would be a page of numbers.
        let mut parts: Vec<Vec<usize>> = Vec::new();
        for number in &self.critical {
            match parts.last_mut() {
                Some(part) if part.last().is_some_and(|last| last + 1 == *number) => part.push(*number),
                _ => parts.push(vec![*number]),
            }
        }
        parts.iter().map(|part| super::course::ranges(part)).collect::<Vec<_>>().join(" → ")
    }

    /// How many steps have a time that is only guessed.
    pub(crate) fn guesses(&self) -> usize {
        self.steps.iter().filter(|step| step.basis.starts_with("guessed")).count()
    }
}

impl RestorationView {
    /// A restoration as it is shown.
    #[must_use]
    pub fn new(plan: &Plan, lost: &Lost, way: &Restoration) -> RestorationView {
        let numbers: BTreeMap<&StepId, usize> = way.steps.iter().map(|step| &step.id).zip(1..).collect();
        RestorationView {
            lost: lost.words.iter().map(ToString::to_string).collect(),
            lost_names: lost.words.iter().map(|word| lost_name(plan, word)).collect(),
            assumed: way.assumed,
            assets: lost.assets.len(),
            end: way.end.as_secs(),
            services: way.services.iter().map(|service| return_view(plan, service)).collect(),
            steps: way.steps.iter().map(|step| step_view(plan, step, &numbers)).collect(),
            critical: way.critical_path.iter().filter_map(|link| numbers.get(&link.step).copied()).collect(),
            crews: way
                .crews
                .iter()
                .map(|load| LoadView {
                    name: load.name.to_string(),
                    people: load.people,
                    steps: load.steps,
                    busy: load.busy.as_secs(),
                    until: load.until.as_secs(),
                })
                .collect(),
            decisions: way
                .decisions
                .iter()
                .map(|decision| DecisionView {
                    what: decision.what.to_string(),
                    choices: decision.choices.iter().map(ToString::to_string).collect(),
                    by: decision.by.as_secs(),
                    who: decision.who.as_ref().map(|id| contact(plan, id)),
                    services: decision.services.iter().map(|id| service(plan, id)).collect(),
                })
                .collect(),
            tell: way
                .tell
                .iter()
                .map(|tell| TellView {
                    contact: Named::new(&tell.contact, Some(&tell.name)),
                    role: tell.role.to_string(),
                    telephone: tell.telephone.as_ref().map(ToString::to_string),
                    mail: tell.mail.as_ref().map(ToString::to_string),
                    by: tell.by.as_secs(),
                    why: tell.why.iter().map(ToString::to_string).collect(),
                })
                .collect(),
            improvement: way.best().map(|best| ImprovementView {
                what: best.what.to_string(),
                gains: best
                    .gains
                    .iter()
                    .map(|gain| GainView {
                        service: service(plan, &gain.service),
                        sooner: gain.sooner.as_secs(),
                    })
                    .collect(),
                end: best.end.as_secs(),
            }),
            simulated: way.simulated,
        }
    }
}

/// What is lost, in the words of people: `site:civic-centre` is the site's name.
pub(crate) fn lost_name(plan: &Plan, word: &str) -> String {
    if word == "everything" {
        return "everything".to_owned();
    }
    let (kind, id) = word.split_once(':').unwrap_or(("", word));
    let is = |wanted: &str| kind.is_empty() || kind == wanted;
    let site = || plan.site(&id.parse().ok()?).map(|one| one.name.to_string());
    let zone = || plan.zone(&id.parse().ok()?).map(|one| one.name.to_string());
    let asset = || plan.asset(&id.parse().ok()?).map(|one| one.name.to_string());
    let supplier = || plan.suppliers().find(|one| one.id.as_str() == id).map(|one| one.name.to_string());
    let of_service = || plan.service(&id.parse().ok()?).map(|one| one.name.to_string());
    let repository = || plan.repository(&id.parse().ok()?).map(|one| one.name.to_string());
    let found = is("site").then(site).flatten();
    let found = found.or_else(|| is("zone").then(zone).flatten());
    let found = found.or_else(|| is("asset").then(asset).flatten());
    let found = found.or_else(|| is("supplier").then(supplier).flatten());
    let found = found.or_else(|| is("service").then(of_service).flatten());
    let found = found.or_else(|| is("repository").then(repository).flatten());
    found.unwrap_or_else(|| match kind {
        "role" => format!("every {id}"),
        "product" => format!("every {id}").replace('*', ""),
        _ => word.to_owned(),
    })
}

/// A service by its name.
pub(crate) fn service(plan: &Plan, id: &ServiceId) -> Named {
    Named::new(id, plan.service(id).map(|service| &service.name))
}

fn contact(plan: &Plan, id: &ContactId) -> Named {
    Named::new(id, plan.contacts().find(|contact| contact.id == *id).map(|contact| &contact.name))
}

fn seconds(time: Option<SignedDuration>) -> Option<i64> {
    time.map(|time| time.as_secs())
}

/// When a service returns, as it is shown.
pub(crate) fn return_view(plan: &Plan, back: &Return) -> ReturnView {
    let declared = plan.service(&back.service);
    let fallbacks = plan.procedures().filter(|procedure| {
        procedure.purpose == ::city::Purpose::Fallback && procedure.services.contains(&back.service)
    });
    ReturnView {
        service: Named::new(&back.service, Some(&back.name)),
        impact: impact_word(back.impact),
        because: back.because.iter().map(|why| capital(why)).collect(),
        back: SpanView { least: back.p10.as_secs(), likely: back.likely.as_secs(), most: back.p90.as_secs() },
        rto: seconds(back.target.map(|target| target.rto)),
        rpo: seconds(back.target.map(|target| target.rpo)),
        mtpd: seconds(back.target.map(|target| target.mtpd)),
        data_lost: seconds(back.data_lost),
        unrecoverable: back.unrecoverable,
        guessed: back.guessed,
        fallback: declared.and_then(|service| service.fallback.as_ref()).map(|text| capital(text)),
        fallbacks: fallbacks.map(|one| Named::new(&one.id, Some(&one.name))).collect(),
    }
}

fn step_view(plan: &Plan, step: &Step, numbers: &BTreeMap<&StepId, usize>) -> WayStepView {
    let Estimate { low, likely, high, basis } = step.estimate;
    let mut after: Vec<usize> = step.needs.iter().filter_map(|need| numbers.get(need).copied()).collect();
    after.sort_unstable();
    WayStepView {
        number: numbers.get(&step.id).copied().unwrap_or_default(),
        id: step.id.to_string(),
        kind: match &step.work {
            Work::Check { .. } => "check",
            Work::Deliver { .. } => "deliver",
            Work::Procedure { .. } => "procedure",
            Work::Rebuild { .. } => "rebuild",
            Work::Replace { .. } => "replace",
            Work::Restore { .. } => "restore",
            Work::Runs { .. } => "runs",
        },
        what: step.what.to_string(),
        why: step.why.iter().map(|why| capital(why)).collect(),
        crew: match &step.hands {
            Hands::Crew(id) => Some(Named::new(id, plan.crew(id).map(|crew| &crew.name))),
            Hands::Anyone | Hands::Nobody => None,
        },
        hands: hands_words(plan, &step.hands),
        starts: step.start.as_secs(),
        ends: step.end.as_secs(),
        takes: SpanView { least: low.as_secs(), likely: likely.as_secs(), most: high.as_secs() },
        basis: basis.to_string(),
        measured: matches!(basis, Basis::Measured(_)),
        after,
        critical: step.critical,
        services: step.services.iter().map(|id| service(plan, id)).collect(),
        procedure: match &step.work {
            Work::Procedure { procedure, .. } => {
                Some(Named::new(procedure, plan.procedure(procedure).map(|one| &one.name)))
            }
            _ => None,
        },
        run: step.run.as_ref().map(ToString::to_string),
    }
}

/// Whose hands a step takes, in words.
pub(crate) fn hands_words(plan: &Plan, hands: &Hands) -> String {
    match hands {
        Hands::Crew(id) => plan.crew(id).map_or_else(|| id.to_string(), |crew| crew.name.to_string()),
        Hands::Anyone => "whoever is at hand".to_owned(),
        Hands::Nobody => "waiting, nobody’s hands".to_owned(),
    }
}
