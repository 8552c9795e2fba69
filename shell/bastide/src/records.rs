//! `bastide records`: what captures hold, for other tools.

use crate::{
    arguments::{RecordFormat, Records},
    failure::Verdict,
    reading::{Purpose, Reading, cores},
};
use anyhow::{Context, bail};
use capture::Sheet;
use city::Observation;
use records::{
    Kind,
    eve::Events,
    ndjson::Lines,
    zeek::{Files, Rows},
};
use std::{
    fs,
    io::{self, BufWriter, Write},
    path::Path,
};

/// Prints every record of the captures, in the order in which each was complete.
pub(crate) fn run(command: &Records) -> anyhow::Result<Verdict> {
    let kinds: Vec<Kind> = command.kind.iter().map(|kind| kind.kind()).collect();
    match (command.format, command.into.as_deref()) {
        (RecordFormat::Ndjson, None) => lines(command, &kinds)?,
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
fn lines(command: &Records, kinds: &[Kind]) -> anyhow::Result<()> {
    let writer = || {
        let (kinds, mut lines) = (kinds.to_vec(), Lines::default());
        move |observation: Observation, sheet: &mut Sheet| {
            if kinds.is_empty() || Kind::of(&observation).is_some_and(|kind| kinds.contains(&kind)) {
                sheet.write(0, |out| lines.write(out, &observation));
            }
        }
    };
    print(command, Purpose::Logs, writer)
}

/// Suricata's events, a line each. An event is made of what one conversation shows, and one reader reads the whole of a
/// conversation; so each reader makes the events of its own.
fn events(command: &Records) -> anyhow::Result<()> {
    let writer = || {
        let mut events = Events::default();
        move |observation: Observation, sheet: &mut Sheet| {
            sheet.write(0, |out| events.write(out, &observation));
        }
    };
    print(command, Purpose::Events, writer)
}

/// Reads the captures on as many cores as asked for, and prints what each reader's writer writes.
fn print<W>(command: &Records, purpose: Purpose, writer: impl Fn() -> W) -> anyhow::Result<()>
where
    W: FnMut(Observation, &mut Sheet) + Send + 'static,
{
    let mut out = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    let reading = Reading::open(&command.input.captures, purpose)?.with_progress();
    reading.write(command.threads.unwrap_or_else(cores), writer, |_, lines| out.write_all(lines))?;
    out.flush()?;
    Ok(())
}

/// The logs of Zeek and ICSNPP, a file each. One writer sees everything: some rows tell of several conversations.
fn logs(command: &Records, into: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(into).with_context(|| format!("cannot make the folder `{}`", into.display()))?;
    let cannot_write = || format!("cannot write a log into `{}`", into.display());
    let (mut rows, mut files) = (Rows::default(), Files::into(into.to_path_buf()));
    let mut failure = None;
    let mut take = |log: u16, row: &[u8]| {
        if failure.is_none() {
            failure = files.write(log, row).err();
        }
    };
    let reading = Reading::open(&command.input.captures, Purpose::Logs)?.with_progress();
    reading.read(
        |_| (),
        |observations| {
            observations.iter().for_each(|observation| rows.make(observation, &mut take));
            Ok(())
        },
    )?;
    rows.finish(&mut take);
    failure.map_or(Ok(()), Err).with_context(cannot_write)?;
    files.finish().with_context(cannot_write)
}
