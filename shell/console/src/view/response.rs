//! Responses: what waits for a person, what is cut off, and what is over.

use crate::{
    view::{End, Named, Window, given},
    words::{capital, number},
};
use ::city::{Consequence, Finding, Response, ResponseState};
use cycle::City;
use defend::segmentation::{Device, Policy, nftables};
use jiff::Timestamp;
use plan::Plan;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{cmp::Reverse, net::IpAddr};

/// A response in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ResponseRow {
    /// Its number in this city.
    pub number: u64,
    /// `proposed`, `agreed`, `ordered`, `contained`, `failed`, `releasing`, `released` or `dismissed`.
    pub state: &'static str,
    /// The same in a sentence for people.
    pub headline: String,
    /// Whom it waits for; none if for nobody.
    pub waits_for: Option<String>,
    /// The device that is cut off, or would be.
    pub target: End,
    /// Whether a service that must run is at stake, so that two people must agree.
    pub needs_two: bool,
    /// The part of the plan by which it was ordered without asking.
    pub standing: Option<String>,
    /// What it costs public services, the gravest first.
    pub consequences: Vec<ConsequenceView>,
    /// The findings that it answers.
    pub findings: Vec<AnsweredView>,
    /// Who did what and when, oldest first.
    pub steps: Vec<StepView>,
    /// When the wire last heard the device in an answered conversation that began since; none if it did not.
    pub heard: Option<Timestamp>,
    /// Who agreed first, while a second person is waited for.
    #[serde(skip)]
    pub agreed_by: Option<String>,
    /// Whether the latest order was to connect the device again.
    #[serde(skip)]
    pub undoing: bool,
}

/// A response with everything known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ResponseView {
    /// What the list shows.
    #[serde(flatten)]
    pub row: ResponseRow,
    /// Where it could not be done: what to enter at a firewall by hand, for each kind. Once a person took it over, what
    /// undoes that.
    pub by_hand: Vec<ByHandView>,
}

/// What a response costs a public service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ConsequenceView {
    /// The service.
    pub service: Named,
    /// In plain words.
    pub text: String,
    /// Whether the plan says that the service must run.
    pub must_run: bool,
}

/// A finding that a response answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AnsweredView {
    /// Its number.
    pub number: u64,
    /// Who did what, in plain words.
    pub title: String,
    /// `notice`, `low`, `medium`, `high` or `critical`.
    pub severity: &'static str,
}

/// Something that happened to a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StepView {
    /// When.
    pub time: Timestamp,
    /// Who; none if Bastide did it by itself.
    pub by: Option<String>,
    /// What, in plain words.
    pub text: String,
}

/// What to enter at one kind of firewall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ByHandView {
    /// The kind: `cisco`, `juniper` or `nftables`.
    pub device: &'static str,
    /// The same for people.
    pub title: &'static str,
    /// The exact text.
    pub text: String,
}

/// Some of the responses, and how many there are.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ResponseList {
    /// How many the filter lets through.
    pub total: usize,
    /// How many are left out before the first shown.
    pub offset: usize,
    /// Those shown.
    pub responses: Vec<ResponseRow>,
}

/// Which responses are wanted. Every field may be left out.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct ResponseFilter {
    /// `open`, for those that are not over, or `all` (the default).
    pub state: Option<String>,
}

/// Who is to be cut off, and why: one of `address` and `asset`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct ContainSaid {
    /// The address of the device.
    #[serde(default)]
    pub address: Option<String>,
    /// The id of the asset, if it has one address and no more.
    #[serde(default)]
    pub asset: Option<String>,
    /// Why.
    pub reason: String,
}

/// Why something is decided.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct ReasonSaid {
    /// Why.
    pub reason: String,
}

/// How many responses stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ResponseCounts {
    /// A person must decide.
    pub waiting: usize,
    /// Decided, and could not be done.
    pub failed: usize,
    /// Being done or undone.
    pub under_way: usize,
    /// Done: a device is cut off.
    pub contained: usize,
}

impl ResponseRow {
    /// Whether a person is waited for.
    pub(crate) fn waits(&self) -> bool {
        matches!(self.state, "proposed" | "agreed" | "failed")
    }

