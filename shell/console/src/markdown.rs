//! The Markdown of procedures as markup: paragraphs, lists, code, and stress within a line. Everything else is shown as
//! it was typed, and nothing of it becomes a link or an element of its own: a procedure is text that somebody wrote, and
//! is read on paper. Of a link the text is shown, and its address where that is not another file of the plan.

use std::fmt;

/// Markdown as markup, escaped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Markdown(String);

impl fmt::Display for Markdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Markdown {}

/// What the lines read last belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    None,
    Paragraph,
    List,
    Numbers,
    Code,
}

impl Block {
    fn end(self) -> &'static str {
        match self {
            Block::None => "",
            Block::Paragraph => "</p>\n",
            Block::List => "</li></ul>\n",
            Block::Numbers => "</li></ol>\n",
            Block::Code => "</code></pre>\n",
        }
    }
}

/// Text of several paragraphs.
pub(crate) fn blocks(text: &str) -> Markdown {
    let mut out = String::with_capacity(text.len() + 64);
    let mut block = Block::None;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            let begins = block != Block::Code;
            out.push_str(block.end());
            block = if begins { Block::Code } else { Block::None };
            out.push_str(if begins { "<pre><code>" } else { "" });
            continue;
        }
        if block == Block::Code {
            escape(&mut out, line);
            out.push('\n');
            continue;
        }
        let words = line.trim();
        let item = words.strip_prefix("- ").or_else(|| words.strip_prefix("* "));
        match (words, item.map(|item| (Block::List, item)).or_else(|| numbered(words))) {
            ("", _) => {
                out.push_str(block.end());
                block = Block::None;
            }
            (_, Some((kind, item))) => {
                if block == kind {
                    out.push_str("</li>\n<li>");
                } else {
                    out.push_str(block.end());
                    out.push_str(if kind == Block::List { "<ul><li>" } else { "<ol><li>" });
                    block = kind;
                }
                inline(&mut out, item);
            }
            (words, None) if words.starts_with('#') => {
                out.push_str(block.end());
                block = Block::None;
                out.push_str("<p><strong>");
                inline(&mut out, words.trim_start_matches('#').trim());
                out.push_str("</strong></p>\n");
            }
            (words, None) => {
                if block == Block::None {
                    out.push_str("<p>");
                    block = Block::Paragraph;
                } else {
                    out.push('\n');
                }
                inline(&mut out, words);
            }
        }
    }
    out.push_str(block.end());
    Markdown(out)
}

/// Text of one line: line breaks are spaces.
pub(crate) fn line(text: &str) -> Markdown {
    let mut out = String::with_capacity(text.len() + 16);
    inline(&mut out, &text.split_whitespace().collect::<Vec<_>>().join(" "));
    Markdown(out)
}

/// What stands behind `1. ` or `1) `, if a line begins so.
fn numbered(words: &str) -> Option<(Block, &str)> {
    let rest = words.trim_start_matches(|c: char| c.is_ascii_digit());
    let item = rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))?;
    (rest.len() < words.len()).then_some((Block::Numbers, item))
}

/// Stress and code within a line. A sign without its partner is shown as it is.
fn inline(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['`', '*', '[']) {
        let (before, from) = rest.split_at(at);
        escape(out, before);
        if let Some((text, address, after)) = link(from) {
            inline(out, text);
            if address.contains("://") {
                escape(out, &format!(" ({address})"));
            }
            rest = after;
            continue;
        }
        let signs = [("`", "code"), ("**", "strong"), ("*", "em")];
        let found = signs.into_iter().find_map(|(sign, name)| {
            let (inside, after) = from.strip_prefix(sign)?.split_once(sign)?;
            (!inside.is_empty() && inside.trim().len() == inside.len()).then_some((name, inside, after))
        });
        match found {
            Some((name, inside, after)) => {
                out.push_str(&format!("<{name}>"));
                if name == "code" {
                    escape(out, inside)
                } else {
                    inline(out, inside)
                }
                out.push_str(&format!("</{name}>"));
                rest = after;
            }
            None => {
                let length = from.chars().next().map_or(0, char::len_utf8);
                let (sign, after) = from.split_at(length);
                escape(out, sign);
                rest = after;
            }
        }
    }
    escape(out, rest);
}

/// The text and the address of a link, if one begins here, and what follows it.
fn link(from: &str) -> Option<(&str, &str, &str)> {
    let (text, rest) = from.strip_prefix('[')?.split_once("](")?;
    let (address, after) = rest.split_once(')')?;
    let plain = !text.is_empty() && !text.contains('[') && !address.contains(char::is_whitespace);
    plain.then_some((text, address, after))
}

fn escape(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_becomes_markup() {
        for (text, markup) in [
            ("Ring the *desk*\nand **wait**.", "<p>Ring the <em>desk</em>\nand <strong>wait</strong>.</p>\n"),
            (
                "Do:\n\n- one `a<b`\n- two\n  more\n\nEnd",
                "<p>Do:</p>\n<ul><li>one <code>a&lt;b</code></li>\n<li>two\nmore</li></ul>\n<p>End</p>\n",
            ),
            ("1. first\n2) second", "<ol><li>first</li>\n<li>second</li></ol>\n"),
            ("```sh\nrm *.x\n```", "<pre><code>rm *.x\n</code></pre>\n"),
            ("```\nnever ends", "<pre><code>never ends\n</code></pre>\n"),
            ("# Before\nx", "<p><strong>Before</strong></p>\n<p>x</p>\n"),
            ("2 * 3 ** 4 ` é", "<p>2 * 3 ** 4 ` é</p>\n"),
            (
                "<script>[x](https://a.example) [*y*](y.md) [z] (a) [",
                "<p>&lt;script&gt;x (https://a.example) <em>y</em> [z] (a) [</p>\n",
            ),
            ("", ""),
        ] {
            assert_eq!(blocks(text).to_string(), markup, "{text}");
        }
    }
}
