//! PROFINET DCP.

mod vendors;

pub(crate) use vendors::vendor;
