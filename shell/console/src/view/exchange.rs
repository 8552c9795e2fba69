//! Defences that others offered, what became of them, and with whom this city shares what it knows.

use crate::{
    view::{Named, Window, intelligence},
    words::{capital, counted, list, number},
};
use ::city::{DefenceKind, Offered, Response, Tlp};
use adapt::told::{self, Told};
use cycle::{City, Offer};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::{cmp::Reverse, net::IpAddr};

/// The most addresses and responses of a defence that are shown.
const SHOWN_MAX: usize = 64;

/// Defences that others offered, and with whom what is known is shared.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExchangeView {
    /// How it stands, in a sentence or two for people.
    pub headline: String,
    /// How many defences are kept.
    pub total: usize,
    /// How many are left out before the first shown.
    pub offset: usize,
    /// Defences, what was offered last first.
    pub offers: Vec<OfferView>,
    /// With whom this city exchanges what it knows.
    pub peers: Vec<PeerView>,
}

/// A defence that another city offered, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OfferView {
    /// Who offers it, and signed it with their key.
    pub peer: Named,
    /// Its STIX id.
    pub defence: String,
    /// What it does, in its author's words.
    pub title: String,
    /// When that version of it was made, as its author says.
    pub version: Timestamp,
    /// When it was rehearsed here.
    pub rehearsed: Timestamp,
    /// Addresses outside the city that it would block.
    pub blocks: Vec<String>,
    /// How many addresses more.
    pub more: usize,
    /// What kind of defence it is: `block`, `detect`, `narrow` or `procedure`.
    pub kind: &'static str,
    /// On how many recorded conversations it was rehearsed; of a narrower conduit requests too, of a detection all records.
    pub conversations: u64,
    /// How many of these it would have stopped or reported that the plan does not allow, or that were found bad.
    pub caught: u64,
    /// How many of these it would have stopped that the plan allows.
    pub cut: u64,
    /// What trying it has shown, in a sentence or two.
    pub tried: String,
    /// Services that it would have hurt.
    pub services: Vec<Named>,
    /// Assets that it would have hurt.
    pub assets: Vec<Named>,
    /// Whether the plan lets the peer's defences of this kind be put in force without asking.
    pub standing: bool,
    /// `waits`, `proposed`, `in-force`, `partly`, `refused`, `undone` or `withdrawn`.
    pub state: &'static str,
    /// The responses about the addresses that it would block.
    pub responses: Vec<OfferResponse>,
    /// The finding by which people are asked.
    pub finding: Option<u64>,
}

/// A response about an address that a defence would block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OfferResponse {
    /// Its number.
    pub number: u64,
    /// The address.
    pub address: String,
    /// How it stands.
    pub state: &'static str,
}

/// With whom this city exchanges what it knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PeerView {
    /// The peer.
    pub peer: Named,
    /// Whether it may read what is shared.
    pub admitted: bool,
    /// Up to which marking.
    pub shown: &'static str,
    /// Whether it may send here as well.
    pub may_write: bool,
    /// Whether it is read.
    pub read: bool,
    /// Whether its key is known, so that its defences are believed.
    pub signs: bool,
    /// What of its defences is put in force without asking.
    pub adopt: Vec<&'static str>,
}

impl OfferView {
    /// The mark and the colour of its state.
    pub(crate) fn mark(&self) -> &'static str {
        match self.state {
            "in-force" | "partly" => "contained",
            "waits" | "proposed" => "at-risk",
            _ => "unused",
        }
    }

    /// How it stands, in words.
    pub(crate) fn state_words(&self) -> &'static str {
        match self.state {
            "in-force" => "In force here",
            "partly" => "In force here for some of its addresses",
            "proposed" => "Waits for a decision",
            "waits" => "For people to look at: nothing is done by itself",
            "refused" => "Decided against",
            "undone" => "Was in force, and was undone",
            _ => "Taken back by whoever offered it",
        }
    }
}

impl PeerView {
    /// What they may see, in words.
    pub(crate) fn sees(&self) -> String {
        match self.admitted {
            false => "nothing".to_owned(),
            true => format!("what is marked {} or wider", intelligence::marking(self.shown)),
        }
    }
}

/// Defences that others offered; `withdrawn` says of the STIX ids of those shown which their authors took back.
pub(crate) fn exchange(city: &City, window: Window, withdrawn: &[String]) -> ExchangeView {
    let mut offers: Vec<&Offer> = city.offers().collect();
    offers.sort_by_key(|offer| Reverse((offer.time, offer.offered.version)));
    let total = offers.len();
    let all: Vec<OfferView> = offers.iter().map(|offer| offered(city, offer, withdrawn)).collect();
    ExchangeView {
        headline: headline(&all),
        total,
        offset: window.offset,
        offers: all.into_iter().skip(window.offset).take(window.limit).collect(),
        peers: peers(city),
    }
}

/// The STIX ids of the defences that a part of the list shows.
pub(crate) fn offered_ids(city: &City, window: Window) -> Vec<String> {
    let mut offers: Vec<&Offer> = city.offers().collect();
    offers.sort_by_key(|offer| Reverse((offer.time, offer.offered.version)));
    offers
        .into_iter()
        .skip(window.offset)
        .take(window.limit)
        .map(|offer| offer.offered.defence.to_string())
        .collect()
}

/// The peers of the plan.
fn peers(city: &City) -> Vec<PeerView> {
    let peers = city.plan().into_iter().flat_map(|plan| plan.peers());
    peers
        .map(|peer| PeerView {
            peer: Named { id: peer.id.to_string(), name: peer.name.to_string() },
            admitted: peer.admit.is_some(),
            shown: peer.shown.as_str(),
            may_write: peer.may_write,
            read: peer.taxii.is_some(),
            signs: peer.key.is_some(),
            adopt: peer.adopt.iter().map(|kind| kind.as_str()).collect(),
        })
        .collect()
}

