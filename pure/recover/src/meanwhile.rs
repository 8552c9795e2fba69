//! What people have to do beside the steps: do without, decide, and tell.

use crate::{
    DecisionKind, DecisionPoint, Fallback, Lost, Restoration, Return, Step, Tell, Work,
    tasks::{names, show},
};
use city::{
    Asset, AssetId, ContactId, Procedure, ProcedureId, Purpose, ServiceId, Supplier, SupplierId, Text,
};
use jiff::SignedDuration;
use plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// What is done while services are down.
pub(crate) fn fallbacks(plan: &Plan, services: &[Return]) -> Vec<Fallback> {
    let mut written: BTreeMap<&ServiceId, Vec<ProcedureId>> = BTreeMap::new();
    for Procedure { id, services, .. } in plan.procedures().filter(|p| p.purpose == Purpose::Fallback) {
        for service in services {
            written.entry(service).or_default().push(id.clone());
        }
    }
    let fallback = |back: &Return| {
        let words = plan.service(&back.service).and_then(|service| service.fallback.clone());
        let procedures = written.get(&back.service).cloned().unwrap_or_default();
        Fallback {
            service: back.service.clone(),
            words,
            procedures,
            until: back.likely,
            bearable: back.target.map(|target| target.mtpd),
        }
    };
    services.iter().map(fallback).collect()
}

/// What somebody has to decide, the soonest first.
pub(crate) fn decisions(plan: &Plan, lost: &Lost, steps: &[Step], services: &[Return]) -> Vec<DecisionPoint> {
    let mut points: Vec<DecisionPoint> = Vec::new();
    points.extend(
        plan.suppliers().filter(|s| lost.suppliers.contains(&s.id)).map(|s| supplier_gone(plan, lost, s)),
    );
    points.extend(no_replacement(plan, lost));
    points.extend(plan.repositories().filter(|r| lost.repositories.contains_key(&r.id)).map(|repository| {
        let held: Vec<&str> =
            plan.backups().filter(|backup| backup.to.contains(&repository.id)).map(|b| b.id.as_str()).collect();
        DecisionPoint {
            kind: DecisionKind::RepositoryLost,
            what: format!("{} is lost, and with it its copies of {}", repository.name, names(held)).into(),
            choices: vec![
                "set up another repository before the restored services change their data: until then they are backed up to fewer places".into(),
                "find out whether its storage can be saved".into(),
            ],
            by: SignedDuration::ZERO,
            who: None,
            services: Vec::new(),
        }
    }));
    points.extend(steps.iter().filter_map(|step| {
        let Work::Rebuild { backup } = &step.work else { return None };
        Some(DecisionPoint {
            kind: DecisionKind::Unrecoverable,
            what: format!("UNRECOVERABLE: no clean snapshot of {backup} is left in any repository").into(),
            choices: vec![
                "look for other copies: exports, test systems, paper, partners, older media".into(),
                "start the services again without it, and enter it anew".into(),
                "take a snapshot that is not known to be clean, apart from the network, and clean it".into(),
            ],
            by: step.start,
            who: owner(plan, step.services.iter()),
            services: step.services.clone(),
        })
    }));
    points.extend(services.iter().filter(|back| back.mtpd_met == Some(false)).filter_map(|back| {
        let mtpd = back.target?.mtpd;
        Some(DecisionPoint {
            kind: DecisionKind::BackTooLate,
            what: format!(
                "{} is likely back after {}, and the harm becomes unacceptable after {}",
                back.name,
                show(back.likely),
                show(mtpd)
            )
            .into(),
            choices: vec![
                "ask neighbours or a supplier to do it for the city meanwhile".into(),
                "take people from services that can wait".into(),
                "tell the public, and what to do instead".into(),
            ],
            by: mtpd,
            who: plan.service(&back.service).and_then(|service| service.owner.clone()),
            services: vec![back.service.clone()],
        })
    }));
    // Stable: what was found first stays first.
    points.sort_by_key(|point| point.by);
    points
}

fn supplier_gone(plan: &Plan, lost: &Lost, supplier: &Supplier) -> DecisionPoint {
    let of: Vec<&Asset> =
        plan.assets().filter(|asset| asset.supplier.as_ref() == Some(&supplier.id)).collect();
    let (gone, standing): (Vec<&Asset>, Vec<&Asset>) =
        of.iter().partition(|asset| lost.assets.contains_key(&asset.id));
    let mut what = format!("{} is gone", supplier.name);
    if !gone.is_empty() {
        what += &format!("; {} must come from elsewhere", names(gone.iter().map(|a| a.id.as_str())));
    }
    if !standing.is_empty() {
        let standing = names(standing.iter().map(|asset| asset.id.as_str()));
        what += &format!("; {standing} still stand, but nobody mends or updates them");
    }
    let services: BTreeSet<&ServiceId> = of.iter().flat_map(|asset| &asset.services).collect();
    DecisionPoint {
        kind: DecisionKind::SupplierGone,
        what: what.into(),
        choices: vec![
            "find another supplier, and ask what it can deliver by when".into(),
            "take the part of another make, and change the plan".into(),
            "do without it, and keep to the fallback".into(),
        ],
        by: SignedDuration::ZERO,
        who: owner(plan, services.iter().copied()),
        services: services.into_iter().cloned().collect(),
    }
}

