//! What is seen, held against the list.

use super::{
    Entry, NONE, Source, Watchlist,
    held::{Asking, Held},
    id_of,
    index::Seeker,
    seconds, seen,
    value::Kind,
};
use city::{Address, Conversation, Flow, Observation, Observed, Request, Sighting, Text};
use jiff::{SignedDuration, Timestamp};
use std::cmp::Reverse;

/// By how much less that is believed of which less is seen than it asks for.
const LESS: u8 = 2;

/// After how long what is said of an address is believed half as much: addresses change hands.
pub(super) const HALF_LIFE_ADDRESS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// After how long what is said of anything else is believed half as much: names are given up more slowly.
pub(super) const HALF_LIFE_OTHER: SignedDuration = SignedDuration::from_hours(90 * 24);

impl Watchlist {
    /// What an observation shows of what is watched for.
    pub fn see(&self, observation: &Observation, held: &mut Held, sightings: &mut Vec<Sighting>) {
        if self.ids.is_empty() {
            return;
        }
        let mut hits = Hits { asked: held.room(), sightings, is_told: false };
        match &observation.fact {
            Observed::Opened(flow) => self.see_flow(flow, observation, &mut hits),
            Observed::Conversation(conversation) => {
                self.see_flow(&conversation.flow, observation, &mut hits);
                self.see_macs(conversation, observation, &mut hits);
            }
            Observed::Request(request) => self.see_request(request, observation, &mut hits),
            _ => {}
        }
        let Hits { asked, .. } = hits;
        held.ask(self, asked, observation, sightings);
    }

    fn see_flow(&self, flow: &Flow, observation: &Observation, hits: &mut Hits<'_>) {
        for (end, other) in ends(flow) {
            let Address::Ip(ip) = end else { continue };
            let sight = Sight { subject: other, peer: end, flow, time: observation.time };
            // What says most of the address comes first and suffices.
            hits.is_told = false;
            for seekers in self.index.at_end(ip.to_canonical()) {
                self.heed(seekers, &sight, || end.to_string(), true, hits);
            }
        }
    }

    fn see_macs(&self, conversation: &Conversation, observation: &Observation, hits: &mut Hits<'_>) {
        if !self.index.wants(Kind::Mac) {
            return;
        }
        let Conversation { flow, source_mac, destination_mac, .. } = conversation;
        for ((end, other), mac) in ends(flow).into_iter().zip([source_mac, destination_mac]) {
            let Some(mac) = mac.map(|mac| mac.to_string()) else { continue };
            let sight = Sight { subject: other, peer: end, flow, time: observation.time };
            hits.is_told = false;
            self.heed(self.index.texts(Kind::Mac, &mac), &sight, || mac.clone(), true, hits);
        }
    }

    fn see_request(&self, request: &Request, observation: &Observation, hits: &mut Hits<'_>) {
        let flow = request.conversation();
        let time = observation.time;
        if self.index.wants_asked() && seen::has_ends(request) {
            for (end, other) in ends(&flow) {
                let Address::Ip(ip) = end else { continue };
                let sight = Sight { subject: other, peer: end, flow: &flow, time };
                hits.is_told = false;
                for seekers in self.index.asked(ip.to_canonical()) {
                    self.heed(seekers, &sight, || end.to_string(), true, hits);
                }
            }
        }
        let comes_in = self.ground.is_inside(flow.destination) && !self.ground.is_inside(flow.source);
        let (subject, peer) =
            if comes_in { (flow.destination, flow.source) } else { (flow.source, flow.destination) };
        let sight = Sight { subject, peer, flow: &flow, time };
        seen::texts(
            request,
            |kind| self.index.wants(kind),
            |kind, text| {
                hits.is_told = false;
                self.heed(self.index.texts(kind, text), &sight, || text.to_owned(), false, hits);
            },
        );
    }

