//! What others tell, as differences that matter: their alerts, sightings of their indicators, doubts about what they send,
//! what hunts found, and defences that they offer.

use city::{
    Address, Alert, Bearing, DefenceKind, Description, Difference, Doubt, DoubtKind, FindingKey, Hunted,
    Offered, Rule, Severity, Sighting, Text, Withdrawn,
};
use std::{fmt, net::Ipv4Addr};

/// From which confidence on a sighting should be looked at today, and from which this week.
const SURE: u8 = 75;
const LIKELY: u8 = 40;

/// From how many times on it is no mistake to ask for what one may not have.
const TRIES: u64 = 20;

/// Something that others told.
#[derive(Clone, Copy, Debug)]
pub enum Told<'t> {
    /// Another tool raised an alert.
    Alert(&'t Alert),
    /// What was seen matches an indicator.
    Sighting(&'t Sighting),
    /// A source tells what cannot be right.
    Doubt {
        /// The source: a peer's id, or the name of a file.
        source: &'t Text,
        /// What is wrong.
        doubt: &'t Doubt,
    },
    /// A hunt found something.
    Found(&'t Hunted),
    /// Another city offers a defence that people should decide about.
    Offered(&'t Offered),
    /// Another city took a defence back.
    Withdrawn {
        /// What it says.
        withdrawn: &'t Withdrawn,
        /// What was undone because of it.
        undone: Undone,
    },
}

/// What was undone because a defence was taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Blocks that are being released.
    pub released: usize,
    /// Proposals that wait for nobody any more.
    pub withdrawn: usize,
    /// Responses that stay, because a person, a finding of this city or another defence speaks for them too.
    pub kept: usize,
}

impl Undone {
    /// Whether anything here rested on the defence.
    #[must_use]
    pub fn is_anything(self) -> bool {
        self != Undone::default()
    }
}

/// The address of what is about none.
const NOWHERE: Address = Address::Ip(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED));

impl Difference for Told<'_> {
    fn key(&self) -> FindingKey {
        let (rule, subject, distinction) = match self {
            Told::Alert(alert) => (
                Rule::AlertedElsewhere,
                alert.subject,
                compact(format_args!("{} {}", alert.tool, alert.rule)),
            ),
            Told::Sighting(sighting) => (Rule::IndicatorSeen, sighting.subject, sighting.indicator.clone()),
            Told::Doubt { source, doubt } => {
                let rule = match doubt.kind {
                    DoubtKind::Denied => Rule::IntelligenceDenied,
                    _ => Rule::IntelligenceDoubted,
                };
                (rule, NOWHERE, compact(format_args!("{source} {}", doubt.kind.as_str())))
            }
            Told::Found(hunted) => (Rule::HuntFound, hunted.subject.unwrap_or(NOWHERE), hunted.hunt.clone()),
            Told::Offered(offered) => {
                (Rule::DefenceOffered, NOWHERE, compact(format_args!("{} {}", offered.peer, offered.defence)))
            }
            // Each version that is taken back is news.
            Told::Withdrawn { withdrawn: Withdrawn { peer, defence, version, .. }, .. } => {
                (Rule::DefenceWithdrawn, NOWHERE, compact(format_args!("{peer} {defence} {version}")))
            }
        };
        FindingKey { rule, subject, distinction }
    }

    fn describe(&self, name: &dyn Fn(Address) -> Text) -> Description {
        match self {
            Told::Alert(alert) => of_alert(alert, name),
            Told::Sighting(sighting) => of_sighting(sighting, name),
            Told::Doubt { source, doubt } => of_doubt(source, doubt),
            Told::Found(hunted) => of_hunt(hunted, name),
            Told::Offered(offered) => of_offer(offered),
            Told::Withdrawn { withdrawn, undone } => of_withdrawal(withdrawn, *undone),
        }
    }

    fn bearing(&self) -> Bearing {
        let techniques = match self {
            Told::Alert(alert) => alert.techniques.clone(),
            Told::Sighting(sighting) => sighting.techniques.clone(),
            Told::Found(hunted) => hunted.technique.iter().cloned().collect(),
            Told::Doubt { .. } | Told::Offered(_) | Told::Withdrawn { .. } => Vec::new(),
        };
        Bearing { techniques, ..Bearing::default() }
    }
}

