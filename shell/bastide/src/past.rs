//! What was: the city rebuilt from its checkpoint and journal, its plans from the sealed log.

use anyhow::Context;
use cycle::{City, Effect, Event};
use plan::{Plan, SourceFile};
use std::sync::Arc;
use store::{Checkpoint, Events, PlanFile, PlanRecord, Record, Sealed, SealedLog};

/// How many records are read from the log at a time.
const PAGE: u32 = 1_000;

/// A city rebuilt.
pub(crate) struct Past {
    pub(crate) city: City,
    /// What was decided since the checkpoint, in order.
    pub(crate) effects: Vec<Effect>,
    /// Parts of the journal that could not be read, in words.
    pub(crate) damage: Vec<String>,
}

/// The state: the checkpoint and later events. Events decide again what they decided then, by the plan of then.
pub(crate) fn rebuild(
    checkpoint: Option<Checkpoint>,
    events: Events,
    plans: &[PlanRecord],
) -> anyhow::Result<Past> {
    let mut city = checkpoint.map_or_else(|| City::new(None), |checkpoint| checkpoint.city);
    if let Some(digest) = city.adopted() {
        let plan = plan_of(plans, digest)?;
        city.adopt(Some(plan));
    }
    let mut past = Past { city, effects: Vec::new(), damage: Vec::new() };
    for event in events {
        let event = match event {
            Ok((_, event)) => event,
            Err(damage) => {
                past.damage.push(damage.to_string());
                continue;
            }
        };
        past.city.handle(&event, &mut past.effects);
        if let Event::Adopted { plan, .. } = &event {
            past.city.adopt(Some(plan_of(plans, plan)?));
        }
    }
    Ok(past)
}

/// The plan of a digest, checked again from its sealed text.
fn plan_of(plans: &[PlanRecord], digest: &str) -> anyhow::Result<Arc<Plan>> {
    let record = plans.iter().find(|plan| plan.digest == digest);
    let record = record.with_context(|| format!("the sealed log holds no plan with digest {digest}"))?;
    let plan = plan::check(&files_of(record)).plan;
    let plan = plan.with_context(|| format!("this release finds errors in the plan adopted as {digest}"))?;
    Ok(Arc::new(plan))
}

/// The files of a plan in the log.
pub(crate) fn files_of(record: &PlanRecord) -> Vec<SourceFile> {
    record.files.iter().map(|file| SourceFile::new(&file.name, &file.text)).collect()
}

/// The record under which a plan's files are sealed.
pub(crate) fn record_of(files: &[SourceFile], parent: Option<String>, adopted_by: &str) -> PlanRecord {
    let file = |file: &SourceFile| PlanFile { name: file.path().to_owned(), text: file.text().to_owned() };
    PlanRecord::new(files.iter().map(file).collect(), parent, adopted_by.to_owned())
}

/// Every plan adopted, the first first.
pub(crate) async fn plans(log: &SealedLog) -> anyhow::Result<Vec<PlanRecord>> {
    let mut plans = Vec::new();
    for record in log.latest(Some("plan"), PAGE).await? {
        if let Some(Record::Plan(plan)) = record.record() {
            plans.push(plan);
        }
    }
    plans.reverse();
    Ok(plans)
}

/// How many decisions were sealed after a place in the log: findings, responses that came further, evidence, and what came
/// of backups and drills.
pub(crate) async fn decisions_sealed_after(log: &SealedLog, place: u64) -> anyhow::Result<usize> {
    let (mut from, mut count) = (place + 1, 0);
    loop {
        let page: Vec<Sealed> = log.records(from, PAGE).await?;
        let Some(last) = page.last() else { return Ok(count) };
        from = last.sequence + 1;
        count += page
            .iter()
            .filter(|record| {
                matches!(
                    record.kind.as_str(),
                    "backup" | "drill" | "evidence" | "finding" | "incident" | "response"
                )
            })
            .count();
    }
}
