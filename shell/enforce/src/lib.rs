//! The small process that holds the firewall, and the way to ask it.
//!
//! It owns two tables of nftables, `table inet bastide` and `table bridge bastide`, and touches nothing else. It takes
//! rules as text, from whoever may open its socket, and knows nothing of plans.
//!
//! ```text
//! Client ──socket──► run ──► machine: state + request + time ─► state + acts
//!                     ▲                                          │
//!                     └── acts carried out: disk first, then nft ┘
//! ```
//!
//! - **Staged** rules were checked by nft and are kept. **Applied** ones are live until a deadline; **confirmed** ones are
//!   live for good. A change that is not confirmed in time is reverted by the process, and one that was pending when the
//!   process died or the machine restarted is reverted at the next start.
//! - What the kernel is given is one transaction, and stands on disk before: killed at any moment, the process leaves the
//!   old rules or the new ones.
//! - **Quarantine** is a set of addresses, `quarantine4` and `quarantine6`, which the rules declare and the process
//!   fills. It outlasts every change of rules.
//! - Deadlines go by the time since the machine started (`CLOCK_BOOTTIME`), sleep included. Setting the wall clock moves
//!   none; that clock is only for people.

mod client;
mod disk;
mod listing;
mod machine;
mod nft;
mod rights;
mod serve;
mod text;
mod words;

pub use client::{Client, ClientError};
pub use disk::DiskError;
pub use serve::{EnforceError, Settings, run, settle};
pub use text::{Family, Quarantine, TEXT_MAX, TextError, check};
pub use words::{
    Answer, Asked, Contained, Digest, Done, Held, Kept, Mode, Pending, Request, SECONDS_MAX, Shown, Staged,
    Text, Texts, To,
};

/// Where the enforcer listens unless told otherwise.
pub const SOCKET: &str = "/run/bastide/enforce.sock";

/// Where it keeps its state unless told otherwise.
pub const STATE: &str = "/var/lib/bastide-enforcer";
