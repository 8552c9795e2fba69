//! `bastide records`: what captures hold, for other tools.

use crate::{
    arguments::{RecordFormat, Records},
    failure::Verdict,
    reading::{Purpose, Reading},
};
use anyhow::{Context, bail};
use city::Observation;
use records::{Kind, eve::Events, ndjson, zeek::Logs};
use std::{
    fs,
    io::{self, BufWriter, Write},
    path::Path,
};

/// Prints every record of the captures, in the order in which each was complete.
pub(crate) fn run(command: &Records) -> anyhow::Result<Verdict> {
    let kinds: Vec<Kind> = command.kind.iter().map(|kind| kind.kind()).collect();
    let wanted = |observation: &Observation| {
        kinds.is_empty() || Kind::of(observation).is_some_and(|kind| kinds.contains(&kind))
    };
    match (command.format, command.into.as_deref()) {
        (RecordFormat::Ndjson, None) => lines(command, wanted)?,
        (RecordFormat::Eve, None) if kinds.is_empty() => events(command)?,
        (RecordFormat::Eve, None) => {
            bail!(
                "Suricata's events are not divided into our kinds; leave out `--kind`, and choose by `event_type`"
            )
        }
        (RecordFormat::Zeek, Some(into)) if kinds.is_empty() => logs(command, into)?,
        (RecordFormat::Zeek, Some(_)) => bail!("Zeek's logs are not divided into kinds; leave out `--kind`"),
        (RecordFormat::Zeek, None) => bail!("Zeek's logs are a file each; name a folder with `--into DIR`"),
        (RecordFormat::Eve | RecordFormat::Ndjson, Some(_)) => {
            bail!("`--into` is for logs (`--format zeek`); this form goes to standard output")
        }
    }
    Ok(Verdict::Good)
}

/// Our own records, a line each.
fn lines(command: &Records, wanted: impl Fn(&Observation) -> bool) -> anyhow::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    let reading = Reading::open(&command.input.captures, Purpose::Records)?.with_progress();
    reading.read(
        |_| (),
        |observations| {
            for observation in observations.iter().filter(|observation| wanted(observation)) {
                ndjson::write(&mut out, observation)?;
            }
            Ok(())
        },
    )?;
    out.flush()?;
    Ok(())
}

/// Suricata's events, a line each.
fn events(command: &Records) -> anyhow::Result<()> {
    let mut events = Events::to(BufWriter::with_capacity(1 << 18, io::stdout().lock()));
    let reading = Reading::open(&command.input.captures, Purpose::Records)?.with_progress();
    reading.read(
        |_| (),
        |observations| Ok(observations.iter().try_for_each(|observation| events.write(observation))?),
    )?;
    events.finish()?;
    Ok(())
}

/// The logs of Zeek and ICSNPP, a file each.
fn logs(command: &Records, into: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(into).with_context(|| format!("cannot make the folder `{}`", into.display()))?;
    let cannot_write = || format!("cannot write a log into `{}`", into.display());
    let mut logs = Logs::into(into.to_path_buf());
    let reading = Reading::open(&command.input.captures, Purpose::Records)?.with_progress();
    reading.read(
        |_| (),
        |observations| {
            observations.iter().try_for_each(|observation| logs.write(observation)).with_context(cannot_write)
        },
    )?;
    logs.finish().with_context(cannot_write)
}
