//! Every device that was seen, and what is known of it.

use crate::Concern;
use city::{
    Address, Binding, Device, Fact, Flow, Identity, Mac, Observation, Observed, Protocol, Reply, Text, Trait,
    VerbSet, Witness,
};
use identify::Kind;
use jiff::Timestamp;
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    net::IpAddr,
};

/// How sure a witness must be before a change of what it says counts as a change of the device.
const CONFIDENCE_TO_COMPARE: u8 = 80;

/// How far the registered maker of a network interface is believed to be the maker of the device.
const MAKER_CONFIDENCE: u8 = 30;

/// How much more what is known by a fingerprint is believed than the words in which it was said: they say no more than
/// they wish to, and the fingerprint is sure of less than what a device reports by design.
const RECOGNISED_CONFIDENCE: u8 = 10;

/// Bounds: beyond them a device or a fact is counted and not kept.
const DEVICES_MAX: usize = 200_000;
/// New devices a minute that nobody was heard to answer: whoever forges addresses can have as many as there are. Those
/// beyond are met once they are answered.
const NEWCOMERS_MAX: u32 = 256;
const FACTS_MAX: usize = 8;
const MACS_MAX: usize = 16;
const PORTS_MAX: usize = 256;

/// Every device that was seen, and what is known of it.
///
/// A device is an address that *spoke*: an address that was only spoken to may not exist. With a plan, devices are
/// those in the city's zones, those it declares, and those seen on a local link; without one, every address is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Inventory {
    devices: BTreeMap<Address, Device>,
    /// MAC and link-local addresses of devices that are better known by another address.
    aliases: BTreeMap<Address, Address>,
    /// Names of places outside the city, as name servers gave them.
    names: BTreeMap<IpAddr, Text>,
    turned_away: u64,
    /// In which minute since 1970 how many new devices were met that nobody was heard to answer.
    newcomers: (i64, u32),
}

impl Inventory {
    /// Every device, by address.
    pub fn devices(&self) -> impl ExactSizeIterator<Item = &Device> {
        self.devices.values()
    }

    /// The device at an address, which may be an alias.
    #[must_use]
    pub fn device(&self, address: Address) -> Option<&Device> {
        self.devices.get(&self.canonical(address))
    }

    /// The name by which a place is known: of a device, or of an address outside that a name server named.
    #[must_use]
    pub fn name(&self, address: Address) -> Option<&str> {
        let device = self.device(address).and_then(|device| device.best(Trait::Name));
        device.or_else(|| Some(self.names.get(&address.ip()?)?.as_str()))
    }

    /// How many devices were not kept because the inventory was full.
    #[must_use]
    pub fn turned_away(&self) -> u64 {
        self.turned_away
    }

    /// Compares with another plan from now on.
    pub fn adopt(&mut self, plan: Option<&Plan>) {
        for device in self.devices.values_mut() {
            place(device, plan);
        }
    }

