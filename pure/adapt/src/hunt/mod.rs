//! Hunting: what a city remembers, searched by patterns of STIX.
//!
//! ```text
//! pattern ─► Sought: which columns of history to ask for what ─► rows that may match
//! row ─► ObservedData ─┬─► takes part in the pattern? ─► hit
//! pattern ─────────────┘
//! ```
//!
//! What is sought is never more than a row must satisfy, so that nothing is missed; the pattern itself decides about each
//! row that comes. A path that history keeps nothing of is named ([`Sought::unsupported`]), for an answer without it may
//! be wrong.

mod kept;
mod library;
mod row;
mod sought;

pub use kept::{Kept, VOCABULARY, Way};
pub use library::{BadLibrary, End, Hunt, Spread, built_in, read};
pub(crate) use row::{NAMED, traffic};
pub use row::{Place, Places, observed};
pub use sought::{Clause, Sought};
