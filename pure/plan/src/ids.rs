//! Which ids are declared, and whether whatever refers to one refers to something.

use crate::{
    diagnostic::{Code, Flaw, Flaws},
    source::{At, Span},
    suggest::Suggestions,
    tree::Tree,
};
use city::{AssetId, BackupId, ContactId, CrewId, RepositoryId, ServiceId, SiteId, SupplierId, ZoneId};
use std::{collections::BTreeMap, fmt::Display};

/// The ids of one kind of thing, and where each is declared.
pub(crate) type Declared<'a, Id> = BTreeMap<&'a Id, Span>;

/// The declared ids of every kind that something may refer to.
pub(crate) struct Ids<'a> {
    services: Declared<'a, ServiceId>,
    zones: Declared<'a, ZoneId>,
    assets: Declared<'a, AssetId>,
    suppliers: Declared<'a, SupplierId>,
    contacts: Declared<'a, ContactId>,
    sites: Declared<'a, SiteId>,
    crews: Declared<'a, CrewId>,
    repositories: Declared<'a, RepositoryId>,
    backups: Declared<'a, BackupId>,
    /// Whether an id may be declared in text that could not be read, so that its absence proves nothing.
    broken: bool,
    flaws: &'a mut Flaws,
    suggestions: &'a mut Suggestions,
}

