//! The fourth verb: what was learned, here and by others, put to use.
//!
//! [`incident`] says which findings belong together. [`stix`] keeps the objects of STIX 2.1 without loss, and reads and
//! evaluates its whole patterning language.

pub mod incident;
pub mod stix;
