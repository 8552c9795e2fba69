//! anticipate
