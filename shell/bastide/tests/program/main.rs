//! The program, run whole: Averbourne's story, a city watched live, and a kill at any moment.
#![cfg(test)]

mod averbourne;
mod cable;
mod cores;
mod events;
mod hostile;
mod identify;
mod kill;
mod live;
mod responses;
mod running;
