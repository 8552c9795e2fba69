//! Names of declared things. Each kind has its own type, so that swapping two is a compile error.

use crate::Text;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Why a text is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("an id must not be empty")]
    Empty,
    /// The text is longer than 64 bytes.
    #[error("an id may have at most 64 characters")]
    TooLong,
    /// The text holds a character other than `a-z`, `0-9` and `-`, or begins or ends with `-`.
    #[error("an id is made of `a-z`, `0-9` and `-`, and begins and ends with a letter or digit")]
    BadCharacter,
}

/// The longest id, in bytes.
const LENGTH_MAX: usize = 64;

fn check(text: &str) -> Result<(), IdError> {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    match text.as_bytes() {
        [] => Err(IdError::Empty),
        bytes if bytes.len() > LENGTH_MAX => Err(IdError::TooLong),
        [first, .., last] if !good(*first) || !good(*last) => Err(IdError::BadCharacter),
        bytes if bytes.iter().all(|b| good(*b) || *b == b'-') && bytes != b"-" => Ok(()),
        _ => Err(IdError::BadCharacter),
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "Text", into = "Text")]
        pub struct $name(Text);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                check(text).map(|()| Self(text.into()))
            }
        }

        impl TryFrom<Text> for $name {
            type Error = IdError;
            fn try_from(text: Text) -> Result<Self, IdError> {
                check(&text).map(|()| Self(text))
            }
        }

        impl From<$name> for Text {
            fn from(id: $name) -> Text {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )*};
}

ids! {
    /// Names an asset.
    AssetId
    /// Names something that is backed up.
    BackupId
    /// Names a check of something restored.
    CheckId
    /// Names a conduit.
    ConduitId
    /// Names a person or an organisation to tell.
    ContactId
    /// Names people who work together.
    CrewId
    /// Names a feed of readings.
    FeedId
    /// Names somebody, or a tool, that is told what happens.
    NotifyId
    /// Names an organisation with which intelligence is exchanged.
    PeerId
    /// Names a written procedure.
    ProcedureId
    /// Names a place where backups go.
    RepositoryId
    /// The id of a standing response.
    ResponseId
    /// Names a public service.
    ServiceId
    /// Names a place where equipment stands.
    SiteId
    /// Names a supplier.
    SupplierId
    /// Names a zone.
    ZoneId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_lower_case_slug() {
        for good in ["a", "7", "pump-3", "x--y", &"a".repeat(64)] {
            assert_eq!(good.parse::<AssetId>().unwrap().as_str(), good);
        }
        for (bad, why) in [
            ("", IdError::Empty),
            ("-", IdError::BadCharacter),
            ("-a", IdError::BadCharacter),
            ("a-", IdError::BadCharacter),
            ("Pump", IdError::BadCharacter),
            ("a b", IdError::BadCharacter),
            (&"a".repeat(65), IdError::TooLong),
        ] {
            assert_eq!(bad.parse::<AssetId>(), Err(why), "{bad}");
        }
    }
}
