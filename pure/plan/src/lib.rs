//! The plan language: text in, a checked [`Plan`] and [`Diagnostic`]s out.
//!
//! ```text
//! SourceFile ─► tree (typed tables, each value with its place) ─► checks ─► Plan
//!                 └────────── flaws ──────────────────────────────┴──────► Diagnostics
//! ```
//!
//! [`check`] finds every mistake of every file, not only the first; only a text without errors becomes a [`Plan`], and
//! whoever holds one never checks again. [`format()`] writes a file in its one canonical form, [`schema`] describes the
//! language to editors, [`Draft`] proposes a plan from traffic, [`propose`] writes conduits that something else proposes,
//! and [`amend()`] adds to a plan's text; [`unified`] writes what changed as a patch.
//!
//! This crate alone knows the plan's text.

mod allowance;
mod amend;
mod backups;
mod build;
mod check;
mod conduits;
mod csv;
mod diagnostic;
mod difference;
mod draft;
mod exchange;
mod files;
mod format;
mod ids;
mod narrow;
mod networks;
mod notify;
mod plan;
mod procedure;
mod proposal;
mod reach;
mod recovery;
mod render;
mod schema;
mod source;
mod suggest;
mod tree;
mod value;

pub use allowance::can_be_written;
pub use amend::{Addition, amend};
pub use check::{Checked, check};
pub use diagnostic::{Code, Diagnostic, Place, Related, Severity};
pub use difference::unified;
pub use draft::{Draft, Drafted};
pub use format::format;
pub use narrow::narrow;
pub use plan::Plan;
pub use proposal::{ProposedConduit, propose};
pub use render::Colours;
pub use schema::schema;
pub use source::SourceFile;
pub use suggest::Suggestions;
