//! What must not leave a city: its addresses and the names that only it uses.
//!
//! [`Redaction::redact`] replaces them before anything is signed, each by what kind of thing it is. [`Inside::leaks`] is the
//! proof afterwards, by other means: it takes what would leave apart down to its strings, undoes the ways in which text
//! hides in text, and looks for every address and name again.

use city::{Address, Mac, Text};
use ipnet::IpNet;
use plan::Plan;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv6Addr},
};

mod hidden;
mod words;

use words::{Found, addresses, names};

/// The shortest name that is looked for; what is shorter says nothing of a city.
const NAME_MIN: usize = 3;

/// How often text in text in text is undone.
const DEPTH_MAX: usize = 3;

/// How often a text is looked through again after something was replaced.
const LOOKS_MAX: usize = 8;

/// The most leaks that are told.
const LEAKS_MAX: usize = 32;

/// What is a city's own and nobody else's.
#[derive(Clone, Debug, Default)]
pub struct Inside {
    networks: Vec<IpNet>,
    addresses: BTreeSet<IpAddr>,
    macs: BTreeSet<Mac>,
    /// Names in lower case, the longest first, with the kind of thing that each is of.
    names: Vec<(String, &'static str)>,
}

/// Something of the city's that would leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// What it is, as it stands there.
    pub what: String,
    /// What kind of thing: `address`, `device`, `zone`, `person` …
    pub kind: &'static str,
    /// Where: the names of the properties that lead there, by `/`.
    pub at: String,
}

impl Inside {
    /// What a plan declares that is not outside the city. Networks and addresses that nobody can reach from elsewhere
    /// (RFC 1918, 6598, 3927, 4193) are inside whether declared or not.
    #[must_use]
    pub fn of(plan: &Plan) -> Inside {
        let outside: BTreeSet<_> = plan.zones().filter(|zone| zone.outside).map(|zone| &zone.id).collect();
        let mut inside = Inside::default();
        let mut kinds: BTreeMap<String, &'static str> = BTreeMap::new();
        let mut name = |text: &str, kind| {
            let text = text.trim().to_lowercase();
            if text.chars().count() >= NAME_MIN {
                kinds.entry(text).or_insert(kind);
            }
        };
        for zone in plan.zones().filter(|zone| !zone.outside) {
            inside.networks.extend(&zone.networks);
            name(zone.id.as_str(), "zone");
            name(&zone.name, "zone");
        }
        for asset in plan.assets().filter(|asset| !outside.contains(&asset.zone)) {
            inside.addresses.extend(&asset.addresses);
            inside.macs.extend(&asset.macs);
            name(asset.id.as_str(), "device");
            name(&asset.name, "device");
        }
        for service in plan.services() {
            name(service.id.as_str(), "service");
            name(&service.name, "service");
        }
        for site in plan.sites() {
            name(site.id.as_str(), "place");
            name(&site.name, "place");
            site.address.iter().for_each(|text| name(text, "place"));
        }
        for supplier in plan.suppliers() {
            name(supplier.id.as_str(), "supplier");
            name(&supplier.name, "supplier");
        }
        for contact in plan.contacts() {
            name(contact.id.as_str(), "person");
            name(&contact.name, "person");
            contact.mail.iter().chain(&contact.telephone).for_each(|text| name(text, "person"));
        }
        inside.names = kinds.into_iter().collect();
        inside.names.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then(a.cmp(b)));
        inside
    }

    /// Whether an address is the city's own.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_private(address)
            || self.addresses.contains(&address)
            || self.networks.iter().any(|network| network.contains(&address))
    }

    /// Everything of the city's in what would leave; nothing if it may. At most 32 are told.
    ///
    /// Looked at is every string and every name of a property, as it stands and as what it is the Base64, hexadecimal or
    /// percent-encoding of. Ids and references are looked at too: a name in a UUID's place is a leak like any other.
    #[must_use]
    pub fn leaks(&self, value: &Value) -> Vec<Leak> {
        let mut leaks = Vec::new();
        self.walk(value, &mut Vec::new(), &mut leaks);
        leaks
    }

    fn walk<'v>(&self, value: &'v Value, path: &mut Vec<&'v str>, leaks: &mut Vec<Leak>) {
        match value {
            Value::String(text) => self.look(text, path, DEPTH_MAX, leaks),
            Value::Array(list) => list.iter().for_each(|value| self.walk(value, path, leaks)),
            Value::Object(map) => {
                for (name, value) in map {
                    self.look_at_name(name, path, leaks);
                    path.push(name);
                    self.walk(value, path, leaks);
                    path.pop();
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A property's name is the standard's word, unless it holds an address.
    fn look_at_name(&self, name: &str, path: &[&str], leaks: &mut Vec<Leak>) {
        for found in addresses(name).filter(|found| self.is_inside(found)) {
            tell(leaks, found.text, "address", path);
        }
    }

    fn look(&self, text: &str, path: &[&str], depth: usize, leaks: &mut Vec<Leak>) {
        for found in addresses(text).filter(|found| self.is_inside(found)) {
            tell(leaks, found.text, "address", path);
        }
        // Words that the standard itself puts there are no names of the city's.
        let is_word = matches!(
            path.last(),
            Some(&("type" | "spec_version" | "pattern_type" | "extension_type" | "extension_types"))
        );
        if !is_word {
            for (at, name, kind) in names(text, &self.names) {
                tell(leaks, text.get(at..at + name.len()).unwrap_or(name), kind, path);
            }
        }
        if depth > 0 && leaks.len() < LEAKS_MAX {
            for text in hidden::texts(text) {
                self.look(&text, path, depth - 1, leaks);
            }
        }
    }

    fn is_inside(&self, found: &Found<'_>) -> bool {
        match found.address {
            Address::Ip(address) => self.holds(address),
            Address::Mac(mac) => self.macs.contains(&mac),
        }
    }
}

fn tell(leaks: &mut Vec<Leak>, what: &str, kind: &'static str, path: &[&str]) {
    if leaks.len() < LEAKS_MAX {
        leaks.push(Leak { what: what.to_owned(), kind, at: path.join("/") });
    }
}

/// Whether an address means something only where it is used: private (RFC 1918), shared (RFC 6598), of a link (RFC 3927,
/// RFC 4291), unique local (RFC 4193).
#[must_use]
pub fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private() || v4.is_link_local() || a == 100 && (64..128).contains(&b)
        }
        IpAddr::V6(v6) => is_local(v6),
    }
}

