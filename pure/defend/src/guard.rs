//! The guard: every observation compared with the plan and with habit.

use crate::{
    Baseline, Breach, Habit,
    binding::Claims,
    conduit::{self, Judgement},
    memory::Memory,
    scan::Scans,
};
use city::{
    Address, Conversation, Flow, Observation, Observed, Reply, Request, Text, Transport, Zone, ZoneId,
};
use jiff::Timestamp;
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// So many addresses are a crowd: what they do is told of for all of them together.
const CROWD: u64 = 64;

/// Compares every observation with the plan and with habit.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Guard {
    claims: Claims,
    habits: Memory,
    scans: Scans,
    /// For each zone, those outside the city whose attempts to reach into it are told of one by one.
    strangers: BTreeMap<Option<ZoneId>, BTreeSet<Address>>,
}

impl Guard {
    /// Folds one observation in. Returns whether the flow it is about stands outside every conduit, where it decides.
    pub fn see(
        &mut self,
        observation: &Observation,
        plan: Option<&Plan>,
        out: &mut Vec<Breach>,
    ) -> Option<Judgement> {
        let time = observation.time;
        match &observation.fact {
            Observed::Binding(binding) => {
                if let Some(rightful) = self.claims.see(binding, time, plan) {
                    let address = Address::Ip(binding.address);
                    let declared = plan
                        .and_then(|plan| plan.asset_at(address))
                        .is_some_and(|asset| asset.macs.contains(&rightful));
                    out.push(Breach::AddressConflict { address, rightful, claimant: binding.mac, declared });
                }
                None
            }
            Observed::Opened(flow) => {
                let judgement = conduit::judge(plan?, flow);
                if judgement == Judgement::Outside {
                    out.push(self.attempt(plan?, flow));
                }
                for end in [flow.source, flow.destination] {
                    if conduit::is_inside(conduit::zone_of(plan?, end)) && end.is_station() {
                        self.habits.meet(end, time);
                    }
                }
                let learning = plan?.settings().learning;
                self.habits.opened(flow, judgement == Judgement::Outside, time, learning, out);
                self.note_call(flow, time, plan?, out);
                Some(judgement)
            }
            Observed::Recognised(flow) => {
                let judgement = conduit::judge(plan?, flow);
                if judgement == Judgement::Outside {
                    out.push(outside(plan?, flow, true));
                }
                Some(judgement)
            }
            Observed::Conversation(conversation) => self.see_conversation(conversation, time, plan, out),
            Observed::Request(request) => {
                self.see_request(request, time, plan, out);
                None
            }
            Observed::Flood(flood) => {
                // What one source, or a few, spread over many devices is a scan, and told as one.
                if flood.destination.is_some() || flood.sources >= CROWD {
                    out.push(Breach::Flood((**flood).clone()));
                }
                None
            }
            Observed::Backup(_)
            | Observed::Drill(_)
            | Observed::Repository(_)
            | Observed::Pack(_)
            | Observed::Alert(_)
            | Observed::Sighting(_)
            | Observed::Received(_)
            | Observed::Hunted(_)
            | Observed::Offered(_)
            | Observed::Withdrawn(_)
            | Observed::Identity(_)
            | Observed::Loss(_)
            | Observed::Message(_)
            | Observed::Unread(_)
            | Observed::Weakness(_) => None,
        }
    }

    /// What was learned of a device, if anything was.
    #[must_use]
    pub fn baseline(&self, device: Address, plan: &Plan, now: Timestamp) -> Option<Baseline> {
        self.habits.baseline(device, plan.settings().learning, now)
    }

