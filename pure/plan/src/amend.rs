//! Additions to a plan's text: what was written stays as it is written, comments included.

use crate::{
    allowance::parse_allowance,
    draft::{plain, quote},
    format::format,
    source::SourceFile,
};
use city::{Allowance, Text, ZoneId};
use std::{collections::BTreeMap, ops::Range};
use toml::{Spanned, de::DeTable};

/// The file that a first conduit is written to.
const FILE: &str = "conduits.toml";

/// Something that a plan shall allow besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// The zone that begins.
    pub from: ZoneId,
    /// The zone that is spoken to.
    pub to: ZoneId,
    /// What is to be allowed, in the plan's language.
    pub allow: Text,
    /// Why it is proposed: written beside it as a comment.
    pub evidence: Text,
}

/// The place of a conduit's list of allowances in a file.
struct Place {
    file: usize,
    /// The last entry, behind which another can stand; without one, the whole list.
    entry: Result<Range<usize>, Range<usize>>,
}

/// The files of a plan with additions: each goes into the first conduit that leads the same way, or else into a new
/// one, whose reason is left to be written. Verbs of a protocol are written together. Files that were in canonical form
/// stay in it. What is not in the language of allowances, or stands in a file that is not TOML, is left out.
#[must_use]
pub fn amend(files: &[SourceFile], additions: &[Addition]) -> Vec<SourceFile> {
    let mut texts: Vec<String> = files.iter().map(|file| file.text().to_owned()).collect();
    let mut new_conduits = String::new();
    for ((from, to), allowances) in gather(additions) {
        // Places are looked for anew each time, since every edit moves those behind it.
        let place = places(files, &texts).remove(&(from.as_str().to_owned(), to.as_str().to_owned()));
        match place {
            Some(place) => {
                let Some(text) = texts.get_mut(place.file) else { continue };
                let entries: Vec<String> = allowances
                    .iter()
                    .map(|(allowance, evidence)| {
                        format!("\n{}, # {evidence}\n", quote(&allowance.to_string()))
                    })
                    .collect();
                let entries = entries.concat();
                match place.entry {
                    Ok(last) => insert_behind(text, last.end, &entries),
                    Err(list) => text.replace_range(list, &format!("[{entries}]")),
                }
            }
            None => {
                new_conduits.push_str(&format!(
                    "\n[[conduit]]\nfrom = {}\nto = {}\nreason = \"To be written: why this is needed\"\nallow = [\n",
                    quote(from.as_str()),
                    quote(to.as_str())
                ));
                for (allowance, evidence) in &allowances {
                    new_conduits.push_str(&format!("{}, # {evidence}\n", quote(&allowance.to_string())));
                }
                new_conduits.push_str("]\n");
            }
        }
    }
    let mut paths: Vec<String> = files.iter().map(|file| file.path().to_owned()).collect();
    if !new_conduits.is_empty() {
        let home = home(files).unwrap_or_else(|| {
            paths.push(FILE.to_owned());
            texts.push(String::new());
            texts.len() - 1
        });
        if let Some(text) = texts.get_mut(home) {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&new_conduits);
        }
    }
    let amended = paths.into_iter().zip(texts).enumerate().map(|(at, (path, text))| {
        let before = files.get(at).map_or("", SourceFile::text);
        let was_canonical = format(before).is_some_and(|tidy| tidy == before);
        let text = if was_canonical && text != before { format(&text).unwrap_or(text) } else { text };
        SourceFile::new(path, text)
    });
    amended.collect()
}

/// For each pair of zones what is to be allowed between them, each with why.
type Between<'a> = BTreeMap<(&'a ZoneId, &'a ZoneId), Vec<(Allowance, String)>>;

/// The longest comment, in bytes.
const EVIDENCE_MAX: usize = 200;

/// What is to be added between each pair of zones, once.
fn gather(additions: &[Addition]) -> Between<'_> {
    let mut gathered = Between::new();
    for addition in additions {
        let Ok(allowance) = parse_allowance(&addition.allow) else { continue };
        let list = gathered.entry((&addition.from, &addition.to)).or_default();
        let evidence = plain(&addition.evidence, EVIDENCE_MAX);
        let known = list.iter_mut().find(|(known, _)| match (known, &allowance) {
            (
                Allowance::Requests { protocol: a, target: x, .. },
                Allowance::Requests { protocol: b, target: y, .. },
            ) => a == b && x == y,
            (known, allowance) => known == allowance,
        });
        match known {
            Some((Allowance::Requests { verbs, .. }, _)) => {
                if let Allowance::Requests { verbs: more, .. } = allowance {
                    *verbs = verbs.union(more);
                }
            }
            Some(_) => {}
            None => list.push((allowance, evidence)),
        }
    }
    gathered
}

/// Puts entries of a list behind its last one. What stands there already, a comma or a comment, stays with it.
fn insert_behind(text: &mut String, at: usize, entries: &str) {
    let rest = text.get(at..).unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default();
    let comma = line
        .find(|c: char| !c.is_whitespace())
        .filter(|place| line.get(*place..).is_some_and(|r| r.starts_with(',')));
    let after_comma = comma.map_or(0, |place| place + 1);
    let comment = line.get(after_comma..).and_then(|rest| {
        let place = rest.find(|c: char| !c.is_whitespace())?;
        rest.get(place..)?.starts_with('#').then_some(line.len())
    });
    if comma.is_none() {
        text.insert(at, ',');
    }
    let moved = usize::from(comma.is_none());
    text.insert_str(at + moved + comment.unwrap_or(after_comma), entries);
}