fn is_local(v6: Ipv6Addr) -> bool {
    v6.is_unique_local() || v6.is_unicast_link_local()
}

/// Text made fit to leave. The same thing has the same stand-in wherever it stands, so that what is told still hangs
/// together.
#[derive(Clone, Debug)]
pub struct Redaction<'i> {
    inside: &'i Inside,
    stand_ins: BTreeMap<String, String>,
    counts: BTreeMap<&'static str, u32>,
}

impl<'i> Redaction<'i> {
    /// Nothing replaced yet.
    #[must_use]
    pub fn new(inside: &'i Inside) -> Redaction<'i> {
        Redaction { inside, stand_ins: BTreeMap::new(), counts: BTreeMap::new() }
    }

    /// A text with the city's addresses and names replaced: `192.0.2.5` by `address-1`, `Lamp post 7` by `device-1`.
    ///
    /// What stands close together may only show itself once what stood beside it is gone, so it is looked again.
    pub fn redact(&mut self, text: &str) -> Text {
        let mut left = text.to_owned();
        for _ in 0..LOOKS_MAX {
            let Some(less) = self.replace(&left) else { break };
            left = less;
        }
        left.into()
    }

    /// The text with everything replaced that is seen in it; none if nothing is.
    fn replace(&mut self, text: &str) -> Option<String> {
        let inside = self.inside;
        let mut cuts: Vec<(usize, usize, &'static str)> = Vec::new();
        for (at, name, kind) in names(text, &inside.names) {
            cuts.push((at, at + name.len(), kind));
        }
        for found in addresses(text).filter(|found| inside.is_inside(found)) {
            cuts.push((found.at, found.at + found.text.len(), "address"));
        }
        if cuts.is_empty() {
            return None;
        }
        // The longest of what begins at one place counts, and nothing within it.
        cuts.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        let (mut out, mut end) = (String::new(), 0);
        for (from, to, kind) in cuts {
            if from < end {
                continue;
            }
            out.push_str(text.get(end..from).unwrap_or_default());
            let what = text.get(from..to).unwrap_or_default().to_lowercase();
            out.push_str(&self.stand_in(what, kind));
            end = to;
        }
        out.push_str(text.get(end..).unwrap_or_default());
        Some(out)
    }

    fn stand_in(&mut self, what: String, kind: &'static str) -> String {
        if let Some(known) = self.stand_ins.get(&what) {
            return known.clone();
        }
        let count = self.counts.entry(kind).or_insert(0);
        *count += 1;
        let stand_in = format!("{kind}-{count}");
        self.stand_ins.insert(what, stand_in.clone());
        stand_in
    }

    /// What was replaced by what, in the order of what it was.
    pub fn replaced(&self) -> impl Iterator<Item = (&str, &str)> {
        self.stand_ins.iter().map(|(what, stand_in)| (what.as_str(), stand_in.as_str()))
    }
}
