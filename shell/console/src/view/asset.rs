//! Assets: what the plan declares and what was seen, side by side.

use crate::view::{End, FindingRow, Named, Window, finding, given, mentions};
use ::city::{Address, Asset, AssetId, Device, Protocol, Trait, VerbSet};
use cycle::City;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most talks and findings shown with one asset.
const RELATED_MAX: usize = 100;

/// Whether an asset is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// Seen, and the plan does not know it.
    Undeclared,
    /// Declared, and not heard for longer than its time.
    Silent,
    /// Declared, and not heard yet.
    Awaited,
    /// Declared and heard within its time; or seen, where there is no plan to compare with.
    Heard,
}

impl Presence {
    /// The word in records and for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Presence::Undeclared => "undeclared",
            Presence::Silent => "silent",
            Presence::Awaited => "awaited",
            Presence::Heard => "heard",
        }
    }
}

/// An asset in a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AssetRow {
    /// Under which it is found: its id if it is declared, its address if not.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Whether the plan declares it.
    pub declared: bool,
    /// Whether it is heard.
    pub presence: Presence,
    /// The zone it stands in.
    pub zone: Option<Named>,
    /// What it does.
    pub role: Option<String>,
    /// Who made it.
    pub vendor: Option<String>,
    /// What it is.
    pub product: Option<String>,
    /// Its addresses, declared and seen.
    pub addresses: Vec<String>,
    /// The services it supports.
    pub services: Vec<Named>,
    /// How many findings are about it.
    pub findings: u64,
    /// When it was first heard.
    pub first: Option<Timestamp>,
    /// When it was last heard.
    pub last: Option<Timestamp>,
}

/// An asset with everything known of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AssetView {
    /// What the list shows.
    #[serde(flatten)]
    pub row: AssetRow,
    /// Its MAC addresses, declared and seen.
    pub macs: Vec<String>,
    /// Who supplies or runs it.
    pub supplier: Option<Named>,
    /// What the plan declares beside what the device says.
    pub compared: Vec<ComparedView>,
    /// Every fact known of it, with its evidence.
    pub identity: Vec<FactView>,
    /// What it serves.
    pub serves: Vec<ServesView>,
    /// What it asks of others.
    pub asks: Vec<ServesView>,
    /// Whom it talks to.
    pub talks: Vec<TalkView>,
    /// What was found about it, the latest first.
    pub findings_about: Vec<FindingRow>,
}

/// One thing that the plan declares and the device says.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ComparedView {
    /// What it is about: `product`, `firmware`, `role`, `address`.
    pub about: &'static str,
    /// What the plan declares.
    pub declared: Option<String>,
    /// What was seen.
    pub seen: Option<String>,
    /// Whether both are known and differ.
    pub differs: bool,
}

/// One fact, and who said it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FactView {
    /// What it is about.
    pub about: &'static str,
    /// The value, as it was given.
    pub value: String,
    /// The protocol in which it was said.
    pub protocol: &'static str,
    /// The protocol's name for people.
    #[serde(skip)]
    pub protocol_title: &'static str,
    /// The field or message.
    pub field: String,
    /// How far it is to be believed, in percent.
    pub confidence: u8,
    /// When it was first said.
    pub first: Timestamp,
    /// When it was last said.
    pub last: Timestamp,
}

/// What is served or asked, in which protocol.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ServesView {
    /// The port, where it serves.
    pub port: Option<u16>,
    /// The protocol, once recognised.
    pub protocol: Option<&'static str>,
    /// The protocol's name for people.
    #[serde(skip)]
    pub protocol_title: &'static str,
    /// The verbs seen.
    pub verbs: Vec<&'static str>,
}