/// The lost assets of which the plan does not say how long replacing them takes.
fn no_replacement(plan: &Plan, lost: &Lost) -> Option<DecisionPoint> {
    let gone =
        |supplier: &Option<SupplierId>| supplier.as_ref().is_some_and(|id| lost.suppliers.contains(id));
    let unsaid: Vec<&Asset> = plan
        .assets()
        .filter(|asset| {
            lost.assets.contains_key(&asset.id) && asset.replace.is_none() && !gone(&asset.supplier)
        })
        .collect();
    let services: BTreeSet<&ServiceId> = unsaid.iter().flat_map(|asset| &asset.services).collect();
    let (first, rest) = unsaid.split_first()?;
    let ids: Vec<&AssetId> = [first].into_iter().chain(rest).map(|asset| &asset.id).collect();
    let ids = names(ids.iter().map(|id| id.as_str()));
    Some(DecisionPoint {
        kind: DecisionKind::NoReplacement,
        what: format!("the plan does not say how long replacing {ids} takes, so that is guessed").into(),
        choices: vec![
            "ask who supplies them what can be had by when, and write it into the plan (`replace`)".into(),
            "take a machine of a service that can wait".into(),
        ],
        by: SignedDuration::ZERO,
        who: owner(plan, services.iter().copied()),
        services: services.into_iter().cloned().collect(),
    })
}

/// Who answers for the service with the worst impact among these.
fn owner<'s>(plan: &Plan, services: impl Iterator<Item = &'s ServiceId>) -> Option<ContactId> {
    let services = services.filter_map(|id| plan.service(id)).filter(|service| service.owner.is_some());
    // The first of the worst: `max_by_key` would give the last.
    services.reduce(|worst, next| if next.impact > worst.impact { next } else { worst })?.owner.clone()
}

/// Who must be told, in order: first those who answer for what is down, the worst first; then those who have to begin.
pub(crate) fn tell(plan: &Plan, lost: &Lost, steps: &[Step], services: &[Return]) -> Vec<Tell> {
    let mut calls: Calls = Calls::default();
    for back in services {
        if let Some(owner) = plan.service(&back.service).and_then(|service| service.owner.as_ref()) {
            let back_after = show(back.likely);
            calls.add(owner, SignedDuration::ZERO, || {
                format!("{} is down, likely for {back_after}", back.name)
            });
        }
    }
    let suppliers: BTreeMap<&SupplierId, &Supplier> = plan.suppliers().map(|s| (&s.id, s)).collect();
    for step in steps {
        match (&step.work, &step.hands) {
            (Work::Deliver { asset }, _) => {
                let supplier = plan.asset(asset).and_then(|asset| asset.supplier.as_ref());
                let supplier =
                    supplier.filter(|id| !lost.suppliers.contains(*id)).and_then(|id| suppliers.get(id));
                if let Some(contact) = supplier.and_then(|supplier| supplier.contact.as_ref()) {
                    let name = plan.asset(asset).map_or(asset.as_str(), |asset| &asset.name);
                    calls.add(contact, step.start, || format!("another {name} is needed"));
                }
            }
            (_, crate::Hands::Crew(id)) => {
                let crew = plan.crew(id);
                if let Some((crew, contact)) = crew.and_then(|crew| Some((crew, crew.contact.as_ref()?))) {
                    let after = show(step.start);
                    let what = step.what.lines().next().unwrap_or_default();
                    calls.add(contact, step.start, || format!("after {after}, {}: {what}", crew.name));
                }
            }
            _ => {}
        }
    }
    calls.told(plan)
}

/// Who is to be called, and why.
#[derive(Debug, Default)]
struct Calls {
    /// For each: by when, in which place, why, and how many reasons there are.
    by_contact: BTreeMap<ContactId, (SignedDuration, usize, Vec<Text>, usize)>,
}

impl Calls {
    fn add(&mut self, contact: &ContactId, by: SignedDuration, why: impl FnOnce() -> String) {
        let place = self.by_contact.len();
        if !self.by_contact.contains_key(contact) {
            self.by_contact.insert(contact.clone(), (by, place, Vec::new(), 0));
        }
        if let Some((earliest, _, reasons, count)) = self.by_contact.get_mut(contact) {
            *earliest = (*earliest).min(by);
            *count += 1;
            if reasons.len() < Tell::WHY_MAX {
                reasons.push(why().into());
            }
        }
    }

    fn told(self, plan: &Plan) -> Vec<Tell> {
        let contacts: BTreeMap<&ContactId, &city::Contact> = plan.contacts().map(|c| (&c.id, c)).collect();
        let mut calls: Vec<_> = self.by_contact.into_iter().collect();
        calls.sort_by_key(|(_, (by, place, ..))| (*by, *place));
        let tell = |(id, (by, _, mut why, count)): (ContactId, (SignedDuration, usize, Vec<Text>, usize))| {
            let contact = contacts.get(&id)?;
            if count > why.len() {
                why.push(format!("and {} more", count - why.len()).into());
            }
            Some(Tell {
                name: contact.name.clone(),
                role: contact.role.clone(),
                telephone: contact.telephone.clone(),
                mail: contact.mail.clone(),
                contact: id,
                by,
                why,
            })
        };
        calls.into_iter().filter_map(tell).collect()
    }
}

impl Restoration {
    /// The services of which there is data that cannot be recovered.
    pub fn unrecoverable(&self) -> impl Iterator<Item = &Return> {
        self.services.iter().filter(|service| service.unrecoverable)
    }
}
