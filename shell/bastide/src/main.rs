//! bastide
fn main() {}
