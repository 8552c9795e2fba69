//! The way back, from a plan's text to what people do.
#![cfg(test)]

mod properties;
mod restoration;
mod town;