/// What two ends said to each other.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TalkView {
    /// The end that begins.
    pub source: End,
    /// The end that is spoken to.
    pub destination: End,
    /// What carries it.
    pub transport: String,
    /// The port spoken to.
    pub port: u16,
    /// The protocol, once recognised.
    pub protocol: Option<&'static str>,
    /// The verbs seen.
    pub verbs: Vec<&'static str>,
    /// Conversations begun.
    pub conversations: u64,
    /// Requests made.
    pub requests: u64,
    /// Bytes of payload, both ways.
    pub bytes: u64,
    /// When they first spoke.
    pub first: Timestamp,
    /// When they last spoke.
    pub last: Timestamp,
}

/// Some of the assets, and how many there are.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AssetList {
    /// How many the filter lets through.
    pub total: usize,
    /// How many are left out before the first shown.
    pub offset: usize,
    /// Those shown.
    pub assets: Vec<AssetRow>,
}

/// Which assets are wanted. Every field may be left out.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct AssetFilter {
    /// The zone it stands in.
    pub zone: Option<String>,
    /// What it does.
    pub role: Option<String>,
    /// Who made it.
    pub vendor: Option<String>,
    /// `heard`, `awaited`, `silent` or `undeclared`.
    pub presence: Option<String>,
    /// A service it supports.
    pub service: Option<String>,
    /// Words that its name, address or identity must hold.
    pub text: Option<String>,
    /// `name` (the default), `zone`, `role`, `vendor`, `presence`, `findings` or `last`; a `-` in front turns it round.
    pub order: Option<String>,
}

impl AssetFilter {
    fn admits(&self, row: &AssetRow) -> bool {
        let is =
            |field: &Option<String>, value: Option<&str>| given(field).is_none_or(|word| value == Some(word));
        is(&self.zone, row.zone.as_ref().map(|zone| zone.id.as_str()))
            && is(&self.role, row.role.as_deref())
            && is(&self.vendor, row.vendor.as_deref())
            && is(&self.presence, Some(row.presence.as_str()))
            && given(&self.service).is_none_or(|id| row.services.iter().any(|service| service.id == id))
            && given(&self.text).is_none_or(|text| {
                let fields = [&row.role, &row.vendor, &row.product].into_iter().flatten().map(String::as_str);
                let all = [row.key.as_str(), &row.name].into_iter().chain(fields);
                mentions(&text.to_lowercase(), all.chain(row.addresses.iter().map(String::as_str)))
            })
    }

    fn sort(&self, rows: &mut [AssetRow]) {
        let order = given(&self.order).unwrap_or("name");
        let (field, turned) = order.strip_prefix('-').map_or((order, false), |field| (field, true));
        rows.sort_by(|a, b| {
            let by = match field {
                "zone" => a.zone.as_ref().map(|z| &z.name).cmp(&b.zone.as_ref().map(|z| &z.name)),
                "role" => a.role.cmp(&b.role),
                "vendor" => a.vendor.cmp(&b.vendor),
                "presence" => a.presence.cmp(&b.presence),
                "findings" => b.findings.cmp(&a.findings),
                "last" => b.last.cmp(&a.last),
                _ => natural(&a.name, &b.name),
            };
            let by = if turned { by.reverse() } else { by };
            by.then_with(|| natural(&a.name, &b.name)).then_with(|| a.key.cmp(&b.key))
        });
    }
}

/// Compares as people do: case aside, and numbers by their value, so that `Pump 9` stands before `Pump 10`.
fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    let parts = |text: &str| {
        let mut parts: Vec<(bool, String)> = Vec::new();
        for letter in text.chars().flat_map(char::to_lowercase) {
            let digit = letter.is_ascii_digit();
            match parts.last_mut() {
                Some((kind, part)) if *kind == digit => part.push(letter),
                _ => parts.push((digit, letter.to_string())),
            }
        }
        parts
    };
    let key = |(digit, part): &(bool, String)| {
        let bare = part.trim_start_matches('0');
        if *digit { (0, bare.len(), bare.to_owned()) } else { (1, 0, part.clone()) }
    };
    parts(a).iter().map(key).cmp(parts(b).iter().map(key))
}

