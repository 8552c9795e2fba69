//! The plan: its text with what is wrong in it, and what it declares.

use ::city::Conduit;
use ::plan::{Diagnostic, Plan, SourceFile};
use cycle::City;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use store::{PlanFile, PlanRecord, Record, Sealed};

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

/// The plan's text as it stands in its folder, and what is wrong in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanText {
    /// The files, in the order in which they are read.
    pub sources: Vec<SourceView>,
    /// What is wrong in them.
    pub diagnostics: Vec<DiagnosticView>,
    /// The version that this text would be if it were adopted.
    pub version: Option<String>,
}

impl PlanText {
    /// Checks the files of a plan's folder. None at all is no plan, and nothing is wrong with that.
    #[must_use]
    pub fn of(files: &[SourceFile]) -> PlanText {
        if files.is_empty() {
            return PlanText::default();
        }
        let text =
            |file: &SourceFile| PlanFile { name: file.path().to_owned(), text: file.text().to_owned() };
        let record = PlanRecord::new(files.iter().map(text).collect(), None, String::new());
        PlanText {
            sources: files
                .iter()
                .map(|file| SourceView { path: file.path().to_owned(), text: file.text().to_owned() })
                .collect(),
            diagnostics: ::plan::check(files).diagnostics.iter().map(DiagnosticView::from).collect(),
            version: Some(record.digest),
        }
    }
}

impl From<&Diagnostic> for DiagnosticView {
    fn from(flaw: &Diagnostic) -> Self {
        let place = flaw.place.as_ref();
        DiagnosticView {
            severity: flaw.severity.to_string(),
            code: flaw.code.as_str().to_owned(),
            message: flaw.message.clone(),
            help: flaw.help.clone(),
            file: place.map(|place| place.file.clone()),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            length: place.map(|place| place.underline.len()),
        }
    }
}

impl AdoptedView {
    /// What the log says of the plan adopted last.
    #[must_use]
    pub fn of(sealed: &Sealed) -> Option<AdoptedView> {
        let Some(Record::Plan(plan)) = sealed.record() else { return None };
        Some(AdoptedView {
            version: plan.digest,
            parent: plan.parent,
            by: plan.adopted_by,
            time: sealed.time.parse().ok()?,
        })
    }
}

/// The plan as it stands. `adopted` is the version adopted last, if one was.
#[must_use]
pub fn plan(city: &City, text: &PlanText, adopted: Option<AdoptedView>) -> PlanView {
    let plan = city.plan();
    let changed = match (&adopted, &text.version) {
        (Some(adopted), Some(version)) => adopted.version != *version,
        _ => false,
    };
    PlanView {
        name: plan.map(|plan| plan.settings().name.to_string()),
        adopted,
        changed,
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
