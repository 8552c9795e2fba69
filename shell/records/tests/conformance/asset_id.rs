//! Whether devices are identified from what they say as recog's examples have it.
//!
//! Two things are measured for each of recog's files: how many of its examples are met when Bastide reads that file, and
//! how many are met by the table that is part of Bastide alone. Met means that every attribute is given that the example
//! names, and every one that its fingerprint always gives.

use crate::cases;
use identify::{Attributes, Database, built_in, recog};
use std::{env, fs, path::PathBuf};

/// How many examples there are.
const COUNT: usize = 4_286;

/// The least share of examples that are met with the file read, and by the table alone, in percent.
const FLOORS: (f64, f64) = (100.0, 92.0);

#[derive(Default)]
struct Tally {
    examples: usize,
    read: usize,
    built_in: usize,
    attributes: usize,
    built_in_attributes: usize,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.examples += other.examples;
        self.read += other.read;
        self.built_in += other.built_in;
        self.attributes += other.attributes;
        self.built_in_attributes += other.built_in_attributes;
    }

    fn line(&self, name: &str) -> String {
        format!(
            "{name:<20} {:>5} examples, met {:>5.1} % with the file read, {:>5.1} % by the built-in table ({:.1} % of attributes)",
            self.examples,
            percent(self.read, self.examples),
            percent(self.built_in, self.examples),
            percent(self.built_in_attributes, self.attributes),
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

#[test]
fn fingerprints_know_their_examples() {
    let Some(files) = files() else { return cases::skipped(COUNT, "fingerprints_know_their_examples") };
    let filter = env::var("BASTIDE_CASES").ok();
    let mut differences: usize =
        env::var("BASTIDE_DIFFERENCES").ok().and_then(|count| count.parse().ok()).unwrap_or(0);
    let mut total = Tally::default();
    for path in files {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if filter.as_ref().is_some_and(|part| !name.contains(part.as_str())) {
            continue;
        }
        let tally = try_file(&path, &name, &mut differences);
        println!("{}", tally.line(&name));
        total.add(&tally);
    }
    if total.examples > 0 {
        println!("{}", total.line("asset-id, recog"));
    }
    if filter.is_none() {
        assert_eq!(total.examples, COUNT);
        assert!(percent(total.read, total.examples) >= FLOORS.0, "with the files read");
        assert!(percent(total.built_in, total.examples) >= FLOORS.1, "by the built-in table");
    }
}

fn files() -> Option<Vec<PathBuf>> {
    let folder = cases::folder()?.join("asset-id/recog/xml");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).ok()?.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "xml"));
    files.sort();
    Some(files)
}

fn try_file(path: &PathBuf, name: &str, differences: &mut usize) -> Tally {
    let text = fs::read_to_string(path).unwrap();
    let database = recog::read(&text, name).unwrap();
    let ours = built_in().iter().find(|ours| ours.kind() == database.kind());
    let mut tally = Tally::default();
    for example in recog::examples(&text).unwrap() {
        let said = example.text().unwrap_or_else(|| panic!("{name}: an example lies in a file of its own"));
        let expected = example.expected();
        let known = |database: &Database| database.identify(&said).map(|known| known.attributes);
        let read = known(&database).unwrap_or_default();
        let built_in = ours.and_then(known).unwrap_or_default();
        let given =
            |by: &Attributes| expected.iter().filter(|(name, value)| by.get(name) == Some(value)).count();
        tally.examples += 1;
        tally.read += usize::from(example.is_met_by(&read));
        tally.built_in += usize::from(example.is_met_by(&built_in));
        tally.attributes += expected.iter().len();
        tally.built_in_attributes += given(&built_in);
        if !example.is_met_by(&built_in) && *differences > 0 {
            *differences -= 1;
            let missing: Vec<String> = expected
                .iter()
                .filter(|(name, value)| built_in.get(name) != Some(value))
                .map(|(name, value)| {
                    format!("{name} {value:?}, ours {:?}", built_in.get(name).unwrap_or_default())
                })
                .collect();
            println!("  {said:?}\n    {}", missing.join("; "));
        }
    }
    tally
}