    /// Folds one observation in. `heard` receives the address of each device that gave a sign of life.
    pub fn see(
        &mut self,
        observation: &Observation,
        plan: Option<&Plan>,
        out: &mut Vec<Concern>,
        heard: &mut Vec<Address>,
    ) {
        let time = observation.time;
        let mut sign = |inventory: &mut Inventory, address, is_answered: bool, out: &mut Vec<Concern>| {
            if !is_answered && inventory.is_one_of_a_crowd(address, time, plan) {
                return;
            }
            if let Some(device) = inventory.meet(address, None, time, plan, out) {
                heard.push(device.address);
            }
        };
        match &observation.fact {
            Observed::Opened(flow) => sign(self, flow.source, false, out),
            Observed::Recognised(flow) => {
                sign(self, flow.source, false, out);
                self.note_use(flow, VerbSet::EMPTY);
            }
            Observed::Conversation(conversation) => {
                sign(self, conversation.flow.source, conversation.packets_in > 0, out);
                if conversation.packets_in > 0 {
                    sign(self, conversation.flow.destination, true, out);
                    self.note_use(&conversation.flow, VerbSet::EMPTY);
                }
            }
            Observed::Request(request) => {
                let is_answered = matches!(request.reply, Reply::Done | Reply::Refused(_));
                sign(self, request.flow.source, is_answered, out);
                if is_answered {
                    sign(self, request.flow.destination, true, out);
                }
                self.note_use(&request.conversation(), VerbSet::of(&[request.verb]));
            }
            Observed::Binding(binding) => {
                if let Some(device) = self.bind(binding) {
                    place(device, plan);
                    out.extend(undeclared(device, plan));
                }
                if let Some(device) = self.meet(binding.address.into(), Some(binding.mac), time, plan, out) {
                    heard.push(device.address);
                    note_maker(device, binding, time);
                }
            }
            Observed::Identity(identity) => self.note_identity(identity, time, plan, out),
            Observed::Weakness(weakness) => {
                if self.is_ours(weakness.address, plan) {
                    out.push(Concern::Weak(weakness.clone()));
                }
            }
            Observed::Backup(_)
            | Observed::Drill(_)
            | Observed::Repository(_)
            | Observed::Pack(_)
            | Observed::Alert(_)
            | Observed::Sighting(_)
            | Observed::Received(_)
            | Observed::Hunted(_)
            | Observed::Offered(_)
            | Observed::Withdrawn(_)
            | Observed::Flood(_)
            | Observed::Loss(_)
            | Observed::Message(_)
            | Observed::Unread(_) => {}
        }
    }

    /// Whether an address that nobody was heard to answer is new, in a minute in which there were many of those.
    fn is_one_of_a_crowd(&mut self, address: Address, time: Timestamp, plan: Option<&Plan>) -> bool {
        let is_known = self.device(address).is_some()
            || plan.is_some_and(|plan| plan.asset_at(address).is_some())
            || !self.is_ours(address, plan);
        if is_known {
            return false;
        }
        let minute = time.as_second().div_euclid(60);
        if self.newcomers.0 != minute {
            self.newcomers = (minute, 0);
        }
        let (_, met) = &mut self.newcomers;
        *met = met.saturating_add(1);
        *met > NEWCOMERS_MAX
    }

    fn canonical(&self, address: Address) -> Address {
        self.aliases.get(&address).copied().unwrap_or(address)
    }

    /// Whether an address is to be thought of as one of the city's devices.
    fn is_ours(&self, address: Address, plan: Option<&Plan>) -> bool {
        let Some(plan) = plan else { return address.is_station() };
        if self.devices.contains_key(&self.canonical(address)) || plan.asset_at(address).is_some() {
            return true;
        }
        match address {
            Address::Ip(ip) => is_local(ip) || plan.zone_of(ip).is_some_and(|zone| !zone.outside),
            Address::Mac(_) => true,
        }
    }

    /// The device at an address that spoke; a new one is looked up in the plan.
    fn meet(
        &mut self,
        address: Address,
        mac: Option<Mac>,
        time: Timestamp,
        plan: Option<&Plan>,
        out: &mut Vec<Concern>,
    ) -> Option<&mut Device> {
        let address = self.canonical(address);
        if !address.is_station() {
            return None;
        }
        if !self.devices.contains_key(&address) {
            if !self.is_ours(address, plan) {
                return None;
            }
            if self.devices.len() >= DEVICES_MAX {
                self.turned_away += 1;
                return None;
            }
            let mut device = Device::new(address, time);
            device.macs.extend(mac);
            place(&mut device, plan);
            out.extend(undeclared(&device, plan));
            self.devices.insert(address, device);
        }
        let device = self.devices.get_mut(&address)?;
        device.last = device.last.max(time);
        if let Some(mac) = mac
            && device.macs.len() < MACS_MAX
            && device.macs.insert(mac)
        {
            place(device, plan);
            if device.macs.len() == 1 && device.address.ip().is_some_and(is_link_local) {
                out.extend(undeclared(device, plan));
            }
        }
        Some(device)
    }

