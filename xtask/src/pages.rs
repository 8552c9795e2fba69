//! `cargo xtask docs`: a page for each protocol, made of what its module says of itself.
//!
//! What is read, what is not and from which standard stands once, at the top of the protocol's `mod.rs`; the page, and
//! the line in the index, are made from it and from the table of protocols. `cargo xtask tidy` says when a page is old.

use crate::house;
use anyhow::{Context, Result};
use std::{collections::BTreeMap, fmt::Write as _, fs};

/// Where the pages stand.
const FOLDER: &str = "docs/protocols";
const TABLE: &str = "pure/city/src/protocol.rs";
const MODULES: &str = "pure/wire/src";

pub(crate) fn run() -> Result<bool> {
    let root = house::root();
    let pages = pages()?;
    fs::create_dir_all(root.join(FOLDER))?;
    for entry in fs::read_dir(root.join(FOLDER))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !pages.contains_key(&name) {
            fs::remove_file(path)?;
        }
    }
    for (name, text) in &pages {
        fs::write(root.join(FOLDER).join(name), text)?;
    }
    println!("{} pages in {FOLDER}", pages.len());
    Ok(true)
}

/// The pages that are not what they would be if they were made now.
pub(crate) fn problems() -> Result<Vec<String>> {
    let root = house::root();
    let pages = pages()?;
    let stale = |(name, text): &(&String, &String)| {
        fs::read_to_string(root.join(FOLDER).join(name)).ok().as_ref() != Some(*text)
    };
    let mut problems: Vec<String> = pages
        .iter()
        .filter(stale)
        .map(|(name, _)| format!("{FOLDER}/{name} is not what its module says now; run `cargo xtask docs`"))
        .collect();
    for entry in fs::read_dir(root.join(FOLDER)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !pages.contains_key(&name) {
            problems.push(format!("{FOLDER}/{name} has no module any more; run `cargo xtask docs`"));
        }
    }
    Ok(problems)
}

/// Every page by its file name.
fn pages() -> Result<BTreeMap<String, String>> {
    let root = house::root();
    let table = fs::read_to_string(root.join(TABLE)).context(TABLE)?;
    let mut pages = BTreeMap::new();
    let mut index = String::from(
        "# What Bastide reads\n\nA page for each protocol says what is read of it, what is not, and from which \
         standard. Every protocol is recognised by what is said, on any port; the usual ports are a hint.\n\n\
         | protocol | standard | usual ports | verbs |\n|---|---|---|---|\n",
    );
    for protocol in protocols(&table) {
        let Protocol { name, title, about, ports, verbs } = &protocol;
        let modules = modules_of(name);
        let module = modules.iter().find(|module| root.join(MODULES).join(module).join("mod.rs").is_file());
        let module = module.with_context(|| format!("`{name}` has no folder in {MODULES}"))?;
        let text = fs::read_to_string(root.join(MODULES).join(module).join("mod.rs"))?;
        let said = module_text(&text);
        let ports = if ports.is_empty() { "none".to_owned() } else { ports.join(", ") };
        let verbs = verbs.join(", ").to_lowercase();
        let _ = writeln!(index, "| [{title}]({name}.md) | {about} | {ports} | {verbs} |");
        let page = format!(
            "# {title}\n\n`{name}` in plans and records. {about} Usual ports: {ports}. Verbs: {verbs}.\n\n{said}\n\
             *Made by `cargo xtask docs` from `{MODULES}/{module}/mod.rs`.*\n"
        );
        pages.insert(format!("{name}.md"), page);
    }
    pages.insert("README.md".into(), index);
    Ok(pages)
}

/// The folders that may hold a protocol, the likeliest first: one of its name, or that of the protocol it is a part of
/// (`s7comm` for `s7comm-plus`).
fn modules_of(name: &str) -> Vec<String> {
    if name == "mdns" {
        return vec!["dns".into()];
    }
    let name = name.replace('-', "_");
    std::iter::successors(Some(name.as_str()), |name| Some(name.rsplit_once('_')?.0))
        .map(str::to_owned)
        .collect()
}

/// A line of the table of protocols.
#[derive(Debug, PartialEq, Eq)]
struct Protocol {
    name: String,
    title: String,
    /// The comment above it.
    about: String,
    ports: Vec<String>,
    verbs: Vec<String>,
}

/// Reads `/// About` and `Variant "name" "Title" use [ports] [verbs]`.
fn protocols(table: &str) -> Vec<Protocol> {
    let mut found = Vec::new();
    let mut about = String::new();
    for line in table.lines().skip_while(|line| !line.starts_with("protocols! {")).skip(1) {
        let line = line.trim();
        if line == "}" {
            break;
        }
        if let Some(text) = line.strip_prefix("///") {
            about = [about.as_str(), text.trim()].join(" ").trim().to_owned();
            continue;
        }
        let quoted: Vec<&str> = line.split('"').collect();
        let lists: Vec<Vec<String>> = line
            .split('[')
            .skip(1)
            .map(|list| {
                list.split(']').next().unwrap_or_default().split_whitespace().map(str::to_owned).collect()
            })
            .collect();
        if let ([_, name, _, title, _], [ports, verbs]) = (&quoted[..], &lists[..]) {
            // `Udp 53 Tcp 53` in the source.
            let ports = ports.chunks(2).map(|pair| pair.join("/").to_lowercase()).collect();
            let verbs = verbs.clone();
            let about = std::mem::take(&mut about);
            found.push(Protocol { name: (*name).into(), title: (*title).into(), about, ports, verbs });
        }
    }
    found
}

/// What a module says of itself, with the names of items freed of their links.
fn module_text(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let text: String = lines.flat_map(|line| [line.strip_prefix(' ').unwrap_or(line), "\n"]).collect();
    text.replace("[`", "`").replace("`]", "`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_table_is_read() {
        let table = "protocols! {\n    /// Made up,\n    /// in two lines.\n    Mu \"mu\" \"Mu/IP\" general [Udp 67 Tcp 68] [Read Write]\n}\n";
        let expected = Protocol {
            name: "mu".into(),
            title: "Mu/IP".into(),
            about: "Made up, in two lines.".into(),
            ports: vec!["udp/67".into(), "tcp/68".into()],
            verbs: vec!["Read".into(), "Write".into()],
        };
        assert_eq!(protocols(table), [expected]);
    }

    #[test]
    fn a_part_of_a_protocol_stands_with_the_whole() {
        assert_eq!(modules_of("s7comm-plus"), ["s7comm_plus", "s7comm"]);
        assert_eq!(modules_of("mdns"), ["dns"]);
    }

    #[test]
    fn a_module_speaks_without_links() {
        assert_eq!(
            module_text("//! One [`city::Request`].\n//!\n//! Two.\n\nmod x;\n"),
            "One `city::Request`.\n\nTwo.\n"
        );
    }
}
