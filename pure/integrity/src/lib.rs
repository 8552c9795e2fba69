//! Can this be believed: the Merkle tree of a log, and heads of it that are signed.
//!
//! - A **leaf** is one record as canonical bytes ([`leaf_bytes`]). Its hash, and the hashes of the nodes above it, are
//!   those of RFC 9162 section 2.1 (and RFC 6962 before it): SHA-256, with 0 before a leaf and 1 before a node.
//! - A [`Tree`] is the right edge of such a tree: enough to append and to say the head, a few dozen hashes at most.
//! - A [`Checkpoint`] says how many records there are and what the head over them is; signed, it is a **note**
//!   ([`Note`]) as the C2SP documents `tlog-checkpoint` and `signed-note` describe, so that tools of others read it.
//! - An inclusion proof shows that a record is under a head; a consistency proof shows that a later head only added
//!   to an earlier one.
//!
//! The crate `tlog_tiles` 0.2 was weighed for this. It has the tree and the checkpoint's text, yet no signatures; its
//! tree reads through stored tiles that a log in a table does not have; and it would add a second SHA-256, a second
//! base64, a second `thiserror` and a URL parser with its Unicode tables to every build. The parts needed here are
//! shorter than the adapter would be, and are tested against the definition and against published vectors.

mod checkpoint;
mod leaf;
mod note;
mod proof;
mod tree;

pub use crate::{
    checkpoint::{Checkpoint, CheckpointError},
    leaf::{Leaf, leaf_bytes},
    note::{KeyError, Note, NoteError, Signer, Verifier},
    proof::{ProofError, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion},
    tree::{Hash, Tree, leaf_hash, node_hash, root},
};
