//! Conduits that something proposes, as the plan's text.

use crate::{
    draft::text::{plain, quote},
    format::format,
};
use city::{Allowance, AssetId, ConduitId, ZoneId};
use std::fmt::Write;

/// The longest comment, in bytes.
const COMMENT_MAX: usize = 300;

/// The longest reason, in bytes.
const REASON_MAX: usize = 240;

/// A conduit that is proposed, for a person to take over into the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedConduit {
    /// Its id, which no conduit of the plan has.
    pub id: ConduitId,
    /// The zone that begins.
    pub from: ZoneId,
    /// The zone that is spoken to.
    pub to: ZoneId,
    /// Those of the first zone that may begin; empty allows all of it.
    pub from_assets: Vec<AssetId>,
    /// Those of the second zone that may be spoken to; empty allows all of it.
    pub to_assets: Vec<AssetId>,
    /// What is allowed.
    pub allow: Vec<Allowance>,
    /// Why it is proposed.
    pub reason: String,
    /// Why it should not be taken over as it stands; it is then written as a comment.
    pub held_back: Option<String>,
}

/// Writes proposed conduits in the canonical form, below comments.
#[must_use]
pub fn propose(comments: &[String], conduits: &[ProposedConduit]) -> String {
    let mut out = String::new();
    for comment in comments {
        let _ = writeln!(out, "# {}", plain(comment, COMMENT_MAX));
    }
    for conduit in conduits {
        let text = format(&table(conduit)).unwrap_or_default();
        out.push('\n');
        match &conduit.held_back {
            None => out.push_str(&text),
            Some(why) => {
                let _ = writeln!(out, "# Held back: {}", plain(why, COMMENT_MAX));
                text.lines().for_each(|line| {
                    let _ = writeln!(out, "# {line}");
                });
            }
        }
    }
    format(&out).unwrap_or(out)
}

fn table(conduit: &ProposedConduit) -> String {
    let mut out = String::from("[[conduit]]\n");
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(out, "{key} = {}", quote(value));
    };
    line("id", conduit.id.as_str());
    line("from", conduit.from.as_str());
    line("to", conduit.to.as_str());
    for (key, assets) in [("from-assets", &conduit.from_assets), ("to-assets", &conduit.to_assets)] {
        if !assets.is_empty() {
            let assets: Vec<String> = assets.iter().map(|asset| quote(asset.as_str())).collect();
            let _ = writeln!(out, "{key} = [{}]", assets.join(", "));
        }
    }
    let _ = writeln!(out, "reason = {}", quote(&plain(&conduit.reason, REASON_MAX)));
    let allow: Vec<String> = conduit.allow.iter().map(|allowance| quote(&allowance.to_string())).collect();
    let _ = writeln!(out, "allow = [{}]", allow.join(", "));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use city::{Ports, Transport};

    #[test]
    fn a_proposal_is_text_of_a_plan() {
        let conduit = ProposedConduit {
            id: "lamp-mud-1".parse().unwrap(),
            from: "lights".parse().unwrap(),
            to: "internet".parse().unwrap(),
            from_assets: vec!["lamp".parse().unwrap()],
            to_assets: Vec::new(),
            allow: vec![Allowance::Ports(Ports::one(Transport::Tcp, 8291))],
            reason: "It says \"so\"\nand [[more]]".to_owned(),
            held_back: None,
        };
        let held = ProposedConduit { held_back: Some("too wide".to_owned()), ..conduit.clone() };
        let text = propose(&["Read it\nfirst.".to_owned()], &[conduit, held]);
        assert_eq!(
            text,
            "# Read it first.\n\n[[conduit]]\nid = \"lamp-mud-1\"\nfrom = \"lights\"\nto = \"internet\"\n\
             from-assets = [\"lamp\"]\nreason = \"It says \\\"so\\\" and [[more]]\"\nallow = [\"tcp/8291\"]\n\n\
             # Held back: too wide\n# [[conduit]]\n# id = \"lamp-mud-1\"\n# from = \"lights\"\n# to = \"internet\"\n\
             # from-assets = [\"lamp\"]\n# reason = \"It says \\\"so\\\" and [[more]]\"\n# allow = [\"tcp/8291\"]\n"
        );
        assert_eq!(format(&text).as_deref(), Some(text.as_str()));
    }
}
