//! `cargo xtask tidy`: the rules of the house that a compiler cannot know.

mod arrows;
mod names;
mod sizes;
mod texts;

use crate::{house, pages};
use anyhow::Result;
use std::fs;

pub(crate) fn run() -> Result<bool> {
    let problems = problems()?;
    for problem in &problems {
        println!("{problem}");
    }
    println!("{}", if problems.is_empty() { "tidy" } else { "not tidy" });
    Ok(problems.is_empty())
}

/// What is not as it should be, a line each, in words that say what to do.
pub(crate) fn problems() -> Result<Vec<String>> {
    let mut problems = arrows::problems(&house::metadata()?);
    let root = house::root();
    let mut sizes = sizes::Sizes::default();
    for path in house::files()? {
        problems.extend(names::of_path(&path));
        let bytes = fs::read(root.join(&path))?;
        problems.extend(sizes.see(&path, bytes.len() as u64));
        // What is not UTF-8 is a capture or a picture.
        if let Ok(text) = String::from_utf8(bytes) {
            problems.extend(texts::problems(&path, &text));
            if path.ends_with(".rs") {
                problems.extend(names::of_types(&path, &text));
                problems.extend(sizes::of_source(&path, &text));
            }
        }
    }
    problems.extend(sizes.together());
    problems.extend(pages::problems()?);
    Ok(problems)
}
