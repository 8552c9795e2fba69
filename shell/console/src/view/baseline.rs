//! What was learned of an asset's devices: peers, verbs, hours and rates.

use crate::view::{End, ServesView, asset};
use ::city::{Address, Protocol, Verb};
use cycle::City;
use defend::{Baseline, Habit, Rate, Week, baseline::Times};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was learned of the devices at an asset's addresses.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BaselineList {
    /// One for each address of which anything was learned.
    pub baselines: Vec<BaselineView>,
}

/// What was learned of the device at an address.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BaselineView {
    /// The address.
    pub address: String,
    /// When learning began.
    pub since: Timestamp,
    /// When learning ended, or will.
    pub until: Timestamp,
    /// Whether learning is over, so that what is new is told of.
    pub over: bool,
    /// Whether more was seen than is kept, so that not everything new can be told of.
    pub full: bool,
    /// Habits one by one: peers, what it is asked, and places outside the city that it calls.
    pub habits: Vec<HabitView>,
    /// The hours of the week in which it was heard and changed.
    pub hours: HoursView,
    /// The most of each kind within ten minutes.
    pub rates: Vec<RateView>,
    /// What people refused.
    pub refused: Vec<RefusedView>,
}

/// Something that a device is in the habit of.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HabitView {
    /// The habit as it is named to refuse it, such as `asked 192.0.2.10 modbus write`.
    pub habit: String,
    /// The same in words.
    pub words: String,
    /// The other end.
    pub peer: End,
    /// Of a peer: what it asks, in which protocol.
    pub asks: Vec<ServesView>,
    /// How often: a peer's conversations that came to an end, or requests, or calls.
    pub count: u64,
    /// When it was first seen.
    pub first: Timestamp,
    /// When it was last seen.
    pub last: Timestamp,
    /// Whether it was first seen while learning, not later.
    pub learned: bool,
}

/// Hours of the week: 0 is Monday's first, in UTC.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HoursView {
    /// In which it was heard while learning.
    pub active: Vec<u8>,
    /// In which it was changed while learning.
    pub changed: Vec<u8>,
    /// Further ones in which it was changed after learning.
    pub changed_later: Vec<u8>,
}

/// The most of one kind within ten minutes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RateView {
    /// The rate as it is named to refuse it, such as `rate changing`.
    pub habit: String,
    /// What is counted, in words.
    pub words: &'static str,
    /// The most while learning.
    pub learned: u32,
    /// The most since.
    pub later: u32,
    /// More than so many are told of; none where too little was learned to judge.
    pub limit: Option<u32>,
}

/// A habit that a person refused.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RefusedView {
    /// The habit as it is named.
    pub habit: String,
    /// The same in words.
    pub words: String,
    /// Who, by name.
    pub by: String,
    /// When.
    pub time: Timestamp,
}

/// Which habit shall count as never learned, and why.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct RefuseSaid {
    /// The address of the device, where the asset has several of which something was learned.
    #[serde(default)]
    pub address: Option<String>,
    /// The habit, as the baseline names it.
    pub habit: String,
    /// Why.
    pub reason: String,
}

impl BaselineView {
    /// Every habit that can be refused, with its words.
    pub(crate) fn choices(&self) -> Vec<(String, String)> {
        let hour = |hour: &u8| {
            let habit = Habit::Changed(*hour);
            (habit.to_string(), format!("is changed in the hour from {} UTC", Week::name_of(*hour)))
        };
        let refused = |habit: &str| self.refused.iter().any(|refused| refused.habit == habit);
        let habits = self.habits.iter().map(|habit| (habit.habit.clone(), habit.words.clone()));
        let hours = self.hours.changed.iter().chain(&self.hours.changed_later).map(hour);
        let rates = self.rates.iter().map(|rate| {
            (
                rate.habit.clone(),
                format!("up to {} {} within ten minutes", rate.learned.max(rate.later), rate.words),
            )
        });
        habits.chain(hours).chain(rates).filter(|(habit, _)| !refused(habit)).collect()
    }
}

impl HoursView {
    /// The hours in which it is heard, for people.
    pub(crate) fn active_words(&self) -> String {
        spans(&self.active)
    }

    /// The hours in which it is changed, for people.
    pub(crate) fn changed_words(&self) -> String {
        spans(&self.changed)
    }

    /// Those that came later, for people.
    pub(crate) fn later_words(&self) -> String {
        spans(&self.changed_later)
    }
}

