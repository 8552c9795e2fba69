//! `bastide plan format`.

use super::read_folder;
use crate::failure::{Verdict, warn};
use anyhow::Context;
use std::{
    fs,
    io::{self, Write},
    path::Path,
};

pub(super) fn run(folder: &Path, only_check: bool) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::Good;
    let mut out = io::stdout().lock();
    for file in read_folder(folder)? {
        if !file.path().to_ascii_lowercase().ends_with(".toml") {
            continue;
        }
        let path = folder.join(file.path());
        let Some(tidy) = ::plan::format(file.text()) else {
            warn(format_args!(
                "{} is not TOML and stays as it is; `bastide plan check` says where",
                path.display()
            ));
            verdict = Verdict::Bad;
            continue;
        };
        // Compared with the bytes, for a byte order mark and bytes that are not UTF-8 are not in the text.
        let could_not = || format!("cannot read {}", path.display());
        let bytes = fs::read(&path).with_context(could_not)?;
        if tidy.as_bytes() == bytes {
            continue;
        }
        if std::str::from_utf8(&bytes).is_err() {
            warn(format_args!("{} is not UTF-8 and stays as it is", path.display()));
            verdict = Verdict::Bad;
            continue;
        }
        if only_check {
            writeln!(out, "would change {}", path.display())?;
            verdict = Verdict::Bad;
        } else {
            replace(&path, tidy.as_bytes())?;
            writeln!(out, "changed {}", path.display())?;
        }
    }
    Ok(verdict)
}

/// Writes a file anew in one step: whoever reads meanwhile sees the old or the new text, never half of one.
fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let could_not = || format!("cannot write {}", path.display());
    // What a link leads to is replaced, not the link.
    let path = &fs::canonicalize(path).with_context(could_not)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let permissions = fs::metadata(path).with_context(could_not)?.permissions();
    let written = fs::File::create_new(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::set_permissions(&beside, permissions))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written.with_context(could_not)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_change_once_and_broken_ones_never() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("city.toml");
        fs::write(&path, "\u{feff}[ city ]\r\nname='Wexcombe'").unwrap();
        assert_eq!(run(folder.path(), true).unwrap(), Verdict::Bad);
        assert_eq!(run(folder.path(), false).unwrap(), Verdict::Good);
        assert_eq!(fs::read_to_string(&path).unwrap(), "[city]\nname = 'Wexcombe'\n");
        assert_eq!(run(folder.path(), true).unwrap(), Verdict::Good);
        for broken in [&b"[[zone]"[..], b"name = 'caf\xe9'"] {
            fs::write(&path, broken).unwrap();
            assert_eq!(run(folder.path(), false).unwrap(), Verdict::Bad);
            assert_eq!(fs::read(&path).unwrap(), broken);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
