//! The flows of a MUD file as conduits of one asset.

use super::{
    Mud, Peer,
    flow::{Flow, What, flows},
};
use city::{Allowance, Asset, AssetId, ConduitId, NumberRange, Ports, Protocol, Transport, VerbSet, ZoneId};
use ipnet::IpNet;
use plan::{Plan, ProposedConduit};
use std::collections::{BTreeMap, BTreeSet};

/// Who is meant by a peer, by its [`Peer::word`]: assets, where the operator says so.
pub type Peers = BTreeMap<String, Vec<AssetId>>;

/// What a MUD file comes to in a city.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The conduits, for a person to take over.
    pub conduits: Vec<ProposedConduit>,
    /// What the reader must know: what is left out, what is wider than the file says, what is there already.
    pub notes: Vec<String>,
    heading: Vec<String>,
}

impl Proposal {
    /// The proposal as text of a plan, its notes as comments above it.
    #[must_use]
    pub fn text(&self) -> String {
        let notes = self.notes.iter().map(|note| format!("Note: {note}."));
        let comments: Vec<String> = self.heading.iter().cloned().chain(notes).collect();
        plan::propose(&comments, &self.conduits)
    }
}

/// Proposes conduits for the device that a MUD file describes.
#[must_use]
pub fn propose(mud: &Mud, plan: &Plan, asset: &Asset, peers: &Peers) -> Proposal {
    let mut notes = mud.notes.clone();
    let flows = flows(mud, &mut notes);
    let mut city = Resolver { plan, asset, peers, notes };
    let mut ways: BTreeMap<Way<'_>, Vec<What>> = BTreeMap::new();
    for (flow, answers) in &flows {
        if !answers {
            let begins = if flow.device_begins { "the device begins" } else { "the other end begins" };
            city.notes.push(format!(
                "the file lists no answers where {begins} with {} over {}; those are part of a conduit",
                whom(flow.peer.as_ref()),
                said(flow.what)
            ));
        }
        for (zone, assets, held_back) in city.places(flow) {
            let way = Way { device_begins: flow.device_begins, peer: &flow.peer, zone, assets, held_back };
            ways.entry(way).or_default().push(flow.what);
        }
    }
    let mut ids = Ids { plan, asset, next: 1 };
    let mut conduits = Vec::new();
    for (way, whats) in ways {
        if let Some(conduit) = city.conduit(mud, way, &whats, &mut ids) {
            conduits.push(conduit);
        }
    }
    let mut notes = city.notes;
    notes.sort();
    notes.dedup();
    let source = mud.url.as_deref().unwrap_or("a MUD file without address");
    let heading = vec![
        format!("Proposed for the asset `{}` from {source}.", asset.id),
        "Read it before it becomes part of the plan: it is what the maker says that the device may need."
            .to_owned(),
    ];
    Proposal { conduits, notes, heading }
}

/// What becomes one conduit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Way<'a> {
    device_begins: bool,
    peer: &'a Option<Peer>,
    zone: ZoneId,
    assets: Vec<AssetId>,
    held_back: Option<String>,
}

/// Where a peer is in the city: zone, assets if not all of it, and why a conduit should be held back.
type Place = (ZoneId, Vec<AssetId>, Option<String>);

struct Resolver<'a> {
    plan: &'a Plan,
    asset: &'a Asset,
    peers: &'a Peers,
    notes: Vec<String>,
}

