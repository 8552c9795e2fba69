//! An object of STIX: a view of what objects share, with everything else beneath it.

use super::time::timestamp;
use city::Tlp;
use jiff::Timestamp;
use serde_json::Value;

/// An object. What is asked for and is not there, or is not what it should be, is `None`; [`validate`](super::validate())
/// says which.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Object<'v> {
    value: &'v Value,
    object_type: &'v str,
}

impl<'v> Object<'v> {
    /// A view of a value; none if it has no type.
    #[must_use]
    pub fn of(value: &'v Value) -> Option<Object<'v>> {
        let object_type = value.get("type")?.as_str()?;
        Some(Object { value, object_type })
    }

    /// Everything that was read.
    #[must_use]
    pub fn value(&self) -> &'v Value {
        self.value
    }

    /// `type`.
    #[must_use]
    pub fn object_type(&self) -> &'v str {
        self.object_type
    }

    /// `id`: the type, `--`, and a UUID.
    #[must_use]
    pub fn id(&self) -> Option<&'v str> {
        self.text("id")
    }

    /// `spec_version`. Objects of STIX 2.0 have none.
    #[must_use]
    pub fn spec_version(&self) -> Option<&'v str> {
        self.text("spec_version")
    }

    /// `created`.
    #[must_use]
    pub fn created(&self) -> Option<Timestamp> {
        self.time("created")
    }

    /// `modified`: which version of the object this is.
    #[must_use]
    pub fn modified(&self) -> Option<Timestamp> {
        self.time("modified")
    }

    /// `created_by_ref`: the identity that made it.
    #[must_use]
    pub fn created_by_ref(&self) -> Option<&'v str> {
        self.text("created_by_ref")
    }

    /// `revoked`: its maker no longer stands by it.
    #[must_use]
    pub fn revoked(&self) -> bool {
        self.value.get("revoked").and_then(Value::as_bool).unwrap_or(false)
    }

    /// `confidence`, from 0 to 100.
    #[must_use]
    pub fn confidence(&self) -> Option<u8> {
        let confidence = self.value.get("confidence")?.as_u64()?;
        u8::try_from(confidence).ok().filter(|confidence| *confidence <= 100)
    }

    /// `labels`.
    pub fn labels(&self) -> impl Iterator<Item = &'v str> + use<'v> {
        self.texts("labels")
    }

    /// `object_marking_refs`: the markings that hold for all of it.
    pub fn object_marking_refs(&self) -> impl Iterator<Item = &'v str> + use<'v> {
        self.texts("object_marking_refs")
    }

    /// `name`.
    #[must_use]
    pub fn name(&self) -> Option<&'v str> {
        self.text("name")
    }

    /// `pattern`, of an indicator.
    #[must_use]
    pub fn pattern(&self) -> Option<&'v str> {
        self.text("pattern")
    }

    /// `pattern_type`, of an indicator; `stix` for the language of [`pattern`](super::pattern).
    #[must_use]
    pub fn pattern_type(&self) -> Option<&'v str> {
        self.text("pattern_type")
    }

    /// `valid_from`, of an indicator.
    #[must_use]
    pub fn valid_from(&self) -> Option<Timestamp> {
        self.time("valid_from")
    }

    /// `valid_until`, of an indicator; from then on it is not valid.
    #[must_use]
    pub fn valid_until(&self) -> Option<Timestamp> {
        self.time("valid_until")
    }

    /// The techniques of ATT&CK that its external references (§2.5) name: `T0855`.
    pub fn techniques(&self) -> impl Iterator<Item = &'v str> + use<'v> {
        let references = self.value().get("external_references").and_then(Value::as_array);
        references.into_iter().flatten().filter_map(|reference| {
            let source = reference.get("source_name")?.as_str()?;
            let id = reference.get("external_id")?.as_str()?;
            (source.starts_with("mitre-") && id.starts_with('T')).then_some(id)
        })
    }

    /// The mark of the Traffic Light Protocol that a marking definition sets, in the form of version 1 (§7.2.1.4) or as
    /// the extension that OASIS defined for version 2.
    #[must_use]
    pub fn tlp(&self) -> Option<Tlp> {
        /// The extension definition of OASIS for TLP 2.0.
        const TLP_2: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
        if self.object_type != "marking-definition" {
            return None;
        }
        let new = || self.value.get("extensions")?.get(TLP_2)?.get("tlp_2_0")?.as_str();
        let old = || self.value.get("definition")?.get("tlp")?.as_str();
        match new().or_else(old)? {
            "clear" | "white" => Some(Tlp::Clear),
            "green" => Some(Tlp::Green),
            "amber" => Some(Tlp::Amber),
            "amber+strict" => Some(Tlp::AmberStrict),
            "red" => Some(Tlp::Red),
            _ => None,
        }
    }

    fn text(&self, name: &str) -> Option<&'v str> {
        self.value.get(name)?.as_str()
    }

    fn time(&self, name: &str) -> Option<Timestamp> {
        timestamp(self.text(name)?)
    }

    fn texts(&self, name: &str) -> impl Iterator<Item = &'v str> + use<'v> {
        self.value.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }
}
