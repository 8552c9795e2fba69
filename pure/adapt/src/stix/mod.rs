//! STIX 2.1, the language in which threat intelligence is exchanged (OASIS Standard, 10 June 2021).
//!
//! ```text
//! text ─► Document ─► Object: a view of the properties that objects share; what is beneath is kept whole
//!             └─────► ObservedData ─┐
//! text ─► Pattern ──────────────────┴─► evaluate: which observations match
//! ```

mod document;
mod known;
mod marking;
mod model;
mod object;
mod observed;
pub mod pattern;
mod time;
mod validate;

pub use city::Tlp;
pub use document::{BadDocument, DOCUMENT_MAX, Document};
pub use marking::{marking_id, marking_of};
pub use object::Object;
pub use observed::{BadObservation, ObservedData, observed_data};
pub use pattern::Pattern;
pub use validate::{Gravity, Problem, validate};
