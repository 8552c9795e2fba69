//! The conversations that go on, found by their ends and put out by age.
//!
//! A slab of conversations, an index of 4 bytes each, and a list for each kind of patience, in which the least recently
//! active stands first. Nothing is ever looked at in the order of the index, so that the seed of its hash never shows.

use crate::flow::{Begun, Key, Live};
use hashbrown::HashTable;
use jiff::{SignedDuration, Timestamp};

/// How long a conversation may be silent before it counts as over. The times are those of Zeek, which the field knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// TCP: a SYN without an answer.
    Attempt,
    /// TCP: both ends closed, or one reset; what is late still belongs to it.
    Closed,
    /// UDP, ICMP and other IP protocols.
    Datagram,
    /// TCP: half open for so long that it is counted among those that came to nothing.
    Forsaken,
    /// TCP: a SYN was answered, and whoever sent it did not go on.
    HalfOpen,
    /// Directly on the link.
    Link,
    /// TCP.
    Stream,
    /// UDP, ICMP and other IP protocols: nobody answered.
    Unanswered,
}

impl Patience {
    const ALL: [Patience; 8] = [
        Patience::Attempt,
        Patience::Closed,
        Patience::Datagram,
        Patience::Forsaken,
        Patience::HalfOpen,
        Patience::Link,
        Patience::Stream,
        Patience::Unanswered,
    ];

    /// How long that is.
    pub(crate) fn limit(self) -> SignedDuration {
        SignedDuration::from_secs(match self {
            Patience::Attempt | Patience::Closed => 5,
            Patience::Datagram | Patience::Unanswered => 60,
            Patience::Forsaken | Patience::HalfOpen | Patience::Link | Patience::Stream => 300,
        })
    }
}

/// No slot.
const NONE: u32 = u32::MAX;

#[derive(Debug)]
struct Slot {
    live: Option<Live>,
    hash: u64,
    patience: Patience,
    before: u32,
    after: u32,
}

#[derive(Clone, Copy, Debug)]
struct List {
    /// The least recently active.
    first: u32,
    last: u32,
    length: usize,
}

/// Where a conversation stands in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u32);

/// The table.
#[derive(Debug)]
pub(crate) struct Table {
    index: HashTable<u32>,
    slots: Vec<Slot>,
    /// The first of the free slots, which are chained by `after`.
    free: u32,
    lists: [List; 8],
    seed: u64,
    /// What the next conversation is numbered.
    next: Begun,
}

impl Table {
    pub(crate) fn new(seed: u64) -> Table {
        let empty = List { first: NONE, last: NONE, length: 0 };
        Table {
            index: HashTable::new(),
            slots: Vec::new(),
            free: NONE,
            lists: [empty; 8],
            seed,
            next: Begun::default(),
        }
    }

    /// The number of the frame that is about to be read.
    pub(crate) fn frame(&mut self, number: u64) {
        self.next = Begun { frame: number, nth: 0 };
    }

    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    pub(crate) fn hash(&self, key: &Key) -> u64 {
        key.hash(self.seed)
    }

    pub(crate) fn find(&self, hash: u64, key: &Key) -> Option<Place> {
        let is_it = |at: &u32| {
            self.slots
                .get(*at as usize)
                .is_some_and(|slot| slot.hash == hash && slot.live.as_ref().is_some_and(|it| it.key == *key))
        };
        self.index.find(hash, is_it).map(|at| Place(*at))
    }

    pub(crate) fn live_mut(&mut self, place: Place) -> Option<&mut Live> {
        self.slots.get_mut(place.0 as usize)?.live.as_mut()
    }

    /// Puts a conversation in; numbers it.
    pub(crate) fn insert(&mut self, hash: u64, mut live: Live, patience: Patience) -> Place {
        live.begun = self.next;
        self.next.nth += 1;
        let slot = Slot { live: Some(live), hash, patience, before: NONE, after: NONE };
        let at = self.free;
        let at = if let Some(free) = self.slots.get_mut(at as usize) {
            self.free = free.after;
            *free = slot;
            at
        } else {
            self.slots.push(slot);
            (self.slots.len() - 1) as u32
        };
        let slots = &self.slots;
        self.index.insert_unique(hash, at, |at| slots.get(*at as usize).map_or(0, |slot| slot.hash));
        self.link(at, patience);
        Place(at)
    }