/// The assets that a filter lets through, in the order it asks for: those declared, and those seen beside them.
#[must_use]
pub fn assets(city: &City, filter: &AssetFilter, window: Window) -> AssetList {
    let mut rows: Vec<AssetRow> = all(city).into_iter().filter(|row| filter.admits(row)).collect();
    filter.sort(&mut rows);
    AssetList {
        total: rows.len(),
        offset: window.offset,
        assets: rows.into_iter().skip(window.offset).take(window.limit).collect(),
    }
}

/// The roles and vendors that occur, for the choices of a filter.
#[must_use]
pub(crate) fn roles_and_vendors(city: &City) -> (Vec<String>, Vec<String>) {
    let (mut roles, mut vendors) = (BTreeSet::new(), BTreeSet::new());
    for row in all(city) {
        roles.extend(row.role);
        vendors.extend(row.vendor);
    }
    (roles.into_iter().take(200).collect(), vendors.into_iter().take(200).collect())
}

fn all(city: &City) -> Vec<AssetRow> {
    let mut devices: BTreeMap<&AssetId, Vec<&Device>> = BTreeMap::new();
    let mut strangers = Vec::new();
    for device in city.devices() {
        match &device.asset {
            Some(asset) => devices.entry(asset).or_default().push(device),
            None => strangers.push(device),
        }
    }
    let mut findings: BTreeMap<Address, u64> = BTreeMap::new();
    let mut findings_of: BTreeMap<&AssetId, u64> = BTreeMap::new();
    for finding in city.findings() {
        match &finding.asset {
            Some(asset) => *findings_of.entry(asset).or_default() += 1,
            None => *findings.entry(finding.key.subject).or_default() += 1,
        }
    }
    let declared = city.plan().into_iter().flat_map(|plan| plan.assets()).map(|asset| {
        let seen = devices.get(&asset.id).map(Vec::as_slice).unwrap_or_default();
        declared_row(city, asset, seen, findings_of.get(&asset.id).copied().unwrap_or(0))
    });
    let strangers = strangers
        .iter()
        .map(|device| stranger_row(city, device, findings.get(&device.address).copied().unwrap_or(0)));
    declared.chain(strangers).collect()
}

