//! Who may come in, and what they may do.
//!
//! Every request passes [`pass`]: the name it was sent to is checked, then who sends it, then whether it could have been
//! sent by another site in their name; what comes back is dressed with the headers that keep a browser from harm.

mod fields;
mod hashing;
mod headers;
mod pass;
mod sign_in;
mod visitor;

pub(crate) use fields::Fields;
pub(crate) use hashing::Hashing;
pub(crate) use listen::{Patience, Peer};
pub(crate) use pass::pass;
pub use sign_in::{FIRST_SIGN_IN, SET_PASSPHRASE, WALL_SCREEN};
pub(crate) use sign_in::{leave, sign_in, sign_in_page, theme, welcome, welcome_page};
pub(crate) use visitor::{Right, Theme, Visitor, Way};
