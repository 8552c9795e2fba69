//! From what is seen to who looks for it.

use super::value::{Kind, Watched};
use foldhash::fast::FixedState;
use indexmap::IndexMap;
use ipnet::IpNet;
use std::{
    borrow::Borrow,
    collections::BTreeMap,
    hash::{BuildHasher, Hash},
    net::IpAddr,
    sync::Arc,
};

/// Hash maps whose hashes are the same in every run.
pub(super) type Map<K, V> = IndexMap<K, V, FixedState>;

/// The number of an indicator in a list.
pub(super) type Number = u32;

/// Who looks for a value: the number of the indicator, and whether the value says less than it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seeker {
    pub(super) number: Number,
    pub(super) says_less: bool,
}

/// Those who look for one value: most often one.
#[derive(Clone, Debug)]
enum Seekers {
    One(Seeker),
    Several(Box<[Seeker]>),
}

impl Seekers {
    fn all(&self) -> &[Seeker] {
        match self {
            Seekers::One(one) => std::slice::from_ref(one),
            Seekers::Several(all) => all,
        }
    }

    fn of(mut all: Vec<Seeker>) -> Option<Seekers> {
        all.sort_unstable();
        all.dedup();
        match all.as_slice() {
            [] => None,
            [one] => Some(Seekers::One(*one)),
            _ => Some(Seekers::Several(all.into())),
        }
    }
}

/// What is not in a table costs a look into a few megabytes that stay near, not one into hundreds.
#[derive(Clone, Debug, Default)]
struct Sieve {
    bits: Vec<u64>,
    keys: usize,
}

impl Sieve {
    /// How many bits there are for each key: of what is not in the table one in sixteen is looked for in vain.
    const SPARSE: usize = 16;

    fn with_room(keys: usize) -> Sieve {
        Sieve { bits: vec![0; (keys.max(64) * Sieve::SPARSE / 64).next_power_of_two()], keys: 0 }
    }

    fn place(&self, key: impl Hash) -> (usize, u64) {
        let hash = FixedState::default().hash_one(key);
        // The high bits: the table itself goes by the low ones.
        let word = usize::try_from(hash >> 32).unwrap_or(0) & self.bits.len().wrapping_sub(1);
        (word, 1 << ((hash >> 26) & 63))
    }

    fn may_hold(&self, key: impl Hash) -> bool {
        let (word, bit) = self.place(key);
        self.bits.get(word).is_some_and(|bits| bits & bit != 0)
    }

    fn is_full(&self) -> bool {
        self.keys >= self.bits.len() * 64 / Sieve::SPARSE
    }

    fn put(&mut self, key: impl Hash) {
        let (word, bit) = self.place(key);
        if let Some(bits) = self.bits.get_mut(word) {
            *bits |= bit;
            self.keys += 1;
        }
    }
}

/// Those who look for the keys of one kind.
#[derive(Clone, Debug)]
struct Table<K> {
    seekers: Map<K, Seekers>,
    sieve: Sieve,
}

impl<K> Default for Table<K> {
    fn default() -> Table<K> {
        Table { seekers: Map::default(), sieve: Sieve::default() }
    }
}

impl<K: Hash + Eq> Table<K> {
    fn put(&mut self, key: K, seeker: Seeker) {
        if let Some(known) = self.seekers.get_mut(&key) {
            let all = known.all().iter().copied().chain([seeker]).collect();
            if let Some(all) = Seekers::of(all) {
                *known = all;
            }
            return;
        }
        if self.sieve.is_full() {
            let mut sieve = Sieve::with_room(2 * (self.seekers.len() + 1));
            self.seekers.keys().for_each(|key| sieve.put(key));
            self.sieve = sieve;
        }
        self.sieve.put(&key);
        self.seekers.insert(key, Seekers::One(seeker));
    }

    /// What is taken out stays in the sieve until that is made anew.
    fn take<Q: ?Sized + Hash + Eq>(&mut self, key: &Q, seeker: Seeker)
    where
        K: Borrow<Q>,
    {
        let Some(known) = self.seekers.get_mut(key) else { return };
        match Seekers::of(known.all().iter().copied().filter(|other| *other != seeker).collect()) {
            Some(left) => *known = left,
            None => drop(self.seekers.swap_remove(key)),
        }
    }

    fn get<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> &[Seeker]
    where
        K: Borrow<Q>,
    {
        if !self.sieve.may_hold(key) {
            return &[];
        }
        self.seekers.get(key).map(Seekers::all).unwrap_or_default()
    }
}

/// Addresses by the networks that hold them.
#[derive(Clone, Debug, Default)]
struct Networks {
    /// For each length of a prefix in use, the networks.
    by_length: BTreeMap<(bool, u8), Table<IpAddr>>,
}

