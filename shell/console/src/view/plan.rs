//! The plan: its text with what is wrong in it, and what it declares.

use ::city::Conduit;
use cycle::City;
use jiff::Timestamp;
use plan::Plan;
use schemars::JsonSchema;
use serde::Serialize;

use crate::view::{Named, ServiceView, ZoneView, matrix, services};

/// The plan as it stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PlanView {
    /// The city's name.
    pub name: Option<String>,
    /// The version compared with now.
    pub adopted: Option<AdoptedView>,
    /// Whether the text in the folder differs from the version adopted.
    pub changed: bool,
    /// What is wrong in the text.
    pub diagnostics: Vec<DiagnosticView>,
    /// The files.
    pub sources: Vec<SourceView>,
    /// The services declared.
    pub services: Vec<ServiceView>,
    /// The zones declared.
    pub zones: Vec<ZoneView>,
    /// The conduits declared.
    pub conduits: Vec<ConduitView>,
}

/// A version of the plan that was adopted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AdoptedView {
    /// SHA-256 of its content, in hexadecimal.
    pub version: String,
    /// The version before it.
    pub parent: Option<String>,
    /// Who adopted it.
    pub by: String,
    /// When.
    pub time: Timestamp,
}

/// A file of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SourceView {
    /// Its path in the plan's folder.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Something wrong in the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DiagnosticView {
    /// `error` or `warning`.
    pub severity: String,
    /// The kind of flaw.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The file, if the flaw has a place.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column in characters, from 1.
    pub column: Option<usize>,
    /// How many characters are meant.
    pub length: Option<usize>,
}

/// A conduit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ConduitView {
    /// Its id.
    pub id: String,
    /// The zone that begins.
    pub from: Named,
    /// The zone that is spoken to.
    pub to: Named,
    /// What it allows, as the plan writes it.
    pub allow: Vec<String>,
    /// Why it exists.
    pub reason: String,
}

impl ConduitView {
    pub(super) fn new(plan: &Plan, conduit: &Conduit) -> ConduitView {
        let named = |id| Named::new(id, plan.zone(id).map(|zone| &zone.name));
        ConduitView {
            id: conduit.id.to_string(),
            from: named(&conduit.from),
            to: named(&conduit.to),
            allow: conduit.allow.iter().map(ToString::to_string).collect(),
            reason: conduit.reason.to_string(),
        }
    }
}

/// The plan's text as it stands in its folder, and the version that was adopted.
#[derive(Clone, Debug, Default)]
pub struct PlanText {
    /// The files, in the order in which they are read.
    pub sources: Vec<SourceView>,
    /// What is wrong in them.
    pub diagnostics: Vec<DiagnosticView>,
    /// The version compared with now.
    pub adopted: Option<AdoptedView>,
    /// Whether the text differs from that version.
    pub changed: bool,
}

/// The plan as it stands.
#[must_use]
pub fn plan(city: &City, text: &PlanText) -> PlanView {
    let plan = city.plan();
    PlanView {
        name: plan.map(|plan| plan.settings().name.to_string()),
        adopted: text.adopted.clone(),
        changed: text.changed,
        diagnostics: text.diagnostics.clone(),
        sources: text.sources.clone(),
        services: services(city),
        zones: matrix(city).zones,
        conduits: plan
            .into_iter()
            .flat_map(|plan| plan.conduits().map(|conduit| ConduitView::new(plan, conduit)))
            .collect(),
    }
}
