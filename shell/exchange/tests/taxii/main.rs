//! TAXII 2.1 with programmes that others wrote, and with servers that mean harm.
#![cfg(test)]

mod hostile;
mod read;
mod served;
mod support;
