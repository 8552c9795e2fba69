//! Another city's narrower conduit, tried on this city's plan and on what was recorded here.

use crate::reading::cores;
use adapt::{
    defence::{End, is_taken_out, narrowings},
    lesson::Asked,
};
use city::{Address, AssetId, Narrowing, Observation, Observed, Protocol, Rehearsed, Severity, Verb};
use cycle::City;
use defend::rehearsal::Line;
use plan::{Plan, SourceFile, narrow, unified};
use std::{collections::BTreeSet, ops::ControlFlow};
use store::{Condition, History, HistoryError, Question, Table, Texts};

/// The most assets that are named.
const ASSETS_MAX: usize = 16;

/// What it came to.
pub(crate) struct Narrowed {
    /// What the plan would no longer allow; nothing if it allows none of it now.
    pub(crate) narrowings: Vec<Narrowing>,
    /// The change of the plan, as a patch.
    pub(crate) patch: String,
    /// What it would have caught and cut.
    pub(crate) rehearsed: Rehearsed,
}

/// Pairs of addresses between which something was found that somebody should look at.
pub(crate) fn found_bad(city: &City) -> BTreeSet<[Address; 2]> {
    let grave = city.findings().filter(|finding| finding.severity >= Severity::Medium);
    grave.filter_map(|finding| Some(pair(finding.key.subject, finding.peer?))).collect()
}

fn pair(one: Address, other: Address) -> [Address; 2] {
    [one.min(other), one.max(other)]
}

/// Takes verbs of a protocol out of a plan, and rehearses what is left of it on everything that was recorded. What is
/// `bad` would have been caught; anything else that the plan allows, cut.
pub(crate) fn narrow_plan(
    history: &History,
    (plan, files): (&Plan, &[SourceFile]),
    bad: &BTreeSet<[Address; 2]>,
    (protocol, verbs, from): (Protocol, &[Verb], End),
) -> anyhow::Result<Narrowed> {
    let narrowings = narrowings(plan, protocol, verbs, from);
    let changed = narrow(files, &narrowings);
    let patch = files.iter().zip(&changed).map(|(a, b)| unified(a.path(), a.text(), b.text())).collect();
    let mut narrowed = Narrowed { narrowings, patch, rehearsed: Rehearsed::default() };
    if narrowed.narrowings.is_empty() {
        return Ok(narrowed);
    }
    let Some(new) = plan::check(&changed).plan else {
        anyhow::bail!("the plan would have errors without it; take it out by hand");
    };
    let (answer, damaged) = console::rehearse(history, Some(plan), &new, None, cores())?;
    damaged.iter().for_each(crate::failure::warn);
    let rehearsed = &mut narrowed.rehearsed;
    rehearsed.conversations = answer.reach.conversations + answer.reach.requests;
    let lines = answer.refused.iter().chain(&answer.watched).filter(|line| line.is_change());
    let (mut services, mut assets) = (BTreeSet::new(), BTreeSet::<AssetId>::new());
    for line in lines.filter(|line| !is_bad(line, bad)) {
        services.extend(line.services.iter().cloned());
        let ends = [&line.from, &line.to].into_iter().filter_map(|end| end.asset.as_ref()?.parse().ok());
        assets.extend(ends);
    }
    rehearsed.services = services.into_iter().collect();
    rehearsed.assets = assets.into_iter().take(ASSETS_MAX).collect();
    (rehearsed.caught, rehearsed.cut) = count(history, plan, &narrowed.narrowings, bad)?;
    Ok(narrowed)
}

/// Whether a line is one bad pair's alone.
fn is_bad(line: &Line, bad: &BTreeSet<[Address; 2]>) -> bool {
    let ends = line.from.address.parse().ok().zip(line.to.address.parse().ok());
    line.from.addresses == 1
        && line.to.addresses == 1
        && ends.is_some_and(|(from, to)| bad.contains(&pair(from, to)))
}

/// How many requests were recorded that the narrowings take out: between bad pairs, and between others.
fn count(
    history: &History,
    plan: &Plan,
    narrowings: &[Narrowing],
    bad: &BTreeSet<[Address; 2]>,
) -> Result<(u64, u64), HistoryError> {
    let words = |column, words: BTreeSet<String>| Condition::Text { column, texts: Texts::one_of(words) };
    let protocols = narrowings.iter().map(|one| one.protocol.as_str().to_owned()).collect();
    let verbs = narrowings.iter().flat_map(|one| one.verbs.iter()).map(|verb| verb.as_str().to_owned());
    let condition = Condition::All(vec![words("protocol", protocols), words("verb", verbs.collect())]);
    let question = Question { condition, ..Question::new(Table::Requests, usize::MAX) };
    let fold = |(caught, cut): &mut (u64, u64), row: Observation| {
        if let Observed::Request(request) = row.fact
            && let Some(protocol) = request.flow.protocol
        {
            let asked = Asked { flow: request.conversation(), protocol, verb: request.verb };
            if is_taken_out(plan, narrowings, &asked) {
                let is_bad = bad.contains(&pair(asked.flow.source, asked.flow.destination));
                *(if is_bad { caught } else { cut }) += 1;
            }
        }
        ControlFlow::Continue(())
    };
    let (parts, _) = history.search(&question, cores(), Default::default, fold)?;
    Ok(parts.into_iter().fold((0, 0), |(a, b), (caught, cut)| (a + caught, b + cut)))
}
