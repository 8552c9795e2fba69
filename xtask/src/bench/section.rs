//! The sections of the page, each written by a bench of its own and kept by the others.

/// A section as it stands in a page, to be kept when the rest is written anew; empty if there is none.
pub(super) fn section(page: &str, title: &str) -> String {
    let text = page.find(title).and_then(|at| page.get(at..)).unwrap_or_default();
    let end = text.get(title.len()..).and_then(|rest| rest.find("\n## ")).map(|at| at + title.len());
    let text = end.and_then(|end| text.get(..end)).unwrap_or(text).trim_end();
    if text.is_empty() { String::new() } else { format!("\n{text}\n") }
}

/// A page with a section in the place of the one it had, or before the section on hardness.
pub(super) fn put(page: &str, title: &str, text: &str) -> String {
    let old = section(page, title);
    let page = match page.split_once(old.trim()).filter(|_| !old.is_empty()) {
        Some((before, after)) => format!("{}\n\n{}", before.trim_end(), after.trim_start()),
        None => page.to_owned(),
    };
    let at = page.find("## Hardness").unwrap_or(page.len());
    let (before, after) = page.split_at(at);
    format!("{}\n\n{}\n\n{after}", before.trim_end(), text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_replaced_and_the_others_stay() {
        let page = "# Benchmarks\n\ntext\n\n## One\n\nold\n\n## Hardness\n\nhard\n";
        let page = put(page, "## Two", "## Two\n\nnew\n");
        assert_eq!(section(&page, "## Two"), "\n## Two\n\nnew\n");
        let page = put(&page, "## One", "## One\n\nnewer");
        assert_eq!(page, "# Benchmarks\n\ntext\n\n## Two\n\nnew\n\n## One\n\nnewer\n\n## Hardness\n\nhard\n");
        assert_eq!(section(&page, "## Three"), "");
    }
}
