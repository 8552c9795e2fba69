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

/// The ends of the conversation, as the connection's originator sees it: the client's, for protocols with clients.
pub fn ends(request: &Request) -> Row {
    let flow = &request.flow;
    Row::from([
        ("id.orig_h".into(), flow.source.to_string()),
        ("id.orig_p".into(), flow.source_port.to_string()),
        ("id.resp_h".into(), flow.destination.to_string()),
        ("id.resp_p".into(), flow.destination_port.to_string()),
    ])
}

/// A word with a capital first.
pub fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// The columns that [`ends`] gives.
pub const ENDS: [&str; 4] = ["id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"];
