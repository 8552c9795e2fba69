//! `bastide plan draft`.

use crate::{
    failure::{Verdict, warn},
    reading::Reading,
};
use ::plan::{Draft, Drafted};
use anyhow::{Context, bail};
use capture::Order;
use std::{
    ffi::OsString,
    fs,
    io::{self, Write},
    path::Path,
};

pub(super) fn run(captures: &[OsString], into: &Path, force: bool) -> anyhow::Result<Verdict> {
    // Said before hours of captures are read, not after.
    if !force {
        refuse_what_is_there(into, ["city.toml", "zones.toml", "conduits.toml", "assets.toml"])?;
    }
    let mut draft = Draft::new();
    Reading::open(captures, false, Order::Given)?.with_progress().read(
        |_| (),
        |observations| {
            observations.iter().for_each(|observation| draft.see(observation));
            Ok(())
        },
    )?;
    let Drafted { files, notes } = draft.answer();
    fs::create_dir_all(into).with_context(|| format!("cannot make the folder {}", into.display()))?;
    if !force {
        refuse_what_is_there(into, files.iter().map(|file| file.path()))?;
    }
    let mut out = io::stdout().lock();
    for file in &files {
        let path = into.join(file.path());
        fs::write(&path, file.text()).with_context(|| format!("cannot write {}", path.display()))?;
        writeln!(out, "wrote {}", path.display())?;
    }
    notes.iter().for_each(warn);
    writeln!(out, "Every line is a guess: read it, then run `bastide plan check {}`.", into.display())?;
    Ok(Verdict::Good)
}

fn refuse_what_is_there<'a>(into: &Path, names: impl IntoIterator<Item = &'a str>) -> anyhow::Result<()> {
    let there: Vec<_> = names.into_iter().filter(|name| into.join(name).exists()).collect();
    if !there.is_empty() {
        bail!(
            "{} has {} already: draft into another folder, or add --force",
            into.display(),
            there.join(", ")
        );
    }
    Ok(())
}
