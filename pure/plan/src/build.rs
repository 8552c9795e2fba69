//! From a tree without mistakes to a plan.

use crate::{
    Plan,
    networks::is_outside,
    plan::Table,
    source::Span,
    tree::{ConduitTable, List, Required, Table as _, Tree},
    value::slug,
};
use city::{
    Asset, Conduit, ConduitId, Contact, Feed, RecoveryTarget, Service, Settings, Severity, StandingResponse,
    Supplier, Text, Zone,
};
use jiff::SignedDuration;
use std::{
    collections::{BTreeMap, BTreeSet},
    hash::Hash,
};

mod exchange;
mod notify;
mod recovery;

use exchange::build_peer;
use notify::build_notify;
use recovery::{build_backup, build_check, build_crew, build_procedure, build_repository, build_site};

/// For how long a new device's behaviour is learned, if the plan does not say.
const LEARNING: SignedDuration = SignedDuration::from_hours(7 * 24);

/// After how long without a sign a device counts as silent, if the plan does not say.
const SILENCE: SignedDuration = SignedDuration::from_hours(1);

/// Where each conduit is declared: the file, and the line from 1.
type PlacesOf = BTreeMap<ConduitId, (Text, usize)>;

/// Builds the plan. `place` turns a span into a file and a line. `None` only if a required value is missing, which the
/// checks have then said.
pub(crate) fn build(tree: Tree, place: impl FnMut(Span) -> Option<(Text, usize)>) -> Option<Plan> {
    let city = tree.cities.into_iter().next()?;
    let settings = Settings {
        name: required(city.name)?,
        time_zone: required(city.time_zone)?.0,
        learning: city.learning.take().unwrap_or(LEARNING),
        silence: city.silence.take().map_or(SILENCE, |lasting| lasting.0),
    };
    let mut zones = Vec::with_capacity(tree.zones.len());
    for zone in tree.zones {
        let outside = is_outside(&zone);
        zones.push(Zone {
            id: required(zone.id)?,
            name: required(zone.name)?,
            networks: list(zone.networks),
            security_level: zone.security_level.take().map_or(0, |level| level.0),
            outside,
            interfaces: list(zone.interfaces),
            site: zone.site.take(),
        });
    }
    let mut services = Vec::with_capacity(tree.services.len());
    for service in tree.services {
        let recovery = match (service.rto.take(), service.rpo.take(), service.mtpd.take()) {
            (Some(rto), Some(rpo), Some(mtpd)) => Some(RecoveryTarget { rto: rto.0, rpo, mtpd: mtpd.0 }),
            _ => None,
        };
        services.push(Service {
            id: required(service.id)?,
            name: required(service.name)?,
            owner: service.owner.take(),
            impact: required(service.impact)?,
            needs: list(service.needs),
            recovery,
            fallback: service.fallback.take(),
            must_run: service.must_run.take().unwrap_or(false),
        });
    }
    let mut assets = Vec::with_capacity(tree.assets.len());
    for asset in tree.assets {
        let id = required(asset.id)?;
        let name = asset.name.take().unwrap_or_else(|| Text::from(id.as_str()));
        assets.push(Asset {
            id,
            name,
            zone: required(asset.zone)?,
            addresses: list(asset.addresses),
            macs: list(asset.macs),
            services: list(asset.services),
            supplier: asset.supplier.take(),
            product: asset.product.take(),
            firmware: asset.firmware.take(),
            role: asset.role.take(),
            silence: asset.silence.take().map(|lasting| lasting.0),
            site: asset.site.take(),
            replace: asset.replace.take(),
            crew: asset.crew.take(),
        });
    }
    let mut suppliers = Vec::with_capacity(tree.suppliers.len());
    for supplier in tree.suppliers {
        let (id, name) = (required(supplier.id)?, required(supplier.name)?);
        suppliers.push(Supplier { id, name, contact: supplier.contact.take() });
    }
    let mut feeds = Vec::with_capacity(tree.feeds.len());
    for feed in tree.feeds {
        feeds.push(Feed {
            id: required(feed.id)?,
            name: required(feed.name)?,
            asset: required(feed.asset)?,
            topic: required(feed.topic)?,
            unit: required(feed.unit)?,
            minimum: feed.minimum.take(),
            maximum: feed.maximum.take(),
        });
    }
    let mut contacts = Vec::with_capacity(tree.contacts.len());
    for contact in tree.contacts {
        contacts.push(Contact {
            id: required(contact.id)?,
            name: required(contact.name)?,
            role: required(contact.role)?,
            telephone: contact.telephone.take(),
            mail: contact.mail.take(),
        });
    }
    let mut responses = Vec::with_capacity(tree.responses.len());
    for response in tree.responses {
        responses.push(StandingResponse {
            id: required(response.id)?,
            rules: list(response.rules),
            zones: list(response.zones),
            severity: response.severity.take().unwrap_or(Severity::High),
            reason: required(response.reason)?,
        });
    }
    let (conduits, places) = build_conduits(tree.conduits, place)?;
    let plan = index(settings, services, assets, zones, conduits, suppliers, feeds, responses, contacts);
    let procedures = tree.procedures.into_iter().zip(tree.texts);
    Some(Plan {
        places,
        sites: table(tree.sites, build_site, |site| &site.id)?,
        crews: table(tree.crews, build_crew, |crew| &crew.id)?,
        repositories: table(tree.repositories, build_repository, |repository| &repository.id)?,
        backups: table(tree.backups, build_backup, |backup| &backup.id)?,
        checks: table(tree.checks, build_check, |check| &check.id)?,
        procedures: table(
            procedures,
            |(table, text)| build_procedure(table, text),
            |procedure| &procedure.id,
        )?,
        peers: table(tree.peers, build_peer, |peer| &peer.id)?,
        notify: table(tree.notify, build_notify, |notify| &notify.id)?,
        ..plan
    })
}

