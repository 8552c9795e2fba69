//! Defend: traffic compared with the plan's conduits and with what was learned.
//!
//! - [`conduit`] judges a flow or a request against the plan, and nothing else.
//! - [`segmentation::passes_firewall`] says what a firewall lets pass, which knows addresses and ports and no more.
//! - [`block`] holds the blocking of addresses outside against what was recorded.
//! - [`rehearsal`] runs another plan against what was recorded: what it would refuse, and what it would no longer need.
//! - [`Guard`] folds observations and tells of each [`Breach`]: traffic outside every conduit, a verb its conduit does
//!   not allow, scans, addresses claimed twice, verbs and destinations never seen while learning.
//! - [`Baseline`] shows what was learned of a device, and what of it a person refused.
//! - [`segmentation`] writes the conduits for firewalls, and [`mud`] proposes conduits from what a device's maker says.

pub mod baseline;
mod binding;
pub mod block;
mod breach;
pub mod conduit;
pub mod firewall;
mod guard;
mod habit;
mod memory;
pub mod mud;
pub mod rehearsal;
pub mod response;
mod scan;
pub mod segmentation;
mod tally;
mod unusual;

pub use baseline::Baseline;
pub use breach::Breach;
pub use guard::Guard;
pub use habit::{Habit, Rate, Week};
pub use unusual::Unusual;
