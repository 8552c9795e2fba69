//! `bastide pack`: everything that people need when nothing works, in one file.

use crate::{
    arguments::Pack,
    failure::{Verdict, say},
    past, plan,
    recovery::{arguments::Form, known, tell},
};
use anyhow::Context;
use city::{Observation, Observed, PackIssued, Text};
use jiff::Timestamp;
use recover::Record;
use serde_json::json;
use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
};

/// The name of the file.
const NAME: &str = "pack.html";

/// Runs the command.
pub(crate) fn run(command: &Pack) -> anyhow::Result<Verdict> {
    let of = &command.of;
    let files = plan::read_folder(&of.city)?;
    let plan = plan::read_plan(&of.city)?;
    let digest = past::record_of(&files, None, "").digest;
    let directory = of.state.directory();
    let city = known::city(&of.state)?;
    let nothing = Record::default();
    let record = city.as_ref().map_or(&nothing, |city| city.recovery());
    let issued = Timestamp::now();
    let given = console::pack::Given { plan: &plan, digest: &digest, record, issued };
    let text = console::pack::render(&given).context("the pack could not be put together")?;
    let path = command.into.join(NAME);
    write(&command.into, &path, &text)?;
    // The pack is there: what follows only tells of it.
    let pack = Observed::Pack(PackIssued { time: issued, plan: Text::from(&digest) });
    let observation = Observation { time: issued, sensor: Text::const_new("pack"), fact: pack };
    let noted = city.is_some() && tell::tell(&of.state, Some(&files), &[observation]);
    let adopted = city.as_ref().and_then(|city| city.adopted()).is_none_or(|adopted| adopted == digest);
    let until = issued.checked_add(console::pack::GOOD_FOR).unwrap_or(issued);
    if of.format == Form::Json {
        say(json!({
            "path": path, "bytes": text.len(), "plan": digest, "issued": issued, "valid_until": until,
            "noted": noted, "adopted": adopted,
        }));
        return Ok(Verdict::Good);
    }
    say(format_args!(
        "Wrote {} ({} kB), issued now, valid until {:.10}.",
        path.display(),
        text.len().div_ceil(1_000),
        until.to_string()
    ));
    if city.is_none() {
        say(format_args!(
            "No backup or drill is known here: there is no state of a city in {}, and times are the plan’s or guesses.",
            directory.display()
        ));
    }
    if !adopted {
        say("The plan in the folder is not the one adopted; `bastide plan adopt` adopts it.");
    }
    say(
        "Print it, and save it on the telephone of whoever is on duty. It shows the network: keep it as you keep keys.",
    );
    Ok(Verdict::Good)
}

/// Writes the file whole or not at all: aside, onto the disk, and renamed into place.
fn write(folder: &Path, path: &Path, text: &str) -> anyhow::Result<()> {
    let could_not = || format!("cannot write {}", path.display());
    fs::create_dir_all(folder).with_context(could_not)?;
    let aside = folder.join(format!(".{NAME}.{}", std::process::id()));
    let written = File::create(&aside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&aside, path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&aside);
    }
    written.with_context(could_not)
}
