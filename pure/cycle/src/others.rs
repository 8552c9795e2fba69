//! What others told and offered, what of it was seen, and what was searched for: the latest of each, for whoever looks.
//! Nothing is decided by it. Findings, incidents and responses are made where these facts are judged.

use ::city::{Address, DoubtKind, Hunted, Observed, Offered, Received, Sighting, Text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

/// The most sightings that are kept: those seen last.
const SEEN_MAX: usize = 2_000;

/// The most sources, hunts and offered defences that are kept, of each.
const KEPT_MAX: usize = 256;

/// The first address in their order.
const LEAST: Address = Address::Ip(IpAddr::V4(Ipv4Addr::UNSPECIFIED));

/// Matches of one indicator at one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The latest of them.
    pub sighting: Sighting,
    /// When it matched first.
    pub first: Timestamp,
    /// When it matched last.
    pub last: Timestamp,
    /// How often it was told; of one that goes on, once an hour.
    pub count: u64,
}

/// What came of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// When something was taken in from it last, if ever.
    pub taken: Option<Timestamp>,
    /// Objects that were new here, over all time.
    pub new: u64,
    /// What was wrong with what it told: of each kind the latest.
    pub doubts: BTreeMap<DoubtKind, Doubted>,
}

/// Something wrong with what a source told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubted {
    /// When that was told last.
    pub time: Timestamp,
    /// How often it was wrong then.
    pub count: u64,
    /// An example, in plain words.
    pub example: Text,
}

/// A hunt that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunt {
    /// When it was made last.
    pub time: Timestamp,
    /// What came of it then.
    pub hunted: Hunted,
    /// How often it was made.
    pub times: u64,
}

/// A defence that another city offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// When it was rehearsed here.
    pub time: Timestamp,
    /// What it is, and what the rehearsal said.
    pub offered: Offered,
}

/// What others told, and what came of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Others {
    /// By indicator and device.
    seen: BTreeMap<(Text, Address), Seen>,
    heard: BTreeMap<Text, Heard>,
    hunts: BTreeMap<Text, Hunt>,
    /// By peer and the defence's STIX id.
    offers: BTreeMap<(Text, Text), Offer>,
}

impl Others {
    /// Takes note of a fact, if it is one of these.
    pub(crate) fn note(&mut self, fact: &Observed, time: Timestamp) {
        match fact {
            Observed::Sighting(sighting) => self.saw(sighting, time),
            Observed::Received(received) => self.received(received, time),
            Observed::Hunted(hunted) => {
                let times = self.hunts.get(&hunted.hunt).map_or(0, |hunt| hunt.times);
                let hunt = Hunt { time, hunted: (**hunted).clone(), times: times + 1 };
                put(&mut self.hunts, hunted.hunt.clone(), hunt, KEPT_MAX, |hunt| hunt.time);
            }
            Observed::Offered(offered) => {
                let key = (Text::from(offered.peer.as_str()), offered.defence.clone());
                let offer = Offer { time, offered: (**offered).clone() };
                put(&mut self.offers, key, offer, KEPT_MAX, |offer| offer.time);
            }
            _ => {}
        }
    }

    fn saw(&mut self, sighting: &Sighting, time: Timestamp) {
        let key = (sighting.indicator.clone(), sighting.subject);
        if let Some(seen) = self.seen.get_mut(&key) {
            seen.first = seen.first.min(time);
            seen.count += 1;
            // What is found looking back is told late.
            if time >= seen.last {
                seen.last = time;
                seen.sighting = sighting.clone();
            }
            return;
        }
        let seen = Seen { sighting: sighting.clone(), first: time, last: time, count: 1 };
        put(&mut self.seen, key, seen, SEEN_MAX, |seen| seen.last);
    }

