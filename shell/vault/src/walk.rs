//! Walking through a snapshot. Whatever stands in it may have been written by somebody else.

use rustic_core::{
    IndexedTree, Repository, RusticResult, TreeId,
    repofile::{Node, NodeType},
};
use std::{
    collections::BTreeSet,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    vec,
};

/// The deepest folder, and the most entries, of a snapshot: a few forged trees that hold each other many times would
/// otherwise keep whoever walks through them for ever.
const DEPTH_MAX: usize = 1_000;
const ENTRIES_MAX: u64 = 200_000_000;

/// What a snapshot holds, folder by folder: a folder comes before what is in it.
pub(crate) struct Walk<'a, S> {
    repository: &'a Repository<S>,
    /// The folders that are open: their paths, and what is left in them.
    open: Vec<(PathBuf, vec::IntoIter<Node>)>,
    entries: u64,
    /// A name that a folder has twice: of a link and a file, say, so that one would be written through the other.
    twice: Option<PathBuf>,
}

/// Something in a snapshot.
pub(crate) enum Step {
    /// An entry: its path from the snapshot's top, which begins with a slash, and what it is.
    Entry(PathBuf, Box<Node>),
    /// What no backup would have written.
    Forged(String),
}

impl<'a, S: IndexedTree> Walk<'a, S> {
    pub(crate) fn new(repository: &'a Repository<S>, tree: TreeId) -> RusticResult<Walk<'a, S>> {
        let mut walk = Walk { repository, open: Vec::new(), entries: 0, twice: None };
        walk.enter(PathBuf::from("/"), tree)?;
        Ok(walk)
    }

    fn enter(&mut self, folder: PathBuf, tree: TreeId) -> RusticResult<()> {
        let nodes = self.repository.get_tree(&tree)?.nodes;
        let mut names = BTreeSet::new();
        let twice = nodes.iter().find(|node| !names.insert(node.name()));
        if let Some(node) = twice {
            self.twice.get_or_insert(folder.join(node.name()));
        }
        self.open.push((folder, nodes.into_iter()));
        Ok(())
    }

    /// The next entry; none at the end, and after something forged.
    pub(crate) fn step(&mut self) -> RusticResult<Option<Step>> {
        if let Some(path) = self.twice.take() {
            self.open.clear();
            return Ok(Some(Step::Forged(format!("{} is in it twice", path.display()))));
        }
        let node = loop {
            let Some((_, nodes)) = self.open.last_mut() else { return Ok(None) };
            match nodes.next() {
                Some(node) => break node,
                None => drop(self.open.pop()),
            }
        };
        self.entries += 1;
        let Some((folder, _)) = self.open.last() else { return Ok(None) };
        let name = node.name();
        if !is_plain(&name) || self.entries > ENTRIES_MAX {
            let what = format!("{}: an entry is named {name:?}", folder.display());
            self.open.clear();
            return Ok(Some(Step::Forged(what)));
        }
        let path = folder.join(name);
        if matches!(node.node_type, NodeType::Dir) {
            let Some(tree) = node.subtree else {
                self.open.clear();
                return Ok(Some(Step::Forged(format!("{}: a folder without content", path.display()))));
            };
            if self.open.len() >= DEPTH_MAX {
                self.open.clear();
                return Ok(Some(Step::Forged(format!("{}…: folders without end", path_start(&path)))));
            }
            self.enter(path.clone(), tree)?;
        }
        Ok(Some(Step::Entry(path, Box::new(node))))
    }
}

/// Whether a name is one that a file can have in a folder.
fn is_plain(name: &OsStr) -> bool {
    let bytes = name.as_bytes();
    !matches!(bytes, b"" | b"." | b"..") && !bytes.iter().any(|byte| matches!(byte, b'/' | 0))
}

fn path_start(path: &Path) -> String {
    path.display().to_string().chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_told_from_names() {
        for bad in ["", ".", "..", "a/b", "/etc", "../x", "a\0b"] {
            assert!(!is_plain(OsStr::new(bad)), "{bad:?}");
        }
        for good in ["a", "...", ".hidden", "a b", "naïve"] {
            assert!(is_plain(OsStr::new(good)), "{good:?}");
        }
    }
}
