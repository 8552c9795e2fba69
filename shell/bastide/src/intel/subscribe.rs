//! `bastide intel subscribe`: what a TAXII server offers, and the peer that the plan would name to read it.

use super::expect_state;
use crate::{
    arguments::State,
    failure::{Verdict, warn},
    lesson::checked,
    live,
    plan::read_folder,
    recovery::tell,
    table::{Table, printable},
};
use anyhow::{Context, bail};
use city::{Observation, Observed, PeerId, Received, SecretReference, Text};
use clap::{Args, ValueEnum};
use exchange::client::{Client, Limits, Offer, Poll, Remote, Resume, Stop, take_in};
use jiff::Timestamp;
use plan::{SourceFile, unified};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io::{self, BufWriter, Write},
    path::PathBuf,
};
use store::{
    Intelligence,
    intelligence::{Audience, Filing, Unmarked},
};
use vault::Secret;

/// The file into which the first peer of a plan is written.
const FILE: &str = "peers.toml";

/// What to read, and how it would stand in the plan.
#[derive(Args, Debug)]
pub(crate) struct Subscribe {
    /// The TAXII 2.1 server, API root or collection
    url: String,
    /// Where the `name:password` for reading there is kept: `file:PATH` or `env:NAME`
    #[arg(long, value_name = "REFERENCE", value_parser = reference)]
    login: Option<SecretReference>,
    /// The file with the certificate of the authority that vouches for the server; those that the system trusts if left out
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
    /// The peer's id in the plan; made of the server's name if left out
    #[arg(long, value_name = "ID")]
    id: Option<PeerId>,
    /// What people call the peer; what the server calls itself if left out
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How far it is believed, from 0 to 100
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u8).range(0..=100))]
    trust: u8,
    /// How often it is read, such as `15m`
    #[arg(long, value_name = "TIME", default_value = "15m")]
    every: String,
    /// The folder of the plan, against which the change is written and checked
    #[arg(long, value_name = "DIR")]
    city: Option<PathBuf>,
    /// Read what is there now, and propose nothing
    #[arg(long, conflicts_with = "city")]
    once: bool,
    #[command(flatten)]
    state: State,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = ProposalFormat::Table)]
    format: ProposalFormat,
}

/// How a proposal is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ProposalFormat {
    /// For people
    Table,
    /// One JSON object with stable field names
    Json,
    /// The change of the plan alone: a patch, or the block where no folder is given
    Patch,
}

fn reference(text: &str) -> Result<SecretReference, String> {
    match text.split_once(':') {
        Some(("file", path)) if path.starts_with('/') => Ok(SecretReference::File(path.into())),
        Some(("env", name)) if !name.is_empty() => Ok(SecretReference::Variable(name.into())),
        _ => Err("write `file:` and a path from `/` on, or `env:` and the name of a variable".to_owned()),
    }
}

/// What is proposed for the plan.
struct Proposed {
    block: String,
    /// The change of the plan's files, where there are some.
    patch: Option<String>,
}

/// Runs the command. Exit code 1 if there is nothing that may be read.
pub(super) fn run(command: &Subscribe) -> anyhow::Result<Verdict> {
    let login = command.login.as_ref().map(Secret::read).transpose()?;
    let authority = command.authority.as_deref();
    let client = Client::new(&command.url, login.as_ref().map(Secret::reveal), authority, Limits::default())?;
    let offer = client.offer()?;
    let readable: Vec<&Remote> = offer
        .roots
        .iter()
        .flat_map(|root| root.collections.iter().flatten())
        .filter(|c| c.can_read)
        .collect();
    let id = match &command.id {
        Some(id) => id.clone(),
        None => id_of(&command.url)?,
    };
    if command.once {
        return once(command, &client, &readable, &id);
    }
    let proposed = if readable.is_empty() { None } else { Some(propose(command, &offer, &id)?) };
    let mut out = BufWriter::new(io::stdout().lock());
    match command.format {
        ProposalFormat::Table => write_table(&mut out, &offer, proposed.as_ref())?,
        ProposalFormat::Json => write_json(&mut out, &offer, &id, proposed.as_ref())?,
        ProposalFormat::Patch => {
            let text = proposed.as_ref().map(|proposed| proposed.patch.as_ref().unwrap_or(&proposed.block));
            out.write_all(text.map_or(b"", String::as_bytes))?;
        }
    }
    out.flush()?;
    Ok(if proposed.is_some() { Verdict::Good } else { Verdict::Bad })
}

