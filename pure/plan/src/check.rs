//! From text to a checked plan: every mistake is found, and a plan is built only if there is none.

use crate::{
    Plan, build, conduits, csv,
    diagnostic::{Code, Diagnostic, Flaw, Flaws, Places, Severity},
    ids::Ids,
    networks,
    reach::check_uses,
    recovery,
    source::{Damage, SourceFile, Span},
    suggest::Suggestions,
    tree::{Reading, Table, Tree},
};
use city::Text;
use std::collections::{BTreeMap, BTreeSet};

/// What checking a plan's text gave.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The plan; `None` if there are errors.
    pub plan: Option<Plan>,
    /// Every flaw, in the order of the files and of their places in them; at most some thousands.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// How many flaws of a severity there are.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }
}

/// Checks the files of a plan's folder: every `*.toml`, and every `*.csv` that an `[[inventory]]` may name, in the order
/// in which their declarations shall stand.
#[must_use]
pub fn check(files: &[SourceFile]) -> Checked {
    let mut flaws = Flaws::default();
    let mut suggestions = Suggestions::default();
    let mut tree = Tree::default();
    for (number, file) in (0..).zip(files) {
        if file.is_toml() {
            check_encoding(file, number, &mut flaws, &mut tree);
            tree.read_toml(&mut Reading {
                file: number,
                text: file.text(),
                flaws: &mut flaws,
                suggestions: &mut suggestions,
            });
        }
    }
    read_inventories(files, &mut tree, &mut flaws, &mut suggestions);
    check_city(&tree, files, &mut flaws);
    let mut ids = Ids::new(&tree, &mut flaws, &mut suggestions);
    ids.check_references(&tree);
    networks::check_networks(&tree, &mut flaws);
    conduits::check_conduits(&tree, &mut flaws);
    recovery::check_services(&tree, &mut flaws);
    check_uses(&tree, &mut flaws);
    let mut places = Places::new(files);
    let place = |span| places.place(span).map(|place| (Text::from(place.file), place.line));
    let plan = if flaws.errors() == 0 { build::build(tree, place) } else { None };
    Checked { plan, diagnostics: flaws.into_diagnostics(files) }
}

fn check_encoding(file: &SourceFile, number: u32, flaws: &mut Flaws, tree: &mut Tree) {
    let flaw = match file.damage() {
        None => return,
        Some(Damage::Utf16) => Flaw::error(Code::Encoding, Span::new(number, 0..0), "this file is UTF-16"),
        Some(Damage::NotUtf8 { at }) => {
            let end = at + '\u{fffd}'.len_utf8();
            Flaw::error(Code::Encoding, Span::new(number, at..end), "this file is not UTF-8 from here on")
        }
    };
    flaws.push(flaw.help("save it as UTF-8; spreadsheets call it `CSV UTF-8`"));
    tree.broken = true;
}

fn check_city(tree: &Tree, files: &[SourceFile], flaws: &mut Flaws) {
    match tree.cities.as_slice() {
        [] if !tree.broken => {
            let why =
                if files.is_empty() { "there is no file of a plan here" } else { "the plan has no `[city]`" };
            let help = "write `[city]` with `name` and `time-zone` in one of its `.toml` files";
            flaws.push(Flaw::of_all(Code::Missing, why).help(help));
        }
        [first, others @ ..] => {
            for other in others {
                let flaw = Flaw::error(Code::DuplicateId, other.header(), "a plan has one `[city]`");
                flaws.push(flaw.related(first.header(), "here is another"));
            }
        }
        [] => {}
    }
}

/// Reads the spreadsheets that the plan names.
fn read_inventories(files: &[SourceFile], tree: &mut Tree, flaws: &mut Flaws, suggestions: &mut Suggestions) {
    let by_path: BTreeMap<&str, (u32, &SourceFile)> = (0..)
        .zip(files)
        .filter(|(_, file)| !file.is_toml())
        .map(|(n, file)| (file.path(), (n, file)))
        .collect();
    let mut named: BTreeMap<String, Span> = BTreeMap::new();
    let mut assets = std::mem::take(&mut tree.assets);
    for inventory in &tree.inventories {
        let Some(file) = inventory.file.get() else { continue };
        let beside = files.get(file.span.file as usize).map_or("", SourceFile::path);
        let Some(path) = path_beside(beside, &file.value) else {
            let flaw =
                Flaw::error(Code::MissingFile, file.span, "an inventory must lie in the plan's own folder");
            flaws.push(flaw.help("move it there, so that the plan is whole"));
            continue;
        };
        if let Some(first) = named.get(&path) {
            let flaw = Flaw::error(Code::DuplicateEntry, file.span, format!("`{path}` is named twice"));
            flaws.push(flaw.related(*first, "here is the first"));
            continue;
        }
        let Some((number, source)) = by_path.get(path.as_str()) else {
            let help = suggestions.did_you_mean(&path, by_path.keys().copied());
            let flaw = Flaw::error(
                Code::MissingFile,
                file.span,
                format!("there is no file `{path}` in the plan's folder"),
            );
            let flaw = flaw.help("the name is relative to this file, and ends with `.csv`");
            flaws.push(flaw.maybe_help(help));
            tree.broken = true;
            continue;
        };
        named.insert(path, file.span);
        let mut broken = Tree::default();
        check_encoding(source, *number, flaws, &mut broken);
        let mut reading = Reading { file: *number, text: source.text(), flaws, suggestions };
        let sound = csv::read_inventory(&mut assets, &mut reading);
        tree.broken |= broken.broken || !sound;
    }
    tree.assets = assets;
    let unread: BTreeSet<_> = by_path.keys().filter(|path| !named.contains_key(**path)).collect();
    if !tree.broken {
        for (number, file) in (0..).zip(files).filter(|(_, file)| unread.contains(&file.path())) {
            let name = file.path().rsplit('/').next().unwrap_or_default();
            let flaw =
                Flaw::warning(Code::Unused, Span::new(number, 0..0), "no inventory names this spreadsheet");
            flaws.push(
                flaw.help(format!(
                    "write `[[inventory]]` and `file = \"{name}\"` in a `.toml` file beside it"
                )),
            );
        }
    }
}

/// The path of a file that another names, if it stays in the folder.
fn path_beside(beside: &str, name: &str) -> Option<String> {
    let folder = beside.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    if name.starts_with('/') || name.contains('\\') || name.contains(':') {
        return None;
    }
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_folder() {
        for (beside, name, path) in [
            ("city.toml", "assets.csv", Some("assets.csv")),
            ("north/zones.toml", "assets.csv", Some("north/assets.csv")),
            ("north/zones.toml", "../assets.csv", Some("assets.csv")),
            ("city.toml", "./a//b.csv", Some("a/b.csv")),
            ("city.toml", "../assets.csv", None),
            ("city.toml", "/etc/passwd", None),
            ("city.toml", "C:\\assets.csv", None),
        ] {
            assert_eq!(path_beside(beside, name).as_deref(), path, "{name}");
        }
    }
}
