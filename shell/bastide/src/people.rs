//! `bastide people`: who may sign in, and the links by which they do.

use crate::{
    arguments::PeopleCommand,
    failure::{Verdict, warn},
    show::{self, column},
};
use anyhow::{Context, bail};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::{
    io::{self, BufWriter, Write},
    path::Path,
};
use store::{Act, ActRecord, Kind, Limits, Link, Reader, Record, Store};

const PEOPLE: [show::Column; 5] = [
    column("Name", "name", "/name"),
    column("Role", "role", "/role"),
    column("Opens packets", "opens_packets", "/opens_packets"),
    column("Wall screen", "wall_screen", "/wall_screen"),
    column("Disabled", "disabled", "/disabled"),
];

/// How long a link made here works.
const LINK_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Runs the command.
pub(crate) fn run(command: &PeopleCommand) -> anyhow::Result<Verdict> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime could be made")?;
    match command {
        PeopleCommand::List(look) => {
            let people = runtime.block_on(async {
                let reader = Reader::open(&look.state.directory()).await?;
                anyhow::Ok(reader.people.all().await?)
            })?;
            let rows: Value = people
                .iter()
                .map(|person| {
                    json!({
                        "name": person.name,
                        "role": person.role.as_str(),
                        "opens_packets": person.opens_packets,
                        "wall_screen": person.wall_screen,
                        "disabled": person.disabled,
                    })
                })
                .collect();
            let mut out = BufWriter::new(io::stdout().lock());
            show::rows(&mut out, &rows, &PEOPLE, look.format)?;
            out.flush()?;
        }
        PeopleCommand::Link { name, state } => {
            let secret = runtime.block_on(make_link(name.as_deref(), &state.directory()))?;
            println!("/welcome/{secret}");
            warn("put the console's address in front; the link works once, within 24 hours");
        }
    }
    Ok(Verdict::Good)
}

/// Makes a link. Only while no process has the state directory open; a running one makes links in its console.
async fn make_link(name: Option<&str>, state: &Path) -> anyhow::Result<String> {
    // A slip in the name of the directory must not make a new city.
    drop(Reader::open(state).await?);
    let (store, _) = Store::open(state, Kind::Live, "bastide people", Limits::default()).await?;
    let person = match name {
        Some(name) => match store.people.by_name(name).await? {
            Some(person) => Some(person),
            None => bail!("nobody here is called `{name}`; `bastide people list` shows who is"),
        },
        None if store.people.all().await?.is_empty() => None,
        None => bail!("there are people already: name the one who is to sign in anew"),
    };
    let purpose = if person.is_some() { console::SET_PASSPHRASE } else { console::FIRST_SIGN_IN };
    let link = Link { purpose: purpose.to_owned(), person: person.as_ref().map(|person| person.id) };
    let now = Timestamp::now();
    let secret = store.people.create_link(&link, now.checked_add(LINK_LIFE)?).await?;
    let act = ActRecord {
        person: None,
        act: Act::LinkMade,
        subject: name.map(ToOwned::to_owned),
        from: Some("command line".into()),
        detail: Some(purpose.into()),
    };
    store.log.seal(now, vec![Record::Act(act)]).await?;
    let secret = secret.reveal().to_owned();
    store.close().await?;
    Ok(secret)
}