/// An id made of a server's name.
fn id_of(url: &str) -> anyhow::Result<PeerId> {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', '?']).next().unwrap_or_default().to_ascii_lowercase();
    let id: String = host.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(60).collect();
    id.trim_matches('-').parse().with_context(|| format!("`{host}` makes no id; give one with `--id`"))
}

/// Writes the peer, and if the plan's folder is given, the change of it, which must leave a plan.
fn propose(command: &Subscribe, offer: &Offer, id: &PeerId) -> anyhow::Result<Proposed> {
    let name = command.name.as_deref().unwrap_or(&offer.title);
    let name = if name.trim().is_empty() { id.as_str() } else { name.trim() };
    // A JSON string is a string of TOML as well.
    let quoted = |text: &str| serde_json::to_string(&printable(text)).unwrap_or_default();
    let mut block = format!(
        "[[peer]]\nid = \"{}\"\nname = {}\ntaxii = {}\n",
        id.as_str(),
        quoted(name),
        quoted(&command.url)
    );
    if let Some(authority) = &command.authority {
        block += &format!("authority = {}\n", quoted(&authority.to_string_lossy()));
    }
    block += &format!("every = {}\n", quoted(&command.every));
    if let Some(login) = &command.login {
        block += &format!("login = {}\n", quoted(&login.to_string()));
    }
    block += &format!("trust = {}\n", command.trust);
    let Some(folder) = &command.city else { return Ok(Proposed { block, patch: None }) };
    let files = read_folder(folder)?;
    let before = checked(&files, folder)?;
    if let Some(peer) = before.peers().find(|peer| peer.taxii.as_deref() == Some(command.url.as_str())) {
        bail!("the plan reads {} already, as the peer `{}`", command.url, peer.id.as_str());
    }
    if before.peer(id).is_some() {
        bail!("the plan has a peer `{}` already; give another id with `--id`", id.as_str());
    }
    let (path, text) = changed(&files, &block);
    let old = files.iter().find(|file| file.path() == path).map_or("", SourceFile::text);
    let others = files.iter().filter(|file| file.path() != path).cloned();
    let after: Vec<SourceFile> = others.chain([SourceFile::new(&path, &text)]).collect();
    let plan::Checked { plan, diagnostics } = plan::check(&after);
    if plan.is_none_or(|plan| plan.peer(id).is_none()) {
        let error = diagnostics.iter().find(|diagnostic| diagnostic.severity == plan::Severity::Error);
        bail!(
            "with this peer the plan would have an error: {}",
            error.map(|error| error.message.as_str()).unwrap_or_default()
        );
    }
    Ok(Proposed { block, patch: Some(unified(&path, old, &text)) })
}

/// The file that the block goes into, and its text with it: behind the other peers, or a file of its own.
fn changed(files: &[SourceFile], block: &str) -> (String, String) {
    let has_peers = |file: &&SourceFile| {
        file.path().ends_with(".toml")
            && file.text().lines().any(|line| line.trim_start().starts_with("[[peer]]"))
    };
    let of_name = |file: &&SourceFile| file.path() == FILE;
    let Some(file) = files.iter().find(has_peers).or_else(|| files.iter().find(of_name)) else {
        return (FILE.to_owned(), block.to_owned());
    };
    let text = format!("{}\n\n{block}", file.text().trim_end());
    // What was in the canonical form stays in it.
    let canonical = plan::format(file.text()).is_some_and(|canonical| canonical == file.text());
    let text = if canonical { plan::format(&text).unwrap_or(text) } else { text };
    (file.path().to_owned(), text)
}

fn write_table(out: &mut impl Write, offer: &Offer, proposed: Option<&Proposed>) -> anyhow::Result<()> {
    if !offer.title.is_empty() {
        writeln!(out, "{}\n", printable(&offer.title))?;
    }
    let mut table = Table::new(&["api root", "collection", "id", "read", "write"]);
    let may = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
    for root in &offer.roots {
        let name = if root.title.is_empty() { &root.url } else { &root.title };
        match &root.collections {
            Ok(collections) => collections.iter().for_each(|one| {
                let Remote { title, id, can_read, can_write, .. } = one;
                table.row([name.clone(), title.clone(), id.clone(), may(*can_read), may(*can_write)]);
            }),
            Err(fault) => warn(format_args!("{}", printable(&fault.to_string()))),
        }
    }
    table.write(out)?;
    match proposed {
        None => writeln!(out, "\nThere is nothing here that we may read.")?,
        Some(Proposed { block, patch }) => {
            let text = patch.as_ref().unwrap_or(block);
            writeln!(out, "\n{}\n", text.trim_end())?;
            writeln!(
                out,
                "Nothing was changed. With this in the plan’s folder, `bastide plan adopt` begins to read it; `bastide intel \
                 peers` says how that goes."
            )?;
        }
    }
    Ok(())
}