    /// Tells the surest of those who look for a value that was seen, unless something was told of it, and notes those whose
    /// patterns are to be asked.
    fn heed(
        &self,
        seekers: &[Seeker],
        sight: &Sight<'_>,
        value: impl FnOnce() -> String,
        of_address: bool,
        hits: &mut Hits<'_>,
    ) {
        let mut surest = None;
        for seeker in seekers {
            // Watched or not, what is no longer valid is no sign.
            let entry = self.entry(seeker.number).filter(|entry| entry.until > seconds(sight.time));
            let Some(entry) = entry else { continue };
            let confidence = self.confidence(entry, of_address, sight.time);
            let confidence = if seeker.says_less { confidence / LESS } else { confidence };
            if entry.pattern == NONE {
                // Of equals the same in every list, wherever they stand in it.
                let rank = (Reverse(confidence), self.rank(entry));
                if surest.as_ref().is_none_or(|(surest, _)| rank < *surest) {
                    surest = Some((rank, entry));
                }
            } else {
                let Sight { subject, peer, .. } = *sight;
                hits.asked.push(Asking { number: seeker.number, confidence, subject, peer });
            }
        }
        if let Some(((Reverse(confidence), ..), entry)) = surest.filter(|_| !hits.is_told) {
            hits.is_told = true;
            hits.sightings.push(self.sighting(entry, confidence, sight, value().into()));
        }
    }

    fn source_of(&self, entry: &Entry) -> Option<(&Text, &Source)> {
        self.sources.get_index(usize::try_from(entry.source).ok()?)
    }

    /// Where an indicator stands among others that are believed as much: by what it says, not by when it came.
    pub(super) fn rank<'l>(&'l self, entry: &'l Entry) -> impl Ord + use<'l> {
        let word = |place| self.words.get(place);
        (
            entry.id,
            self.source(entry),
            word(entry.pattern),
            word(entry.name),
            word(entry.techniques),
            entry.tlp,
        )
    }

    /// Who told it.
    pub(super) fn source(&self, entry: &Entry) -> Text {
        self.source_of(entry).map(|(name, _)| name.clone()).unwrap_or_default()
    }

    /// How far an indicator is believed at a time.
    pub(super) fn confidence(&self, entry: &Entry, of_address: bool, time: Timestamp) -> u8 {
        let trust = self.source_of(entry).map_or(0, |(_, source)| source.trust);
        let said = u64::from(entry.said) * u64::from(trust) / 100;
        let age = SignedDuration::from_secs(i64::from(seconds(time)) - i64::from(entry.from));
        decayed(said, age, if of_address { HALF_LIFE_ADDRESS } else { HALF_LIFE_OTHER })
    }

    pub(super) fn sighting(&self, entry: &Entry, confidence: u8, sight: &Sight<'_>, value: Text) -> Sighting {
        let techniques = self.words.text(entry.techniques);
        Sighting {
            indicator: id_of(entry.id).into(),
            name: self.words.text(entry.name),
            source: self.source(entry),
            confidence,
            tlp: entry.tlp,
            subject: sight.subject,
            peer: Some(sight.peer),
            value,
            flow: Some(*sight.flow),
            techniques: techniques.split_whitespace().map(Into::into).collect(),
            looking_back: false,
        }
    }
}

/// What one observation led to.
struct Hits<'h> {
    /// The patterns to be asked.
    asked: Vec<Asking>,
    sightings: &'h mut Vec<Sighting>,
    /// Whether something was told of the value that is looked at.
    is_told: bool,
}

/// Where something was seen.
pub(super) struct Sight<'s> {
    pub(super) subject: Address,
    pub(super) peer: Address,
    pub(super) flow: &'s Flow,
    pub(super) time: Timestamp,
}

/// Each end with the other.
fn ends(flow: &Flow) -> [(Address, Address); 2] {
    [(flow.source, flow.destination), (flow.destination, flow.source)]
}

/// What is left of a confidence after a time, by halves: between two halvings along a line, which is near enough.
pub(super) fn decayed(said: u64, age: SignedDuration, half: SignedDuration) -> u8 {
    let (age, half) = (age.as_secs().max(0).unsigned_abs(), half.as_secs().max(1).unsigned_abs());
    let halvings = u32::try_from(age / half).unwrap_or(u32::MAX);
    let left = said.checked_shr(halvings).unwrap_or(0);
    let part = left * (age % half) / (2 * half);
    u8::try_from(left - part).unwrap_or(100).min(100)
}
