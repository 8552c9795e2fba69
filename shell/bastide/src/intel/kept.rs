//! `bastide intel list` and `show`: what is kept, and how each stands.

use super::{AnswerFormat, plan_of, row_of, runtime};
use crate::{
    arguments::State,
    failure::{Verdict, warn},
    table::{Table, printable},
};
use adapt::{
    intel::watch::{self, Ground},
    stix::Object,
};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use plan::Plan;
use serde_json::{Value, json};
use std::io::{self, BufWriter, Write};
use store::{
    Intelligence,
    intelligence::{Kept, Which},
};

/// The most objects of a list.
const LIST_MAX: usize = 1_000;

/// How many objects are read at a time.
const PAGE: usize = 10_000;

/// What is kept.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  bastide intel list --source agency --only watched\n  bastide intel list --type vulnerability \
                  --format json"
)]
pub(crate) struct List {
    /// Only objects of this type, such as `indicator` or `vulnerability`
    #[arg(long = "type", value_name = "TYPE", default_value = "indicator")]
    object_type: String,
    /// Only what this source told first
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only what stands like this
    #[arg(long, value_enum, value_name = "STANDING")]
    only: Option<Standing>,
    /// Only what has this in its name or pattern, in upper or lower case
    #[arg(long, value_name = "TEXT")]
    containing: Option<String>,
    #[command(flatten)]
    state: State,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = AnswerFormat::Table)]
    format: AnswerFormat,
}

/// One object that is kept.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// Its STIX id
    id: String,
    #[command(flatten)]
    state: State,
}

/// How an indicator stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Standing {
    /// It is not acted on: an address of the city, a well-known name, from a time yet to come …
    Doubted,
    /// It asks for more than is watched for, and can be hunted with
    Hunted,
    /// It is revoked, or no longer valid
    Over,
    /// It is watched for
    Watched,
    /// Somebody took it, or its source, out
    Withdrawn,
}

impl Standing {
    fn as_str(self) -> &'static str {
        match self {
            Standing::Doubted => "doubted",
            Standing::Hunted => "hunted",
            Standing::Over => "over",
            Standing::Watched => "watched",
            Standing::Withdrawn => "withdrawn",
        }
    }
}

/// What decides how indicators stand.
struct Judge {
    ground: Ground,
    now: Timestamp,
}

impl Judge {
    /// As the list of what is watched for is made.
    async fn new(plan: Option<Plan>, kept: &Intelligence) -> anyhow::Result<Judge> {
        let mut ground = Ground::of(plan.as_ref());
        for (source, value) in kept.allowed().await? {
            ground.allow_of(&source, [value.as_str()]);
        }
        Ok(Judge { ground, now: Timestamp::now() })
    }

    /// How an object stands, and what is wrong with it if it is doubted; none if it is no indicator.
    fn standing(&self, kept: &Kept, value: &Value) -> (Option<Standing>, Option<String>) {
        if kept.set_aside {
            return (Some(Standing::Withdrawn), None);
        }
        let standing = Object::of(value)
            .and_then(|object| watch::Standing::of(object, &kept.source, &self.ground, self.now));
        match standing {
            None => (None, None),
            Some(watch::Standing::Watched) => (Some(Standing::Watched), None),
            Some(watch::Standing::Hunted) => (Some(Standing::Hunted), None),
            Some(watch::Standing::Over) => (Some(Standing::Over), None),
            Some(watch::Standing::Doubted(doubt)) => {
                (Some(Standing::Doubted), Some(format!("{}: {}", doubt.kind.as_str(), doubt.example)))
            }
        }
    }
}

/// An object that is listed.
struct Listed {
    kept: Kept,
    value: Value,
    standing: Option<Standing>,
    doubt: Option<String>,
}

