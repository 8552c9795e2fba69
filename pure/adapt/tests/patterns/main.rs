//! Patterns: what is one, what it means, and what is said where it is none.
#![cfg(test)]

mod binding;
mod docs;
mod language;
mod meaning;
mod random;
mod reference;
mod scene;
