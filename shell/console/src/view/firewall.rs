//! The firewall: what its rules do, whether they mean the plan, and what no firewall can see.

use crate::{
    view::{End, Named},
    words::{capital, number},
};
use ::city::{Address, Firewall, FirewallMode, Unequal};
use cycle::City;
use defend::segmentation::Policy;
use plan::Plan;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The firewall as it was looked at last, held against the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FirewallView {
    /// How the firewall stands, in a sentence.
    pub headline: String,
    /// What else a person should know at once, each in a sentence: a change that waits, rules changed by hand, devices
    /// that are cut off.
    pub besides: Vec<String>,
    /// `none`, `open`, `observing` or `enforcing`.
    pub mode: &'static str,
    /// Why it could not be looked at; what else is said is then from before.
    pub unreachable: Option<String>,
    /// Whether a change is live that nobody has confirmed; without that it is reverted.
    pub pending: bool,
    /// Whether the live rules were proven to mean the plan.
    pub proven: bool,
    /// Why they could not be compared with the plan, if they could not.
    pub uncompared: Option<String>,
    /// Where they differ from the plan.
    pub differences: Vec<DifferenceView>,
    /// The lines by which the live rules differ from those applied: `-` is missing, `+` was added.
    pub drift: Vec<String>,
    /// Who is cut off.
    pub contained: Vec<End>,
    /// What a firewall cannot see and only the wire watches, by conduit.
    pub watched: Vec<WatchedView>,
    /// What of the plan no firewall can carry out, each in a sentence.
    pub gaps: Vec<String>,
}

/// A difference between the live rules and the plan, with a packet that shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DifferenceView {
    /// Whether something passes that the plan refuses; else something is refused that the plan allows.
    pub passes: bool,
    /// From which zone to which, by their names.
    pub path: String,
    /// The packet.
    pub packet: String,
    /// The rule that decided.
    pub rule: String,
    /// The conduits between the two zones, with their places in the plan.
    pub conduits: Vec<String>,
}

/// What the wire watches of a conduit, for a firewall sees no more of it than ports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WatchedView {
    /// The conduit.
    pub conduit: String,
    /// The zone that begins.
    pub from: Named,
    /// The zone that is spoken to.
    pub to: Named,
    /// The allowances, as the plan writes them.
    pub allow: Vec<String>,
    /// Where the conduit stands in the plan, as `file:line`.
    pub place: Option<String>,
}

impl FirewallView {
    /// The mark and the colour of what its rules do.
    pub(crate) fn mark(&self) -> &'static str {
        match self.mode {
            "none" => "unknown",
            _ if self.unreachable.is_some() => "unknown",
            "enforcing" => "well",
            _ => "at-risk",
        }
    }

    /// What its rules do, in a few words.
    pub(crate) fn mode_words(&self) -> &'static str {
        match self.mode {
            "none" => "not connected",
            "open" => "open: it has no rules of the plan",
            "observing" => "observing: it counts and logs what no conduit allows, and lets it pass",
            _ => "enforcing: it refuses what no conduit allows",
        }
    }
}

/// The firewall as it was looked at last.
#[must_use]
pub fn firewall(city: &City) -> FirewallView {
    let known = city.firewall();
    let plan = city.plan().map(AsRef::as_ref);
    let firewall = known.cloned().unwrap_or_default();
    let mode = match (known, firewall.mode) {
        (None, _) => "none",
        (_, FirewallMode::Open) => "open",
        (_, FirewallMode::Observing) => "observing",
        (_, FirewallMode::Enforcing) => "enforcing",
    };
    let (watched, gaps) = plan.map(unseen).unwrap_or_default();
    FirewallView {
        headline: known.map_or_else(
            || "No firewall is connected: the plan is watched on the wire, and nothing refuses what it does not allow."
                .to_owned(),
            headline,
        ),
        besides: known.map(besides).unwrap_or_default(),
        mode,
        unreachable: firewall.unreachable.map(|why| why.to_string()),
        pending: firewall.pending,
        proven: mode == "enforcing" && firewall.uncompared.is_none() && firewall.unequal.is_empty(),
        uncompared: firewall.uncompared.filter(|_| mode == "enforcing").map(|why| why.to_string()),
        differences: firewall.unequal.into_iter().map(difference).collect(),
        drift: firewall.drift.iter().map(ToString::to_string).collect(),
        contained: firewall.contained.iter().map(|ip| End::new(city, Address::Ip(*ip))).collect(),
        watched,
        gaps,
    }
}