fn of_alert(alert: &Alert, name: &dyn Fn(Address) -> Text) -> Description {
    let with = alert.peer.map(|peer| format!(", with {}", name(peer))).unwrap_or_default();
    Description {
        title: compact(format_args!("{}: {} ({}{with})", alert.tool, alert.title, name(alert.subject))),
        severity: alert.severity,
        reason: compact(format_args!("{} raised it by its rule {}.", alert.tool, alert.rule)),
        remedy: compact(format_args!(
            "Look at what {} shows of it, and at the packets kept here. If its rule is wrong, mend it there: this city \
             takes its word.",
            alert.tool
        )),
        peer: alert.peer,
        techniques: &[],
        outcomes: &["caf:C1.a", "csf:DE.AE-03"],
    }
}

fn of_sighting(sighting: &Sighting, name: &dyn Fn(Address) -> Text) -> Description {
    let severity = match sighting.confidence {
        SURE.. => Severity::High,
        LIKELY.. => Severity::Medium,
        _ => Severity::Low,
    };
    let when = if sighting.looking_back { "was found in the history" } else { "was seen" };
    Description {
        title: compact(format_args!(
            "A known sign of an attack at {}: {}",
            name(sighting.subject),
            if sighting.name.is_empty() { &sighting.value } else { &sighting.name }
        )),
        severity,
        reason: compact(format_args!(
            "{} {when}. {} told of it; it is believed by {} of 100.",
            sighting.value, sighting.source, sighting.confidence
        )),
        remedy: "Look at what the device did before and since. If the sign is wrong, dismiss the incident, and tell whoever \
                 told it."
            .into(),
        peer: sighting.peer,
        techniques: &[],
        outcomes: &["caf:C1.a", "csf:DE.AE-07"],
    }
}

fn of_doubt(source: &Text, doubt: &Doubt) -> Description {
    let (what, severity) = match doubt.kind {
        DoubtKind::OwnAddress => ("names addresses of this city as an attacker’s", Severity::Medium),
        DoubtKind::NobodysAddress => ("names addresses that are nobody’s in particular", Severity::Low),
        DoubtKind::WellKnown => ("names what everybody uses as an attacker’s", Severity::Low),
        DoubtKind::TooBroad => ("names so much that it says nothing", Severity::Low),
        DoubtKind::TooLarge => ("sends more than is taken", Severity::Medium),
        DoubtKind::Malformed => ("sends what is not what it should be", Severity::Low),
        DoubtKind::TooHard => ("sends patterns that cannot be decided in reasonable time", Severity::Medium),
        DoubtKind::WrongTime => ("sends times that cannot be", Severity::Medium),
        DoubtKind::Forged => ("sends defences that nobody signed who is known here", Severity::High),
        DoubtKind::Replayed => ("sends again what was replaced", Severity::Medium),
        DoubtKind::Marking => ("passes on what it may not", Severity::Medium),
        DoubtKind::Unreachable => ("cannot be read", Severity::Low),
        // A wrong password once is a mistake; often, it is somebody who tries.
        DoubtKind::Denied if doubt.count < TRIES => ("asks for what it may not have", Severity::Low),
        DoubtKind::Denied => ("tries to get what it may not have", Severity::Medium),
    };
    Description {
        title: compact(format_args!("{source} {what}")),
        severity,
        reason: compact(format_args!("{}, {} times.", doubt.example.trim_end_matches('.'), doubt.count)),
        remedy: "It was kept and not acted on. Ask whoever sends it; if it goes on, take the peer out of the plan or \
                 trust it less."
            .into(),
        peer: None,
        techniques: &[],
        outcomes: &["csf:ID.RA-02"],
    }
}

fn of_hunt(hunted: &Hunted, name: &dyn Fn(Address) -> Text) -> Description {
    let at = hunted.subject.map(|subject| format!(" at {}", name(subject))).unwrap_or_default();
    let times = if hunted.found == 1 { "once".to_owned() } else { format!("{} times", hunted.found) };
    Description {
        title: compact(format_args!("The hunt “{}” found something{at}", hunted.hunt)),
        severity: Severity::Medium,
        reason: compact(format_args!(
            "{} hunted through {} records, and it matched {times}.",
            hunted.by, hunted.searched
        )),
        remedy:
            "Look at what it found: `bastide hunt` shows each. If it was meant to be so, say so in the plan."
                .into(),
        peer: None,
        techniques: &[],
        outcomes: &["caf:C2.a", "csf:DE.AE-02"],
    }
}

