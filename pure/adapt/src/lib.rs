//! The fourth verb: what others learned, put to use here.
//!
//! So far it reads intelligence: [`stix`] keeps the objects of STIX 2.1 without loss, and reads and evaluates its whole
//! patterning language.

pub mod stix;