    fn received(&mut self, received: &Received, time: Timestamp) {
        if !self.heard.contains_key(&received.source) {
            let latest = |heard: &Heard| {
                let doubted = heard.doubts.values().map(|doubted| doubted.time).max();
                heard.taken.max(doubted).unwrap_or(Timestamp::MIN)
            };
            put(&mut self.heard, received.source.clone(), Heard::default(), KEPT_MAX, latest);
        }
        let Some(heard) = self.heard.get_mut(&received.source) else { return };
        if received.new + received.known > 0 {
            heard.taken = heard.taken.max(Some(time));
        }
        heard.new += received.new;
        for doubt in received.doubts.iter().take(Received::DOUBTS_MAX) {
            let doubted = Doubted { time, count: doubt.count, example: doubt.example.clone() };
            heard.doubts.insert(doubt.kind, doubted);
        }
    }

    pub(crate) fn seen(&self) -> impl ExactSizeIterator<Item = &Seen> {
        self.seen.values()
    }

    /// What was seen of one indicator, device by device.
    pub(crate) fn seen_of(&self, indicator: &str) -> impl Iterator<Item = &Seen> {
        let of = Text::from(indicator);
        self.seen
            .range((of.clone(), LEAST)..)
            .take_while(move |((known, _), _)| *known == of)
            .map(|(_, seen)| seen)
    }

    pub(crate) fn heard(&self) -> impl ExactSizeIterator<Item = (&Text, &Heard)> {
        self.heard.iter()
    }

    pub(crate) fn hunts(&self) -> impl ExactSizeIterator<Item = &Hunt> {
        self.hunts.values()
    }

    pub(crate) fn hunt(&self, name: &str) -> Option<&Hunt> {
        self.hunts.get(name)
    }

    pub(crate) fn offers(&self) -> impl ExactSizeIterator<Item = &Offer> {
        self.offers.values()
    }
}

/// Puts something in, and what is oldest out where there is no room.
fn put<K: Ord + Clone, V>(
    table: &mut BTreeMap<K, V>,
    key: K,
    value: V,
    most: usize,
    time: impl Fn(&V) -> Timestamp,
) {
    if table.len() >= most && !table.contains_key(&key) {
        let oldest = table.iter().min_by_key(|(_, value)| time(value)).map(|(key, _)| key.clone());
        oldest.and_then(|oldest| table.remove(&oldest));
    }
    table.insert(key, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn sighting(number: u32, confidence: u8) -> Sighting {
        Sighting {
            indicator: format!("indicator--{number}").into(),
            name: Text::default(),
            source: "agency".into(),
            confidence,
            tlp: ::city::Tlp::Green,
            subject: Address::Ip(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
            peer: None,
            value: "203.0.113.9".into(),
            flow: None,
            techniques: Vec::new(),
            looking_back: false,
        }
    }

    #[test]
    fn the_latest_is_kept_of_each_and_no_table_grows_for_ever() {
        let mut others = Others::default();
        let mut see = |number, confidence, time| {
            others.note(&Observed::Sighting(Box::new(sighting(number, confidence))), at(time));
        };
        see(0, 80, 100);
        see(0, 70, 50);
        for number in 1..=SEEN_MAX as u32 + 5 {
            see(number, 50, 1_000 + i64::from(number));
        }
        see(7, 60, 9_000);
        assert_eq!(others.seen().len(), SEEN_MAX);
        assert!(others.seen_of("indicator--0").next().is_none(), "the oldest is put out");
        let of: Vec<&Seen> = others.seen_of("indicator--7").collect();
        assert_eq!((of.len(), of[0].count, of[0].sighting.confidence), (1, 2, 60));

        let told = |new, doubts| Received {
            source: "agency".into(),
            new,
            known: 0,
            watched: 0,
            withdrawn: 0,
            doubts,
        };
        let doubt = |count| ::city::Doubt { kind: DoubtKind::TooBroad, count, example: "192.0.2.0/8".into() };
        for (time, new, count) in [(10, 3, 2), (20, 0, 1)] {
            others.note(&Observed::Received(Box::new(told(new, vec![doubt(count)]))), at(time));
        }
        let (_, heard) = others.heard().next().unwrap();
        assert_eq!((heard.taken, heard.new), (Some(at(10)), 3));
        assert_eq!(
            (heard.doubts[&DoubtKind::TooBroad].count, heard.doubts[&DoubtKind::TooBroad].time),
            (1, at(20))
        );
    }
}