/// Who may read what is marked so.
pub(crate) fn readers(peers: &[PeerView], tlp: &str) -> String {
    let rank = |word: &str| Tlp::ALL.iter().position(|tlp| tlp.as_str() == word);
    let may = peers.iter().filter(|peer| peer.admitted && rank(tlp) <= rank(peer.shown));
    let names: Vec<&str> = may.map(|peer| peer.peer.name.as_str()).collect();
    if names.is_empty() { "nobody: the plan lets no peer read that".to_owned() } else { list(names, 4) }
}

fn headline(offers: &[OfferView]) -> String {
    let count = |states: &[&str]| offers.iter().filter(|offer| states.contains(&offer.state)).count();
    let said = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("one {one}")),
        count => Some(format!("{} {many}", number(count))),
    };
    if offers.is_empty() {
        return "Nobody has offered us a defence yet.".to_owned();
    }
    let parts: Vec<String> = [
        said(count(&["in-force", "partly"]), "is in force here", "are in force here"),
        said(count(&["proposed", "waits"]), "waits for people to decide", "wait for people to decide"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let offered = match offers.len() {
        1 => "One defence was offered to us".to_owned(),
        many => format!("{} defences were offered to us", capital(&number(many))),
    };
    if parts.is_empty() {
        format!("{offered}; none is in force.")
    } else {
        format!("{offered}; {}.", parts.join(", "))
    }
}

fn offered(city: &City, offer: &Offer, withdrawn: &[String]) -> OfferView {
    let Offer { time, offered } = offer;
    let plan = city.plan();
    let name = plan.and_then(|plan| plan.peer(&offered.peer)).map(|peer| &peer.name);
    let responses: Vec<&Response> =
        offered.blocks.iter().take(SHOWN_MAX).filter_map(|address| latest_about(city, *address)).collect();
    let is_withdrawn = withdrawn.iter().any(|id| *id == *offered.defence);
    OfferView {
        peer: Named::new(&offered.peer, name),
        defence: offered.defence.to_string(),
        title: offered.title.to_string(),
        version: offered.version,
        rehearsed: *time,
        blocks: offered.blocks.iter().take(SHOWN_MAX).map(ToString::to_string).collect(),
        more: offered.blocks.len().saturating_sub(SHOWN_MAX),
        kind: offered.kind.as_str(),
        tried: tried(offered),
        conversations: offered.rehearsed.conversations,
        caught: offered.rehearsed.caught,
        cut: offered.rehearsed.cut,
        services: offered
            .rehearsed
            .services
            .iter()
            .map(|id| Named::new(id, plan.and_then(|plan| plan.service(id)).map(|service| &service.name)))
            .collect(),
        assets: offered
            .rehearsed
            .assets
            .iter()
            .map(|id| Named::new(id, plan.and_then(|plan| plan.asset(id)).map(|asset| &asset.name)))
            .collect(),
        standing: offered.standing,
        state: match offered.kind {
            // The plan says that it is watched for, and it is.
            DefenceKind::Detect if offered.standing && !is_withdrawn => "in-force",
            _ => state(&responses, offered.blocks.len(), is_withdrawn),
        },
        responses: responses
            .iter()
            .map(|response| OfferResponse {
                number: response.number,
                address: response.target.to_string(),
                state: response.state.as_str(),
            })
            .collect(),
        finding: city.finding_of(&Told::Offered(offered)).map(|finding| finding.number),
    }
}

/// What trying it has shown.
fn tried(offered: &Offered) -> String {
    let Offered { kind, rehearsed, note, .. } = offered;
    if *kind != DefenceKind::Block {
        return told::tried(offered);
    }
    let stopped = |count: u64| match count {
        0 => "none".to_owned(),
        count => counted(count, "conversation", "conversations"),
    };
    let caught = match rehearsed.caught {
        0 => "have caught none that the plan does not allow".to_owned(),
        caught => format!("have caught {} that the plan does not allow", stopped(caught)),
    };
    let cut = match rehearsed.cut {
        0 => "and cut none that it allows".to_owned(),
        cut => format!("but cut {} that it allows", stopped(cut)),
    };
    let on = counted(rehearsed.conversations, "recorded conversation", "recorded conversations");
    format!("Rehearsed on {on}, it would {caught}, {cut}. {note}").trim_end().to_owned()
}

fn latest_about(city: &City, address: IpAddr) -> Option<&Response> {
    city.responses().filter(|response| response.target == address).last()
}

/// What became of a defence, by the responses about its addresses.
fn state(responses: &[&Response], blocks: usize, withdrawn: bool) -> &'static str {
    use ::city::ResponseState::{
        Agreed, Contained, Dismissed, Failed, Ordered, Proposed, Released, Releasing,
    };
    let in_state = |states: &[::city::ResponseState]| {
        responses.iter().filter(|response| states.contains(&response.state)).count()
    };
    let cut_off = in_state(&[Contained]);
    if cut_off > 0 && cut_off == blocks {
        "in-force"
    } else if cut_off > 0 {
        "partly"
    } else if withdrawn {
        "withdrawn"
    } else if in_state(&[Proposed, Agreed, Ordered, Failed, Releasing]) > 0 {
        "proposed"
    } else if in_state(&[Released]) > 0 {
        "undone"
    } else if in_state(&[Dismissed]) > 0 {
        "refused"
    } else {
        "waits"
    }
}