    /// Whether a person can refuse a habit of a device.
    ///
    /// # Errors
    ///
    /// Why not, in plain words.
    pub fn may_refuse(&self, device: Address, habit: Habit) -> Result<(), &'static str> {
        self.habits.may_refuse(device, habit)
    }

    /// Forgets a habit that a person refuses: it counts as never learned, and is told of when it is seen again.
    pub fn refuse(&mut self, device: Address, habit: Habit, time: Timestamp, by: &Text) {
        self.habits.refuse(device, habit, time, by);
    }

    /// What is to be said of a first packet that no conduit allows. Whoever forges addresses can have as many as there
    /// are; so of a crowd it is told only whom it tries to reach, until somebody is answered.
    fn attempt(&mut self, plan: &Plan, flow: &Flow) -> Breach {
        let to = conduit::zone_of(plan, flow.destination);
        if conduit::is_inside(conduit::zone_of(plan, flow.source)) || !conduit::is_inside(to) {
            return outside(plan, flow, false);
        }
        let told = self.strangers.entry(to.map(|zone| zone.id.clone())).or_default();
        if told.len() < CROWD as usize || told.contains(&flow.source) {
            told.insert(flow.source);
            return outside(plan, flow, false);
        }
        let security_level = to.map_or(0, |zone| zone.security_level);
        Breach::Crowd { destination: flow.destination, told: told.len(), security_level }
    }

    fn see_conversation(
        &mut self,
        conversation: &Conversation,
        time: Timestamp,
        plan: Option<&Plan>,
        out: &mut Vec<Breach>,
    ) -> Option<Judgement> {
        let Conversation { flow, state, packets_in, bytes_in, bytes_out, ended, .. } = conversation;
        let shut = match flow.transport {
            Transport::Tcp => !state.answered() || *state == city::ConnectionState::Rej,
            // Something sent to everyone need not be answered by anyone.
            Transport::Udp | Transport::Sctp | Transport::Icmp => {
                *packets_in == 0 && flow.destination.is_station()
            }
            Transport::Ethernet(_) | Transport::Ip(_) => false,
        };
        if shut && *ended {
            let door = (flow.destination, flow.transport, flow.destination_port);
            self.note_attempt(flow.source, door, time, out);
        }
        let plan = plan?;
        if !shut && *packets_in > 0 {
            let spoke = bytes_in + bytes_out > 0;
            let outside = || conduit::judge_unrecognised(plan, flow, spoke) == Judgement::Outside;
            self.habits.talked(conversation, &outside, time, plan.settings().learning, out);
        }
        if flow.protocol.is_some() || !ended {
            return None;
        }
        // Judged at its first packet if that could decide; what is left is what never said its protocol.
        if conduit::judge(plan, flow) != Judgement::Unsettled {
            return None;
        }
        let judgement = conduit::judge_unrecognised(plan, flow, bytes_in + bytes_out > 0);
        if judgement == Judgement::Outside {
            out.push(outside(plan, flow, *packets_in > 0));
        }
        Some(judgement)
    }

    fn see_request(
        &mut self,
        request: &Request,
        time: Timestamp,
        plan: Option<&Plan>,
        out: &mut Vec<Breach>,
    ) {
        let Request { flow, verb, function, target, reply, .. } = request;
        let Some(protocol) = flow.protocol else { return };
        if protocol == city::Protocol::Arp {
            // A gateway asks for whomever others try to reach behind it: theirs are the attempts.
            let asks_for_others = || {
                let asset = plan.and_then(|plan| plan.asset_at(flow.source));
                asset
                    .and_then(|asset| asset.role.as_deref())
                    .is_some_and(|role| matches!(role, "gateway" | "router"))
            };
            if *reply == Reply::Missing && !asks_for_others() {
                self.note_attempt(flow.source, (flow.destination, flow.transport, 0), time, out);
            }
            return;
        }
        let Some(plan) = plan else { return };
        let told = !conduit::allows_request(plan, request);
        if told {
            let in_conduit = conduit::judge(plan, &request.conversation()) == Judgement::Allowed;
            // Outside every conduit, looking is told of by the conversation; changing is told of for itself.
            if in_conduit || verb.changes() {
                out.push(Breach::VerbNotAllowed {
                    flow: *flow,
                    verb: *verb,
                    function: function.clone(),
                    target: target.clone(),
                    done: matches!(reply, Reply::Done | Reply::NotExpected),
                    in_conduit,
                });
            }
        }
        if flow.destination.is_station() {
            self.habits.asked(request, protocol, told, time, plan.settings().learning, out);
        }
    }

    fn note_call(&mut self, flow: &Flow, time: Timestamp, plan: &Plan, out: &mut Vec<Breach>) {
        let inside = |address| conduit::is_inside(conduit::zone_of(plan, address));
        if flow.destination.is_station() && inside(flow.source) && !inside(flow.destination) {
            self.habits.calls(flow, time, plan.settings().learning, out);
        }
    }

    fn note_attempt(
        &mut self,
        source: Address,
        door: (Address, Transport, u16),
        time: Timestamp,
        out: &mut Vec<Breach>,
    ) {
        if let Some(scan) = self.scans.tried(source, door, time) {
            let crate::scan::Scan { addresses, ports, began } = scan;
            out.push(Breach::Scan { source, addresses, ports, began });
        }
    }
}

fn outside(plan: &Plan, flow: &Flow, answered: bool) -> Breach {
    let (from, to) = (conduit::zone_of(plan, flow.source), conduit::zone_of(plan, flow.destination));
    let name = |zone: Option<&Zone>| zone.map_or(Text::const_new("no zone"), |zone| zone.name.clone());
    let security_level = to.filter(|zone| !zone.outside).map_or(0, |zone| zone.security_level);
    Breach::OutsideConduit { flow: *flow, from: name(from), to: name(to), security_level, answered }
}
