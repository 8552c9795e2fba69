//! `bastide intel sources`: who told what, how far each is believed, and what is acted on.

use super::{AnswerFormat, plan_of, row_of, runtime, watching::made};
use crate::{arguments::State, failure::Verdict, table::Table};
use adapt::intel::{
    reputation::{Believed, Tally, to_begin_with},
    watch::Gathered,
};
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::io::{self, BufWriter, Write};
use store::{Intelligence, PeerReading, intelligence::Source};

/// Under which source what this city says itself is kept.
const HERE: &str = "here";

/// Who told what.
#[derive(Args, Debug)]
pub(crate) struct Sources {
    #[command(flatten)]
    state: State,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = AnswerFormat::Table)]
    format: AnswerFormat,
}

/// A source, and how it stands.
struct Row {
    source: Source,
    /// What it is: `peer`, `here`, or what its file was.
    kind: String,
    /// How far it is believed, and why.
    believed: Believed,
    gathered: Gathered,
    /// When it was read last, whether or not it told anything new.
    taken: Option<Timestamp>,
}

/// Runs the command.
pub(super) fn run(command: &Sources) -> anyhow::Result<Verdict> {
    let runtime = runtime()?;
    let directory = command.state.directory();
    let plan = plan_of(&runtime, &directory)?;
    // What a source has shown is known by the city, once there is one.
    let city = crate::state::read(&directory).ok();
    let believed = |source: &str, before: u8| match &city {
        Some(city) => city.believed(source, before),
        None => Believed::new(before, Tally::default()),
    };
    let rows: Vec<Row> = runtime.block_on(async {
        let store = Intelligence::open_read_only(&directory).await?;
        let sources = store.sources().await?;
        store.close().await;
        let (_, mut gathered) = made(&directory, plan.as_ref(), Timestamp::now()).await?;
        let row = |source: Source| {
            let peer = plan.as_ref().and_then(|plan| plan.peer(&source.name.parse().ok()?));
            let kind = match (peer, &source.form) {
                (Some(_), _) => "peer".to_owned(),
                (None, _) if source.name == HERE => HERE.to_owned(),
                (None, form) => form.clone().unwrap_or_else(|| "unknown".to_owned()),
            };
            Row {
                kind,
                believed: believed(&source.name, to_begin_with(plan.as_ref(), &source.name)),
                gathered: gathered.remove(&source.name).unwrap_or_default(),
                taken: peer
                    .and_then(|peer| PeerReading::of(&directory, &peer.id).read)
                    .max(source.taken)
                    .max(source.added),
                source,
            }
        };
        anyhow::Ok(sources.into_iter().map(row).collect())
    })?;
    let mut out = BufWriter::new(io::stdout().lock());
    match command.format {
        AnswerFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &rows.iter().map(Row::json).collect::<Vec<_>>())?;
            writeln!(out)?;
        }
        AnswerFormat::Table => {
            let mut table = Table::new(&[
                "source", "kind", "trust", "objects", "watched", "hunted", "over", "doubted", "taken in",
                "state",
            ]);
            rows.iter().for_each(|row| table.row(row.cells()));
            table.write(&mut out)?;
        }
    }
    out.flush()?;
    Ok(Verdict::Good)
}

impl Row {
    fn doubted(&self) -> u64 {
        self.gathered.doubts.values().map(|doubt| doubt.count).sum()
    }

    fn cells(&self) -> [String; 10] {
        let Row { source, kind, believed, gathered, taken } = self;
        let aside =
            |aside: &store::intelligence::SetAside| format!("withdrawn by {}: {}", aside.by, aside.reason);
        [
            source.name.clone(),
            kind.clone(),
            believed.trust.to_string(),
            source.objects.to_string(),
            gathered.watched.to_string(),
            gathered.hunted_only.to_string(),
            gathered.over.to_string(),
            self.doubted().to_string(),
            taken.map(|taken| format!("{taken:.0}")).unwrap_or_default(),
            source.set_aside.as_ref().map(aside).unwrap_or_default(),
        ]
    }

    fn json(&self) -> Value {
        let Row { source, kind, believed, gathered, taken } = self;
        let doubts = gathered.doubts.values();
        json!({
            "source": source.name,
            "kind": kind,
            "trust": believed.trust,
            "trust_why": believed.to_string(),
            "right": believed.tally.right,
            "wrong": believed.tally.wrong,
            "objects": source.objects,
            "watched": gathered.watched,
            "hunted_only": gathered.hunted_only,
            "over": gathered.over,
            "doubted": self.doubted(),
            "doubts": doubts
                .map(|doubt| json!({ "kind": doubt.kind.as_str(), "count": doubt.count, "example": doubt.example }))
                .collect::<Vec<_>>(),
            "taken": taken,
            "added": source.added,
            "withdrawn": row_of(source.set_aside.as_ref()),
        })
    }
}
