//! Findings about the firewall itself.

use city::{Address, Description, Difference, FindingKey, Firewall, Rule, Severity, Text, Unequal};
use std::net::Ipv4Addr;

/// What is wrong with the firewall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Somebody changed the live rules by hand.
    Drift(Vec<Text>),
    /// The live rules are not the plan's.
    Unequal(Unequal),
}

/// What is to be said of a firewall that was not so before.
#[must_use]
pub fn faults(before: Option<&Firewall>, now: &Firewall) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !now.drift.is_empty() && before.is_none_or(|before| before.drift != now.drift) {
        faults.push(Fault::Drift(now.drift.clone()));
    }
    let known = |unequal: &&Unequal| before.is_some_and(|before| before.unequal.contains(unequal));
    faults.extend(now.unequal.iter().filter(|unequal| !known(unequal)).cloned().map(Fault::Unequal));
    faults
}

impl Difference for Fault {
    fn key(&self) -> FindingKey {
        // The firewall has no address of its own here.
        let subject = Address::Ip(Ipv4Addr::UNSPECIFIED.into());
        match self {
            Fault::Drift(_) => {
                FindingKey { rule: Rule::FirewallDrift, subject, distinction: Text::default() }
            }
            Fault::Unequal(unequal) => {
                let way = if unequal.passes { "passes" } else { "refused" };
                let distinction = Text::from(format!("{way} {}", unequal.path));
                FindingKey { rule: Rule::NotEnforced, subject, distinction }
            }
        }
    }

    fn describe(&self, _: &dyn Fn(Address) -> Text) -> Description {
        match self {
            Fault::Drift(lines) => Description {
                title: "The firewall’s rules were changed by hand".into(),
                severity: Severity::High,
                reason: format!(
                    "What is live is not what was applied ({} lines differ): {}",
                    lines.len(),
                    lines.iter().take(8).map(Text::as_str).collect::<Vec<_>>().join(" ⏎ ")
                )
                .into(),
                remedy: "Ask who changed them and why. `bastide defend status` shows the whole difference; `bastide \
                         defend apply` puts the plan’s rules back, and what must stay belongs into the plan."
                    .into(),
                peer: None,
                // The ICS matrix has no technique for a defence that is switched off; the enterprise matrix has.
                techniques: &["T1562.004"],
                outcomes: &["caf:B4.b", "caf:B5.b", "csf:PR.PS-01", "csf:PR.IR-01", "csf:DE.CM-09"],
            },
            Fault::Unequal(Unequal { passes, path, packet, rule, conduits }) => Description {
                title: if *passes {
                    format!("The firewall lets through what the plan refuses: {path}").into()
                } else {
                    format!("The firewall refuses what the plan allows: {path}").into()
                },
                severity: if *passes { Severity::High } else { Severity::Medium },
                reason: format!(
                    "{packet}: decided by {rule}. {}",
                    if conduits.is_empty() {
                        "The plan has no conduit there.".to_owned()
                    } else {
                        format!("The plan says: {}.", conduits.join(", "))
                    }
                )
                .into(),
                remedy: "Compare with `bastide defend prove`. If the plan is right, apply it again; if the firewall is \
                         right, change the plan."
                    .into(),
                peer: None,
                techniques: if *passes { &["T1562.004"] } else { &[] },
                outcomes: &["caf:B4.a", "caf:B5.b", "csf:PR.IR-01", "csf:PR.PS-01"],
            },
        }
    }
}