    /// Whether nothing more is to come of it.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, "released" | "dismissed")
    }

    /// Whether to agree is what comes next.
    pub(crate) fn may_be_agreed_to(&self) -> bool {
        self.waits() && !self.undoing
    }

    /// Whether its device can be connected again.
    pub(crate) fn may_be_released(&self) -> bool {
        matches!(self.state, "ordered" | "contained" | "failed")
    }

    /// Whether it matters whether the wire still hears the device.
    pub(crate) fn tells_heard(&self) -> bool {
        matches!(self.state, "contained" | "failed")
    }

    pub(crate) fn is_agreed_by(&self, person: &str) -> bool {
        self.agreed_by.as_deref() == Some(person)
    }

    /// How it stands, in a few words.
    pub(crate) fn state_words(&self) -> &'static str {
        match self.state {
            "proposed" => "waits for a decision",
            "agreed" => "waits for a second person",
            "ordered" => "being contained",
            "contained" => "contained",
            "failed" => "could not be done",
            "releasing" => "being connected again",
            "released" => "connected again",
            _ => "decided against",
        }
    }

    /// The mark and the colour of its state.
    pub(crate) fn mark(&self) -> &'static str {
        match self.state {
            "proposed" | "agreed" => "at-risk",
            "failed" => "down",
            "contained" => "contained",
            "ordered" | "releasing" => "observed",
            _ => "unused",
        }
    }

    /// The latest steps, the latest first.
    pub(crate) fn latest_steps(&self) -> impl Iterator<Item = &StepView> {
        self.steps.iter().rev().take(3)
    }
}

impl ResponseCounts {
    pub(crate) fn of(city: &City) -> ResponseCounts {
        let mut counts = ResponseCounts::default();
        for response in city.responses() {
            match response.state {
                ResponseState::Proposed | ResponseState::Agreed => counts.waiting += 1,
                ResponseState::Failed => counts.failed += 1,
                ResponseState::Ordered | ResponseState::Releasing => counts.under_way += 1,
                ResponseState::Contained => counts.contained += 1,
                ResponseState::Released | ResponseState::Dismissed => {}
            }
        }
        counts
    }

    /// What a person should know of them, in a sentence or two; empty if nothing.
    pub(crate) fn sentence(&self) -> String {
        let said = |count: usize, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("One device {one}")),
            count => Some(format!("{} devices {many}", capital(&number(count)))),
        };
        [
            said(self.waiting, "waits for a decision: contain it?", "wait for a decision: contain them?"),
            said(self.failed, "could not be contained or released.", "could not be contained or released."),
            said(self.under_way, "is being contained or released.", "are being contained or released."),
            said(self.contained, "is contained.", "are contained."),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
    }
}

/// The responses that a filter lets through: what waits for a person first, then what is cut off, then what is over; the
/// latest first. `None` if the filter says what nobody knows.
#[must_use]
pub fn responses(city: &City, filter: &ResponseFilter, window: Window) -> Option<ResponseList> {
    let open_only = match given(&filter.state) {
        None | Some("all") => false,
        Some("open") => true,
        Some(_) => return None,
    };
    let mut chosen: Vec<&Response> =
        city.responses().filter(|response| !(open_only && response.state.is_over())).collect();
    let rank = |response: &Response| match response.state {
        ResponseState::Proposed | ResponseState::Agreed | ResponseState::Failed => 0,
        ResponseState::Ordered | ResponseState::Contained | ResponseState::Releasing => 1,
        ResponseState::Released | ResponseState::Dismissed => 2,
    };
    chosen.sort_by_key(|response| (rank(response), Reverse(response.number)));
    Some(ResponseList {
        total: chosen.len(),
        offset: window.offset,
        responses: chosen
            .into_iter()
            .skip(window.offset)
            .take(window.limit)
            .map(|response| row(city, response))
            .collect(),
    })
}

/// One response with everything known of it.
#[must_use]
pub fn response(city: &City, number: u64) -> Option<ResponseView> {
    let response = city.responses().find(|response| response.number == number)?;
    let row = row(city, response);
    let by_hand = match response.state {
        ResponseState::Failed => city.plan().map(|plan| by_hand(plan, response.target, row.undoing)),
        ResponseState::Dismissed if has_failed(response) => {
            city.plan().map(|plan| by_hand(plan, response.target, true))
        }
        _ => None,
    };
    let by_hand = by_hand.unwrap_or_default();
    Some(ResponseView { row, by_hand })
}

pub(super) fn consequence(plan: Option<&Plan>, cost: &Consequence) -> ConsequenceView {
    let service = plan.and_then(|plan| plan.service(&cost.service));
    ConsequenceView {
        service: Named::new(&cost.service, service.map(|service| &service.name)),
        text: cost.text.to_string(),
        must_run: cost.must_run,
    }
}

