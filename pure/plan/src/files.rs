//! The files that a plan's text names: spreadsheets and written procedures.

use crate::{
    csv,
    diagnostic::{Code, Flaw, Flaws},
    procedure::{Written, read_procedure},
    source::{At, Damage, SourceFile, Span},
    suggest::Suggestions,
    tree::{Reading, Tree},
};
use city::Text;
use std::collections::BTreeMap;

/// The files of one kind, by their paths, and those that were named.
struct Shelf<'a> {
    files: &'a [SourceFile],
    by_path: BTreeMap<&'a str, (u32, &'a SourceFile)>,
    named: BTreeMap<&'a str, Span>,
    /// What such a file is, with its article: "an inventory".
    what: &'static str,
    ending: &'static str,
}

/// Why there is no file to be read.
#[derive(PartialEq, Eq)]
enum Lost {
    /// It is not there, so that what it declares is not known.
    Missing,
    /// It is read already, or must not be named.
    Refused,
}

impl<'a> Shelf<'a> {
    fn new(
        files: &'a [SourceFile],
        belongs: fn(&SourceFile) -> bool,
        what: &'static str,
        ending: &'static str,
    ) -> Shelf<'a> {
        let numbered = (0..).zip(files).filter(|(_, file)| belongs(file));
        let by_path = numbered.map(|(n, file)| (file.path(), (n, file))).collect();
        Shelf { files, by_path, named: BTreeMap::new(), what, ending }
    }

    /// The file that is named beside another.
    fn take(
        &mut self,
        name: &At<Text>,
        flaws: &mut Flaws,
        suggestions: &mut Suggestions,
    ) -> Result<(u32, &'a SourceFile), Lost> {
        let beside = self.files.get(name.span.file as usize).map_or("", SourceFile::path);
        let Some(path) = path_beside(beside, &name.value) else {
            let why = format!("{} must lie in the plan's own folder", self.what);
            let flaw = Flaw::error(Code::MissingFile, name.span, why);
            flaws.push(flaw.help("move it there, so that the plan is whole"));
            return Err(Lost::Refused);
        };
        if let Some(first) = self.named.get(path.as_str()) {
            let flaw = Flaw::error(Code::DuplicateEntry, name.span, format!("`{path}` is named twice"));
            flaws.push(flaw.related(*first, "here is the first"));
            return Err(Lost::Refused);
        }
        let Some((key, (number, file))) = self.by_path.get_key_value(path.as_str()) else {
            let help = suggestions.did_you_mean(&path, self.by_path.keys().copied());
            let why = format!("there is no file `{path}` in the plan's folder");
            let flaw = Flaw::error(Code::MissingFile, name.span, why);
            let flaw =
                flaw.help(format!("the name is relative to this file, and ends with `{}`", self.ending));
            flaws.push(flaw.maybe_help(help));
            return Err(Lost::Missing);
        };
        self.named.insert(key, name.span);
        Ok((*number, file))
    }
}

/// Tells of bytes that are not text. Returns whether all of it is.
pub(crate) fn check_encoding(file: &SourceFile, number: u32, flaws: &mut Flaws) -> bool {
    let flaw = match file.damage() {
        None => return true,
        Some(Damage::Utf16) => Flaw::error(Code::Encoding, Span::new(number, 0..0), "this file is UTF-16"),
        Some(Damage::NotUtf8 { at }) => {
            let end = at + '\u{fffd}'.len_utf8();
            Flaw::error(Code::Encoding, Span::new(number, at..end), "this file is not UTF-8 from here on")
        }
    };
    flaws.push(flaw.help("save it as UTF-8; spreadsheets call it `CSV UTF-8`"));
    false
}

/// Reads the spreadsheets that the plan names.
pub(crate) fn read_inventories(
    files: &[SourceFile],
    tree: &mut Tree,
    flaws: &mut Flaws,
    suggestions: &mut Suggestions,
) {
    let is_sheet = |file: &SourceFile| !file.is_toml() && !file.is_markdown();
    let mut sheets = Shelf::new(files, is_sheet, "an inventory", ".csv");
    let mut assets = std::mem::take(&mut tree.assets);
    for inventory in &tree.inventories {
        let Some(name) = inventory.file.get() else { continue };
        match sheets.take(name, flaws, suggestions) {
            Ok((number, source)) => {
                let whole = check_encoding(source, number, flaws);
                let mut reading = Reading { file: number, text: source.text(), flaws, suggestions };
                let sound = csv::read_inventory(&mut assets, &mut reading);
                tree.broken |= !whole || !sound;
            }
            Err(lost) => tree.broken |= lost == Lost::Missing,
        }
    }
    tree.assets = assets;
    if tree.broken {
        return;
    }
    for (path, (number, _)) in sheets.by_path.iter().filter(|(path, _)| !sheets.named.contains_key(**path)) {
        let name = path.rsplit('/').next().unwrap_or_default();
        let flaw =
            Flaw::warning(Code::Unused, Span::new(*number, 0..0), "no inventory names this spreadsheet");
        let help = format!("write `[[inventory]]` and `file = \"{name}\"` in a `.toml` file beside it");
        flaws.push(flaw.help(help));
    }
}

/// Reads the procedures that the plan names. Other Markdown files, such as notes, are nobody's business.
pub(crate) fn read_procedures(
    files: &[SourceFile],
    tree: &mut Tree,
    flaws: &mut Flaws,
    suggestions: &mut Suggestions,
) {
    let mut shelf = Shelf::new(files, SourceFile::is_markdown, "a procedure", ".md");
    for procedure in &tree.procedures {
        let found = procedure.file.get().map(|name| shelf.take(name, flaws, suggestions));
        let written = match found {
            Some(Ok((number, source))) if check_encoding(source, number, flaws) => {
                let text = source.text();
                let written = read_procedure(&mut Reading { file: number, text, flaws, suggestions });
                Written { file: source.path().to_owned(), ..written }
            }
            _ => Written::default(),
        };
        tree.texts.push(written);
    }
}

/// The path of a file that another names, if it stays in the folder.
pub(crate) fn path_beside(beside: &str, name: &str) -> Option<String> {
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
