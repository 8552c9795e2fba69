//! The fourth verb: what others learned, put to use here.
//!
//! - [`stix`] keeps the objects of STIX 2.1 without loss, and reads and evaluates its whole patterning language;
//! - [`hunt`] searches what a city remembers by such patterns;
//! - [`defence`] signs what worked for one city, and opens what another signed; nothing of a city's own leaves in it;
//! - [`lesson`] proposes what the plan shall no longer allow, from an incident's own traffic;
//! - [`share`] writes what a city tells others of an incident;
//! - [`notice`] drafts what those are told of an incident who must or should know.

pub mod defence;
pub mod hunt;
pub mod lesson;
pub mod notice;
pub mod share;
pub mod stix;
