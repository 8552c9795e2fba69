//! Indicators held against what is seen.
