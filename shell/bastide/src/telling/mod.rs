//! Telling others: whom the plan names is told by mail, over a webhook or syslog, or in a file.
//!
//! What is to be told is written into a queue on the disk, one for each receiver, right after it was sealed. A thread for
//! each receiver takes the oldest, and takes it out once the receiver has it. So nothing is lost while a receiver is away
//! or this process is not there, the loop never waits, and what was under way at a kill is told again, with the same id.

mod line;
mod queue;
mod send;
mod smtp;
pub(crate) mod try_out;

use crate::failure::warn;
use anyhow::Context;
use city::{Finding, Incident, Loss, LossKind, Notify, NotifyId, Response};
use jiff::tz::TimeZone;
use plan::Plan;
use queue::Queue;
use records::notice::Notice;
use send::{Sender, Sent};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// The folder of the state directory that holds the queues.
const FOLDER: &str = "telling";

/// How often a queue is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long is waited after the first failure, and at most; each time twice as long as before.
const WAIT: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(120);

/// How many are told over one connection.
const AT_ONCE: usize = 64;

/// Tells those whom the plan names.
pub(crate) struct Telling {
    folder: PathBuf,
    city: String,
    receivers: BTreeMap<NotifyId, Told>,
    /// Every queue that was opened, so that two that tell the same receiver, the one by the old plan and the one by the new,
    /// have one and the same.
    queues: BTreeMap<NotifyId, Queue>,
}

/// Somebody who is told.
struct Told {
    notify: Notify,
    queue: Queue,
    /// Set when its thread shall end.
    over: Arc<AtomicBool>,
}

impl Telling {
    /// Begins to tell by a plan, what still waits from before first.
    pub(crate) fn begin(state: &Path, plan: Option<&Plan>) -> anyhow::Result<Telling> {
        let folder = state.join(FOLDER);
        let mut telling =
            Telling { folder, city: String::new(), receivers: BTreeMap::new(), queues: BTreeMap::new() };
        telling.adopt(plan)?;
        Ok(telling)
    }

    /// Tells by another plan from now on. What waits for somebody whom it no longer names stays on the disk.
    pub(crate) fn adopt(&mut self, plan: Option<&Plan>) -> anyhow::Result<()> {
        let named = |id: &NotifyId| plan.and_then(|plan| plan.receiver(id));
        self.receivers.retain(|id, told| {
            let same = named(id) == Some(&told.notify);
            told.over.store(!same, Ordering::Relaxed);
            same
        });
        let Some(plan) = plan else { return Ok(()) };
        self.city = plan.settings().name.to_string();
        let zone = TimeZone::get(&plan.settings().time_zone).unwrap_or(TimeZone::UTC);
        for notify in plan.notify() {
            if self.receivers.contains_key(&notify.id) {
                continue;
            }
            let queue = match self.queues.get(&notify.id) {
                Some(queue) => queue.clone(),
                None => Queue::open(&self.folder.join(notify.id.as_str()))
                    .with_context(|| format!("what waits for `{}` cannot be kept", notify.id.as_str()))?,
            };
            self.queues.insert(notify.id.clone(), queue.clone());
            let over = Arc::new(AtomicBool::new(false));
            let (waiting, ended) = (queue.clone(), Arc::clone(&over));
            let sender = Sender::new(notify.clone(), zone.clone());
            thread::Builder::new()
                .name("telling".into())
                .spawn(move || keep_telling(&waiting, sender, &ended))?;
            self.receivers.insert(notify.id.clone(), Told { notify: notify.clone(), queue, over });
        }
        Ok(())
    }

    /// Tells of a finding that was sealed at a place.
    pub(crate) fn finding(&mut self, finding: &Finding, graver: bool, sealed: u64) {
        self.tell(|to, city| Notice::of_finding(to, city, finding, graver, sealed));
    }

    /// Tells of a response that was sealed at a place.
    pub(crate) fn response(&mut self, response: &Response, sealed: u64) {
        self.tell(|to, city| Notice::of_response(to, city, response, sealed));
    }

    /// Tells of an incident that was sealed at a place.
    pub(crate) fn incident(&mut self, incident: &Incident, sealed: u64) {
        self.tell(|to, city| Notice::of_incident(to, city, incident, sealed));
    }

    fn tell(&mut self, notice: impl Fn(&Notify, &str) -> Option<Notice>) {
        for told in self.receivers.values_mut() {
            if let Some(notice) = notice(&told.notify, &self.city)
                && let Err(error) = told.queue.put(&notice)
            {
                told.queue.lose(1);
                warn(format_args!("`{}` cannot be told of {}: {error}", told.notify.id.as_str(), notice.id));
            }
        }
    }

    /// What was not told since this was last asked, for want of room.
    pub(crate) fn losses(&mut self) -> Vec<Loss> {
        let lost = |(id, told): (&NotifyId, &mut Told)| {
            let count = told.queue.lost();
            let detail = format!(
                "`{}` could not be told for so long that the oldest of what waited for it was thrown away",
                id.as_str()
            );
            (count > 0).then(|| Loss { kind: LossKind::TableFull, count, detail: detail.into() })
        };
        self.receivers.iter_mut().filter_map(lost).collect()
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        self.receivers.values().for_each(|told| told.over.store(true, Ordering::Relaxed));
    }
}

/// Takes the oldest of a queue until told to end; what fails is tried again, after longer and longer.
fn keep_telling(queue: &Queue, mut sender: Sender, over: &AtomicBool) {
    let mut complaint = None;
    let mut failures = 0;
    while !over.load(Ordering::Relaxed) {
        let waiting = queue.oldest(AT_ONCE);
        if waiting.is_empty() {
            thread::sleep(LOOK_EVERY);
            continue;
        }
        let notices: Vec<Notice> = waiting.iter().map(|(_, notice)| notice.clone()).collect();
        let Sent { count, failure } = sender.send(&notices);
        for (place, _) in waiting.iter().take(count) {
            queue.done(*place);
        }
        let Some(failure) = failure else {
            if complaint.take().is_some() {
                warn(format_args!("`{}` can be told again", sender.id().as_str()));
            }
            failures = 0;
            continue;
        };
        if complaint.as_ref() != Some(&failure) {
            warn(format_args!(
                "`{}` cannot be told: {failure}; what is to be told waits",
                sender.id().as_str()
            ));
            complaint = Some(failure);
        }
        let wait = (WAIT * 2_u32.saturating_pow(failures)).min(WAIT_MAX);
        failures = failures.saturating_add(1).min(16);
        let mut waited = Duration::ZERO;
        while waited < wait && !over.load(Ordering::Relaxed) {
            thread::sleep(LOOK_EVERY);
            waited += LOOK_EVERY;
        }
    }
}

#[cfg(test)]
mod tests;
