//! People and tokens, without their secrets.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Person, Token};

/// Someone with a name and a role.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PersonView {
    /// The id.
    pub id: i64,
    /// The name they sign in with.
    pub name: String,
    /// `viewer`, `operator` or `approver`.
    pub role: &'static str,
    /// Whether they may open packets.
    pub opens_packets: bool,
    /// Whether this is a wall screen.
    pub wall_screen: bool,
    /// Whether they may no longer sign in.
    pub disabled: bool,
    /// Whether a passphrase has been set.
    pub has_passphrase: bool,
    /// When they were added.
    pub created: Timestamp,
}

impl From<&Person> for PersonView {
    fn from(person: &Person) -> Self {
        PersonView {
            id: person.id.0,
            name: person.name.clone(),
            role: person.role.as_str(),
            opens_packets: person.opens_packets,
            wall_screen: person.wall_screen,
            disabled: person.disabled,
            has_passphrase: person.has_passphrase,
            created: person.created,
        }
    }
}

/// A token, without its secret.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TokenView {
    /// Its name.
    pub name: String,
    /// The id of the person in whose name it acts.
    pub person: i64,
    /// What it may do.
    pub role: &'static str,
    /// When it was made.
    pub created: Timestamp,
    /// When it was revoked, if it was.
    pub revoked: Option<Timestamp>,
}

impl From<&Token> for TokenView {
    fn from(token: &Token) -> Self {
        TokenView {
            name: token.name.clone(),
            person: token.person.0,
            role: token.role.as_str(),
            created: token.created,
            revoked: token.revoked,
        }
    }
}

/// Someone to be added.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonSaid {
    /// The name they will sign in with: 1 to 64 characters.
    pub name: String,
    /// `viewer`, `operator` or `approver`.
    pub role: String,
    /// Whether they may open packets.
    #[serde(default)]
    pub opens_packets: bool,
    /// Whether this is a wall screen, whose role does not matter.
    #[serde(default)]
    pub wall_screen: bool,
}

/// What is to be changed of a person. What is left out stays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonChangeSaid {
    /// `viewer`, `operator` or `approver`.
    pub role: Option<String>,
    /// Whether they may open packets.
    pub opens_packets: Option<bool>,
    /// Whether they may no longer sign in.
    pub disabled: Option<bool>,
}

/// A token to be made.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenSaid {
    /// Its name, which is never used again.
    pub name: String,
    /// The id of the person in whose name it acts.
    pub person: i64,
    /// What it may do: `viewer`, `operator` or `approver`, and no more than its person.
    pub role: String,
}
