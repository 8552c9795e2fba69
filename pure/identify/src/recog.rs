//! Databases in the form of recog, which its community keeps: fingerprints in XML.
//!
//! A file holds `fingerprint` elements: a `pattern` in Ruby's syntax, perhaps with `flags`, and `param` elements that
//! give an attribute a `value` (`pos="0"`) or what a group of the pattern took out. The first fingerprint that matches
//! holds. `example` elements say what the fingerprint is meant for.

use crate::{
    Attributes, Kind,
    fingerprint::{Database, Fingerprint, Source},
    pattern::{Pattern, from_ruby},
};
use base64::Engine;
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

impl Example {
    /// What was said. Bytes that are not text stand for the characters of the same numbers (Latin-1). None if it lies in
    /// a file, or is no base64.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        if self.file.is_some() {
            return None;
        }
        if !self.is_base64 {
            return Some(self.said.clone());
        }
        let packed: String = self.said.split_ascii_whitespace().collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(packed).ok()?;
        Some(as_text(&bytes))
    }

    /// Everything that must be known: what the example names, what the fingerprint always gives, and what it makes of
    /// those.
    #[must_use]
    pub fn expected(&self) -> Attributes {
        let pairs = self.attributes.iter().chain(&self.fixed);
        let mut expected: Attributes = pairs.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        expected.interpolate_known();
        expected
    }

    /// Whether an identification gives every attribute that must be known.
    #[must_use]
    pub fn is_met_by(&self, known: &Attributes) -> bool {
        self.expected().iter().all(|(name, value)| known.get(name) == Some(value))
    }
}

/// Bytes as text, or else as the characters of the same numbers.
#[must_use]
pub fn as_text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes)
        .map_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect(), str::to_owned)
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
    let fingerprints = elements(root, "fingerprint").filter_map(fingerprint).collect();
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
            .filter_map(|param| {
                Some((param.attribute("name")?.to_owned(), param.attribute("value")?.to_owned()))
            })
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
    let pattern =
        if flags.contains("REG_ICASE") { Pattern::of_any_case(&written) } else { Pattern::new(&written) };
    let description =
        elements(element, "description").next().and_then(|node| node.text()).unwrap_or_default();
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

#[cfg(test)]
mod tests {
    use super::*;

    const LAMPS: &str = r#"<?xml version="1.0"?>
        <fingerprints matches="ssh.banner" protocol="ssh" preference="0.9">
          <!-- Invented. -->
          <fingerprint pattern="^LampSSH[_-](\d[\d.]*)(?: \((\w+)\))?$">
            <description>A lamp controller
              of the Example Works</description>
            <example service.version="1.2" os.version="rc7">LampSSH_1.2 (rc7)</example>
            <example _encoding="base64" service.version="2">TGFtcFNTSC0y</example>
            <param pos="0" name="hw.vendor" value="Example Works"/>
            <param pos="0" name="service.cpe23" value="cpe:/a:example:lampssh:{service.version}"/>
            <param pos="1" name="service.version"/>
            <param pos="2" name="os.version"/>
            <param pos="0" name="os.cpe23" value="cpe:/o:example:lampos:{os.version}"/>
          </fingerprint>
          <fingerprint pattern="^lampssh" flags="REG_ICASE"><param pos="0" name="hw.device" value="Lamp"/></fingerprint>
          <fingerprint pattern="a(?=b)"><param pos="0" name="hw.device" value="Lamp"/></fingerprint>
        </fingerprints>"#;

    #[test]
    fn a_database_knows_its_own_examples() {
        let database = read(LAMPS, "lamps").unwrap();
        assert_eq!((database.kind().as_str(), database.len(), database.unusable()), ("ssh", 3, 1));
        let examples = examples(LAMPS).unwrap();
        assert_eq!(examples.len(), 2);
        for example in &examples {
            let known = database.identify(&example.text().unwrap()).unwrap();
            assert!(example.is_met_by(&known.attributes), "{:?}", known.attributes);
            assert_eq!(known.description, "A lamp controller of the Example Works");
        }
        let known = database.identify("LampSSH_1.2").unwrap();
        assert_eq!(known.attributes.get("os.cpe23"), Some("cpe:/o:example:lampos:-"));
        assert_eq!(database.identify("LAMPSSH").unwrap().attributes.get("hw.device"), Some("Lamp"));
        assert_eq!(database.identify("another"), None);
    }

    #[test]
    fn what_is_no_database_is_refused() {
        assert!(matches!(read("<plants/>", "x"), Err(RecogError::NotFingerprints(name)) if name == "plants"));
        assert!(matches!(read("<fingerprints>", "x"), Err(RecogError::NotXml(_))));
        // Entities that grow are refused by the reader of XML.
        let bomb = "<!DOCTYPE f [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>\
                    <!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;'>]><fingerprints>&c;&c;&c;</fingerprints>";
        assert!(read(bomb, "x").is_err());
    }
}