/// What trying an offered defence here has shown, in a sentence or two, with what else there is to know of it.
#[must_use]
pub fn tried(offered: &Offered) -> String {
    let Offered { kind, rehearsed, note, .. } = offered;
    let (looked, caught, cut) = (rehearsed.conversations, rehearsed.caught, rehearsed.cut);
    let tried = match kind {
        DefenceKind::Block => format!(
            "Rehearsed on {looked} conversations recorded here, it would have caught {caught} and cut {cut} that the \
             plan allows."
        ),
        DefenceKind::Narrow => format!(
            "Rehearsed on {looked} conversations and requests recorded here, it would have caught {caught} that were \
             found bad here, and cut {cut} others."
        ),
        DefenceKind::Detect => format!("Hunted through {looked} records, it matched {caught} times."),
        DefenceKind::Procedure => "It is for people to do, and there is nothing to rehearse.".to_owned(),
    };
    if note.is_empty() { tried } else { format!("{tried} {note}") }
}

fn of_offer(offered: &Offered) -> Description {
    let Offered { peer, relay, defence, title, kind, rehearsed, standing, .. } = offered;
    let relay = relay.as_ref().map(|relay| format!("{relay} handed it on. ")).unwrap_or_default();
    let (caught, cut, tried) = (rehearsed.caught, rehearsed.cut, tried(offered));
    let shown = format!("`bastide share try {defence} --city DIR`");
    Description {
        title: compact(format_args!("{peer} offers a defence: {title}")),
        severity: if caught > 0 { Severity::High } else { Severity::Low },
        reason: compact(format_args!("{relay}{tried}")),
        remedy: match kind {
            DefenceKind::Block if cut == 0 => "Agree to the responses that it proposes, or let it be.".into(),
            DefenceKind::Block => {
                "It would cut what the plan allows, so that nothing is done by itself: look at what that is."
                    .into()
            }
            DefenceKind::Narrow => compact(format_args!(
                "{shown} shows what would be cut, and with `--format patch` the change of the plan. Adopt it, or let it be."
            )),
            DefenceKind::Detect if *standing => {
                "It is watched for from now on, as the plan says. If it is noise, take `detect` from the peer.".into()
            }
            DefenceKind::Detect => compact(format_args!(
                "{shown} hunts for it again, and with `--format stix` prints the indicator to import. Import it, or let it be."
            )),
            DefenceKind::Procedure => compact(format_args!(
                "{shown} shows it, and with `--format patch` the change that adds it to the plan. Read it through first."
            )),
        },
        peer: None,
        techniques: &[],
        outcomes: &["csf:ID.RA-02"],
    }
}

fn of_withdrawal(withdrawn: &Withdrawn, undone: Undone) -> Description {
    let Undone { released, withdrawn: proposals, kept } = undone;
    Description {
        title: compact(format_args!(
            "{} takes back a defence, or part of it: {}",
            withdrawn.peer, withdrawn.title
        )),
        severity: if released + kept > 0 { Severity::Medium } else { Severity::Low },
        reason: compact(format_args!(
            "{}. Of what rested on it here, {released} blocks are released, {proposals} proposals are withdrawn, and \
             {kept} responses stay because something else speaks for them.",
            withdrawn.reason.trim_end_matches('.')
        )),
        remedy: if kept > 0 {
            "Look at the responses that stay: `bastide release` undoes one. What was done by hand is yours to undo.".into()
        } else {
            "What was done by hand because of it, such as a change of the plan, is yours to undo.".into()
        },
        peer: None,
        techniques: &[],
        outcomes: &["csf:ID.RA-02"],
    }
}

fn compact(text: fmt::Arguments<'_>) -> Text {
    use fmt::Write as _;
    let mut out = Text::default();
    let _ = out.write_fmt(text);
    out
}