/// Conduits without an id get one from both ends and a number.
fn build_conduits(
    tables: Vec<ConduitTable>,
    mut place: impl FnMut(Span) -> Option<(Text, usize)>,
) -> Option<(Vec<Conduit>, PlacesOf)> {
    let mut places = BTreeMap::new();
    let mut taken: BTreeSet<ConduitId> =
        tables.iter().filter_map(|conduit| conduit.id.get()).map(|id| id.value.clone()).collect();
    // The next number to try for each pair of ends, so that many conduits between two zones are not tried again and again.
    let mut next: BTreeMap<String, usize> = BTreeMap::new();
    let mut conduits = Vec::with_capacity(tables.len());
    for table in tables {
        let header = table.header();
        let (from, to) = (required(table.from)?, required(table.to)?);
        let id = match table.id.take() {
            Some(id) => id,
            None => {
                // Half an id's length for each end leaves room for the number.
                let half = |text: &str| slug(&text.chars().take(27).collect::<String>());
                let stem = format!("{}-to-{}", half(from.as_str()), half(to.as_str()));
                let number = next.entry(stem.clone()).or_insert(1);
                loop {
                    let id: ConduitId = format!("{stem}-{number}").parse().ok()?;
                    *number += 1;
                    if taken.insert(id.clone()) {
                        break id;
                    }
                }
            }
        };
        places.extend(place(header).map(|place| (id.clone(), place)));
        conduits.push(Conduit {
            id,
            from,
            to,
            from_assets: list(table.from_assets),
            to_assets: list(table.to_assets),
            allow: list(table.allow),
            reason: required(table.reason)?,
        });
    }
    Some((conduits, places))
}

#[expect(clippy::too_many_arguments, reason = "the parts of a plan, each of its own type")]
fn index(
    settings: Settings,
    services: Vec<Service>,
    assets: Vec<Asset>,
    zones: Vec<Zone>,
    conduits: Vec<Conduit>,
    suppliers: Vec<Supplier>,
    feeds: Vec<Feed>,
    responses: Vec<StandingResponse>,
    contacts: Vec<Contact>,
) -> Plan {
    let mut by_network = BTreeMap::new();
    for zone in &zones {
        for network in &zone.networks {
            by_network.insert(network.network(), (*network, zone.id.clone()));
        }
    }
    let (mut by_address, mut by_mac) = (BTreeMap::new(), BTreeMap::new());
    for asset in &assets {
        by_address.extend(asset.addresses.iter().map(|address| (*address, asset.id.clone())));
        by_mac.extend(asset.macs.iter().map(|mac| (*mac, asset.id.clone())));
    }
    let mut by_ends: BTreeMap<_, Vec<ConduitId>> = BTreeMap::new();
    for conduit in &conduits {
        by_ends.entry((conduit.from.clone(), conduit.to.clone())).or_default().push(conduit.id.clone());
    }
    let elsewhere =
        zones.iter().find(|zone| zone.outside && zone.networks.is_empty()).map(|zone| zone.id.clone());
    Plan {
        settings,
        services: by_id(services, |service| service.id.clone()),
        assets: by_id(assets, |asset| asset.id.clone()),
        zones: by_id(zones, |zone| zone.id.clone()),
        conduits: by_id(conduits, |conduit| conduit.id.clone()),
        suppliers: by_id(suppliers, |supplier| supplier.id.clone()),
        feeds: by_id(feeds, |feed| feed.id.clone()),
        responses: by_id(responses, |response| response.id.clone()),
        contacts: by_id(contacts, |contact| contact.id.clone()),
        sites: Table::default(),
        crews: Table::default(),
        repositories: Table::default(),
        backups: Table::default(),
        checks: Table::default(),
        procedures: Table::default(),
        peers: Table::default(),
        notify: Table::default(),
        by_network,
        by_address,
        by_mac,
        by_ends,
        places: BTreeMap::new(),
        elsewhere,
    }
}

/// Builds every thing of a kind.
fn table<Row, Id: Clone + Hash + Eq, T>(
    rows: impl IntoIterator<Item = Row>,
    build: impl Fn(Row) -> Option<T>,
    id: impl Fn(&T) -> &Id,
) -> Option<Table<Id, T>> {
    rows.into_iter().map(|row| build(row).map(|thing| (id(&thing).clone(), thing))).collect()
}

fn by_id<Id: Hash + Eq, T>(things: Vec<T>, id: impl Fn(&T) -> Id) -> Table<Id, T> {
    things.into_iter().map(|thing| (id(&thing), thing)).collect()
}

fn required<T>(field: Required<T>) -> Option<T> {
    field.0.map(|at| at.value)
}

fn list<T>(field: List<T>) -> Vec<T> {
    field.items.into_iter().map(|at| at.value).collect()
}
