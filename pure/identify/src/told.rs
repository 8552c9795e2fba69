//! What an identification means for the inventory.

use crate::{Attributes, Identification};
use city::{Text, Trait};
use compact_str::format_compact;

/// How far a fingerprint is believed, in percent: more than the banner alone, which says no more than it wishes to, and
/// less than what a device reports of itself by design.
const CONFIDENCE: f64 = 60.0;

/// One thing that a saying tells of the device that said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it is about.
    pub about: Trait,
    /// The value.
    pub value: Text,
    /// How far it is to be believed, in percent.
    pub confidence: u8,
}

impl Identification {
    /// How far what is said of a part (`service`, `os`, `hw`) is to be believed, in percent.
    #[must_use]
    pub fn confidence(&self, part: &str) -> u8 {
        let certainty = self.attributes.get(&format_compact!("{part}.certainty"));
        let share = certainty.and_then(|share| share.parse::<f64>().ok()).unwrap_or(1.0).clamp(0.0, 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 100 by construction"
        )]
        let percent = (CONFIDENCE * share).round() as u8;
        percent
    }

    /// What is told of the device, in the words of the inventory.
    #[must_use]
    pub fn told(&self) -> Vec<Told> {
        let said = &self.attributes;
        let mut told = Told::list();
        let hw = self.confidence("hw");
        told.add(Trait::Vendor, said.get("hw.vendor"), hw);
        told.add(Trait::Product, said.get("hw.product").or_else(|| said.get("hw.family")), hw);
        told.add(Trait::Model, said.get("hw.model"), hw);
        told.add(Trait::Firmware, said.get("hw.version"), hw);
        told.add(Trait::Serial, said.get("hw.serial_number"), hw);
        told.add(Trait::Role, said.get("hw.device"), hw);
        let os = self.confidence("os");
        // Where the system is that of an appliance, its maker and version are the appliance's.
        let made_by_one = said.get("os.vendor").is_some() && said.get("os.vendor") == said.get("hw.vendor");
        if made_by_one || said.get("os.device").is_some() {
            told.add_if_new(Trait::Role, said.get("os.device"), os);
            told.add_if_new(Trait::Vendor, said.get("os.vendor"), os);
            told.add_if_new(Trait::Firmware, said.get("os.version"), os);
            if said.get("hw.model").is_none() {
                told.add_if_new(Trait::Product, said.get("os.product"), os);
            }
        }
        let system = phrase(said, &["os.vendor", "os.product", "os.edition", "os.version"])
            .or_else(|| said.get("os.family").map(Text::from));
        told.add(Trait::System, system.as_deref(), os);
        let software = phrase(said, &["service.product", "service.version"]);
        told.add(Trait::Software, software.as_deref(), self.confidence("service"));
        let component = phrase(said, &["service.component.product", "service.component.version"]);
        told.add(Trait::Software, component.as_deref(), self.confidence("service"));
        told.add(Trait::Name, said.get("host.name"), self.confidence("host").min(50));
        told.0
    }
}

/// Values that follow one another, as one text. None if the last but one is missing: a version alone names nothing.
fn phrase(said: &Attributes, names: &[&str]) -> Option<Text> {
    let named = names.iter().any(|name| name.ends_with(".product") && said.get(name).is_some());
    let mut words: Vec<&str> = Vec::new();
    for word in names.iter().filter_map(|name| said.get(name)) {
        // `FreeBSD FreeBSD 14` says no more than `FreeBSD 14`.
        if words.last().is_none_or(|last| *last != word) {
            words.push(word);
        }
    }
    named.then(|| Text::from(words.join(" ")))
}

/// What is told, gathered.
struct List(Vec<Told>);

impl Told {
    fn list() -> List {
        List(Vec::new())
    }
}

impl List {
    fn add(&mut self, about: Trait, value: Option<&str>, confidence: u8) {
        if let Some(value) = value.map(str::trim).filter(|value| !value.is_empty())
            && confidence > 0
        {
            self.0.push(Told { about, value: value.into(), confidence });
        }
    }

    fn add_if_new(&mut self, about: Trait, value: Option<&str>, confidence: u8) {
        if self.0.iter().all(|told| told.about != about) {
            self.add(about, value, confidence);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Kind, said};

    fn told(kind: &str, words: &str) -> Vec<String> {
        let known = said(&Kind::named(kind), words).unwrap();
        known
            .told()
            .iter()
            .map(|told| format!("{} {} {}", told.about.as_str(), told.value, told.confidence))
            .collect()
    }

    #[test]
    fn a_server_tells_its_software_and_its_system() {
        assert_eq!(
            told("ssh", "OpenSSH_8.9p1 Ubuntu-3ubuntu0.10"),
            ["system Ubuntu Linux 22.04 60", "software OpenSSH 8.9p1 60"]
        );
        // Nobody else is known by that name, so it is believed less.
        assert_eq!(told("http-server", "LampWeb/2.1"), ["software LampWeb 2.1 18"]);
    }

    #[test]
    fn an_appliance_tells_who_made_it_and_what_it_does() {
        assert_eq!(
            told("dhcp-vendor-class", "AXIS,Network Camera,P0000,1.2.3"),
            ["vendor AXIS 60", "model P0000 60", "role IP Camera 60", "firmware 1.2.3 60"]
        );
    }
}
