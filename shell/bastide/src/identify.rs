//! `bastide identify`: what a device is, from a line in which it names itself.

use crate::{
    arguments::{Format, Identify},
    failure::{self, Verdict},
    show::{self, Column, column},
};
use ::identify::{Database, Identification, Kind, Source, built_in, recog};
use anyhow::{Context, bail};
use serde_json::{Map, Value, json};
use std::{
    fs,
    io::{self, BufRead, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

/// The most of standard input that is read, in bytes.
const INPUT_MAX: u64 = 64 << 20;

/// The largest file of fingerprints that is read, in bytes.
const FILE_MAX: u64 = 64 << 20;

const KNOWN: [Column; 7] = [
    column("Said", "said", "/said"),
    column("Kind", "kind", "/kind"),
    column("Vendor", "vendor", "/vendor"),
    column("Product", "product", "/product"),
    column("Version", "version", "/version"),
    column("System", "system", "/system"),
    column("Known by", "by", "/by"),
];

const KINDS: [Column; 3] = [
    column("Kind", "kind", "/kind"),
    column("What it is", "what", "/what"),
    column("Built in", "built_in", "/built_in"),
];

const EXAMPLES: [Column; 6] = [
    column("File", "file", "/file"),
    column("Kind", "kind", "/kind"),
    column("Fingerprints", "fingerprints", "/fingerprints"),
    column("Examples", "examples", "/examples"),
    column("Met", "met", "/met"),
    column("Built in meets", "built_in_meets", "/built_in_meets"),
];

/// A file of fingerprints.
struct File {
    path: PathBuf,
    text: String,
    database: Database,
}

/// Answers in the format asked for.
pub(crate) fn run(command: &Identify) -> anyhow::Result<Verdict> {
    if command.kinds {
        return print(&kinds(), &KINDS, command.format);
    }
    let files = read_files(&command.fingerprints)?;
    if command.examples {
        return try_examples(&files, command.format);
    }
    let kind = command.kind.as_deref().map(Kind::named);
    if let Some(kind) = &kind
        && !databases(&files).any(|database| database.kind() == kind)
    {
        bail!("nothing is known of sayings of the kind `{kind}`; `bastide identify --kinds` lists the kinds");
    }
    let mut rows = Vec::new();
    let (mut all, mut unknown) = (0_u64, 0_u64);
    let mut answer = |said: &str| {
        all += 1;
        let known = look_up(&files, kind.as_ref(), said);
        unknown += u64::from(known.is_empty());
        rows.extend(known);
    };
    for said in &command.said {
        if said == "-" {
            for line in io::stdin().lock().take(INPUT_MAX).split(b'\n') {
                let line = line.context("cannot read standard input")?;
                answer(recog::as_text(&line).trim_end_matches('\r'));
            }
        } else {
            answer(said);
        }
    }
    print(&Value::Array(rows), &KNOWN, command.format)?;
    if unknown > 0 {
        failure::warn(format_args!(
            "{unknown} of {all} is known to no fingerprint; `--fingerprints DIR` reads those of others"
        ));
    }
    Ok(if unknown == 0 { Verdict::Good } else { Verdict::Bad })
}

fn print(rows: &Value, columns: &[Column], format: Format) -> anyhow::Result<Verdict> {
    let mut out = BufWriter::new(io::stdout().lock());
    show::rows(&mut out, rows, columns, format)?;
    out.flush()?;
    Ok(Verdict::Good)
}

fn databases(files: &[File]) -> impl Iterator<Item = &Database> {
    // Those that the operator gave come first: where two know as much, theirs stands first.
    files.iter().map(|file| &file.database).chain(built_in())
}

fn look_up(files: &[File], kind: Option<&Kind>, said: &str) -> Vec<Value> {
    if let Ok(mac) = said.parse::<::city::Mac>() {
        let maker = ::identify::maker(mac).map(|maker| {
            json!({"said": said, "kind": "mac-address", "by": "IEEE register", "vendor": maker,
                   "attributes": {"hw.vendor": maker},
                   "traits": [{"about": "vendor", "value": maker, "confidence": 30}]})
        });
        return maker.into_iter().collect();
    }
    ::identify::identify(databases(files), kind, said).iter().map(|known| row(said, known)).collect()
}

/// One identification. `attributes` has the names that other tools know; `traits` what it means for the inventory.
fn row(said: &str, known: &Identification) -> Value {
    let attributes: Map<String, Value> =
        known.attributes.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    let traits: Vec<Value> = known
        .told()
        .iter()
        .map(|told| json!({"about": told.about.as_str(), "value": told.value, "confidence": told.confidence}))
        .collect();
    let first = |names: &[&str]| names.iter().find_map(|name| known.attributes.get(name));
    json!({
        "said": said,
        "kind": known.kind.as_str(),
        "by": match &known.source {
            Source::BuiltIn => "built in",
            Source::Recog(name) => name.as_str(),
        },
        "description": known.description.as_str(),
        "vendor": first(&["hw.vendor", "service.vendor", "os.vendor"]),
        "product": first(&["hw.product", "hw.model", "service.product", "os.product"]),
        "version": first(&["hw.version", "service.version", "os.version"]),
        "system": known.told().iter().find(|told| told.about == ::city::Trait::System).map(|told| told.value.as_str()),
        "attributes": attributes,
        "traits": traits,
    })
}

fn kinds() -> Value {
    let built_in =
        |kind: &Kind| built_in().iter().find(|database| database.kind() == kind).map_or(0, Database::len);
    Kind::all()
        .map(|(kind, what)| json!({"kind": kind.as_str(), "what": what, "built_in": built_in(&kind)}))
        .collect()
}

/// Reads every `.xml` in the folders, in the order of their names. A file that holds something else is told of.
fn read_files(folders: &[PathBuf]) -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    for folder in folders {
        let entries =
            fs::read_dir(folder).with_context(|| format!("cannot read the folder `{}`", folder.display()))?;
        let mut paths = Vec::new();
        for entry in entries {
            let path =
                entry.with_context(|| format!("cannot read the folder `{}`", folder.display()))?.path();
            if path.extension().is_some_and(|ending| ending == "xml") {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths {
            let text = recog::as_text(&read(&path)?);
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            match recog::read(&text, &name) {
                Ok(database) => files.push(File { path, text, database }),
                Err(cause) => failure::warn(format_args!("`{}` is left out: {cause}", path.display())),
            }
        }
    }
    if !folders.is_empty() && files.is_empty() {
        bail!(
            "no fingerprints in {}",
            folders.iter().map(|f| format!("`{}`", f.display())).collect::<Vec<_>>().join(", ")
        );
    }
    Ok(files)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
    file.take(FILE_MAX)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(bytes)
}

fn try_examples(files: &[File], format: Format) -> anyhow::Result<Verdict> {
    let mut rows = Vec::new();
    let mut all_met = true;
    for file in files {
        let ours = built_in().iter().find(|database| database.kind() == file.database.kind());
        let examples = recog::examples(&file.text)?;
        let (mut met, mut ours_meet) = (0_u64, 0_u64);
        for example in &examples {
            let text = match &example.file {
                Some(name) => recog::as_text(&read(&file.path.with_extension("").join(name))?),
                None => example.text().unwrap_or_default(),
            };
            let meets = |database: &Database| {
                database.identify(&text).is_some_and(|known| example.is_met_by(&known.attributes))
            };
            met += u64::from(meets(&file.database));
            ours_meet += u64::from(ours.is_some_and(meets));
        }
        all_met &= met == examples.len() as u64;
        let unusable = file.database.unusable();
        if unusable > 0 {
            let what = "cannot be used: their patterns need look-around or references back";
            failure::warn(format_args!("`{}`: {unusable} fingerprints {what}", file.path.display()));
        }
        rows.push(json!({
            "file": file.path.file_name().unwrap_or_default().to_string_lossy(),
            "kind": file.database.kind().as_str(),
            "fingerprints": file.database.len(),
            "examples": examples.len(),
            "met": met,
            "built_in_meets": ours_meet,
        }));
    }
    print(&Value::Array(rows), &EXAMPLES, format)?;
    Ok(if all_met { Verdict::Good } else { Verdict::Bad })
}
