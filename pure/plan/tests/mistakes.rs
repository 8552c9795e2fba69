//! Every mistake is told with its place, its reason and its remedy: the cases in `cities/mistakes`.
//!
//! A case is a text file. `-- name --` begins a file of the plan (`-- name crlf bom --` saves it as such editors do);
//! a case without `city.toml` gets one that is right. `-- expected --` begins what check says, as a terminal shows it.
//! `UPDATE=1 cargo test -p plan` writes the expectations anew; read the difference before keeping it.

use plan::{Colours, SourceFile, check};
use std::{fmt::Write, path::Path};

const CITY: &str = "[city]\nname = \"Wexcombe\"\ntime-zone = \"Europe/London\"\n";

struct Case {
    /// What stands before the expectation.
    given: String,
    expected: String,
    files: Vec<SourceFile>,
}

fn parse_case(text: &str) -> Case {
    let (given, expected) = text.split_once("-- expected --\n").unwrap_or((text, ""));
    let mut files: Vec<(&str, String)> = Vec::new();
    for line in given.lines() {
        match line.strip_prefix("-- ").and_then(|line| line.strip_suffix(" --")) {
            Some(header) => files.push((header, String::new())),
            // What stands before the first file says what the case is about.
            None => {
                if let Some((header, text)) = files.last_mut() {
                    text.push_str(line);
                    text.push_str(if header.contains(" crlf") { "\r\n" } else { "\n" });
                }
            }
        }
    }
    let has_city = files.iter().any(|(header, _)| header.starts_with("city.toml"));
    let mut files: Vec<_> = files
        .into_iter()
        .map(|(header, text)| {
            let mut bytes = if header.contains(" bom") { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
            let text = text.replace("<ff>", "\u{1}");
            // A byte that is not UTF-8 cannot stand in the case itself.
            bytes.extend(text.bytes().map(|byte| if byte == 1 { 0xff } else { byte }));
            SourceFile::from_bytes(header.split(' ').next().unwrap_or_default(), bytes)
        })
        .collect();
    if !has_city {
        files.insert(0, SourceFile::new("city.toml", CITY));
    }
    Case { given: given.to_owned(), expected: expected.to_owned(), files }
}

fn say(files: &[SourceFile]) -> String {
    let checked = check(files);
    let mut said = String::new();
    for diagnostic in &checked.diagnostics {
        let _ = writeln!(said, "{}", diagnostic.render(Colours::Off));
    }
    let _ =
        writeln!(said, "{}", if checked.plan.is_some() { "There is a plan." } else { "There is no plan." });
    said
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test reads its cases, and rewrites them when asked to")]
fn cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/mistakes");
    let update = std::env::var("UPDATE").is_ok_and(|value| value == "1");
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut wrong = Vec::new();
    for path in &paths {
        let text = std::fs::read_to_string(path).unwrap();
        let case = parse_case(&text);
        let said = say(&case.files);
        if said != case.expected {
            if update {
                std::fs::write(path, format!("{}-- expected --\n{said}", case.given)).unwrap();
            } else {
                wrong.push(format!("{}\nsaid:\n{said}\nexpected:\n{}", path.display(), case.expected));
            }
        }
    }
    assert!(paths.len() >= 30, "the cases are missing");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