/// The file in which conduits are declared: the last that has one.
fn home(files: &[SourceFile]) -> Option<usize> {
    let has = |file: &SourceFile| {
        let (document, errors) = DeTable::parse_recoverable(file.text());
        file.is_toml()
            && errors.is_empty()
            && document.get_ref().iter().any(|(key, _)| key.get_ref() == "conduit")
    };
    files.iter().rposition(has).or_else(|| files.iter().position(|file| file.path() == FILE))
}

/// Where the first conduit of each way has its list.
fn places(files: &[SourceFile], texts: &[String]) -> BTreeMap<(String, String), Place> {
    let mut places = BTreeMap::new();
    for (number, (file, text)) in files.iter().zip(texts).enumerate() {
        let (document, errors) = DeTable::parse_recoverable(text);
        if !file.is_toml() || !errors.is_empty() {
            continue;
        }
        let conduits = document.get_ref().iter().filter(|(key, _)| key.get_ref() == "conduit");
        let conduits =
            conduits.filter_map(|(_, list)| list.get_ref().as_array()).flat_map(|list| list.iter());
        for table in conduits.filter_map(|conduit| conduit.get_ref().as_table()) {
            let value =
                |name: &str| table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value);
            let text = |name: &str| Some(value(name)?.get_ref().as_str()?.to_owned());
            let Some(((from, to), list)) = text("from").zip(text("to")).zip(value("allow")) else { continue };
            let Some(entries) = list.get_ref().as_array() else { continue };
            let entry = entries.iter().next_back().map(Spanned::span).ok_or_else(|| list.span());
            places.entry((from, to)).or_insert(Place { file: number, entry });
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    const CITY: &str = "[city]\nname = \"Wexcombe\"\ntime-zone = \"Europe/London\"\n\n[[zone]]\nid = \"a\"\nname = \"A\"\n\
                        networks = [\"192.0.2.0/28\"]\nsecurity-level = 1\n\n[[zone]]\nid = \"b\"\nname = \"B\"\n\
                        networks = [\"192.0.2.16/28\"]\nsecurity-level = 1\n";

    fn addition(from: &str, to: &str, allow: &str) -> Addition {
        let id = |id: &str| id.parse().unwrap();
        Addition { from: id(from), to: id(to), allow: allow.into(), evidence: "seen twice".into() }
    }

    /// The conduits after additions, which make a plan that holds, in canonical form.
    fn amended(conduits: &str, additions: &[Addition]) -> String {
        let files = [SourceFile::new("city.toml", CITY), SourceFile::new("conduits.toml", conduits)];
        let amended = amend(&files, additions);
        assert_eq!(amended[0].text(), CITY);
        let checked = crate::check(&amended);
        assert!(checked.plan.is_some(), "{:?}\n{}", checked.diagnostics, amended[1].text());
        assert_eq!(format(amended[1].text()).as_deref(), Some(amended[1].text()));
        amended[1].text().to_owned()
    }

    #[test]
    fn an_allowance_goes_into_the_conduit_that_leads_the_same_way() {
        for (list, expected) in [
            ("[\"dns: any\"]", "[\n    \"dns: any\",\n    \"ntp: read\", # seen twice\n]"),
            (
                "[\n    \"dns: any\", # names\n]",
                "[\n    \"dns: any\", # names\n    \"ntp: read\", # seen twice\n]",
            ),
            (
                "[\n    \"dns: any\",\n    # last\n]",
                "[\n    \"dns: any\",\n    \"ntp: read\", # seen twice\n    # last\n]",
            ),
        ] {
            let conduits = |list: &str| {
                format!("# Why.\n[[conduit]]\nfrom = \"a\"\nto = \"b\"\nreason = \"Work\"\nallow = {list}\n")
            };
            assert_eq!(amended(&conduits(list), &[addition("a", "b", "ntp: read")]), conduits(expected));
        }
    }

    #[test]
    fn a_new_conduit_waits_for_its_reason() {
        let additions = [
            addition("b", "a", "modbus: write"),
            addition("b", "a", "tcp/22"),
            addition("b", "a", "modbus: read"),
        ];
        assert_eq!(
            amended("# Nothing yet.\n", &additions),
            "# Nothing yet.\n\n[[conduit]]\nfrom = \"b\"\nto = \"a\"\nreason = \"To be written: why this is needed\"\n\
             allow = [\n    \"modbus: read, write\", # seen twice\n    \"tcp/22\", # seen twice\n]\n"
        );
    }

    #[test]
    fn nothing_to_add_changes_nothing_and_what_cannot_be_said_is_left_out() {
        let conduits = "# Not canonical.\n\n\n";
        let files = [SourceFile::new("conduits.toml", conduits)];
        assert_eq!(amend(&files, &[])[0].text(), conduits);
        assert_eq!(amend(&files, &[addition("a", "b", "smoke signals")])[0].text(), conduits);
    }
}