impl<'a> Ids<'a> {
    /// Gathers the ids; two of a kind with the same id are a flaw.
    pub fn new(tree: &'a Tree, flaws: &'a mut Flaws, suggestions: &'a mut Suggestions) -> Ids<'a> {
        let services = declare("service", tree.services.iter().map(|t| t.id.get()), flaws);
        let zones = declare("zone", tree.zones.iter().map(|t| t.id.get()), flaws);
        let assets = declare("asset", tree.assets.iter().map(|t| t.id.get()), flaws);
        let suppliers = declare("supplier", tree.suppliers.iter().map(|t| t.id.get()), flaws);
        let contacts = declare("contact", tree.contacts.iter().map(|t| t.id.get()), flaws);
        declare("conduit", tree.conduits.iter().map(|t| t.id.get()), flaws);
        declare("response", tree.responses.iter().map(|t| t.id.get()), flaws);
        declare("feed", tree.feeds.iter().map(|t| t.id.get()), flaws);
        let sites = declare("site", tree.sites.iter().map(|t| t.id.get()), flaws);
        let crews = declare("crew", tree.crews.iter().map(|t| t.id.get()), flaws);
        let repositories = declare("repository", tree.repositories.iter().map(|t| t.id.get()), flaws);
        let backups = declare("backup", tree.backups.iter().map(|t| t.id.get()), flaws);
        declare("check", tree.checks.iter().map(|t| t.id.get()), flaws);
        declare("procedure", tree.procedures.iter().map(|t| t.id.get()), flaws);
        declare("receiver", tree.notify.iter().map(|t| t.id.get()), flaws);
        declare("peer", tree.peers.iter().map(|t| t.id.get()), flaws);
        Ids {
            services,
            zones,
            assets,
            suppliers,
            contacts,
            sites,
            crews,
            repositories,
            backups,
            broken: tree.broken,
            flaws,
            suggestions,
        }
    }

    /// Checks every reference.
    pub fn check_references(&mut self, tree: &Tree) {
        if self.broken {
            return;
        }
        self.check_recovery(tree);
        let Ids { services, zones, assets, suppliers, contacts, sites, crews, flaws, suggestions, .. } = self;
        let mut needs = References { flaws, suggestions };
        for service in &tree.services {
            needs.check("contact", service.owner.get(), contacts);
            service.needs.iter().for_each(|need| needs.check("service", Some(need), services));
        }
        for conduit in &tree.conduits {
            needs.check("zone", conduit.from.get(), zones);
            needs.check("zone", conduit.to.get(), zones);
            let named = conduit.from_assets.iter().chain(conduit.to_assets.iter());
            named.for_each(|asset| needs.check("asset", Some(asset), assets));
        }
        for asset in &tree.assets {
            needs.check("zone", asset.zone.get(), zones);
            needs.check("supplier", asset.supplier.get(), suppliers);
            needs.check("site", asset.site.get(), sites);
            needs.check("crew", asset.crew.get(), crews);
            asset.services.iter().for_each(|service| needs.check("service", Some(service), services));
        }
        for zone in &tree.zones {
            needs.check("site", zone.site.get(), sites);
        }
        for supplier in &tree.suppliers {
            needs.check("contact", supplier.contact.get(), contacts);
        }
        for response in &tree.responses {
            response.zones.iter().for_each(|zone| needs.check("zone", Some(zone), zones));
        }
        for feed in &tree.feeds {
            needs.check("asset", feed.asset.get(), assets);
        }
    }

    /// Checks the references of the tables of recovery.
    fn check_recovery(&mut self, tree: &Tree) {
        let Ids {
            services, assets, contacts, sites, crews, repositories, backups, flaws, suggestions, ..
        } = self;
        let mut needs = References { flaws, suggestions };
        for crew in &tree.crews {
            needs.check("contact", crew.contact.get(), contacts);
        }
        for repository in &tree.repositories {
            needs.check("asset", repository.asset.get(), assets);
            needs.check("site", repository.site.get(), sites);
        }
        for backup in &tree.backups {
            needs.check("service", backup.service.get(), services);
            needs.check("asset", backup.asset.get(), assets);
            backup.to.iter().for_each(|to| needs.check("repository", Some(to), repositories));
        }
        for check in &tree.checks {
            needs.check("backup", check.backup.get(), backups);
        }
        for (procedure, text) in tree.procedures.iter().zip(&tree.texts) {
            procedure.services.iter().for_each(|service| needs.check("service", Some(service), services));
            procedure.assets.iter().for_each(|asset| needs.check("asset", Some(asset), assets));
            needs.check("crew", procedure.crew.get(), crews);
            needs.check("contact", procedure.owner.get(), contacts);
            for step in &text.steps {
                // In a procedure, brackets may also be part of the text.
                let help = "declare it with `[[crew]]`, or write a full stop behind the brackets if no crew is meant";
                needs.check_or("crew", step.crew.as_ref(), crews, |_| help.to_owned());
            }
        }
    }
}

fn declare<'a, Id: Ord + Display + 'a>(
    kind: &str,
    ids: impl Iterator<Item = Option<&'a At<Id>>>,
    flaws: &mut Flaws,
) -> Declared<'a, Id> {
    let mut declared = Declared::new();
    for id in ids.flatten() {
        if let Some(first) = declared.get(&id.value) {
            let flaw =
                Flaw::error(Code::DuplicateId, id.span, format!("there are two {kind}s `{}`", id.value));
            flaws.push(flaw.related(*first, "here is the first").help("give one of them another id"));
        } else {
            declared.insert(&id.value, id.span);
        }
    }
    declared
}

struct References<'a> {
    flaws: &'a mut Flaws,
    suggestions: &'a mut Suggestions,
}

impl References<'_> {
    fn check<Id: Ord + Display + AsRef<str>>(
        &mut self,
        kind: &str,
        id: Option<&At<Id>>,
        declared: &Declared<'_, Id>,
    ) {
        self.check_or(kind, id, declared, |id| format!("declare it with `[[{kind}]]` and `id = \"{id}\"`"));
    }

    /// Checks a reference; `help` says what to do if nothing declared comes near it.
    fn check_or<Id: Ord + Display + AsRef<str>>(
        &mut self,
        kind: &str,
        id: Option<&At<Id>>,
        declared: &Declared<'_, Id>,
        help: impl Fn(&Id) -> String,
    ) {
        let Some(id) = id.filter(|id| !declared.contains_key(&id.value)) else { return };
        let near =
            self.suggestions.did_you_mean(id.value.as_ref(), declared.keys().map(|id| (**id).as_ref()));
        let flaw = Flaw::error(Code::UnknownId, id.span, format!("there is no {kind} `{}`", id.value));
        self.flaws.push(flaw.help(help(&id.value)).maybe_help(near));
    }
}