    /// Notes which protocol the destination serves and the source asks, with which verbs.
    fn note_use(&mut self, flow: &Flow, verbs: VerbSet) {
        if let Some(server) = self.devices.get_mut(&self.canonical(flow.destination)) {
            let key = (flow.destination_port, flow.protocol);
            let room = server.serves.len() < PORTS_MAX;
            match server.serves.entry(key) {
                Entry::Occupied(mut known) => *known.get_mut() = known.get().union(verbs),
                Entry::Vacant(new) if room => drop(new.insert(verbs)),
                Entry::Vacant(_) => {}
            }
        }
        if let Some(client) = self.devices.get_mut(&self.canonical(flow.source)) {
            let asked = client.asks.entry(flow.protocol).or_default();
            *asked = asked.union(verbs);
        }
    }

    /// Learns that an IP and a MAC address are one device: what was known under the lesser address moves to the better.
    /// Returns the device if it has a routable address only from now on.
    fn bind(&mut self, binding: &Binding) -> Option<&mut Device> {
        let (ip, mac) = (Address::Ip(binding.address), Address::Mac(binding.mac));
        if !ip.is_station() || !mac.is_station() {
            return None;
        }
        match self.aliases.get(&mac).copied() {
            // A link-local address of a device that is known by a routable one.
            Some(device) if device != ip && is_link_local(binding.address) => self.alias(ip, device),
            // A routable address of a device that was known only by its link-local one.
            Some(device) if device != ip && device.ip().is_some_and(is_link_local) => {
                self.aliases.insert(mac, ip);
                self.alias(device, ip)
            }
            Some(_) => None,
            None => self.alias(mac, ip),
        }
    }

    /// Makes one address another's alias. Returns the device if it moved to an address where none was known.
    fn alias(&mut self, lesser: Address, better: Address) -> Option<&mut Device> {
        if self.aliases.len() >= 2 * DEVICES_MAX {
            return None;
        }
        self.aliases.insert(lesser, better);
        let moved = self.devices.remove(&lesser)?;
        match self.devices.entry(better) {
            Entry::Occupied(mut known) => {
                known.get_mut().merge(moved);
                None
            }
            Entry::Vacant(place) => Some(place.insert(Device { address: better, ..moved })),
        }
    }

    fn note_identity(
        &mut self,
        identity: &Identity,
        time: Timestamp,
        plan: Option<&Plan>,
        out: &mut Vec<Concern>,
    ) {
        if !self.is_ours(identity.address, plan) {
            if let (Trait::Name, Some(ip)) = (identity.about, identity.address.ip())
                && self.names.len() < DEVICES_MAX
            {
                self.names.insert(ip, identity.value.clone());
            }
            return;
        }
        // What others say of a device does not make it exist: only what it says itself.
        let said_by_others = matches!(identity.witness.protocol, Protocol::Dns);
        let address = self.canonical(identity.address);
        if said_by_others && !self.devices.contains_key(&address) {
            if let Some(ip) = address.ip()
                && self.names.len() < DEVICES_MAX
            {
                self.names.insert(ip, identity.value.clone());
            }
            return;
        }
        let Some(device) = self.meet(address, None, time, plan, out) else { return };
        let known = device.identity.get(&identity.about).map(Vec::as_slice).unwrap_or_default();
        if let Some(change) = changed(known, identity, plan, device.asset.as_ref()) {
            out.push(change);
        }
        if learn(device.identity.entry(identity.about).or_default(), identity, time) {
            note_recognised(device, identity, time);
        }
    }
}

/// Notes what a fingerprint knows of whoever says such a thing. The journal keeps what was said; what it means is decided
/// here, so that a better table reads an old journal better.
fn note_recognised(device: &mut Device, identity: &Identity, time: Timestamp) {
    let kind = Kind::witnessed(&identity.witness).filter(|_| identity.about == Trait::Product);
    let Some(known) = kind.and_then(|kind| identify::said(&kind, &identity.value)) else { return };
    for told in known.told() {
        let recognised = Identity {
            address: identity.address,
            about: told.about,
            value: told.value,
            witness: Witness {
                field: format!("{}, recognised", identity.witness.field).into(),
                ..identity.witness
            },
            confidence: told.confidence.min(identity.confidence.saturating_add(RECOGNISED_CONFIDENCE)),
        };
        learn(device.identity.entry(told.about).or_default(), &recognised, time);
    }
}

