//! `bastide plan mud`: what a device's maker says that it needs, as conduits to be read and taken over.

use super::{CheckFormat, read_plan};
use crate::failure::Verdict;
use ::defend::mud::{Peers, Proposal, parse, propose};
use ::plan::{Plan, ProposedConduit};
use anyhow::{Context, anyhow, bail};
use city::{Asset, AssetId};
use serde::Serialize;
use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

/// The most of a file that is read: more than a MUD file may have.
const FILE_BYTES_MAX: u64 = 2 << 20;

pub(super) fn run(
    file: &Path,
    asset: &str,
    peers: &[String],
    city: &Path,
    format: CheckFormat,
) -> anyhow::Result<Verdict> {
    let plan = read_plan(city)?;
    let asset = asset_of(&plan, asset)?;
    let peers = peers_of(&plan, peers)?;
    let mud =
        parse(&read(file)?).map_err(|error| anyhow!("{} cannot be followed: {error}", file.display()))?;
    let proposal = propose(&mud, &plan, asset, &peers);
    let mut out = io::stdout().lock();
    match format {
        CheckFormat::Text => out.write_all(proposal.text().as_bytes())?,
        CheckFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &Report::of(mud.url.as_deref(), asset, &proposal))?;
            writeln!(out)?;
        }
    }
    let any = proposal.conduits.iter().any(|conduit| conduit.held_back.is_none());
    Ok(if any { Verdict::Good } else { Verdict::Bad })
}

fn read(file: &Path) -> anyhow::Result<String> {
    let could_not = || format!("cannot read {}", file.display());
    let mut bytes = Vec::new();
    let opened = File::open(file).with_context(could_not)?;
    opened.take(FILE_BYTES_MAX).read_to_end(&mut bytes).with_context(could_not)?;
    String::from_utf8(bytes)
        .map_err(|_| anyhow!("{} is not UTF-8: is it a MUD file, and not its signature?", file.display()))
}

fn asset_of<'p>(plan: &'p Plan, id: &str) -> anyhow::Result<&'p Asset> {
    let found = id.parse::<AssetId>().ok().and_then(|id| plan.asset(&id));
    found.with_context(|| {
        format!("the plan of {} has no asset `{id}`; declare the device first", plan.settings().name)
    })
}

/// Reads `NAME=ASSET`. A name may be a URI and have `=` in it; an asset's id has none.
fn peers_of(plan: &Plan, said: &[String]) -> anyhow::Result<Peers> {
    let mut peers = Peers::new();
    for said in said {
        let Some((name, asset)) = said.rsplit_once('=') else {
            bail!("`--peer {said}` does not say who it is; write `--peer NAME=ASSET`");
        };
        let asset = asset_of(plan, asset)?;
        peers.entry(name.to_owned()).or_default().push(asset.id.clone());
    }
    Ok(peers)
}

/// What `--format json` prints. The names of the fields are stable.
#[derive(Serialize)]
struct Report<'a> {
    asset: &'a str,
    mud_url: Option<&'a str>,
    conduits: Vec<Item<'a>>,
    notes: &'a [String],
    text: String,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    from: &'a str,
    to: &'a str,
    from_assets: Vec<&'a str>,
    to_assets: Vec<&'a str>,
    allow: Vec<String>,
    reason: &'a str,
    held_back: Option<&'a str>,
}

impl<'a> Report<'a> {
    fn of(mud_url: Option<&'a str>, asset: &'a Asset, proposal: &'a Proposal) -> Report<'a> {
        Report {
            asset: asset.id.as_str(),
            mud_url,
            conduits: proposal.conduits.iter().map(Item::of).collect(),
            notes: &proposal.notes,
            text: proposal.text(),
        }
    }
}

impl<'a> Item<'a> {
    fn of(conduit: &'a ProposedConduit) -> Item<'a> {
        let ids = |assets: &'a [AssetId]| assets.iter().map(AssetId::as_str).collect();
        Item {
            id: conduit.id.as_str(),
            from: conduit.from.as_str(),
            to: conduit.to.as_str(),
            from_assets: ids(&conduit.from_assets),
            to_assets: ids(&conduit.to_assets),
            allow: conduit.allow.iter().map(ToString::to_string).collect(),
            reason: &conduit.reason,
            held_back: conduit.held_back.as_deref(),
        }
    }
}
