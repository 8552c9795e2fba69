//! What is lost, in an operator's words, and what goes down with it.

use city::{Asset, AssetId, Backup, BackupId, Repository, RepositoryId, ServiceId, SiteId, SupplierId, Text};
use plan::{Plan, Suggestions};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

/// What is lost, and what goes down with it. Each thing with the reason why it counts as lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// What was said to be lost, in the words that [`Lost::parse`] read.
    pub words: Vec<Text>,
    /// Assets that must be replaced.
    pub assets: BTreeMap<AssetId, Text>,
    /// Repositories that nothing can be restored from.
    pub repositories: BTreeMap<RepositoryId, Text>,
    /// Suppliers that can no longer be asked for anything.
    pub suppliers: BTreeSet<SupplierId>,
    /// Services whose software and data are lost, although the assets they rest on may stand.
    pub hit: BTreeMap<ServiceId, Text>,
    /// Services that are down.
    pub services: BTreeMap<ServiceId, Down>,
}

/// Why a service is down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Down {
    /// Something it rests on is lost: what. None if it is down only because it needs others that are.
    pub directly: Option<Text>,
    /// The services it needs that are down too.
    pub needs: Vec<ServiceId>,
}

/// Why words do not say what is lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LossError {
    /// A word is the id of things of several kinds.
    #[error("`{word}` may be {}: say which", list(.choices))]
    Ambiguous {
        /// The word.
        word: String,
        /// What it may be, each as it is written unmistakably.
        choices: Vec<String>,
    },
    /// No word was given.
    #[error(
        "nothing is said to be lost: name a site, zone, asset, supplier, service or repository, or `everything`"
    )]
    Nothing,
    /// What a word names is not in the plan.
    #[error("the plan has no {kind} `{name}`{}", hint(.near))]
    Unknown {
        /// What was asked for: `site`, `asset`, …
        kind: &'static str,
        /// The name.
        name: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// What stands before the colon is no kind of thing that can be lost.
    #[error(
        "`{kind}:` is nothing that can be lost: write `site:`, `zone:`, `asset:`, `supplier:`, `service:`, `repository:`, \
         `role:` or `product:`"
    )]
    UnknownKind {
        /// What stood before the colon.
        kind: String,
    },
}

fn list(choices: &[String]) -> String {
    let quoted: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
    quoted.join(" or ")
}

