//! What can be done about a device: the response that there is, or what a new one would cost.

use crate::{
    view::{
        self, ResponseRow,
        response::{ConsequenceView, consequence, row},
    },
    words::{counted, list},
};
use ::city::{Address, Response};
use cycle::City;
use defend::response;
use std::{collections::BTreeSet, net::IpAddr};

/// What can be done about a device: the response that there is, or what a new one would cost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Responding {
    /// The response about it that is not over.
    pub open: Option<ResponseRow>,
    /// The latest that is over.
    pub past: Option<ResponseRow>,
    /// What to cut it off would cost, where no response is open.
    pub offer: Option<OfferView>,
}

/// What it would cost to cut a device off.
#[derive(Clone, Debug)]
pub(crate) struct OfferView {
    pub name: String,
    /// Its addresses, one of which is cut off.
    pub addresses: Vec<IpAddr>,
    pub consequences: Vec<ConsequenceView>,
    pub needs_two: bool,
    /// How many devices it talks to, in a sentence.
    pub reach: String,
}

/// The address at which an asset, declared or seen, is cut off.
///
/// # Errors
///
/// Why it cannot be said, in plain words.
pub(crate) fn target(city: &City, key: &str) -> Result<IpAddr, String> {
    let asset = view::asset(city, key).ok_or_else(|| format!("No asset `{key}` is declared or was seen."))?;
    match targets(&asset.row.addresses).as_slice() {
        [one] => Ok(*one),
        [] => Err(format!("{} has no IP address by which it could be cut off.", asset.row.name)),
        several => {
            let several: Vec<String> = several.iter().map(ToString::to_string).collect();
            let several = list(several.iter().map(String::as_str), 8);
            Err(format!("{} has several addresses; name the one that is meant: {several}.", asset.row.name))
        }
    }
}

/// The addresses by which a device can be cut off.
pub(crate) fn targets(addresses: &[String]) -> Vec<IpAddr> {
    let stations = addresses.iter().filter_map(|address| address.parse().ok());
    stations.filter(|ip| Address::Ip(*ip).is_station()).collect()
}

/// What can be done about who did what a finding tells of.
pub(crate) fn responding_to(city: &City, finding: u64) -> Responding {
    let Some(finding) = city.finding(finding) else { return Responding::default() };
    let doer: Vec<IpAddr> = response::doer(finding).into_iter().collect();
    let mut responding = responding(city, &doer);
    let answers = |response: &&Response| response.findings.contains(&finding.number);
    if responding.past.is_none() {
        let latest = city.responses().filter(answers).max_by_key(|response| response.number);
        responding.past = latest.filter(|response| response.state.is_over()).map(|latest| row(city, latest));
    }
    responding
}

/// What can be done about a device at any of these addresses.
pub(crate) fn responding(city: &City, targets: &[IpAddr]) -> Responding {
    let Some(first) = targets.first() else { return Responding::default() };
    let about = |response: &&Response| targets.contains(&response.target);
    let latest = |over: bool| {
        let fitting = city.responses().filter(about).filter(|response| response.state.is_over() == over);
        fitting.max_by_key(|response| response.number).map(|found| row(city, found))
    };
    let open = latest(false);
    let offer = || {
        let plan = city.plan();
        let costs = plan.map_or_else(Vec::new, |plan| response::consequences(plan, *first));
        let reached: BTreeSet<Address> = city
            .talks()
            .filter_map(|(ends, _)| match (ends.source, ends.destination) {
                (Address::Ip(ip), other) | (other, Address::Ip(ip)) if targets.contains(&ip) => Some(other),
                _ => None,
            })
            .filter(|other| other.is_station())
            .collect();
        let reach = match reached.len() as u64 {
            0 => "It has not talked to any device yet.".to_owned(),
            some => format!(
                "It talked to {} so far; nothing will pass between them any more.",
                counted(some, "device", "devices")
            ),
        };
        OfferView {
            name: city.name(Address::Ip(*first)).to_string(),
            addresses: targets.to_vec(),
            needs_two: costs.iter().any(|cost| cost.must_run),
            consequences: costs.iter().map(|cost| consequence(plan.map(AsRef::as_ref), cost)).collect(),
            reach,
        }
    };
    let offer = if open.is_none() { Some(offer()) } else { None };
    Responding { open, past: latest(true), offer }
}
