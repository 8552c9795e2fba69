//! What a plan shall no longer allow, taken out of its text: what else was written stays as it is written, comments
//! included.

use crate::{allowance::parse_allowance, draft::quote, format::format, source::SourceFile};
use city::{Allowance, Narrowing, VerbSet};
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// The files of a plan without what is to go: verbs leave their allowances, an allowance without verbs leaves its
/// conduit, and a conduit without allowances goes. Files that were in canonical form stay in it; files that are not TOML, and
/// allowances that are not in the language, stay as they are.
#[must_use]
pub fn narrow(files: &[SourceFile], removals: &[Narrowing]) -> Vec<SourceFile> {
    files.iter().map(|file| narrowed(file, removals)).collect()
}

fn narrowed(file: &SourceFile, removals: &[Narrowing]) -> SourceFile {
    let before = file.text();
    let (document, errors) = DeTable::parse_recoverable(before);
    let unchanged = || SourceFile::new(file.path(), before);
    if !file.is_toml() || !errors.is_empty() {
        return unchanged();
    }
    let conduits = document.get_ref().iter().filter(|(key, _)| key.get_ref() == "conduit");
    let conduits = conduits.filter_map(|(_, list)| list.get_ref().as_array()).flat_map(|list| list.iter());
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for conduit in conduits {
        if let Some(table) = conduit.get_ref().as_table() {
            edits.extend(edits_of(before, conduit.span().start, table, removals));
        }
    }
    if edits.is_empty() {
        return unchanged();
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut text = before.to_owned();
    for (range, with) in edits.iter().rev() {
        if text.get(range.clone()).is_some() {
            text.replace_range(range.clone(), with);
        }
    }
    let was_canonical = format(before).is_some_and(|tidy| tidy == before);
    let text = if was_canonical { format(&text).unwrap_or(text) } else { text };
    SourceFile::new(file.path(), text)
}

/// What changes in one conduit.
fn edits_of(
    text: &str,
    header: usize,
    table: &DeTable<'_>,
    removals: &[Narrowing],
) -> Vec<(Range<usize>, String)> {
    let value = |name: &str| table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value);
    let end = |name: &str| value(name)?.get_ref().as_str();
    let (Some(from), Some(to)) = (end("from"), end("to")) else { return Vec::new() };
    let mut here =
        removals.iter().filter(|removal| removal.from.as_str() == from && removal.to.as_str() == to);
    let Some(entries) = value("allow").and_then(|list| list.get_ref().as_array()) else { return Vec::new() };
    let removals: Vec<&Narrowing> = here.by_ref().collect();
    let changed: Vec<(Range<usize>, Option<Allowance>)> = entries
        .iter()
        .filter_map(|entry| Some((entry.span(), left_of(entry.get_ref(), &removals)?)))
        .collect();
    if !changed.is_empty() && changed.len() == entries.len() && changed.iter().all(|(_, left)| left.is_none())
    {
        let last = table.iter().map(|(_, value)| value.span().end).max().unwrap_or(header);
        return vec![(line_start(text, header)..line_end(text, last), String::new())];
    }
    let edit = |(span, left): (Range<usize>, Option<Allowance>)| match left {
        Some(left) => (span, quote(&left.to_string())),
        None => (whole_entry(text, span), String::new()),
    };
    changed.into_iter().map(edit).collect()
}

/// What is left of an allowance: nothing if all of it goes, and none at all if it is not concerned.
#[expect(clippy::option_option, reason = "not concerned, or concerned with nothing left")]
fn left_of(entry: &DeValue<'_>, removals: &[&Narrowing]) -> Option<Option<Allowance>> {
    let allowance = parse_allowance(entry.as_str()?).ok()?;
    let Allowance::Requests { protocol, verbs, target, on } = allowance else { return None };
    let gone = removals.iter().filter(|removal| removal.protocol == protocol);
    let gone = gone.fold(VerbSet::EMPTY, |gone, removal| gone.union(removal.verbs));
    // `any` is every verb that the protocol has.
    let had: VerbSet = verbs.iter().filter(|verb| protocol.verbs().contains(*verb)).collect();
    let left: VerbSet = had.iter().filter(|verb| !gone.contains(*verb)).collect();
    (left != had)
        .then(|| (!left.is_empty()).then_some(Allowance::Requests { protocol, verbs: left, target, on }))
}