fn hint(near: &Option<String>) -> String {
    near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// The kinds of things that a word can name by id, in the order in which they are offered.
const KINDS: [&str; 6] = ["site", "zone", "asset", "supplier", "service", "repository"];

impl Lost {
    /// Reads what is lost: `site:data-centre`, `zone:…`, `asset:…`, `supplier:…`, `service:…`, `repository:…`,
    /// `role:server`, `product:*windows*` (`*` stands for anything, and case does not matter), `everything`, or a word
    /// alone: the id of one thing of any kind, or else a role, a product or a part of a product's name.
    ///
    /// # Errors
    ///
    /// A word that names nothing in the plan, or things of several kinds; or no word at all.
    pub fn parse(words: &[&str], plan: &Plan) -> Result<Lost, LossError> {
        if words.is_empty() {
            return Err(LossError::Nothing);
        }
        let mut lost =
            Lost { words: words.iter().map(|word| Text::from(*word)).collect(), ..Lost::default() };
        for word in words {
            lost.add(word, plan)?;
        }
        lost.follow(plan);
        Ok(lost)
    }

    /// Whether nothing has to be done: no service is down and nothing must be replaced.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.services.is_empty() && self.assets.is_empty()
    }

    /// The backups that have to be restored: of lost assets, of services with lost assets where the backup names no
    /// asset, and of services that were hit.
    pub(crate) fn needs_restoring(&self, plan: &Plan, backup: &Backup) -> bool {
        let of_asset = backup.asset.as_ref().is_some_and(|asset| self.assets.contains_key(asset));
        let of_service = || match (&backup.service, &backup.asset) {
            (Some(service), asset) => {
                self.hit.contains_key(service)
                    || asset.is_none()
                        && self.services.get(service).is_some_and(|down| down.directly.is_some())
            }
            (None, Some(asset)) => plan
                .asset(asset)
                .is_some_and(|asset| asset.services.iter().any(|service| self.hit.contains_key(service))),
            (None, None) => false,
        };
        of_asset || of_service()
    }

    fn add(&mut self, word: &str, plan: &Plan) -> Result<(), LossError> {
        if word == "everything" {
            for asset in plan.assets() {
                self.lose(asset, || "everything is lost".into());
            }
            for repository in plan.repositories().filter(|r| r.asset.is_some() || r.site.is_some()) {
                self.repositories.entry(repository.id.clone()).or_insert("everything is lost".into());
            }
            for service in plan.services() {
                self.hit.entry(service.id.clone()).or_insert("everything is lost".into());
            }
            return Ok(());
        }
        match word.split_once(':') {
            Some((kind, name)) => match KINDS.iter().find(|known| **known == kind) {
                Some(kind) if self.add_by_id(kind, name, plan) => Ok(()),
                Some(kind) => Err(unknown(kind, name, plan)),
                None => self.add_by_pattern(kind, name, plan),
            },
            None => self.add_bare(word, plan),
        }
    }

    /// A word alone: an id, or else a role or product.
    fn add_bare(&mut self, word: &str, plan: &Plan) -> Result<(), LossError> {
        let kinds: Vec<&'static str> = KINDS.into_iter().filter(|kind| is_id(kind, word, plan)).collect();
        match kinds.as_slice() {
            [kind] => {
                self.add_by_id(kind, word, plan);
                return Ok(());
            }
            [] => {}
            several => {
                let choices = several.iter().map(|kind| format!("{kind}:{word}")).collect();
                return Err(LossError::Ambiguous { word: word.into(), choices });
            }
        }
        // A part of a product's name, but not of a letter or two, which would fit almost anything.
        let part = if word.contains('*') || word.len() < 3 { word.to_owned() } else { format!("*{word}*") };
        for (kind, pattern) in [("role", word), ("product", word), ("product", part.as_str())] {
            if self.add_by_pattern(kind, pattern, plan).is_ok() {
                return Ok(());
            }
        }
        Err(unknown("site, zone, asset, supplier, service, repository, role or product", word, plan))
    }

    /// Whether there is such a thing.
    fn add_by_id(&mut self, kind: &str, name: &str, plan: &Plan) -> bool {
        if !is_id(kind, name, plan) {
            return false;
        }
        match kind {
            "site" => {
                let at = |site: Option<&SiteId>| site.is_some_and(|site| site.as_str() == name);
                for asset in plan.assets().filter(|asset| at(plan.site_of(asset).map(|site| &site.id))) {
                    self.lose(asset, || format!("it stands in {name}, which is lost").into());
                }
                for repository in plan.repositories().filter(|repository| at(repository.site.as_ref())) {
                    let why = format!("it stands in {name}, which is lost");
                    self.repositories.entry(repository.id.clone()).or_insert(why.into());
                }
            }
            "zone" => {
                for asset in plan.assets().filter(|asset| asset.zone.as_str() == name) {
                    self.lose(asset, || format!("it stands in the zone {name}, which is lost").into());
                }
            }
            "asset" => {
                for asset in plan.assets().filter(|asset| asset.id.as_str() == name) {
                    self.lose(asset, || "it is said to be lost".into());
                }
            }
            "supplier" => {
                for supplier in plan.suppliers().filter(|supplier| supplier.id.as_str() == name) {
                    self.suppliers.insert(supplier.id.clone());
                }
                // What a supplier supplied goes on without it; what it runs on its own ground does not.
                for asset in plan.assets().filter(|a| a.supplier.as_ref().is_some_and(|s| s.as_str() == name))
                {
                    if plan.zone(&asset.zone).is_some_and(|zone| zone.outside) {
                        self.lose(asset, || format!("{name} runs it outside the city, and is gone").into());
                    }
                }
            }
            "service" => {
                if let Ok(id) = name.parse() {
                    self.hit.entry(id).or_insert("it is said to be lost".into());
                }
            }
            _ => {
                if let Ok(id) = name.parse() {
                    self.repositories.entry(id).or_insert("it is said to be lost".into());
                }
            }
        }
        true
    }

    /// Assets whose role or product fits a pattern.
    fn add_by_pattern(&mut self, kind: &str, pattern: &str, plan: &Plan) -> Result<(), LossError> {
        let (kind, of): (&'static str, fn(&Asset) -> Option<&Text>) = match kind {
            "role" => ("role", |asset| asset.role.as_ref()),
            "product" => ("product", |asset| asset.product.as_ref()),
            other => return Err(LossError::UnknownKind { kind: other.into() }),
        };
        let lower = pattern.to_lowercase();
        let mut any = false;
        for asset in plan.assets() {
            let Some(text) = of(asset) else { continue };
            if fits(lower.as_bytes(), text.to_lowercase().as_bytes()) {
                any = true;
                self.lose(asset, || format!("its {kind} is {text}").into());
            }
        }
        if any { Ok(()) } else { Err(unknown(kind, pattern, plan)) }
    }

    fn lose(&mut self, asset: &Asset, why: impl FnOnce() -> Text) {
        self.assets.entry(asset.id.clone()).or_insert_with(why);
    }

    /// What goes down with what is lost.
    fn follow(&mut self, plan: &Plan) {
        for Repository { id, asset, .. } in plan.repositories() {
            if let Some(asset) = asset.as_ref().filter(|asset| self.assets.contains_key(*asset)) {
                self.repositories
                    .entry(id.clone())
                    .or_insert(format!("it lies on {asset}, which is lost").into());
            }
        }
        for (service, why) in self.hit_directly(plan) {
            self.services.insert(service, Down { directly: Some(why), needs: Vec::new() });
        }
        // Upwards from each service that is down to those that need it, until nothing more goes down.
        let mut needed_by: BTreeMap<&ServiceId, Vec<&ServiceId>> = BTreeMap::new();
        for service in plan.services() {
            for need in &service.needs {
                needed_by.entry(need).or_default().push(&service.id);
            }
        }
        let mut next: Vec<ServiceId> = self.services.keys().cloned().collect();
        while let Some(down) = next.pop() {
            for service in needed_by.get(&down).into_iter().flatten() {
                if !self.services.contains_key(*service) {
                    self.services.insert((*service).clone(), Down::default());
                    next.push((*service).clone());
                }
            }
        }
        for service in plan.services() {
            let needs: Vec<ServiceId> =
                service.needs.iter().filter(|need| self.services.contains_key(*need)).cloned().collect();
            if let Some(down) = self.services.get_mut(&service.id) {
                down.needs = needs;
            }
        }
    }

    /// The services that rest on something lost, each with what.
    fn hit_directly(&self, plan: &Plan) -> BTreeMap<ServiceId, Text> {
        let mut all: BTreeMap<&ServiceId, usize> = BTreeMap::new();
        let mut gone: BTreeMap<&ServiceId, Vec<&AssetId>> = BTreeMap::new();
        for asset in plan.assets() {
            for service in &asset.services {
                *all.entry(service).or_default() += 1;
                if self.assets.contains_key(&asset.id) {
                    gone.entry(service).or_default().push(&asset.id);
                }
            }
        }
        let mut backups: BTreeMap<&ServiceId, &BackupId> = BTreeMap::new();
        for backup in plan.backups() {
            if let (Some(service), Some(asset)) = (&backup.service, &backup.asset)
                && self.assets.contains_key(asset)
            {
                backups.entry(service).or_insert(&backup.id);
            }
        }
        let mut why = self.hit.clone();
        for (service, assets) in gone {
            let of = all.get(service).copied().unwrap_or(assets.len());
            why.entry(service.clone()).or_insert_with(|| {
                let names: Vec<&str> = assets.iter().take(3).map(|asset| asset.as_str()).collect();
                let mut text = Text::default();
                let _ = match assets.len() {
                    1 if of == 1 => write!(text, "{}, all it rests on, is lost", names.concat()),
                    1 => write!(text, "{}, one of {of} assets it rests on, is lost", names.concat()),
                    some if some == of => write!(text, "all {of} assets it rests on are lost"),
                    2 | 3 => write!(text, "{} are lost, of {of} assets it rests on", names.join(", ")),
                    some => {
                        write!(text, "{some} of {of} assets it rests on are lost: {}, …", names.join(", "))
                    }
                };
                text
            });
        }
        for (service, backup) in backups {
            why.entry(service.clone()).or_insert_with(|| format!("what {backup} holds is lost").into());
        }
        why
    }
}

