//! What of others' intelligence is not acted on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What shall not be acted on any more, or again.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct SetAsideSaid {
    /// The STIX id of an object, or the name of a source.
    pub what: String,
    /// Why. It is sealed.
    pub reason: String,
    /// Whether it shall be acted on again.
    #[serde(default)]
    pub undo: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SetAsideView {
    /// The STIX id of an object, or the name of a source.
    pub what: String,
    /// Which of the two: `object` or `source`.
    pub kind: String,
    /// Whether it is acted on now.
    pub acted_on: bool,
    /// Whether that is other than before.
    pub changed: bool,
}
