//! The program, run whole: Averbourne's story, and a kill at any moment.
#![cfg(test)]

mod averbourne;
mod kill;
mod running;
