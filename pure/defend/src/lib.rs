//! Defend: traffic compared with the plan's conduits and with what was learned.
//!
//! - [`conduit`] judges a flow or a request against the plan, and nothing else.
//! - [`Guard`] folds observations and tells of each [`Breach`]: traffic outside every conduit, a verb its conduit does
//!   not allow, scans, addresses claimed twice, verbs and destinations never seen while learning.
//! - [`segmentation`] writes the conduits for firewalls, and [`mud`] proposes conduits from what a device's maker says.

mod binding;
mod breach;
pub mod conduit;
mod guard;
mod habit;
pub mod mud;
mod scan;
pub mod segmentation;

pub use breach::Breach;
pub use guard::Guard;
