//! defend
