//! What others are told of an incident.
#![cfg(test)]

mod notices;
mod scene;
mod sharing;
