//! The program, run whole: Averbourne's story, a city watched live, and a kill at any moment.
#![cfg(test)]

mod averbourne;
mod cable;
mod cities;
mod contain;
mod cores;
mod defences;
mod enforce;
mod events;
mod firewalls;
mod hostile;
mod hunts;
mod identify;
mod incidents;
mod intel;
mod intelligence;
mod kill;
mod live;
mod recovery;
mod rehearse;
mod responses;
mod running;
mod telling;
mod two_cities;
