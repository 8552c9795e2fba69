//! What is declared and used by nothing, or could not be used.

use crate::{
    diagnostic::{Code, Flaw, Flaws},
    source::{At, Span},
    tree::{Table, Tree},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

pub(crate) fn check_uses(tree: &Tree, flaws: &mut Flaws) {
    check_lists(tree, flaws);
    for feed in &tree.feeds {
        if let (Some(minimum), Some(maximum)) = (feed.minimum.get(), feed.maximum.get())
            && minimum.value > maximum.value
        {
            let why = format!("`minimum` {} is greater than `maximum` {}", minimum.value, maximum.value);
            let flaw =
                Flaw::error(Code::OutOfRange, minimum.span, why).related(maximum.span, "here is `maximum`");
            flaws.push(flaw.help("change them round"));
        }
    }
    check_topics(tree, flaws);
    for contact in &tree.contacts {
        let span = contact.id.get().map_or(contact.header(), |id| id.span);
        if contact.telephone.is_left_out() && contact.mail.is_left_out() {
            let flaw = Flaw::warning(
                Code::Unreachable,
                span,
                "the contact has neither a telephone number nor a mail address",
            );
            flaws.push(flaw.help("write `telephone` or `mail`"));
        }
        if let Some(mail) = contact.mail.get().filter(|mail| !looks_like_mail(&mail.value)) {
            let why = format!("`{}` is not a mail address", mail.value);
            flaws.push(Flaw::error(Code::BadValue, mail.span, why).help("write it as `name@place.example`"));
        }
    }
    if !tree.broken {
        check_unused(tree, flaws);
        check_unused_recovery(tree, flaws);
    }
}

fn looks_like_mail(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(name, place)| {
        !name.is_empty()
            && place.contains('.')
            && !place.starts_with('.')
            && !text.contains(char::is_whitespace)
    })
}

fn check_unused(tree: &Tree, flaws: &mut Flaws) {
    let supported: BTreeSet<_> =
        tree.assets.iter().flat_map(|a| a.services.iter()).map(|s| &s.value).collect();
    let supplying: BTreeSet<_> =
        tree.assets.iter().filter_map(|a| a.supplier.get()).map(|s| &s.value).collect();
    let owners = tree.services.iter().filter_map(|s| s.owner.get());
    let desks = tree.suppliers.iter().filter_map(|s| s.contact.get());
    let crews = tree.crews.iter().filter_map(|c| c.contact.get());
    let authors = tree.procedures.iter().filter_map(|p| p.owner.get());
    let called: BTreeSet<_> = owners.chain(desks).chain(crews).chain(authors).map(|c| &c.value).collect();
    for service in tree.services.iter().filter_map(|s| s.id.get()).filter(|id| !supported.contains(&id.value))
    {
        let why =
            format!("no asset supports the service `{}`, so nothing would tell how it stands", service.value);
        let help = format!("write `services = [\"{}\"]` for the assets it runs on", service.value);
        flaws.push(Flaw::warning(Code::Unused, service.span, why).help(help));
    }
    for supplier in
        tree.suppliers.iter().filter_map(|s| s.id.get()).filter(|id| !supplying.contains(&id.value))
    {
        let why = format!("no asset comes from the supplier `{}`", supplier.value);
        flaws.push(
            Flaw::warning(Code::Unused, supplier.span, why)
                .help("write `supplier` for its assets, or take it out"),
        );
    }
    for contact in tree.contacts.iter().filter_map(|c| c.id.get()).filter(|id| !called.contains(&id.value)) {
        let why = format!("nothing has `{}` as its owner or contact", contact.value);
        flaws.push(
            Flaw::warning(Code::Unused, contact.span, why)
                .help("make it a service's or a procedure's `owner`, or take it out"),
        );
    }
}

/// Sites where nothing stands, crews that do nothing, repositories to which nothing goes.
fn check_unused_recovery(tree: &Tree, flaws: &mut Flaws) {
    let stands = tree.assets.iter().filter_map(|a| a.site.get());
    let stands = stands.chain(tree.zones.iter().filter_map(|z| z.site.get()));
    let stands: BTreeSet<_> =
        stands.chain(tree.repositories.iter().filter_map(|r| r.site.get())).map(|site| &site.value).collect();
    for site in tree.sites.iter().filter_map(|s| s.id.get()).filter(|id| !stands.contains(&id.value)) {
        let why = format!("nothing stands at the site `{}`", site.value);
        let help = "write `site` for the zones, assets or repositories there, or take it out";
        flaws.push(Flaw::warning(Code::Unused, site.span, why).help(help));
    }
    let works = tree.assets.iter().filter_map(|a| a.crew.get());
    let works = works.chain(tree.procedures.iter().filter_map(|p| p.crew.get()));
    let steps = tree.texts.iter().flat_map(|text| &text.steps).filter_map(|step| step.crew.as_ref());
    let works: BTreeSet<_> = works.chain(steps).map(|crew| &crew.value).collect();
    for crew in tree.crews.iter().filter_map(|c| c.id.get()).filter(|id| !works.contains(&id.value)) {
        let why = format!("the crew `{}` puts nothing back and follows no procedure", crew.value);
        let help = "write `crew` for assets, procedures or steps, or take it out";
        flaws.push(Flaw::warning(Code::Unused, crew.span, why).help(help));
    }
    let filled: BTreeSet<_> = tree.backups.iter().flat_map(|b| b.to.iter()).map(|to| &to.value).collect();
    for repository in
        tree.repositories.iter().filter_map(|r| r.id.get()).filter(|id| !filled.contains(&id.value))
    {
        let why = format!("no backup goes to the repository `{}`", repository.value);
        let help = format!("write `to = [\"{}\"]` for backups, or take it out", repository.value);
        flaws.push(Flaw::warning(Code::Unused, repository.span, why).help(help));
    }
}

/// Entries that stand twice in one list of references.
fn check_lists(tree: &Tree, flaws: &mut Flaws) {
    for service in &tree.services {
        check_list(service.needs.iter(), flaws);
    }
    for asset in &tree.assets {
        check_list(asset.services.iter(), flaws);
    }
    for backup in &tree.backups {
        check_list(backup.to.iter(), flaws);
    }
    for procedure in &tree.procedures {
        check_list(procedure.services.iter(), flaws);
        check_list(procedure.assets.iter(), flaws);
    }
}

fn check_list<'a, T: Ord + Display + 'a>(list: impl Iterator<Item = &'a At<T>>, flaws: &mut Flaws) {
    let mut seen: BTreeMap<&T, Span> = BTreeMap::new();
    for entry in list {
        if let Some(first) = seen.get(&entry.value) {
            let flaw = Flaw::warning(
                Code::DuplicateEntry,
                entry.span,
                format!("`{}` stands here twice", entry.value),
            );
            flaws.push(flaw.related(*first, "here is the first").help("leave one of them out"));
        } else {
            seen.insert(&entry.value, entry.span);
        }
    }
}

/// Two feeds with one topic could not be told apart.
fn check_topics(tree: &Tree, flaws: &mut Flaws) {
    let mut seen = BTreeMap::new();
    for topic in tree.feeds.iter().filter_map(|feed| feed.topic.get()) {
        if let Some(first) = seen.get(&topic.value) {
            let why = format!(
                "two feeds are published as `{}`, so their readings could not be told apart",
                topic.value
            );
            let flaw =
                Flaw::error(Code::DuplicateEntry, topic.span, why).related(*first, "here is the first");
            flaws.push(flaw.help("give each feed its own topic"));
        } else {
            seen.insert(&topic.value, topic.span);
        }
    }
}
