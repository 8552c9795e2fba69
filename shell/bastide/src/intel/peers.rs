//! `bastide intel peers`: with whom intelligence is exchanged, and how that goes.

use crate::{
    arguments::{Format, Look},
    failure::Verdict,
    past,
    table::Table,
};
use adapt::intel::reputation::{Believed, Tally};
use anyhow::Context;
use city::Peer;
use serde::Serialize;
use std::io::{self, BufWriter, Write};
use store::{PeerReading, Reader};

/// A peer, and how reading it goes.
#[derive(Serialize)]
struct Row {
    id: String,
    name: String,
    /// Where it is read; none if it is not.
    taxii: Option<String>,
    /// How often, in seconds.
    every: i64,
    /// Whether it may read from us.
    admitted: bool,
    /// Up to which marking.
    shown: &'static str,
    /// What of its defences is put in force without asking.
    adopt: Vec<&'static str>,
    /// How far it is believed, and why.
    #[serde(flatten)]
    believed: Believed,
    trust_why: String,
    #[serde(flatten)]
    status: PeerReading,
}

/// Runs the command.
pub(super) fn run(look: &Look) -> anyhow::Result<Verdict> {
    let rows = rows(look)?;
    let mut out = BufWriter::new(io::stdout().lock());
    match look.format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &rows)?;
            writeln!(out)?;
        }
        Format::Csv | Format::Table => {
            let columns = ["peer", "read last", "objects", "defences", "doubts", "state", "trust"];
            let mut table = Table::new(&columns);
            for row in &rows {
                let status = &row.status;
                let read = status.read.map_or_else(|| "never".to_owned(), |time| format!("{time:.0}"));
                let state = match (&row.taxii, &status.fault) {
                    (None, _) => "not read".to_owned(),
                    (_, Some(fault)) => fault.clone(),
                    (_, None) if status.asked.is_none() => "not read yet".to_owned(),
                    (_, None) => "read".to_owned(),
                };
                let counts = [status.objects, status.defences, status.doubts].map(|count| count.to_string());
                let [objects, defences, doubts] = counts;
                table.row([row.id.clone(), read, objects, defences, doubts, state, row.trust_why.clone()]);
            }
            table.write(&mut out)?;
        }
    }
    out.flush()?;
    Ok(Verdict::Good)
}

fn rows(look: &Look) -> anyhow::Result<Vec<Row>> {
    let directory = look.state.directory();
    // What a peer has shown is known by the city, once there is one.
    let city = crate::state::read(&directory).ok();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime could be made")?;
    runtime.block_on(async {
        let reader = Reader::open(&directory).await?;
        let adopted = past::plans(&reader.log).await?.pop();
        let adopted = adopted.context("no plan was adopted here, so there are no peers")?;
        let plan = plan::check(&past::files_of(&adopted)).plan;
        let plan =
            plan.context("this release finds errors in the plan adopted; `bastide plan check` shows them")?;
        let believed = |peer: &Peer| match &city {
            Some(city) => city.believed(peer.id.as_str(), peer.trust),
            None => Believed::new(peer.trust, Tally::default()),
        };
        let row = |peer: &Peer| row(peer, PeerReading::of(&directory, &peer.id), believed(peer));
        Ok(plan.peers().map(row).collect())
    })
}

fn row(peer: &Peer, status: PeerReading, believed: Believed) -> Row {
    Row {
        id: peer.id.as_str().to_owned(),
        name: peer.name.to_string(),
        taxii: peer.taxii.as_ref().map(ToString::to_string),
        every: peer.every.as_secs(),
        admitted: peer.admit.is_some(),
        shown: peer.shown.as_str(),
        adopt: peer.adopt.iter().map(|kind| kind.as_str()).collect(),
        trust_why: believed.to_string(),
        believed,
        status,
    }
}
