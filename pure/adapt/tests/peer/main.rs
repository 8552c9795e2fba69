//! The same patterns and observations, given to OASIS's own programs from PyPI (`stix2-patterns`, `stix2-matcher`) and to
//! us: the verdicts are the same, or the difference is in the lists below with the clause that decides it.
//!
//! Without the programs the tests are skipped and counted.
#![cfg(test)]

mod chance;
mod peer;
mod texts;
mod verdicts;