/// An entry of a list with the comma behind it, and its line if nothing else stands there. A comment behind it was about
/// it, and goes too.
fn whole_entry(text: &str, span: Range<usize>) -> Range<usize> {
    let after = |at: usize| text.get(at..).unwrap_or_default();
    let blank = |at: usize| after(at).len() - after(at).trim_start_matches([' ', '\t']).len();
    let mut end = span.end;
    let comma = end + blank(end);
    if after(comma).starts_with(',') {
        end = comma + 1;
    }
    let rest = end + blank(end);
    let alone =
        text.get(line_start(text, span.start)..span.start).is_some_and(|before| before.trim().is_empty());
    if alone && (after(rest).starts_with(['#', '\n', '\r']) || after(rest).is_empty()) {
        line_start(text, span.start)..line_end(text, end)
    } else {
        span.start..rest
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|after| after.find('\n')).map_or(text.len(), |newline| at + newline + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use city::{Protocol, Verb};

    fn narrowed(conduits: &str, protocol: Protocol, verbs: &[Verb]) -> String {
        let removal = Narrowing {
            from: "a".parse().unwrap(),
            to: "b".parse().unwrap(),
            protocol,
            verbs: VerbSet::of(verbs),
        };
        let files = [SourceFile::new("conduits.toml", conduits), SourceFile::new("notes.md", conduits)];
        let narrowed = narrow(&files, &[removal]);
        assert_eq!(narrowed[1].text(), conduits);
        narrowed[0].text().to_owned()
    }

    fn conduit(list: &str) -> String {
        format!("# Why.\n[[conduit]]\nfrom = \"a\"\nto = \"b\"\nreason = \"Work\"\nallow = {list}\n")
    }

    #[test]
    fn verbs_are_taken_out_and_the_rest_stays_as_it_is_written() {
        for (list, left) in [
            ("[\"modbus: read, write\", \"tcp/22\"]", "[\"modbus: read\", \"tcp/22\"]"),
            ("[\"modbus: write\", \"tcp/22\"]", "[\"tcp/22\"]"),
            ("[\"tcp/22\", \"modbus: write unit 3 on tcp/1502\"]", "[\"tcp/22\"]"),
            (
                "[\n    \"dns: any\", # names\n    \"modbus: write\", # for the pumps\n    \"tcp/22\",\n]",
                "[\n    \"dns: any\", # names\n    \"tcp/22\",\n]",
            ),
            (
                "[\n    \"modbus: any unit 3\", # all of it\n]",
                "[\n    \"modbus: configure, discover, operate, program, read, restart unit 3\", # all of it\n]",
            ),
        ] {
            let left = conduit(left);
            let got = narrowed(&conduit(list), Protocol::Modbus, &[Verb::Write]);
            let words = |text: &str| text.split_whitespace().collect::<String>().replace(",]", "]");
            if list.contains("any unit") {
                assert!(
                    got.contains("unit 3") && !got.contains("write") && got.contains("# all of it"),
                    "{got}"
                );
            } else {
                assert_eq!(words(&got), words(&left));
            }
        }
    }

    #[test]
    fn a_conduit_that_allows_nothing_more_goes() {
        let others = format!(
            "{}\n# Other.\n[[conduit]]\nfrom = \"b\"\nto = \"a\"\nreason = \"Work\"\nallow = [\"modbus: write\"]\n",
            conduit("[\"modbus: write\", \"modbus: write unit 4\"]")
        );
        let got = narrowed(&others, Protocol::Modbus, &[Verb::Write]);
        assert_eq!(got.matches("[[conduit]]").count(), 1);
        assert!(got.contains("from = \"b\"") && !got.contains("from = \"a\""), "{got}");
        let other = narrowed(&others, Protocol::Dnp3, &[Verb::Write]);
        assert_eq!(other, others);
    }
}
