//! Which backups, services and repositories are meant.

use anyhow::bail;
use city::{Backup, Repository, Service};
use plan::Plan;

/// The backups that words mean: each the id of a backup, of an asset, or of a service with all that belongs to it. All
/// backups of the plan if there is no word. In the order of the plan, each once.
///
/// # Errors
///
/// A word means nothing, or nothing that is backed up; the plan backs up nothing.
pub(crate) fn backups<'p>(plan: &'p Plan, words: &[String]) -> anyhow::Result<Vec<&'p Backup>> {
    if plan.backups().len() == 0 {
        bail!("the plan backs up nothing; declare a `[[repository]]` and a `[[backup]]` in it");
    }
    let mut meant: Vec<&Backup> = Vec::new();
    for word in words {
        let of_word = backups_of(plan, word)?;
        meant.extend(of_word.into_iter().filter(|backup| !words_hold(&meant, backup)).collect::<Vec<_>>());
    }
    Ok(plan.backups().filter(|backup| words.is_empty() || words_hold(&meant, backup)).collect())
}

fn words_hold(meant: &[&Backup], backup: &Backup) -> bool {
    meant.iter().any(|other| other.id == backup.id)
}

/// The backups that one word means.
fn backups_of<'p>(plan: &'p Plan, word: &str) -> anyhow::Result<Vec<&'p Backup>> {
    let known = |of: Vec<&'p Backup>, what: &str| {
        if of.is_empty() {
            bail!("the plan backs up nothing of the {what} `{word}`; declare a `[[backup]]` for it");
        }
        Ok(of)
    };
    if let Ok(id) = word.parse()
        && plan.service(&id).is_some()
    {
        return known(plan.backups_of(&id).collect(), "service");
    }
    if let Ok(id) = word.parse()
        && plan.asset(&id).is_some()
    {
        return known(plan.backups().filter(|backup| backup.asset.as_ref() == Some(&id)).collect(), "asset");
    }
    let by_id: Vec<&Backup> = plan.backups().filter(|backup| backup.id.as_str() == word).collect();
    if by_id.is_empty() {
        bail!("the plan has no service, asset or backup `{word}`");
    }
    Ok(by_id)
}

/// The repositories that words name; all of the plan if there is no word.
///
/// # Errors
///
/// A word names none; the plan has none.
pub(crate) fn repositories<'p>(plan: &'p Plan, words: &[String]) -> anyhow::Result<Vec<&'p Repository>> {
    if plan.repositories().len() == 0 {
        bail!("the plan has no repository; declare a `[[repository]]` in it");
    }
    repositories_if_named(plan, words)?;
    let named = |repository: &&Repository| words.iter().any(|word| repository.id.as_str() == word);
    Ok(plan.repositories().filter(|repository| words.is_empty() || named(repository)).collect())
}

/// Whether each word names a repository.
///
/// # Errors
///
/// One does not.
pub(crate) fn repositories_if_named(plan: &Plan, words: &[String]) -> anyhow::Result<()> {
    for word in words {
        if !plan.repositories().any(|repository| repository.id.as_str() == word) {
            let known: Vec<&str> = plan.repositories().map(|repository| repository.id.as_str()).collect();
            bail!("the plan has no repository `{word}`; it has {}", known.join(", "));
        }
    }
    Ok(())
}

/// The service of an id.
///
/// # Errors
///
/// The plan has no such service.
pub(crate) fn service<'p>(plan: &'p Plan, word: &str) -> anyhow::Result<&'p Service> {
    let found = word.parse().ok().and_then(|id| plan.service(&id));
    let Some(service) = found else {
        let known: Vec<&str> = plan.services().map(|service| service.id.as_str()).collect();
        bail!("the plan has no service `{word}`; it has {}", known.join(", "));
    };
    Ok(service)
}
