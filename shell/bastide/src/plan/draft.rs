//! `bastide plan draft`.

use crate::{
    failure::{Verdict, warn},
    reading::{Purpose, Reading},
};
use ::plan::{Draft, Drafted};
use anyhow::{Context, bail};

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
    Reading::open(captures, Purpose::City)?.with_progress().read(
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

#[cfg(test)]
mod tests {
    use super::*;
    use ::defend::conduit::{self, Judgement};
    use ::plan::{Colours, Plan, Severity};
    use city::{Observation, Observed};
    use std::{env, path::PathBuf};

    /// Whether a plan allows what was seen, judged as live traffic is.
    fn allows(plan: &Plan, observation: &Observation) -> bool {
        match &observation.fact {
            Observed::Opened(flow) => conduit::judge(plan, flow) != Judgement::Outside,
            Observed::Recognised(flow) => conduit::judge(plan, flow) == Judgement::Allowed,
            Observed::Conversation(c) if c.flow.protocol.is_some() => {
                conduit::judge(plan, &c.flow) == Judgement::Allowed
            }
            Observed::Conversation(c) => {
                let spoke = c.bytes_in + c.bytes_out > 0;
                conduit::judge_unrecognised(plan, &c.flow, spoke) == Judgement::Allowed
            }
            Observed::Request(request) => conduit::allows_request(plan, request),
            _ => true,
        }
    }

    /// The captures of others, if they are there.
    fn captures() -> Vec<PathBuf> {
        let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
        let data = env::var_os("BASTIDE_DATA").map_or_else(beside, PathBuf::from);
        let mut folders = vec![data.join("ot-pcap"), data.join("net-pcap")];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
                if path.is_dir() {
                    folders.push(path);
                } else if ["pcap", "pcapng", "cap", "trace"].contains(&ending.as_str()) {
                    found.push(path);
                }
            }
        }
        found.sort();
        found
    }

    #[test]
    fn a_plan_allows_the_traffic_it_was_drafted_from() {
        let captures = captures();
        if captures.is_empty() {
            let line = "1 cases skipped in draft: no data in BASTIDE_DATA or ../shared/data\n";
            let _ = io::stderr().write_all(line.as_bytes());
            if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
                let file = fs::OpenOptions::new().create(true).append(true).open(path);
                file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
            }
        }
        for capture in captures {
            let mut seen = Vec::new();
            let Ok(reading) = Reading::open(&[capture.clone().into()], Purpose::City) else { continue };
            reading
                .read(
                    |_| (),
                    |observations| {
                        seen.append(observations);
                        Ok(())
                    },
                )
                .unwrap();
            let mut draft = Draft::new();
            seen.iter().for_each(|observation| draft.see(observation));
            let checked = ::plan::check(&draft.answer().files);
            let said: String = checked.diagnostics.iter().map(|d| d.render(Colours::Off)).collect();
            assert_eq!(checked.count(Severity::Error), 0, "{}:\n{said}", capture.display());
            let plan = checked.plan.unwrap();
            let refused = seen.iter().find(|observation| !allows(&plan, observation));
            assert!(refused.is_none(), "{}: {refused:?}", capture.display());
        }
    }

    #[test]
    fn what_is_there_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let capture = folder.path().join("empty.pcap");
        // The header of a pcap file, and no packet: magic, version 2.4, and Ethernet.
        let mut header = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
        header.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0]);
        fs::write(&capture, header).unwrap();
        let captures = [capture.into_os_string()];
        let into = folder.path().join("city");
        assert_eq!(run(&captures, &into, false).unwrap(), Verdict::Good);
        let city = fs::read_to_string(into.join("city.toml")).unwrap();
        fs::write(into.join("city.toml"), "mine").unwrap();
        assert!(run(&captures, &into, false).is_err());
        assert_eq!(fs::read_to_string(into.join("city.toml")).unwrap(), "mine");
        assert_eq!(run(&captures, &into, true).unwrap(), Verdict::Good);
        assert_eq!(fs::read_to_string(into.join("city.toml")).unwrap(), city);
    }
}
