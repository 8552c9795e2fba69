//! Databases in the form of recog, which its community keeps: fingerprints in XML.
//!
//! A file holds `fingerprint` elements: a `pattern` in Ruby's syntax, perhaps with `flags`, and `param` elements that
//! give an attribute a `value` (`pos="0"`) or what a group of the pattern took out. The first fingerprint that matches
//! holds. `example` elements say what the fingerprint is meant for.

use crate::{
    Kind,
    fingerprint::{Database, Fingerprint, Source},
    pattern::{Pattern, from_ruby},
};
use city::Text;
use roxmltree::{Document, Node, ParsingOptions};

/// Why a text is no database.
#[derive(Debug, thiserror::Error)]
pub enum RecogError {
    /// It is not XML.
    #[error("it is not XML: {0}")]
    NotXml(#[from] roxmltree::Error),
    /// It holds something else.
    #[error("it holds `{0}` and not `fingerprints`")]
    NotFingerprints(String),
}

/// An example: what was said, and what must be known from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What was said, or the name of the file that holds it.
    pub said: String,
    /// Whether what was said is written in base64.
    pub is_base64: bool,
    /// The file that holds it, if it is not written out.
    pub file: Option<String>,
    /// The attributes that the example names.
    pub attributes: Vec<(String, String)>,
    /// The attributes that the fingerprint always gives.
    pub fixed: Vec<(String, String)>,
}

/// Reads a database. `name` stands for its kind if it names none: the name of its file, without `.xml`.
///
/// # Errors
///
/// If it is not XML, or holds no fingerprints.
pub fn read(text: &str, name: &str) -> Result<Database, RecogError> {
    let document = Document::parse_with_options(text, ParsingOptions::default())?;
    let root = checked(&document)?;
    let kind = Kind::named(root.attribute("matches").unwrap_or(name));
    let preference = root.attribute("preference").and_then(|share| share.parse::<f64>().ok()).unwrap_or(0.5);
    let fingerprints = elements(root, "fingerprint").filter_map(|element| fingerprint(element)).collect();
    Ok(Database::new(kind, Source::Recog(name.into()), preference, fingerprints))
}

/// Reads the examples of a database.
///
/// # Errors
///
/// If it is not XML, or holds no fingerprints.
pub fn examples(text: &str) -> Result<Vec<Example>, RecogError> {
    let document = Document::parse_with_options(text, ParsingOptions::default())?;
    let root = checked(&document)?;
    let mut examples = Vec::new();
    for element in elements(root, "fingerprint") {
        let fixed: Vec<_> = elements(element, "param")
            .filter(|param| param.attribute("pos") == Some("0"))
            .filter_map(|param| Some((param.attribute("name")?.to_owned(), param.attribute("value")?.to_owned())))
            .collect();
        for example in elements(element, "example") {
            let named = example.attributes().filter(|attribute| !attribute.name().starts_with('_'));
            examples.push(Example {
                said: example.text().unwrap_or_default().to_owned(),
                is_base64: example.attribute("_encoding") == Some("base64"),
                file: example.attribute("_filename").map(str::to_owned),
                attributes: named.map(|a| (a.name().to_owned(), a.value().to_owned())).collect(),
                fixed: fixed.clone(),
            });
        }
    }
    Ok(examples)
}

fn checked<'d>(document: &'d Document<'_>) -> Result<Node<'d, 'd>, RecogError> {
    let root = document.root_element();
    if root.has_tag_name("fingerprints") {
        Ok(root)
    } else {
        Err(RecogError::NotFingerprints(root.tag_name().name().to_owned()))
    }
}

fn elements<'d>(node: Node<'d, 'd>, name: &'static str) -> impl Iterator<Item = Node<'d, 'd>> {
    node.children().filter(move |child| child.has_tag_name(name))
}

fn fingerprint(element: Node<'_, '_>) -> Option<Fingerprint> {
    let written = from_ruby(element.attribute("pattern")?);
    let flags = element.attribute("flags").unwrap_or_default();
    // Ruby's flag of several lines lets `.` be the end of one; its `^` and `$` are always the bounds of a line.
    let dot = ["REG_DOT_NEWLINE", "REG_MULTILINE"].iter().any(|flag| flags.contains(flag));
    let written = if dot { format!("(?s){written}") } else { written };
    let pattern = if flags.contains("REG_ICASE") { Pattern::of_any_case(&written) } else { Pattern::new(&written) };
    let description = elements(element, "description").next().and_then(|node| node.text()).unwrap_or_default();
    let mut fingerprint = Fingerprint::new(pattern, &words(description));
    for param in elements(element, "param") {
        let Some(name) = param.attribute("name") else { continue };
        match param.attribute("pos").and_then(|pos| pos.parse().ok()) {
            Some(0) => fingerprint.give(name, param.attribute("value").unwrap_or_default()),
            Some(group) => fingerprint.take(name, group),
            None => {}
        }
    }
    Some(fingerprint)
}

/// A text whose words have single spaces between them.
fn words(text: &str) -> Text {
    let mut made = Text::default();
    for word in text.split_whitespace() {
        if !made.is_empty() {
            made.push(' ');
        }
        made.push_str(word);
    }
    made
}
