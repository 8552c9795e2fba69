//! Responses, from proposal to release.

use crate::Effect;
use ::city::{Address, Decision, Finding, Offered, PeerId, Response, ResponseState, Step, Text, Withdrawn};
use adapt::told::Undone;
use defend::response;
use jiff::Timestamp;
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, net::IpAddr};

/// The most responses that are kept; those that are over go first.
const RESPONSES_MAX: usize = 1_000;

/// Every response, in the order in which they were thought of.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Responses {
    responses: Vec<Response>,
    count: u64,
}

impl Responses {
    pub(crate) fn all(&self) -> &[Response] {
        &self.responses
    }

    fn of(&self, number: u64) -> Option<usize> {
        self.responses.iter().position(|response| response.number == number)
    }

    /// The response that is about an address and not over.
    fn open(&self, target: IpAddr) -> Option<usize> {
        self.responses.iter().position(|response| response.target == target && !response.state.is_over())
    }

    /// Thinks about a finding that was made or became graver.
    pub(crate) fn see(
        &mut self,
        finding: &Finding,
        time: Timestamp,
        plan: Option<&Plan>,
        name: &dyn Fn(Address) -> Text,
        effects: &mut Vec<Effect>,
    ) {
        let (Some(plan), Some(target)) = (plan, response::doer(finding)) else { return };
        let standing = response::standing(plan, finding);
        if standing.is_none() && !response::is_worth_proposing(finding) {
            return;
        }
        let index = match self.open(target) {
            Some(index) => index,
            None => self.begin(target, Some(plan), name),
        };
        let Some(response) = self.responses.get_mut(index) else { return };
        let known = response.findings.contains(&finding.number);
        if !known && response.findings.len() < Response::FINDINGS_MAX {
            response.findings.push(finding.number);
        }
        let acts = standing.filter(|_| response.state == ResponseState::Proposed && !response.needs_two());
        if let Some(standing) = acts {
            response.standing = Some(standing.id.clone());
            response.state = ResponseState::Ordered;
            step(response, time, None, format!("Ordered, as the plan says: {}", standing.reason));
        } else if response.steps.is_empty() {
            step(response, time, None, format!("Proposed: {}", finding.title));
        } else {
            return;
        }
        effects.push(Effect::Responded(Box::new(response.clone())));
    }

    /// Takes another city's defence as a response to each address that it blocks: ordered if it stands, or else proposed.
    pub(crate) fn offered(
        &mut self,
        offered: &Offered,
        stands: bool,
        time: Timestamp,
        plan: Option<&Plan>,
        name: &dyn Fn(Address) -> Text,
        effects: &mut Vec<Effect>,
    ) {
        let who =
            plan.and_then(|plan| plan.peer(&offered.peer)).map_or(offered.peer.as_str(), |peer| &peer.name);
        let relay = offered.relay.as_ref().map(|relay| format!(", handed on by {relay}")).unwrap_or_default();
        let rehearsed = &offered.rehearsed;
        let why = format!(
            "{} ({who}{relay}). Rehearsed on {} conversations, it would have caught {} and cut none that the plan allows",
            offered.title, rehearsed.conversations, rehearsed.caught
        );
        for target in &offered.blocks {
            let index = match self.open(*target) {
                Some(index) => index,
                None => self.begin(*target, plan, name),
            };
            let Some(response) = self.responses.get_mut(index) else { continue };
            let of = (offered.peer.clone(), offered.defence.clone());
            if !response.defences.contains(&of) && response.defences.len() < Response::DEFENCES_MAX {
                response.defences.push(of);
            }
            if stands && response.state == ResponseState::Proposed && !response.needs_two() {
                response.state = ResponseState::Ordered;
                step(response, time, None, format!("Ordered, as the plan says of this peer: {why}"));
            } else if response.steps.is_empty() {
                step(response, time, None, format!("Proposed: {why}"));
            } else {
                continue;
            }
            effects.push(Effect::Responded(Box::new(response.clone())));
        }
    }

