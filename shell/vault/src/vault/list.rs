//! What a snapshot holds, without restoring it.

use super::Vault;
use crate::{
    error::VaultError,
    walk::{Step, Walk},
};
use rustic_core::repofile::NodeType;
use std::path::Path;

/// Something in a snapshot.
pub(crate) struct Entry<'a> {
    /// From the snapshot's top, without a slash at its beginning.
    pub(crate) path: &'a Path,
    pub(crate) is_folder: bool,
    /// Of a file; 0 for all else.
    pub(crate) bytes: u64,
}

impl Vault {
    /// Goes through everything that restoring a snapshot would write.
    pub(crate) fn list(&self, snapshot: &str, mut each: impl FnMut(Entry)) -> Result<(), VaultError> {
        self.objects.begin();
        let file = self.snapshot_file(snapshot)?;
        let repository = self.run(|| self.reopened()?.to_indexed_ids())?;
        let forged = self.run(|| {
            let mut walk = Walk::new(&repository, file.tree)?;
            while let Some(step) = walk.step()? {
                let (path, node) = match step {
                    Step::Entry(path, node) => (path, node),
                    Step::Forged(what) => return Ok(Some(what)),
                };
                let is_folder = matches!(node.node_type, NodeType::Dir);
                let is_file = matches!(node.node_type, NodeType::File);
                if !is_folder && !is_file && !matches!(node.node_type, NodeType::Symlink { .. }) {
                    continue;
                }
                let Ok(path) = path.strip_prefix("/") else { continue };
                each(Entry { path, is_folder, bytes: if is_file { node.meta.size } else { 0 } });
            }
            Ok(None)
        })?;
        forged.map_or(Ok(()), |what| Err(VaultError::Forged { what }))
    }
}
