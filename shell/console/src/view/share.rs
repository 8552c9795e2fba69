//! What is told others of an incident, as it would leave.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How far something is told.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct ShareSaid {
    /// How far it may be passed on: `clear`, `green`, `amber` or `amber-strict`. What is `red` stays.
    pub tlp: String,
    /// Whether it is only to be shown.
    #[serde(default)]
    pub dry_run: bool,
    /// What was shown before, by its `draft`: exactly that is told, and nothing else.
    #[serde(default)]
    pub draft: Option<String>,
}

/// What is told of an incident, or would be.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ShareView {
    /// The incident's number.
    pub incident: u64,
    /// How far it may be passed on.
    pub tlp: String,
    /// Whether it was filed, so that others can read it.
    pub filed: bool,
    /// By which it can be told as it is shown here, for some minutes; none if it cannot.
    pub draft: Option<String>,
    /// The objects in STIX 2.1, byte for byte what others read.
    pub objects: Vec<Value>,
    /// What of the city's was replaced in them, and by what.
    pub replaced: Vec<ReplacedView>,
    /// What of the city's is in them still. Unless this is empty, nothing is filed.
    pub leaks: Vec<LeakView>,
    /// Who can read it.
    pub shown_to: Vec<ShownToView>,
}

/// Something that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReplacedView {
    /// What stood there.
    pub what: String,
    /// What stands there now.
    pub with: String,
}

/// Something of the city's that would have left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeakView {
    /// What.
    pub what: String,
    /// What kind of thing: `address`, `device`, `person` …
    pub kind: String,
    /// Where it stands: the object's type, and the properties that lead there.
    pub at: String,
}

/// Somebody who can read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ShownToView {
    /// The peer's id in the plan.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// Why something is taken back.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct WithdrawSaid {
    /// In plain words. Whoever read the defence reads it too, so that nothing of the city's may stand in it.
    #[serde(default)]
    pub reason: String,
}

/// What came of taking something back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WithdrawnView {
    /// Its STIX id.
    pub id: String,
    /// Whether others are told now that it no longer holds.
    pub withdrawn: bool,
    /// What of the city's is in the reason. Unless this is empty, nothing is taken back.
    pub leaks: Vec<LeakView>,
}

/// What others can read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SharedList {
    /// The public key with which this city's defences are checked.
    pub key: String,
    /// The indicators and defences, the first first.
    pub shares: Vec<SharedView>,
}

/// Something that others can read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SharedView {
    /// Its STIX id.
    pub id: String,
    /// Its STIX type.
    #[serde(rename = "type")]
    pub object_type: String,
    /// What it is called.
    pub name: String,
    /// How far it may be passed on.
    pub tlp: String,
    /// When this version of it was made.
    pub modified: String,
    /// Whether others are told that it no longer holds.
    pub revoked: bool,
}