impl Resolver<'_> {
    fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    fn places(&mut self, flow: &Flow) -> Vec<Place> {
        let Some(peer) = &flow.peer else {
            let mut places = self.neighbours(flow.device_begins);
            places.extend(self.elsewhere("anyone", flow.device_begins));
            return places;
        };
        if let Some(assets) = self.peers.get(&peer.word()) {
            return self.by_zone(assets.iter());
        }
        match peer {
            Peer::Name(name) => {
                self.note(format!("a firewall knows addresses, not names: to it {name} is everywhere else"));
                self.elsewhere(name, flow.device_begins).into_iter().collect()
            }
            Peer::Network(network) => self.network(*network, flow.device_begins),
            Peer::LocalNetworks => self.neighbours(flow.device_begins),
            Peer::SameManufacturer => self.same_manufacturer(),
            Peer::Controller(_) | Peer::Manufacturer(_) | Peer::Model(_) | Peer::MyController => {
                let word = peer.word();
                self.note(format!(
                    "{peer}: left out, for the plan does not say who they are; say it with `--peer {word}=ASSET`"
                ));
                Vec::new()
            }
        }
    }

    fn by_zone<'i>(&self, assets: impl Iterator<Item = &'i AssetId>) -> Vec<Place> {
        let mut zones: BTreeMap<ZoneId, Vec<AssetId>> = BTreeMap::new();
        for asset in assets.filter_map(|id| self.plan.asset(id)).filter(|asset| asset.id != self.asset.id) {
            zones.entry(asset.zone.clone()).or_default().push(asset.id.clone());
        }
        zones.into_iter().map(|(zone, assets)| (zone, assets, None)).collect()
    }

    /// Everywhere else. Nobody is let in from there without a person's own thought.
    fn elsewhere(&mut self, who: &str, device_begins: bool) -> Option<Place> {
        let Some(zone) = self.plan.everywhere_else() else {
            self.note(format!(
                "{who}: left out, for the plan has no zone that is everywhere else; declare one with `outside = true`"
            ));
            return None;
        };
        let held_back = (!device_begins).then(|| {
            format!(
                "{who} begins here, and as it stands this lets everybody in; give its network a zone of its own, or say \
                 with `--peer {who}=ASSET` who it is"
            )
        });
        Some((zone.id.clone(), Vec::new(), held_back))
    }

    /// The zone of the asset, and those inside that the plan joins it to already: so no two zones are joined anew.
    fn neighbours(&mut self, device_begins: bool) -> Vec<Place> {
        let own = &self.asset.zone;
        let joined = |zone: &&city::Zone| {
            let (from, to) = if device_begins { (own, &zone.id) } else { (&zone.id, own) };
            zone.id == *own || !zone.outside && self.plan.conduits_between(from, to).next().is_some()
        };
        let zones: Vec<&city::Zone> = self.plan.zones().filter(joined).collect();
        let names: Vec<&str> = zones.iter().map(|zone| zone.id.as_str()).collect();
        let way = if device_begins { "the device begins" } else { "the other end begins" };
        self.notes.push(format!(
            "local networks, where {way}: taken as {}; no zone is joined anew, so write what is missing",
            names.join(", ")
        ));
        zones.into_iter().map(|zone| (zone.id.clone(), Vec::new(), None)).collect()
    }

    fn network(&mut self, network: IpNet, device_begins: bool) -> Vec<Place> {
        let whole =
            self.plan.zones().filter(|zone| zone.networks.iter().any(|known| network.contains(known)));
        let whole: Vec<Place> = whole.map(|zone| (zone.id.clone(), Vec::new(), None)).collect();
        if !whole.is_empty() {
            return whole;
        }
        let within = self.plan.zones().any(|zone| zone.networks.iter().any(|known| known.contains(&network)));
        if !within {
            self.note(format!("{network} lies in no zone: a conduit to everywhere else is wider"));
            return self.elsewhere(&network.to_string(), device_begins).into_iter().collect();
        }
        let assets = self.plan.assets().filter(|asset| asset.addresses.iter().any(|ip| network.contains(ip)));
        let places = self.by_zone(assets.map(|asset| &asset.id));
        if places.is_empty() {
            self.note(format!(
                "{network}: left out, for no asset of the plan has an address there; declare it first"
            ));
        }
        places
    }

    fn same_manufacturer(&mut self) -> Vec<Place> {
        let Some(supplier) = &self.asset.supplier else {
            self.note(format!(
                "devices of the same maker: left out, for `{}` has no `supplier` by which they would be known",
                self.asset.id
            ));
            return Vec::new();
        };
        let same = self.plan.assets().filter(|asset| asset.supplier.as_ref() == Some(supplier));
        let places = self.by_zone(same.map(|asset| &asset.id));
        if places.is_empty() {
            self.note(format!("devices of the same maker: `{supplier}` supplies no other asset"));
        }
        places
    }

    fn conduit(
        &mut self,
        mud: &Mud,
        way: Way<'_>,
        whats: &[What],
        ids: &mut Ids<'_>,
    ) -> Option<ProposedConduit> {
        let own = self.asset.zone.clone();
        let peer = whom(way.peer.as_ref());
        if way.zone == own && self.plan.conduits_between(&own, &own).next().is_none() {
            self.note(format!("{peer}: within zone `{own}` everything is allowed already"));
            return None;
        }
        if whats.contains(&What::Everything) {
            self.note(format!(
                "{peer}: the file sets no limit to protocols; TCP, UDP and ICMP are proposed, other IP protocols are left out"
            ));
        }
        let device = vec![self.asset.id.clone()];
        let (from, to, from_assets, to_assets) = match way.device_begins {
            true => (own, way.zone, device, way.assets),
            false => (way.zone, own, way.assets, device),
        };
        let mut allow = allowances(whats);
        allow.retain(|allowance| {
            let among = |all: &[AssetId], some: &[AssetId]| {
                all.is_empty() || !some.is_empty() && some.iter().all(|asset| all.contains(asset))
            };
            let same = self.plan.conduits_between(&from, &to).find(|conduit| {
                among(&conduit.from_assets, &from_assets)
                    && among(&conduit.to_assets, &to_assets)
                    && conduit.allow.contains(allowance)
            });
            if let Some(conduit) = same {
                self.notes
                    .push(format!("{peer}: `{allowance}` is allowed already by conduit `{}`", conduit.id));
            }
            same.is_none()
        });
        if allow.is_empty() {
            return None;
        }
        let id = ids.take()?;
        let reason = self.reason(mud, way.device_begins, way.peer.as_ref());
        let held_back = way.held_back;
        Some(ProposedConduit { id, from, to, from_assets, to_assets, allow, reason, held_back })
    }

    fn reason(&self, mud: &Mud, device_begins: bool, peer: Option<&Peer>) -> String {
        let begins = if device_begins { "begins with" } else { "is asked by" };
        let known = peer.is_some_and(|peer| self.peers.contains_key(&peer.word()));
        let how = match peer {
            _ if known => ", named by hand",
            Some(Peer::Name(_)) => {
                "; a firewall knows addresses, not names, so to it this is everywhere else"
            }
            Some(Peer::LocalNetworks) => ", taken as the zones that its own is joined to already",
            None => ", taken as everywhere else and the zones that its own is joined to already",
            Some(Peer::SameManufacturer) => ", taken as the assets of the same supplier",
            Some(_) => "",
        };
        let peer = whom(peer);
        let source = mud.url.as_deref().unwrap_or("its MUD file");
        format!("By {source} the device {begins} {peer}{how}")
    }
}

