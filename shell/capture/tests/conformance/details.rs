//! Looking into the details of a request.

use city::Request;

/// The value of the first detail of a name.
pub fn detail<'r>(request: &'r Request, key: &str) -> Option<&'r str> {
    request.details.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

/// The values of all details of a name, in their order.
pub fn details<'r>(request: &'r Request, key: &'r str) -> impl Iterator<Item = &'r str> {
    request.details.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
}
