//! Proofs: that a record is under a head, and that one head only adds to another (RFC 9162 sections 2.1.3 and 2.1.4).

use crate::tree::{Hash, node_hash, root};

/// Why a proof shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The numbers cannot belong to one tree: a record beyond the end, or an earlier head larger than the later.
    #[error("the sizes and places of the proof cannot belong to one log")]
    OutOfRange,
    /// The proof has too few or too many hashes.
    #[error("the proof has the wrong length")]
    WrongLength,
    /// The hashes do not lead to the head.
    #[error("the proof does not lead to the head")]
    Mismatch,
}

/// The largest power of two below a size of at least 2: where RFC 9162 splits a tree.
fn split(size: u64) -> u64 {
    1 << (63 - (size - 1).leading_zeros())
}

/// The proof that the leaf at `index`, from 0, is under the head over `leaves`. `None` beyond the end.
#[must_use]
pub fn inclusion_proof(leaves: &[Hash], index: u64) -> Option<Vec<Hash>> {
    let mut proof = Vec::new();
    let (mut rest, mut index) = (leaves, index);
    if index >= rest.len() as u64 {
        return None;
    }
    while rest.len() > 1 {
        let half = split(rest.len() as u64);
        let (left, right) = rest.split_at_checked(usize::try_from(half).ok()?)?;
        if index < half {
            proof.push(root(right));
            rest = left;
        } else {
            proof.push(root(left));
            rest = right;
            index -= half;
        }
    }
    proof.reverse();
    Some(proof)
}

/// The proof that the head over all `leaves` only adds to the head over the first `earlier` of them. `None` if
/// `earlier` is 0, of which nothing can be shown, or beyond the end.
#[must_use]
pub fn consistency_proof(leaves: &[Hash], earlier: u64) -> Option<Vec<Hash>> {
    if earlier == 0 || earlier > leaves.len() as u64 {
        return None;
    }
    let mut proof = Vec::new();
    let (mut rest, mut earlier, mut whole) = (leaves, earlier, true);
    // SUBPROOF of RFC 9162 section 2.1.4.1, from the root down.
    while earlier < rest.len() as u64 {
        let half = split(rest.len() as u64);
        let (left, right) = rest.split_at_checked(usize::try_from(half).ok()?)?;
        if earlier <= half {
            proof.push(root(right));
            rest = left;
        } else {
            proof.push(root(left));
            rest = right;
            earlier -= half;
            whole = false;
        }
    }
    if !whole {
        proof.push(root(rest));
    }
    proof.reverse();
    Some(proof)
}

/// Checks that the leaf with a hash is at `index`, from 0, under the head over `size` leaves.
///
/// # Errors
/// It is not, or the proof is not a proof.
pub fn verify_inclusion(
    leaf: Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    head: Hash,
) -> Result<(), ProofError> {
    // RFC 9162 section 2.1.3.2.
    if index >= size {
        return Err(ProofError::OutOfRange);
    }
    let (mut fnode, mut snode, mut hash) = (index, size - 1, leaf);
    for &step in proof {
        if snode == 0 {
            return Err(ProofError::WrongLength);
        }
        if fnode & 1 == 1 || fnode == snode {
            hash = node_hash(step, hash);
            while fnode & 1 == 0 && fnode != 0 {
                (fnode, snode) = (fnode >> 1, snode >> 1);
            }
        } else {
            hash = node_hash(hash, step);
        }
        (fnode, snode) = (fnode >> 1, snode >> 1);
    }
    if snode != 0 {
        Err(ProofError::WrongLength)
    } else if hash != head {
        Err(ProofError::Mismatch)
    } else {
        Ok(())
    }
}

