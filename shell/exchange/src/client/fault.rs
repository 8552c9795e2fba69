//! Why a server could not be read.

use city::DoubtKind;
use std::path::PathBuf;

/// Why a server could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The address is no good.
    #[error("`{url}` cannot be asked: {why}")]
    Address {
        /// As it was given, or the beginning of it.
        url: String,
        /// Why not.
        why: String,
    },
    /// The authority's certificate cannot be read.
    #[error("cannot use `{}` as the authority: {why}", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// It leads to another server, where our login must not go.
    #[error(
        "{url} leads to {to}, which is another server and was not followed; ask there by its own address"
    )]
    Elsewhere {
        /// What was asked.
        url: String,
        /// Where it leads.
        to: String,
    },
    /// Nothing is there.
    #[error("{url}: nothing is there, or nothing that we may know of")]
    Missing {
        /// What was asked.
        url: String,
    },
    /// It answers something other than TAXII 2.1.
    #[error("{url} does not speak TAXII 2.1: {why}")]
    Other {
        /// What was asked.
        url: String,
        /// What it answers.
        why: String,
    },
    /// It speaks TAXII 2.0.
    #[error("{url} speaks only TAXII 2.0; this reads 2.1, which its keeper may offer elsewhere")]
    Old {
        /// What was asked.
        url: String,
    },
    /// It refuses us.
    #[error("{url} refuses us: {why}; check the login")]
    Refused {
        /// What was asked.
        url: String,
        /// What it says.
        why: String,
    },
    /// It sends more than is taken.
    #[error("{url} sends more than {bytes} bytes in one answer, or compresses it unasked")]
    TooLarge {
        /// What was asked.
        url: String,
        /// How much is taken.
        bytes: usize,
    },
    /// It cannot be reached, or answers too late or with its own trouble.
    #[error("{url} cannot be reached: {why}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// Why not.
        why: String,
    },
    /// What it says cannot be read.
    #[error("{url} sends what is no message of TAXII: {why}")]
    Unreadable {
        /// What was asked.
        url: String,
        /// Why not.
        why: String,
    },
}

impl Fault {
    /// What kind of doubt it is.
    #[must_use]
    pub fn doubt(&self) -> DoubtKind {
        match self {
            Fault::TooLarge { .. } => DoubtKind::TooLarge,
            Fault::Unreadable { .. } | Fault::Other { .. } => DoubtKind::Malformed,
            _ => DoubtKind::Unreachable,
        }
    }
}