/// What was learned of an asset, by its id or address. `None` if there is no such asset.
#[must_use]
pub fn baselines(city: &City, key: &str) -> Option<BaselineList> {
    let addresses = asset(city, key)?.row.addresses;
    let addresses = addresses.iter().filter_map(|address| address.parse().ok());
    let baselines = addresses.filter_map(|address| Some(view(city, address, &city.baseline(address)?)));
    Some(BaselineList { baselines: baselines.collect() })
}

fn view(city: &City, address: Address, baseline: &Baseline) -> BaselineView {
    let habit = |habit: Habit, other: Address, times: &Times, asks| HabitView {
        habit: habit.to_string(),
        words: words(city, habit),
        peer: End::new(city, other),
        asks,
        count: times.count,
        first: times.first,
        last: times.last,
        learned: times.learned,
    };
    let peers = baseline.peers.iter().map(|peer| {
        let asks = peer.verbs.iter().map(|(protocol, verbs)| ServesView {
            port: None,
            protocol: Some(protocol.as_str()),
            protocol_title: Protocol::title(*protocol),
            verbs: verbs.iter().map(Verb::as_str).collect(),
        });
        habit(Habit::Peer(peer.address), peer.address, &peer.times, asks.collect())
    });
    let verbs = baseline.verbs.iter().map(|asked| {
        habit(Habit::Asked(asked.peer, asked.protocol, asked.verb), asked.peer, &asked.times, Vec::new())
    });
    let calls = baseline
        .calls
        .iter()
        .map(|called| habit(Habit::Calls(called.place), called.place, &called.times, Vec::new()));
    BaselineView {
        address: address.to_string(),
        since: baseline.since,
        until: baseline.until,
        over: baseline.over,
        full: baseline.full,
        habits: peers.chain(verbs).chain(calls).collect(),
        hours: HoursView {
            active: baseline.active.hours().collect(),
            changed: baseline.changed.hours().collect(),
            changed_later: baseline.changed_later.hours().collect(),
        },
        rates: baseline
            .rates
            .iter()
            .map(|counted| RateView {
                habit: Habit::Rate(counted.rate).to_string(),
                words: Rate::title(counted.rate),
                learned: counted.learned,
                later: counted.later,
                limit: counted.limit,
            })
            .collect(),
        refused: baseline
            .refused
            .iter()
            .map(|refused| RefusedView {
                habit: refused.habit.to_string(),
                words: words(city, refused.habit),
                by: refused.by.to_string(),
                time: refused.time,
            })
            .collect(),
    }
}

/// A habit for people, as the end of a sentence that begins with the device.
fn words(city: &City, habit: Habit) -> String {
    match habit {
        Habit::Asked(peer, protocol, verb) => {
            format!("is asked to {verb} over {} by {}", protocol.title(), city.name(peer))
        }
        Habit::Calls(place) => format!("calls {} outside the city", city.name(place)),
        Habit::Changed(hour) => format!("is changed in the hour from {} UTC", Week::name_of(hour)),
        Habit::Peer(peer) => format!("talks with {}", city.name(peer)),
        Habit::Rate(rate) => format!("sees many {} within ten minutes", rate.title()),
    }
}

/// Hours of the week for people: `Mon 08–12, 14–15; Tue 08–12`, each span from its first hour to the end of its last.
fn spans(hours: &[u8]) -> String {
    if hours.len() == usize::from(Week::HOURS) {
        return "every hour of the week".to_owned();
    }
    let mut spans: Vec<(u8, u8)> = Vec::new();
    for hour in hours {
        match spans.last_mut() {
            Some((_, end)) if *end == *hour && hour % 24 != 0 => *end += 1,
            _ => spans.push((*hour, *hour + 1)),
        }
    }
    let mut text = String::new();
    let mut day = None;
    for (from, end) in spans {
        let name = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].get(usize::from(from / 24));
        if day == name {
            text.push_str(", ");
        } else {
            text.push_str(if day.is_some() { "; " } else { "" });
            text.push_str(name.unwrap_or(&""));
            text.push(' ');
            day = name;
        }
        text.push_str(&format!("{:02}–{:02}", from % 24, (end - 1) % 24 + 1));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_said_in_spans_that_end_with_the_day() {
        assert_eq!(spans(&[8, 9, 11, 22, 23, 24, 25, 167]), "Mon 08–10, 11–12, 22–24; Tue 00–02; Sun 23–24");
        assert_eq!(spans(&[]), "");
        assert_eq!(spans(&(0..168).collect::<Vec<u8>>()), "every hour of the week");
    }
}