    /// The responses that a defence of another city asks for and that are not over.
    pub(crate) fn of_defence<'r>(
        &'r self,
        peer: &'r PeerId,
        defence: &'r Text,
    ) -> impl Iterator<Item = &'r Response> {
        let asks = move |response: &&Response| {
            !response.state.is_over() && response.defences.iter().any(|(p, d)| p == peer && d == defence)
        };
        self.responses.iter().filter(asks)
    }

    /// Undoes what another city's defence asked for and its author no longer stands by, but for the addresses that it
    /// `still` names. What else `speaks` for, by their numbers, stays, and so does what a person decided, or another
    /// defence asks for.
    pub(crate) fn withdraw(
        &mut self,
        withdrawn: &Withdrawn,
        still: &[IpAddr],
        speaks: &BTreeSet<u64>,
        time: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Undone {
        let mut undone = Undone::default();
        for response in &mut self.responses {
            let named = response.defences.len();
            if response.state.is_over() || still.contains(&response.target) {
                continue;
            }
            response
                .defences
                .retain(|(peer, defence)| *peer != withdrawn.peer || *defence != withdrawn.defence);
            if response.defences.len() == named || response.state == ResponseState::Releasing {
                continue;
            }
            let why = format!("{}, {} ({})", withdrawn.title, withdrawn.reason, withdrawn.peer);
            let decided = response.steps.iter().any(|step| step.by.is_some());
            if decided || speaks.contains(&response.number) || !response.defences.is_empty() {
                undone.kept += 1;
                step(response, time, None, format!("Kept, because something else speaks for it: {why}"));
            } else if matches!(response.state, ResponseState::Proposed | ResponseState::Agreed) {
                undone.withdrawn += 1;
                response.state = ResponseState::Dismissed;
                step(response, time, None, format!("Withdrawn: {why}"));
            } else {
                undone.released += 1;
                response.state = ResponseState::Releasing;
                step(response, time, None, format!("Release: {why}"));
            }
            effects.push(Effect::Responded(Box::new(response.clone())));
        }
        undone
    }

    /// Whether a person's decision can be carried out.
    pub(crate) fn may(&self, decision: &Decision, by: &str) -> Result<(), &'static str> {
        let state = |number: u64| {
            let index = self.of(number).ok_or("there is no such response")?;
            self.responses.get(index).ok_or("there is no such response")
        };
        match decision {
            Decision::Contain { target, .. } => {
                if !Address::Ip(*target).is_station() {
                    return Err("that address is not one device's");
                }
                match self.open(*target).and_then(|index| self.responses.get(index)) {
                    Some(response) if response.state == ResponseState::Contained => {
                        Err("that device is contained already")
                    }
                    Some(response) if response.state == ResponseState::Agreed && agreed(response, by) => {
                        Err("a second person must agree: a service that must run is at stake")
                    }
                    _ => Ok(()),
                }
            }
            Decision::Agree { response } => match state(*response)? {
                response if response.state == ResponseState::Agreed && agreed(response, by) => {
                    Err("a second person must agree: a service that must run is at stake")
                }
                response
                    if matches!(
                        response.state,
                        ResponseState::Proposed | ResponseState::Agreed | ResponseState::Failed
                    ) =>
                {
                    Ok(())
                }
                _ => Err("that response waits for nobody"),
            },
            Decision::Dismiss { response, .. } => match state(*response)?.state {
                ResponseState::Proposed | ResponseState::Agreed | ResponseState::Failed => Ok(()),
                _ => Err("that response waits for nobody; release the device to undo it"),
            },
            Decision::Release { target, .. } => {
                match self.open(*target).and_then(|index| self.responses.get(index)).map(|found| found.state)
                {
                    Some(ResponseState::Contained | ResponseState::Ordered | ResponseState::Failed) => Ok(()),
                    _ => Err("that device is not contained"),
                }
            }
        }
    }

    /// Carries a person's decision.
    pub(crate) fn decide(
        &mut self,
        decision: &Decision,
        by: &Text,
        time: Timestamp,
        plan: Option<&Plan>,
        name: &dyn Fn(Address) -> Text,
        effects: &mut Vec<Effect>,
    ) {
        if self.may(decision, by).is_err() {
            return;
        }
        let index = match decision {
            Decision::Contain { target, .. } => {
                self.open(*target).or_else(|| Some(self.begin(*target, plan, name)))
            }
            Decision::Release { target, .. } => self.open(*target),
            Decision::Agree { response } | Decision::Dismiss { response, .. } => self.of(*response),
        };
        let Some(response) = index.and_then(|index| self.responses.get_mut(index)) else { return };
        match decision {
            Decision::Contain { .. } | Decision::Agree { .. } => {
                let text = match decision {
                    Decision::Contain { reason, .. } if !reason.is_empty() => format!("Contain: {reason}"),
                    _ => "Agreed".to_owned(),
                };
                let first = response.needs_two() && response.state != ResponseState::Agreed;
                response.state = if first { ResponseState::Agreed } else { ResponseState::Ordered };
                step(response, time, Some(by), text);
            }
            Decision::Dismiss { reason, .. } => {
                response.state = ResponseState::Dismissed;
                step(response, time, Some(by), format!("Dismissed: {reason}"));
            }
            Decision::Release { reason, .. } => {
                response.state = ResponseState::Releasing;
                step(response, time, Some(by), format!("Release: {reason}"));
            }
        }
        effects.push(Effect::Responded(Box::new(response.clone())));
    }

    /// Takes note of what came of an order.
    pub(crate) fn answered(
        &mut self,
        number: u64,
        failure: Option<&Text>,
        time: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let Some(response) = self.of(number).and_then(|index| self.responses.get_mut(index)) else { return };
        let (state, text) = match (response.state, failure) {
            (ResponseState::Ordered, None) => (ResponseState::Contained, "Cut off".to_owned()),
            (ResponseState::Releasing, None) => (ResponseState::Released, "Connected again".to_owned()),
            (ResponseState::Ordered | ResponseState::Releasing, Some(why)) => {
                (ResponseState::Failed, format!("Not done: {why}"))
            }
            _ => return,
        };
        response.state = state;
        response.heard = None;
        step(response, time, None, text);
        effects.push(Effect::Responded(Box::new(response.clone())));
        if state == ResponseState::Contained {
            effects.extend(
                response::evidence(response, time).map(|evidence| Effect::Measured(Box::new(evidence))),
            );
        }
    }

    /// Compares with the addresses that are cut off indeed: whoever did that, or undid it, did it elsewhere.
    pub(crate) fn reconcile(
        &mut self,
        contained: &[IpAddr],
        time: Timestamp,
        plan: Option<&Plan>,
        name: &dyn Fn(Address) -> Text,
        effects: &mut Vec<Effect>,
    ) {
        for target in contained {
            let index = match self.open(*target) {
                Some(index) => index,
                None => self.begin(*target, plan, name),
            };
            let Some(response) = self.responses.get_mut(index) else { continue };
            // What is being done or undone has its own answer coming.
            let waits = matches!(
                response.state,
                ResponseState::Proposed | ResponseState::Agreed | ResponseState::Failed
            );
            if waits {
                response.state = ResponseState::Contained;
                step(response, time, None, "Found cut off: this was done at the firewall itself".to_owned());
                effects.push(Effect::Responded(Box::new(response.clone())));
            }
        }
        for response in &mut self.responses {
            if response.state == ResponseState::Contained && !contained.contains(&response.target) {
                response.state = ResponseState::Released;
                step(
                    response,
                    time,
                    None,
                    "Found connected: this was done at the firewall itself".to_owned(),
                );
                effects.push(Effect::Responded(Box::new(response.clone())));
            }
        }
    }

    /// Takes note that a conversation began and was answered at both these ends.
    pub(crate) fn hear(
        &mut self,
        ends: [Address; 2],
        began: Timestamp,
        time: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        for response in &mut self.responses {
            let cut = matches!(response.state, ResponseState::Contained | ResponseState::Failed);
            // What began before may come to its end after.
            let after = response.steps.last().is_some_and(|step| began > step.time);
            if !cut || !after || !ends.contains(&response.address()) {
                continue;
            }
            let first = response.heard.replace(time).is_none();
            if first && response.state == ResponseState::Contained {
                step(
                    response,
                    time,
                    None,
                    "Heard in an answered conversation although it is cut off".to_owned(),
                );
                effects.push(Effect::Responded(Box::new(response.clone())));
            }
        }
    }

    /// Begins a response and returns its place.
    fn begin(&mut self, target: IpAddr, plan: Option<&Plan>, name: &dyn Fn(Address) -> Text) -> usize {
        if self.responses.len() >= RESPONSES_MAX {
            let over = self.responses.iter().position(|response| response.state.is_over());
            self.responses.remove(over.unwrap_or(0));
        }
        self.count += 1;
        let address = Address::Ip(target);
        self.responses.push(Response {
            number: self.count,
            target,
            asset: plan.and_then(|plan| plan.asset_at(address)).map(|asset| asset.id.clone()),
            name: name(address),
            findings: Vec::new(),
            defences: Vec::new(),
            consequences: plan.map_or_else(Vec::new, |plan| response::consequences(plan, target)),
            standing: None,
            state: ResponseState::Proposed,
            heard: None,
            steps: Vec::new(),
        });
        self.responses.len() - 1
    }
}

/// Whether a person was the first of the two who must agree.
fn agreed(response: &Response, by: &str) -> bool {
    response.steps.last().is_some_and(|step| step.by.as_deref() == Some(by))
}

fn step(response: &mut Response, time: Timestamp, by: Option<&Text>, text: String) {
    if response.steps.len() >= Response::STEPS_MAX {
        // The first says how it began.
        response.steps.remove(1);
    }
    response.steps.push(Step { time, by: by.cloned(), text: text.into() });
}
