//! How one kind of traffic stands with a plan: by the functions that judge live traffic, and by what a firewall sees.

use super::{Asked, Spoken, Stand};
use crate::{
    conduit::{self, Judgement},
    segmentation::passes_firewall,
};
use plan::Plan;

/// How a kind of conversation stands with a plan.
pub(super) fn conversation(plan: &Plan, spoken: &Spoken) -> Stand {
    let flow = spoken.flow();
    if !passes_firewall(plan, &flow) {
        return Stand::Refused;
    }
    let judgement = match conduit::judge(plan, &flow) {
        Judgement::Unsettled if spoken.ended => conduit::judge_unrecognised(plan, &flow, spoken.spoke),
        judgement => judgement,
    };
    if judgement == Judgement::Outside { Stand::Watched } else { Stand::Allowed }
}

/// How a kind of request stands with a plan, and whether its conversation is allowed and only the request is not.
pub(super) fn request(plan: &Plan, asked: &Asked) -> (Stand, bool) {
    let flow = asked.flow();
    if !passes_firewall(plan, &flow) {
        return (Stand::Refused, false);
    }
    let in_conduit = conduit::judge(plan, &flow) == Judgement::Allowed;
    if in_conduit && conduit::allows_request(plan, &asked.request()) {
        (Stand::Allowed, true)
    } else {
        (Stand::Watched, in_conduit)
    }
}