/// Notes the registered maker of the interface that claims an address.
fn note_maker(device: &mut Device, binding: &Binding, time: Timestamp) {
    let Some(maker) = identify::maker(binding.mac) else { return };
    let made = Identity {
        address: device.address,
        about: Trait::Vendor,
        value: maker.into(),
        witness: Witness { protocol: binding.protocol, field: Text::const_new("MAC address block") },
        confidence: MAKER_CONFIDENCE,
    };
    learn(device.identity.entry(Trait::Vendor).or_default(), &made, time);
}

/// The concern that the plan does not know a device. One that is known only by its MAC address may be about to be given
/// an IP address, under which it is told of then.
fn undeclared(device: &Device, plan: Option<&Plan>) -> Option<Concern> {
    let ip = device.address.ip()?;
    // A link-local address says nothing of whose it is; the MAC address behind it does, once it is known.
    let nameless = is_link_local(ip) && device.macs.is_empty();
    let plan = plan.filter(|_| device.asset.is_none() && !nameless)?;
    let zone = device.zone.as_ref().and_then(|id| plan.zone(id));
    Some(Concern::Undeclared {
        address: device.address,
        zone: zone.map(|zone| zone.name.clone()),
        security_level: zone.map_or(0, |zone| zone.security_level),
    })
}

/// Finds the device's place in the plan.
fn place(device: &mut Device, plan: Option<&Plan>) {
    let declared = plan.and_then(|plan| {
        let by_mac = || device.macs.iter().find_map(|mac| plan.asset_at(Address::Mac(*mac)));
        plan.asset_at(device.address).or_else(by_mac)
    });
    let by_network = || plan?.zone_of(device.address.ip()?).map(|zone| zone.id.clone());
    device.zone = by_network().or_else(|| declared.map(|asset| asset.zone.clone()));
    device.asset = declared.map(|asset| asset.id.clone());
}

/// Whether what is said of a device contradicts what it said before, or what the plan declares.
fn changed(
    known: &[Fact],
    identity: &Identity,
    plan: Option<&Plan>,
    asset: Option<&city::AssetId>,
) -> Option<Concern> {
    let stable = matches!(
        identity.about,
        Trait::Vendor | Trait::Product | Trait::Model | Trait::Firmware | Trait::Serial
    );
    if !stable || identity.confidence < CONFIDENCE_TO_COMPARE {
        return None;
    }
    let change = |before: Text, declared| Concern::ChangedIdentity {
        address: identity.address,
        about: identity.about,
        before,
        after: identity.value.clone(),
        witness: identity.witness.clone(),
        declared,
    };
    if known.iter().any(|fact| fact.value == identity.value) {
        return None;
    }
    let declared =
        plan.zip(asset).and_then(|(plan, id)| plan.asset(id)).and_then(|asset| match identity.about {
            Trait::Firmware => asset.firmware.as_ref(),
            _ => None,
        });
    if let Some(declared) = declared
        && *declared != identity.value
    {
        return Some(change(declared.clone(), true));
    }
    let before = known.iter().find(|fact| fact.witness == identity.witness)?;
    Some(change(before.value.clone(), false))
}

/// Keeps a fact: known ones are confirmed, the most credible stand first, the least credible give way. Says whether it is
/// new and was kept: what a full list turns away costs nothing more.
fn learn(facts: &mut Vec<Fact>, identity: &Identity, time: Timestamp) -> bool {
    let same = |fact: &&mut Fact| fact.value == identity.value && fact.witness == identity.witness;
    if let Some(fact) = facts.iter_mut().find(same) {
        fact.last = fact.last.max(time);
        return false;
    }
    let fact = Fact {
        value: identity.value.clone(),
        witness: identity.witness.clone(),
        confidence: identity.confidence,
        first: time,
        last: time,
    };
    let place = facts.partition_point(|known| known.confidence >= fact.confidence);
    facts.insert(place, fact);
    facts.truncate(FACTS_MAX);
    place < FACTS_MAX
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// Whether an address can only be nearby, whatever the plan says: private (RFC 1918, RFC 4193) or link-local.
fn is_local(ip: IpAddr) -> bool {
    is_link_local(ip)
        || match ip {
            IpAddr::V4(ip) => ip.is_private(),
            IpAddr::V6(ip) => ip.is_unique_local(),
        }
}
