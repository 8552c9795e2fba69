//! What others know and tell reaches the ledger, and their defences the responses.

use crate::{City, Effect, city::name_of};
use ::city::{Evidence, Hunted, Observation, Observed, Offered, Outcome, Received, Rule, Support, Withdrawn};
use adapt::{
    intel::reputation::Believed,
    told::{Told, Undone},
};
use jiff::{SignedDuration, Timestamp};
use std::{collections::BTreeSet, net::IpAddr};

/// For how long a hunt speaks for the city.
const HUNT_SPEAKS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// For how long it speaks for the city that intelligence was taken in.
const READING_SPEAKS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How often evidence of reading one source is sealed.
const READING_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// The most addresses that another city's defence blocks without a person being asked.
const BLOCKS_UNASKED: usize = 64;

/// The most addresses of a defence that a person is asked about one by one.
const BLOCKS_ASKED: usize = 8;

/// The most sources of which it is known when evidence was sealed.
const SOURCES_MAX: usize = 256;

impl City {
    /// Takes note of what was taken in, searched for or offered. It has the time of people, which is not that of the
    /// traffic.
    pub(crate) fn hear_of(&mut self, observation: &Observation, effects: &mut Vec<Effect>) {
        self.counts.observations += 1;
        let time = observation.time;
        self.others.note(&observation.fact, time);
        match &observation.fact {
            Observed::Received(received) => self.received(received, time, effects),
            Observed::Hunted(hunted) => {
                if hunted.found > 0 {
                    self.note(Told::Found(hunted), time, effects);
                }
                effects.extend(hunt(hunted, time).map(|evidence| Effect::Measured(Box::new(evidence))));
            }
            Observed::Offered(offered) => self.offered(offered, time, effects),
            Observed::Withdrawn(withdrawn) => self.withdrawn(withdrawn, time, effects),
            _ => {}
        }
    }

    /// Notes what another tool, or an indicator, says of what was seen.
    pub(crate) fn heed_others(&mut self, observation: &Observation, effects: &mut Vec<Effect>) {
        match &observation.fact {
            Observed::Alert(alert) => self.note(Told::Alert(alert), observation.time, effects),
            Observed::Sighting(sighting) => {
                self.others.note(&observation.fact, observation.time);
                let told = Told::Sighting(sighting);
                self.note(told, observation.time, effects);
                if let Some(finding) = self.ledger.of(&told).map(|finding| finding.number) {
                    self.reputation.told(finding, &sighting.source);
                }
            }
            _ => {}
        }
    }

    /// What a source has shown that it is worth, and how far it is therefore believed: one that the plan, or whoever took it
    /// in, believes so far to begin with.
    #[must_use]
    pub fn believed(&self, source: &str, before: u8) -> Believed {
        self.reputation.believed(source, before)
    }

    fn note(&mut self, told: Told<'_>, time: Timestamp, effects: &mut Vec<Effect>) {
        let (plan, inventory) = (self.plan.as_deref(), &self.inventory);
        let name = |address| name_of(plan, inventory, address);
        let before = effects.len();
        self.ledger.note(&told, time, plan, &name, effects);
        for at in before..effects.len() {
            if let Some(Effect::Found(finding) | Effect::Worsened(finding)) = effects.get(at) {
                let finding = finding.clone();
                self.responses.see(&finding, time, plan, &name, effects);
            }
        }
    }

    fn received(&mut self, received: &Received, time: Timestamp, effects: &mut Vec<Effect>) {
        for doubt in received.doubts.iter().take(Received::DOUBTS_MAX) {
            self.note(Told::Doubt { source: &received.source, doubt }, time, effects);
        }
        let told = self.read_last.get(&received.source);
        let fresh = told.is_some_and(|told| time.duration_since(*told) < READING_EVERY);
        if received.new + received.known == 0
            || fresh
            || told.is_none() && self.read_last.len() >= SOURCES_MAX
        {
            return;
        }
        self.read_last.insert(received.source.clone(), time);
        let statement = format!(
            "Intelligence of {} was taken in: {} objects were new, {} known, and {} indicators are matched from now on.",
            received.source, received.new, received.known, received.watched
        );
        let evidence = measured("csf:ID.RA-02", statement, time, READING_SPEAKS);
        effects.push(Effect::Measured(Box::new(evidence)));
    }

    /// A defence that stands and would cut nothing that the plan allows is put in force; about any other a person is
    /// asked.
    fn offered(&mut self, offered: &Offered, time: Timestamp, effects: &mut Vec<Effect>) {
        let Offered { peer, defence, version, title, .. } = offered;
        // What an earlier version of it asked for, and this does not.
        let replaced = Withdrawn {
            peer: peer.clone(),
            defence: defence.clone(),
            version: *version,
            title: title.clone(),
            reason: "its author replaced it".into(),
        };
        let undone = self.undo(&replaced, &offered.blocks, time, effects);
        if undone.is_anything() {
            self.note(Told::Withdrawn { withdrawn: &replaced, undone }, time, effects);
        }
        let stands = offered.standing && offered.rehearsed.cut == 0 && offered.blocks.len() <= BLOCKS_UNASKED;
        if !stands || offered.blocks.is_empty() {
            self.note(Told::Offered(offered), time, effects);
        }
        if !stands && (offered.rehearsed.cut > 0 || offered.blocks.len() > BLOCKS_ASKED) {
            return;
        }
        let (plan, inventory) = (self.plan.as_deref(), &self.inventory);
        let name = |address| name_of(plan, inventory, address);
        self.responses.offered(offered, stands, time, plan, &name, effects);
    }

    /// A defence that its author takes back is undone as far as nothing else speaks for it.
    fn withdrawn(&mut self, withdrawn: &Withdrawn, time: Timestamp, effects: &mut Vec<Effect>) {
        let undone = self.undo(withdrawn, &[], time, effects);
        self.note(Told::Withdrawn { withdrawn, undone }, time, effects);
    }

    /// Undoes what rests on a defence and on nothing else, but for the addresses that it still names.
    fn undo(
        &mut self,
        withdrawn: &Withdrawn,
        still: &[IpAddr],
        time: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Undone {
        // That a sign was seen which others told of is their word again.
        let is_own = |number: &u64| {
            self.finding(*number).is_some_and(|finding| finding.key.rule != Rule::IndicatorSeen)
        };
        let speaks: BTreeSet<u64> = self
            .responses
            .of_defence(&withdrawn.peer, &withdrawn.defence)
            .filter(|response| response.findings.iter().any(is_own))
            .map(|response| response.number)
            .collect();
        self.responses.withdraw(withdrawn, still, &speaks, time, effects)
    }
}

/// That the history was searched, as evidence, whether or not anything was found.
fn hunt(hunted: &Hunted, time: Timestamp) -> impl Iterator<Item = Evidence> {
    let found = if hunted.found == 0 { "nothing".to_owned() } else { format!("{} matches", hunted.found) };
    let statement = format!(
        "{} hunted for “{}” through {} records from {:.0} to {:.0}, and found {found}.",
        hunted.by, hunted.hunt, hunted.searched, hunted.from, hunted.until
    );
    ["caf:C2.a", "csf:DE.AE-02"]
        .into_iter()
        .map(move |outcome| measured(outcome, statement.clone(), time, HUNT_SPEAKS))
}

fn measured(outcome: &'static str, statement: String, time: Timestamp, speaks: SignedDuration) -> Evidence {
    Evidence {
        outcome: Outcome(outcome.into()),
        support: Support::Measured,
        statement: statement.into(),
        effective: time,
        expires: time.saturating_add(speaks).unwrap_or(time),
    }
}