/// Lists what is kept.
pub(super) fn list(command: &List) -> anyhow::Result<Verdict> {
    let runtime = runtime()?;
    let directory = command.state.directory();
    let plan = plan_of(&runtime, &directory)?;
    let listed = runtime.block_on(async {
        let store = Intelligence::open_read_only(&directory).await?;
        let judge = Judge::new(plan, &store).await?;
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = store.all(Some(&command.object_type), command.source.as_deref(), after, PAGE);
            let page = page.await?;
            let Some(last) = page.last() else { return anyhow::Ok(listed) };
            after = Some(last.added);
            for kept in page {
                listed.extend(listed_of(command, &judge, kept));
                if listed.len() > LIST_MAX {
                    return Ok(listed);
                }
            }
        }
    })?;
    let more = listed.len() > LIST_MAX;
    let mut out = BufWriter::new(io::stdout().lock());
    match command.format {
        AnswerFormat::Json => {
            let row = |Listed { kept, value, standing, doubt }: &Listed| {
                json!({ "id": kept.id, "source": kept.source, "tlp": kept.tlp.as_str(), "added": kept.added,
                        "revoked": kept.revoked, "standing": standing.map(Standing::as_str), "doubt": doubt,
                        "object": value })
            };
            let rows: Vec<Value> = listed.iter().take(LIST_MAX).map(row).collect();
            serde_json::to_writer_pretty(&mut out, &rows)?;
            writeln!(out)?;
        }
        AnswerFormat::Table => {
            let mut table = Table::new(&["id", "source", "tlp", "standing", "what"]);
            for Listed { kept, value, standing, .. } in listed.iter().take(LIST_MAX) {
                table.row([
                    kept.id.clone(),
                    printable(&kept.source),
                    kept.tlp.as_str().to_owned(),
                    standing.map(Standing::as_str).unwrap_or_default().to_owned(),
                    printable(said(value).next().unwrap_or_default()),
                ]);
            }
            table.write(&mut out)?;
        }
    }
    out.flush()?;
    if more {
        warn(format_args!("the first {LIST_MAX} are shown; `--source`, `--only` and `--containing` choose"));
    }
    Ok(Verdict::Good)
}

/// What an object says of itself: its pattern, and its name.
fn said(value: &Value) -> impl Iterator<Item = &str> {
    ["pattern", "name"].into_iter().filter_map(|name| value.get(name)?.as_str())
}

fn listed_of(command: &List, judge: &Judge, kept: Kept) -> Option<Listed> {
    let value: Value = serde_json::from_str(&kept.body).unwrap_or_default();
    if let Some(containing) = &command.containing {
        let containing = containing.to_lowercase();
        said(&value).find(|text| text.to_lowercase().contains(&containing))?;
    }
    let (standing, doubt) = judge.standing(&kept, &value);
    let wanted = command.only.is_none_or(|only| standing == Some(only));
    wanted.then_some(Listed { kept, value, standing, doubt })
}

/// Shows one object, in every reading of its newest version. Exit code 1 if it is not known.
pub(super) fn show(command: &Show) -> anyhow::Result<Verdict> {
    let runtime = runtime()?;
    let directory = command.state.directory();
    let plan = plan_of(&runtime, &directory)?;
    let rows = runtime.block_on(async {
        let store = Intelligence::open_read_only(&directory).await?;
        let judge = Judge::new(plan, &store).await?;
        let of_object = store.is_set_aside(Which::Object(&command.id)).await?.flatten();
        let mut rows = Vec::new();
        for kept in store.object(&command.id).await? {
            let value: Value = serde_json::from_str(&kept.body)?;
            let (standing, doubt) = judge.standing(&kept, &value);
            let of_source = store.is_set_aside(Which::Source(&kept.source)).await?.flatten();
            rows.push(json!({
                "source": kept.source, "tlp": kept.tlp.as_str(), "added": kept.added,
                "standing": standing.map(Standing::as_str), "doubt": doubt,
                "withdrawn": row_of(of_object.as_ref()), "source_withdrawn": row_of(of_source.as_ref()),
                "object": value,
            }));
        }
        anyhow::Ok(rows)
    })?;
    let mut out = BufWriter::new(io::stdout().lock());
    for row in &rows {
        serde_json::to_writer_pretty(&mut out, row)?;
        writeln!(out)?;
    }
    out.flush()?;
    Ok(if rows.is_empty() { Verdict::Bad } else { Verdict::Good })
}
