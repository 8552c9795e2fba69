//! What is asked for, from the parameters of a request (§3.4, §3.5).

use super::refusal::Refusal;
use jiff::Timestamp;
use store::intelligence::{Filter, PAGE_MAX, SpecVersion, VersionMatch};

/// The objects of a page where nobody says how many.
const PAGE: usize = 1_000;

/// A question.
pub(super) struct Ask {
    pub(super) filter: Filter,
    pub(super) next: Option<String>,
    pub(super) limit: usize,
}

impl Ask {
    /// Reads the parameters. A filter that is not known is refused, since more would be answered than was asked for;
    /// parameters that are no filters are passed over.
    pub(super) fn read(parameters: &[(String, String)]) -> Result<Ask, Refusal> {
        let mut ask = Ask { filter: Filter::default(), next: None, limit: PAGE };
        for (name, value) in parameters {
            let list = || value.split(',').filter(|one| !one.is_empty());
            match name.as_str() {
                "added_after" => ask.filter.added_after = Some(time(name, value)?),
                "limit" => {
                    let limit = value.parse().ok().filter(|limit: &u64| *limit > 0);
                    let limit = limit.ok_or_else(|| bad(name, value, "a number above 0"))?;
                    ask.limit = usize::try_from(limit).unwrap_or(PAGE_MAX).min(PAGE_MAX);
                }
                "next" => ask.next = Some(value.clone()),
                "match[id]" => ask.filter.ids.extend(list().map(str::to_owned)),
                "match[type]" => ask.filter.types.extend(list().map(str::to_owned)),
                "match[version]" => {
                    for one in list() {
                        ask.filter.versions.push(match one {
                            "all" => VersionMatch::All,
                            "first" => VersionMatch::First,
                            "last" => VersionMatch::Last,
                            _ => VersionMatch::At(time(name, one)?),
                        });
                    }
                }
                "match[spec_version]" => {
                    for one in list() {
                        // What is of another version of STIX is not here.
                        ask.filter.specs.extend(match one {
                            "2.0" => Some(SpecVersion::Stix20),
                            "2.1" => Some(SpecVersion::Stix21),
                            _ => None,
                        });
                    }
                    if ask.filter.specs.is_empty() {
                        return Err(bad(name, value, "2.0 or 2.1"));
                    }
                }
                other if other.starts_with("match[") => {
                    return Err(Refusal::Bad(format!("there is no filter {}", shortened(other))));
                }
                _ => {}
            }
        }
        Ok(ask)
    }

    /// The same of one object, whatever the filter says of ids and types.
    pub(super) fn of(mut self, id: &str) -> Ask {
        self.filter.ids = vec![id.to_owned()];
        self.filter.types.clear();
        self
    }
}

fn time(name: &str, value: &str) -> Result<Timestamp, Refusal> {
    // A plus that nobody escaped arrives as a space, and is no part of what TAXII calls a timestamp.
    let time = value.parse().ok().filter(|_| value.ends_with('Z'));
    time.ok_or_else(|| bad(name, value, "a time in UTC, such as 2026-01-31T12:00:00.000Z"))
}

fn bad(name: &str, value: &str, wanted: &str) -> Refusal {
    Refusal::Bad(format!("{}={} is not {wanted}", shortened(name), shortened(value)))
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}