/// Checks that the head over `size` leaves only adds to an earlier head over `earlier_size`, which is at least 1.
///
/// # Errors
/// It does not, or the proof is not a proof.
pub fn verify_consistency(
    earlier_size: u64,
    earlier_head: Hash,
    size: u64,
    head: Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    // RFC 9162 section 2.1.4.2.
    if earlier_size == 0 || earlier_size > size {
        return Err(ProofError::OutOfRange);
    }
    if earlier_size == size {
        return match proof {
            [] if earlier_head == head => Ok(()),
            [] => Err(ProofError::Mismatch),
            _ => Err(ProofError::WrongLength),
        };
    }
    // A head over a power of two is itself the first step of the path.
    let (first, rest) = if earlier_size.is_power_of_two() {
        (earlier_head, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(ProofError::WrongLength)?;
        (*first, rest)
    };
    let shift = (earlier_size - 1).trailing_ones();
    let (mut fnode, mut snode) = ((earlier_size - 1) >> shift, (size - 1) >> shift);
    let (mut old, mut new) = (first, first);
    for &step in rest {
        if snode == 0 {
            return Err(ProofError::WrongLength);
        }
        if fnode & 1 == 1 || fnode == snode {
            (old, new) = (node_hash(step, old), node_hash(step, new));
            while fnode & 1 == 0 && fnode != 0 {
                (fnode, snode) = (fnode >> 1, snode >> 1);
            }
        } else {
            new = node_hash(new, step);
        }
        (fnode, snode) = (fnode >> 1, snode >> 1);
    }
    if snode != 0 {
        Err(ProofError::WrongLength)
    } else if old != earlier_head || new != head {
        Err(ProofError::Mismatch)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::{naive, published};
    use proptest::prelude::*;

    fn hex(hashes: &[Hash]) -> Vec<String> {
        hashes.iter().map(Hash::to_string).collect()
    }

    #[test]
    fn the_proofs_are_the_published_ones() {
        let leaves = published();
        assert_eq!(
            hex(&inclusion_proof(&leaves, 0).unwrap()),
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ]
        );
        assert_eq!(
            hex(&inclusion_proof(&leaves[..3], 2).unwrap()),
            ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]
        );
        assert_eq!(
            hex(&consistency_proof(&leaves, 6).unwrap()),
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
    }

    proptest! {
        #[test]
        fn a_leaf_is_included_where_it_is_and_nowhere_else(
            leaves in proptest::collection::vec(any::<[u8; 32]>(), 1..120),
            at in any::<prop::sample::Index>(),
            elsewhere in any::<prop::sample::Index>(),
        ) {
            let leaves: Vec<Hash> = leaves.into_iter().map(Hash).collect();
            let (size, head) = (leaves.len() as u64, naive(&leaves));
            let index = at.index(leaves.len());
            let proof = inclusion_proof(&leaves, index as u64).unwrap();
            prop_assert_eq!(verify_inclusion(leaves[index], index as u64, size, &proof, head), Ok(()));
            let wrong = elsewhere.index(leaves.len());
            if wrong != index {
                prop_assert!(verify_inclusion(leaves[index], wrong as u64, size, &proof, head).is_err());
                prop_assert!(verify_inclusion(leaves[wrong], index as u64, size, &proof, head).is_err());
            }
            for place in 0..proof.len() {
                let mut flipped = proof.clone();
                flipped[place].0[0] ^= 1;
                prop_assert!(verify_inclusion(leaves[index], index as u64, size, &flipped, head).is_err());
            }
            let mut longer = proof.clone();
            longer.push(head);
            prop_assert!(verify_inclusion(leaves[index], index as u64, size, &longer, head).is_err());
            if let Some((_, shorter)) = proof.split_last() {
                prop_assert!(verify_inclusion(leaves[index], index as u64, size, shorter, head).is_err());
            }
        }

        #[test]
        fn a_later_head_is_consistent_with_every_earlier_one_and_no_other(
            leaves in proptest::collection::vec(any::<[u8; 32]>(), 1..120),
            at in any::<prop::sample::Index>(),
            flip in any::<prop::sample::Index>(),
        ) {
            let leaves: Vec<Hash> = leaves.into_iter().map(Hash).collect();
            let (size, head) = (leaves.len() as u64, naive(&leaves));
            let earlier = at.index(leaves.len()) + 1;
            let earlier_head = naive(&leaves[..earlier]);
            let proof = consistency_proof(&leaves, earlier as u64).unwrap();
            prop_assert_eq!(verify_consistency(earlier as u64, earlier_head, size, head, &proof), Ok(()));
            // A log whose past was changed has no proof.
            let mut changed = leaves.clone();
            changed[flip.index(earlier)].0[31] ^= 0x80;
            let other = naive(&changed[..earlier]);
            prop_assert!(verify_consistency(earlier as u64, other, size, head, &proof).is_err());
            for place in 0..proof.len() {
                let mut flipped = proof.clone();
                flipped[place].0[0] ^= 1;
                prop_assert!(verify_consistency(earlier as u64, earlier_head, size, head, &flipped).is_err());
            }
        }

        #[test]
        fn no_proof_of_chance_is_accepted_and_none_panics(
            proof in proptest::collection::vec(any::<[u8; 32]>(), 0..70),
            (a, b) in (any::<u64>(), any::<u64>()),
        ) {
            let proof: Vec<Hash> = proof.into_iter().map(Hash).collect();
            let head = Hash([7; 32]);
            prop_assert!(verify_inclusion(Hash([1; 32]), a, b, &proof, head).is_err());
            prop_assert!(verify_consistency(a, Hash([1; 32]), b, head, &proof).is_err());
        }
    }
}
