//! Whether what is told beside the steps fits them: predictions, data, fallbacks, decisions and calls.

use super::{Looking, expected::Expected, expected::runs};
use crate::{DecisionKind, Kept, Return, Step, StepId, Work};
use city::{BackupId, ProcedureId, Purpose, Service, ServiceId};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};

impl Looking<'_> {
    pub(super) fn check_told(&mut self, expected: &Expected<'_>) {
        let restoration = self.restoration;
        let mut told: BTreeMap<&ServiceId, &Return> = BTreeMap::new();
        for back in &restoration.services {
            if told.insert(&back.service, back).is_some() {
                self.fault(None, format!("{} is told of twice", back.service));
            }
            if !expected.facts.down.contains(&back.service) {
                self.fault(None, format!("{} is not down", back.service));
            }
        }
        for service in expected.facts.down.iter().filter_map(|id| self.plan.service(id)) {
            match told.get(&service.id) {
                Some(back) => self.check_service(service, back, expected),
                None => {
                    self.fault(None, format!("{} is down, and it is not told when it runs again", service.id))
                }
            }
        }
        self.check_meanwhile(&told);
        self.check_decisions(&told);
    }

    fn check_service(&mut self, service: &Service, back: &Return, expected: &Expected<'_>) {
        let id = runs(&service.id);
        let about = Some(&id);
        if self.steps.get(&id).is_none_or(|step| step.end != back.scheduled) {
            self.fault(about, "the time in the schedule is not that of the step");
        }
        let in_order = back.p10 <= back.likely && back.likely <= back.p90;
        if !in_order || back.p10 < SignedDuration::ZERO {
            self.fault(about, "the prediction does not lie within its uncertainty");
        }
        if back.impact != service.impact || back.name != service.name {
            self.fault(about, "its name or impact is not the plan's");
        }
        let target = service.recovery.map(crate::Target::from);
        let met =
            |limit: fn(&crate::Target) -> SignedDuration| target.map(|target| back.likely <= limit(&target));
        if back.target != target || back.rto_met != met(|t| t.rto) || back.mtpd_met != met(|t| t.mtpd) {
            self.fault(about, "what is said of its recovery target is not so");
        }
        let none = BTreeSet::new();
        let data: BTreeSet<&BackupId> = expected.data.get(&service.id).unwrap_or(&none).iter().collect();
        if back.data.iter().map(|data| &data.backup).collect::<BTreeSet<_>>() != data
            || back.data.len() != data.len()
        {
            self.fault(about, "what is said of its data is not about the backups that it needs");
        }
        let mut oldest: Option<SignedDuration> = None;
        let mut gone = false;
        for data in &back.data {
            match &data.snapshot {
                None => {
                    gone = true;
                    let rebuilt = Work::Rebuild { backup: data.backup.clone() }.id();
                    if !self.steps.contains_key(&rebuilt) {
                        self.fault(
                            about,
                            format!("{} is said to be unrecoverable, and is restored", data.backup),
                        );
                    }
                }
                Some(kept) => {
                    oldest = oldest.max(Some(kept.age));
                    if !self.takes(&data.backup, kept) {
                        self.fault(about, format!("the snapshot of {} is not the one restored", data.backup));
                    }
                }
            }
        }
        let lost = if gone { None } else { oldest };
        let within = |target: &crate::Target| !gone && lost.is_none_or(|lost| lost <= target.rpo);
        if back.unrecoverable != gone || back.data_lost != lost || back.rpo_met != target.as_ref().map(within)
        {
            self.fault(about, "how much of its data is lost is not what its snapshots say");
        }
        self.check_path(&id, back);
    }

    fn takes(&self, backup: &BackupId, kept: &Kept) -> bool {
        let (from, taken) = (kept.repository.clone(), kept.taken);
        let work = Work::Restore { backup: backup.clone(), from, taken };
        self.steps.get(&work.id()).is_some_and(|step| step.work == work) && kept.age >= SignedDuration::ZERO
    }

    /// The steps that decide when a service runs follow one another at once.
    fn check_path(&mut self, id: &StepId, back: &Return) {
        let steps: Vec<&Step> = back.path.iter().filter_map(|step| self.steps.get(step).copied()).collect();
        let whole = steps.len() == back.path.len()
            && steps.last().is_some_and(|last| last.id == *id)
            && (steps.len() >= Return::PATH_MAX
                || steps.first().is_some_and(|first| first.start == SignedDuration::ZERO));
        let follows = |pair: &[&Step]| match pair {
            [before, after] => {
                let same_hands = before.hands == after.hands && after.hands != crate::Hands::Nobody;
                before.end == after.start && (after.needs.contains(&before.id) || same_hands)
            }
            _ => false,
        };
        if !whole || !steps.windows(2).all(follows) {
            self.fault(Some(id), "the steps that are said to decide when it runs do not lead to it");
        }
    }

    fn check_meanwhile(&mut self, told: &BTreeMap<&ServiceId, &Return>) {
        let restoration = self.restoration;
        let mut written: BTreeMap<&ServiceId, Vec<&ProcedureId>> = BTreeMap::new();
        for procedure in self.plan.procedures().filter(|procedure| procedure.purpose == Purpose::Fallback) {
            for service in &procedure.services {
                written.entry(service).or_default().push(&procedure.id);
            }
        }
        let mut fallbacks = BTreeSet::new();
        for fallback in &restoration.fallbacks {
            let back = told.get(&fallback.service).map(|back| (back.likely, back.target.map(|t| t.mtpd)));
            let written = written.get(&fallback.service).map(Vec::as_slice).unwrap_or_default();
            let right = back == Some((fallback.until, fallback.bearable))
                && written.iter().copied().eq(&fallback.procedures)
                && self
                    .plan
                    .service(&fallback.service)
                    .is_some_and(|service| service.fallback == fallback.words);
            if !right || !fallbacks.insert(&fallback.service) {
                self.fault(
                    None,
                    format!("what is done without {} meanwhile is not what the plan says", fallback.service),
                );
            }
        }
        for service in told.keys().filter(|service| !fallbacks.contains(*service)).collect::<Vec<_>>() {
            self.fault(None, format!("it is not said what is done without {service} meanwhile"));
        }
        let called: BTreeSet<_> = restoration.tell.iter().map(|tell| &tell.contact).collect();
        let owners = told.keys().filter_map(|id| self.plan.service(id)?.owner.as_ref());
        let crews = restoration.steps.iter().filter_map(|step| match &step.hands {
            crate::Hands::Crew(id) => self.plan.crew(id)?.contact.as_ref(),
            _ => None,
        });
        let asked: BTreeSet<_> = restoration
            .steps
            .iter()
            .filter_map(|step| match &step.work {
                Work::Deliver { asset } => self.plan.asset(asset)?.supplier.as_ref(),
                _ => None,
            })
            .filter(|supplier| !self.lost.suppliers.contains(*supplier))
            .collect();
        let desks = self.plan.suppliers().filter(|supplier| asked.contains(&supplier.id));
        let desks = desks.filter_map(|supplier| supplier.contact.as_ref());
        let expected: BTreeSet<_> = owners.chain(crews).chain(desks).collect();
        if called != expected || called.len() != restoration.tell.len() {
            self.fault(None, "those who are told are not those who must be");
        }
    }

    fn check_decisions(&mut self, told: &BTreeMap<&ServiceId, &Return>) {
        let decisions = &self.restoration.decisions;
        let asked = |kind: DecisionKind| decisions.iter().filter(move |point| point.kind == kind);
        let late: BTreeSet<&ServiceId> =
            asked(DecisionKind::BackTooLate).flat_map(|point| &point.services).collect();
        let expected: BTreeSet<&ServiceId> =
            told.values().filter(|back| back.mtpd_met == Some(false)).map(|back| &back.service).collect();
        let rebuilt =
            self.restoration.steps.iter().filter(|step| matches!(step.work, Work::Rebuild { .. })).count();
        let suppliers =
            self.plan.suppliers().filter(|supplier| self.lost.suppliers.contains(&supplier.id)).count();
        let repositories = self
            .plan
            .repositories()
            .filter(|repository| self.lost.repositories.contains_key(&repository.id))
            .count();
        let counts = [
            (DecisionKind::Unrecoverable, rebuilt),
            (DecisionKind::SupplierGone, suppliers),
            (DecisionKind::RepositoryLost, repositories),
        ];
        let wrong = late != expected || counts.into_iter().any(|(kind, count)| asked(kind).count() != count);
        if wrong {
            self.fault(None, "what has to be decided is not what the losses and the times ask for");
        }
    }
}