fn declared_row(city: &City, asset: &Asset, seen: &[&Device], findings: u64) -> AssetRow {
    let plan = city.plan();
    let (presence, last) = city.presence(&asset.id);
    let mut addresses: Vec<String> = asset.addresses.iter().map(ToString::to_string).collect();
    for device in seen {
        let address = device.address.to_string();
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    let supplier = || {
        let id = asset.supplier.as_ref()?;
        plan?.suppliers().find(|supplier| supplier.id == *id).map(|supplier| supplier.name.to_string())
    };
    AssetRow {
        key: asset.id.to_string(),
        name: asset.name.to_string(),
        declared: true,
        presence: match presence {
            ::city::Presence::Heard => Presence::Heard,
            ::city::Presence::Awaited => Presence::Awaited,
            ::city::Presence::Silent => Presence::Silent,
        },
        zone: Some(Named::new(
            &asset.zone,
            plan.and_then(|plan| plan.zone(&asset.zone)).map(|zone| &zone.name),
        )),
        role: asset.role.as_ref().map(ToString::to_string).or_else(|| said(seen, Trait::Role)),
        vendor: said(seen, Trait::Vendor).or_else(supplier),
        product: asset.product.as_ref().map(ToString::to_string).or_else(|| said(seen, Trait::Product)),
        addresses,
        services: asset
            .services
            .iter()
            .map(|id| Named::new(id, plan.and_then(|plan| plan.service(id)).map(|service| &service.name)))
            .collect(),
        findings,
        first: seen.iter().map(|device| device.first).min(),
        last: last.or_else(|| seen.iter().map(|device| device.last).max()),
    }
}

fn stranger_row(city: &City, device: &Device, findings: u64) -> AssetRow {
    let plan = city.plan();
    let seen = [device];
    AssetRow {
        key: device.address.to_string(),
        name: said(&seen, Trait::Name).unwrap_or_else(|| device.address.to_string()),
        declared: false,
        presence: if plan.is_some() { Presence::Undeclared } else { Presence::Heard },
        zone: device
            .zone
            .as_ref()
            .map(|id| Named::new(id, plan.and_then(|plan| plan.zone(id)).map(|zone| &zone.name))),
        role: said(&seen, Trait::Role),
        vendor: said(&seen, Trait::Vendor),
        product: said(&seen, Trait::Product).or_else(|| said(&seen, Trait::Model)),
        addresses: vec![device.address.to_string()],
        services: Vec::new(),
        findings,
        first: Some(device.first),
        last: Some(device.last),
    }
}

fn said(devices: &[&Device], about: Trait) -> Option<String> {
    devices.iter().find_map(|device| device.best(about)).map(str::to_owned)
}

/// One asset with everything known of it, by its id or address.
#[must_use]
pub fn asset(city: &City, key: &str) -> Option<AssetView> {
    let plan = city.plan();
    let declared = key.parse::<AssetId>().ok().and_then(|id| plan?.asset(&id));
    let (row, devices) = match declared {
        Some(asset) => {
            let devices: Vec<&Device> =
                city.devices().filter(|device| device.asset.as_ref() == Some(&asset.id)).collect();
            let findings =
                city.findings().filter(|finding| finding.asset.as_ref() == Some(&asset.id)).count();
            (declared_row(city, asset, &devices, findings as u64), devices)
        }
        None => {
            let device = city.device(key.parse().ok()?)?;
            let findings = city.findings().filter(|finding| finding.key.subject == device.address).count();
            (stranger_row(city, device, findings as u64), vec![device])
        }
    };
    let addresses: BTreeSet<Address> =
        row.addresses.iter().filter_map(|address| address.parse().ok()).collect();
    let about = |finding: &&::city::Finding| {
        addresses.contains(&finding.key.subject)
            || finding.peer.is_some_and(|peer| addresses.contains(&peer))
            || declared.is_some_and(|asset| finding.asset.as_ref() == Some(&asset.id))
    };
    let mut findings_about: Vec<FindingRow> =
        city.findings().filter(about).map(|found| finding::row(city, found)).collect();
    findings_about.sort_by_key(|found| std::cmp::Reverse((found.last, found.number)));
    findings_about.truncate(RELATED_MAX);
    let mut macs: BTreeSet<String> =
        declared.into_iter().flat_map(|asset| &asset.macs).map(ToString::to_string).collect();
    macs.extend(devices.iter().flat_map(|device| &device.macs).map(ToString::to_string));
    Some(AssetView {
        macs: macs.into_iter().collect(),
        supplier: declared.and_then(|asset| asset.supplier.as_ref()).map(|id| {
            let known = plan.and_then(|plan| plan.suppliers().find(|supplier| supplier.id == *id));
            Named::new(id, known.map(|supplier| &supplier.name))
        }),
        compared: declared.map(|asset| compare(asset, &devices)).unwrap_or_default(),
        identity: devices.iter().flat_map(|device| facts(device)).collect(),
        serves: devices.iter().flat_map(|device| serves(device)).collect(),
        asks: devices.iter().flat_map(|device| asks(device)).collect(),
        talks: talks(city, &addresses),
        findings_about,
        row,
    })
}

fn compare(asset: &Asset, devices: &[&Device]) -> Vec<ComparedView> {
    let words = |about, declared: Option<&::city::Text>, seen: Option<String>| {
        let declared = declared.map(ToString::to_string);
        // A device often says only a part of what the plan writes in full, or the other way round.
        let differs = match (&declared, &seen) {
            (Some(declared), Some(seen)) => {
                let (declared, seen) = (declared.to_lowercase(), seen.to_lowercase());
                !declared.contains(&seen) && !seen.contains(&declared)
            }
            _ => false,
        };
        ComparedView { about, declared, seen, differs }
    };
    let role = words("role", asset.role.as_ref(), said(devices, Trait::Role));
    let mut compared = vec![
        words(
            "product",
            asset.product.as_ref(),
            said(devices, Trait::Product).or_else(|| said(devices, Trait::Model)),
        ),
        words("firmware", asset.firmware.as_ref(), said(devices, Trait::Firmware)),
        // Roles are the plan's own words; a device's are the protocol's. Both are shown, neither is wrong.
        ComparedView { differs: false, ..role },
    ];
    let join = |texts: Vec<String>| if texts.is_empty() { None } else { Some(texts.join(", ")) };
    let seen: Vec<Address> =
        devices.iter().map(|device| device.address).filter(|a| a.ip().is_some()).collect();
    let strange =
        seen.iter().any(|address| !asset.addresses.iter().any(|known| Some(*known) == address.ip()));
    compared.push(ComparedView {
        about: "address",
        declared: join(asset.addresses.iter().map(ToString::to_string).collect()),
        seen: join(seen.iter().map(ToString::to_string).collect()),
        differs: strange && !asset.addresses.is_empty(),
    });
    compared.retain(|row| row.declared.is_some() || row.seen.is_some());
    compared
}

fn facts(device: &Device) -> impl Iterator<Item = FactView> {
    device.identity.iter().flat_map(|(about, facts)| {
        facts.iter().map(|fact| FactView {
            about: about.as_str(),
            value: fact.value.to_string(),
            protocol: fact.witness.protocol.as_str(),
            protocol_title: fact.witness.protocol.title(),
            field: fact.witness.field.to_string(),
            confidence: fact.confidence,
            first: fact.first,
            last: fact.last,
        })
    })
}

fn serves(device: &Device) -> impl Iterator<Item = ServesView> {
    device.serves.iter().map(|((port, protocol), verbs)| said_in(Some(*port), *protocol, *verbs))
}

fn asks(device: &Device) -> impl Iterator<Item = ServesView> {
    device.asks.iter().map(|(protocol, verbs)| said_in(None, *protocol, *verbs))
}

fn said_in(port: Option<u16>, protocol: Option<Protocol>, verbs: VerbSet) -> ServesView {
    ServesView {
        port,
        protocol: protocol.map(Protocol::as_str),
        protocol_title: protocol.map_or("not recognised", Protocol::title),
        verbs: words(verbs),
    }
}

fn words(verbs: VerbSet) -> Vec<&'static str> {
    verbs.iter().map(::city::Verb::as_str).collect()
}