impl Networks {
    fn put(&mut self, network: IpNet, seeker: Seeker) {
        let length = (network.addr().is_ipv4(), network.prefix_len());
        self.by_length.entry(length).or_default().put(network.network(), seeker);
    }

    fn take(&mut self, network: IpNet, seeker: Seeker) {
        let length = (network.addr().is_ipv4(), network.prefix_len());
        let Some(table) = self.by_length.get_mut(&length) else { return };
        table.take(&network.network(), seeker);
        if table.seekers.is_empty() {
            self.by_length.remove(&length);
        }
    }

    /// Those who look for each network that holds an address, the longest prefix first: what says most of it.
    fn each(&self, address: IpAddr) -> impl Iterator<Item = &[Seeker]> {
        self.by_length.iter().rev().filter_map(move |((is_v4, length), table)| {
            if *is_v4 != address.is_ipv4() {
                return None;
            }
            let network = IpNet::new(address, *length).ok()?.trunc();
            let seekers = table.get(&network.addr());
            (!seekers.is_empty()).then_some(seekers)
        })
    }

    fn len(&self) -> usize {
        self.by_length.values().map(|table| table.seekers.len()).sum()
    }
}

/// Everything that is looked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    addresses: Table<IpAddr>,
    networks: Networks,
    asked: Networks,
    texts: [Table<Arc<str>>; Kind::ALL.len()],
}

impl Index {
    /// How many values are looked for.
    pub(super) fn len(&self) -> usize {
        let texts: usize = self.texts.iter().map(|table| table.seekers.len()).sum();
        self.addresses.seekers.len() + self.networks.len() + self.asked.len() + texts
    }

    /// Makes room for so many more addresses, so that the tables do not grow step by step.
    pub(super) fn reserve(&mut self, addresses: usize) {
        self.addresses.seekers.reserve(addresses);
        let mut sieve = Sieve::with_room(self.addresses.seekers.len() + addresses);
        self.addresses.seekers.keys().for_each(|key| sieve.put(key));
        self.addresses.sieve = sieve;
    }

    fn text(&self, kind: Kind) -> Option<&Table<Arc<str>>> {
        self.texts.get(kind as usize)
    }

    pub(super) fn put(&mut self, value: &Watched, seeker: Seeker) {
        match value {
            Watched::Address(address) => self.addresses.put(*address, seeker),
            Watched::Network(network) => self.networks.put(*network, seeker),
            Watched::Asked(network) => self.asked.put(*network, seeker),
            Watched::Text(kind, text) => {
                if let Some(table) = self.texts.get_mut(*kind as usize) {
                    table.put(Arc::clone(text), seeker);
                }
            }
        }
    }

    pub(super) fn take(&mut self, value: &Watched, seeker: Seeker) {
        match value {
            Watched::Address(address) => self.addresses.take(address, seeker),
            Watched::Network(network) => self.networks.take(*network, seeker),
            Watched::Asked(network) => self.asked.take(*network, seeker),
            Watched::Text(kind, text) => {
                if let Some(table) = self.texts.get_mut(*kind as usize) {
                    table.take(&**text, seeker);
                }
            }
        }
    }

    /// Every address that is looked for by itself.
    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.seekers.keys().copied()
    }

    /// Whether an address is looked for by itself.
    pub(super) fn holds(&self, address: IpAddr) -> bool {
        !self.addresses.get(&address).is_empty()
    }

    /// Those who look for an address at an end of a conversation, what says most of it first.
    pub(super) fn at_end(&self, address: IpAddr) -> impl Iterator<Item = &[Seeker]> {
        let exact = self.addresses.get(&address);
        [exact].into_iter().filter(|all| !all.is_empty()).chain(self.networks.each(address))
    }

    /// Those who look for just this network at an end of a conversation.
    pub(super) fn network(&self, network: IpNet) -> &[Seeker] {
        let length = (network.addr().is_ipv4(), network.prefix_len());
        let table = self.networks.by_length.get(&length);
        table.map(|table| table.get(&network.network())).unwrap_or_default()
    }

    /// Whether the ends of requests are looked for at all.
    pub(super) fn wants_asked(&self) -> bool {
        !self.asked.by_length.is_empty()
    }

    /// Those who look for an address at an end of a request.
    pub(super) fn asked(&self, address: IpAddr) -> impl Iterator<Item = &[Seeker]> {
        self.asked.each(address)
    }

    /// Whether texts of a kind are looked for at all.
    pub(super) fn wants(&self, kind: Kind) -> bool {
        self.text(kind).is_some_and(|table| !table.seekers.is_empty())
    }

    /// Those who look for a text.
    pub(super) fn texts(&self, kind: Kind, text: &str) -> &[Seeker] {
        self.text(kind).map(|table| table.get(text)).unwrap_or_default()
    }
}