pub(super) fn row(city: &City, response: &Response) -> ResponseRow {
    let plan = city.plan().map(AsRef::as_ref);
    let agreed_by = match response.state {
        ResponseState::Agreed => response.steps.last().and_then(|step| step.by.clone()),
        _ => None,
    };
    let undoing = was_release(response);
    let answered = |number: &u64| {
        let found: &Finding = city.finding(*number)?;
        Some(AnsweredView {
            number: found.number,
            title: found.title.to_string(),
            severity: found.severity.as_str(),
        })
    };
    ResponseRow {
        number: response.number,
        state: response.state.as_str(),
        headline: headline(response, undoing),
        waits_for: match (response.state, &agreed_by) {
            (ResponseState::Proposed, _) if response.needs_two() => {
                Some("two people: a service that must run is at stake".to_owned())
            }
            (ResponseState::Proposed, _) => Some("a person’s decision".to_owned()),
            (ResponseState::Agreed, Some(first)) => {
                Some(format!("a second person besides {first}: a service that must run is at stake"))
            }
            (ResponseState::Agreed, None) => Some("a second person".to_owned()),
            (ResponseState::Failed, _) => Some("a person, to see to it by hand or to try again".to_owned()),
            _ => None,
        },
        target: End::new(city, response.address()),
        needs_two: response.needs_two(),
        standing: response.standing.as_ref().map(ToString::to_string),
        consequences: response.consequences.iter().map(|cost| consequence(plan, cost)).collect(),
        findings: response.findings.iter().filter_map(answered).collect(),
        heard: response.heard,
        steps: response
            .steps
            .iter()
            .map(|step| StepView {
                time: step.time,
                by: step.by.as_ref().map(ToString::to_string),
                text: step.text.to_string(),
            })
            .collect(),
        agreed_by: agreed_by.map(|name| name.to_string()),
        undoing,
    }
}

/// Whether it was tried and could not be done, so that a person may have done it by hand.
fn has_failed(response: &Response) -> bool {
    response.steps.iter().any(|step| step.text.starts_with("Not done"))
}

/// Whether the latest order was to connect the device again, rather than to cut it off.
fn was_release(response: &Response) -> bool {
    match response.state {
        ResponseState::Releasing | ResponseState::Released => true,
        // What failed is told by what a person or the plan asked for last.
        ResponseState::Failed => {
            let mut orders = response.steps.iter().rev().filter(|step| !step.text.starts_with("Not done"));
            orders.next().is_some_and(|step| step.text.starts_with("Release:"))
        }
        _ => false,
    }
}

fn headline(response: &Response, undoing: bool) -> String {
    let name = &response.name;
    match response.state {
        ResponseState::Proposed => format!("Contain {name}? Somebody must decide"),
        ResponseState::Agreed => format!("Contain {name}? A second person must agree"),
        ResponseState::Ordered => format!("{name} is being contained"),
        ResponseState::Contained => format!("{name} is contained: nothing passes to it or from it"),
        ResponseState::Failed if undoing => format!("{name} could not be connected again"),
        ResponseState::Failed => format!("{name} could not be contained"),
        ResponseState::Releasing => format!("{name} is being connected again"),
        ResponseState::Released => format!("{name} is connected again"),
        ResponseState::Dismissed if has_failed(response) => format!("Bastide does no more about {name}"),
        ResponseState::Dismissed => format!("{name} was left connected"),
    }
}

/// What to enter at a firewall that carries the plan's lists, where Bastide cannot do it.
fn by_hand(plan: &Plan, target: IpAddr, release: bool) -> Vec<ByHandView> {
    let policy = Policy::new(plan);
    [
        ("cisco", "Cisco IOS and IOS XE", Device::Cisco),
        ("juniper", "Juniper Junos", Device::Juniper),
        ("nftables", "Linux with nftables", Device::Nftables(nftables::Settings::default())),
    ]
    .into_iter()
    .map(|(device, title, kind)| ByHandView {
        device,
        title,
        text: if release { kind.release(&policy, target) } else { kind.contain(&policy, target) },
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_said_before_what_is_done() {
        let counts = ResponseCounts { waiting: 1, failed: 0, under_way: 0, contained: 2 };
        assert_eq!(
            counts.sentence(),
            "One device waits for a decision: contain it? Two devices are contained."
        );
        assert_eq!(ResponseCounts::default().sentence(), "");
    }
}