fn talks(city: &City, addresses: &BTreeSet<Address>) -> Vec<TalkView> {
    let concerned = city
        .talks()
        .filter(|(ends, _)| addresses.contains(&ends.source) || addresses.contains(&ends.destination));
    let mut talks: Vec<_> = concerned.collect();
    talks.sort_by_key(|(_, talk)| std::cmp::Reverse(talk.last));
    talks.into_iter().take(RELATED_MAX).map(|(ends, talk)| talk_view(city, ends, talk)).collect()
}

fn talk_view(city: &City, ends: &cycle::Talkers, talk: &cycle::Talk) -> TalkView {
    TalkView {
        source: End::new(city, ends.source),
        destination: End::new(city, ends.destination),
        transport: ends.transport.to_string(),
        port: ends.port,
        protocol: talk.protocol.map(Protocol::as_str),
        verbs: words(talk.verbs),
        conversations: talk.conversations,
        requests: talk.requests,
        bytes: talk.bytes,
        first: talk.first,
        last: talk.last,
    }
}

/// Who talks to whom, the busiest first.
#[must_use]
pub fn busiest(city: &City, most: usize) -> Vec<TalkView> {
    let mut talks: Vec<_> = city.talks().collect();
    talks.sort_by_key(|(_, talk)| std::cmp::Reverse((talk.conversations + talk.requests, talk.last)));
    talks.into_iter().take(most).map(|(ends, talk)| talk_view(city, ends, talk)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_the_order_people_expect() {
        let mut names = ["Pump 10", "pump 9", "Pump 2b", "Alarm", "Pump 2a"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["Alarm", "Pump 2a", "Pump 2b", "pump 9", "Pump 10"]);
    }
}
