//! Defences: what is signed is believed and nothing else; what is a city's own does not leave.
#![cfg(test)]

mod applying;
mod leaving;
mod signing;
