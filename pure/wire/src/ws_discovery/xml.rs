//! The text of elements, found without reading the rest of a document.

/// The text of each element of a name, whatever its prefix, as far as it has no elements within.
pub(super) fn texts<'a>(document: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let mut rest = document;
    std::iter::from_fn(move || {
        loop {
            let (_, behind) = rest.split_once('<')?;
            let (tag, behind) = behind.split_once('>')?;
            rest = behind;
            let is_wanted = !tag.starts_with('/') && !tag.ends_with('/') && local_name(tag) == name;
            if is_wanted {
                let text = behind.split('<').next().unwrap_or_default();
                return Some(text.trim());
            }
        }
    })
}

/// The name in a tag without its prefix and its attributes.
fn local_name(tag: &str) -> &str {
    let name = tag.split(|character: char| character.is_ascii_whitespace()).next().unwrap_or_default();
    name.rsplit_once(':').map_or(name, |(_, name)| name)
}

/// Text of a scope with its `%NN` read (RFC 3986 clause 2.1).
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = behind.get(if byte.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_whatever_their_prefix() {
        let document = "<?xml version=\"1.0\"?><a:E><d:Types x=\"1\">one two</d:Types><Types/><Types>\n three</Types><Typ";
        assert_eq!(texts(document, "Types").collect::<Vec<_>>(), ["one two", "three"]);
        assert_eq!(decoded("North%20Gate%2"), "North Gate%2");
    }
}
