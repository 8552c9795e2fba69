//! A request's details, by name.

use crate::expected_log::Row;
use city::Request;

/// The first detail of a name.
pub fn detail<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    all(request, name).next()
}

/// Every detail of a name, in order.
pub fn all<'r>(request: &'r Request, name: &str) -> impl Iterator<Item = &'r str> {
    request.details.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Whether a detail says `true`.
pub fn flag(request: &Request, name: &str) -> bool {
    detail(request, name) == Some("true")
}

/// A row of the columns that have a value.
pub fn row<'v>(columns: impl IntoIterator<Item = (&'static str, Option<&'v str>)>) -> Row {
    let set = columns.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    set.collect()
}
