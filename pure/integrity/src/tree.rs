//! The hashes of RFC 9162 section 2.1.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash as base64 with padding, as checkpoints write it.
    #[must_use]
    pub fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }

    /// Reads what [`Hash::to_base64`] wrote.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Hash> {
        STANDARD.decode(text).ok()?.try_into().ok().map(Hash)
    }
}

impl fmt::Display for Hash {
    /// Writes the hash in hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = std::array::TryFromSliceError;
    fn try_from(bytes: &[u8]) -> Result<Hash, Self::Error> {
        bytes.try_into().map(Hash)
    }
}

/// The hash of a leaf: SHA-256 of 0 and its bytes.
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(bytes).finalize().into())
}

/// The hash of a node: SHA-256 of 1 and the hashes of its two children.
#[must_use]
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The head over leaves given by their hashes.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    leaves.iter().copied().collect::<Tree>().root()
}

/// The right edge of a Merkle tree: the heads of the full subtrees that its leaves make up, the largest first.
///
/// There is one for each bit set in the number of leaves, so at most 64.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    edge: Vec<Hash>,
}

impl Tree {
    /// An empty tree.
    #[must_use]
    pub fn new() -> Tree {
        Tree::default()
    }

    /// How many leaves there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf, given by its hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Each full subtree as large as what was just made is joined with it, as in adding one to a binary number.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.edge.pop() {
                hash = node_hash(left, hash);
            }
        }
        self.edge.push(hash);
        self.size += 1;
    }

    /// The head over all leaves. Of none it is the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut smallest_first = self.edge.iter().rev().copied();
        match smallest_first.next() {
            Some(smallest) => smallest_first.fold(smallest, |right, left| node_hash(left, right)),
            None => Hash(Sha256::digest([]).into()),
        }
    }
}

impl FromIterator<Hash> for Tree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Tree {
        let mut tree = Tree::new();
        leaves.into_iter().for_each(|leaf| tree.push(leaf));
        tree
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, word for word: MTH of RFC 9162 section 2.1.1.
    pub(crate) fn naive(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash(Sha256::digest([]).into()),
            [leaf] => *leaf,
            _ => {
                let half = leaves.len().next_power_of_two() / 2;
                node_hash(naive(&leaves[..half]), naive(&leaves[half..]))
            }
        }
    }

    /// The eight leaves that the implementations of Certificate Transparency test with.
    pub(crate) const LEAVES: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    pub(crate) fn published() -> Vec<Hash> {
        let digit = |byte: u8| (byte as char).to_digit(16).unwrap() as u8;
        let bytes = |text: &str| -> Vec<u8> {
            text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
        };
        LEAVES.iter().map(|leaf| leaf_hash(&bytes(leaf))).collect()
    }

    #[test]
    fn the_heads_are_the_published_ones() {
        let heads = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let leaves = published();
        for (size, head) in heads.iter().enumerate() {
            assert_eq!(root(&leaves[..size]).to_string(), *head, "{size} leaves");
        }
    }

    proptest! {
        #[test]
        fn the_incremental_head_is_the_defined_one(leaves in proptest::collection::vec(any::<[u8; 32]>(), 0..200)) {
            let leaves: Vec<Hash> = leaves.into_iter().map(Hash).collect();
            prop_assert_eq!(root(&leaves), naive(&leaves));
        }
    }
}
