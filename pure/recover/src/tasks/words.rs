//! What is to be done and why, in plain words.

use crate::Lost;
use city::{Asset, Backup, Procedure, Repository, RepositoryId, Service, ServiceId, Text};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// A few names, and how many more.
pub(crate) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 4;
    let names: Vec<&str> = names.into_iter().collect();
    let shown = names.get(..MOST.min(names.len())).unwrap_or_default();
    match (shown, names.len().saturating_sub(MOST)) {
        ([], _) => "nothing".to_owned(),
        ([one], 0) => (*one).to_owned(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (shown, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

pub(super) fn deliver(asset: &Asset) -> Text {
    match &asset.product {
        Some(product) => format!("Order another {product} for {}, and wait for it", asset.name).into(),
        None => format!("Order another {}, and wait for it", asset.name).into(),
    }
}

pub(super) fn why_deliver(asset: &Asset, why: &str, supplier_gone: bool) -> Vec<Text> {
    let mut reasons = vec![format!("{} is lost: {why}", asset.id).into()];
    match (&asset.supplier, supplier_gone) {
        (Some(supplier), true) => {
            reasons.push(format!("its supplier {supplier} is gone: another must be found, and how long that takes is guessed").into());
        }
        (Some(supplier), false) => reasons.push(format!("it comes from {supplier}").into()),
        (None, _) => {}
    }
    match asset.replace {
        None => reasons
            .push("the plan does not say how long replacing it takes (`replace`): this is guessed".into()),
        Some(_) if !supplier_gone => {
            reasons.push("of the time that the plan gives for replacing it, a quarter and at most an hour is kept for putting it in its place".into());
        }
        Some(_) => {}
    }
    reasons.push("nobody is busy with it while it is on its way".into());
    reasons
}

pub(super) fn replace(asset: &Asset) -> Text {
    format!("Put another {} in its place, ready for what is restored to it", asset.name).into()
}

pub(super) fn why_procedure(procedure: &Procedure, number: usize, services: &[ServiceId]) -> Text {
    let of = procedure.steps.len();
    let services = names(services.iter().map(ServiceId::as_str));
    format!("step {number} of {of} of {}, which brings back {services}", procedure.name).into()
}

pub(super) fn restore(
    backup: &Backup,
    from: &RepositoryId,
    repository: Option<&Repository>,
    taken: Timestamp,
) -> Text {
    let time = taken.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string();
    let name = repository.map_or(from.as_str(), |repository| repository.name.as_str());
    format!("Restore {} from {name}, the snapshot of {time} UTC", backup.id).into()
}

pub(super) fn why_restore(
    backup: &Backup,
    repository: Option<&Repository>,
    lost: &Lost,
    guessed: bool,
) -> Vec<Text> {
    let mut reasons: Vec<Text> = vec![whose(backup, lost)];
    if let Some(repository) = repository {
        reasons.push(
            format!("{} holds its newest clean snapshot of all repositories that are left", repository.id)
                .into(),
        );
        if repository.offline.is_some() {
            reasons.push(
                format!("{} is kept offline: somebody has to fetch and connect it", repository.id).into(),
            );
        }
    }
    let gone: Vec<&str> =
        backup.to.iter().filter(|id| lost.repositories.contains_key(*id)).map(|id| id.as_str()).collect();
    if !gone.is_empty() {
        reasons.push(format!("not from {}: lost", names(gone)).into());
    }
    if guessed {
        reasons.push("no drill has measured how long it takes: this is guessed".into());
    }
    reasons
}

/// Why a backup's data have to be restored.
fn whose(backup: &Backup, lost: &Lost) -> Text {
    match (&backup.asset, &backup.service) {
        (Some(asset), _) if lost.assets.contains_key(asset) => {
            format!("it was on {asset}, which is lost").into()
        }
        (_, Some(service)) => format!("{service} needs it to come back").into(),
        (Some(asset), None) => format!("services of {asset} need it to come back").into(),
        (None, None) => "it is lost".into(),
    }
}

pub(super) fn rebuild(backup: &Backup) -> Text {
    format!("Make anew what {} would have held: it CANNOT be restored, no clean snapshot is left", backup.id)
        .into()
}

pub(super) fn why_rebuild(backup: &Backup, lost: &Lost) -> Vec<Text> {
    let (gone, left): (Vec<&RepositoryId>, Vec<&RepositoryId>) =
        backup.to.iter().partition(|id| lost.repositories.contains_key(*id));
    let mut reasons = vec![whose(backup, lost)];
    if !gone.is_empty() {
        reasons.push(format!("lost with its backups: {}", names(gone.iter().map(|id| id.as_str()))).into());
    }
    if !left.is_empty() {
        reasons.push(
            format!("no clean snapshot of it is known in {}", names(left.iter().map(|id| id.as_str())))
                .into(),
        );
    }
    reasons.push("how long making it anew takes is guessed".into());
    reasons
}

pub(super) fn check(service: &Service) -> Text {
    format!("See that {} does what it should", service.name).into()
}

pub(super) fn why_check(service: &Service) -> Vec<Text> {
    let who = service.owner.as_ref().map_or("whoever uses it".to_owned(), ToString::to_string);
    vec![
        format!("only {who} can tell that it works again").into(),
        "its owner looks, and none of the crews is busy with it; how long that takes is guessed".into(),
    ]
}

pub(super) fn runs(service: &Service) -> Text {
    format!("{} runs again", service.name).into()
}

pub(super) fn why_runs(service: &Service, lost: &Lost) -> Vec<Text> {
    let Some(down) = lost.services.get(&service.id) else { return Vec::new() };
    let mut reasons: Vec<Text> =
        down.directly.iter().map(|why| format!("it was down: {why}").into()).collect();
    if !down.needs.is_empty() {
        let needs = names(down.needs.iter().map(ServiceId::as_str));
        reasons.push(format!("it cannot run without {needs}").into());
    }
    reasons
}

/// A length of time for people, in its two greatest units, rounded to the nearest of the smaller: `2 d 3 h`, `47 min`.
pub(crate) fn show(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    let minutes = (seconds + 30) / 60;
    let (days, hours) = (minutes / 1_440, minutes % 1_440 / 60);
    match (days, hours, minutes % 60) {
        _ if seconds < 60 => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}
