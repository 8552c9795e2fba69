//! What stands above the lists: what they cannot do, and what is left to do by hand.

use super::{List, left_out, names};
use crate::segmentation::Policy;

/// The lines above the lists, without the vendor's sign for a comment.
pub(crate) fn preface(
    policy: &Policy<'_>,
    lists: &[List<'_>],
    titles: &[String],
    observe: bool,
) -> Vec<String> {
    let mut lines = Vec::new();
    if observe {
        lines.push("OBSERVING ONLY: what no conduit allows is logged, and passes.".to_owned());
        lines.push(String::new());
    }
    let say = |lines: &mut Vec<String>, text: &[&str]| lines.extend(text.iter().map(|&line| line.to_owned()));
    say(
        &mut lines,
        &[
            "What these lists cannot do:",
            "  They look at each packet alone and cannot tell an answer from a beginning. An answer of TCP is told",
            "  by its ACK or RST, one of UDP by the port that it comes from: whoever holds an allowed port may also",
            "  begin from it, to those who may speak to that port. A stateful firewall is stricter.",
            "  They see ports and no verbs. What only the wire can tell is listed below and stays to be watched.",
            "  They meet what is said to the device itself, too. Before they are attached, add what manages it and",
            "  what it says to its neighbours: SSH, SNMP, routing, time.",
        ],
    );
    let mut list = |title: &str, items: Vec<String>| {
        if !items.is_empty() {
            lines.push(String::new());
            lines.push(title.to_owned());
            lines.extend(items.into_iter().map(|item| format!("  {}", names::remark(&item, 160))));
        }
    };
    list(
        "Only watched on the wire; the port is open for every verb and target:",
        policy.watched.iter().map(|(conduit, allowance)| format!("{}: {allowance}", conduit.id)).collect(),
    );
    list(
        "Not opened, because a firewall cannot carry it out:",
        policy.gaps.iter().map(ToString::to_string).collect(),
    );
    list(
        "Not opened, because a list does not know the ports of SCTP everywhere:",
        left_out(policy).iter().map(|(conduit, ports)| format!("{}: {ports}", conduit.id)).collect(),
    );
    list("To be attached by hand, for the plan does not say behind which interface the zone lies:", {
        let loose = lists.iter().zip(titles).filter(|(list, _)| {
            list.interfaces.iter().filter_map(|name| names::interface(name)).next().is_none()
        });
        loose
            .map(|(list, title)| {
                let zones: Vec<&str> = list.zones.iter().map(|zone| zone.id.as_str()).collect();
                format!("{title}: {}", zones.join(", "))
            })
            .collect()
    });
    lines
}