    /// Takes a conversation out.
    pub(crate) fn remove(&mut self, place: Place) -> Option<Live> {
        let slot = self.slots.get_mut(place.0 as usize)?;
        let live = slot.live.take()?;
        let hash = slot.hash;
        if let Ok(entry) = self.index.find_entry(hash, |at| *at == place.0) {
            entry.remove();
        }
        self.unlink(place.0);
        if let Some(slot) = self.slots.get_mut(place.0 as usize) {
            slot.after = self.free;
        }
        self.free = place.0;
        Some(live)
    }

    /// Makes a conversation the most recently active of its kind.
    pub(crate) fn touch(&mut self, place: Place, patience: Patience) {
        let Some(slot) = self.slots.get_mut(place.0 as usize) else { return };
        if slot.patience == patience && slot.after == NONE {
            return;
        }
        self.unlink(place.0);
        self.link(place.0, patience);
    }

    /// Those that have been silent for too long, and when they began.
    pub(crate) fn expired(&self, now: Timestamp) -> Vec<(Begun, Place)> {
        let mut expired = Vec::new();
        for patience in Patience::ALL.into_iter().filter(|patience| *patience != Patience::HalfOpen) {
            self.silent(patience, now, patience.limit(), |begun, place| expired.push((begun, place)));
        }
        expired
    }

    /// Those that have been half open for as long as an attempt is waited for.
    pub(crate) fn forsaken(&self, now: Timestamp) -> Vec<Place> {
        let mut forsaken = Vec::new();
        self.silent(Patience::HalfOpen, now, Patience::Attempt.limit(), |_, place| forsaken.push(place));
        forsaken
    }

    fn silent(
        &self,
        patience: Patience,
        now: Timestamp,
        limit: SignedDuration,
        mut take: impl FnMut(Begun, Place),
    ) {
        let mut at = self.list(patience).map_or(NONE, |list| list.first);
        while let Some(slot) = self.slots.get(at as usize)
            && let Some(live) = &slot.live
            && now.duration_since(live.last) >= limit
        {
            take(live.begun, Place(at));
            at = slot.after;
        }
    }

    /// The one to put out when the table is full: the least recently active; but while those that came to nothing
    /// so far fill half of the table, the oldest of them, so that a flood does not wash away the real ones.
    pub(crate) fn least(&self) -> Option<Place> {
        let idle = [Patience::Attempt, Patience::Forsaken, Patience::HalfOpen, Patience::Unanswered];
        let unanswered: usize = idle.into_iter().filter_map(|it| self.list(it)).map(|it| it.length).sum();
        let among: &[Patience] = if unanswered * 2 > self.len() { &idle } else { &Patience::ALL };
        among
            .iter()
            .filter_map(|patience| self.oldest(*patience))
            .min_by_key(|(_, last)| *last)
            .map(|(place, _)| place)
    }

    /// All of them, and when they began.
    pub(crate) fn all(&self) -> Vec<(Begun, Place)> {
        let all = (0_u32..).zip(&self.slots);
        all.filter_map(|(at, slot)| Some((slot.live.as_ref()?.begun, Place(at)))).collect()
    }

    /// Gives back the room of those that were taken out, if all were.
    pub(crate) fn give_back_room(&mut self) {
        if self.len() == 0 {
            *self = Table { next: self.next, ..Table::new(self.seed) };
        }
    }

    fn oldest(&self, patience: Patience) -> Option<(Place, Timestamp)> {
        let first = self.list(patience)?.first;
        let live = self.slots.get(first as usize)?.live.as_ref()?;
        Some((Place(first), live.last))
    }

    fn list(&self, patience: Patience) -> Option<&List> {
        self.lists.get(patience as usize)
    }

    fn link(&mut self, at: u32, patience: Patience) {
        let Some(list) = self.lists.get_mut(patience as usize) else { return };
        let before = list.last;
        list.last = at;
        list.length += 1;
        if before == NONE {
            list.first = at;
        } else if let Some(slot) = self.slots.get_mut(before as usize) {
            slot.after = at;
        }
        if let Some(slot) = self.slots.get_mut(at as usize) {
            slot.patience = patience;
            slot.before = before;
            slot.after = NONE;
        }
    }

    fn unlink(&mut self, at: u32) {
        let Some(slot) = self.slots.get(at as usize) else { return };
        let (before, after, patience) = (slot.before, slot.after, slot.patience);
        let Some(list) = self.lists.get_mut(patience as usize) else { return };
        list.length -= 1;
        if before == NONE {
            list.first = after;
        }
        if after == NONE {
            list.last = before;
        }
        if let Some(slot) = self.slots.get_mut(before as usize) {
            slot.after = after;
        }
        if let Some(slot) = self.slots.get_mut(after as usize) {
            slot.before = before;
        }
    }
}