fn write_json(
    out: &mut impl Write,
    offer: &Offer,
    id: &PeerId,
    proposed: Option<&Proposed>,
) -> anyhow::Result<()> {
    let collection = |one: &Remote| {
        json!({ "id": one.id, "url": one.url(), "title": one.title, "can_read": one.can_read,
                "can_write": one.can_write })
    };
    let roots: Vec<Value> = offer
        .roots
        .iter()
        .map(|root| {
            let (collections, error) = match &root.collections {
                Ok(list) => (list.iter().map(collection).collect::<Vec<Value>>(), None),
                Err(fault) => (Vec::new(), Some(fault.to_string())),
            };
            json!({ "url": root.url, "title": root.title, "collections": collections, "error": error })
        })
        .collect();
    let answer = json!({
        "title": offer.title,
        "api_roots": roots,
        "peer": proposed.map(|_| id.as_str()),
        "block": proposed.map(|proposed| &proposed.block),
        "patch": proposed.and_then(|proposed| proposed.patch.as_ref()),
    });
    serde_json::to_writer_pretty(&mut *out, &answer)?;
    Ok(writeln!(out)?)
}

/// Reads what is there now. The plan names nobody for it, so that it is believed like a file.
fn once(command: &Subscribe, client: &Client, readable: &[&Remote], id: &PeerId) -> anyhow::Result<Verdict> {
    let directory = command.state.directory();
    expect_state(&directory)?;
    let runtime = live::runtime()?;
    let store = runtime.block_on(Intelligence::open(&directory))?;
    let filing = Filing {
        source: id.as_str().to_owned(),
        collections: Vec::new(),
        audience: Audience::Groups(BTreeSet::new()),
        unmarked: Unmarked::default(),
    };
    let source = Text::from(id.as_str());
    let mut all = Received { source, new: 0, known: 0, watched: 0, withdrawn: 0, doubts: Vec::new() };
    let mut rows = Vec::new();
    let mut whole = true;
    for remote in readable {
        let poll = client.poll(remote, &Resume::default(), take_in(&store, runtime.handle(), &filing))?;
        let Poll { new, known, refused, doubts, stopped, .. } = poll;
        all.new += new;
        all.known += known;
        for doubt in doubts {
            match all.doubts.iter_mut().find(|told| told.kind == doubt.kind) {
                Some(told) => told.count += doubt.count,
                None => all.doubts.push(doubt),
            }
        }
        let why = match &stopped {
            None => None,
            Some(Stop::Fault(fault)) => Some(fault.to_string()),
            Some(_) => Some("it stopped before its end".to_owned()),
        };
        whole &= why.is_none() && refused == 0;
        rows.push(json!({ "collection": remote.title, "url": remote.url(), "new": new, "known": known,
                          "refused": refused, "stopped": why }));
    }
    let now = Timestamp::now();
    runtime.block_on(async {
        store.note_taken(id.as_str(), "TAXII", now).await?;
        store.close().await;
        anyhow::Ok(())
    })?;
    let fact = Observed::Received(Box::new(all));
    let told = Observation { time: now, sensor: Text::const_new("import"), fact };
    if !readable.is_empty() {
        tell::tell(&command.state, None, &[told]);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    if command.format == ProposalFormat::Json {
        serde_json::to_writer_pretty(&mut out, &json!({ "source": id.as_str(), "read": rows }))?;
        writeln!(out)?;
    } else {
        let mut table = Table::new(&["collection", "new", "known", "refused", "stopped"]);
        for row in &rows {
            let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let count = |name: &str| row.get(name).map(Value::to_string).unwrap_or_default();
            table.row([text("collection"), count("new"), count("known"), count("refused"), text("stopped")]);
        }
        table.write(&mut out)?;
    }
    out.flush()?;
    Ok(if whole && !readable.is_empty() { Verdict::Good } else { Verdict::Bad })
}
