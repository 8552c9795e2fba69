//! What others know of attacks, made fit to be acted on.
//!
//! ```text
//! MISP, CSV, lists, KEV ─► read: objects of STIX ─┐
//! STIX, TAXII ────────────────────────────────────┴─► doubt ─► Watchlist ─► sightings ─► incidents
//!                                                                  ▲                          │
//!                                                                  └── reputation ◄── verdicts ┘
//! ```

pub mod read;
pub mod reputation;
pub mod watch;
