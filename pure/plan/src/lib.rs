//! The plan language: text in, a checked [`Plan`] and [`Diagnostic`]s out.

mod plan;

pub use plan::Plan;