fn whom(peer: Option<&Peer>) -> String {
    peer.map_or_else(|| "anyone".to_owned(), ToString::to_string)
}

fn said(what: What) -> String {
    match what {
        What::Everything => "any protocol".to_owned(),
        What::Ports(ports) => ports.to_string(),
        What::Icmp => "ICMP".to_owned(),
        What::Packets(number) => format!("ip/{number}"),
    }
}

/// What runs, in the plan's words; ports by the protocol that usually runs there, if it is one.
fn allowances(whats: &[What]) -> Vec<Allowance> {
    let icmp = Allowance::Requests { protocol: Protocol::Icmp, verbs: VerbSet::ALL, target: None, on: None };
    let all = |transport| {
        let numbers = NumberRange { first: 1, last: 65_535 };
        Allowance::Ports(Ports { transport, numbers })
    };
    let whats: BTreeSet<What> = whats.iter().copied().collect();
    if whats.contains(&What::Everything) {
        return vec![all(Transport::Tcp), all(Transport::Udp), icmp];
    }
    let mut allowances = Vec::new();
    for what in whats {
        allowances.push(match what {
            What::Everything => continue,
            What::Icmp => icmp.clone(),
            What::Packets(number) => Allowance::Packets { number },
            What::Ports(ports) if ports.numbers.last - ports.numbers.first >= 65_534 => all(ports.transport),
            What::Ports(ports) => match usual(ports) {
                Some(protocol) => {
                    Allowance::Requests { protocol, verbs: VerbSet::ALL, target: None, on: Some(ports) }
                }
                None => Allowance::Ports(ports),
            },
        });
    }
    allowances
}

/// The one protocol that usually runs on a port.
fn usual(ports: Ports) -> Option<Protocol> {
    let port =
        u16::try_from(ports.numbers.first).ok().filter(|_| ports.numbers.first == ports.numbers.last)?;
    let mut usual =
        Protocol::ALL.iter().copied().filter(|protocol| protocol.usually_at(ports.transport, port));
    usual.next().filter(|_| usual.next().is_none())
}

/// Ids of proposed conduits, which the plan does not have.
struct Ids<'a> {
    plan: &'a Plan,
    asset: &'a Asset,
    next: u32,
}

impl Ids<'_> {
    fn take(&mut self) -> Option<ConduitId> {
        let start: String = self.asset.id.as_str().chars().take(48).collect();
        loop {
            let id: ConduitId = format!("{}-mud-{}", start.trim_end_matches('-'), self.next).parse().ok()?;
            self.next = self.next.checked_add(1)?;
            if !self.plan.conduits().any(|conduit| conduit.id == id) {
                return Some(id);
            }
        }
    }
}
