//! Lines of a rehearsal that a person accepts, as a patch of the plan.

use super::difference::unified;
use crate::failure::warn;
use anyhow::bail;
use city::Text;
use defend::rehearsal::{Answer, Line};
use plan::{Addition, SourceFile};
use std::{collections::BTreeSet, io::Write, path::Path};

/// Writes the patch that would allow the lines accepted; or, where none is named, everything that the new plan would
/// refuse or find and the plan of now does not. What is outside the plan of now may be an attack: that is allowed only
/// by its name.
pub(super) fn write(
    out: &mut impl Write,
    folder: &Path,
    files: &[SourceFile],
    answer: &Answer,
    accepted: &[String],
) -> anyhow::Result<()> {
    let lines: Vec<&Line> = answer.refused.iter().chain(&answer.watched).collect();
    let known: BTreeSet<&str> = lines.iter().map(|line| line.id.as_str()).collect();
    if let Some(unknown) = accepted.iter().find(|id| !known.contains(id.as_str())) {
        bail!("no line of this rehearsal has the id `{unknown}`; `--format json` shows all of them");
    }
    let wanted = |line: &Line| {
        if accepted.is_empty() { line.is_change() } else { accepted.iter().any(|id| *id == line.id) }
    };
    let left = lines.iter().filter(|line| line.ran && !wanted(line)).count();
    if accepted.is_empty() && left > 0 {
        warn(format_args!(
            "{left} lines that are outside the plan of now too are not in the patch; `--accept ID` puts one in"
        ));
    }
    let mut additions = Vec::new();
    for line in lines.into_iter().filter(|line| wanted(line)) {
        let (Some(from), Some(to)) = (&line.from.zone, &line.to.zone) else {
            warn(format_args!("{} cannot be allowed by a conduit: {}", line.id, line.why));
            continue;
        };
        if line.allow.is_empty() {
            warn(format_args!("{} cannot be put into the plan's words: {}", line.id, line.why));
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
        bail!(
            "the plan in {} would have errors with these additions; add them by hand, as `--format json` shows them",
            folder.display()
        );
    }
    for (at, file) in amended.iter().enumerate() {
        let before = files.get(at).map_or("", SourceFile::text);
        out.write_all(unified(file.path(), before, file.text()).as_bytes())?;
    }
    Ok(())
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
