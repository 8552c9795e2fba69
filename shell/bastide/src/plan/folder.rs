//! A plan's folder, read.

use ::plan::{Plan, Severity, SourceFile};
use anyhow::{Context, bail};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The greatest file that is read: a hundred times the largest inventory that was thought of.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// The most files that are read, against a folder that is not a plan's.
const FILES_MAX: usize = 10_000;

/// The deepest folder in a folder; links may lead in circles.
const DEPTH_MAX: usize = 16;

/// Reads every `*.toml` and `*.csv` of a folder and of those in it, in the order of their paths; and every `*.md`, if the
/// plan speaks of procedures. Names that begin with a dot are passed over.
///
/// # Errors
///
/// The folder or a file could not be read, or there is far more in it than a plan.
pub(crate) fn read_folder(folder: &Path) -> anyhow::Result<Vec<SourceFile>> {
    let mut found = Vec::new();
    collect(folder, "", 0, &mut found)?;
    found.sort();
    let mut files = Vec::with_capacity(found.len());
    for (name, path) in found {
        let could_not = || format!("cannot read {}", path.display());
        let size = fs::metadata(&path).with_context(could_not)?.len();
        if size > FILE_BYTES_MAX {
            bail!(
                "{} is {} MB, and a plan's file may have {}",
                path.display(),
                size >> 20,
                FILE_BYTES_MAX >> 20
            );
        }
        files.push(SourceFile::from_bytes(name, fs::read(&path).with_context(could_not)?));
    }
    // Notes beside a plan without procedures are no part of it, and are not sealed with it.
    if !files.iter().any(|file| ending(file.path()) == "toml" && file.text().contains("procedure")) {
        files.retain(|file| ending(file.path()) != "md");
    }
    Ok(files)
}

/// Reads the plan in a folder.
///
/// # Errors
///
/// The folder could not be read, or there is no plan in it.
pub(crate) fn read_plan(folder: &Path) -> anyhow::Result<Plan> {
    let checked = ::plan::check(&read_folder(folder)?);
    let errors = checked.count(Severity::Error);
    let Some(plan) = checked.plan else {
        let folder = folder.display();
        let errors = if errors == 1 { "an error".to_owned() } else { format!("{errors} errors") };
        bail!("the plan in {folder} has {errors}; `bastide plan check {folder}` shows what and where");
    };
    Ok(plan)
}

/// Gathers the files, by their path within the plan's folder.
fn collect(
    folder: &Path,
    within: &str,
    depth: usize,
    found: &mut Vec<(String, PathBuf)>,
) -> anyhow::Result<()> {
    if depth > DEPTH_MAX {
        bail!("{} lies deeper than a plan's folder goes; does a link lead in a circle?", folder.display());
    }
    let could_not = || format!("cannot read the folder {}", folder.display());
    for entry in fs::read_dir(folder).with_context(could_not)? {
        let entry = entry.with_context(could_not)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        // A link is what it leads to; one that leads nowhere is nothing of the plan's.
        let Ok(kind) = fs::metadata(&path) else { continue };
        if kind.is_dir() {
            collect(&path, &format!("{within}{name}/"), depth + 1, found)?;
        } else if kind.is_file() && is_of_a_plan(&name) {
            if found.len() == FILES_MAX {
                bail!("more than {FILES_MAX} files: is {} a plan's folder?", folder.display());
            }
            found.push((format!("{within}{name}"), path));
        }
    }
    Ok(())
}

fn is_of_a_plan(name: &str) -> bool {
    matches!(ending(name).as_str(), "toml" | "csv" | "md")
}

/// What a name ends with, in lower case.
fn ending(name: &str) -> String {
    name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_in_the_order_of_its_paths() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("north/.git")).unwrap();
        for name in
            ["zones.toml", "city.TOML", "north/assets.csv", "north/.git/x.toml", ".hidden.toml", "notes.md"]
        {
            fs::write(folder.path().join(name), "# é").unwrap();
        }
        let files = read_folder(folder.path()).unwrap();
        let paths: Vec<_> = files.iter().map(SourceFile::path).collect();
        assert_eq!(paths, ["city.TOML", "north/assets.csv", "zones.toml"]);
        fs::write(folder.path().join("zones.toml"), "[[procedure]]").unwrap();
        let files = read_folder(folder.path()).unwrap();
        let paths: Vec<_> = files.iter().map(SourceFile::path).collect();
        assert_eq!(paths, ["city.TOML", "north/assets.csv", "notes.md", "zones.toml"]);
        assert!(read_folder(&folder.path().join("nowhere")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_circle_of_links_ends() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        assert!(read_folder(folder.path()).is_err());
    }
}
