//! What is said of a device, by the names that the field has for it.

use city::Text;
use std::collections::BTreeMap;

/// Attributes by name: `service.vendor`, `os.version`, `hw.product`. The names are those of recog, which other tools
/// know: `service` is the programme that answered, `os` what it runs on, `hw` the device itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(BTreeMap<Text, Text>);

impl Attributes {
    /// The value of an attribute.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(Text::as_str)
    }

    /// Every attribute, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets an attribute that has no value yet. An empty value says nothing.
    pub(crate) fn fill(&mut self, name: &str, value: &str) {
        if !value.is_empty() && !self.0.contains_key(name) {
            self.0.insert(name.into(), value.into());
        }
    }

    /// Puts the values of attributes where others name them: `{service.version}`. In a CPE name a version that is not
    /// known is `-`; elsewhere a value with an unknown part says nothing and is left out.
    pub(crate) fn interpolate(&mut self) {
        let waiting: Vec<Text> =
            self.0.iter().filter(|(_, value)| value.contains('{')).map(|(name, _)| name.clone()).collect();
        for name in waiting {
            let Some(value) = self.0.remove(&name) else { continue };
            if let Some(value) = self.put_in(&name, &value) {
                self.0.insert(name, value.into());
            }
        }
    }

    /// The same, but a value with a part that is not known is left out, also in a CPE name.
    pub(crate) fn interpolate_known(&mut self) {
        let unknown = |name: &str| !self.0.contains_key(name);
        let incomplete = |value: &str| {
            let parts = value.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0));
            parts.into_iter().any(unknown)
        };
        let out: Vec<Text> =
            self.0.iter().filter(|(_, value)| incomplete(value)).map(|(name, _)| name.clone()).collect();
        for name in out {
            self.0.remove(&name);
        }
        self.interpolate();
    }

    fn put_in(&self, name: &str, value: &str) -> Option<String> {
        let mut made = String::new();
        let mut rest = value;
        while let Some((before, after)) = rest.split_once('{') {
            made.push_str(before);
            let Some((wanted, behind)) = after.split_once('}') else {
                made.push('{');
                rest = after;
                continue;
            };
            // In the built-in table `{name:lower}` is the value in small letters, as CPE names have it.
            let (wanted, small) = wanted.strip_suffix(":lower").map_or((wanted, false), |name| (name, true));
            match self.get(wanted) {
                Some(known) if small => made.push_str(&known.to_lowercase()),
                Some(known) => made.push_str(known),
                None if name.ends_with(".cpe23") && wanted.contains(".version") => made.push('-'),
                None => return None,
            }
            rest = behind;
        }
        made.push_str(rest);
        Some(made)
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Attributes {
        let mut made = Attributes::default();
        for (name, value) in pairs {
            made.fill(name, value);
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_name_another() {
        let mut made: Attributes = [
            ("service.version", "7.4"),
            ("service.cpe23", "cpe:/a:example:server:{service.version}"),
            ("os.cpe23", "cpe:/o:example:system:{os.version}"),
            ("hw.product", "{hw.family} {hw.model}"),
        ]
        .into_iter()
        .collect();
        made.interpolate();
        assert_eq!(made.get("service.cpe23"), Some("cpe:/a:example:server:7.4"));
        assert_eq!(made.get("os.cpe23"), Some("cpe:/o:example:system:-"));
        assert_eq!(made.get("hw.product"), None);
    }
}
