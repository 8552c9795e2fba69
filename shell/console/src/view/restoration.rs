//! The way back from a loss, as it is shown: when each service returns, and who does what in which order.

use crate::view::Named;
use schemars::JsonSchema;
use serde::Serialize;

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
            Promise::Likely => "in time if all goes well",
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
    /// The steps before it, in words.
    pub(crate) fn after_words(&self) -> String {
        self.after.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Whether it is a service that runs again, and nothing that anybody does.
    pub(crate) fn is_return(&self) -> bool {
        self.kind == "runs"
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
        self.critical.iter().map(ToString::to_string).collect::<Vec<_>>().join(" → ")
    }

    /// How many steps have a time that is only guessed.
    pub(crate) fn guesses(&self) -> usize {
        self.steps.iter().filter(|step| step.basis.starts_with("guessed")).count()
    }
}