fn ids<'p>(kind: &str, plan: &'p Plan) -> Box<dyn Iterator<Item = &'p str> + 'p> {
    match kind {
        "site" => Box::new(plan.sites().map(|site| site.id.as_str())),
        "zone" => Box::new(plan.zones().map(|zone| zone.id.as_str())),
        "asset" => Box::new(plan.assets().map(|asset| asset.id.as_str())),
        "supplier" => Box::new(plan.suppliers().map(|supplier| supplier.id.as_str())),
        "service" => Box::new(plan.services().map(|service| service.id.as_str())),
        "repository" => Box::new(plan.repositories().map(|repository| repository.id.as_str())),
        "role" => Box::new(plan.assets().filter_map(|asset| asset.role.as_deref())),
        "product" => Box::new(plan.assets().filter_map(|asset| asset.product.as_deref())),
        _ => Box::new(KINDS.into_iter().chain(["role", "product"]).flat_map(move |kind| ids(kind, plan))),
    }
}

fn is_id(kind: &str, name: &str, plan: &Plan) -> bool {
    ids(kind, plan).any(|id| id == name)
}

fn unknown(kind: &'static str, name: &str, plan: &Plan) -> LossError {
    let near = Suggestions::default().nearest(name, ids(kind, plan));
    LossError::Unknown { kind, name: name.into(), near: near.map(ToOwned::to_owned) }
}

/// Whether a text fits a pattern in which `*` stands for any run of bytes; at worst in the product of the two lengths.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut left, mut rest) = (pattern, text);
    // Where to try again: the pattern after the last star, and the text it was last held against.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        match (left, rest) {
            ([b'*', after @ ..], _) => {
                retry = Some((after, rest));
                left = after;
            }
            ([], []) => return true,
            ([a, more @ ..], [b, others @ ..]) if a == b => (left, rest) = (more, others),
            _ => match retry {
                Some((after, [_, shorter @ ..])) => {
                    retry = Some((after, shorter));
                    (left, rest) = (after, shorter);
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("*windows*", "microsoft windows server 2019", true),
            ("windows*", "microsoft windows", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }
}
