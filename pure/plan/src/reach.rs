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
    let called: BTreeSet<_> = owners.chain(desks).map(|c| &c.value).collect();
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
                .help("make it a service's `owner`, or take it out"),
        );
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
