//! The way back, from a plan's text to what people do.
#![cfg(test)]

mod mutants;
mod properties;
mod restoration;
mod run;
mod town;
