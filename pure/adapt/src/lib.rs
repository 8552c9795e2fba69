//! The fourth verb: what others learned, and what happened here, put to use.
//!
//! - [`stix`] keeps the objects of STIX 2.1 without loss, and reads and evaluates its whole patterning language;
//! - [`incident`] says which findings belong together, and follows them from triage to review;
//! - [`intel`] takes in what others know, doubts it, and holds it against what is seen;
//! - [`hunt`] searches what a city remembers by such patterns;
//! - [`defence`] signs what worked for one city, and opens what another signed; nothing of a city's own leaves in it;
//! - [`share`] writes what a city tells others of an incident;
//! - [`told`] says what of others' alerts, sightings, doubts, hunts and offers matters;
//! - [`lesson`] proposes what the plan shall no longer allow, from an incident's own traffic;
//! - [`notice`] drafts what those are told of an incident who must or should know.

pub mod defence;
pub mod hunt;
pub mod incident;
pub mod intel;
pub mod lesson;
pub mod notice;
pub mod share;
pub mod stix;
pub mod told;
