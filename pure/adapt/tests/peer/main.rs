//! The same patterns and observations, given to OASIS's own programs from PyPI (`stix2-patterns`, `stix2-matcher`) and to
//! us: the verdicts are the same, or the difference is in the lists below with the clause that decides it. And every object
//! that is made here, given to `stix2` and `stix2-validator`.
//!
//! Without the programs the tests are skipped and counted.
#![cfg(test)]

mod chance;
mod objects;
mod peer;
#[path = "../telling/scene.rs"]
#[expect(dead_code, reason = "of the scene only what is shared is used here")]
mod scene;
mod texts;
mod verdicts;
