//! Objects: kept without loss, and judged by the standard.
#![cfg(test)]

mod others;
mod own;
