//! The pack of Averbourne, the demo's town: everything that people need is in it, and nothing that they must not have.

#![cfg(test)]

use ::city::{BackupMade, Drill, DrillStep, Observation, Observed, Snapshot};
use console::pack;
use jiff::{SignedDuration, Timestamp};
use plan::{Plan, SourceFile};
use recover::{Judgement, Record};
use std::{fs, path::Path};

fn averbourne() -> Plan {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/averbourne/plan");
    let mut files = Vec::new();
    let mut folders = vec![folder.clone()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
                files.push(SourceFile::from_bytes(name, fs::read(&path).unwrap()));
            }
        }
    }
    files.sort_by(|a, b| a.path().cmp(b.path()));
    plan::check(&files).plan.expect("the demo's plan has no errors")
}

/// Every backup of the plan as made in the night, and every service with one as drilled.
fn nights_work(plan: &Plan, now: Timestamp) -> Record {
    let mut record = Record::default();
    let mut see = |time, fact| {
        let observation = Observation { time, sensor: "vault".into(), fact };
        record.see(&observation, plan, &mut Judgement::default());
    };
    let night = now - SignedDuration::from_hours(11);
    for backup in plan.backups() {
        for repository in &backup.to {
            let made = BackupMade {
                backup: backup.id.clone(),
                repository: repository.clone(),
                start: night,
                duration: SignedDuration::from_mins(3),
                outcome: Ok(Snapshot {
                    id: "5e".repeat(32).as_str().into(),
                    files: 1_204,
                    bytes: 81_000_000,
                    ..Snapshot::default()
                }),
            };
            see(night, Observed::Backup(Box::new(made)));
        }
    }
    for (minutes, service) in (4..).step_by(7).zip(plan.services()) {
        let steps: Vec<DrillStep> = plan
            .backups_of(&service.id)
            .map(|backup| DrillStep {
                backup: backup.id.clone(),
                from: backup
                    .to
                    .first()
                    .map(|repository| (repository.clone(), "5e".repeat(32).as_str().into())),
                check: None,
                what: "restore".into(),
                duration: SignedDuration::from_mins(minutes),
                bytes: 81_000_000,
                failure: None,
            })
            .collect();
        let drill = Drill {
            service: service.id.clone(),
            start: night + SignedDuration::from_hours(1),
            duration: SignedDuration::from_mins(minutes),
            recovered_to: Some(night),
            steps,
        };
        see(drill.start, Observed::Drill(Box::new(drill)));
    }
    record
}

#[test]
fn everything_that_people_need_is_in_the_pack_and_nothing_from_elsewhere() {
    let plan = averbourne();
    let issued = "2026-11-23T14:05:00Z".parse().unwrap();
    let record = nights_work(&plan, issued);
    let digest = "9a786431cf1a0955e3138c58085450547055005a70ecac26dc11394054dfc73b";
    let pack = pack::render(&pack::Given { plan: &plan, digest, record: &record, issued }).unwrap();
    // The browser test prints this file.
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("pack.html"), &pack).unwrap();

    // Nothing is fetched: what is referred to is in the file itself, or is dialled.
    for (name, sign) in
        [("src", "src="), ("url", "url("), ("import", "@import"), ("script", "<script"), ("link", "<link")]
    {
        assert!(!pack.contains(sign), "{name}");
    }
    for href in pack.split("href=\"").skip(1) {
        assert!(href.starts_with('#') || href.starts_with("tel:+"), "{}", href.get(..60).unwrap_or(href));
    }
    for href in pack.split("href=\"#").skip(1) {
        let id = href.split('"').next().unwrap();
        assert!(pack.contains(&format!("id=\"{id}\"")), "nothing is called #{id}");
    }
    let has = |text: &str| {
        let text = text.replace('&', "&#38;").replace('\'', "&#39;");
        assert!(pack.contains(&text), "`{text}` is not in the pack");
    };
    for service in plan.services() {
        has(&service.name);
    }
    for contact in plan.contacts() {
        has(&contact.name);
        contact.telephone.iter().for_each(|number| has(number));
    }
    for asset in plan.assets() {
        has(asset.id.as_str());
        asset.addresses.iter().for_each(|address| has(&address.to_string()));
    }
    for repository in plan.repositories() {
        has(&repository.name);
        has(&repository.key.to_string());
        repository.login.iter().for_each(|login| has(&login.to_string()));
    }
    for procedure in plan.procedures() {
        has(&procedure.name);
    }
    for (name, _) in plan.zones().map(|zone| (&zone.name, ())) {
        has(name);
    }
    has("restic restore");
    has("9a786431cf1a");
}
