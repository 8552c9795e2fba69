//! Anticipate: what the city has, what is weak about it, and what has gone quiet.
//!
//! - [`Inventory`] folds observations into devices: who they are, with the evidence for each thing said of them.
//! - [`Watch`] notices declared assets that have not been heard for too long.
//! - [`Concern`] is what either has to say, in plain words.

mod concern;
mod inventory;
mod presence;

pub use concern::Concern;
pub use inventory::Inventory;
pub use presence::Watch;