fn difference(unequal: Unequal) -> DifferenceView {
    DifferenceView {
        passes: unequal.passes,
        path: unequal.path.to_string(),
        packet: unequal.packet.to_string(),
        rule: unequal.rule.to_string(),
        conduits: unequal.conduits.iter().map(ToString::to_string).collect(),
    }
}

/// What of a plan only the wire watches, by conduit in the order of the plan; and what no firewall can carry out.
fn unseen(plan: &Plan) -> (Vec<WatchedView>, Vec<String>) {
    let policy = Policy::new(plan);
    let mut watched: Vec<WatchedView> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (conduit, allowance) in &policy.watched {
        let at = *places.entry(conduit.id.as_str()).or_insert(watched.len());
        if at == watched.len() {
            let named = |id| Named::new(id, plan.zone(id).map(|zone| &zone.name));
            watched.push(WatchedView {
                conduit: conduit.id.to_string(),
                from: named(&conduit.from),
                to: named(&conduit.to),
                allow: Vec::new(),
                place: plan.place_of(&conduit.id).map(|(file, line)| format!("{file}:{line}")),
            });
        }
        if let Some(view) = watched.get_mut(at) {
            view.allow.push(allowance.to_string());
        }
    }
    (watched, policy.gaps.iter().map(ToString::to_string).collect())
}

/// How the firewall stands, for whoever reads one line.
fn headline(firewall: &Firewall) -> String {
    if firewall.unreachable.is_some() {
        return "The firewall does not answer: what it does now is not known.".to_owned();
    }
    let places = |count: usize| match count {
        1 => "one place".to_owned(),
        count => format!("{} places", number(count)),
    };
    match (firewall.mode, firewall.unequal.len()) {
        (FirewallMode::Open, _) => {
            "The firewall lets everything pass: it has no rules of the plan.".to_owned()
        }
        (FirewallMode::Observing, _) => {
            "The firewall counts what the plan does not allow, and lets it pass.".to_owned()
        }
        (FirewallMode::Enforcing, 0) if firewall.uncompared.is_some() => {
            "The firewall refuses what it was told to, and whether that is the plan could not be proven."
                .to_owned()
        }
        (FirewallMode::Enforcing, 0) => "The firewall enforces the plan, and is proven to.".to_owned(),
        (FirewallMode::Enforcing, Firewall::LINES_MAX..) => {
            format!(
                "The firewall does not do what the plan says, in {} or more.",
                places(Firewall::LINES_MAX)
            )
        }
        (FirewallMode::Enforcing, count) => {
            format!("The firewall does not do what the plan says, in {}.", places(count))
        }
    }
}

/// What else a person should know of it at once.
fn besides(firewall: &Firewall) -> Vec<String> {
    let pending = firewall.pending.then(|| "A change waits to be confirmed, or is reverted.".to_owned());
    let drift = (!firewall.drift.is_empty()).then(|| "Somebody changed its rules by hand.".to_owned());
    let contained = match firewall.contained.len() {
        0 => None,
        1 => Some("One device is cut off.".to_owned()),
        count => Some(format!("{} devices are cut off.", capital(&number(count)))),
    };
    [pending, drift, contained].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_a_firewall_does_and_what_is_wrong() {
        let enforcing = Firewall { mode: FirewallMode::Enforcing, ..Firewall::default() };
        assert_eq!(headline(&enforcing), "The firewall enforces the plan, and is proven to.");
        let unequal = Unequal {
            passes: true,
            path: "a to b".into(),
            packet: "tcp".into(),
            rule: "no rule".into(),
            conduits: Vec::new(),
        };
        let wrong = Firewall {
            unequal: vec![unequal.clone(), unequal],
            drift: vec!["+ accept".into()],
            contained: vec!["192.0.2.1".parse().unwrap()],
            pending: true,
            ..enforcing.clone()
        };
        assert_eq!(headline(&wrong), "The firewall does not do what the plan says, in two places.");
        assert_eq!(
            besides(&wrong).join(" "),
            "A change waits to be confirmed, or is reverted. Somebody changed its rules by hand. One device is cut off."
        );
        let gone = Firewall { unreachable: Some("no socket".into()), ..enforcing.clone() };
        assert!(headline(&gone).contains("is not known"), "what was proven before is not said of now");
        let unproven = Firewall { uncompared: Some("there is no plan".into()), ..enforcing };
        assert!(headline(&unproven).contains("could not be proven"));
    }
}
