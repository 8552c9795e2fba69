//! Lines of a rehearsal that a person wants allowed, as a patch of the plan.

use super::{Answer, Line};
use city::Text;
use plan::{Addition, SourceFile};
use std::collections::BTreeSet;

/// A patch that would allow lines of a rehearsal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// The difference from the text that was rehearsed, as `patch` and `git apply` read it.
    pub patch: String,
    /// What could not be put into it, each in a sentence without its full stop.
    pub left_out: Vec<String>,
}

/// With what was asked for the plan would have errors: it has to be added by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfit;

impl Answer {
    /// The lines about what the new plan does not allow: what would be refused, then what would be found.
    pub fn against(&self) -> impl Iterator<Item = &Line> {
        self.refused.iter().chain(&self.watched)
    }
}

/// A patch of the new plan that would allow the lines that are wanted.
///
/// # Errors
/// The plan would have errors.
pub fn propose(
    files: &[SourceFile],
    answer: &Answer,
    wanted: impl Fn(&Line) -> bool,
) -> Result<Proposal, Unfit> {
    let mut proposal = Proposal::default();
    let mut additions = Vec::new();
    for line in answer.against().filter(|line| wanted(line)) {
        let (Some(from), Some(to)) = (&line.from.zone, &line.to.zone) else {
            proposal.left_out.push(format!("{} cannot be allowed by a conduit: {}", line.id, line.why));
            continue;
        };
        if line.allow.is_empty() {
            proposal.left_out.push(format!("{} cannot be put into the plan's words: {}", line.id, line.why));
        }
        additions.extend(line.allow.iter().map(|allow| Addition {
            from: from.clone(),
            to: to.clone(),
            allow: allow.clone(),
            evidence: evidence(line),
        }));
    }
    let amended = plan::amend(files, &additions);
    if plan::check(&amended).plan.is_none() {
        return Err(Unfit);
    }
    for (at, file) in amended.iter().enumerate() {
        let before = files.get(at).map_or("", SourceFile::text);
        proposal.patch.push_str(&plan::unified(file.path(), before, file.text()));
    }
    Ok(proposal)
}

/// The first of the ids that no line of a rehearsal has.
#[must_use]
pub fn unknown_id<'i>(answer: &Answer, ids: impl IntoIterator<Item = &'i str>) -> Option<&'i str> {
    let known: BTreeSet<&str> = answer.against().map(|line| line.id.as_str()).collect();
    ids.into_iter().find(|id| !known.contains(id))
}

/// What a line rests on, beside the allowance that would let it pass.
fn evidence(line: &Line) -> Text {
    let count = |count: u64, what: &str, more: &str| {
        (count > 0).then(|| format!("{count} {what}{}", if count == 1 { "" } else { more }))
    };
    let counts = [
        count(line.conversations, "conversation", "s"),
        count(line.requests, "request", "s"),
        count(line.unanswered, "attempt", "s"),
    ];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let (from, to) = (&line.from.address, &line.to.address);
    let day = line.last.to_zoned(jiff::tz::TimeZone::UTC).date();
    let first = if line.from.addresses > 1 { "such as " } else { "" };
    format!("{}: {} from {first}{from} to {to}, last on {day}", line.id, counts.join(", ")).into()
}
