//! What each device was seen to do while its behaviour was being learned, and what it does since.

use crate::{
    Breach, Habit, Rate, Week,
    baseline::{self, Baseline, Times},
    tally::Tally,
    unusual::Unusual,
};
use city::{Address, Conversation, Flow, Protocol, Reply, Request, Text, Verb, VerbSet};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most devices whose habits are kept.
const DEVICES_MAX: usize = 50_000;

/// The most habits kept for a device; a device that does more is not a creature of habit, and is not judged by them.
const HABITS_MAX: usize = 512;

/// The most peers kept for a device, and protocols for each.
const PEERS_MAX: usize = 64;
const PROTOCOLS_MAX: usize = 8;

/// The most habits of a device that can be refused.
const REFUSED_MAX: usize = 64;

/// A device with which more stations than these talk while learning is a meeting place: one more is nothing unusual.
const FEW: usize = 16;

/// Whom a device talks with and how much has the rhythm of the day, when it is changed that of the week. Where less was
/// learned, they are not judged.
const DAY: SignedDuration = SignedDuration::from_hours(24);
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A device that was changed in fewer hours of the week is changed too seldom to have hours for it.
const HOURS_LEAST: usize = 5;

/// The habits of every device.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Memory {
    by_device: BTreeMap<Address, Habits>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Habits {
    since: Timestamp,
    known: BTreeMap<Habit, Seen>,
    peers: BTreeMap<Address, Peer>,
    active: Week,
    changed: Week,
    changed_later: Week,
    changing: Tally,
    conversations: Tally,
    looking: Tally,
    refused: BTreeMap<Habit, (Timestamp, Text)>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Seen {
    first: Timestamp,
    last: Timestamp,
    count: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Peer {
    seen: Seen,
    verbs: BTreeMap<Protocol, VerbSet>,
    /// Whether it was considered, after learning, whether to tell of it.
    considered: bool,
}

/// What is to be said of a habit that is seen.
enum Sight {
    /// Nothing.
    Known,
    /// It is new although learning is over.
    New,
    /// This person refused it.
    Refused(Text),
}

impl Memory {
    /// Takes note that a device is there: its learning begins at its first sight.
    pub(crate) fn meet(&mut self, device: Address, time: Timestamp) {
        if self.by_device.len() < DEVICES_MAX {
            self.by_device.entry(device).or_insert_with(|| Habits::new(time));
        }
    }

    /// Takes note that a device calls a place outside the city.
    pub(crate) fn calls(
        &mut self,
        flow: &Flow,
        time: Timestamp,
        learning: SignedDuration,
        out: &mut Vec<Breach>,
    ) {
        self.meet(flow.source, time);
        let Some(habits) = self.by_device.get_mut(&flow.source) else { return };
        let habit = Habit::Calls(flow.destination);
        match habits.see(habit, time, learning) {
            Sight::Known => {}
            Sight::New => out.push(Breach::NewDestination { flow: *flow }),
            Sight::Refused(by) => out.push(refused(flow.source, flow.destination, flow, habit, by)),
        }
    }

    /// Takes note that two begin to talk. `outside` says that no conduit allows it, which is told already.
    pub(crate) fn opened(
        &mut self,
        flow: &Flow,
        outside: bool,
        time: Timestamp,
        learning: SignedDuration,
        out: &mut Vec<Breach>,
    ) {
        for (device, peer) in both(flow) {
            let Some(habits) = self.by_device.get_mut(&device) else { continue };
            let over = habits.heard(time, learning);
            let habit = Habit::Peer(peer);
            if let Some((_, by)) = habits.refused.get(&habit) {
                out.push(refused(device, peer, flow, habit, by.clone()));
            } else if device == flow.destination && !outside {
                habits.count(Rate::Conversations, flow, time, over, learning, out);
            }
        }
    }

    /// Takes note that two talk and that both were heard. `outside` says whether no conduit allows it, which is told
    /// already.
    pub(crate) fn talked(
        &mut self,
        conversation: &Conversation,
        outside: &dyn Fn() -> bool,
        time: Timestamp,
        learning: SignedDuration,
        out: &mut Vec<Breach>,
    ) {
        let Conversation { flow, start, ended, .. } = conversation;
        for (device, peer) in both(flow) {
            let Some(habits) = self.by_device.get_mut(&device) else { continue };
            let over = habits.heard(time, learning);
            habits.note_peer(peer, *start, time, u64::from(*ended));
            if over
                && habits.is_later_peer(peer, learning)
                && !outside()
                && habits.is_new_peer(peer, learning)
            {
                out.push(Breach::Unusual(Unusual::Peer { device, peer, flow: *flow }));
            }
        }
    }

    /// Takes note of a request. `told` says that something was said of it already.
    pub(crate) fn asked(
        &mut self,
        request: &Request,
        protocol: Protocol,
        told: bool,
        time: Timestamp,
        learning: SignedDuration,
        out: &mut Vec<Breach>,
    ) {
        let Request { flow, verb, function, target, reply, .. } = request;
        let device = flow.destination;
        let industrial = protocol.is_industrial();
        if industrial {
            self.meet(device, time);
        }
        let Some(habits) = self.by_device.get_mut(&device) else { return };
        let before = out.len();
        let over = habits.heard(time, learning);
        let habit = Habit::Asked(flow.source, protocol, *verb);
        let refusal = [habit, Habit::Peer(flow.source)]
            .into_iter()
            .find_map(|habit| habits.refused.get(&habit).map(|(_, by)| (habit, by.clone())));
        if let Some((habit, by)) = refusal {
            out.push(refused(device, flow.source, flow, habit, by));
        } else if *reply != Reply::Missing && flow.source.is_station() {
            habits.note_peer(flow.source, time, time, 0);
            habits.note_verb(flow.source, protocol, *verb);
        }
        if !industrial {
            return;
        }
        // What was refused has been told.
        if let Sight::New = habits.see(habit, time, learning) {
            out.push(Breach::FirstSeenVerb {
                flow: *flow,
                verb: *verb,
                function: function.clone(),
                target: target.clone(),
            });
        }
        if verb.changes() {
            let hour = Week::hour_of(time);
            let refusal = habits.refused.get(&Habit::Changed(hour)).map(|(_, by)| by.clone());
            if let Some(by) = refusal {
                out.push(refused(device, flow.source, flow, Habit::Changed(hour), by));
            } else if habits.is_new_hour(hour, over, learning) && !told && out.len() == before {
                out.push(Breach::Unusual(Unusual::Hour {
                    flow: *flow,
                    verb: *verb,
                    function: function.clone(),
                    target: target.clone(),
                    hour,
                }));
            }
        }
        habits.count(Rate::of(*verb), flow, time, over, learning, out);
    }

    /// Whether a person can refuse a habit of a device.
    pub(crate) fn may_refuse(&self, device: Address, habit: Habit) -> Result<(), &'static str> {
        let habits = self.by_device.get(&device).ok_or("nothing was learned of that device")?;
        if habits.refused.contains_key(&habit) {
            return Err("that habit is refused already");
        }
        if !habits.has(habit) {
            return Err("that is no habit of the device; its baseline lists what is");
        }
        if habits.refused.len() >= REFUSED_MAX {
            return Err("no more habits of one device can be refused; close its conduits instead");
        }
        Ok(())
    }

    /// Forgets a habit that a person refuses: it counts as never learned, and is told of when it is seen again.
    pub(crate) fn refuse(&mut self, device: Address, habit: Habit, time: Timestamp, by: &Text) {
        if self.may_refuse(device, habit).is_err() {
            return;
        }
        let Some(habits) = self.by_device.get_mut(&device) else { return };
        habits.known.remove(&habit);
        match habit {
            Habit::Asked(peer, protocol, verb) => {
                if let Some(verbs) =
                    habits.peers.get_mut(&peer).and_then(|peer| peer.verbs.get_mut(&protocol))
                {
                    let left: Vec<Verb> = verbs.iter().filter(|known| *known != verb).collect();
                    *verbs = VerbSet::of(&left);
                }
            }
            Habit::Changed(hour) => {
                habits.changed.remove(hour);
                habits.changed_later.remove(hour);
            }
            Habit::Peer(peer) => {
                habits.peers.remove(&peer);
            }
            Habit::Calls(_) | Habit::Rate(_) => {}
        }
        habits.refused.insert(habit, (time, by.clone()));
    }

    /// What was learned of a device.
    pub(crate) fn baseline(
        &self,
        device: Address,
        learning: SignedDuration,
        now: Timestamp,
    ) -> Option<Baseline> {
        let habits = self.by_device.get(&device)?;
        let until = habits.since.checked_add(learning).unwrap_or(Timestamp::MAX);
        let times = |seen: &Seen| Times {
            first: seen.first,
            last: seen.last,
            count: seen.count,
            learned: seen.first <= until,
        };
        let (mut verbs, mut calls) = (Vec::new(), Vec::new());
        for (habit, seen) in &habits.known {
            match *habit {
                Habit::Asked(peer, protocol, verb) => {
                    verbs.push(baseline::Asked { peer, protocol, verb, times: times(seen) });
                }
                Habit::Calls(place) => calls.push(baseline::Called { place, times: times(seen) }),
                Habit::Changed(_) | Habit::Peer(_) | Habit::Rate(_) => {}
            }
        }
        let peers = habits.peers.iter().map(|(address, peer)| baseline::Peer {
            address: *address,
            times: times(&peer.seen),
            verbs: peer.verbs.iter().map(|(protocol, verbs)| (*protocol, *verbs)).collect(),
        });
        let rates = Rate::ALL.into_iter().map(|rate| {
            let tally = habits.tally(rate);
            let refused = habits.refused.contains_key(&Habit::Rate(rate));
            let limit = tally.limit(refused, habits.is_judged(learning));
            baseline::Counted { rate, learned: tally.learned(), later: tally.later(), limit }
        });
        let refused = habits.refused.iter();
        Some(Baseline {
            since: habits.since,
            until,
            over: now > until,
            peers: peers.collect(),
            verbs,
            calls,
            active: habits.active,
            changed: habits.changed,
            changed_later: habits.changed_later,
            rates: rates.filter(|counted| counted.learned > 0 || counted.later > 0).collect(),
            refused: refused
                .map(|(habit, (time, by))| baseline::Refused { habit: *habit, time: *time, by: by.clone() })
                .collect(),
            full: habits.known.len() >= HABITS_MAX || habits.peers.len() >= PEERS_MAX,
        })
    }
}

impl Habits {
    fn new(since: Timestamp) -> Habits {
        Habits {
            since,
            known: BTreeMap::new(),
            peers: BTreeMap::new(),
            active: Week::default(),
            changed: Week::default(),
            changed_later: Week::default(),
            changing: Tally::default(),
            conversations: Tally::default(),
            looking: Tally::default(),
            refused: BTreeMap::new(),
        }
    }

    /// Takes note that the device is heard. Returns whether its learning is over.
    fn heard(&mut self, time: Timestamp, learning: SignedDuration) -> bool {
        let over = time.duration_since(self.since) > learning;
        if !over {
            self.active.insert(Week::hour_of(time));
        }
        over
    }

    fn see(&mut self, habit: Habit, time: Timestamp, learning: SignedDuration) -> Sight {
        if let Some((_, by)) = self.refused.get(&habit) {
            return Sight::Refused(by.clone());
        }
        let full = self.known.len() >= HABITS_MAX;
        match self.known.get_mut(&habit) {
            Some(seen) => seen.again(time, 1),
            None if full => {}
            None => {
                self.known.insert(habit, Seen { first: time, last: time, count: 1 });
                if time.duration_since(self.since) > learning {
                    return Sight::New;
                }
            }
        }
        Sight::Known
    }

    fn note_peer(&mut self, peer: Address, first: Timestamp, last: Timestamp, count: u64) {
        if self.refused.contains_key(&Habit::Peer(peer)) {
            return;
        }
        let full = self.peers.len() >= PEERS_MAX;
        match self.peers.get_mut(&peer) {
            Some(known) => known.seen.again(last, count),
            None if full => {}
            None => {
                let seen = Seen { first, last, count };
                self.peers.insert(peer, Peer { seen, verbs: BTreeMap::new(), considered: false });
            }
        }
    }

    fn note_verb(&mut self, peer: Address, protocol: Protocol, verb: Verb) {
        let Some(peer) = self.peers.get_mut(&peer) else { return };
        if peer.verbs.len() < PROTOCOLS_MAX || peer.verbs.contains_key(&protocol) {
            peer.verbs.entry(protocol).or_default().insert(verb);
        }
    }

    /// Whether the device is one that industrial protocols command.
    fn is_industrial(&self) -> bool {
        matches!(self.known.first_key_value(), Some((Habit::Asked(..), _)))
    }

    /// Whether whom it talks with and how much is judged.
    fn is_judged(&self, learning: SignedDuration) -> bool {
        learning >= DAY && self.is_industrial()
    }

    /// Whether a peer was first heard after learning and was not considered yet.
    fn is_later_peer(&self, address: Address, learning: SignedDuration) -> bool {
        self.peers
            .get(&address)
            .is_some_and(|peer| !peer.considered && peer.seen.first.duration_since(self.since) > learning)
    }

    /// Whether a peer that is heard after learning is to be told of; each is considered once.
    fn is_new_peer(&mut self, address: Address, learning: SignedDuration) -> bool {
        let learned = |peer: &Peer| peer.seen.first.duration_since(self.since) <= learning;
        let others = self.peers.values().filter(|peer| learned(peer)).count();
        let told = |habit: &Habit| match habit {
            // As a verb seen for the first time, or a new destination.
            Habit::Asked(peer, ..) | Habit::Calls(peer) => *peer == address,
            _ => false,
        };
        let new = self.is_judged(learning) && (1..=FEW).contains(&others) && !self.known.keys().any(told);
        if let Some(peer) = self.peers.get_mut(&address) {
            peer.considered = true;
        }
        new
    }

    /// Takes note that the device is changed in an hour of the week. Returns whether that is to be told of.
    fn is_new_hour(&mut self, hour: u8, over: bool, learning: SignedDuration) -> bool {
        if !over {
            self.changed.insert(hour);
            return false;
        }
        if self.changed.contains(hour) || self.changed_later.contains(hour) {
            return false;
        }
        let near = self.changed.is_near(hour) || self.changed_later.is_near(hour);
        self.changed_later.insert(hour);
        learning >= WEEK && self.active.contains(hour) && self.changed.hours().count() >= HOURS_LEAST && !near
    }

    fn count(
        &mut self,
        rate: Rate,
        flow: &Flow,
        time: Timestamp,
        over: bool,
        learning: SignedDuration,
        out: &mut Vec<Breach>,
    ) {
        let habit = Habit::Rate(rate);
        let refusal = self.refused.get(&habit).map(|(_, by)| by.clone());
        let judged = self.is_judged(learning);
        let tally = match rate {
            Rate::Changing => &mut self.changing,
            Rate::Conversations => &mut self.conversations,
            Rate::Looking => &mut self.looking,
        };
        let Some(count) = tally.count(time, over, refusal.is_some(), judged) else { return };
        let learned = tally.learned();
        out.push(match refusal {
            Some(by) => refused(flow.destination, flow.source, flow, habit, by),
            None => Breach::Unusual(Unusual::Rate { flow: *flow, rate, count, learned }),
        });
    }

    fn tally(&self, rate: Rate) -> &Tally {
        match rate {
            Rate::Changing => &self.changing,
            Rate::Conversations => &self.conversations,
            Rate::Looking => &self.looking,
        }
    }

    fn has(&self, habit: Habit) -> bool {
        match habit {
            Habit::Asked(peer, protocol, verb) => {
                let asks = |peer: &Peer| peer.verbs.get(&protocol).is_some_and(|verbs| verbs.contains(verb));
                self.known.contains_key(&habit) || self.peers.get(&peer).is_some_and(asks)
            }
            Habit::Calls(_) => self.known.contains_key(&habit),
            Habit::Changed(hour) => self.changed.contains(hour) || self.changed_later.contains(hour),
            Habit::Peer(peer) => self.peers.contains_key(&peer),
            Habit::Rate(rate) => self.tally(rate).learned() > 0 || self.tally(rate).later() > 0,
        }
    }
}

impl Seen {
    fn again(&mut self, time: Timestamp, count: u64) {
        self.last = self.last.max(time);
        self.count = self.count.saturating_add(count);
    }
}

/// Both ends of a flow, each with the other, where both are stations.
fn both(flow: &Flow) -> impl Iterator<Item = (Address, Address)> {
    let stations = flow.source.is_station() && flow.destination.is_station();
    [(flow.source, flow.destination), (flow.destination, flow.source)].into_iter().filter(move |_| stations)
}

fn refused(device: Address, peer: Address, flow: &Flow, habit: Habit, by: Text) -> Breach {
    Breach::Unusual(Unusual::Refused { device, peer, flow: *flow, habit, by })
}

#[cfg(test)]
mod tests;
